"""How areas wander: the drift of each by itself, and scatter, from series in which nothing began.

    found = wandering_of(panel, areas)         # found.drift, found.scatter
    low, high = drift_interval(panel, areas)   # what drift the series allow

Once what areas share is taken off (of fewer than three areas: their season and trend), the mean
square of an area's log difference over k periods is linear in drift² and scatter²; both are the
least squares solution that is not negative. Its interval inverts a test: the drifts in whose
simulated series the same estimate would not be too high or too low.

Cells of a table (rings × hours) share more: what all cells of a ring do, and all of the same hours,
is taken off in each period, and told as a drift of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.cells import Labels
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period, rhythm_of
from opendcr.streams import stream

Real = NDArray[np.float64]
UNCROSSED: Labels = {}  # of areas that are no cells
LAGS = 8  # differences over up to so many periods tell a walk from scatter
LEAST = 3.0  # mean count below which an area says nothing of its walk
FEW = 3  # areas that can tell what they share from what each does by itself
TRIED = 200  # simulated panels for each drift
DRIFTS = 9  # drifts between none and the largest
TAIL = 0.025  # to each side of the interval


@dataclass(frozen=True)
class Together:
    """What areas of a group do together: the `groups` (areas × groups, ones and zeros), and the
    standard deviation of a group's own step."""

    groups: Real
    drift: float


@dataclass(frozen=True)
class Wandering:
    """How areas part from each other: standard deviations of logarithms.

    `drift` is of an area's own step from one period to the next; `scatter` of what each period
    adds for itself, beyond Poisson; `common` of the step that all areas share. `together` is by
    the column that makes groups of them: a ring's own step, which its cells share.
    """

    drift: float
    scatter: float
    common: float
    together: Mapping[str, Together] = field(default_factory=dict)


@dataclass(frozen=True)
class _Squares:
    """What mean squares of differences are made of: by area and lag, `walk` × drift² + `noise` ×
    (scatter² + the area's counting noise), the latter in part (`counting`), or, where `mixed`
    (areas × areas) is given, mixed of all areas'."""

    walk: Real
    noise: Real
    counting: Real
    weights: Real
    mixed: Real | None = None

    def beyond(self, squares: Real, noise: Real) -> Real:
        """Mean squares without what counting makes of them."""
        own = noise if self.mixed is None else noise @ self.mixed.T
        return squares - self.counting * own[..., None]

    def solved(self, squares: Real, noise: Real) -> tuple[Real, Real]:
        """drift² and scatter² of panels × areas × lags, not negative, given panels × areas of
        counting noise."""
        left = self.beyond(squares, noise) * self.weights
        walk, own = self.walk * self.weights, self.noise * self.weights
        a, b, c = (walk * walk).sum(), (walk * own).sum(), (own * own).sum()
        u, v = (left * walk).sum(axis=(-2, -1)), (left * own).sum(axis=(-2, -1))
        det = a * c - b * b
        both = ((c * u - b * v) / det, (a * v - b * u) / det) if det > 1e-12 * a * c else (-u, -v)
        inside = (both[0] >= 0) & (both[1] >= 0)
        # On the border: the better of a walk alone and scatter alone.
        alone, still = np.maximum(u, 0) / a, np.maximum(v, 0) / c
        walks = np.maximum(u, 0) ** 2 / a >= np.maximum(v, 0) ** 2 / c
        drift = np.where(inside, both[0], np.where(walks, alone, 0.0))
        return drift, np.where(inside, both[1], np.where(walks, 0.0, still))

    def scatter(self, squares: Real, noise: Real, drift: float) -> float:
        """scatter² for a given drift."""
        left = self.beyond(squares, noise) - drift**2 * self.walk
        weights = self.weights**2 * self.noise
        return max(float((left * weights).sum() / (self.noise * weights).sum()), 0.0)


