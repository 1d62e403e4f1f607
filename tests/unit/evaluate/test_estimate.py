"""What every design answers: its intervals of sums and means follow from that of the ratio."""

import numpy as np
import pytest

from opendcr.evaluate.designs.difference_in_differences import DifferenceInDifferences
from opendcr.evaluate.designs.ratio_of_ratios import RatioOfRatios
from opendcr.evaluate.estimate import cumulative_of_ratio
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.streams import stream
from tests.conftest import SOAK

PANELS = 1500 if SOAK else 250
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
    for study in panels(ratio):
        found = design.fit(study)
        truth = float(study.series.outcome[BEFORE:].sum()) - MEAN * AFTER
        sums, mean, relative = found.cumulative_interval, found.interval, found.relative_interval
        held["sum"] += sums is not None and sums[0] <= truth <= sums[1]
        held["mean"] += mean is not None and mean[0] <= truth / AFTER / 1e5 <= mean[1]
        held["ratio"] += relative is not None and relative[0] <= ratio - 1 <= relative[1]
    least = 0.95 - 3.5 * (0.05 * 0.95 / PANELS) ** 0.5
    assert min(held["sum"], held["mean"]) >= min(least * PANELS, held["ratio"]), held


def test_a_ratio_without_an_end_leaves_a_sum_without_one() -> None:
    assert cumulative_of_ratio(10.0, (-1.0, 0.5)) is None
    assert cumulative_of_ratio(10.0, (-0.5, 0.25)) == pytest.approx((-10.0, 2.0))
