"""Conformal inference for a synthetic control, compiled: weights fitted anew under each null.

Chernozhukov, Wüthrich and Zhu ("An exact and robust conformal inference method for counterfactual
and synthetic controls", JASA 116, 2021): with the effect that a null says taken from the series, the
weights are fitted over all periods alike; then residuals may be permuted, here by all T moving blocks
(their section 2.2), and the p-value is the share of blocks whose statistic is at least that of the
block after the start. The statistic is the absolute sum of a block's residuals (their section 2.1, for
average effects). It cannot be less than 1/T.
"""

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled
from opendcr.evaluate.kernel.ridge import augmented
from opendcr.evaluate.kernel.simplex import distances, nearest_from

Real = NDArray[np.float64]


@compiled
def residuals_of(donors: Real, series: Real, how: Real, begun: Real) -> Real:
    """A series less what weights fitted over all of its periods expect of it.

    `how` is (1 where means are taken away first, penalty, ridge or -1 where there is none). `begun`
    holds weights to begin with and is left with those found.
    """
    gaps = donors - series.reshape(-1, 1)
    if how[0] > 0:
        for one in range(gaps.shape[1]):
            gaps[:, one] -= gaps[:, one].mean()
    begun[:] = nearest_from(gaps, 0.0, distances(gaps, how[1]), begun)
    weights = augmented(gaps, begun, how[2]) if how[2] >= 0 else begun
    residuals = np.empty(len(series))
    for at in range(len(series)):
        residuals[at] = -(gaps[at] * weights).sum()
    return residuals


@compiled
def blocks(residuals: Real, length: int) -> Real:
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
