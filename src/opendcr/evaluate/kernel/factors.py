"""A factor model of a panel: η_it = a_i + b_t + Σ_k u_ik v_tk, for counts or for other outcomes.

Counts are Poisson with mean `sizes` × exp(η); other outcomes are normal about η with variance
1 / `sizes`: they are what was expected on the whole, or a weight. Rows (a, u) and columns (b, v) are updated in turn, each by a Newton step of its own small
problem: alternating least squares, reweighted for counts. The penalty on u and v is half their
squares, which is that of the nuclear norm of the interaction (Mazumder, Hastie and Tibshirani 2010).
A level also sees half an event more than was expected of it and of what was: so that an area or a
period without any event has a level.

Plain loops throughout: they take a fraction of the time that array expressions take to compile.
"""

from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled, helper

Real = NDArray[np.float64]
Whole = NDArray[np.int64]
_HALF = 0.5  # of an event
_LONGEST = 1.0  # the longest step of a coordinate, since exp() is far from its tangent
_STEPS = 30  # of an area by itself
_NEAR = 1e-9
_HIGHEST = 30.0  # of η, beyond which exp() would only overflow


@helper
def _linear(own, others, cell, size):
    total = own[0] + others[cell, 0]
    for at in range(1, size):
        total += own[at] * others[cell, at]
    return total


@helper
def _slopes(y, sizes, counts, others, used, own, slope, bend, size):
    """Adds up the slope and bend of one row's likelihood, which it returns."""
    for at in range(size):
        slope[at] = 0.0
        for by in range(at + 1):
            bend[at, by] = 0.0
    likelihood = all_rest = all_weight = 0.0
    for cell in range(len(y)):
        if used[cell]:
            eta = _linear(own, others, cell, size)
            weight = sizes[cell]
            if counts:
                weight *= exp(min(eta, _HIGHEST))
                rest = y[cell] - weight
                likelihood += y[cell] * eta - weight
            else:
                rest = weight * (y[cell] - eta)
                likelihood -= 0.5 * rest * (y[cell] - eta)
            all_rest += rest
            all_weight += weight
            for at in range(1, size):
                slope[at] += rest * others[cell, at]
                part = weight * others[cell, at]
                bend[at, 0] += part
                for by in range(1, at + 1):
                    bend[at, by] += part * others[cell, by]
    slope[0], bend[0, 0] = all_rest, all_weight
    return likelihood


@helper
def _add_prior(counts, own, centre, precision, slope, bend, size):
    """The same for the prior: half an event for the level, a normal for the others."""
    likelihood = 0.0
    if counts:
        weight = _HALF * exp(min(own[0], _HIGHEST))
        likelihood += _HALF * own[0] - weight
        slope[0] += _HALF - weight
        bend[0, 0] += weight
    for at in range(1, size):
        for by in range(1, size):
            away = own[by] - centre[by]
            slope[at] -= precision[at, by] * away
            likelihood -= 0.5 * (own[at] - centre[at]) * precision[at, by] * away
            if by <= at:
                bend[at, by] += precision[at, by]
    return likelihood


@helper
def _solve(bend, slope, size):
    """Replaces the slope by the Newton step; `bend` (its lower half) by its Cholesky factor."""
    for row in range(size):
        for column in range(row + 1):
            total = bend[row, column]
            for at in range(column):
                total -= bend[row, at] * bend[column, at]
            if row == column:
                bend[row, row] = sqrt(max(total, 1e-12))
            else:
                bend[row, column] = total / bend[column, column]
    for row in range(size):
        for at in range(row):
            slope[row] -= bend[row, at] * slope[at]
        slope[row] /= bend[row, row]
    for row in range(size - 1, -1, -1):
        for at in range(row + 1, size):
            slope[row] -= bend[at, row] * slope[at]
        slope[row] /= bend[row, row]


