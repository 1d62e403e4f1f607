"""Exposures: populations that are another series from some period on, linked or told.

A population that was rebased steps where nobody came or went: it changes in many areas at once by
more than they usually do. What an area usually does is the median of its changes that are known. Not
known are those at breaks that the plan names, which link them away, and changes of nothing: there the
figure of another period stands again. Real growth may be new, and few changes say little of what is
usual: two of nothing are counted among them, and a step is large by itself too.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.estimate import Check
from opendcr.evaluate.panel import Panel, some
from opendcr.evaluate.periods import Period
from opendcr.evaluate.plan import Data

Real = NDArray[np.float64]
Flags = NDArray[np.bool_]
STEPS, ALONE = 6.0, 10.0  # times the usual distance, of most areas and of single ones
LEAST_REFUSED, LEAST_TOLD = 0.02, 0.01
PLAIN = 0.05  # a step of a single area, whatever is usual
LEAST_AREAS, LEAST_CHANGES = 3, 4
A_YEAR = {"month": 12, "quarter": 4}


@dataclass(frozen=True)
class Changes:
    """Changes of exposures' logarithms (areas × changes), each into its period: how far each is
    `apart` from the area's usual one (0 where it is not known) and the usual distance (areas × 1).
    `enough` says that the usual distance is known of some area; it is 0 otherwise. `named` are the
    changes at breaks."""

    periods: tuple[Period, ...]
    named: Flags
    known: Flags
    apart: Real
    usual: Real
    enough: bool

    @classmethod
    def of(cls, panel: Panel, exposure: Real, breaks: Sequence[Period]) -> "Changes":
        """The changes that a panel's exposures make, but for those at breaks."""
        changes, periods = np.diff(np.log(exposure), axis=1), panel.periods[1:]
        named = np.array([one in breaks for one in periods], dtype=bool)
        known = np.isfinite(changes) & (changes != 0) & ~named
        found = np.where(known, changes, np.nan)
        nothing = np.zeros((len(changes), 2))
        apart = found - np.nanmedian(np.hstack([found, nothing]), axis=1, keepdims=True)
        usual, enough = _usual(apart, known)
        return cls(periods, named, known, np.where(known, apart, 0.0), usual, enough)

    def steps(self, times: float, least: float) -> Flags:
        """Areas × changes: which are steps."""
        return np.asarray(np.abs(self.apart) > np.maximum(times * self.usual, least))

    def alone(self) -> Flags:
        """Which single areas step (areas × periods): where too few changes are known to say what is
        usual, those by more than people ever change in a period."""
        return self.steps(ALONE, LEAST_TOLD if self.enough else PLAIN)

    def of_most(self, least: float) -> list[int]:
        """The changes at which half of the areas step, or the middle one of their changes does,
        which small areas' own scatter does not hide."""
        if not self.known.any():
            return []
        middle = np.abs(np.median(self.apart, axis=0))
        chance = float(np.median(self.usual)) / np.sqrt(len(self.usual))
        usual = max(float(np.median(middle[self.known.any(axis=0)])), chance)
        half = self.steps(STEPS, least).mean(axis=0) >= 0.5
        return [int(at) for at in np.flatnonzero(half | (middle > max(STEPS * usual, least)))]

    @property
    def yearly(self) -> tuple[Period, ...]:
        """The periods of the changes where they come once a year, but for breaks; empty otherwise."""
        moved = np.asarray(self.known.any(axis=0))
        year = A_YEAR.get(self.periods[0].kind) if moved.any() else None
        if not year or len(self.periods) < year:
            return ()
        first = self.periods[int(np.argmax(moved))].at
        turns = np.array([(one.at - first) % year == 0 for one in self.periods])
        if (moved != turns & ~self.named).any():
            return ()
        return tuple(compress(self.periods, moved))


def _usual(apart: Real, known: Flags) -> tuple[Real, bool]:
    """Areas × 1: the median distance, or the middle area's where that is more or where few changes
    of an area are known; and whether it is known of any."""
    enough = known.sum(axis=1) >= LEAST_CHANGES
    usual = np.zeros((len(apart), 1))
    if enough.any():
        usual[enough] = np.nanmedian(np.abs(apart[enough]), axis=1, keepdims=True)
        usual = np.maximum(usual, np.median(usual[enough]))
    return usual, bool(enough.any())


def linked(panel: Panel, data: Data) -> Panel:
    """The panel with its exposure linked over breaks in its series.

    From a break on, each area's exposure is scaled so that it does not change at the break itself:
    what a revision moved is not taken for people who came or went. A break may lie after the data:
    a plan can name one that is to come.
    """
    if panel.exposure is None:
        return panel
    exposure = panel.exposure.copy()
    for one in data.breaks or ():
        if one > panel.periods[-1]:
            continue
        if one not in panel.periods[1:]:
            found = f"a break at {one}"
            raise InputError(panel.where, found, f"a period from {panel.periods[1]} on")
        at = panel.periods.index(one)
        exposure[:, at:] *= exposure[:, at - 1 : at] / exposure[:, at : at + 1]
    return replace(panel, exposure=exposure)


@dataclass(frozen=True)
class Link:
    """By what a printed exposure is multiplied from one period to another, that one included (None:
    to the end). `factors` are the least and the most: those of several areas together move a little
    as one of them grows by more."""

    first: Period
    last: Period | None
    factors: tuple[float, float]

    def __str__(self) -> str:
        number = " to ".join(dict.fromkeys(f"{one:.5g}" for one in self.factors))
        if self.last is None:
            return f"by {number} from {self.first} on"
        when = (
            f"in {self.first}" if self.last == self.first else f"from {self.first} to {self.last}"
        )
        return f"by {number} {when}"


