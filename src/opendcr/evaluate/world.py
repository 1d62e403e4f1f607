"""Worlds: outcome series as they might have been, to see what a design would have made of them.

The logarithm of an area's rate is its level, what all areas share in a period, and a random walk
of its own; what is counted scatters about it by Poisson or more. That is the smallest model in
which one area parts from the others without any cause that a study could name. Cells of rings and
hours walk with their ring and with their hours, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.panel import Panel
from opendcr.evaluate.wandering import FEW, Wandering, cycle_of, unseasonal, wandering_of
from opendcr.streams import stream

Real = NDArray[np.float64]
AT_ONCE = 200  # panels drawn at a time


@dataclass(frozen=True)
class World:
    """Areas × periods of which panels are drawn. `rates` are expected, without any drift of an
    area's own; counts are drawn about them by Poisson, other outcomes are what they wander to."""

    panel: Panel
    rates: Real
    wandering: Wandering
    start: int
    treated: tuple[int, ...] = (0,)

    def draws(self, effect: float, count: int, seed: int) -> Iterator[Panel]:
        """So many panels in which the treated areas' rates change by a relative effect from the
        start on. The n-th panel is the same whatever `count`, and but for the effect the same
        whatever the effect."""
        for first in range(0, count, AT_ONCE):
            random = stream(seed, "world", first)
            expected = self._expected(random)
            drawn = self._affected(self._counted(expected, random), expected, effect, random)
            drawn[:, ~np.isfinite(self.rates).all(axis=1)] = np.nan  # as it was: not known
            for outcome in drawn[: count - first]:
                yield self.panel.with_outcome(outcome)

    def _expected(self, random: np.random.Generator) -> Real:
        """Panels × areas × periods: rates without any effect."""
        shape = (AT_ONCE, *self.rates.shape)
        wander = self.wandering
        steps = random.standard_normal(shape) * wander.drift
        common = random.standard_normal((AT_ONCE, 1, shape[2])) * wander.common
        common[:, :, : self.start] = 0.0  # what the periods before shared is known
        scatter = random.standard_normal(shape) * wander.scatter
        for one in wander.together.values():
            walks = random.standard_normal((AT_ONCE, one.groups.shape[1], shape[2]))
            steps += one.groups @ walks * one.drift
        logs = np.cumsum(steps + common, axis=2) + scatter
        level = np.nan_to_num(self.rates * self.panel.people)  # of areas with gaps nothing is drawn
        expected: Real = level * np.exp(logs - wander.scatter**2 / 2)
        return expected

    def _counted(self, expected: Real, random: np.random.Generator) -> Real:
        if not self.panel.counted:
            return expected
        return random.poisson(expected).astype(np.float64)

    def _affected(
        self, outcome: Real, expected: Real, effect: float, random: np.random.Generator
    ) -> Real:
        """Of what would have been counted a share does not happen, or more happens."""
        rows = np.ix_(range(len(outcome)), self.treated, range(self.start, outcome.shape[2]))
        changed = outcome.copy()
        if not self.panel.counted:
            changed[rows] *= 1 + effect
        elif effect < 0:
            changed[rows] = random.binomial(outcome[rows].astype(np.int64), 1 + effect)
        else:
            changed[rows] += random.poisson(effect * expected[rows])
        return changed


def world_of(
    panel: Panel, treated: Sequence[int], after: int, wandering: Wandering | None = None
) -> World:
    """The world of a panel that ends before the start, with so many periods more.

    Levels, exposures and what the periods shared are the panel's own; how areas wander is estimated
    from those that are not treated (from the treated where there is no other), unless it is given.
    """
    wandering = wandering or wandering_of(panel, compared(panel, treated))
    rates = _rates(panel, treated, after)
    return World(panel.longer(after), rates, wandering, len(panel.periods), tuple(treated))


def compared(panel: Panel, treated: Sequence[int]) -> list[int]:
    """The areas without gaps that are not treated; the treated where there is no other."""
    known = np.flatnonzero(np.isfinite(panel.rates).all(axis=1))
    return [int(at) for at in known if at not in treated] or list(treated)


def _rates(panel: Panel, treated: Sequence[int], after: int) -> Real:
    """Areas × periods: level times what a period's areas shared, of which the last year's pattern
    goes on; of fewer than three areas to compare with, their season and trend, which go on."""
    others = compared(panel, treated)
    rows, few = sorted({*treated, *others}), len(others) < FEW
    cycle = cycle_of(panel.periods, 2 if few else 1)
    outcome, people = panel.outcome[rows], panel.people
    if few:
        logs = np.log((np.maximum(outcome, 0.5) if panel.counted else outcome) / people[rows])
        shared = np.exp((logs - unseasonal(logs, cycle)).mean(axis=0))
    else:
        shared = outcome.sum(axis=0) / people[rows].sum(axis=0)
    level = panel.outcome.sum(axis=1) / (shared * people).sum(axis=1)
    years = np.arange(after) // cycle + 1
    trend = shared[-1] / shared[-1 - cycle] if few else 1.0
    later = shared[len(shared) - cycle + np.arange(after) % cycle] * trend**years
    return np.outer(np.maximum(level, 0), np.concatenate([shared, later]))


def sharing(world: World, share: float) -> World:
    """The world in which the treated area is a part of what it was: a catchment within a city."""
    rows = list(world.treated)
    if world.panel.exposure is None:
        rates = world.rates.copy()
        rates[rows] *= share
        return replace(world, rates=rates)
    exposure = world.panel.exposure.copy()
    exposure[rows] *= share
    return replace(world, panel=replace(world.panel, exposure=exposure))
