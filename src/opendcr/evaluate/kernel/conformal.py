"""Conformal inference for a synthetic control, compiled: weights fitted anew under each null.

Chernozhukov, Wüthrich and Zhu ("An exact and robust conformal inference method for counterfactual
and synthetic controls", JASA 116, 2021): with the effect that a null says taken from the series, the
weights are fitted over all periods alike; then residuals may be permuted, here by all T moving blocks
(their section 2.2), and the p-value is the share of blocks whose statistic is at least that of the
block after the start. The statistic is the absolute sum of a block's residuals (their section 2.1, for
average effects). It cannot be less than 1/T.
"""

import numpy as np

from opendcr.compiling import compiled, helper
from opendcr.evaluate.kernel.ridge import augmented
from opendcr.evaluate.kernel.simplex import distances, nearest_from

_REACH = 14  # doublings of the first step in search of an end
_HALVINGS = 14  # of the last step


@compiled
def expected_over(donors, series, how, begun):
    """What weights fitted over all periods expect of the series; `begun` holds weights to begin with
    and is left with those found.

    `how` is (1 where means are taken away first, penalty, ridge or -1 where there is none).
    """
    periods, count = donors.shape
    means = np.zeros(count)
    level = 0.0
    if how[0] > 0:
        level = series.mean()
        for one in range(count):
            means[one] = donors[:, one].mean()
    gaps = np.empty((periods, count))
    for at in range(periods):
        for one in range(count):
            gaps[at, one] = (donors[at, one] - means[one]) - (series[at] - level)
    begun[:] = nearest_from(gaps, 0.0, distances(gaps, how[1]), begun)
    weights = augmented(gaps, begun, how[2]) if how[2] >= 0 else begun
    expected = series.copy()
    for at in range(periods):
        for one in range(count):
            expected[at] += gaps[at, one] * weights[one]
    return expected


@helper
def _under(series, start, effect, relative):
    """The series without an effect from the start on: an addition, or a logarithm of a ratio."""
    null = series.copy()
    for at in range(start, len(series)):
        null[at] = series[at] * np.exp(-effect) if relative else series[at] - effect
    return null


@compiled
def blocks(residuals, length):
    """The absolute sum of each block of this length, each block beginning at another period and the
    first period following the last."""
    periods = len(residuals)
    found = np.empty(periods)
    for begin in range(periods):
        total = 0.0
        for at in range(begin, begin + length):
            total += residuals[at % periods]
        found[begin] = abs(total)
    return found


@compiled
def p_of(donors, series, start, effect, relative, how, begun):
    """The p-value of one effect in every period from the start on."""
    null = _under(series, start, effect, relative)
    residuals = null - expected_over(donors, null, how, begun)
    found = blocks(residuals, len(series) - start)
    least = found[start] * (1 - 1e-9)
    return (found >= least).sum() / len(series)


@compiled
def interval(donors, series, start, level, relative, how, centre, step):
    """The ends of the effects that are not rejected at a level, looked for on both sides of a centre;
    NaN where there is none, infinite where an end was not met."""
    begun = np.full(donors.shape[1], 1.0 / donors.shape[1])
    least = level * (1 + 1e-12)
    inside = np.nan
    for away in range(17):  # the centre, then further off on either side
        effect = centre + step * ((away + 1) // 2) * (1 if away % 2 else -1)
        if p_of(donors, series, start, effect, relative, how, begun) > least:
            inside = effect
            break
    low = _end(donors, series, start, least, relative, how, inside, -step, begun)
    high = _end(donors, series, start, least, relative, how, inside, step, begun)
    return low, high


@helper
def _end(donors, series, start, level, relative, how, inside, step, begun):
    """The last effect that is not rejected, in a direction."""
    if np.isnan(inside):
        return inside
    last, out = inside, np.inf * step
    for power in range(_REACH):
        effect = inside + step * 2.0**power
        if p_of(donors, series, start, effect, relative, how, begun) > level:
            last, out = effect, np.inf * step
        elif np.isinf(out):
            out = effect
        elif abs(effect - inside) > 4 * abs(out - inside):
            break
    if np.isinf(out):
        return out
    for _ in range(_HALVINGS):
        middle = 0.5 * (last + out)
        if p_of(donors, series, start, middle, relative, how, begun) > level:
            last = middle
        else:
            out = middle
    return out


@compiled
def by_period(donors, series, start, level, how, gaps, step):
    """The ends by period (2 × periods, NaN before the start): each period alone with those before."""
    found = np.full((2, len(series)), np.nan)
    rows, alone = np.empty((start + 1, donors.shape[1])), np.empty(start + 1)
    rows[:start], alone[:start] = donors[:start], series[:start]
    for at in range(start, len(series)):
        rows[start], alone[start] = donors[at], series[at]
        found[0, at], found[1, at] = interval(
            rows, alone, start, level, False, how, gaps[at], step
        )
    return found
