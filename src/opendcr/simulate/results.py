"""What a simulated room amounts to: the figures of many stays, with their Monte Carlo error.

All are over people who come to consume, in opening hours. Totals are means of the replications; a
ratio is total over total, its standard error by the delta method. With one replication, runs of
its days stand in for replications, and a total's error is scaled up from theirs. Intervals are by
Student's t: the error itself is an estimate, and of few replications a rough one.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri, stdtrit

from opendcr.simulate.kernel import counts
from opendcr.simulate.scenario import MINUTE

RARE = 100  # events: of fewer, an interval by Student's t alone holds the truth too seldom
# As two who wait at a time, and times that are exponential: their squares' mean is twice their mean's.
TIMES = 4.0
UPPER = 0.975  # where a two-sided 95 % interval ends
BATCHES = 20

# What is counted of one replication, or of one run of its days; times in milliseconds. `unserved`
# are all who come and are not served, for whatever reason; `open` is
# the time that the room was open, `place_open` that time by its places; `replications` is one, or a
# run's share of one.
COLUMNS = (*counts.FIGURES, "unserved", "days", "open", "place_open", "replications")
_ENDS = ("served", "left_waiting", "turned_away", "waiting_at_close")
TOTALS = ("arrivals", *_ENDS, "balked", "emergencies")
# What a figure is: one total over another and a scale, and the events that the upper one counts or
# is made by (people who wait, for a wait), None where they are not rare.
Ratio = tuple[str, str, float, str | None]
RATIOS: dict[str, Ratio] = {
    "probability_wait": ("waited", "arrivals", 1.0, "waited"),
    "probability_leave": ("left_waiting", "arrivals", 1.0, "left_waiting"),
    "probability_unserved": ("unserved", "arrivals", 1.0, "unserved"),
    "probability_short_of_staff": ("short_of_staff", "arrivals", 1.0, "short_of_staff"),
    "probability_held_up": ("held_up", "arrivals", 1.0, "held_up"),
    "probability_not_fitting": ("not_fitting", "arrivals", 1.0, "not_fitting"),
    "mean_wait_minutes": ("wait", "arrivals", MINUTE, "waited"),
    "mean_wait_served_minutes": ("wait_served", "served", MINUTE, "waited"),
    # People waiting at a moment, on average: time waited for each moment open.
    "mean_queue_length": ("wait", "open", 1.0, "waited"),
    "occupancy": ("used", "place_open", 1.0, None),
    # Staff held by emergencies at a moment, on average.
    "mean_staff_held": ("held", "open", 1.0, "emergencies"),
    # Places kept by people who wait for a chair at a moment, on average.
    "mean_places_kept": ("for_chair", "open", 1.0, None),
}

Real = NDArray[np.float64]
_NO_WAITS = np.zeros((1, 1), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its standard error and 95 % interval; None where there is nothing to say.

    `of` is how many replications, or runs of days, the error was estimated from; `events` how many
    events it counts, or rests on, in all: where they are few, or none, the interval is wider.
    """

    mean: float | None
    se: float | None
    of: int = 0
    events: float | None = None
    each: float = 0.0  # what one event more would add to the mean
    alike: bool = True  # whether every event adds the same

    def to_data(self) -> dict[str, float | None]:
        """As the results of `simulate room --json` give it."""
        low, high = self.interval
        return {"mean": self.mean, "se": self.se, "low": low, "high": high}

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """The ends of the 95 % interval."""
        return self.between(UPPER)

    def between(self, upper: float) -> tuple[float | None, float | None]:
        """The ends of the interval that ends at a quantile; no figure is negative."""
        if self.mean is None or self.se is None:
            return None, None
        reach = reach_of(self.se, self.of, upper)
        low, high = self.mean - reach, self.mean + reach
        if self.events is not None and self.events < RARE:
            fewest, most = _rare(self, upper)
            low, high = min(low, fewest), max(high, most)
        return max(low, 0.0), high


def reach_of(se: float, of: int, upper: float = UPPER) -> float:
    """How far an interval by Student's t reaches to each side, of an error estimated from so many."""
    return float(stdtrit(of - 1, upper)) * se


def _rare(one: Estimate, upper: float) -> tuple[float, float]:
    """The ends of an interval about few events: those of a Poisson count (Garwood 1936), of as many
    events as there would be if they came singly, by what their spread shows of their coming
    together. Where none was seen they are taken to come singly.

    A few show less spread than they have, of times above all: those are taken to add no more than
    `TIMES` times fewer would.
    """
    events, mean, se = one.events or 0.0, one.mean or 0.0, one.se or 0.0
    if not mean:  # none was seen, or such as add nothing
        return 0.0, 0.0 if events else float(gammaincinv(1.0, upper)) * one.each
    spread = reach_of(se, one.of, upper) / float(ndtri(upper))
    together = max((spread / mean) ** 2 * events, 1.0 if one.alike else TIMES)
    single = events / together
    low, high = gammaincinv(single, 1 - upper), gammaincinv(single + 1, upper)
    return mean * float(low) / single, mean * float(high) / single


