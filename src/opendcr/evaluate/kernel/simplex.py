"""Weights on the simplex: the least squares of a synthetic control, compiled and exact.

    minimise ‖A w − b‖² + ridge ‖w‖² + Σ linear_j w_j    over w ≥ 0, Σ w = 1

Since the weights sum to one, A w − b = M w with M = A − b 1ᵀ: without ridge and linear term this is
the point of the convex hull of M's columns that is nearest to the origin. The method is Wolfe's
("Finding the nearest point in a polytope", Mathematical Programming 11, 1976): a set of columns with
weight above zero, affinely independent, grows by the column with the steepest descent and shrinks
where a weight would fall below zero. The gradient always comes from the residual M w and not from a
Gram matrix, so that each further step refines the last.

`gaps` is M everywhere here: periods (or predictors) × donors.
"""

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled, helper

Real = NDArray[np.float64]

_CANCELLED = 1e-6  # a squared pivot that is less than this share of what it was taken from
_ROUNDING = 1e-13  # of a length, relative to what it is the difference of


def weights_of(donors: Real, series: Real, ridge: float, linear: Real) -> Real:
    """The weights of donors (periods × donors) on one series; `linear` has one value a donor."""
    return nearest(donors - series.reshape(-1, 1), ridge, linear)


@compiled
def weights_of_each(donors: Real, ridge: float, penalty: float) -> Real:
    """Donors × donors: row i holds the weights of the others on donor i, whose own is zero.

    `penalty` is Abadie and L'Hour's: it weighs the squared distance of each donor.
    """
    periods, count = donors.shape
    found = np.zeros((count, count))
    gaps = np.empty((periods, count - 1))
    for one in range(count):
        for at in range(periods):
            own = donors[at, one]
            for other in range(one):
                gaps[at, other] = donors[at, other] - own
            for other in range(one, count - 1):
                gaps[at, other] = donors[at, other + 1] - own
        weights = nearest(gaps, ridge, distances(gaps, penalty))
        found[one, :one] = weights[:one]
        found[one, one + 1 :] = weights[one:]
    return found


@compiled
def distances(gaps: Real, penalty: float) -> Real:
    """Penalty × squared distance of each donor (Abadie and L'Hour, JASA 116, 2021, eq. 3)."""
    found = np.zeros(gaps.shape[1])
    if penalty > 0:
        for at in range(gaps.shape[0]):
            for one in range(gaps.shape[1]):
                found[one] += penalty * gaps[at, one] ** 2
    return found


@compiled
def nearest(gaps: Real, ridge: float, linear: Real) -> Real:
    """The weights from scratch, beginning at the donor that is nearest by itself."""
    alone = np.zeros(gaps.shape[1])
    for at in range(gaps.shape[0]):
        for one in range(gaps.shape[1]):
            alone[one] += gaps[at, one] ** 2
    begun = np.zeros(gaps.shape[1])
    begun[np.argmin(alone + linear)] = 1.0
    return nearest_from(gaps, ridge, linear, begun)


@compiled
def nearest_from(gaps: Real, ridge: float, linear: Real, begun: Real) -> Real:
    """The weights, beginning at others on the simplex: quicker where a problem has changed little."""
    count = gaps.shape[1]
    longest = _longest(gaps) + ridge
    longest = longest if longest > 1e-100 else 1.0  # every donor is the series itself
    chosen, factor = np.empty(count, np.int64), np.empty((count, count))
    weights, held = _begun(gaps, ridge, longest, begun, chosen, factor)
    gradient, step = np.empty(count), np.empty(count)
    refined = 0  # Newton steps since the set last changed
    for _ in range(50 * count + 200):
        tolerance = _gradient(gaps, ridge, linear, weights, longest, gradient)
        mean, spread = _level(weights, gradient, chosen, held)
        dependent = False
        if refined >= 3 or (refined > 0 and spread <= tolerance):
            steepest = _steepest(gradient, chosen, held)
            if steepest < 0 or gradient[steepest] >= mean - tolerance:
                break
            chosen[held] = steepest
            dependent = not _row(gaps, ridge, longest, chosen, held, factor)
            held += 1
            refined = 0
        if dependent:
            _dependence(held, factor, step)
        else:
            _newton(gradient, chosen, held, factor, step)
        first = _moved(weights, chosen, held, step, np.inf if dependent else 1.0)
        refined += 1
        if first < held or dependent:
            held = _without_zeros(gaps, ridge, longest, weights, chosen, held, first, factor)
            weights /= weights.sum()
            refined = 0
    found: Real = weights / weights.sum()
    return found


@helper
def response(gaps, weights, slope):
    """How optimal weights move, to first order, where half of the gradient grows by `slope`: within
    the donors that have weight, their sum kept."""
    count = len(weights)
    chosen, factor, step = np.empty(count, np.int64), np.empty((count, count)), np.empty(count)
    longest = _longest(gaps)
    longest = longest if longest > 1e-100 else 1.0
    _, held = _begun(gaps, 0.0, longest, weights, chosen, factor)
    _newton(slope, chosen, held, factor, step)
    moves = np.zeros(count)
    for at in range(held):
        moves[chosen[at]] = step[at]
    return moves


@helper
def _longest(gaps):
    """The greatest squared length of a column."""
    most = 0.0
    for one in range(gaps.shape[1]):
        length = 0.0
        for at in range(gaps.shape[0]):
            length += gaps[at, one] ** 2
        most = max(most, length)
    return most


