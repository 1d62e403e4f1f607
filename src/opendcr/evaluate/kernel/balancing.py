"""Weights of areas and of periods for synthetic difference in differences, exactly.

A problem is min |A w − b|² + ridge |w|² over weights that are not negative and sum to one, after an
intercept: A and b are taken less their means. It is solved by its Gram matrix and an active set: a
weight enters where the gradient says so, and leaves where it would become negative (Lawson and
Hanson, "Solving least squares problems", 1974, chapter 23, with the sum as a further equation).

Plain loops throughout: they take a fraction of the time that array expressions take to compile.
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled, helper

Real = NDArray[np.float64]
Whole = NDArray[np.int64]
_NEAR = 1e-11  # of the scale of the gradient: where no weight can gain
_MOST = 20  # steps for each weight, far more than are taken
_LEAST = 1e-14  # of a pivot, where columns are the same but for rounding


@helper
def _factor(gram, chosen, count, lower, first):
    """Cholesky's factor of the chosen rows and columns, from one row on."""
    for row in range(first, count):
        for column in range(row + 1):
            total = gram[chosen[row], chosen[column]]
            for at in range(column):
                total -= lower[row, at] * lower[column, at]
            if row == column:
                lower[row, row] = sqrt(max(total, _LEAST * gram[chosen[row], chosen[row]] + 1e-300))
            else:
                lower[row, column] = total / lower[column, column]


@helper
def _solve(lower, count, right):
    """Replaces a right-hand side by its solution."""
    for row in range(count):
        for at in range(row):
            right[row] -= lower[row, at] * right[at]
        right[row] /= lower[row, row]
    for row in range(count - 1, -1, -1):
        for at in range(row + 1, count):
            right[row] -= lower[at, row] * right[at]
        right[row] /= lower[row, row]


@helper
def _propose(lower, chosen, count, cross, wanted, even):
    """The best weights of the chosen that sum to one, of any sign."""
    for row in range(count):
        wanted[row], even[row] = cross[chosen[row]], 1.0
    _solve(lower, count, wanted)
    _solve(lower, count, even)
    missing, whole = 1.0, 0.0
    for row in range(count):
        missing -= wanted[row]
        whole += even[row]
    for row in range(count):
        wanted[row] += even[row] * missing / whole


@helper
def _entering(gram, cross, weights, chosen, count, slope):
    """The weight that gains most by entering; −1 where none does."""
    size = len(cross)
    for at in range(size):
        slope[at] = -cross[at]
    for row in range(count):
        share = weights[chosen[row]]
        for at in range(size):
            slope[at] += share * gram[chosen[row], at]
    level, scale, best = 0.0, 0.0, -1
    for row in range(count):
        level += weights[chosen[row]] * slope[chosen[row]]
    for at in range(size):
        scale = max(scale, abs(cross[at]) + abs(slope[at]))
    for row in range(count):
        slope[chosen[row]] = np.inf
    least = level - _NEAR * scale
    for at in range(size):
        if slope[at] < least:
            best, least = at, slope[at]
    return best


@helper
def _settle(gram, cross, weights, chosen, count, lower, wanted, even):
    """Moves to the best weights of the chosen, dropping those that would become negative."""
    while True:
        _propose(lower, chosen, count, cross, wanted, even)
        step, leaving = 1.0, -1
        for row in range(count):
            have = weights[chosen[row]]
            reach = have / (have - wanted[row]) if have > wanted[row] else 0.0
            if wanted[row] <= 0.0 and reach < step:
                step, leaving = reach, row
        for row in range(count):
            weights[chosen[row]] += step * (wanted[row] - weights[chosen[row]])
        if leaving < 0:
            return count
        weights[chosen[leaving]] = 0.0
        count -= 1
        for row in range(leaving, count):
            chosen[row] = chosen[row + 1]
        _factor(gram, chosen, count, lower, leaving)


