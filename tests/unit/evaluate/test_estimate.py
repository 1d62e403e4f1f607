"""What every design answers: its intervals of sums and means follow from that of the ratio."""

from math import inf, log

import numpy as np
import pytest

from opendcr.evaluate.comparisons.pools import counted_ratio
from opendcr.evaluate.designs.augmented_synthetic_control import AugmentedSyntheticControl
from opendcr.evaluate.designs.count_factors import CountFactors
from opendcr.evaluate.designs.difference_in_differences import DifferenceInDifferences
from opendcr.evaluate.designs.ratio_of_ratios import RatioOfRatios
from opendcr.evaluate.designs.synthetic_control import SyntheticControl
from opendcr.evaluate.designs.synthetic_difference_in_differences import (
    SyntheticDifferenceInDifferences,
)
from opendcr.evaluate.estimate import (
    Estimate,
    PeriodEffect,
    bounds_of_expected,
    cumulative_of_ratio,
    relative_of,
)
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.streams import stream
from tests.conftest import SOAK
from tests.unit.evaluate.panels import study

PANELS = 1500 if SOAK else 100
AREAS, BEFORE, AFTER, MEAN = 40, 8, 4, 30.0
PERIODS = tuple(Period("number", 2010 + at) for at in range(BEFORE + AFTER))


def panels(ratio: float):
    random = stream(3, "ratio", ratio)
    mean = np.full((AREAS, BEFORE + AFTER), MEAN)
    mean[0, BEFORE:] *= ratio
    people = np.full(mean.shape, 1e5)
    for _ in range(PANELS):
        counts = random.poisson(mean).astype(float)
        yield Study(Panel(tuple(map(str, range(AREAS))), PERIODS, counts, people), (0,), BEFORE)


@pytest.mark.parametrize("ratio", [0.3, 0.6, 1.0, 2.0])
@pytest.mark.parametrize(
    "design", [DifferenceInDifferences(), RatioOfRatios()], ids=["did", "ratio"]
)
def test_the_sum_is_held_as_often_as_the_ratio(design, ratio: float) -> None:
    """A sum is of what happened, less what would have. Were that taken as known, and all chance put
    into what happened, sums would be held half of the time at a ratio of 0.3."""
    held = {"sum": 0, "mean": 0, "ratio": 0}
    for one in panels(ratio):
        found = design.fit(one)
        truth = float(one.series.outcome[BEFORE:].sum()) - MEAN * AFTER
        sums, mean, relative = found.cumulative_interval, found.interval, found.relative_interval
        held["sum"] += sums is not None and sums[0] <= truth <= sums[1]
        held["mean"] += mean is not None and mean[0] <= truth / AFTER / 1e5 <= mean[1]
        held["ratio"] += relative is not None and relative[0] <= ratio - 1 <= relative[1]
    least = 0.95 - 3.5 * (0.05 * 0.95 / PANELS) ** 0.5
    assert min(held["sum"], held["mean"]) >= min(least * PANELS, held["ratio"]), held


def test_a_ratio_without_an_end_leaves_a_sum_without_one() -> None:
    assert cumulative_of_ratio(10.0, (-1.0, 0.5)) is None
    assert cumulative_of_ratio(10.0, (-0.5, 0.25)) == pytest.approx((-10.0, 2.0))


# Donors' levels shift at the start by themselves; what happened is a multiple of what would have.
BY_ERRORS = SyntheticControl(intercept=True, inference="placebos", placebos="errors")
ADDITIVE = {
    "did": DifferenceInDifferences(),
    "sdid": SyntheticDifferenceInDifferences(),
    "placebos": BY_ERRORS,
    "factors": CountFactors(rank=0),
}


@pytest.mark.parametrize("ratio", [0.3, 3.0])
@pytest.mark.parametrize("design", ADDITIVE.values(), ids=ADDITIVE.keys())
def test_the_ratio_of_an_additive_design_is_held_as_often_as_what_was_expected(
    design, ratio: float
) -> None:
    """Were the expected taken as known, a threefold rise would be held in half of the panels."""
    draws, count, held = stream(5, "rises"), 300 if SOAK else 40, 0
    for _ in range(count):
        shifts = np.outer(draws.normal(0, 0.8, 40), np.arange(12) >= 8)
        outcome = 10 + draws.normal(0, 0.5, (40, 12)) + shifts
        outcome[0, 8:] *= ratio
        low, high = design.fit(study(outcome, 8)).relative_interval
        held += low <= ratio - 1 <= high
    assert held >= (0.95 - 3.5 * (0.05 * 0.95 / count) ** 0.5) * count


@pytest.mark.parametrize("ratio", [0.3, 3.0])
def test_a_synthetic_double_difference_of_counts_holds_falls_and_rises_as_often(ratio) -> None:
    """Fewer events vary less and more vary more: an interval of the width of no effect held a
    threefold rise in 56 of 100 panels."""
    draws, count, held = stream(7, "rises"), 600 if SOAK else 120, 0
    mean = np.full((32, 20), 10.0)
    mean[0, 12:] *= ratio
    for _ in range(count):
        found = ADDITIVE["sdid"].fit(study(draws.poisson(mean), 12, np.full(mean.shape, 1e4)))
        low, high = found.relative_interval
        held += low <= ratio - 1 <= high
    assert 0.89 * count <= held <= 0.99 * count


