"""What a segmented regression says of the periods from the start on: with its terms, and without."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import exp, expm1, log, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from opendcr.evaluate.estimate import Bounds, Coefficient, Interval
from opendcr.evaluate.regressions.counts import Fit
from opendcr.evaluate.regressions.segments import Segments

Real = NDArray[np.float64]
_FAR = 50.0  # the log of a ratio that is as good as none, and still a number


@dataclass(frozen=True)
class Contrast:
    """A fit, the covariance of its coefficients, and what its intervals are made with.

    `start` is the index of the first period after; `freedom` are degrees of freedom of Student's t;
    intervals hold 1 − `level`.
    """

    fit: Fit
    segments: Segments
    start: int
    covariance: Real
    freedom: float
    level: float

    @cached_property
    def quantile(self) -> float:
        """Student's."""
        return float(stdtrit(self.freedom, 1 - self.level / 2))

    @cached_property
    def exposure(self) -> Real:
        """By period; 1 where there is none."""
        known = self.fit.regression.exposure
        return np.ones(len(self.fit.mean)) if known is None else known

    @cached_property
    def expected(self) -> Real:
        """What would have been, on the outcome's scale."""
        return self.fit.regression.means(self.fit.coefficients, self.segments.without)

    @cached_property
    def p_value(self) -> float:
        """Of no effect on the mean, two-sided, by Student's t: the test whose interval the relative
        one is, so that it is under a level where that level's interval leaves out none."""
        if self.fit.regression.counts:
            value, gradient = self._log_ratio(np.ones(len(self.exposure)))
        else:
            value, gradient = self._gap(self.exposure[self.start :])
        return float(2 * stdtr(self.freedom, -abs(value) / self._error(gradient)))

    def coefficients(self) -> Mapping[str, Coefficient]:
        """By term, on the link's scale."""
        errors = np.sqrt(np.diag(self.covariance))
        reach = self.quantile * errors
        estimates = self.fit.coefficients
        rows = zip(self.segments.names, estimates, errors, estimates - reach, estimates + reach,
                   strict=True)  # fmt: skip
        return {name: Coefficient(*map(float, row)) for name, *row in rows}

    def bounds(self) -> Bounds:
        """The intervals."""
        low, high = self._by_period()
        if not self.fit.regression.counts:
            people = self.exposure[self.start :]
            each = self._around(*self._gap(np.full(len(people), 1 / len(people))))
            return Bounds(low, high, each, self._quotient(), self._around(*self._gap(people)))
        relative = self._ratio(np.ones(len(self.exposure)))
        rates = relative if self.fit.regression.exposure is None else self._ratio(1 / self.exposure)
        happened = self.fit.mean[self.start :]
        ratios = expm1(relative[0]), expm1(relative[1])
        mean = float((happened / self.exposure[self.start :]).mean())
        total = float(happened.sum())
        return Bounds(low, high, _absolute(mean, rates), ratios, _absolute(total, relative))

    def _ratio(self, weights: Real) -> Interval:
        """The interval of the log of Σ means / Σ what would have been."""
        low, high = self._around(*self._log_ratio(weights))
        return max(low, -_FAR), min(high, _FAR)

    def _log_ratio(self, weights: Real) -> tuple[float, Real]:
        """The log of Σ means / Σ what would have been, and its gradient by coefficient (for the
        delta method)."""
        here, there = (
            (weights * self.fit.mean)[self.start :],
            (weights * self.expected)[self.start :],
        )
        with_terms, without = (
            self.segments.matrix[self.start :],
            self.segments.without[self.start :],
        )
        gradient = here @ with_terms / here.sum() - there @ without / there.sum()
        return log(here.sum() / there.sum()), gradient

    def _gap(self, weights: Real) -> tuple[float, Real]:
        """A weighed sum of differences under the identity link, and its gradient: exact in normal
        errors."""
        gap = weights @ (self.segments.matrix - self.segments.without)[self.start :]
        return float(gap @ self.fit.coefficients), gap

    def _quotient(self) -> Interval | None:
        """Fieller's interval of Σ means / Σ what would have been, less 1 (Fieller, Journal of the
        Royal Statistical Society B 16:2, 1954); None where it has no two ends."""
        weights = self.exposure[self.start :]
        above = weights @ self.segments.matrix[self.start :]
        below = weights @ self.segments.without[self.start :]
        over, under = float(above @ self.fit.coefficients), float(below @ self.fit.coefficients)
        squared = self.quantile**2
        cross = over * under - squared * float(above @ self.covariance @ below)
        last = under**2 - squared * float(below @ self.covariance @ below)
        root = cross**2 - last * (over**2 - squared * float(above @ self.covariance @ above))
        if last <= 0 or root < 0:
            return None
        return (cross - sqrt(root)) / last - 1, (cross + sqrt(root)) / last - 1

    def _around(self, value: float, gradient: Real) -> Interval:
        reach = self.quantile * self._error(gradient)
        return value - reach, value + reach

    def _error(self, gradient: Real) -> float:
        return sqrt(float(gradient @ self.covariance @ gradient))

    def _by_period(self) -> tuple[Real, Real]:
        """Observed less the ends of the interval of an observation that the terms before the start
        predict: of the mean and of the noise about it."""
        without, mean = self.segments.without, self.expected
        spread = ((without @ self.covariance) * without).sum(axis=1)
        regression = self.fit.regression
        if regression.counts:
            known = regression.family in ("poisson", "negative_binomial")
            noise = 1.0 if known else self.fit.dispersion
            spread = mean**2 * spread + noise * mean * (1 + self.fit.extra * mean)
            reach = self.quantile * np.sqrt(spread)
            least = np.maximum(mean - reach, 0.0) / self.exposure
            rates = regression.outcome / self.exposure
            return rates - (mean + reach) / self.exposure, rates - least
        reach = self.quantile * np.sqrt(spread + self.fit.dispersion)
        gap = (regression.outcome - mean) / self.exposure
        return gap - reach, gap + reach


def _absolute(happened: float, logs: Interval) -> Interval:
    """The part of what happened that a ratio between these logs makes: happened × (1 − 1/ratio)
    (the attributable number: Steenland and Armstrong, Epidemiology 17:5, 2006)."""
    return happened * (1 - exp(-logs[0])), happened * (1 - exp(-logs[1]))
