"""Weighed sums over sets of areas: the inside of `comparisons/errors.py`."""

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled

Real = NDArray[np.float64]


@compiled
def pooled(values: Real, weights: Real, sets: NDArray[np.int64]) -> Real:
    """The weighed sum of each set's values: columns × sets, from columns × areas, the weights of a
    set's members in their order, and sets × members."""
    columns, count, size = len(values), len(sets), len(weights)
    found = np.empty((columns, count))
    for column in range(columns):
        for at in range(count):
            total = 0.0
            for member in range(size):
                total += weights[member] * values[column, sets[at, member]]
            found[column, at] = total
    return found
