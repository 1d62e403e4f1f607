"""Bayesian structural time series, sampled: a drifting level, regressors that may be in or out.

The signal of period t is s(t) = level(t) + Σ x(t) β + noise(t); the level is a random walk, with or
without a slope that is one too (Harvey, "Forecasting, structural time series models and the Kalman
filter", 1989, section 2.3). Outcomes are the signal itself, or Poisson counts of mean
exp(offset + signal).

Level, slope, noise and β are integrated out: the sampler walks over the standard deviations and
over which regressors are in, nothing else. For values that is exact (de Jong, "The diffuse Kalman
filter", Annals of Statistics 19:2, 1991, for the regressors). For counts the likelihood is
estimated without bias by one draw of the level and regression from the Gaussian model that has the
same mode (Durbin and Koopman, "Monte Carlo maximum likelihood estimation for non-Gaussian state
space models", Biometrika 84:3, 1997), which leaves what is sampled exact (Andrieu and Roberts, "The
pseudo-marginal approach", Annals of Statistics 37:2, 2009). Each period's noise is summed over and
not drawn: counts bear a far lower signal than the normal that is like them does, so that a draw of
a large noise is now and then worth any number of others, and a chain stays where it met one.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import compiled, helper

Real = NDArray[np.float64]
NOISE, DRIFT, SLOPE = range(3)  # the standard deviations
_NEWTON = 5  # steps to the mode; the answer is exact however near it they come
_ACCEPTED = (
    0.44  # the share of single steps at which a random walk mixes best (Gelman and others 1996)
)
_TWO_PI = math.log(2 * math.pi)
_SUMMED = 3  # steps to the most likely noise of a period
_NODES = tuple(
    (float(node), float(weight) / math.sqrt(2 * math.pi))
    for node, weight in zip(*np.polynomial.hermite_e.hermegauss(9), strict=True)
)


class Model(NamedTuple):
    """What is known: n periods before the start, and regressors of all T periods.

    `outcome` (n) counts, or values; `offset` (n) is of counts. `regressors` p × T, with
    β ~ N(0, `slab`²) where one is in, which it is with `chance`. Each standard deviation (noise,
    drift, slope) is half-normal of its `scale`, or nothing where that is 0. The first level and the
    first slope are normal of the standard deviations in `start`.
    """

    counts: bool
    outcome: Real
    offset: Real
    regressors: Real
    slab: Real
    chance: Real
    scale: Real
    start: Real


class Draws(NamedTuple):
    """By draw: signals of all T periods with new noise, standard deviations, β (0 where it is out).

    `accepted` is the share of proposed standard deviations that were taken.
    """

    signal: Real
    sigma: Real
    beta: Real
    accepted: float


VARIANCE, INVERSE, OF_LEVEL, OF_SLOPE = range(4)  # rows of what `_gains` makes


@helper
def _gains(model, sigma, noise):
    """By period (4 × n): an innovation's variance, one over it, gains of the next level and slope."""
    made = np.empty((4, len(noise)))
    level, both, slope = model.start[0] ** 2, 0.0, model.start[1] ** 2
    for t in range(len(noise)):
        inverse = 1.0 / (level + noise[t])
        of_level, of_slope = level * inverse, both * inverse
        made[VARIANCE, t], made[INVERSE, t] = level + noise[t], inverse
        made[OF_LEVEL, t], made[OF_SLOPE, t] = of_level + of_slope, of_slope
        slope -= both * of_slope
        both -= both * of_level
        level -= level * of_level
        level += 2 * both + slope + sigma[DRIFT] ** 2
        both += slope
        slope += sigma[SLOPE] ** 2
    return made


@helper
def _innovations(column, gains, out):
    """Fills `out` with what of each period was not foreseen; returns the level and slope to come."""
    level = slope = 0.0
    for t in range(len(out)):
        out[t] = column[t] - level
        level += slope + gains[OF_LEVEL, t] * out[t]
        slope += gains[OF_SLOPE, t] * out[t]
    return level, slope


