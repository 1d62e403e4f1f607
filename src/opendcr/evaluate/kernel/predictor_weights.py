"""How much each predictor counts in a synthetic control: a search around the weights, compiled.

Abadie, Diamond and Hainmueller (JASA 105, 2010, section 2.3): W(V) minimises the distance of the
predictors weighed by a diagonal V; V is chosen so that W(V) has the least mean squared error of the
outcome over the fit periods. The outer problem is not convex and its objective has kinks. It is
searched in the logarithms of V by descents of Broyden, Fletcher, Goldfarb and Shanno, which find
minima at kinks too where the line search asks for a weak Wolfe condition (Lewis and Overton,
Mathematical Programming 141, 2013), from many starts. The gradient is exact: between kinks the
weights are a smooth function of V (the implicit function theorem on the inner problem).

Every predictor keeps at least a share of the weight of the greatest (`least`). Where a weighed mean
of donors has all predictors of the treated area, every V gives a distance of zero and the weights
would be any of many: of those, the weights are the ones with the best fit of the outcome (the
optimistic solution of the bilevel problem: Malo, Eskelinen, Zhou and Kuosmanen, Computational
Economics 2023).
"""

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled, helper
from opendcr.evaluate.kernel.simplex import distances, nearest, nearest_from, response

Real = NDArray[np.float64]

LEAST = 1e-8  # as Becker and Klößner (Econometrics and Statistics 5, 2018) bound V
_MATCHED = 1e-16  # a squared distance, of the greatest, that is none
_TIED = 1e-7  # what a squared gap of the outcome counts where predictors alone do not decide
_FIRST, _FURTHER = 40, 150  # errors computed in a descent from every start, and from the best
_BEST = 8  # starts from which the descent goes on
_STRIDE = 5.0  # of a logarithm, at most in a step
_SMALL = 1e-10  # of an error: no further fall


def searched(
    predictor_gaps: Real, outcome_gaps: Real, penalty: float, starts: Real, least: float
) -> tuple[Real, Real, float]:
    """Predictors' weights (sum 1), donors' weights and the mean squared error that they leave.

    `predictor_gaps` (predictors × donors, standardised) and `outcome_gaps` (fit periods × donors)
    are the donors' values less the treated area's. `starts` (starts × predictors) are logarithms.
    No predictor counts less than `least` times the one that counts most.
    """
    counted = np.full(len(predictor_gaps), 1.0 / len(predictor_gaps))
    weights = nearest(predictor_gaps, 0.0, np.zeros(predictor_gaps.shape[1]))
    if penalty == 0.0 and _matched(predictor_gaps, weights):
        weights = _of_many(predictor_gaps, outcome_gaps)
    else:
        if len(counted) > 1:
            begun = np.vstack([_suited(predictor_gaps, outcome_gaps), starts])
            counted = _sought(predictor_gaps, outcome_gaps, penalty, begun, least, weights)
        weights = given(predictor_gaps, penalty, counted)
    return counted, weights, float(((outcome_gaps @ weights) ** 2).mean())


def given(gaps: Real, penalty: float, counted: Real) -> Real:
    """The donors' weights where predictors count as given."""
    weighed = np.sqrt(counted / counted.max())[:, None] * gaps
    return nearest(weighed, 0.0, distances(weighed, penalty))


def _matched(gaps: Real, weights: Real) -> bool:
    """Whether weights leave no distance."""
    return bool(((gaps @ weights) ** 2).sum() <= _MATCHED * (gaps**2).max() * len(gaps))


def _of_many(predictor_gaps: Real, outcome_gaps: Real) -> Real:
    """Of all weights that match the predictors, those that fit the outcome best."""
    scale = np.sqrt((predictor_gaps**2).max() / max((outcome_gaps**2).max(), 1e-100))
    both = np.vstack([predictor_gaps, outcome_gaps * (scale * np.sqrt(_TIED))])
    return nearest(both, 0.0, np.zeros(predictor_gaps.shape[1]))


def _suited(predictor_gaps: Real, outcome_gaps: Real) -> Real:
    """Logarithms at which the weights that fit the outcome best are nearly those of the predictors.

    Weights w with residuals r of the predictors are the predictors' own where Σ v r (gap − r) is not
    below zero for any donor, and zero for those with weight: linear in v, and solved by least squares.
    """
    count, donors = predictor_gaps.shape
    weights = nearest(outcome_gaps, 0.0, np.zeros(donors))
    residuals = (predictor_gaps @ weights)[:, None]
    conditions = (residuals * (predictor_gaps - residuals)).T
    slack = -max(np.abs(conditions).max(), 1e-100) * np.eye(donors)[:, weights <= 0]
    both = np.ascontiguousarray(np.hstack([conditions, slack]))
    counted = nearest(both, 0.0, np.zeros(both.shape[1]))[:count]
    logs: Real = np.log(np.maximum(counted / max(counted.max(), 1e-100), LEAST))
    return logs


