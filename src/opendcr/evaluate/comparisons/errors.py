"""How far an estimate could stray were there no effect: errors drawn from areas not treated.

With few treated areas no standard error can be had from them. The areas that were not treated show
how large the error is (Conley and Taber 2011), after a correction for their sizes (Ferman and Pinto
2019): the fewer people, the larger the error.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from math import comb, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from opendcr.errors import InputError
from opendcr.evaluate.kernel.sets import pooled
from opendcr.evaluate.kernel.size_variance import weighted
from opendcr.streams import stream

Real = NDArray[np.float64]
SETS = 20_000  # of areas, where several areas were treated: all of them, or so many drawn
_ROUNDS = 4  # of reweighting: the third changes the fourth digit
HALF = 0.5  # event added to both counts of a ratio, so that its logarithm is always there
_TINY = 1e-9
_LEAST = 1e-150  # variance, of which one over the square is still a number
_SMALLEST = 1e-6  # variance in a fit, of the largest: so that no area decides alone


@dataclass(frozen=True)
class Errors:
    """Errors of an estimate under no effect, one for each placebo, by which it is ranked.

    `areas` says of how many areas they are where placebos are sets of several areas.
    """

    draws: Real
    areas: int | None = None

    @property
    def floor(self) -> float:
        """The least p-value that the rank could give."""
        return self._known(1 / (1 + len(self.draws)))

    def p_value(self, estimate: float) -> float:
        """Two-sided, by rank: (1 + placebos at least as extreme) / (1 + placebos)."""
        return self._known(rank_p(estimate, self.draws))

    def margin(self, level: float) -> float | None:
        """Half the width of the interval that holds what the rank test does not reject at this
        level; None where the floor is above the level, and it could reject nothing."""
        rank = level if self.areas is None else of_sets(level, self.areas)
        most = int(np.floor(rank * (1 + len(self.draws)) + _TINY))
        return None if most == 0 else float(np.partition(np.abs(self.draws), -most)[-most])

    def chance(self, estimate: float) -> float:
        """The standard error that the p-value has because so many sets were drawn, and not all."""
        p = self.p_value(estimate)
        rank = p if self.areas is None else of_sets(p, self.areas)
        return self._known(min(rank + sqrt(rank * (1 - rank) / len(self.draws)), 1.0)) - p

    def _known(self, p: float) -> float:
        return p if self.areas is None else by_areas(p, self.areas)


def rank_p(own: float, placebos: Real) -> float:
    """(1 + placebos at least as extreme) / (1 + placebos), of absolute values."""
    extreme = np.abs(placebos) >= abs(own) * (1 - _TINY)
    return (1 + int(extreme.sum())) / (1 + len(placebos))


def by_areas(p: float, areas: int) -> float:
    """A two-sided p-value by rank among sets of areas, as so many areas allow it.

    Sets overlap: however many there are, their spread is known by one degree of freedom fewer than
    areas, as that of the areas themselves (a mean of k of n areas beside the others has, over all
    sets, the areas' own sample variance times a constant; Cochran, "Sampling Techniques", 1977,
    theorem 2.2). The rank stands for a normal quantile given that spread; it is read as Student's.
    """
    return float(2 * special.stdtr(areas - 1, special.ndtri(p / 2)))


def of_sets(p: float, areas: int) -> float:
    """The rank among sets that stands for a p-value: the inverse of `by_areas`."""
    return float(2 * special.ndtr(special.stdtrit(areas - 1, p / 2)))


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
        """Fitted to squared residuals: of areas, or fits × areas. Constant not below zero, slope
        not below `least`.

        Ferman and Pinto fit by least squares. As a square's own variance goes with the square of
        its mean, each round here weights by one over that (a gamma quasi-likelihood), without which
        the smallest areas alone would decide.
        """
        squares = np.atleast_2d(squares)
        variance = np.broadcast_to(smallness, squares.shape)
        for _ in range(_ROUNDS):
            lowest = np.maximum(_SMALLEST * variance.max(axis=1, keepdims=True), _LEAST)
            weights = np.maximum(variance, lowest) ** -2.0
            fitted = cls._weighted(squares, smallness, weights, least)
            variance = fitted.of(smallness[:, None]).T
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
        found = weighted(
            np.ascontiguousarray(np.atleast_2d(squares)),
            np.ascontiguousarray(smallness),
            np.ascontiguousarray(weights),
            least,
        )
        return cls(found[:, 0], found[:, 1], found[:, 2:])

    def of(self, smallness: Real) -> Real:
        """Variances of areas, by the one fit or each by its own."""
        return np.asarray(np.maximum(self.constant + self.slope * smallness, _LEAST))

    def freedom(self, smallness: float, areas: int) -> Real:
        """How many areas of one size would tell their variance as well as these do: degrees of
        freedom after Satterthwaite (Biometrics Bulletin 2:6, 1946), 2 V² / var(V). No fewer than 2,
        no more than the areas less one."""
        variance = self.of(np.array(smallness))
        return np.asarray(np.clip(2 * variance**2 / self._own(smallness), 2, areas - 1))

    def sharing(self, part: float) -> "SizeVariance":
        """The same from placebos that overlap, which tell as much as this part of them apart."""
        return replace(self, precision=self.precision * part)

    def _own(self, smallness: Real | float) -> Real:
        """The variance of the fitted variances themselves, at these sizes.

        A square of a normal residual has variance 2 × its mean², so that the fit's is
        2 × (1, x) precision⁻¹ (1, x)'.
        """
        one = self.precision[:, 0]
        x, xx = self.precision[:, 1] / one, self.precision[:, 2] / one
        whole = xx - x**2
        flat = whole <= _TINY * xx  # areas of one size
        line = xx - 2 * x * smallness + smallness**2
        return np.asarray(2 / one * np.where(flat, 1.0, line / np.where(flat, 1.0, whole)))

    def ranked_by(self, smallness: Real) -> Real:
        """Variances to standardise by: that of the area and that of the fit itself, relative to it.

        The mean of residual² / fitted variance is about 1 + the fit's relative variance, which is
        largest where an area's size is at the end of the range.
        """
        variance = self.of(smallness)
        return np.asarray(variance + self._own(smallness) / variance)


def deviations(squares: Real, donors: Real, treated: Real, least: float) -> tuple[Real, Real]:
    """Standard deviations of the donors' effects and of the treated areas', by their smallness.

    The treated areas' own effects are not in their variance; so neither is any donor's in its own.
    """
    variance = SizeVariance.fitted(squares, donors, least)
    others = variance.without_each(squares, donors, least)
    return np.sqrt(others.ranked_by(donors)), np.sqrt(variance.ranked_by(treated))


@dataclass(frozen=True)
class Wider:
    """How many times as large the error of counts is under an effect as under none, by the ratio of
    observed to expected events.

    `variance` is that of no effect; `events` are those expected then of each treated area, and
    `shares` the areas' parts in the effect. With so many times the events, their logarithm varies
    by Poisson's law as one over them; what else strays stays as it is.
    """

    variance: float
    events: Real
    shares: Real

    def __call__(self, ratios: Real) -> Real:
        """By ratio."""
        more = 1 / (ratios[:, None] * self.events + HALF) - 1 / (self.events + HALF)
        least = _TINY * self.variance
        return np.asarray(
            np.sqrt(np.maximum(self.variance + more @ self.shares**2, least) / self.variance)
        )


def errors(residuals: Real, spread: Real, treated: Real) -> Real:
    """Errors of the treated areas' pooled estimate under no effect, made of donors' residuals.

    `residuals` are donors × anything and `spread` the donors' standard deviations; `treated` are
    the treated areas' standard deviations, each times the area's share in the pooled estimate. With
    one treated area there is an error for each donor; with several, one for each set of as many
    donors, whose members stand for the treated areas from the largest in `treated` to the smallest:
    the order in which areas are named is no choice. As each donor was compared with all others,
    those of its set among them, a set's mean is too small by (donors − set) / (donors − 1), exactly
    so for areas of one weight.
    """
    standard = (residuals.T / spread).T
    donors, count = len(residuals), len(treated)
    if count == 1:
        return np.asarray(standard * treated[0])
    apart = np.sort(treated)[::-1] * (donors - 1) / (donors - count)
    columns = np.ascontiguousarray(standard.reshape(donors, -1).T)
    found = pooled(columns, np.ascontiguousarray(apart), _sets(donors, count))
    return np.asarray(found.T.reshape(-1, *residuals.shape[1:]))


def _set_count(donors: int, count: int) -> int:
    return min(comb(donors, count), SETS)


@lru_cache(maxsize=16)
def _sets(donors: int, count: int) -> NDArray[np.int64]:
    """Sets of so many donors, in an order, none twice in a set: sets × count. All of them, where
    they are few: drawn again and again they would seem to be more evidence than they are. The same
    whatever the study's seed, so that no seed is better than another."""
    rng = stream(1, "sets of placebo areas", donors, count)
    if comb(donors, count) <= SETS:
        every = np.array(list(combinations(range(donors), count)))
        return np.ascontiguousarray(rng.permuted(every, axis=1))
    order = rng.permuted(np.tile(np.arange(donors), (SETS, 1)), axis=1)
    return np.ascontiguousarray(order[:, :count])


def floor(donors: int, treated: int) -> float:
    """The least p-value by rank among so many donors."""
    least = 1 / (1 + _set_count(donors, treated))
    return least if treated == 1 else by_areas(least, donors)


def drawn(ranked: Errors, estimate: float, members: int) -> str:
    """What to say of chance in the p-value, where placebos are some of all groups of areas: a
    sentence, or nothing."""
    areas, count = ranked.areas, len(ranked.draws)
    if areas is None or count >= comb(areas, members):
        return ""
    return (
        f" {count:,} of {comb(areas, members):,} groups of areas were drawn, so that p has a Monte "
        f"Carlo error of {ranked.chance(estimate):.2g}."
    )


def alike(where: str, residuals: Real, scale: float) -> None:
    """Raises InputError where the placebos' residuals, beside a scale, are nothing but rounding:
    the areas all move alike, and no error can be known from them."""
    if not np.abs(residuals).max(initial=0.0) > _TINY * scale:
        found = "areas compared with whose outcomes all move exactly alike"
        raise InputError(where, found, "areas that differ, by which the error can be known")


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
