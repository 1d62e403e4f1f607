"""Whether chains of draws have mixed, and how many independent draws they are worth.

Vehtari, Gelman, Simpson, Carpenter and Bürkner, "Rank-normalization, folding, and localization: an
improved R-hat for assessing convergence of MCMC", Bayesian Analysis 16:2, 2021.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Real = NDArray[np.float64]


def r_hat(draws: Real) -> float:
    """Split R-hat of normalised ranks (their equation 4, section 4) of chains × draws; the larger of
    that of the draws and that of how far they lie from their median. 1 where nothing varies."""
    if np.ptp(draws) == 0:
        return 1.0
    return max(_r_hat(_normalised(_split(one))) for one in (draws, abs(draws - np.median(draws))))


def effective(draws: Real) -> float:
    """The bulk effective sample size (their equation 10, section 4.1) of chains × draws."""
    if np.ptp(draws) == 0:
        return float(draws.size)
    halves = _normalised(_split(draws))
    chains, count = halves.shape
    within, total = _variances(halves)
    covariance = np.array([_autocovariance(chain) for chain in halves]).mean(axis=0)
    correlation = 1 - (within - covariance * count / (count - 1)) / total
    correlation[0] = 1.0
    pairs = correlation[: count // 2 * 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs < 0)
    kept = pairs[: ends[0]] if ends.size else pairs
    time = 2 * np.minimum.accumulate(kept).sum() - 1
    size = chains * count
    return float(size / max(time, 1 / np.log10(size)))


def _split(draws: Real) -> Real:
    half = draws.shape[1] // 2
    return np.concatenate([draws[:, :half], draws[:, -half:]])


def _normalised(draws: Real) -> Real:
    """Blom's normal scores of the ranks among all draws."""
    ranks = stats.rankdata(draws).reshape(draws.shape)
    scores: Real = stats.norm.ppf((ranks - 0.375) / (draws.size + 0.25))
    return scores


def _variances(draws: Real) -> tuple[float, float]:
    """The variance within chains, and that of all (equation 3)."""
    count = draws.shape[1]
    within = float(draws.var(axis=1, ddof=1).mean())
    between = float(draws.mean(axis=1).var(ddof=1))
    return within, within * (count - 1) / count + between


def _r_hat(draws: Real) -> float:
    within, total = _variances(draws)
    return float(np.sqrt(total / within)) if within > 0 else float("inf")


def _autocovariance(chain: Real) -> Real:
    """By lag, over the number of draws, by the fast Fourier transform."""
    count = len(chain)
    power = np.abs(np.fft.rfft(chain - chain.mean(), 2 * count)) ** 2
    made: Real = np.fft.irfft(power)[:count] / count
    return made