@compiled
def least_on_simplex(gram: Real, cross: Real) -> Real:
    """The weights w on the simplex that minimise w' gram w − 2 cross' w; gram positive definite."""
    size, best = len(cross), 0
    for at in range(1, size):
        if gram[at, at] - 2.0 * cross[at] < gram[best, best] - 2.0 * cross[best]:
            best = at
    weights, lower, chosen = np.zeros(size), np.empty((size, size)), np.empty(size, np.int64)
    slope, wanted, even = np.empty(size), np.empty(size), np.empty(size)
    chosen[0], count, weights[best] = best, 1, 1.0
    _factor(gram, chosen, count, lower, 0)
    for _ in range(_MOST * size):
        entering = _entering(gram, cross, weights, chosen, count, slope)
        if entering < 0:
            break
        chosen[count] = entering
        count += 1
        _factor(gram, chosen, count, lower, count - 1)
        count = _settle(gram, cross, weights, chosen, count, lower, wanted, even)
    total = 0.0
    for at in range(size):
        total += weights[at]
    for at in range(size):
        weights[at] /= total
    return weights


@compiled
def weights_near(rows: Real, aim: Real, ridge: float) -> Real:
    """The weights of `rows` (any × points) that bring their sum nearest to `aim` (points), up to an
    intercept."""
    size, points = rows.shape
    middle, aimed = np.empty((size, points)), np.empty(points)
    mean = 0.0
    for point in range(points):
        mean += aim[point] / points
    for point in range(points):
        aimed[point] = aim[point] - mean
    gram, cross = np.empty((size, size)), np.zeros(size)
    for row in range(size):
        mean = 0.0
        for point in range(points):
            mean += rows[row, point] / points
        for point in range(points):
            middle[row, point] = rows[row, point] - mean
            cross[row] += middle[row, point] * aimed[point]
        for other in range(row + 1):
            total = 0.0
            for point in range(points):
                total += middle[row, point] * middle[other, point]
            gram[row, other], gram[other, row] = total, total
        gram[row, row] += ridge
    return least_on_simplex(gram, cross)


@compiled
def weights_of(
    donors: Real, series: Real, start: int, zeta: float, zeta_time: float
) -> tuple[Real, Real]:
    """The weights of areas (donors × periods) and of periods before `start` for a series.

    Arkhangelsky et al. (2021), equations 4 and 6: each ridge is zeta² times the number of rows.
    """
    size, periods = donors.shape
    before, turned = np.empty((size, start)), np.empty((start, size))
    after = np.zeros(size)
    for row in range(size):
        for at in range(start):
            before[row, at] = turned[at, row] = donors[row, at]
        for at in range(start, periods):
            after[row] += donors[row, at] / (periods - start)
    return (
        weights_near(before, series[:start], zeta * zeta * start),
        weights_near(turned, after, zeta_time * zeta_time * size),
    )


@helper
def _gap(donors, series, start, zeta, zeta_time, gap):
    """By period: the series less its weighted donors, less the weighted mean of that before."""
    areas, periods = weights_of(donors, series, start, zeta, zeta_time)
    level = 0.0
    for at in range(len(series)):
        gap[at] = series[at]
        for row in range(len(areas)):
            gap[at] -= areas[row] * donors[row, at]
        if at < start:
            level += periods[at] * gap[at]
    for at in range(len(series)):
        gap[at] -= level


@compiled
def placebo_gaps(
    rates: Real, pooled: Real, groups: Whole, start: int, zeta: float, zeta_time: float
) -> Real:
    """For each group of donors (groups × members), pooled as `pooled` says (groups × periods): its
    gaps by period, compared with the donors outside it."""
    size, periods = rates.shape
    found, inside = np.empty(pooled.shape), np.empty(size, np.bool_)
    others = np.empty((size - groups.shape[1], periods))
    for group in range(len(groups)):
        for at in range(size):
            inside[at] = False
        for member in range(groups.shape[1]):
            inside[groups[group, member]] = True
        row = 0
        for at in range(size):
            if not inside[at]:
                for period in range(periods):
                    others[row, period] = rates[at, period]
                row += 1
        _gap(others, pooled[group], start, zeta, zeta_time, found[group])
    return found
