"""The covariance of a regression's coefficients where periods are not independent."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.regressions.counts import Fit

Real = NDArray[np.float64]
_LEAST_FREEDOM = 2.0
_GRID = np.linspace(0.0, 0.98, 99)  # autocorrelations that are told apart


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