@dataclass(frozen=True)
class Series:
    """Areas × periods from before a start: counts about what was `expected` of them (where they are
    counts), or logarithms of what they were. Where areas are cells `groups` are the rings and the
    hours that they are of (each areas × groups, ones and zeros)."""

    logs: Real
    expected: Real | None
    cycle: int
    groups: tuple[Real, ...] = ()

    @property
    def lags(self) -> int:
        """Over how many periods differences are taken. Few cells tell more of a walk by longer ones."""
        half = int(self.logs.shape[1]) // 2
        return half if self.groups else min(LAGS, half)

    @cached_property
    def several(self) -> bool:
        """Whether what they share can be told from what each does by itself."""
        return len(self.logs) >= FEW

    @cached_property
    def weights(self) -> Real:
        """By area, of the shared movement."""
        size = np.ones(len(self.logs)) if self.expected is None else self.expected.mean(axis=1)
        weights: Real = size / size.sum()
        return weights

    @cached_property
    def noise(self) -> Real:
        """The variance of each area's logarithm by counting alone."""
        if self.expected is None:
            return np.zeros(len(self.logs))
        noise: Real = np.mean(1 / np.maximum(self.expected, 0.5), axis=1)
        return noise

    @cached_property
    def own(self) -> Real:
        """Cells × cells: what makes of logarithms what is a cell's own."""
        return self.without(self.groups)

    def without(self, groups: Sequence[Real]) -> Real:
        """Cells × cells: takes off what cells of a group share in a period (least squares, weighted)."""
        root = np.sqrt(self.weights)
        shared = np.hstack(groups) * root[:, None]
        left = np.eye(len(root)) - shared @ np.linalg.pinv(shared)
        return np.asarray(left * root / root[:, None])

    def squares(self, logs: Real) -> Real:
        """Panels × areas × lags: mean squares of differences of what is an area's own."""
        if self.groups:
            return mean_squares(self.own @ logs, self.lags)
        if self.several:
            own = logs - (self.weights[:, None] * logs).sum(axis=-2, keepdims=True)
        else:
            own = unseasonal(logs, self.cycle)
        return mean_squares(own, self.lags)

    @cached_property
    def made_of(self) -> _Squares:
        """What the mean squares are made of, exactly, for a walk and for noise."""
        if self.groups:
            return self.parts(self.own, np.eye(len(self.logs)))
        walk, noise = _operator(self.logs.shape[1], self.lags, 0 if self.several else self.cycle)
        alone = 1 - self.weights if self.several else np.ones(len(self.logs))
        # A shared mean with weights w takes 2 w_i − Σ w² of a variance that all areas have alike,
        # and w_i of one that goes as 1 / w_i.
        alike = alone - self.weights + (self.weights**2).sum() if self.several else alone
        return _Squares(
            np.outer(alike, walk), np.outer(alike, noise), np.outer(alone, noise), self.sure
        )

    @cached_property
    def sure(self) -> Real:
        """Areas × lags: how much a mean square counts for."""
        lags = np.arange(1, self.lags + 1)
        size = np.maximum(self.noise, 1e-9) if self.expected is not None else self.noise + 0.5
        weights: Real = 1 / (2 * size[:, None] + 0.01 * lags)
        return weights

    def parts(self, part: Real, groups: Real) -> _Squares:
        """What the mean squares of a part of cells' logarithms (cells × cells) are made of, where
        cells of a group walk together."""
        walk, noise = _operator(self.logs.shape[1], self.lags)
        walks, alike = ((part @ groups) ** 2).sum(axis=1), (part**2).sum(axis=1)
        every = np.broadcast_to(noise, (len(part), len(noise)))
        return _Squares(np.outer(walks, walk), np.outer(alike, noise), every, self.sure, part**2)

    def together(self, groups: Real, drift: float) -> float:
        """The drift of groups of cells, given that of each cell's own."""
        others = [one for one in self.groups if one is not groups]
        part = self.without(others) - self.own
        own = self.parts(part, np.eye(len(part))).walk * drift**2
        squares = mean_squares(part @ self.logs, self.lags) - own
        return sqrt(float(self.parts(part, groups).solved(squares, self.noise)[0]))

    def simulated(self, drift: float, scatter: float, random: np.random.Generator) -> Real:
        """drift² as it is found in so many panels that have this drift and scatter."""
        shape = (TRIED, *self.logs.shape)
        walk = np.cumsum(random.standard_normal(shape) * drift, axis=2)
        # Centred: levels are known, and counts stay as large as they were.
        logs = walk - walk.mean(axis=2, keepdims=True)
        logs += random.standard_normal(shape) * scatter - scatter**2 / 2
        noise = np.broadcast_to(self.noise, shape[:2])
        if self.expected is not None:
            counts = random.poisson(self.expected * np.exp(logs))
            logs = np.log((counts + 0.5) / self.expected)
            noise = 1 / np.maximum(counts.mean(axis=2), 0.5)
        return self.made_of.solved(self.squares(logs), noise)[0]


