"""How much each predictor counts in a synthetic control: a search around the weights, compiled.

Abadie, Diamond and Hainmueller (JASA 105, 2010, section 2.3): W(V) minimises the distance of the
predictors weighed by a diagonal V; V is chosen so that W(V) has the least mean squared error of the
outcome over the fit periods. The outer problem is not convex and its objective has kinks, so it is
searched by the simplex of Nelder and Mead (Computer Journal 7, 1965) in the logarithms of V, from
the best of many starts, and again from where it ended.

Every predictor keeps at least a share `LEAST` of the weight of the greatest. Where a weighed mean of
donors has all predictors of the treated area, every V gives a distance of zero and the weights would
be any of many: of those, the weights are the ones with the best fit of the outcome (the optimistic
solution of the bilevel problem: Malo, Eskelinen, Zhou and Kuosmanen, Computational Economics 2023).
"""

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled, helper
from opendcr.evaluate.kernel.simplex import distances, nearest, nearest_from

Real = NDArray[np.float64]

LEAST = 1e-8  # as Becker and Klößner (Econometrics and Statistics 5, 2018) bound V
_MATCHED = 1e-16  # a squared distance, of the greatest, that is none
_TIED = 1e-7  # what a squared gap of the outcome counts where predictors alone do not decide
_REFLECT, _EXPAND, _OUTSIDE, _INSIDE, _FILL = range(5)
_SHARES = (1.0, 2.0, 0.5, -0.5)  # of the way from the worst point through the others' centre
_BEST = 3  # starts from which the search goes on


@compiled
def searched(
    predictor_gaps: Real, outcome_gaps: Real, penalty: float, starts: Real
) -> tuple[Real, Real, float]:
    """Predictors' weights (sum 1), donors' weights and the mean squared error that they leave.

    `predictor_gaps` (predictors × donors, standardised) and `outcome_gaps` (fit periods × donors)
    are the donors' values less the treated area's. `starts` (starts × predictors) are logarithms.
    """
    count = predictor_gaps.shape[0]
    equal = np.full(count, 1.0 / count)
    plain = np.zeros(predictor_gaps.shape[1])
    weights = nearest(predictor_gaps, 0.0, plain)
    if penalty == 0.0 and _matched(predictor_gaps, weights):
        weights = _of_many(predictor_gaps, outcome_gaps)
        return equal, weights, _error(outcome_gaps, weights)
    if count == 1:
        weights = _inner(predictor_gaps, penalty, np.zeros(1), weights)
        return equal, weights, _error(outcome_gaps, weights)
    begun = _ranked(predictor_gaps, outcome_gaps, penalty, starts, weights)
    best, least = begun[0], np.inf
    for one in range(_BEST + 1):  # the last goes on from the best of those before
        start = begun[one] if one < min(_BEST, len(begun)) else best
        found, error = _descended(predictor_gaps, outcome_gaps, penalty, start, weights)
        if error < least:
            best, least = found, error
    weights = _inner(predictor_gaps, penalty, best, weights)
    counted = np.exp(best - best.max())
    return counted / counted.sum(), weights, least


@helper
def _matched(gaps, weights):
    """Whether weights leave no distance."""
    distance, most = 0.0, 0.0
    for at in range(gaps.shape[0]):
        residual = 0.0
        for one in range(len(weights)):
            residual += gaps[at, one] * weights[one]
            most = max(most, gaps[at, one] ** 2)
        distance += residual * residual
    return distance <= _MATCHED * most * gaps.shape[0]


@helper
def _of_many(predictor_gaps, outcome_gaps):
    """Of all weights that match the predictors, those that fit the outcome best."""
    rows, more = predictor_gaps.shape[0], outcome_gaps.shape[0]
    both = np.empty((rows + more, predictor_gaps.shape[1]))
    both[:rows] = predictor_gaps
    scale = np.sqrt((predictor_gaps**2).max() / max((outcome_gaps**2).max(), 1e-100))
    both[rows:] = outcome_gaps * (scale * np.sqrt(_TIED))
    return nearest(both, 0.0, np.zeros(predictor_gaps.shape[1]))


@helper
def _inner(gaps, penalty, logs, begun):
    """The weights where predictors count as exp(logs)."""
    weighed = np.empty_like(gaps)
    most = logs.max()
    for at in range(gaps.shape[0]):
        share = np.exp((logs[at] - most) / 2)
        for one in range(gaps.shape[1]):
            weighed[at, one] = share * gaps[at, one]
    return nearest_from(weighed, 0.0, distances(weighed, penalty), begun)


@helper
def _error(gaps, weights):
    """The mean squared error."""
    total = 0.0
    for at in range(gaps.shape[0]):
        residual = 0.0
        for one in range(len(weights)):
            residual += gaps[at, one] * weights[one]
        total += residual * residual
    return total / gaps.shape[0]


@helper
def _tried(predictor_gaps, outcome_gaps, penalty, logs, weights):
    """The error at some logarithms, which are brought within bounds; `weights` begin and are left."""
    most = logs.max()
    for at in range(len(logs)):
        logs[at] = max(logs[at] - most, np.log(LEAST))
    weights[:] = _inner(predictor_gaps, penalty, logs, weights)
    return _error(outcome_gaps, weights)


@helper
def _ranked(predictor_gaps, outcome_gaps, penalty, starts, weights):
    """The starts, the best first."""
    errors = np.empty(len(starts))
    begun = starts.copy()
    for one in range(len(starts)):
        errors[one] = _tried(predictor_gaps, outcome_gaps, penalty, begun[one], weights)
    order = np.argsort(errors, kind="mergesort")
    return begun[order]


@helper
def _descended(predictor_gaps, outcome_gaps, penalty, start, weights):
    """Nelder and Mead's search from a start: the logarithms found, and the error there.

    Each turn of the loop tries one point: `stage` says which, since what is compiled is shorter with
    one place that tries.
    """
    count = len(start)
    points, errors = np.empty((count + 1, count)), np.full(count + 1, np.inf)
    for one in range(count + 1):
        points[one] = start
        if one > 0:
            points[one, one - 1] += 1.0 if start[one - 1] < -1.0 else -1.0
    there, error = points[0].copy(), np.inf
    filled, stage = 0, _FILL
    for _ in range(60 * count):
        if stage == _FILL:
            trial = points[filled].copy()
        else:
            centre = points[:count].sum(axis=0) / count
            trial = centre + _SHARES[stage] * (centre - points[count])
        tried = _tried(predictor_gaps, outcome_gaps, penalty, trial, weights)
        if stage == _FILL:
            points[filled], errors[filled] = trial, tried
            filled += 1
            if filled <= count:
                continue
        elif stage == _REFLECT:
            there, error = trial, tried
            if tried < errors[0]:
                stage = _EXPAND
                continue
            if tried >= errors[count - 1]:
                stage = _OUTSIDE if tried < errors[count] else _INSIDE
                continue
        elif tried < (errors[count] if stage == _INSIDE else error):
            there, error = trial, tried
        elif stage != _EXPAND and error >= errors[count]:
            for one in range(1, count + 1):
                points[one] = 0.5 * (points[0] + points[one])
            filled, stage = 1, _FILL
            continue
        if stage != _FILL:
            points[count], errors[count] = there, error
        order = np.argsort(errors, kind="mergesort")
        points, errors = points[order], errors[order]
        if errors[count] - errors[0] <= 1e-10 * errors[0]:
            break
        stage = _REFLECT
    best = np.argmin(errors)
    return points[best].copy(), errors[best]
