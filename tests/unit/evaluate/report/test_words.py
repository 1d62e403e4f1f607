"""Numbers in words: a scale that can be read, and no p-value without its floor."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from opendcr.evaluate.decision import span
from opendcr.evaluate.estimate import Estimate, PeriodEffect, p_figure, p_said
from opendcr.evaluate.report import words


def counted(count: float, exposure: float) -> Estimate:
    rate = count / exposure
    row = PeriodEffect("2020", rate, rate, 0.0, observed_count=count, expected_count=count)
    return Estimate((row,), 0.0, 0.0, 0.0, "")


@pytest.mark.parametrize(
    ("count", "exposure", "factor"),
    [
        (120, 600_000, 100_000),  # 20 per 100,000 people
        (12, 600_000, 100_000),  # 2
        (1, 9_000_000, 1_000_000),  # 0.011 per 100,000 is hardly read; 0.11 per million is
        (800, 364_000, 100_000),
        (56, 4_068, 100),  # emergencies per 100 visits
        (5, 4_068, 1_000),
        (50, 10, 1),  # events per bed
    ],
)
def test_rates_are_written_on_a_scale_that_is_read(
    count: float, exposure: float, factor: float
) -> None:
    scale = words.scale_of(counted(count, exposure), "events", "people")
    assert scale.factor == factor
    assert scale.words == (f"events per {factor:,} people" if factor > 1 else "events per people")
    assert scale.figure(count / exposure) == words.figure(count / exposure * factor)


def test_an_outcome_without_exposure_is_written_as_it_is() -> None:
    plain = Estimate((PeriodEffect("1989", 80.0, 90.0, -10.0),), -10.0, -0.11, -10.0, "")
    assert words.scale_of(plain, "packs of cigarettes") == words.Scale(1, "packs of cigarettes")


@pytest.mark.parametrize(("cells", "said"), [(1, "calls"), (3, "calls per cell")])
def test_counts_of_cells_are_no_rates_of_an_exposure_that_no_plan_names(
    cells: int, said: str
) -> None:
    assert words.scale_of(counted(60, cells), "calls") == words.Scale(1, said)


def test_numbers_are_signed_short_and_in_one_piece() -> None:
    assert words.percent(-0.1234) == "−12.3\N{NO-BREAK SPACE}%"
    assert (
        " " not in words.percents((-0.2, 0.01))
        and words.percents(None) == "no\N{NO-BREAK SPACE}interval"
    )
    assert [words.figure(one) for one in (0, 0.0004, 0.123, 1.234, 12.34, -1234.5)] == [
        "0", "0.00040", "0.123", "1.23", "12.3", "−1,234"]  # fmt: skip
    assert words.figure(-2.7e-16) == "0"
    assert words.count(1234.0) == "1,234" and words.count(None) == "not known"


@given(some.floats(-1, 3), some.floats(0, 2))
def test_a_table_has_the_ends_of_an_interval_that_the_sentence_has(
    low: float, width: float
) -> None:
    ends = [float(one) for one in re.findall(r"\d+\.\d", words.percents((low, low + width)))]
    said = [float(one) for one in re.findall(r"\d+\.\d", span((low, low + width)))]
    assert len(ends) == 2 and sorted(ends) == sorted(said + [0.0] * (2 - len(said)))


@given(some.floats(-1e4, 1e4), some.floats(0, 1e3))
def test_no_interval_of_differences_is_narrower_than_the_one_computed(
    low: float, width: float
) -> None:
    high = low + width
    said = words.counts((low, high)).replace("−", "-").replace(",", "")
    least, most = (float(one) for one in said.split(f"{words.NBSP}to{words.NBSP}"))
    close = 1e-12 + 1e-9 * max(abs(low), abs(high))  # what arithmetic leaves
    assert least <= low + close and high - close <= most
    assert low - least <= 0.1 * abs(low) + close and most - high <= 0.1 * abs(high) + close


def test_a_term_has_the_figures_of_the_effect_that_it_is_and_small_ones_can_be_told() -> None:
    term, effect = words.fine_percents(-0.112, (-0.162, -0.0656)), words.percents((-0.162, -0.0656))
    assert effect in term and "−6.5" in effect
    assert words.fine_percents(-8.1e-5, (-9.96e-5, -6.2e-5)).replace(words.NBSP, " ") == (
        "−0.0081 % (−0.010 % to −0.0062 %)"
    )
    assert words.fine_percents(0.002, None).startswith("+0.200")


def test_whole_numbers_in_a_sentence_are_whole() -> None:
    assert [words.in_text(one) for one in (80.0, 7.0, 7.25)] == ["80", "7", "7.25"]


def test_no_p_value_is_none_at_all() -> None:
    assert (p_figure(0.0004), p_figure(0.0011)) == ("under 0.001", "0.001")
    assert (p_said(0.0), p_said(0.0404)) == ("p under 0.001", "p = 0.040")
    found = replace(counted(1, 10), p_value=0.0, p_floor=0.0)
    assert words.p_words(found) == f"under 0.001 (floor{words.NBSP}under 0.001)"


PVALUES = some.none() | some.floats(0, 1)


@given(PVALUES, PVALUES)
def test_a_p_value_never_stands_without_its_floor(
    p_value: float | None, floor: float | None
) -> None:
    found = replace(counted(1, 10), p_value=p_value, p_floor=floor)
    said = words.p_words(found)
    assert said == "not given" if p_value is None else "floor" in said
    assert floor is None or p_value is None or f"no{words.NBSP}floor" not in said


def test_negative_numbers_in_words_have_a_minus_and_dates_and_ranges_do_not() -> None:
    said = "-12.3% to +4% in 2024-11 (-0.5), 0-500m, A-1, p -.02"
    assert words.minuses(said) == "−12.3% to +4% in 2024-11 (−0.5), 0-500m, A-1, p −.02"
