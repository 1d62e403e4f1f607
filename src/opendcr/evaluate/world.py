"""Worlds: outcome series as they might have been, to see what a design would have made of them.

The logarithm of an area's rate is its level, what all areas share in a period, and a random walk
of its own; what is counted scatters about it by Poisson or more. That is the smallest model in
which one area parts from the others without any cause that a study could name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from opendcr.errors import InputError
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.streams import stream

Real = NDArray[np.float64]
LAGS = 8  # differences over up to so many periods tell a walk from scatter
LEAST = 3.0  # mean count below which an area says nothing of its walk
AT_ONCE = 200  # panels drawn at a time


@dataclass(frozen=True)
class Wandering:
    """How areas part from each other: standard deviations of logarithms.

    `drift` is of an area's own step from one period to the next; `scatter` of what each period
    adds for itself, beyond Poisson; `common` of the step that all areas share.
    """

    drift: float
    scatter: float
    common: float


@dataclass(frozen=True)
class World:
    """Areas × periods of which panels are drawn. `rates` are expected, without any drift of an
    area's own; without an exposure outcomes are drawn about them on the scale of logarithms."""

    panel: Panel
    rates: Real
    wandering: Wandering
    start: int
    treated: tuple[int, ...] = (0,)
    drifts: bool = True

    def draws(self, effect: float, count: int, seed: int) -> Iterator[Panel]:
        """So many panels in which the treated areas' rates change by a relative effect from the
        start on. The n-th panel is the same whatever `count`, and but for the effect the same
        whatever the effect."""
        for first in range(0, count, AT_ONCE):
            random = stream(seed, "world", first)
            expected = self._expected(random)
            drawn = self._affected(self._counted(expected, random), expected, effect, random)
            for outcome in drawn[: count - first]:
                yield self.panel.with_outcome(outcome)

    def _expected(self, random: np.random.Generator) -> Real:
        """Panels × areas × periods: rates without any effect."""
        shape = (AT_ONCE, *self.rates.shape)
        wander = self.wandering
        steps = random.standard_normal(shape) * (wander.drift if self.drifts else 0.0)
        common = random.standard_normal((AT_ONCE, 1, shape[2])) * wander.common
        common[:, :, : self.start] = 0.0  # what the periods before shared is known
        scatter = random.standard_normal(shape) * wander.scatter
        logs = np.cumsum(steps + common, axis=2) + scatter
        expected: Real = self.rates * np.exp(logs - wander.scatter**2 / 2)
        return expected if self.panel.exposure is None else expected * self.panel.exposure

    def _counted(self, expected: Real, random: np.random.Generator) -> Real:
        if self.panel.exposure is None:
            return expected
        return random.poisson(expected).astype(np.float64)

    def _affected(
        self, outcome: Real, expected: Real, effect: float, random: np.random.Generator
    ) -> Real:
        """Of what would have been counted a share does not happen, or more happens."""
        rows = np.ix_(range(len(outcome)), self.treated, range(self.start, outcome.shape[2]))
        changed = outcome.copy()
        if self.panel.exposure is None:
            changed[rows] *= 1 + effect
        elif effect < 0:
            changed[rows] = random.binomial(outcome[rows].astype(np.int64), 1 + effect)
        else:
            changed[rows] += random.poisson(effect * expected[rows])
        return changed


def wandering_of(panel: Panel, areas: Sequence[int]) -> Wandering:
    """How some areas wander, by moments of the differences of their logarithms over 1 to 8 periods.

    After the areas' shared movement is taken off, the mean square of a difference over k periods
    is k × drift² + 2 × (scatter² + 1 / mean count); drift and scatter are the least squares
    solution that is not negative. The shared movement's own step is what its differences leave.
    """
    counts = panel.outcome[list(areas)]
    means = (
        np.nanmean(counts, axis=1) if panel.exposure is not None else np.full(len(areas), np.inf)
    )
    rows = np.flatnonzero(means >= LEAST)
    if not rows.size:
        raise InputError(
            panel.where, "counts too small to say how areas drift", f"a mean of {LEAST:g}"
        )
    logs = _logs(panel, areas)[rows]
    weights = np.where(np.isfinite(means[rows]), means[rows], 1.0)
    shared = np.average(logs, axis=0, weights=weights)
    several = len(rows) > 2
    own = logs - shared if several else logs
    own = own / np.sqrt(1 - weights / weights.sum())[:, None] if several else own
    noise = 1 / means[rows]
    drift, scatter = _moments(own, noise)
    left = _moments(shared[None, :], np.array([1 / weights.sum()]))[0] if several else 0.0
    return Wandering(drift, scatter, left)