@helper
def _newton(y, sizes, counts, others, used, own, centre, precision, slope, bend):
    """One step of one row, in its place; its likelihood before, and how far it went."""
    size = len(own)
    likelihood = _slopes(y, sizes, counts, others, used, own, slope, bend, size)
    likelihood += _add_prior(counts, own, centre, precision, slope, bend, size)
    _solve(bend, slope, size)
    far = 0.0
    for at in range(size):
        far = max(far, abs(slope[at]))
    shorter = _LONGEST / far if counts and far > _LONGEST else 1.0
    for at in range(size):
        own[at] += shorter * slope[at]
    return likelihood, far


@helper
def _balance(rows, columns, used):
    """The same interaction with mean loadings of zero, and factors and loadings of one length: where
    the penalty is least, to which steps of rows and columns in turn would come slowly."""
    count = 0.0
    for area in range(len(rows)):
        count += used[area]
    for at in range(1, rows.shape[1]):
        mean = long = its = 0.0
        for area in range(len(rows)):
            mean += used[area] * rows[area, at] / count
        for area in range(len(rows)):
            rows[area, at] -= mean
            long += used[area] * rows[area, at] ** 2
        for period in range(len(columns)):
            columns[period, 0] += mean * columns[period, at]
            its += columns[period, at] ** 2
        scale = sqrt(sqrt((its + 1e-12) / (long + 1e-12)))
        for area in range(len(rows)):
            rows[area, at] *= scale
        for period in range(len(columns)):
            columns[period, at] /= scale


@compiled
def fit_factors(
    y: Real,
    sizes: Real,
    counts: bool,
    used: Whole,
    rows: Real,
    columns: Real,
    near: float,
    most: int,
) -> int:
    """Fits `rows` (areas × 1 + rank) and `columns` (periods × 1 + rank) in their place, to the areas
    that are `used`; stops where a round gains less than `near` of log-likelihood. Returns the rounds
    taken."""
    areas, periods = y.shape
    size = rows.shape[1]
    turned, turned_sizes = np.ascontiguousarray(y.T), np.ascontiguousarray(sizes.T)
    always = np.ones(periods, np.int64)
    slope, bend = np.empty(size), np.empty((size, size))
    centre, precision = np.zeros(size), np.eye(size)
    before = -np.inf
    for round_ in range(most):
        likelihood = 0.0
        for period in range(periods):
            likelihood += _newton(
                turned[period], turned_sizes[period], counts, rows, used, columns[period],
                centre, precision, slope, bend,
            )[0]  # fmt: skip
        for area in range(areas):
            if used[area]:
                _newton(
                    y[area], sizes[area], counts, columns, always, rows[area],
                    centre, precision, slope, bend,
                )  # fmt: skip
        _balance(rows, columns, used)
        if likelihood - before < near:
            return round_
        before = likelihood
    return most


@compiled
def tangent(y: Real, sizes: Real, rows: Real, columns: Real) -> tuple[Real, Real]:
    """The counts and sizes of the normal model that touches the Poisson one at a fit: what is fitted
    to all but a few areas is found from it without exp()."""
    response, weights = np.empty(y.shape), np.empty(y.shape)
    for area in range(len(y)):
        for at in range(y.shape[1]):
            eta = _linear(rows[area], columns, at, rows.shape[1])
            mean = sizes[area, at] * exp(min(eta, _HIGHEST))
            response[area, at] = eta + (y[area, at] - mean) / mean
            weights[area, at] = mean
    return response, weights


