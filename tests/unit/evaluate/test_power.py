"""Power: against theory where there is one, and what is made of many answers."""

from math import sqrt

import numpy as np
import pytest
from scipy.stats import norm

from opendcr.evaluate.designs.difference_in_differences import DifferenceInDifferences
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.power import Case, cases_of, power, summed, until_seen, wilson
from opendcr.evaluate.study import Study
from opendcr.streams import stream
from tests.conftest import SOAK

AREAS, BEFORE = 40, 10
PANELS = 2000 if SOAK else 250


def before() -> Study:
    """Forty areas of 100 events a year; the treated one as large as the others."""
    counts = stream(1, "power").poisson(100.0, (AREAS, BEFORE)).astype(float)
    people = np.full((AREAS, BEFORE), 1e6)
    periods = tuple(Period("number", 2010 + at) for at in range(BEFORE))
    names = tuple(f"area {at}" for at in range(AREAS))
    return Study(Panel(names, periods, counts, people), (0,), BEFORE - 1)


def test_power_is_about_what_theory_says() -> None:
    """Two Poisson rates in a double difference: the log ratio's variance is the sum of 1 / count,
    and the rank test among 39 placebos has about the power of a normal one."""
    (found,) = power(DifferenceInDifferences(), before(), cases_of([("whole", 1.0)], [5], [-0.15], [False]),
                     PANELS, scatter=0.0)  # fmt: skip
    se = sqrt(1 / (100 * BEFORE) + 1 / (500 * 0.85))
    normal = norm.cdf(-np.log(0.85) / se - norm.isf(0.025))
    assert found.power == pytest.approx(normal, abs=0.10)
    assert found.mean == pytest.approx(-0.15, abs=0.02)


def test_the_size_is_at_most_the_level_without_drift() -> None:
    (found,) = power(
        DifferenceInDifferences(),
        before(),
        cases_of([("whole", 1.0)], [5], [0.0], [False]),
        PANELS,
        scatter=0.0,
    )
    assert found.low <= 0.05


def test_the_same_figures_again() -> None:
    cases = cases_of([("whole", 1.0)], [2], [-0.1, -0.2])
    first = power(DifferenceInDifferences(), before(), cases, 40)
    assert first == power(DifferenceInDifferences(), before(), cases, 40)
    assert [one.case.drifts for one in first] == [True, False, True, False]


CASE = Case("whole", 1.0, 4, -0.2, True)


def test_how_answers_are_summed() -> None:
    rows = np.array([
        [-0.30, -0.5, -0.1, 0.01],   # seen, holds the truth
        [-0.50, -0.7, -0.3, 0.01],   # seen, does not
        [0.40, 0.1, 0.7, 0.01],      # seen with the wrong sign
        [-0.10, -0.4, 0.2, 0.40],    # not seen, holds the truth
    ])  # fmt: skip
    found = summed(CASE, rows, 0.05)
    assert (found.power, found.coverage, found.type_s) == (0.75, 0.5, pytest.approx(1 / 3))
    assert found.type_m == pytest.approx((0.3 + 0.5 + 0.4) / 3 / 0.2)
    assert found.mean == pytest.approx(-0.125)


def test_without_intervals_the_p_value_decides() -> None:
    rows = np.array([[-0.3, np.nan, np.nan, 0.05], [-0.3, np.nan, np.nan, 0.06]])
    found = summed(CASE, rows, 0.05)
    assert found.power == 0.5 and found.coverage is None


def test_what_could_not_be_estimated_was_not_seen() -> None:
    found = summed(CASE, np.array([[np.nan] * 4, [-0.3, -0.4, -0.2, 0.01]]), 0.05)
    assert found.power == 0.5 and found.mean == pytest.approx(-0.3)


def test_when_an_effect_would_be_seen() -> None:
    def row(periods: int, share: float):
        rows = np.repeat(
            [[-0.3, -0.4, -0.2, 0.0], [-0.3, -0.4, 0.2, 0.5]],
            [round(100 * share), 100 - round(100 * share)],
            axis=0,
        )
        return summed(Case("whole", 1.0, periods, -0.2, True), rows, 0.05)

    rows = [row(4, 0.3), row(8, 0.8), row(12, 0.95)]
    assert until_seen(rows, "whole", -0.2, True) == 8
    assert until_seen(rows[:1], "whole", -0.2, True) is None
    assert until_seen(rows, "whole", -0.2, False) is None


@pytest.mark.parametrize(
    ("share", "count", "low", "high"), [(0.0, 20, 0.0, 0.1611), (0.5, 10, 0.2366, 0.7634)]
)
def test_wilson(share: float, count: int, low: float, high: float) -> None:
    """Newcombe (1998), table I, method 3, and by hand."""
    assert wilson(share, count) == pytest.approx((low, high), abs=2e-4)
