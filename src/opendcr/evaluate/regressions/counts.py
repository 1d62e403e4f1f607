"""Regressions of counts: log link, and the log of an exposure as offset.

Poisson, quasi-Poisson and negative binomial by iteratively reweighted least squares (McCullagh and
Nelder, Generalized Linear Models, 1989, section 2.5); and the same terms by ordinary least squares
where the outcome is no count. Written here and not taken from a package because power repeats a fit
tens of thousands of times; the tests hold it to an independent implementation.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, zeta

from opendcr.errors import InputError

Real = NDArray[np.float64]
Family = Literal["gaussian", "poisson", "quasi_poisson", "negative_binomial"]
FAMILIES: tuple[Family, ...] = get_args(Family)

_ROUNDS = 40  # Newton's method takes about six; where there is no finite estimate it never ends
_ROUNDING = 1e-7  # a change of the variance over the mean that counts as none
_CLOSE = 1e-9  # the greatest step of a linear predictor that counts as none
_LEAST_EXTRA = 1e-4  # extra variance, in parts of the mean count, under which a count is Poisson
_LONGEST = 5.0  # the greatest step that is made: hundredfold
_EXACT = 1e-22  # what rounding leaves of squared residuals, in parts of what is fitted
_COLLINEAR = 1e-9  # what is left of a column once the others are taken out, in parts of it


@dataclass(frozen=True)
class Regression:
    """What is regressed on what: `matrix` is periods × terms; an exposure is above zero.

    With a family of counts the outcome is a count, zero or more. The Gaussian has the identity
    link, and regresses the outcome for each unit of exposure.
    """

    family: Family
    terms: tuple[str, ...]
    matrix: Real
    outcome: Real
    exposure: Real | None = None
    where: str = "the regression"

    def __post_init__(self) -> None:
        periods, terms = self.matrix.shape
        assert self.outcome.shape == (periods,) and len(self.terms) == terms
        if periods <= terms:
            found = f"{periods} periods and {terms} coefficients ({', '.join(self.terms)})"
            raise InputError(self.where, found, "more periods than coefficients")
        if self.counts and bool((self.outcome < 0).any()):
            raise InputError(self.where, f"{self.outcome.min():g}", "counts, zero or more")

    @property
    def counts(self) -> bool:
        """Whether the link is the logarithm."""
        return self.family != "gaussian"

    @property
    def spare(self) -> int:
        """Periods less coefficients: the degrees of freedom that are left."""
        periods, terms = self.matrix.shape
        return int(periods - terms)

    @cached_property
    def offset(self) -> Real:
        """The log of the exposure."""
        return np.zeros(len(self.outcome)) if self.exposure is None else np.log(self.exposure)

    def means(self, coefficients: Real, matrix: Real | None = None) -> Real:
        """What is expected under these coefficients, on the outcome's scale, in these terms."""
        linear = (self.matrix if matrix is None else matrix) @ coefficients
        if self.counts:
            return np.exp(linear + self.offset)
        return linear if self.exposure is None else linear * self.exposure


@dataclass(frozen=True)
class Fit:
    """A fitted regression.

    `mean` is by period, on the outcome's scale. `extra` is the α of the negative binomial's
    variance μ + αμ² (zero elsewhere). `weighted` is W^½X, W being the weights of the last step, so
    that its cross-product is Fisher's information at dispersion 1; `residuals` are Pearson's.
    """

    regression: Regression
    coefficients: Real
    mean: Real
    extra: float
    weighted: Real
    residuals: Real

    @cached_property
    def inverse(self) -> Real:
        """The inverse of the information at dispersion 1."""
        triangle = np.linalg.inv(np.linalg.qr(self.weighted, mode="r"))
        return triangle @ triangle.T

    @cached_property
    def dispersion(self) -> float:
        """Pearson's χ² over its degrees of freedom (McCullagh and Nelder 1989, section 6.2.4); the
        variance of the residuals where the family is Gaussian."""
        return float(self.residuals @ self.residuals) / self.regression.spare

    @cached_property
    def covariance(self) -> Real:
        """Of the coefficients, if the family is right and periods are independent."""
        estimated = self.regression.family in ("gaussian", "quasi_poisson")
        return self.inverse * (self.dispersion if estimated else 1.0)


