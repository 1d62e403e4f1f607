"""Covariances of a regression's coefficients where periods are not independent."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.regressions.counts import Fit

Real = NDArray[np.float64]
_LEAST_FREEDOM = 2.0
_ALONE = 1e-8  # what is left of a period's leverage
_GRID = np.linspace(0.0, 0.98, 99)  # autocorrelations that are told apart


def newey_west(fit: Fit, lags: int | None = None) -> Real:
    """The covariance of Newey and West (Econometrica 55:3, 1987), Bartlett's weights, times
    n/(n − p); `lags` by Andrews's rule where they are not said.

    Raises InputError where a period has a term to itself: it is fitted exactly, and an error that is
    made of residuals would be nothing.
    """
    lever = ((fit.weighted @ fit.inverse) * fit.weighted).sum(axis=1).max()
    if lever > 1 - _ALONE:
        raise InputError(fit.regression.where, "a period that alone tells a term's estimate",
                         "errors of another kind than Newey and West's, or more periods")  # fmt: skip
    scores = fit.weighted * fit.residuals[:, None]
    periods = len(scores)
    meat, most = scores.T @ scores, automatic_lags(scores) if lags is None else lags
    for lag in range(1, most + 1):
        crossed = scores[lag:].T @ scores[:-lag]
        meat = meat + (1 - lag / (most + 1)) * (crossed + crossed.T)
    return np.asarray(fit.inverse @ meat @ fit.inverse * (periods / fit.regression.spare))


def automatic_lags(scores: Real) -> int:
    """The lags for Bartlett's weights: Andrews (Econometrica 59:3, 1991), equations 6.2 and 6.4,
    each score taken for an autoregression of the first order."""
    before, after = scores[:-1], scores[1:]
    rho = np.clip((before * after).sum(axis=0) / (before**2).sum(axis=0), -0.97, 0.97)
    size = ((after - rho * before) ** 2).mean(axis=0) ** 2
    above = (4 * rho**2 * size / ((1 - rho) ** 6 * (1 + rho) ** 2)).sum()
    below = (size / (1 - rho) ** 4).sum()
    lags = 1.1447 * (above / below * len(scores)) ** (1 / 3)
    return int(min(lags, len(scores) // 2))


@dataclass(frozen=True)
class Autoregressive:
    """The covariance if residuals follow an autoregression of the first order."""

    covariance: Real
    rho: float
    dispersion: float

    def freedom(self, spare: float) -> float:
        """The degrees of freedom of as many independent periods, of so many: n(1 − ρ)/(1 + ρ)
        (Bayley and Hammersley, Supplement to the Journal of the Royal Statistical Society 8:2,
        1946, for a mean)."""
        return max(spare * (1 - self.rho) / (1 + self.rho), min(spare, _LEAST_FREEDOM))


def autoregressive(fit: Fit) -> Autoregressive:
    """The sandwich whose middle has the correlations ρ^|s − t|.

    ρ ≥ 0 and the dispersion are those under which the residuals' sums of squares and of lagged
    products would be expected to be as they are, given that residuals of a regression are smaller
    than the errors and less alike.
    """
    periods = len(fit.residuals)
    apart, powers = _apart(periods), _powers(periods)
    basis = np.linalg.qr(fit.weighted)[0]
    maker = np.eye(periods) - basis @ basis.T
    lagged = np.zeros_like(maker)
    lagged[:-1] += maker[1:]
    lagged[1:] += maker[:-1]
    squares = powers @ np.bincount(apart, maker.ravel())
    products = powers @ np.bincount(apart, (maker @ lagged).ravel()) / 2
    there = fit.residuals
    found = float(there[1:] @ there[:-1]) / float(there @ there)
    rho = float(np.interp(found, np.maximum.accumulate(products / squares), _GRID))
    dispersion = float(there @ there) / float(np.interp(rho, _GRID, squares))
    middle = fit.weighted.T @ (rho ** apart.reshape(periods, periods)) @ fit.weighted
    return Autoregressive(fit.inverse @ middle @ fit.inverse * dispersion, rho, dispersion)


@lru_cache(maxsize=8)
def _apart(periods: int) -> NDArray[np.int64]:
    """How many periods lie between each two, in a row."""
    at = np.arange(periods)
    return np.asarray(np.abs(at[:, None] - at).ravel())


@lru_cache(maxsize=8)
def _powers(periods: int) -> Real:
    """Each autocorrelation of the grid to the power of each distance."""
    return np.asarray(_GRID[:, None] ** np.arange(periods))