@pytest.mark.parametrize("observed", [0.0, 3.0, 80.0, 400.0])
@pytest.mark.parametrize("error", [5.0, 12.0, 60.0])
def test_a_counted_ratio_is_where_its_test_does_not_reject(observed: float, error: float) -> None:
    ratios = np.geomspace(1e-4, 1e4, 400_001)
    variance = max(error**2, 100.0) + 100 / ratios - 100
    kept = ratios[(observed / ratios - 100) ** 2 <= 4 * variance]
    low, high = counted_ratio(observed, 100.0, error, 2.0)
    assert low == pytest.approx(kept[0] - 1 if observed else -1, abs=1e-3)
    assert (
        high == inf if kept[-1] > 9e3 else high == pytest.approx(kept[-1] - 1, rel=1e-3, abs=1e-3)
    )


def test_what_may_have_been_expected_says_the_ratio() -> None:
    counts = study([[9, 8, 9, 0], [5, 6, 7, 8]], 3, np.full((2, 4), 100.0))
    assert relative_of(counts, 30.0, (20.0, 40.0)) == (-0.25, 0.5)
    assert relative_of(counts, 30.0, (-1.0, 40.0)) == (-0.25, inf)
    assert relative_of(counts, 30.0, (-9.0, -1.0)) is None
    # None observed: up to 3.69 events leave none in 2.5 of 100.
    assert relative_of(counts, 0.0, (20.0, 40.0)) == (-1.0, -log(0.025) / 20 - 1)
    degrees = study([[9, 8, 9, 0], [5, 6, 7, 8]], 3)
    assert relative_of(degrees, 0.0, (20.0, 40.0)) == (-1.0, -0.5)
    assert relative_of(degrees, -10.0, (20.0, 40.0)) == (-1.5, -1.25)
    frost = study([[9, -8, 9, 0], [5, 6, 7, 8]], 3)
    assert relative_of(frost, 30.0, (20.0, 40.0)) == (-0.25, 0.5)
    assert relative_of(frost, 30.0, (-20.0, 40.0)) is None  # a ratio of either sign


ONE_STATEMENT = {
    "did": DifferenceInDifferences(),
    "sdid": SyntheticDifferenceInDifferences(),
    "factors": CountFactors(rank=0),
    "conformal": SyntheticControl(intercept=True),
    "augmented": AugmentedSyntheticControl(intercept=True, ridge_share=0.1, placebos="space"),
    "placebos": BY_ERRORS,
}


def test_no_less_than_none_is_expected_of_what_is_never_below_zero() -> None:
    few = study([[1, 2, 1, 9, 7], [5, 6, 7, 8, 5]], 3)
    expected = np.full(5, 2.0)
    bounds = bounds_of_expected(few, expected, (-1.0, 8.0))
    assert bounds.relative == (1.0, inf)
    assert bounds.cumulative == (8.0, 16.0) and bounds.interval == (4.0, 8.0)
    warm = study([[1, -2, 1, 9, 7], [5, 6, 7, 8, 5]], 3)
    assert bounds_of_expected(warm, expected, (-1.0, 8.0)).cumulative == (8.0, 17.0)


@pytest.mark.parametrize("exposed", [True, False])
@pytest.mark.parametrize("design", ONE_STATEMENT.values(), ids=ONE_STATEMENT.keys())
def test_total_mean_and_ratio_are_one_statement(design, exposed: bool) -> None:
    """Observed less expected, the same for each person and period, and observed over expected."""
    counts = stream(9, "one").poisson(np.full((26, 32), 30.0)) * 1.0
    people = np.full(counts.shape, 100.0) if exposed else None
    found = design.fit(study(counts, 24, people))
    observed, among = float(counts[0, 24:].sum()), 800.0 if exposed else 8.0
    total = np.array(found.cumulative_interval)
    assert np.array(found.interval) * among == pytest.approx(total, rel=1e-6)
    assert observed / (observed - total) - 1 == pytest.approx(np.array(found.relative_interval))


def test_a_fall_to_nothing_has_an_interval() -> None:
    """It once had none, and so nothing was shown, though the mean's lay under zero."""
    draws = stream(4, "none left")
    counts = draws.poisson(np.full((24, 34), 30.0)) * 1.0
    counts[0, 30:] = 0
    for people in (None, np.full(counts.shape, 100.0)):
        for design in (*ADDITIVE.values(), SyntheticControl(intercept=True)):
            low, high = design.fit(study(counts, 30, people)).relative_interval
            assert low == -1 and -1 < high < -0.5


def test_an_answer_whose_p_value_is_not_given_does_not_say_where_it_came_from() -> None:
    effect = (PeriodEffect("2020", 8.0, 10.0, -2.0),)
    said = "p: rank of the error among 24 donors; intervals: by rank among 24 donors. More."
    made = Estimate(effect, -2.0, -0.2, -2.0, said, p_value=0.04, relative_interval=(-0.3, -0.1))
    found = made.widened((-0.4, 0.1), "It holds at every look.")
    assert found.inference == ("intervals: by rank among 24 donors. More. It holds at every look.")