def fitted(regression: Regression) -> Fit:
    """The estimates by maximum (quasi-)likelihood.

    Raises InputError where terms are collinear, the outcome is always the same, or an estimate is
    not finite: a term's periods have no events (separation).
    """
    _varies(regression)
    basis, triangle = np.linalg.qr(regression.matrix)
    _independent(regression, triangle)
    find = _likeliest if regression.counts else _least_squares
    return _inexact(find(regression, basis, triangle))


def _likeliest(regression: Regression, basis: Real, triangle: Real) -> Fit:
    search = _Search(regression, basis, triangle)
    linear = search.linear(search.start(), 0.0)
    extra = 0.0
    if regression.family == "negative_binomial":
        linear, extra = search.jointly(linear)
    mean = np.exp(linear)
    root = np.sqrt(mean / (1 + extra * mean))
    return Fit(
        regression,
        search.coefficients(linear),
        mean,
        extra,
        regression.matrix * root[:, None],
        (regression.outcome - mean) / mean * root,
    )


def _inexact(fit: Fit) -> Fit:
    """The fit; InputError where it leaves nothing to estimate a variance from."""
    linear = fit.weighted @ fit.coefficients
    size = fit.mean.sum() if fit.regression.counts else linear @ linear
    if fit.residuals @ fit.residuals <= _EXACT * size:
        found = f"a series that {', '.join(fit.regression.terms)} describe exactly"
        raise InputError(fit.regression.where, found, "an outcome that varies about them")
    return fit


def _varies(regression: Regression) -> None:
    if not regression.outcome.any() and regression.counts:
        raise InputError(regression.where, "no event in any period", "counts that vary")
    if np.ptp(regression.outcome) == 0:
        found = f"{regression.outcome[0]:g} in every period"
        raise InputError(regression.where, found, "an outcome that varies")


def _independent(regression: Regression, triangle: Real) -> None:
    """Raises InputError for the first term that is a combination of those before it."""
    size = np.sqrt((regression.matrix**2).sum(axis=0))
    left = np.abs(np.diag(triangle))
    wrong = np.flatnonzero(left <= _COLLINEAR * size)
    if wrong.size:
        term = regression.terms[wrong[0]]
        found = f"'{term}' cannot be told from the terms {', '.join(regression.terms[: wrong[0]])}"
        raise InputError(regression.where, found, "terms that differ in these periods")


def _least_squares(regression: Regression, basis: Real, triangle: Real) -> Fit:
    exposure = regression.exposure
    outcome = regression.outcome if exposure is None else regression.outcome / exposure
    coefficients = _solved(triangle, basis.T @ outcome)
    residuals = outcome - regression.matrix @ coefficients
    mean = regression.means(coefficients)
    return Fit(regression, coefficients, mean, 0.0, regression.matrix, residuals)


def _solved(matrix: Real, right: Real) -> Real:
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