def mean_squares(own: Real, lags: int) -> Real:
    """… × areas × lags: the mean square of differences over 1 to so many periods."""
    squares = [
        np.mean((own[..., lag:] - own[..., :-lag]) ** 2, axis=-1) for lag in range(1, lags + 1)
    ]
    return np.stack(squares, axis=-1)


def unseasonal(logs: Real, cycle: int) -> Real:
    """Series without their season and trend: of each step the mean step of its place in the year is
    taken off."""
    steps = np.diff(logs, axis=-1)
    places = np.arange(steps.shape[-1]) % cycle
    for place in range(cycle):
        steps[..., places == place] -= steps[..., places == place].mean(axis=-1, keepdims=True)
    return np.concatenate([np.zeros_like(logs[..., :1]), np.cumsum(steps, axis=-1)], axis=-1)


def _operator(periods: int, lags: int, cycle: int = 0) -> tuple[Real, Real]:
    """By lag: what the mean square is of a walk with steps of variance 1, and of noise of variance 1;
    with a `cycle` after its season is taken off."""
    # Row n is what the n-th step, or the n-th period's noise, does to the series.
    walk = np.triu(np.ones((periods, periods)))
    noise = np.eye(periods)
    made = [unseasonal(one, cycle) if cycle else one for one in (walk, noise)]
    return mean_squares(made[0], lags).sum(axis=0), mean_squares(made[1], lags).sum(axis=0)


def wandering_of(panel: Panel, areas: Sequence[int], crossed: Labels = UNCROSSED) -> Wandering:
    """How some areas of a panel wander; of cells, by the columns that are `crossed` in them, each
    cell beside its ring and its hours. Raises InputError where there is too little to say."""
    series = series_of(panel, areas, crossed)
    found = series.made_of.solved(series.squares(series.logs), series.noise)
    drift, scatter = (sqrt(float(one)) for one in found)
    together = {
        name: Together(grouped(crossed[name]), series.together(groups, drift))
        for name, groups in zip(crossed, series.groups, strict=True)
    }
    return Wandering(drift, scatter, _common(series), together)


def drift_interval(
    panel: Panel, areas: Sequence[int], seed: int = 1, crossed: Labels = UNCROSSED
) -> tuple[float, float]:
    """The drifts (95 %) that would be found neither at or over what is found, nor at or under it, in
    too few of simulated panels: a test for each, with scatter as that drift leaves it, inverted."""
    series = series_of(panel, areas, crossed)
    squares = series.squares(series.logs)
    found = float(series.made_of.solved(squares, series.noise)[0])

    def ends(drift: float) -> tuple[float, float]:
        scatter = series.made_of.scatter(squares, series.noise, drift) ** 0.5
        drawn = series.simulated(drift, scatter, stream(seed, "wandering"))
        low, high = np.quantile(drawn, [TAIL, 1 - TAIL])
        return float(low), float(high)

    most = max(2 * found**0.5, 0.05)
    while ends(most)[0] <= found and most < 2:
        most *= 1.5
    drifts = np.linspace(0, most, DRIFTS)
    lows, highs = np.maximum.accumulate([ends(one) for one in drifts], axis=0).T
    return _first_over(drifts, highs, found, True), _first_over(drifts, lows, found, False)


