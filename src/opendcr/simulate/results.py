"""What a simulated room amounts to: the figures of many stays, with their Monte Carlo error.

All are over people who come to consume, in opening hours. Totals are means of the replications; a
ratio is total over total, its standard error by the delta method. With one replication, runs of
its days stand in for replications, and a total's error is scaled up from theirs. Intervals are by
Student's t: the error itself is an estimate, and of few replications a rough one.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from opendcr.simulate.comers import Day
from opendcr.simulate.scenario import MINUTE
from opendcr.simulate.stays import Stay

UPPER = 0.975  # where a two-sided 95 % interval ends
BATCHES = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error and 95 % interval; None where there is nothing to say.

    `of` is how many replications, or runs of days, the error was estimated from.
    """

    mean: float | None
    se: float | None
    of: int = 0

    def to_data(self) -> dict[str, float | None]:
        """As the results of `simulate room --json` give it."""
        if self.mean is None or self.se is None:
            return {"mean": self.mean, "se": self.se, "low": None, "high": None}
        reach = float(stdtrit(self.of - 1, UPPER)) * self.se
        return {
            "mean": self.mean,
            "se": self.se,
            "low": self.mean - reach,
            "high": self.mean + reach,
        }


class Hours:
    """When the room was open: days in order, apart or following on."""

    def __init__(self, days: Sequence[Day]) -> None:
        self._days, self._opens = days, [day.opens for day in days]

    def within(self, since: int, until: int) -> int:
        """Milliseconds of opening hours in a span; the span may cross closing times."""
        at, total = max(0, bisect_right(self._opens, since) - 1), 0
        while at < len(self._days) and self._opens[at] < until:
            day = self._days[at]
            total += max(0, min(until, day.closes) - max(since, day.opens))
            at += 1
        return total


@dataclass(frozen=True)
class Batch:
    """One replication, or a run of days of one: the sums that every figure is made of."""

    sums: Mapping[str, float]
    waits: tuple[float, ...]  # minutes, of all who came to consume


def batch(
    days: Sequence[Day],
    stays: Sequence[Stay],
    cleaned: Sequence[tuple[int, int]],
    hours: Hours,
    places: int,
) -> Batch:
    """The sums of some days and of the stays that began on them.

    `cleaned` are the spans for which places were blocked after use, in milliseconds since 1970;
    `hours` the opening hours of the whole replication.
    """
    came = [stay for stay in stays if stay.end != "care"]
    open_time = sum(day.closes - day.opens for day in days)
    served = [stay for stay in came if stay.started is not None]
    used = sum(hours.within(stay.started or 0, stay.finished or 0) for stay in served)
    blocked = sum(hours.within(*span) for span in cleaned)
    waits = tuple(_wait(stay) / MINUTE for stay in came)
    served_wait = sum(_wait(stay) for stay in served) / MINUTE
    counts = {end: float(sum(stay.end == end for stay in came)) for end in _ENDS}
    return Batch(
        {
            **counts,
            "days": float(len(days)),
            "arrivals": float(len(came)),
            "emergencies": float(sum(stay.emergency for stay in came)),
            "waited": float(sum(stay.started != stay.arrived for stay in came)),
            "wait": sum(waits),
            "served_wait": served_wait,
            "open_minutes": open_time / MINUTE,
            "used_minutes": used / MINUTE,
            "place_minutes": (open_time * places - blocked) / MINUTE,
        },
        waits,
    )


_ENDS = ("served", "left_waiting", "turned_away", "waiting_at_close")


def _wait(stay: Stay) -> int:
    """Milliseconds waited; up to giving up or closing; none for somebody turned away."""
    until = stay.started if stay.started is not None else stay.until
    return until - stay.arrived if until is not None else 0


def results(batches: Sequence[Batch], replications: int) -> dict[str, Estimate]:
    """Every figure by name (see the interfaces' table of definitions)."""
    days = float(_column(batches, "days").sum()) / replications
    names = ("arrivals", *_ENDS, "emergencies")
    totals = {name: _scaled(_ratio(batches, name, "days"), days) for name in names}
    ratios = {name: _ratio(batches, above, below) for name, (above, below) in _RATIOS.items()}
    return totals | ratios | {"wait_p95_minutes": _p95(batches)}


_RATIOS = {
    "probability_wait": ("waited", "arrivals"),
    "probability_leave": ("left_waiting", "arrivals"),
    "mean_wait_minutes": ("wait", "arrivals"),
    "mean_wait_served_minutes": ("served_wait", "served"),
    # People waiting at a moment, on average: minutes waited for each minute open.
    "mean_queue_length": ("wait", "open_minutes"),
    "occupancy": ("used_minutes", "place_minutes"),
}


def _column(batches: Sequence[Batch], name: str) -> NDArray[np.float64]:
    return np.array([one.sums[name] for one in batches])


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    """A figure by day as one of so many days."""
    if estimate.mean is None:
        return estimate
    se = None if estimate.se is None else estimate.se * factor
    return Estimate(estimate.mean * factor, se, estimate.of)


def _ratio(batches: Sequence[Batch], above: str, below: str) -> Estimate:
    """Total over total; the error of a ratio of means by the delta method."""
    upper, lower = _column(batches, above), _column(batches, below)
    if lower.sum() == 0:
        return Estimate(None, None)
    ratio = float(upper.sum() / lower.sum())
    count = len(batches)
    if count < 2:
        return Estimate(ratio, None)
    residual = upper - ratio * lower
    spread = math.sqrt(float((residual**2).sum()) / (count - 1) / count)
    return Estimate(ratio, spread / float(lower.mean()), count)


def _p95(batches: Sequence[Batch]) -> Estimate:
    waits = np.concatenate([np.array(one.waits) for one in batches]) if batches else np.array([])
    if not len(waits):
        return Estimate(None, None)
    apart = [float(np.quantile(one.waits, 0.95)) for one in batches if one.waits]
    error = float(np.std(apart, ddof=1) / math.sqrt(len(apart))) if len(apart) > 1 else None
    return Estimate(float(np.quantile(waits, 0.95)), error, len(apart))


def runs(days: Sequence[Day], count: int = BATCHES) -> list[list[Day]]:
    """Days in consecutive runs, as equal as can be."""
    edges = np.linspace(0, len(days), min(count, len(days)) + 1).round().astype(int)
    return [list(days[a:b]) for a, b in pairwise(edges) if b > a]