@helper
def _product(one, other, weights):
    """The weighted inner product."""
    total = 0.0
    for t in range(len(one)):
        total += one[t] * other[t] * weights[t]
    return total


@helper
def _less(values, factor, column):
    """Takes a multiple of a column from values, in place; the column may be the longer."""
    for t in range(len(values)):
        values[t] -= factor * column[t]


@helper
def _factor(matrix):
    """Cholesky's factor, in place, in the lower triangle."""
    for i in range(len(matrix)):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            matrix[i, j] = math.sqrt(total) if i == j else total / matrix[j, j]


@helper
def _solved(factor, right):
    """Solves A x = `right` in place, where A has this factor; returns right' A⁻¹ right."""
    square = 0.0
    for i in range(len(right)):
        for k in range(i):
            right[i] -= factor[i, k] * right[k]
        right[i] /= factor[i, i]
        square += right[i] ** 2
    for i in range(len(right) - 1, -1, -1):
        for k in range(i + 1, len(right)):
            right[i] -= factor[k, i] * right[k]
        right[i] /= factor[i, i]
    return square


@helper
def _filtered(model, sigma, noise, chosen):
    """What a filter with `noise` (n variances) knows before it has seen an outcome.

    The gains; the chosen regressors' innovations (k × n) and their levels and slopes to come
    (k × 2); the factor of the precision of their β; and the part of the log-likelihood that does
    not depend on the outcome.
    """
    n, k = len(noise), len(chosen)
    gains = _gains(model, sigma, noise)
    unseen, ends, precision = np.empty((k, n)), np.empty((k, 2)), np.empty((k, k))
    constant = -0.5 * n * _TWO_PI
    for t in range(n):
        constant -= 0.5 * math.log(gains[VARIANCE, t])
    for i in range(k):
        column = model.regressors[chosen[i]]
        ends[i, 0], ends[i, 1] = _innovations(column, gains, unseen[i])
        for j in range(i + 1):
            precision[i, j] = _product(unseen[i], unseen[j], gains[INVERSE])
        precision[i, i] += 1 / model.slab[chosen[i]] ** 2
    _factor(precision)
    for i in range(k):
        constant -= math.log(precision[i, i] * model.slab[chosen[i]])
    return gains, unseen, ends, precision, constant


@helper
def _smoothed(data, filtered):
    """What the data (n) say: smoothing errors (n), mean of β, level and slope to come, likelihood.

    The mean of whatever stands in the data with a variance is the data less that variance times the
    smoothing errors (Koopman, "Disturbance smoother for state space models", Biometrika 80:1, 1993).
    """
    gains, unseen, ends, factor, constant = filtered
    left = np.empty(len(data))
    level, slope = _innovations(data, gains, left)
    square = _product(left, left, gains[INVERSE])
    beta = np.empty(len(ends))
    for i in range(len(beta)):
        beta[i] = _product(unseen[i], left, gains[INVERSE])
    square -= _solved(factor, beta)
    for i in range(len(beta)):
        _less(left, beta[i], unseen[i])
        level -= beta[i] * ends[i, 0]
        slope -= beta[i] * ends[i, 1]
    of_level = of_slope = 0.0
    for t in range(len(data) - 1, -1, -1):
        error = left[t] * gains[INVERSE, t]
        error -= gains[OF_LEVEL, t] * of_level + gains[OF_SLOPE, t] * of_slope
        left[t] = error
        of_slope += of_level
        of_level += error
    return left, beta, level, slope, constant - 0.5 * square


@helper
def _cleared(start, data, variances, errors):
    """A start, and of the data what is left without that which has these variances."""
    made = np.empty(len(data))
    for t in range(len(data)):
        made[t] = start[t] + data[t] - variances[t] * errors[t]
    return made


