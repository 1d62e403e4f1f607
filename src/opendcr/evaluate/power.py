"""Power: what a plan could show, on panels like those from before its start.

For each effect, each number of periods after the start and each share of the area, panels are
drawn from the plan's own world (`world.py`): without any drift, with the drift that the other areas
have, and with as much as its interval allows. Each is put to the plan's primary design, and read as
the plan reads it at that review.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from math import sqrt
from multiprocessing import get_context
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.cells import Labels
from opendcr.evaluate.designs import CellDesign, Design, repeated
from opendcr.evaluate.estimate import Estimate
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import rhythm_of
from opendcr.evaluate.plan import Plan
from opendcr.evaluate.reviews import Review, review_of
from opendcr.evaluate.study import Study
from opendcr.evaluate.wandering import Wandering, drift_interval, series_of, wandering_of
from opendcr.evaluate.world import World, compared, sharing, world_of

Real = NDArray[np.float64]
Drift = Literal["none", "estimated", "upper"]
DRIFTS: tuple[Drift, ...] = ("estimated", "none", "upper")
YEARS = (1, 2, 3, 5)  # after the start, where a plan does not say for how long it watches
SHOWN = 0.8  # the power at which an effect counts as one that would be shown
Z_95 = 1.959964  # the normal quantile that leaves 2.5 % above it
PIECE = 250  # panels that a worker does at a time
WORTH = 400  # panels for which workers are worth their beginning


@dataclass(frozen=True)
class Case:
    """One question of a power study."""

    series: str
    share: float
    periods: int
    effect: float
    drift: Drift


@dataclass(frozen=True)
class Asked:
    """What is asked of a design: the study as it stands before its start, and how its answers are
    read: the threshold of success, and the review after so many periods (at the study's own level
    where there is none). `passed_over` are the periods that its plan names and is not asked at."""

    design: Design
    before: Study
    threshold: float = 0.0
    reviews: Mapping[int, Review] = field(default_factory=dict)
    scatter: float | None = None
    passed_over: tuple[int, ...] = ()

    def review(self, periods: int) -> Review:
        """How the answer after so many periods is read."""
        return self.reviews.get(periods, Review(self.before.level))

    @cached_property
    def wandering(self) -> Wandering:
        """How the areas of the world wander."""
        found = wandering_of(self.before.panel, self._told_by, self._crossed)
        return found if self.scatter is None else replace(found, scatter=self.scatter)

    @cached_property
    def drift_interval(self) -> tuple[float, float]:
        """What drift the series from before the start allow."""
        return drift_interval(self.before.panel, self._told_by, self.before.seed, self._crossed)

    @property
    def _crossed(self) -> Labels:
        """Of cells, what is crossed in them."""
        if not isinstance(self.design, CellDesign):
            return {}
        return self.design.crossed(self.before.panel.labels)

    @cached_property
    def _told_by(self) -> list[int]:
        """The areas that tell how areas wander."""
        panel, treated = self.before.panel, self.before.treated
        others = compared(panel, treated)
        if self._crossed:
            try:
                series_of(panel, others, self._crossed)
            except InputError:  # of near and one ring far, or of two bands of hours, too few
                return sorted({*others, *treated})
        return others

    def world(self, case: Case) -> World:
        """The world of a case."""
        found = self.wandering
        if case.drift != "estimated":
            drift = self.drift_interval[1] if case.drift == "upper" else 0.0
            found = replace(found, drift=drift)
        made = world_of(self.before.panel, self.before.treated, case.periods, found)
        return sharing(made, case.share)

    def floor(self, case: Case) -> float | None:
        """The least p-value that the design could give in a case; None where it has no floor."""
        # Of the whole area: of a small part a panel may have no event to begin with.
        world, seed = self.world(replace(case, share=1.0, drift="none")), self.before.seed
        panel = next(world.draws(0.0, 1, seed))
        return self.design.floor(Study(panel, world.treated, world.start, self.before.level, seed))


@dataclass(frozen=True)
class Power:
    """How a design did on many panels with a known effect.

    `power` is the share of panels in which the plan would say that success is shown: the whole
    interval of the relative effect, at the level of that review, is at or under the threshold;
    `seen` that in which it leaves out zero (the p-value is at or under the level, where there is no
    interval). Of the panels in which it was seen, `type_m` is how many times too large it looked on
    average, and `type_s` the share with the wrong sign (Gelman & Carlin 2014); None where it never
    was. `refused` is how many panels the design could not answer; they count as neither. `low` and
    `high` bound `power` by Monte Carlo's error, 95 % (Wilson).
    """

    case: Case
    drift: float
    level: float
    panels: int
    refused: int
    power: float
    low: float
    high: float
    seen: float
    coverage: float | None
    mean: float | None
    type_m: float | None
    type_s: float | None

    @property
    def told(self) -> float:
        """How often the effect would be told: a fall is shown; a rise, which no threshold of
        success is for, seen."""
        return self.power if self.case.effect <= 0 else self.seen

    @property
    def told_surely(self) -> tuple[float, float]:
        """The bounds of `told` by Monte Carlo's error, 95 % (Wilson)."""
        return wilson(self.told, self.panels)

    def to_data(self) -> dict[str, Any]:
        """The figures as JSON."""
        return {
            "series": self.case.series, "periods": self.case.periods, "effect": self.case.effect,
            "drift": self.case.drift != "none", "drift_a_period": self.drift, "level": self.level,
            "panels": self.panels, "refused": self.refused, "power": self.power, "low": self.low,
            "high": self.high, "seen": self.seen, "coverage": self.coverage, "mean": self.mean,
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
    review: Review

    def done(self) -> Real:
        """Panels × (relative effect, low, high, p-value); NaN for what the design does not give."""
        return np.array(
            [self._one(panel) for panel in self.world.draws(self.effect, self.count, self.seed)]
        )

    def _one(self, panel: Panel) -> tuple[float, float, float, float]:
        world = self.world
        try:
            study = Study(panel, world.treated, world.start, self.review.level, self.seed)
            return answers(self.review.of(self.design.fit(study), study.level))
        except InputError:  # a panel without an event says nothing
            return (np.nan,) * 4


def answers(found: Estimate) -> tuple[float, float, float, float]:
    """Relative effect, its interval and the p-value, as numbers."""
    low, high = found.relative_interval or (np.nan, np.nan)
    p_value = np.nan if found.p_value is None else found.p_value
    return found.relative_effect, low, high, p_value


def asked_of(plan: Plan, before: Study) -> Asked:
    """What a plan asks of its primary design. Raises InputError for shares of an area whose outcome
    is no count: a part would look as the whole does."""
    periods, start = before.panel.periods, plan.question.start
    if plan.power.shares and not before.panel.counted:
        found = f"shares of an area whose outcome '{plan.question.outcome}' is no count"
        raise InputError(f"{plan.path}, power.shares", found, "counts, or no shares")
    rhythm = rhythm_of(periods)
    reviews = {
        after: review_of(plan, rhythm.after(start, after - 1), rhythm)
        for after in periods_of(plan, before)
    }
    design = repeated(plan.designs[plan.primary])
    passed_over = tuple(one for one in plan.power.periods if one not in reviews)
    return Asked(design, before, plan.threshold, reviews, plan.power.scatter, passed_over)


def periods_of(plan: Plan, before: Study) -> tuple[int, ...]:
    """After how many periods power is asked: at the declared reviews, else as the plan says, else
    after some years; never beyond the period with which the plan's data end, and at that."""
    rhythm, reviews = rhythm_of(before.panel.periods), plan.reviews
    start, last = plan.question.start, plan.data.last
    if reviews and (reviews.spending != "anytime" or not plan.power.periods):
        return tuple(rhythm.steps(start, one) + 1 for one in reviews.periods)
    years = {max(1, round(one * rhythm.a_year)) for one in YEARS}
    asked = plan.power.periods or tuple(sorted(years))
    if last is None:
        return asked
    end = rhythm.steps(start, last) + 1
    return (*(one for one in asked if one < end), end)


def shares_of(plan: Plan) -> list[tuple[str, float]]:
    """The parts of the area that power is asked for."""
    return list(plan.power.shares.items()) or [("whole", 1.0)]


def power(
    asked: Asked,
    cases: Sequence[Case],
    panels: int,
    show: Callable[[int], None] = lambda done: None,
) -> list[Power]:
    """How the design does in each case; the same seed gives the same figures, whatever the cores.

    Raises InputError where the counts before the start are too small to draw from.
    """
    work = [(case, list(_pieces(asked, case, panels))) for case in cases]
    flat = [piece for _, pieces in work for piece in pieces]
    found: list[Power] = []
    done = 0
    replace(flat[0], count=1).done()  # compiled here once, and not by each worker
    with _workers(flat) as each:
        answered = each(flat)
        for case, pieces in work:
            rows = []
            for piece in pieces:
                rows.append(next(answered))
                show(done := done + piece.count)
            read = Reading(
                asked.review(case.periods).level, asked.threshold, pieces[0].world.wandering.drift
            )
            found.append(summed(case, np.vstack(rows), read))
    return found


def cases_of(
    shares: Iterable[tuple[str, float]],
    periods: Iterable[int],
    effects: Iterable[float],
    drifts: Iterable[Drift] = DRIFTS,
) -> list[Case]:
    """Every combination."""
    named = product(shares, periods, effects, drifts)
    return [Case(name, share, after, effect, drift)
            for (name, share), after, effect, drift in named]  # fmt: skip


def _pieces(asked: Asked, case: Case, panels: int) -> Iterator[_Piece]:
    world, review = asked.world(case), asked.review(case.periods)
    for first in range(0, panels, PIECE):
        count = min(PIECE, panels - first)
        # One seed for all effects: they meet the same worlds.
        yield _Piece(asked.design, world, case.effect, count, asked.before.seed + first, review)


def _done(piece: _Piece) -> Real:
    return piece.done()


class _workers:
    """Maps pieces over the cores of this machine, in order."""

    def __init__(self, pieces: Sequence[_Piece]) -> None:
        cores = (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
        self._pool = (
            ProcessPoolExecutor(min(cores, len(pieces)), get_context("spawn"))
            if sum(one.count for one in pieces) >= WORTH and cores > 1
            else None
        )

    def __enter__(self) -> Callable[[Iterable[_Piece]], Iterator[Real]]:
        return lambda pieces: self._pool.map(_done, pieces) if self._pool else map(_done, pieces)

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Reading:
    """How a case's answers are read, and with how much drift they were drawn."""

    level: float = 0.05
    threshold: float = 0.0
    drift: float = 0.0


def summed(case: Case, rows: Real, read: Reading) -> Power:
    """A case's figures from its panels' answers (as `_Piece.done` gives them)."""
    effect, low, high, p_value = rows.T
    known, answered = np.isfinite(low), np.isfinite(effect)
    with np.errstate(invalid="ignore"):
        tested = ~(p_value > read.level)  # as verdicts are read; NaN where there is no test
        seen = np.where(known, ((low > 0) | (high < 0)) & tested, p_value <= read.level)
        share = float(((high <= read.threshold) & tested).mean())
    covered = (
        float(((low <= case.effect) & (case.effect <= high))[known].mean()) if known.any() else None
    )
    type_m = type_s = None
    if seen.any() and case.effect:
        type_m = float(np.abs(effect[seen]).mean() / abs(case.effect))
        type_s = float((np.sign(effect[seen]) != np.sign(case.effect)).mean())
    mean = float(effect[answered].mean()) if answered.any() else None
    refused = int((~answered).sum())
    return Power(case, read.drift, read.level, len(rows), refused, share, *wilson(share, len(rows)),
                 float(seen.mean()), covered, mean, type_m, type_s)  # fmt: skip


def wilson(share: float, count: int, z: float = Z_95) -> tuple[float, float]:
    """The interval of a share of so many (Wilson 1927); `z` is the normal quantile, for 95 %."""
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = (
        z * sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    )
    low, high = max(middle - reach, 0.0), min(middle + reach, 1.0)
    return (low if share else 0.0), (high if share < 1 else 1.0)  # to the digit


def until_shown(
    found: Sequence[Power], series: str, effect: float, drift: Drift, surely: bool = True
) -> int | None:
    """The least number of periods after the start at which an effect would be told in 80 of 100
    panels; `surely` by the lower end of the interval of that share: with fewer panels it takes more
    to say so. None where it would not in any that was tried."""
    rows = _told_of(found, series, effect, drift)
    shares = ((one.case.periods, one.told_surely[0] if surely else one.told) for one in rows)
    return next((periods for periods, share in shares if share >= SHOWN), None)


def fewer_later(
    found: Sequence[Power], series: str, effect: float, drift: Drift
) -> tuple[int, int] | None:
    """After how many periods an effect would be told in the most panels, and the least number after
    which it would be told in fewer again: by intervals that do not meet. None where there is no
    such number."""
    rows = _told_of(found, series, effect, drift)
    if not rows:
        return None
    best = max(rows, key=lambda one: one.told)
    later = (one for one in rows if one.case.periods > best.case.periods)
    fewer = (one.case.periods for one in later if one.told_surely[1] < best.told_surely[0])
    first = next(fewer, None)
    return None if first is None else (best.case.periods, first)


def _told_of(found: Sequence[Power], series: str, effect: float, drift: Drift) -> list[Power]:
    """The figures of one effect, by periods."""
    rows = [one for one in found
            if (one.case.series, one.case.effect, one.case.drift) == (series, effect, drift)]  # fmt: skip
    return sorted(rows, key=lambda one: one.case.periods)
