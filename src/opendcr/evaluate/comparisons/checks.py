"""Checks of a comparison between areas, which travel with its estimate."""

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.comparisons.differences import Compared, Mask
from opendcr.evaluate.comparisons.errors import HALF, Errors, errors
from opendcr.evaluate.comparisons.ranked import Ranked
from opendcr.evaluate.estimate import Check, p_said, trend_found

Real = NDArray[np.float64]
ALIKE = 1.1**2  # times a size, within which a standard error that goes by its root is a tenth off
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
    detail = f"slope of the gap {slopes[0]:+.3g}{unit} a period, {p_said(p)} by rank"
    margin = ranked.margin(answer.study.level)
    if margin is not None:
        moved = margin * len(before) / 2  # from the middle before to the middle after
        detail += (
            f"; a slope of ±{margin:.3g} would be seen in about half of such studies, and would "
            f"move the effect by ±{moved:.3g}{unit} (Roth 2022)"
        )
    passed = p > answer.study.level
    return Check(name, passed, detail, "" if passed else trend_found(answer.study.level))


def _slope_errors(answer: Ranked, slopes: Real, expected: Real, time: Real) -> Errors:
    """A slope times the root of the sum of squares of time varies as the gap of one period."""
    donors = slopes[answer.compared.donors :]
    small = answer.compared.smallness_each(expected, answer.before)
    spread = answer.spread_by(donors**2 * (time @ time), small)
    return Errors(errors(donors, *spread), answer.areas)


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


def sizes(answer: Ranked) -> Check:
    """Whether the treated areas are about as large as areas compared with, and what is done about it."""
    compared = answer.compared
    people = compared.exposure.mean(axis=1)
    one = float(people[1 : compared.donors].mean() if compared.treated else people[0])
    others = people[compared.donors :]
    if np.ptp(others) == 0 and others[0] == one:
        return Check("sizes", None, "no exposure says how large the areas are")
    least, middle, most = (f"{at(others) / one:.3g}" for at in (np.min, np.median, np.max))
    within = bool(others.min() <= ALIKE * one and one <= ALIKE * others.max())
    detail = (
        f"donors have {least} to {most} times the exposure of a treated area (median {middle}); "
        f"{_resized(answer.corrected, within)}"
    )
    return Check("sizes", within, detail)


def _resized(corrected: bool, within: bool) -> str:
    """What is done about areas of other sizes."""
    if not corrected:
        return "their errors are taken as they are, whatever the sizes"
    beyond = (
        "" if within else ", here beyond the sizes of all donors: p-value and interval rest on that"
    )
    return f"their errors are rescaled to the treated areas' size (Ferman and Pinto 2019){beyond}"