@compiled
def _sought(
    predictor_gaps: Real, outcome_gaps: Real, penalty: float, starts: Real, least: float,
    weights: Real,
) -> Real:  # fmt: skip
    """How predictors count (sum 1), by descents from all starts and further ones from the best."""
    problem = (predictor_gaps, outcome_gaps, penalty, np.log(least), weights)
    begun = len(starts)
    found, errors = starts.copy(), np.full(begun, np.inf)
    further = errors.copy()  # the errors of those that have not gone on yet
    for turn in range(begun + min(_BEST, begun)):
        one = turn if turn < begun else np.argmin(further)
        most = _FIRST if turn < begun else _FURTHER
        found[one], errors[one] = _descended(problem, found[one], most)
        further[one] = errors[one] if turn < begun else np.inf
    counted = np.exp(_bounded(found[np.argmin(errors)], np.log(least)))
    shares: Real = counted / counted.sum()
    return shares


@helper
def _bounded(logs, bound):
    """Logarithms of shares of the greatest, none under a bound."""
    return np.maximum(logs - logs.max(), bound)


@compiled
def sloped(
    problem: tuple[Real, Real, float, float, Real], logs: Real, weights: Real, slope: Real
) -> float:
    """The logarithm of the error; `weights` begin and are left, `slope` becomes the gradient."""
    predictor_gaps, outcome_gaps, penalty, bound, _ = problem
    weighed = np.exp(_bounded(logs, bound) / 2).reshape(-1, 1) * predictor_gaps
    weights[:] = nearest_from(weighed, 0.0, distances(weighed, penalty), weights)
    missed = (outcome_gaps * weights).sum(axis=1)
    total = max((missed**2).sum(), 1e-300)
    pull = 2 * (outcome_gaps * missed.reshape(-1, 1)).sum(axis=0) / total
    moves = response(weighed, weights, pull)
    for at in range(len(logs)):
        residual = (weighed[at] * weights).sum()
        free = logs[at] - logs.max() >= bound
        slope[at] = (moves * weighed[at] * (residual + penalty / 2 * weighed[at])).sum() * free
    return float(np.log(total / len(missed)))


@helper
def _descended(problem, start, most):
    """A descent from a start, of so many errors computed: the logarithms found, and the error's."""
    count = len(start)
    there, slope, weights = start.copy(), np.empty(count), problem[4].copy()
    error, left = sloped(problem, there, weights, slope), most - 1
    curved, fresh = np.eye(count), True
    while left > 0:
        step = -(curved * slope).sum(axis=1)
        step *= min(1.0, _STRIDE / max(np.abs(step).max(), 1e-100))
        moved, changed = np.zeros(count), slope.copy()
        lower, used = error, 0
        if (step * slope).sum() < 0:
            lower, used = _along(problem, there, error, step, weights, moved, changed)
        left -= used
        if lower > error - _SMALL:
            if fresh:
                break
            curved, fresh = np.eye(count), True
            continue
        there, error = there + moved, lower
        changed, slope = changed - slope, changed
        fresh = _recurved(curved, moved, changed, fresh)
    return there, error


@helper
def _along(problem, start, error, step, weights, moved, slope):
    """A step that falls enough and far enough (weak Wolfe conditions), by halving and doubling.

    Leaves in `moved` how far it went and in `slope` the gradient there; returns the error there and
    how many were computed.
    """
    falls = (step * slope).sum()
    low, high, share, reached, used = 0.0, np.inf, 1.0, error, 0
    while used < 12:
        used += 1
        moved[:] = share * step
        reached = sloped(problem, start + moved, weights, slope)
        if reached > error + 1e-4 * share * falls:
            high = share
        elif (slope * step).sum() < 0.9 * falls:
            low = share
        else:
            break
        share = (low + high) / 2 if high < np.inf else 2 * share
    return reached, used


@helper
def _recurved(curved, moved, changed, fresh):
    """Brings the inverse of the curvature up to date; returns whether it is still what it began as."""
    along = (moved * changed).sum()
    if along <= 1e-12:
        return fresh
    if fresh:
        curved *= along / (changed**2).sum()
    turned = (curved * changed).sum(axis=1)
    scale = (1 + (changed * turned).sum() / along) / along
    for one in range(len(moved)):
        for other in range(len(moved)):
            crossed = turned[one] * moved[other] + moved[one] * turned[other]
            curved[one, other] += scale * moved[one] * moved[other] - crossed / along
    return False
