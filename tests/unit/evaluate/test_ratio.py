"""Registered deaths predicted from suspected ones: the published years, each from the others."""

import math

import numpy as np
import pytest
from scipy.stats import t as student

from opendcr.errors import InputError
from opendcr.evaluate.delays.ratio import left_out, ratio
from opendcr.published import registered_deaths, suspected_deaths
from opendcr.streams import stream
from tests.docs.texts import ROOT


def by_year():
    """Registered deaths, and suspected ones of years whose four quarters are all published."""
    quarters = {}
    for one in suspected_deaths():
        quarters.setdefault(one.period[:4], []).append(one.value)
    suspected = {year: sum(values) for year, values in quarters.items() if len(values) == 4}
    return {one.period: one.value for one in registered_deaths()}, suspected


def test_each_published_year_from_the_others_is_what_the_document_says():
    rows = left_out(*by_year())
    assert [one.period for one in rows] == [str(year) for year in range(2017, 2025)]
    assert [one.period for one in rows if not one.within] == ["2017"]
    text = (ROOT / "docs/methods/studies/nowcasting.md").read_text(encoding="utf-8")
    for one in rows:
        line = (f"| {one.period} | {one.suspected:.0f} | {one.registered:.0f} | "
                f"{one.registered / one.suspected:.3f} | {one.middle:.0f} | "
                f"{one.low:.0f} to {one.high:.0f} | {'yes' if one.within else 'no'} |")  # fmt: skip
        assert line in text, line


def test_a_prediction_is_that_of_a_normal_sample():
    made = ratio(
        {"a": 90.0, "b": 100.0, "c": 95.0}, {"a": 100.0, "b": 100.0, "c": 100.0, "d": 50.0}
    )
    logs = np.log([0.9, 1.0, 0.95])
    reach = student.ppf(0.975, 2) * logs.std(ddof=1) * math.sqrt(4 / 3)
    low, middle, high = made.predicted(50.0)
    expected = 50 * np.exp(logs.mean() + np.array([-reach, 0, reach]))
    assert (low, middle, high) == pytest.approx(expected)


def test_intervals_hold_a_new_year_as_often_as_they_say():
    """200 sets of eight years whose ratio's logarithm is normal: the ninth against its interval."""
    random, inside = stream(4, "years"), 0
    for _ in range(400):
        logs = -0.05 + 0.05 * random.standard_normal(9)
        years = {str(at): 1000 * math.exp(log) for at, log in enumerate(logs[:8])}
        low, _, high = ratio(years, dict.fromkeys(years, 1000.0)).predicted(1000.0)
        inside += low <= 1000 * math.exp(logs[8]) <= high
    assert 0.92 <= inside / 400 <= 0.98


def test_draws_have_the_quantiles_of_the_prediction_and_share_the_middle_ratio():
    made = ratio(*by_year())
    drawn = made.draws([300, 300], 40_000, 1)
    low, middle, high = made.predicted(300)
    assert np.quantile(drawn[:, 0], [0.025, 0.5, 0.975]) == pytest.approx(
        [low, middle, high], rel=0.01
    )
    assert (drawn == np.round(drawn)).all()
    np.testing.assert_array_equal(drawn, made.draws([300, 300], 40_000, 1))
    shared = 1 / len(made.periods) / (1 + 1 / len(made.periods))  # of the variance
    assert np.corrcoef(np.log(drawn.T))[0, 1] == pytest.approx(shared, abs=0.05)


@pytest.mark.parametrize(
    ("registered", "said"),
    [({"a": 1.0, "b": 1.0}, "2 periods with both"), ({"a": 1.0, "b": 1.0, "c": 0.0}, "in c"),
     ({"a": 1.0, "b": math.nan, "c": 1.0}, "in b"), ({}, "0 periods")],
)  # fmt: skip
def test_too_few_years_and_counts_that_are_none_are_input_errors(registered, said):
    with pytest.raises(InputError, match=said):
        ratio(registered, dict.fromkeys("abc", 2.0))