def _moments(own: Real, noise: Real) -> tuple[float, float]:
    """Drift and scatter of areas × periods, given the variance of each area's counting noise."""
    lags = range(1, min(LAGS, own.shape[1] // 2) + 1)
    rows, seen, weights = [], [], []
    for lag in lags:
        squares = np.mean((own[:, lag:] - own[:, :-lag]) ** 2, axis=1)
        for area, square in enumerate(squares):
            rows.append((lag, 2.0))
            seen.append(square - 2 * noise[area])
            weights.append(1 / (2 * noise[area] + 0.01 * lag))
    scale = np.array(weights)
    found, _ = nnls(np.array(rows) * scale[:, None], np.array(seen) * scale)
    return float(np.sqrt(found[0])), float(np.sqrt(found[1]))


def _logs(panel: Panel, areas: Sequence[int]) -> Real:
    outcome = panel.outcome[list(areas)]
    if panel.exposure is not None:
        return np.log((outcome + 0.5) / panel.exposure[list(areas)])
    if (outcome <= 0).any():
        raise InputError(panel.where, "outcomes at or below zero", "outcomes above zero, or counts")
    return np.log(outcome)


def world_of(
    panel: Panel, treated: Sequence[int], after: int, scatter: float | None = None
) -> World:
    """The world of a panel that ends before the start, with so many periods more.

    Levels, exposures and what the periods shared are the panel's own; drift and scatter are
    estimated from the areas that are not treated (from the treated where there is no other).
    """
    others = [at for at in range(len(panel.units)) if at not in treated] or list(treated)
    wandering = wandering_of(panel, others)
    if scatter is not None:
        wandering = replace(wandering, scatter=scatter)
    longer = _longer(panel, after)
    return World(longer, _rates(panel, after), wandering, len(panel.periods), tuple(treated))


def _rates(panel: Panel, after: int) -> Real:
    """Areas × periods: level times what a period's areas shared; the last year's pattern goes on."""
    rates = panel.rates if panel.exposure is None else panel.outcome / panel.exposure
    totals = panel.outcome.sum(axis=0)
    exposure = np.ones_like(panel.outcome) if panel.exposure is None else panel.exposure
    shared = totals / exposure.sum(axis=0) if panel.exposure is not None else rates.mean(axis=0)
    level = panel.outcome.sum(axis=1) / (shared * exposure).sum(axis=1)
    cycle = _cycle(panel.periods)
    later = [shared[len(shared) - cycle + at % cycle] for at in range(after)]
    return np.outer(np.maximum(level, 0), np.concatenate([shared, later]))


def _cycle(periods: Sequence[Period]) -> int:
    """Periods in a year, where the series has months or quarters and a year of them."""
    length = {"month": 12, "quarter": 4}.get(periods[0].kind, 1)
    return length if len(periods) >= length else 1


def _longer(panel: Panel, after: int) -> Panel:
    """The panel with so many periods more: exposures as in the last, outcomes unknown."""
    last = panel.periods[-1]
    step = last.at - panel.periods[-2].at
    periods = (*panel.periods, *(last.after(step * (at + 1)) for at in range(after)))
    unknown = np.full((len(panel.units), after), np.nan)
    exposure = panel.exposure
    if exposure is not None:
        exposure = np.hstack([exposure, np.repeat(exposure[:, -1:], after, axis=1)])
    columns = {name: np.hstack([one, unknown]) for name, one in panel.columns.items()}
    return replace(panel, periods=periods, outcome=np.hstack([panel.outcome, unknown]),
                   exposure=exposure, columns=columns)  # fmt: skip


def sharing(world: World, share: float) -> World:
    """The world in which the treated area is a part of what it was: a catchment within a city."""
    if world.panel.exposure is None:
        return world
    exposure = world.panel.exposure.copy()
    exposure[list(world.treated)] *= share
    return replace(world, panel=replace(world.panel, exposure=exposure))