def grouped(labels: Sequence[str]) -> Real:
    """Areas × groups: one where an area is of a group, else zero."""
    groups: Real = (np.array(labels)[:, None] == np.unique(labels)).astype(np.float64)
    return groups


def series_of(panel: Panel, areas: Sequence[int], crossed: Labels = UNCROSSED) -> Series:
    """The areas that say something of how they wander. Raises InputError where there is none, or
    where of cells nothing is left beside what rings and hours share."""
    rows, logs, expected = _logs_of(panel, areas)
    groups = tuple(grouped([one[int(at)] for at in rows]) for one in crossed.values())
    series = Series(logs, expected, cycle_of(panel.periods), groups)
    # What the projection leaves has as many dimensions as its trace says.
    if groups and np.trace(series.own) < 0.5:
        found = f"too few cells of {LEAST:g} events a period to say how each drifts by itself"
        wanted = " and ".join(f"two or more of '{name}'" for name in crossed)
        raise InputError(panel.where, found, f"cells of as many in {wanted}")
    return series


def _logs_of(panel: Panel, areas: Sequence[int]) -> tuple[list[int], Real, Real | None]:
    """The areas that say something, logarithms of their rates, and what was expected of counts."""
    outcome = panel.outcome[list(areas)]
    cycle = cycle_of(panel.periods)
    if not panel.counted:
        if (outcome <= 0).any():
            found = "outcomes at or below zero that are no counts"
            raise InputError(panel.where, found, "outcomes above zero, or counts")
        return list(areas), np.log(outcome), None
    rows = np.flatnonzero(outcome.mean(axis=1) >= LEAST)
    if not rows.size:
        found = "counts too small to say how areas drift"
        raise InputError(panel.where, found, f"a mean of {LEAST:g}")
    counts = outcome[rows]
    exposure = panel.people[list(areas)][rows]
    logs = np.log((counts + 0.5) / exposure)
    mean = counts.sum(axis=1, keepdims=True)
    if len(rows) >= FEW:
        shared = counts.sum(axis=0) / exposure.sum(axis=0)
    else:
        shared = np.exp(np.mean(logs - unseasonal(logs, cycle), axis=0))
    expected = shared * exposure
    expected = expected * mean / expected.sum(axis=1, keepdims=True)
    return [areas[int(at)] for at in rows], logs, expected


def _common(series: Series) -> float:
    """The step that areas share, beside season and trend: what differences of their mean leave."""
    if not series.several:
        return 0.0
    shared = (series.weights[:, None] * series.logs).sum(axis=0, keepdims=True)
    walk, noise = _operator(shared.shape[1], series.lags, series.cycle)
    lags = np.arange(1, len(walk) + 1)
    counted = 0.0 if series.expected is None else 1 / float(series.expected.mean(axis=1).sum())
    one = _Squares(walk[None], noise[None], noise[None], (1 / (2 * counted + 0.01 * lags))[None])
    squares = mean_squares(unseasonal(shared, series.cycle), series.lags)
    return sqrt(float(one.solved(squares, np.array([counted]))[0]))


def _first_over(drifts: Real, ends: Real, found: float, reached: bool) -> float:
    """Where the ends of the estimate first reach what was found, or go over it."""
    over = ends >= found if reached else ends > found
    at = int(np.argmax(over)) if over.any() else len(drifts) - 1
    if at == 0:
        return 0.0
    rise = max(ends[at] - ends[at - 1], 1e-15)
    share = min(max((found - ends[at - 1]) / rise, 0.0), 1.0)
    return float(drifts[at - 1] + share * (drifts[at] - drifts[at - 1]))


def cycle_of(periods: Sequence[Period], years: int = 2) -> int:
    """Periods in a year, where a series has so many years of them; else 1."""
    year = rhythm_of(periods).a_year
    length = round(year)
    fits = abs(year - length) < 0.2 and 1 < length <= 53 and len(periods) >= years * length + 1
    return length if fits else 1
