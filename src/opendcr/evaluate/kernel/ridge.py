"""A ridge that corrects what a synthetic control does not match, compiled.

Ben-Michael, Feller and Rothstein ("The augmented synthetic control method", JASA 116, 2021, eq. 9):
w + X̃ (X̃ᵀX̃ + λI)⁻¹ (x₁ − Xᵀw), with X the donors in the periods matched and X̃ the same less the
donors' mean of each period. The correction adds to zero over donors, and weights may be negative.
"""

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled

Real = NDArray[np.float64]


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