@helper
def _begun(gaps, ridge, longest, begun, chosen, factor):
    """The weights begun with, without columns that depend on others, and how many those are."""
    weights, held = np.zeros(len(begun)), 0
    for one in range(len(begun)):
        if begun[one] > 0:
            chosen[held] = one
            if _row(gaps, ridge, longest, chosen, held, factor):
                weights[one] = begun[one]
                held += 1
    return weights / weights.sum(), held


@helper
def _gradient(gaps, ridge, linear, weights, longest, gradient):
    """Half the gradient, from the residual; returns the size of what rounding may make of it."""
    length = 0.0
    gradient[:] = ridge * weights + linear / 2
    for at in range(gaps.shape[0]):
        residual = 0.0
        for one in range(len(weights)):
            residual += weights[one] * gaps[at, one]
        length += residual * residual
        for one in range(len(weights)):
            gradient[one] += residual * gaps[at, one]
    return 1e-13 * np.sqrt(longest * length) + 1e-14 * longest + 1e-15 * np.abs(linear).max()


@helper
def _level(weights, gradient, chosen, held):
    """The mean gradient of the chosen columns, and how far one of them is from it."""
    mean, spread = 0.0, 0.0
    for at in range(held):
        mean += gradient[chosen[at]] * weights[chosen[at]]
    for at in range(held):
        spread = max(spread, abs(gradient[chosen[at]] - mean))
    return mean, spread


@helper
def _steepest(gradient, chosen, held):
    """The column, not chosen yet, with the least gradient; -1 where all are chosen."""
    least, found = np.inf, -1
    for one in range(len(gradient)):
        if gradient[one] < least:
            taken = False
            for at in range(held):
                taken = taken or chosen[at] == one
            if not taken:
                least, found = gradient[one], one
    return found


@helper
def _row(gaps, ridge, longest, chosen, at, factor):
    """A row of the Cholesky factor of longest·11ᵀ + MᵀM + ridge·I over the chosen columns.

    Adding longest·11ᵀ changes nothing on the simplex and makes it definite where the columns are
    affinely independent. Returns whether this one is independent of those before it.
    """
    for other in range(at + 1):
        product = longest
        for period in range(gaps.shape[0]):
            product += gaps[period, chosen[at]] * gaps[period, chosen[other]]
        if other == at:
            product += ridge
        whole = product
        for before in range(other):
            product -= factor[at, before] * factor[other, before]
        if other < at:
            factor[at, other] = product / factor[other, other]
    if product < _CANCELLED * whole:
        product = _bend(gaps, ridge, longest, chosen, at, factor)
    factor[at, at] = np.sqrt(product)
    return product > 0


@helper
def _newton(gradient, chosen, held, factor, step):
    """The step to the best weights of the chosen columns, their sum kept."""
    if held == 1:  # rounding would make a step of a gradient that is far greater than the column
        step[0] = 0.0
        return
    level = np.ones(held)
    for at in range(held):
        step[at] = gradient[chosen[at]]
    _solved(factor, held, step)
    _solved(factor, held, level)
    share = step[:held].sum() / level.sum()
    for at in range(held):
        step[at] = share * level[at] - step[at]


@helper
def _solved(factor, held, values):
    """Solves factor factorᵀ x = values in place."""
    for at in range(held):
        for before in range(at):
            values[at] -= factor[at, before] * values[before]
        values[at] /= factor[at, at]
    _back(factor, held, values)


@helper
def _back(factor, held, values):
    """Solves factorᵀ x = values in place."""
    for at in range(held - 1, -1, -1):
        for after in range(at + 1, held):
            values[at] -= factor[after, at] * values[after]
        values[at] /= factor[at, at]


@helper
def _dependence(held, factor, step):
    """The step along which nothing changes, as the last column depends on the others before it."""
    last = held - 1
    for at in range(last):
        step[at] = -factor[last, at]
    _back(factor, last, step)
    step[last] = 1.0


@helper
def _bend(gaps, ridge, longest, chosen, at, factor):
    """The square of a row's pivot without the cancellation: the squared length of what the column
    adds to those before it; zero where that is no more than rounding."""
    step = np.empty(at + 1)
    _dependence(at + 1, factor, step)
    bend, reach = 0.0, 0.0
    for one in range(at + 1):
        bend += ridge * step[one] ** 2
        reach += abs(step[one])
    for period in range(gaps.shape[0]):
        change = 0.0
        for one in range(at + 1):
            change += gaps[period, chosen[one]] * step[one]
        bend += change * change
    return bend if bend > longest * (_ROUNDING * reach) ** 2 else 0.0


@helper
def _moved(weights, chosen, held, step, most):
    """Goes along a step as far as no weight falls below zero; returns the place of the first of the
    chosen that is at zero now, or `held`."""
    share, first = most, held
    for at in range(held):
        if step[at] < 0 and weights[chosen[at]] < -share * step[at]:
            share, first = weights[chosen[at]] / -step[at], at
    stopped = first
    for at in range(held - 1, -1, -1):
        moved = weights[chosen[at]] + share * step[at]
        if at == stopped or (step[at] < 0 and moved <= 1e-15):
            moved, first = 0.0, at
        weights[chosen[at]] = moved
    return first


@helper
def _without_zeros(gaps, ridge, longest, weights, chosen, held, first, factor):
    """Drops the chosen columns whose weight is zero, from a place on; returns how many are left."""
    left = first
    for at in range(first, held):
        if weights[chosen[at]] > 0:
            chosen[left] = chosen[at]
            if _row(gaps, ridge, longest, chosen, left, factor):
                left += 1
            else:
                weights[chosen[left]] = 0.0
    return left