@helper
def _moments(rows, used, centre, precision):
    """The mean of the loadings of the areas used, and the inverse of their variance."""
    size, count = rows.shape[1], 0
    spread = np.zeros((size, size))
    for at in range(size):
        centre[at] = 0.0
    for area in range(len(rows)):
        if used[area]:
            count += 1
            for at in range(1, size):
                centre[at] += rows[area, at]
    for at in range(1, size):
        centre[at] /= count
    for area in range(len(rows)):
        if used[area]:
            for at in range(1, size):
                for by in range(1, size):
                    spread[at, by] += (
                        (rows[area, at] - centre[at]) * (rows[area, by] - centre[by]) / count
                    )
    unit, factor = np.empty(size), np.empty((size, size))
    for column in range(1, size):
        for at in range(size):
            unit[at] = 1.0 if at == column else 0.0
            for by in range(size):
                factor[at, by] = spread[at, by]
            factor[at, at] += 1e-9 if at else 1.0
        _solve(factor, unit, size)
        for at in range(1, size):
            precision[at, column] = unit[at]


@compiled
def expected_of(
    y: Real, sizes: Real, counts: bool, until: int, rows: Real, used: Whole, columns: Real
) -> Real:
    """η by period of an area that was not fitted: its level and loadings are from the periods before
    `until`, with the loadings of the areas used as their prior."""
    periods, size = columns.shape
    centre, precision = np.zeros(size), np.zeros((size, size))
    _moments(rows, used, centre, precision)
    before, own = np.zeros(periods, np.int64), centre.copy()
    slope, bend = np.empty(size), np.empty((size, size))
    seen, even = _HALF, _HALF
    for at in range(until):
        before[at] = 1
        seen += y[at]
        even += sizes[at] * exp(min(_linear(own, columns, at, size), _HIGHEST)) if counts else 1.0
    if counts:
        own[0] = log(seen / even)
    for _ in range(_STEPS):
        _, far = _newton(y, sizes, counts, columns, before, own, centre, precision, slope, bend)
        if far < _NEAR:
            break
    eta = np.empty(periods)
    for at in range(periods):
        eta[at] = _linear(own, columns, at, size)
    return eta


@compiled
def placebo_etas(
    y: Real, sizes: Real, counts: bool, start: int, rows: Real, columns: Real,
    members: Whole, pooled: Real, pooled_sizes: Real, near: float, most: int,
) -> Real:  # fmt: skip
    """η of each group of areas (groups × members), pooled (groups × periods), from a fit to the
    areas outside it, which begins at the fit to all."""
    response, weights = tangent(y, sizes, rows, columns) if counts else (y, sizes)
    found, used = np.empty(pooled.shape), np.empty(len(y), np.int64)
    for group in range(len(members)):
        for area in range(len(y)):
            used[area] = 1
        for member in range(members.shape[1]):
            used[members[group, member]] = 0
        own, its = rows.copy(), columns.copy()
        fit_factors(response, weights, False, used, own, its, near, most)
        found[group] = expected_of(
            pooled[group], pooled_sizes[group], counts, start, own, used, its
        )
    return found


@compiled
def held_out_scores(
    y: Real, sizes: Real, counts: bool, until: int, fold: Whole, folds: int,
    rows: Real, columns: Real, near: float, most: int,
) -> Real:  # fmt: skip
    """By area, the likelihood of the periods from `until` on of an area whose level and
    loadings are from the periods before, and whose factors are from the areas of other folds."""
    areas, periods = y.shape
    response, weights = tangent(y, sizes, rows, columns) if counts else (y, sizes)
    used, scores = np.empty(areas, np.int64), np.zeros(areas)
    for one in range(folds):
        for area in range(areas):
            used[area] = 1 if fold[area] != one else 0
        own, its = rows.copy(), columns.copy()
        fit_factors(response, weights, False, used, own, its, near, most)
        for area in range(areas):
            if not used[area]:
                eta = expected_of(y[area], sizes[area], counts, until, own, used, its)
                for at in range(until, periods):
                    if counts:
                        scores[area] += y[area, at] * eta[at]
                        scores[area] -= sizes[area, at] * exp(min(eta[at], _HIGHEST))
                    else:
                        scores[area] -= 0.5 * sizes[area, at] * (y[area, at] - eta[at]) ** 2
    return scores
