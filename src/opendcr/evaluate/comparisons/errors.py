"""How far an estimate could stray were there no effect: errors drawn from areas not treated.

With few treated areas no standard error can be had from them. The areas that were not treated show
how large the error is (Conley and Taber 2011), after a correction for their sizes (Ferman and Pinto
2019): the fewer people, the larger the error.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from opendcr.streams import stream

Real = NDArray[np.float64]
DRAWS = 999  # sets of areas drawn where several areas were treated
_ROUNDS = 4  # of reweighting: the third changes the fourth digit
_TINY = 1e-9


@dataclass(frozen=True)
class Errors:
    """Errors of an estimate under no effect, one for each placebo, by which it is ranked."""

    draws: Real

    @property
    def floor(self) -> float:
        """The least p-value that the rank could give."""
        return 1 / (1 + len(self.draws))

    def p_value(self, estimate: float) -> float:
        """Two-sided, by rank: (1 + placebos at least as extreme) / (1 + placebos)."""
        extreme = np.abs(self.draws) >= abs(estimate) * (1 - _TINY)
        return float((1 + extreme.sum()) / (1 + len(self.draws)))

    def margin(self, level: float) -> float | None:
        """Half the width of the interval that holds what the rank test does not reject at this
        level; None where the floor is above the level, and it could reject nothing."""
        most = int(np.floor(level * (1 + len(self.draws)) + _TINY))
        return None if most == 0 else float(np.sort(np.abs(self.draws))[-most])


@dataclass(frozen=True)
class SizeVariance:
    """The variance of an area's residual by its size: constant + slope × `smallness`, which is one
    over the people or the events (Ferman and Pinto 2019, section 3).

    Several fits stand beside each other, one in each place of the arrays; `precision` is what each
    rests on: fits × 3, the sums of weights, of weights × smallness and of weights × its square.
    """

    constant: Real
    slope: Real
    precision: Real

    @classmethod
    def fitted(cls, squares: Real, smallness: Real, least: float = 0.0) -> "SizeVariance":
        """Fitted to squared residuals of areas; constant not below zero, slope not below `least`.

        Ferman and Pinto fit by least squares. As a square's own variance goes with the square of
        its mean, each round here weights by one over that (a gamma quasi-likelihood), without which
        the smallest areas alone would decide.
        """
        fitted = cls(np.zeros(1), np.ones(1), np.zeros((1, 3)))
        for _ in range(_ROUNDS):
            weights = 1 / fitted.of(smallness) ** 2
            fitted = cls._weighted(squares, smallness, weights[None, :], least)
        return fitted

    def without_each(self, squares: Real, smallness: Real, least: float = 0.0) -> "SizeVariance":
        """As many fits as areas, each without one of them, by the weights of this fit."""
        weights = 1 / self.of(smallness) ** 2 * (1 - np.eye(len(squares)))
        return self._weighted(squares, smallness, weights, least)

    @classmethod
    def _weighted(
        cls, squares: Real, smallness: Real, weights: Real, least: float
    ) -> "SizeVariance":
        """Weighted least squares within the bounds: `weights` are fits × areas."""
        sums = weights @ np.column_stack(
            [np.ones_like(smallness), smallness, smallness**2, squares, smallness * squares]
        )
        x, xx, y, xy = (sums[:, 1:] / sums[:, :1]).T
        spread = xx - x**2
        apart = spread > _TINY * x**2
        slope = np.where(apart, (xy - x * y) / np.where(apart, spread, 1.0), 0.0)
        slope = np.maximum(slope, least)
        over = y < slope * x  # the constant would be below zero: a line through zero instead
        slope = np.where(over, np.maximum(xy / xx, least), slope)
        return cls(np.where(over, 0.0, y - slope * x), slope, sums[:, :3])

    def of(self, smallness: Real) -> Real:
        """Variances of areas, by the one fit or each by its own."""
        return np.asarray(np.maximum(self.constant + self.slope * smallness, _TINY**2))

    def ranked_by(self, smallness: Real) -> Real:
        """Variances to standardise by: that of the area and that of the fit itself, relative to it.

        The mean of residual² / fitted variance is about 1 + the fit's relative variance, which is
        largest where an area's size is at the end of the range. A square of a normal residual has
        variance 2 × its mean², so that the fit's is 2 × (1, x) precision⁻¹ (1, x)'.
        """
        one, x, xx = self.precision.T
        whole = one * xx - x**2
        flat = whole <= _TINY * one * xx  # areas of one size
        line = xx - 2 * x * smallness + one * smallness**2
        own = 2 * np.where(flat, 1 / one, line / np.where(flat, 1.0, whole))
        variance = self.of(smallness)
        return np.asarray(variance + own / variance)


def deviations(squares: Real, donors: Real, treated: Real, least: float) -> tuple[Real, Real]:
    """Standard deviations of the donors' effects and of the treated areas', by their smallness.

    The treated areas' own effects are not in their variance; so neither is any donor's in its own.
    """
    variance = SizeVariance.fitted(squares, donors, least)
    others = variance.without_each(squares, donors, least)
    return np.sqrt(others.ranked_by(donors)), np.sqrt(variance.ranked_by(treated))


def errors(residuals: Real, spread: Real, treated: Real, seed: int) -> Real:
    """Errors of the treated areas' pooled estimate under no effect, drawn from donors' residuals.

    `residuals` are donors × anything and `spread` the donors' standard deviations; `treated` are
    the treated areas' standard deviations, each times the area's share in the pooled estimate. With
    one treated area there is an error for each donor; with several, one for each set drawn of as
    many donors. As each donor was compared with all others, those of its set among them, a set's
    mean is too small by (donors − set) / (donors − 1), exactly so for areas of one weight.
    """
    standard = (residuals.T / spread).T
    donors, count = len(residuals), len(treated)
    if count == 1:
        return np.asarray(standard * treated[0])
    apart = treated * (donors - 1) / (donors - count)
    return np.asarray(np.einsum("k,dk...->d...", apart, standard[_sets(donors, count, seed)]))


@lru_cache(maxsize=64)
def _sets(donors: int, count: int, seed: int) -> NDArray[np.int64]:
    """Sets of so many donors, in an order, none twice in a set: sets × count. All of them, where
    they are few: drawn again and again they would seem to be more evidence than they are."""
    rng = stream(seed, "sets of placebo areas", donors, count)
    if comb(donors, count) <= DRAWS:
        every = np.array(list(combinations(range(donors), count)))
        return np.ascontiguousarray(rng.permuted(every, axis=1))
    order = rng.permuted(np.tile(np.arange(donors), (DRAWS, 1)), axis=1)
    return np.ascontiguousarray(order[:, :count])


def floor(donors: int, treated: int) -> float:
    """The least p-value by rank among so many donors."""
    return 1 / (1 + min(comb(donors, treated), DRAWS))


def shrunken_covariance(rows: Real) -> Real:
    """The covariance of rows with mean zero: rows × values.

    Shrunken towards its diagonal by the intensity of Schäfer and Strimmer (Statistical Applications
    in Genetics and Molecular Biology 4:1, 2005, target D), so that it can be inverted though there
    be more values than rows.
    """
    count = len(rows)
    products = rows[:, :, None] * rows[:, None, :]
    covariance = products.mean(axis=0)
    apart = ~np.eye(rows.shape[1], dtype=bool)
    noise = (products.var(axis=0)[apart] / max(count - 1, 1)).sum()
    signal = (covariance[apart] ** 2).sum()
    share = min(1.0, noise / signal) if signal > 0 else 1.0
    diagonal = np.diag(np.maximum(np.diag(covariance), _TINY))
    return np.asarray((1 - share) * covariance + share * diagonal + _RIDGE * diagonal)


_RIDGE = (
    1e-3  # of the diagonal: the effects before sum to nothing, and a shrinkage of none is possible
)
