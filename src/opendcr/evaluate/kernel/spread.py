"""How the spread of placebo effects depends on the size of an area."""

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled, helper

Real = NDArray[np.float64]
_ROUNDS = 8


@helper
def _two(squares, noise, model, share, floor):
    """The two shares, neither negative, of the weighted least squares of squares on (1, noise)."""
    ones = cross = both = alone = with_noise = 0.0
    for at in range(len(squares)):
        weight = 1.0 / max(model + share * noise[at], floor) ** 2
        ones += weight
        cross += weight * noise[at]
        both += weight * noise[at] ** 2
        alone += weight * squares[at]
        with_noise += weight * noise[at] * squares[at]
    least = ones * both - cross * cross
    if least <= 1e-9 * ones * both:  # all of one size
        return alone / ones, 0.0
    model = (alone * both - with_noise * cross) / least
    share = (with_noise * ones - alone * cross) / least
    if share < 0.0:
        return alone / ones, 0.0
    if model < 0.0:
        return 0.0, with_noise / both
    return model, share


@compiled
def spread_of(squares: Real, noise: Real) -> tuple[float, float]:
    """(model, share): the expected square of an effect is model + share × noise.

    `noise` is each area's variance from counting alone. Fitted by the mean of a gamma distribution
    with an identity link, by reweighting: the regression of Ferman and Pinto (2019), with weights,
    since the variance of a square rises with its mean.
    """
    model, share = _two(squares, noise, 1.0, 0.0, 1.0)
    largest = 0.0
    for at in range(len(noise)):
        largest = max(largest, noise[at])
    for _ in range(_ROUNDS):
        floor = 1e-6 * (model + share * largest) + 1e-150
        model, share = _two(squares, noise, model, share, floor)
    return model, share
