"""E-values as their authors print them."""

import pytest

from opendcr.evaluate.evalue import e_value, e_value_of_interval


def test_the_e_value_of_the_authors_first_example() -> None:
    # VanderWeele and Ding 2017: a risk ratio of 3.9 (1.8 to 8.7): 7.26, and 3.0 for the interval.
    assert e_value(3.9) == pytest.approx(7.26, abs=0.005)
    assert e_value_of_interval(1.8, 8.7) == pytest.approx(3.0, abs=0.005)


def test_a_ratio_under_one_is_turned_over() -> None:
    assert e_value(0.5) == pytest.approx(e_value(2.0))
    assert e_value_of_interval(0.4, 0.8) == pytest.approx(e_value(0.8))


def test_where_there_is_nothing_to_explain() -> None:
    assert e_value(1.0) == 1.0
    assert e_value_of_interval(0.9, 1.2) == 1.0