@helper
def _invented(rng, model, sigma, chosen):
    """A level with its regression as the model makes one, without any data: by period before the
    start, and the β, level and slope to come that go with it."""
    n = len(model.outcome)
    beta = np.empty(len(chosen))
    level, slope = model.start[0] * rng.normal(), model.start[1] * rng.normal()
    mean = np.empty(n)
    for t in range(n):
        mean[t] = level
        level += slope + sigma[DRIFT] * rng.normal()
        slope += sigma[SLOPE] * rng.normal()
    for i in range(len(chosen)):
        beta[i] = model.slab[chosen[i]] * rng.normal()
        _less(mean, -beta[i], model.regressors[chosen[i]])
    return mean, beta, level, slope


@helper
def _drawn(rng, model, sigma, chosen, data, noise, filtered):
    """A level with its regression given data that are these with a noise of the variances `noise`: by
    period before the start, and the β, level and slope to come that go with it.

    Invent all of it, then correct by what the difference from the data says (Durbin and Koopman, "A
    simple and efficient simulation smoother", Biometrika 89:3, 2002).
    """
    mean, beta, level, slope = _invented(rng, model, sigma, chosen)
    apart = np.empty(len(data))
    for t in range(len(data)):
        apart[t] = data[t] - mean[t] - math.sqrt(noise[t]) * rng.normal()
    errors, more, level_more, slope_more, _ = _smoothed(apart, filtered)
    mean = _cleared(mean, apart, noise, errors)
    return mean, beta + more, level + level_more, slope + slope_more


@helper
def _likened(model, signal):
    """Data, and their variances, whose Gaussian likelihood is the counts' near this signal."""
    data, variances = np.empty(len(signal)), np.empty(len(signal))
    for t in range(len(signal)):
        log_mean = min(max(model.offset[t] + signal[t], -12.0), 30.0)
        variances[t] = math.exp(-log_mean)
        data[t] = log_mean - model.offset[t] + model.outcome[t] * variances[t] - 1.0
    return data, variances


@helper
def _with(noise, more):
    """The variances with the noise's own."""
    made = np.empty(len(more))
    for t in range(len(more)):
        made[t] = noise * noise + more[t]
    return made


@helper
def _towards_mode(model, sigma, chosen, signal, steps):
    """The Gaussian model with the counts' mode: data, their variances, their filter."""
    for step in range(steps):
        data, extra = _likened(model, signal)
        filtered = _filtered(model, sigma, _with(sigma[NOISE], extra), chosen)
        if step == steps - 1:
            break
        signal = _cleared(np.zeros(len(data)), data, extra, _smoothed(data, filtered)[0])
    return data, extra, filtered


@helper
def _noisy(count, log_mean, noise, near):
    """The log-likelihood of a count, but for its factorial, summed over its noise z, which has a
    standard normal distribution: Σ exp(count · η − exp η), η = log_mean + noise · z. The search for
    the most likely η begins at `near`.

    Gauss and Hermite's nodes are laid about the most likely z (Naylor and Smith, "Applications of a
    method for the efficient computation of posterior distributions", Applied Statistics 31:3, 1982):
    off by less than 0.0001 for a noise up to 1, 0.002 up to 2.
    """
    if noise == 0.0:
        return count * log_mean - math.exp(log_mean)
    z = (near - log_mean) / noise
    for _ in range(_SUMMED):
        steep = noise * math.exp(log_mean + noise * z)
        z += (count * noise - steep - z) / (noise * steep + 1.0)
    eta = log_mean + noise * z
    mean = math.exp(eta)
    width = 1.0 / math.sqrt(noise * noise * mean + 1.0)
    total = 0.0
    for node, weight in _NODES:
        away = noise * width * node
        apart = count * away - mean * (math.exp(away) - 1.0) - width * node * z
        total += weight * math.exp(apart + 0.5 * node * node * (1.0 - width * width))
    return count * eta - mean - 0.5 * z * z + math.log(total * width)


@helper
def _weight(model, sigma, mean, data, extra):
    """The logarithm of the counts' likelihood, but for their factorials, over that of the data likened
    to them, at this level with its regression, the noise summed over in both."""
    total = 0.0
    for t in range(len(mean)):
        own = sigma[NOISE] * sigma[NOISE]
        both = own + extra[t]
        apart = data[t] - mean[t]
        log_mean = model.offset[t] + mean[t]
        near = log_mean + apart * own / both
        total += _noisy(model.outcome[t], log_mean, sigma[NOISE], near)
        total += 0.5 * (_TWO_PI + math.log(both) + apart * apart / both)
    return total