@dataclass(frozen=True)
class _Search:
    """The search for the maximum, in an orthonormal basis of the terms' space.

    What is moved is the linear predictor, the offset included.
    """

    regression: Regression
    basis: Real
    triangle: Real

    def start(self) -> Real:
        """Where the search begins: halfway between each count and what one rate would give."""
        outcome, offset = self.regression.outcome, self.regression.offset
        exposure = np.exp(offset)
        alike = exposure * (outcome.sum() / exposure.sum())
        halfway: Real = np.log((outcome + alike) / 2)
        return halfway

    def coefficients(self, linear: Real) -> Real:
        return _solved(self.triangle, self.basis.T @ (linear - self.regression.offset))

    def step(self, linear: Real, extra: float) -> Real:
        """The linear predictor after one step of Newton's, as reweighted least squares: weights are
        the observed information, with which the likelihood of both families is concave."""
        mean, offset, outcome = np.exp(linear), self.regression.offset, self.regression.outcome
        grown = 1 + extra * mean
        weight = mean * (1 + extra * outcome) / grown**2
        working = linear - offset + (outcome - mean) / (grown * weight)
        weighted = self.basis * weight[:, None]
        turned = _solved(weighted.T @ self.basis, weighted.T @ working)
        moved: Real = self.basis @ turned + offset
        return moved

    def linear(self, begin: Real, extra: float) -> Real:
        """The linear predictor at the maximum, α being given."""
        linear = begin
        for _ in range(_ROUNDS):
            moved = self._safe(linear, extra)
            if np.abs(moved - linear).max() < _CLOSE:
                return moved
            linear = moved
        raise self._endless(linear)

    def jointly(self, linear: Real) -> tuple[Real, float]:
        """The linear predictor and α at the maximum of both, by turns (they are orthogonal: Lawless,
        Canadian Journal of Statistics 15:3, 1987, equation 3.1)."""
        extra, usual = 0.0, float(np.exp(linear).mean())
        for _ in range(_ROUNDS):
            found = extra_of(self.regression.outcome, np.exp(linear), extra)
            # Near the boundary α itself is rounding: what counts is the variance, 1 + αμ.
            if found == 0.0 or abs(found - extra) < _CLOSE * found + _ROUNDING / usual:
                return linear, found
            extra = found
            linear = self.linear(linear, extra)
        raise InputError(self.regression.where, "counts whose extra variance has no one estimate",
                         "a series that a negative binomial can describe")  # fmt: skip

    def _safe(self, linear: Real, extra: float) -> Real:
        """A step, no longer than a hundredfold: the counts of one period may be far off at first."""
        try:
            moved = self.step(linear, extra)
        except np.linalg.LinAlgError:
            raise self._endless(linear) from None
        longest = np.abs(moved - linear).max()
        return moved if longest < _LONGEST else linear + (moved - linear) * (_LONGEST / longest)

    def _endless(self, linear: Real) -> InputError:
        """The error for a search that moves on and on, naming the term that it has moved."""
        moved = self.coefficients(linear) - self.coefficients(self.start())
        reach = np.abs(moved) * np.abs(self.regression.matrix).max(axis=0)
        term = self.regression.terms[int(np.argmax(reach))]
        found = f"no finite estimate of '{term}': no events in the periods that would tell"
        return InputError(self.regression.where, found, "events on either side of every term")


def extra_of(outcome: Real, mean: Real, begin: float = 0.0) -> float:
    """The α of the variance μ + αμ² by maximum likelihood, the means being given; 0 at the boundary,
    where counts vary no more than Poisson's (Lawless 1987, equation 2.5, in log α)."""
    least = _LEAST_EXTRA / float(mean.mean())
    if _score(outcome, mean, least)[0] <= 0:
        return 0.0
    low, high = np.log(least), np.log(1e6 / float(mean.mean()))
    moment = float(((outcome - mean) ** 2 - mean).sum() / (mean**2).sum())
    at = float(np.log(begin or max(moment, 2 * least)))
    for _ in range(200):
        value, slope = _score(outcome, mean, float(np.exp(at)))
        low, high = (at, high) if value > 0 else (low, at)
        moved = at - value / slope if slope < 0 else np.inf
        moved = moved if low < moved < high else (low + high) / 2
        if abs(moved - at) < _CLOSE / 10:
            break
        at = float(moved)
    return float(np.exp(at))


def _score(outcome: Real, mean: Real, extra: float) -> tuple[float, float]:
    """The first and second derivative of the log-likelihood in log α."""
    size, grown = 1 / extra, np.log1p(extra * mean)
    spread = (outcome - mean) / (size + mean)
    first = -size * (digamma(outcome + size) - digamma(size) - grown - spread).sum()
    bend = zeta(2, outcome + size) - zeta(2, size)  # the trigamma function
    bend = bend + mean / (size * (size + mean)) + (outcome - mean) / (size + mean) ** 2
    return float(first), float(size**2 * bend.sum() - first)