def links_between(printed: Real, used: Real, panel: Panel, breaks: Sequence[Period]) -> list[Link]:
    """How one series of exposures was linked, from each break to the next."""
    at = [index for index, one in enumerate(panel.periods) if one in breaks]
    found = []
    for first, end in pairwise([*at, len(panel.periods)]):
        factors = used[first:end] / printed[first:end]
        last = None if end == len(panel.periods) else panel.periods[end - 1]
        found.append(Link(panel.periods[first], last, (float(factors.min()), float(factors.max()))))
    return found


def links_said(exposure: str, of: str, links: Sequence[Link]) -> str:
    """How an exposure was linked, for whoever divides the published figures, as a sentence; empty
    where nothing was."""
    if not links:
        return ""
    breaks = "a break" if len(links) == 1 else "breaks"
    return (
        f"The plan names {breaks} in {exposure} at {some([str(one.first) for one in links])}: that of {of} "
        f"is multiplied here {' and '.join(map(str, links))}, so that it does not change at the break "
        "itself. A rate from the figures as published is the one shown here times the number of its "
        "period."
    )


def one_series(panel: Panel, data: Data) -> Panel:
    """The linked panel; InputError where most areas' exposures step at once, which the plan does not
    name: another series, by its look. With `breaks = []` it says that there is none."""
    if panel.exposure is None or data.breaks == ():
        return panel
    breaks = data.breaks or ()
    changes = Changes.of(panel, panel.exposure, breaks)
    steps = changes.of_most(LEAST_REFUSED)
    if len(panel.units) < LEAST_AREAS or not steps:
        return panel
    areas = (np.abs(changes.apart) > LEAST_REFUSED).sum(axis=0)
    told = some([f"{changes.periods[at]} in {areas[at]}" for at in steps])
    found = (
        f"a step of the exposure at {told} of {len(panel.units)} areas, over {LEAST_REFUSED:.0%} beside "
        "their usual changes"
    )
    named = sorted({*breaks, *(changes.periods[at] for at in steps)})
    listed = ", ".join(f'"{one}"' for one in named)
    expected = (
        f"one series; if it was revised or rebased there, `breaks = [{listed}]` under [data]; "
        "`breaks = []` says that it nowhere was, and then nothing is linked"
    )
    raise InputError(panel.where, found, expected)


def exposure_check(panel: Panel, data: Data) -> tuple[Check, ...]:
    """What to know of a linked panel's exposures: steps of some areas, or small ones of all, and a
    year's figure in each of its months. None where the plan says that there is no break."""
    if panel.exposure is None or data.breaks == ():
        return ()
    changes = Changes.of(panel, panel.exposure, data.breaks or ())
    yearly, steps = [*_yearly(changes)], [*_warned(panel, changes)]
    if not yearly and not steps:
        return ()
    said = "; ".join([*yearly, *steps])
    stepped = bool(steps) and (changes.enough or bool(changes.alone().any()))
    return (Check("exposure is one series", False if stepped else None, said),)


def _yearly(changes: Changes) -> Iterator[str]:
    if changes.yearly:
        yield (
            f"it changes once a year ({some([str(one) for one in changes.yearly])}), as a year's "
            "figure does that stands in each of its periods"
        )


def _warned(panel: Panel, changes: Changes) -> Iterator[str]:
    if len(panel.units) >= LEAST_AREAS:
        yield from (_of_most(changes, at) for at in changes.of_most(LEAST_TOLD))
    steps = changes.alone()
    for at in map(int, np.flatnonzero(steps.any(axis=0))):
        rows = np.flatnonzero(steps[:, at])
        named = some(
            [f"{panel.units[row]} {np.expm1(changes.apart[row, at]):+.1%}" for row in rows]
        )
        usual = "beside their usual changes" if changes.enough else "where few changes are known"
        yield f"at {changes.periods[at]} these step {usual}: {named}"


def _of_most(changes: Changes, at: int) -> str:
    period, sizes = changes.periods[at], changes.apart[:, at]
    by = (
        f"half of them by over {np.expm1(np.median(np.abs(sizes))):.1%} (the middle one by "
        f"{np.expm1(np.median(sizes)):+.1%})"
    )
    if changes.enough:
        return f"most areas step at {period}, {by}"
    return f"most areas change at {period}, {by}: too few changes are known to say what is usual"


# Designs whose ranks and intervals are from other areas' errors.
RANKING = frozenset(
    ("difference_in_differences", "event_study", "synthetic_control",
     "augmented_synthetic_control", "synthetic_difference_in_differences", "count_factors")
)  # fmt: skip
UNLIKE = 3.0  # times the smallest area's mean, from which areas are not of one size


def sizes_check(panel: Panel, designs: Iterable[str]) -> tuple[Check, ...]:
    """That counts of areas of unlike sizes have no exposure: a design that ranks areas then takes
    the errors of a large one and of small ones as alike."""
    if panel.exposure is not None or not panel.counted or not RANKING.intersection(designs):
        return ()
    counts = np.ma.masked_invalid(panel.outcome)
    means = np.asarray(counts.mean(axis=1).filled(np.nan))
    few, many = int(np.nanargmin(means)), int(np.nanargmax(means))
    if means[many] <= UNLIKE * means[few]:
        return ()
    said = (
        f"counts without an exposure, of {means[few]:.3g} a period in {panel.units[few]} and "
        f"{means[many]:.3g} in {panel.units[many]}: large areas stray by more, and grow by more, than "
        "small ones, so that p-values and intervals from other areas do not hold; give the people "
        "(or what else the counts are of) as data.exposure"
    )
    return (Check("sizes of areas", False, said),)
