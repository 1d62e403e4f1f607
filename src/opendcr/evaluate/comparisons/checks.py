"""Checks of a comparison between areas, which travel with its estimate."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.differences import Compared, Mask
from opendcr.evaluate.comparisons.errors import HALF, Errors, errors
from opendcr.evaluate.comparisons.ranked import Ranked
from opendcr.evaluate.designs import Design
from opendcr.evaluate.estimate import Check, Estimate
from opendcr.evaluate.study import LEAST_BEFORE, Study

Real = NDArray[np.float64]
SHIFTS = (-2, -1, 1, 2)  # periods by which the start is moved
_FEW = 5  # periods before, under which no trend or correlation is read


def trend_before(answer: Ranked) -> Check:
    """Whether the treated series drifted from the donors before the start, more than they from
    each other, by rank of the slope of its gaps; and what a slope that this would miss could do to
    the effect (Roth 2022)."""
    name, before, compared = "trend before", answer.before, answer.compared
    count = int(before.sum())
    if count < _FEW:
        return Check(name, None, f"{count} periods before are too few for a trend")
    expected = compared.expected(before)
    time = np.arange(count, dtype=np.float64) - np.float64((count - 1) / 2)
    slopes = compared.by_period(expected)[:, before] @ time / (time @ time)
    ranked, unit = _slope_errors(answer, slopes, expected, time), ""
    if compared.family == "poisson":
        unit = " (log)"
    p = ranked.p_value(float(slopes[0]))
    detail = f"slope of the gap {slopes[0]:+.3g}{unit} a period, p = {p:.3f} by rank"
    margin = ranked.margin(answer.study.level)
    if margin is not None:
        moved = margin * len(before) / 2  # from the middle before to the middle after
        detail += (
            f"; a slope of ±{margin:.3g} would be seen in about half of such studies, and would "
            f"move the effect by ±{moved:.3g}{unit} (Roth 2022)"
        )
    return Check(name, p > answer.study.level, detail)


def _slope_errors(answer: Ranked, slopes: Real, expected: Real, time: Real) -> Errors:
    """A slope times the root of the sum of squares of time varies as the gap of one period."""
    donors = slopes[answer.compared.donors :]
    small = answer.compared.smallness_each(expected, answer.before)
    spread = answer.spread_by(donors**2 * (time @ time), small)
    return Errors(errors(donors, *spread, answer.study.seed), answer.areas)


def start_before(design: Design, study: Study) -> Check:
    """The same design with a start in the midst of the periods before: nothing should be seen."""
    name = "a start when nothing began"
    middle = (study.start + 1) // 2
    if middle < LEAST_BEFORE or middle >= study.start:
        return Check(name, None, "too few periods before")
    panel = study.panel.during(0, study.start)
    try:
        found = design.fit(replace(study, panel=panel, start=middle))
    except InputError as error:
        return Check(name, None, str(error))
    detail = (
        f"{found.relative_effect:+.1%} from {panel.periods[middle]} on, p = {found.p_value:.3f}"
    )
    return Check(name, found.p_value is None or found.p_value > study.level, detail)


def placebo_ranks(found: Estimate) -> Check:
    """Where the treated series stands among the placebos."""
    placebos = [one for one in found.placebos if one.relative_effect is not None]
    order = sorted(placebos, key=lambda one: -one.ratio)[:3]
    named = ", ".join(f"{one.unit} {one.relative_effect:+.1%}" for one in order)
    detail = f"p = {found.p_value:.3f} among {len(found.placebos)} areas; the most extreme: {named}"
    return Check("placebo areas", None, detail)


def without_each_donor(
    design: Design, study: Study, found: Estimate, without: Callable[[str], Design]
) -> Check:
    """The range of the effect when each donor is left out."""
    name = "each donor left out"
    units = [one.unit for one in found.placebos if one.unit is not None]
    if len(units) < 3:
        return Check(name, None, f"{len(units)} donors, of which none can be left out")
    effects = {unit: without(unit).fit(study).relative_effect for unit in units}
    least, most = min(effects, key=effects.__getitem__), max(effects, key=effects.__getitem__)
    detail = (
        f"{effects[least]:+.1%} (without {least}) to {effects[most]:+.1%} (without {most}), "
        f"{found.relative_effect:+.1%} with all"
    )
    same = np.sign([effects[least], effects[most]]) == np.sign(found.relative_effect)
    return Check(name, bool(same.all()), detail)


def other_starts(design: Design, study: Study, found: Estimate) -> Check:
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
    same = np.sign(effects) == np.sign(found.relative_effect)
    return Check("other starts", bool(same.all()), "; ".join(said))


def of_residuals(answer: Ranked) -> tuple[Check, ...]:
    """Overdispersion and autocorrelation of the gaps before the start."""
    compared, before = answer.compared, answer.before
    expected = compared.expected(before)
    return (*_dispersion(compared, expected, before), _correlation(compared, before))


def _dispersion(compared: Compared, expected: Real, before: Mask) -> tuple[Check, ...]:
    if compared.family == "gaussian":
        return ()
    mean = (compared.exposure * expected)[:, before]
    share = mean / np.maximum(mean.sum(axis=0) - mean[0], HALF)  # of those compared with
    miss = (compared.outcome[:, before] - mean) ** 2 / np.maximum(mean * (1 + share), HALF)
    by_row = miss.sum(axis=1) / (before.sum() - 1)
    detail = (
        f"Pearson's dispersion before: {by_row[0]:.2f} in the treated areas, "
        f"{np.median(by_row[compared.donors :]):.2f} in the median donor (1: Poisson); the placebos' "
        "errors hold it, so that no standard error rests on it"
    )
    return (Check("overdispersion", None, detail),)


def _correlation(compared: Compared, before: Mask) -> Check:
    name, count = "residual autocorrelation", int(before.sum())
    if count < _FEW:
        return Check(name, None, f"{count} periods before are too few")
    gaps = compared.by_period(compared.expected(before))[:, before]
    gaps = gaps - gaps.mean(axis=1, keepdims=True)
    found = (gaps[:, 1:] * gaps[:, :-1]).sum(axis=1) / np.maximum((gaps**2).sum(axis=1), 1e-300)
    least = 2 / np.sqrt(count)
    detail = (
        f"at lag 1: {found[0]:+.2f} in the treated areas, {np.median(found[compared.donors :]):+.2f} "
        f"in the median donor (chance: ±{least:.2f}); each area gives one change from before to "
        "after, so that correlation within it does not narrow the interval (Bertrand, Duflo and "
        "Mullainathan 2004)"
    )
    return Check(name, bool(abs(found[0]) <= least), detail)


def sizes(compared: Compared) -> Check:
    """Whether the treated areas are as large as areas compared with."""
    people = compared.exposure.mean(axis=1)
    one = float(people[1 : compared.donors].mean() if compared.treated else people[0])
    others = people[compared.donors :]
    if np.ptp(others) == 0 and others[0] == one:
        return Check("sizes", None, "no exposure says how large the areas are")
    detail = (
        f"a treated area has {one / np.median(others):.2g} times the exposure of the median donor "
        f"(donors: {others.min() / one:.2g} to {others.max() / one:.2g} of it)"
    )
    return Check("sizes", bool(others.min() <= one <= others.max()), detail)