@helper
def _evidence(rng, model, sigma, chosen, near):
    """The log-likelihood of the outcome, of counts but for their factorials, and the level with its
    regression, as `_drawn` makes it, with which it was estimated (of values, nothing yet).

    `near` is a signal from which the search for the mode begins; it must be the same throughout.
    """
    if not model.counts:
        return _likelihood(model, sigma, chosen, near), (near, near, 0.0, 0.0)
    data, extra, filtered = _towards_mode(model, sigma, chosen, near, _NEWTON)
    likely = _smoothed(data, filtered)[4]
    drawn = _drawn(rng, model, sigma, chosen, data, _with(sigma[NOISE], extra), filtered)
    return likely + _weight(model, sigma, drawn[0], data, extra), drawn


@helper
def _likelihood(model, sigma, chosen, near):
    """The log-likelihood of the outcome; of counts by Laplace's approximation."""
    if not model.counts:
        noise = _with(sigma[NOISE], np.zeros(len(model.outcome)))
        return _smoothed(model.outcome, _filtered(model, sigma, noise, chosen))[4]
    data, extra, filtered = _towards_mode(model, sigma, chosen, near, _NEWTON)
    errors, _, _, _, likely = _smoothed(data, filtered)
    mode = _cleared(np.zeros(len(data)), data, _with(sigma[NOISE], extra), errors)
    return likely + _weight(model, sigma, mode, data, extra)


@helper
def _foreseen(rng, model, sigma, chosen, drawn, out, betas):
    """Fills `out` (T): level and regression before the start, and from the start on as they may go on,
    each with new noise; and `betas` (p)."""
    n, periods = len(model.outcome), len(out)
    if not model.counts:
        noise = _with(sigma[NOISE], np.zeros(n))
        filtered = _filtered(model, sigma, noise, chosen)
        drawn = _drawn(rng, model, sigma, chosen, model.outcome, noise, filtered)
    out[:n], beta, level, slope = drawn
    for t in range(n, periods):
        out[t] = level
        level += slope + sigma[DRIFT] * rng.normal()
        slope += sigma[SLOPE] * rng.normal()
    for i in range(len(chosen)):
        betas[chosen[i]] = beta[i]
        _less(out[n:], -beta[i], model.regressors[chosen[i], n:])
    for t in range(periods):
        out[t] += sigma[NOISE] * rng.normal()


@helper
def _changed(rng, model, included):
    """Regressors in and out after one is turned, or one in and one out have changed places, and the
    logarithm of the prior's odds of it. A change and the way back are as likely to be tried: where
    none can change places, nothing changes."""
    tried, free = included.copy(), model.chance < 1.0
    if rng.random() < 0.5:
        able = np.flatnonzero(free)
        one = able[rng.integers(0, len(able))]
        tried[one] = not tried[one]
    else:
        inside, outside = np.flatnonzero(free & included), np.flatnonzero(free & ~included)
        if len(inside) and len(outside):
            tried[inside[rng.integers(0, len(inside))]] = False
            tried[outside[rng.integers(0, len(outside))]] = True
    odds = 0.0
    for j in range(len(tried)):
        if tried[j] != included[j]:
            log_odds = math.log(model.chance[j] / (1.0 - model.chance[j]))
            odds += log_odds if tried[j] else -log_odds
    return tried, odds


@helper
def _begun(rng, model):
    """Standard deviations and regressors in, as the prior has them."""
    sigma, included = np.empty(3), np.empty(len(model.chance), np.bool_)
    for one in range(3):
        sigma[one] = model.scale[one] * abs(rng.normal())
    for j in range(len(included)):
        included[j] = rng.random() < model.chance[j]
    return sigma, included


