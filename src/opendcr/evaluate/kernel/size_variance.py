"""Lines through squared residuals by size, many at a time: the inside of `comparisons/errors.py`."""

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled

Real = NDArray[np.float64]
TINY = 1e-9


@compiled
def weighted(squares: Real, smallness: Real, weights: Real, least: float) -> Real:
    """Weighted least squares within bounds: the constant is not below zero, the slope not below
    `least`. `weights` are fits × areas, `squares` the same or of one fit for all, `smallness` is by
    area.

    Fits × 5: constant, slope, and the sums of weights, of weights × smallness and of weights × its
    square.
    """
    fits, areas = weights.shape
    found = np.empty((fits, 5))
    for fit in range(fits):
        total = first = second = mean = cross = 0.0
        row = fit if len(squares) > 1 else 0
        for area in range(areas):
            weight, small = weights[fit, area], smallness[area]
            total += weight
            first += weight * small
            second += weight * small * small
            mean += weight * squares[row, area]
            cross += weight * squares[row, area] * small
        x, xx, y, xy = first / total, second / total, mean / total, cross / total
        spread = xx - x * x
        slope = (xy - x * y) / spread if spread > TINY * x * x else 0.0
        slope = max(slope, least)
        constant = y - slope * x
        if constant < 0:  # a line through zero instead
            slope, constant = max(xy / xx, least), 0.0
        found[fit] = (constant, slope, total, first, second)
    return found