@dataclass(frozen=True)
class Moments:
    """What is kept of however many replications: their number, the means of what they counted, the
    sums of products about the means; the bins of all waits; and of the 95th percentiles of the
    replications in which anybody came, their number, mean and sum of squares about it."""

    of: int
    means: Real
    products: Real
    bins: NDArray[np.int64]
    p95: tuple[int, float, float]

    @classmethod
    def counted(cls, rows: Real, bins: NDArray[np.int64] = _NO_WAITS) -> "Moments":
        """Those of some replications, or runs of days of one: a row each, and their bins of waits;
        without bins they say nothing of single waits."""
        means = rows.mean(axis=0)
        apart = rows - means
        waits = np.array([quantile(one) for one in bins if one.any()])
        mean = float(waits.mean()) if len(waits) else 0.0
        p95 = (len(waits), mean, float(((waits - mean) ** 2).sum()))
        return cls(len(rows), means, apart.T @ apart, bins.sum(axis=0), p95)

    def and_then(self, other: "Moments") -> "Moments":
        """Those of both (Chan, Golub and LeVeque 1979); the order decides the last digits."""
        of = self.of + other.of
        apart = other.means - self.means
        return Moments(
            of,
            self.means + apart * (other.of / of),
            self.products + other.products + np.outer(apart, apart) * (self.of * other.of / of),
            self.bins + other.bins,
            _merged(self.p95, other.p95),
        )

    def mean(self, name: str) -> float:
        """The mean of something counted, by replication."""
        return float(self.means[COLUMNS.index(name)])

    def ratio(
        self, above: str, below: str, scale: float = 1.0, events: str | None = None
    ) -> Estimate:
        """Total over total and `scale`; the error of a ratio of means by the delta method.

        `events` is what the upper total counts, or is made by; None where it is not rare.
        """
        upper, lower = COLUMNS.index(above), COLUMNS.index(below)
        if not self.means[lower]:
            return Estimate(None, None)
        ratio = float(self.means[upper] / self.means[lower])
        if self.of < 2:
            return Estimate(ratio / scale, None)
        products = self.products
        residual = (
            products[upper, upper]
            - 2 * ratio * products[upper, lower]
            + ratio**2 * products[lower, lower]
        )
        spread = math.sqrt(max(float(residual), 0.0) / (self.of - 1) / self.of)
        se = spread / float(self.means[lower]) / scale
        if events is None:
            return Estimate(ratio / scale, se, self.of)
        # A time of which none was seen is taken to be as long as people stay.
        alike, served = events == above, self.mean("served")
        one = 1.0 if alike or not served else self.mean("used") / served
        each = one / (float(self.means[lower]) * self.of) / scale
        return Estimate(ratio / scale, se, self.of, self.mean(events) * self.of, each, alike)

    def figures(self) -> dict[str, Estimate]:
        """Every figure by name (see the interfaces' table of definitions)."""
        totals = {name: self.ratio(name, "replications", 1.0, name) for name in TOTALS}
        ratios = {name: self.ratio(*parts) for name, parts in RATIOS.items()}
        return totals | ratios | {"wait_p95_minutes": self._p95()}

    def _p95(self) -> Estimate:
        if not self.bins.any():
            return Estimate(None, None)
        of, _, squares = self.p95
        error = math.sqrt(squares / (of - 1) / of) if of > 1 else None
        return Estimate(quantile(self.bins), error, of)


def together(moments: Iterable[Moments]) -> Moments:
    """Those of all, in their order."""
    return reduce(Moments.and_then, moments)


def of_draws(found: Sequence[Estimate], none: float = 0.0) -> tuple[Real, float]:
    """A figure in each of several draws (`none` where it has no value), and the variance that chance
    gives each: what `without_chance` takes."""
    values = np.array([none if one.mean is None else one.mean for one in found])
    return values, float(np.mean([(one.se or 0.0) ** 2 for one in found]))


def without_chance(values: Real, chance: float) -> tuple[Real, float]:
    """Values of several draws without what chance does to them, and their variance then.

    `chance` is the variance that chance gives each: by as much as it has spread them they are drawn
    towards their middle (a one-way analysis of variance with random effects).
    """
    between = max(float(values.var(ddof=1)) - chance, 0.0) if len(values) > 1 else 0.0
    total, middle = between + chance, values.mean()
    return middle + (values - middle) * (math.sqrt(between / total) if total else 0.0), between


def _merged(
    one: tuple[int, float, float], other: tuple[int, float, float]
) -> tuple[int, float, float]:
    of = one[0] + other[0]
    if not of:
        return one
    apart = other[1] - one[1]
    squares = one[2] + other[2] + apart**2 * one[0] * other[0] / of
    return of, one[1] + apart * other[0] / of, squares


def quantile(bins: NDArray[np.int64], share: float = 0.95) -> float:
    """The quantile of the waits in bins, in minutes, between the two nearest in order."""
    upto = np.cumsum(bins)
    at = share * (int(upto[-1]) - 1)
    below, above = (int(np.searchsorted(upto, rank, side="right")) for rank in
                    (math.floor(at), math.ceil(at)))  # fmt: skip
    low, high = _wait_of(below), _wait_of(above)
    return (low + (high - low) * (at - math.floor(at))) / MINUTE


def _wait_of(bin: int) -> float:
    """The milliseconds in the middle of a bin."""
    over, place = divmod(bin, counts.FINE)
    if not over:
        return float(bin)
    width = 1 << (over - 1)
    return (counts.FINE + place) * width + (width - 1) / 2


def runs(days: int, count: int = BATCHES) -> NDArray[np.int64]:
    """For each of so many days, the number of the run of consecutive days in which it lies."""
    edges = np.linspace(0, days, min(count, days) + 1).round().astype(int)
    return np.repeat(np.arange(len(edges) - 1), np.diff(edges))
