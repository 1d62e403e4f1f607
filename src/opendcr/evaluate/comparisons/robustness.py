"""Checks that several designs share: what a hostile reader would change, and what it changes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.designs import Design
from opendcr.evaluate.estimate import Check, Estimate, Placebo, by_chance, p_said
from opendcr.evaluate.study import LEAST_BEFORE, Study

Real = NDArray[np.float64]
SHIFTS = (-2, -1, 1, 2)  # periods by which the start is moved
_POOR = 2.0  # times the placebos' median: a fit that is worse than what the method does elsewhere


def fit_before(gap: Real, placebos: Real, start: int) -> Check:
    """Whether the treated areas were fitted as well as the placebos (groups × periods) before."""
    own = float(np.sqrt(np.mean(gap[:start] ** 2)))
    others = np.sqrt(np.mean(placebos[:, :start] ** 2, axis=1))
    usual, better = float(np.median(others)), int((others < own).sum())
    times = f"{own / usual:.2f} times" if usual > 0 else "beside none at"
    detail = (
        f"error before {times} the placebos' median; {better} of {len(others)} are fitted better"
    )
    return Check("fit before", own <= _POOR * usual, detail)


def placebo_ranks(found: Estimate) -> Check:
    """Where the estimate stands among the placebos; only to be read."""
    order = sorted(found.placebos, key=lambda one: -one.ratio)[:3]
    named = ", ".join(f"{one.unit} ({_claimed(one)})" for one in order)
    detail = f"{p_said(found.p_value)} among {len(found.placebos)}; the most extreme: {named}"
    return Check("placebo areas", None, detail)


def _claimed(one: Placebo) -> str:
    claimed = one.relative_effect
    return f"{one.ratio:.2f}" if claimed is None else f"{claimed:+.1%}"


def earlier_starts(study: Study, fit: Callable[[Study], Estimate]) -> Check:
    """Effects of starts at which nothing happened, with data from before the true one alone."""
    name, before = "earlier starts", study.panel.during(0, study.start)
    places = {study.start // 2, 2 * study.start // 3, 5 * study.start // 6}
    said, clear = [], []
    for at in sorted(one for one in places if LEAST_BEFORE <= one < study.start):
        try:
            found = fit(replace(study, panel=before, start=at))
        except InputError:  # a panel that allows no answer claims nothing
            continue
        p = "" if found.p_value is None else f" ({p_said(found.p_value)})"
        said.append(f"{found.relative_effect:+.1%} from {study.panel.periods[at]} on{p}")
        clear.append(not _seen(found, study.level))
    if not said:
        return Check(name, None, "no earlier start is possible")
    detail = f"effects from starts where nothing began: {'; '.join(said)}"
    seen = (
        f"at {clear.count(False)} of {len(clear)} earlier starts (at each {by_chance(study.level)})"
    )
    return Check(name, all(clear), detail, "" if all(clear) else seen)


def _seen(found: Estimate, level: float) -> bool:
    """Whether an effect is claimed: by the rank, or by the interval."""
    low, high = found.interval or (0.0, 0.0)
    return found.rejects(level) or low > 0 or high < 0


def other_starts(design: Design, study: Study) -> Check:
    """The effect from starts near the one that was planned."""
    periods = study.panel.periods
    starts = [study.start + by for by in SHIFTS]
    starts = [at for at in starts if LEAST_BEFORE <= at < len(periods)]
    said, effects = [], []
    for at in starts:
        try:
            effects.append(design.fit(study.starting(at)).relative_effect)
        except InputError:
            continue
        said.append(f"{effects[-1]:+.1%} from {periods[at]}")
    if not said:
        return Check("other starts", None, "no other start is possible")
    return Check("other starts", None, "; ".join(said), effects=tuple(effects), diluted=True)


def without_each(
    without: Callable[[str], Design], study: Study, found: Estimate
) -> dict[str, float]:
    """Relative effects without each of the donors that are placebos, where enough are left."""
    units = [one.unit for one in found.placebos if one.unit is not None]
    if len(units) <= len(study.treated) + 1:
        return {}
    return {unit: without(unit).fit(study).relative_effect for unit in units}


def donors_left_out(found: Estimate, effects: Mapping[str, float]) -> Check:
    """The effect without each donor: `effects` by the donor left out."""
    name = "donors left out"
    if not effects:
        return Check(name, None, "no donor can be left out")
    low, high = min(effects, key=effects.__getitem__), max(effects, key=effects.__getitem__)
    detail = (
        f"relative effect from {effects[low]:+.1%} (without {low}) to {effects[high]:+.1%} "
        f"(without {high}); with all {found.relative_effect:+.1%}"
    )
    return Check(name, None, detail, effects=(effects[low], effects[high]))


def steady(name: str, whole: float, effects: Sequence[float]) -> Check:
    """A relative effect when something is changed."""
    if not effects:
        return Check(name, None, "nothing to change")
    low, high = min(effects), max(effects)
    detail = f"relative effect {whole:+.1%}; from {low:+.1%} to {high:+.1%}"
    return Check(name, None, detail, effects=(low, high))
