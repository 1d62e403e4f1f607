"""Power: what a plan could see, on panels like those from before its start.

For each effect, each number of periods after the start and each share of the area, panels are
drawn from the plan's own world (`world.py`), once with the drift that the other areas have and
once without, and each is put to the plan's primary design.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from math import sqrt
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.designs import Design
from opendcr.evaluate.estimate import Estimate
from opendcr.evaluate.study import Study
from opendcr.evaluate.world import World, sharing, world_of

Real = NDArray[np.float64]
SEEN = 0.8  # the power at which an effect counts as one that would be seen
Z_95 = 1.959964  # the normal quantile that leaves 2.5 % above it
PIECE = 250  # panels that a worker does at a time


@dataclass(frozen=True)
class Case:
    """One question of a power study."""

    series: str
    share: float
    periods: int
    effect: float
    drifts: bool


@dataclass(frozen=True)
class Power:
    """How a design did on many panels with a known effect.

    `power` is the share of panels in which the effect was seen: the interval of the relative
    effect leaves out zero (the p-value is at or under the level, where there is no interval). Of
    the panels in which it was seen, `type_m` is how many times too large it looked on average, and
    `type_s` the share with the wrong sign (Gelman & Carlin 2014); None where it never was. Intervals
    are Monte Carlo's, 95 % (Wilson).
    """

    case: Case
    panels: int
    power: float
    low: float
    high: float
    coverage: float | None
    mean: float
    type_m: float | None
    type_s: float | None

    def to_data(self) -> dict[str, Any]:
        """The figures as JSON."""
        return {
            "series": self.case.series, "periods": self.case.periods, "effect": self.case.effect,
            "drift": self.case.drifts, "panels": self.panels, "power": self.power,
            "low": self.low, "high": self.high, "coverage": self.coverage, "mean": self.mean,
            "type_m": self.type_m, "type_s": self.type_s,
        }  # fmt: skip


@dataclass(frozen=True)
class _Piece:
    """Panels of a case, drawn with a seed of their own."""

    design: Design
    world: World
    effect: float
    count: int
    seed: int
    level: float

    def done(self) -> Real:
        """Panels × (relative effect, low, high, p-value); NaN for what the design does not give."""
        return np.array(
            [self._one(panel) for panel in self.world.draws(self.effect, self.count, self.seed)]
        )

    def _one(self, panel: Any) -> tuple[float, float, float, float]:
        study = Study(panel, self.world.treated, self.world.start, self.level, self.seed)
        try:
            return answers(self.design.fit(study))
        except InputError:  # a panel without an event says nothing: the effect was not seen
            return (np.nan,) * 4


def answers(found: Estimate) -> tuple[float, float, float, float]:
    """Relative effect, its interval and the p-value, as numbers."""
    low, high = found.relative_interval or (np.nan, np.nan)
    p_value = np.nan if found.p_value is None else found.p_value
    return found.relative_effect, low, high, p_value


def power(
    design: Design,
    before: Study,
    cases: Sequence[Case],
    panels: int,
    scatter: float | None = None,
    show: Callable[[int], None] = lambda done: None,
) -> list[Power]:
    """How the design does in each case; the same seed gives the same figures, whatever the cores.

    `before` is the study as it stands before its start. Raises InputError where its counts are too
    small to draw from.
    """
    work = [(case, list(_pieces(design, before, case, panels, scatter))) for case in cases]
    flat = [piece for _, pieces in work for piece in pieces]
    found: list[Power] = []
    done = 0
    replace(flat[0], count=1).done()  # compiled here once, and not by each worker
    with _workers(len(flat)) as each:
        answered = each(flat)
        for case, pieces in work:
            rows = []
            for piece in pieces:
                rows.append(next(answered))
                show(done := done + piece.count)
            found.append(summed(case, np.vstack(rows), before.level))
    return found


def cases_of(
    shares: Iterable[tuple[str, float]],
    periods: Iterable[int],
    effects: Iterable[float],
    drifts: Iterable[bool] = (True, False),
) -> list[Case]:
    """Every combination."""
    named = product(shares, periods, effects, drifts)
    return [Case(name, share, after, effect, drift)
            for (name, share), after, effect, drift in named]  # fmt: skip


def _pieces(
    design: Design, before: Study, case: Case, panels: int, scatter: float | None
) -> Iterator[_Piece]:
    panel = before.panel
    world = sharing(world_of(panel, before.treated, case.periods, scatter), case.share)
    world = World(
        world.panel, world.rates, world.wandering, world.start, world.treated, case.drifts
    )
    for first in range(0, panels, PIECE):
        count = min(PIECE, panels - first)
        # One seed for all effects: they meet the same worlds.
        yield _Piece(design, world, case.effect, count, before.seed + first, before.level)


def _done(piece: _Piece) -> Real:
    return piece.done()


class _workers:
    """Maps pieces over the cores of this machine, in order."""

    def __init__(self, pieces: int) -> None:
        cores = (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
        self._pool = (
            ProcessPoolExecutor(min(cores, pieces), get_context("spawn"))
            if pieces > 2 * cores and cores > 1
            else None
        )

    def __enter__(self) -> Callable[[Iterable[_Piece]], Iterator[Real]]:
        return lambda pieces: self._pool.map(_done, pieces) if self._pool else map(_done, pieces)

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


def summed(case: Case, rows: Real, level: float) -> Power:
    """A case's figures from its panels' answers (as `_Piece.done` gives them)."""
    effect, low, high, p_value = rows.T
    known = np.isfinite(low)
    with np.errstate(invalid="ignore"):
        seen = np.where(known, (low > 0) | (high < 0), p_value <= level)
    share = float(seen.mean())
    bounds = wilson(share, len(rows))
    covered = (
        float(((low <= case.effect) & (case.effect <= high))[known].mean()) if known.any() else None
    )
    type_m = type_s = None
    if seen.any() and case.effect:
        type_m = float(np.abs(effect[seen]).mean() / abs(case.effect))
        type_s = float((np.sign(effect[seen]) != np.sign(case.effect)).mean())
    return Power(
        case, len(rows), share, *bounds, covered, float(np.nanmean(effect)), type_m, type_s
    )


def wilson(share: float, count: int, z: float = Z_95) -> tuple[float, float]:
    """The interval of a share of so many (Wilson 1927); `z` is the normal quantile, for 95 %."""
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = (
        z * sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    )
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def until_seen(found: Sequence[Power], series: str, effect: float, drifts: bool) -> int | None:
    """The least number of periods after the start at which an effect would be seen in 80 of 100
    panels; None where it would not in any that was tried."""
    rows = [one for one in found if one.case.series == series and one.case.effect == effect
            and one.case.drifts == drifts and one.power >= SEEN]  # fmt: skip
    return min((one.case.periods for one in rows), default=None)