@helper
def _near(model):
    """A signal near the mode for any standard deviations: that of their scales, without regressors."""
    if not model.counts:
        return model.outcome
    begun = np.log(model.outcome + 0.5) - model.offset
    data, extra, filtered = _towards_mode(model, model.scale, np.empty(0, np.int64), begun, 20)
    return _cleared(np.zeros(len(data)), data, extra, _smoothed(data, filtered)[0])


@compiled
def evidence(
    rng: np.random.Generator, model: Model, sigma: Real, chosen: NDArray[np.int64]
) -> float:
    """The log-likelihood of the outcome given the standard deviations and the regressors in (their
    columns); of counts, an estimate whose exponential is without bias."""
    likely, _ = _evidence(rng, model, sigma, chosen, _near(model))
    if model.counts:
        for count in model.outcome:
            likely -= math.lgamma(count + 1.0)
    return float(likely)


@compiled
def likelihoods(model: Model, drifts: Real, noises: Real) -> Real:
    """Drifts × noises: the log-likelihood, without regressors; of counts by Laplace's approximation
    and but for their factorials."""
    near, chosen = _near(model), np.empty(0, np.int64)
    made: Real = np.empty((len(drifts), len(noises)))
    for at in range(len(drifts)):
        for one in range(len(noises)):
            sigma = np.array([noises[one], drifts[at], 0.0])
            made[at, one] = _likelihood(model, sigma, chosen, near)
    return made


@compiled
def innovations(model: Model, sigma: Real, chosen: NDArray[np.int64]) -> Real:
    """One-step errors in standard deviations (n): of counts, those of data likened to them."""
    data, extra = model.outcome, np.zeros(len(model.outcome))
    if model.counts:
        data, extra, _ = _towards_mode(model, sigma, chosen, _near(model), _NEWTON)
    filtered = _filtered(model, sigma, _with(sigma[NOISE], extra), chosen)
    beta = _smoothed(data, filtered)[1]
    left: Real = np.empty(len(data))
    _innovations(data, filtered[0], left)
    for i in range(len(beta)):
        _less(left, beta[i], filtered[1][i])
    for t in range(len(left)):
        left[t] *= math.sqrt(filtered[0][INVERSE, t])
    return left


@compiled
def sampled(rng: np.random.Generator, model: Model, warmup: int, draws: int, turns: int) -> Draws:
    """A chain: `draws` after `warmup`, each with a step of every standard deviation and `turns`
    looks at regressors in or out. The steps' sizes are found in the warm-up and then stay."""
    near = _near(model)
    sigma, included = _begun(rng, model)
    chosen = np.flatnonzero(included)
    value, drawn = _evidence(rng, model, sigma, chosen, near)
    size = 0.5 * model.scale
    signals = np.zeros((draws, model.regressors.shape[1]))
    sigmas, betas = np.zeros((draws, 3)), np.zeros((draws, len(included)))
    taken = proposed = 0
    for sweep in range(warmup + draws):
        for one in range(3):
            if model.scale[one] == 0.0:
                continue
            tried = sigma.copy()
            tried[one] = abs(sigma[one] + size[one] * rng.normal())
            likely, found = _evidence(rng, model, tried, chosen, near)
            prior = 0.5 * (sigma[one] ** 2 - tried[one] ** 2) / model.scale[one] ** 2
            accept = math.log(1.0 - rng.random()) < likely - value + prior
            if accept:
                sigma, value, drawn = tried, likely, found
            if sweep < warmup:
                size[one] *= math.exp((accept - _ACCEPTED) / math.sqrt(1.0 + sweep / 5.0))
            else:
                taken, proposed = taken + accept, proposed + 1
        for _ in range(turns):
            turned, odds = _changed(rng, model, included)
            columns = np.flatnonzero(turned)
            likely, found = _evidence(rng, model, sigma, columns, near)
            if math.log(1.0 - rng.random()) < likely - value + odds:
                included, chosen, value, drawn = turned, columns, likely, found
        if sweep >= warmup:
            at = sweep - warmup
            sigmas[at] = sigma
            _foreseen(rng, model, sigma, chosen, drawn, signals[at], betas[at])
    return Draws(signals, sigmas, betas, taken / max(proposed, 1))
