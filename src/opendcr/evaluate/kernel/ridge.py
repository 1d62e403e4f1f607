"""A ridge that corrects what a synthetic control does not match, compiled.

Ben-Michael, Feller and Rothstein ("The augmented synthetic control method", JASA 116, 2021, eq. 9):
w + X̃ (X̃ᵀX̃ + λI)⁻¹ (x₁ − Xᵀw), with X the donors in the periods matched and X̃ the same less the
donors' mean of each period. The correction adds to zero over donors, and weights may be negative.
"""

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled

Real = NDArray[np.float64]

_LAMBDAS = 20  # of a grid from the greatest squared singular value down to a share of it
_SPAN = 1e-8


@compiled
def augmented(gaps: Real, weights: Real, ridge: float) -> Real:
    """The weights with their correction; `gaps` (periods × donors) are donors less the series."""
    periods, count = gaps.shape
    centred, missed = np.empty((periods, count)), np.empty(periods)
    for at in range(periods):
        centred[at] = gaps[at] - gaps[at].mean()
        missed[at] = -(gaps[at] * weights).sum()
    kernel = centred @ centred.T
    trace = 0.0
    for at in range(periods):
        trace += kernel[at, at]
    for at in range(periods):
        kernel[at, at] += ridge + 1e-12 * trace  # the last: donors may be fewer than periods
    if trace == 0.0:
        return weights.copy()
    return weights + centred.T @ np.linalg.solve(kernel, missed)


@compiled
def lambdas(gaps: Real) -> Real:
    """Ridges to choose from, the greatest first (as the authors' program has them)."""
    centred = np.empty_like(gaps)
    for at in range(gaps.shape[0]):
        centred[at] = gaps[at] - gaps[at].mean()
    greatest = np.linalg.svd(centred)[1][0] ** 2
    found: Real = greatest * _SPAN ** (np.arange(_LAMBDAS) / (_LAMBDAS - 1))
    return found
