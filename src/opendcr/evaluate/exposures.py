"""Exposures: populations that are another series from some period on, linked or told.

A population that was rebased steps where nobody came or went. A step is a change that is far from an
area's usual ones: STEPS times their median distance from their median (in normal changes about four
standard deviations), that of the area or of the middle area, whichever is more, and at least
LEAST_STEP. A step of all areas that is small beside their own changes is seen where the middle one
of their changes is. A figure of a year that stands in each of its months changes once a year: those
changes alone are then looked at.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.estimate import Check
from opendcr.evaluate.panel import Panel, some
from opendcr.evaluate.periods import Period
from opendcr.evaluate.plan import Data

Real = NDArray[np.float64]
STEPS, LEAST_STEP = 6.0, 0.004
ALONE, LEAST_ALONE = 10.0, 0.01  # as STEPS and LEAST_STEP, of some areas
LEAST_MIDDLE = 0.002  # as LEAST_STEP, of the middle area
LEAST_AREAS, LEAST_CHANGES = 3, 4
A_YEAR = {"month": 12, "quarter": 4}


@dataclass(frozen=True)
class Changes:
    """Changes of exposures' logarithms (areas × changes), each into its period, and how far each is
    from the area's usual one, in its usual distance; `yearly` where they come once a year."""

    periods: tuple[Period, ...]
    apart: Real
    usual: Real
    yearly: bool

    @classmethod
    def of(cls, panel: Panel, exposure: Real) -> "Changes":
        """The changes that a panel's exposures make."""
        changes = np.diff(np.log(exposure), axis=1)
        kept = _kept(panel.periods, changes)
        changes = changes[:, kept]
        middle = np.nanmedian(changes, axis=1, keepdims=True)
        apart = changes - middle
        own = np.nanmedian(np.abs(apart), axis=1, keepdims=True)
        usual = np.maximum(own, np.nanmedian(own))
        periods = tuple(panel.periods[at + 1] for at in kept)
        return cls(periods, apart, usual, len(kept) < len(panel.periods) - 1)

    def steps(self, times: float, least: float) -> NDArray[np.bool_]:
        """Areas × changes: which are steps."""
        return np.asarray(np.abs(self.apart) > np.maximum(times * self.usual, least))

    @property
    def of_most(self) -> list[int]:
        """The changes at which at least half of the areas step."""
        share = self.steps(STEPS, LEAST_STEP).mean(axis=0)
        return [int(at) for at in np.flatnonzero(share >= 0.5)]

    @property
    def of_the_middle(self) -> list[int]:
        """The changes at which the middle area steps, by less than makes a step of most."""
        apart = np.median(self.apart, axis=0)
        usual = float(np.median(np.abs(apart - np.median(apart))))
        chance = float(np.nanmedian(self.usual)) / np.sqrt(len(self.usual))
        least = max(STEPS * usual, STEPS * chance, LEAST_MIDDLE)
        return [int(at) for at in np.flatnonzero(np.abs(apart) > least)]


def _kept(periods: tuple[Period, ...], changes: Real) -> list[int]:
    """Which changes are looked at: all, or those at one time of each year where there are no others."""
    year, every = A_YEAR.get(periods[0].kind), range(changes.shape[1])
    moves = [at for at in every if (changes[:, at] != 0).any()]
    if year and moves and len(periods) > year:
        turns = [at for at in every if (periods[at + 1].at - periods[moves[0] + 1].at) % year == 0]
        if moves == turns:
            return moves
    return list(every)


def linked(panel: Panel, data: Data) -> Panel:
    """The panel with its exposure linked over breaks in its series.

    From a break on, each area's exposure is scaled so that it does not change at the break itself:
    what a revision moved is not taken for people who came or went. A break may lie after the data:
    a plan can name one that is to come. Raises InputError for steps of most areas that the plan does
    not name; with `breaks = []` it says that there is none.
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
    if data.breaks != ():
        _no_steps(panel, exposure, data)
    return replace(panel, exposure=exposure)


def links_said(exposure: str, of: str, factors: Mapping[Period, float]) -> str:
    """How an exposure was linked, for whoever divides the published figures, as a sentence; empty
    where nothing was. `factors` are by break."""
    if not factors:
        return ""
    at, each = some([str(one) for one in factors]), [*factors.items()]
    times = [f"by {factor:.5g} from {period} on" for period, factor in each]
    breaks = "a break" if len(each) == 1 else "breaks"
    return (
        f"The plan names {breaks} in {exposure} at {at}: that of {of} is multiplied here "
        f"{' and '.join(times)}, so that it does not change at the break itself. A rate from the figures as "
        "published is the one shown here times that number."
    )


def _no_steps(panel: Panel, exposure: Real, data: Data) -> None:
    """Raises InputError where most areas' exposures step at once: another series, by its look."""
    changes = Changes.of(panel, exposure)
    if (
        len(panel.units) < LEAST_AREAS
        or len(changes.periods) < LEAST_CHANGES
        or not changes.of_most
    ):
        return
    steps = changes.steps(STEPS, LEAST_STEP)
    told = some([f"{changes.periods[at]} in {steps[:, at].sum()}" for at in changes.of_most])
    named = [*(data.breaks or ()), *(changes.periods[at] for at in changes.of_most)]
    found = f"a step of the exposure at {told} of {len(panel.units)} areas, larger than their usual changes"
    listed = ", ".join(f'"{one}"' for one in sorted(named))
    expected = (
        f"one series; if it was revised or rebased there, `breaks = [{listed}]` under [data], and "
        "`breaks = []` if it was not"
    )
    raise InputError(panel.where, found, expected)


def exposure_check(panel: Panel, data: Data) -> tuple[Check, ...]:
    """What to know of a linked panel's exposures: steps of some areas, or small ones of all, and a
    year's figure in each of its months. None where the plan says that there is no break."""
    if panel.exposure is None or data.breaks == ():
        return ()
    changes = Changes.of(panel, panel.exposure)
    said = [*_yearly(changes), *_warned(panel, changes)]
    if not said:
        return ()
    stepped = len(said) > changes.yearly
    return (Check("exposure is one series", False if stepped else None, "; ".join(said)),)


def _yearly(changes: Changes) -> Iterator[str]:
    if changes.yearly:
        yield (
            f"it changes once a year ({some([str(one) for one in changes.periods])}), as a year's "
            "figure does that stands in each of its periods"
        )


def _warned(panel: Panel, changes: Changes) -> Iterator[str]:
    if len(changes.periods) < LEAST_CHANGES:
        return
    several = len(panel.units) >= LEAST_AREAS
    for at in changes.of_the_middle if several else ():
        size = np.expm1(np.median(changes.apart[:, at]))
        yield f"most areas step by about {size:+.1%} at {changes.periods[at]}"
    steps = changes.steps(ALONE, LEAST_ALONE)
    for at in map(int, np.flatnonzero(steps.any(axis=0))):
        rows = np.flatnonzero(steps[:, at])
        named = some(
            [f"{panel.units[row]} {np.expm1(changes.apart[row, at]):+.1%}" for row in rows]
        )
        yield f"at {changes.periods[at]} these step beside their usual changes: {named}"


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
