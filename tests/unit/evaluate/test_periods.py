"""Periods: what cells say, in which order they stand, and which are missing."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendcr.evaluate.periods import Period, absent, among, rhythm_of, spacing, usually_apart

SAID = {
    "number": st.integers(-5000, 5000).map(str),
    "month": st.dates().map(lambda day: f"{day:%Y-%m}".rjust(7, "0")),
    "quarter": st.tuples(st.integers(1900, 2100), st.integers(1, 4)).map(lambda one: f"{one[0]}-Q{one[1]}"),
    "date": st.dates().map(str),
}  # fmt: skip


@pytest.mark.parametrize("kind", SAID)
def test_a_period_says_what_was_read(kind: str) -> None:
    @given(SAID[kind])
    def holds(text: str) -> None:
        period = Period.of(text)
        assert period is not None and period.kind == kind and str(period) == text
        assert Period.of(f" {text} ") == period

    holds()


@pytest.mark.parametrize(
    "text", ["", "2020-13", "2020-00", "2020Q5", "spring", "1.5", "2020-02-30", "None"]
)
def test_what_is_no_period(text: str) -> None:
    assert Period.of(text) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1989.0", "1989"),
        ("2020-01-01 00:00:00", "2020-01-01"),
        ("2020-01-01T00:00", "2020-01-01"),
        ("2017Q1", "2017-Q1"),
    ],
)
def test_what_other_programs_write(written: str, meant: str) -> None:
    assert Period.of(written) == Period.of(meant) is not None


def test_a_date_of_a_plan_is_a_period() -> None:
    assert Period.of(date(2025, 1, 13)) == Period.of("2025-01-13")
    assert Period.of(2025) == Period.of("2025")


def read(*texts: str) -> list[Period]:
    return [one for one in map(Period.of, texts) if one is not None]


@pytest.mark.parametrize(
    ("series", "gaps"),
    [
        (["2009", "2010", "2012"], ["2011"]),
        (["2009", "2011", "2013"], []),
        (["2009", "2011", "2014"], ["2010", "2012", "2013"]),
        (["2020-11", "2020-12", "2021-01", "2021-03"], ["2021-02"]),
        (["2020-Q4", "2021-Q1", "2021-Q3"], ["2021-Q2"]),
        (["2024-01-01", "2024-02-01", "2024-04-01"], ["2024-03"]),
        (["2024-01-01", "2025-01-01", "2026-01-01"], []),
        (["2024-01-01", "2024-01-08", "2024-01-22", "2024-01-29"], ["2024-01-15"]),
        (["2024-01-31", "2024-02-29", "2024-03-31"], []),
        (["2024-01-31", "2024-02-29", "2024-04-30"], ["2024-03"]),
        (["2024-01-31", "2024-02-07", "2024-02-14"], []),
        (["2024-02-29", "2024-03-01", "2024-03-03"], ["2024-03-02"]),
    ],
)
def test_which_periods_are_missing(series: list[str], gaps: list[str]) -> None:
    assert [str(one) for one in absent(read(*series))] == gaps


@pytest.mark.parametrize(
    ("series", "said"),
    [(("2020-01", "2020-03", "2020-05"), "every second month"),
     (("2020-Q1", "2020-Q4", "2021-Q3"), "every third quarter"),
     (("2000", "2005", "2010"), "every 5th period"), (("2000", "2001", "2002"), ""),
     (("2020-01-31", "2020-03-31", "2020-05-31"), "every second month"),
     (("2020-01-01", "2020-01-15", "2020-01-29"), "every 14th day"),
     (("2020-01-06", "2020-01-13", "2020-01-20"), ""), (("2020-01", "2020-05"), "")],
)  # fmt: skip
def test_periods_that_are_not_consecutive_are_said_to_be_so(
    series: tuple[str, ...], said: str
) -> None:
    assert spacing(read(*series)) == said


def test_most_periods_of_a_series_with_gaps() -> None:
    assert usually_apart(read("2020-01", "2020-03", "2020-05", "2020-06")) == "2 months"
    assert usually_apart(read("2020-01", "2020-02", "2020-04")) == ""


@pytest.mark.parametrize(
    ("written", "units", "a_year", "later"),
    [
        (["2020-01", "2020-03", "2020-05"], "periods", 6, "2020-09"),
        (["2020-11", "2020-12", "2021-01"], "months", 12, "2021-03"),
        (["2019-Q4", "2020-Q1", "2020-Q2"], "quarters", 4, "2020-Q4"),
        (["2017", "2019", "2021"], "periods", 0.5, "2025"),
        (["2020-01-31", "2020-02-29", "2020-03-31"], "months", 12, "2020-05-31"),
        (["2020-01-15", "2020-04-15", "2020-07-15"], "quarters", 4, "2021-01-15"),
        (["2020-01-06", "2020-01-13", "2020-01-27"], "weeks", 365.25 / 7, "2020-02-10"),
    ],
)
def test_how_a_series_goes_on(written: list[str], units: str, a_year: float, later: str) -> None:
    periods = [Period.of(one) for one in written]
    made = rhythm_of(periods)
    assert (made.units, made.a_year) == (units, a_year)
    assert str(made.after(periods[-1], 2)) == later
    assert made.steps(periods[-1], Period.of(later)) == 2
    assert made.meets(periods[0], Period.of(later))


@pytest.mark.parametrize(
    ("written", "whole", "parts"),
    [
        (["2024-01", "2024-02"], (12, 24, 120), (0, 6, 11, 13, 18)),
        (["2024-Q1", "2024-Q2"], (4, 8), (0, 1, 3, 5)),
        (["2024-01-01", "2024-01-08"], (52, 53, 104, 105, 521, 522), (0, 26, 51, 54, 103, 106)),
        (["2024", "2025"], (1, 2, 3), (0,)),
    ],
)
def test_which_periods_are_years(
    written: list[str], whole: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    rhythm = rhythm_of([one for one in map(Period.of, written) if one])
    assert [one for one in (*whole, *parts) if rhythm.whole_years(one)] == [*whole]


def test_a_period_between_those_of_a_series() -> None:
    made = rhythm_of([Period.of("2020-01"), Period.of("2020-03"), Period.of("2020-05")])
    assert not made.meets(Period.of("2020-01"), Period.of("2022-02"))


@pytest.mark.parametrize(
    ("said", "series", "meant"),
    [
        ("2025-01-13", ["2018-Q1", "2018-Q2"], "2025-Q1"),
        ("2025-06-30", ["2018-01", "2018-02"], "2025-06"),
        ("2025-Q3", ["2018-01", "2018-03"], "2025-07"),  # every second month
        ("2025-Q4", ["2018", "2019"], "2025"),
        ("2025", ["2018-Q1", "2018-Q2"], "2025-Q1"),
        ("2025-03", ["2018-01-31", "2018-02-28"], "2025-03-31"),
        ("2025-01", ["2024-12-02", "2024-12-09"], "2024-12-30"),  # weeks
        ("2025-01-13", ["1", "2"], "1"),
        ("7", ["2018-01", "2018-02"], "2018-01"),
    ],
)
def test_a_period_of_another_kind_in_a_series(said: str, series: list[str], meant: str) -> None:
    periods = [Period.of(one) for one in series]
    assert str(among(Period.of(said), periods)) == meant
