"""One answer of many: the mixture of a design's answers over draws of what is not known.

The law of total probability, which for draws of missing data is how Bayesian inference after
multiple imputation is done (Zhou and Reiter 2010, The American Statistician 64:159). Rubin's rules
(1987) are its normal approximation; the mixture keeps an interval that is not symmetrical as it is.

A fit's figure is read as a confidence distribution: its median is the estimate, its interval holds
1 − level, half of its p-value lies beyond no effect, and it is normal in between and beyond; where
it has no upper end, what lies beyond the last of these points lies at no finite value. Interval and
p-value of the mixture are two readings of one distribution: where each fit's agree, so do these.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from opendcr.evaluate.estimate import Coefficient, Estimate, Interval, Part, PeriodEffect, Untold

Real = NDArray[np.float64]
_Ends = tuple[float, float, float]
_T = TypeVar("_T", Coefficient, Part)
_LEAST = 1e-9  # of 1 + relative effect, where nothing may be left
_LEAST_P = 1e-300
_FAR = 40.0  # standard errors beyond which a normal distribution holds nothing
_THIN = 1e-12


@dataclass(frozen=True)
class _Side:
    """One side of the fits' distributions: how many standard errors away from the median what lies
    so far from it is. By fit, through up to two points (`far` from the median, `at` standard
    errors) and on with the slope `wide` for each standard error. An infinite end is never reached:
    beyond the other point, or the median, no finite value is more standard errors away."""

    far: tuple[Real, Real]
    at: tuple[Real, Real]
    wide: Real

    @classmethod
    def of(cls, end: Real, reach: float, zero: Real, rejects: Real) -> "_Side":
        """The side with an interval's end, and no effect `zero` away at `rejects` standard errors;
        where these do not agree with each other, or lie on the other side, without the latter."""
        end = np.maximum(end, _THIN)
        beyond = (zero > end) & (rejects > reach) | (zero < end) & (rejects < reach)
        fits = (zero > _THIN) & (rejects > 0) & beyond
        zero, rejects = np.where(fits, zero, end), np.where(fits, rejects, reach)
        far = np.minimum(zero, end), np.maximum(zero, end)
        return cls(far, (np.minimum(rejects, reach), np.maximum(rejects, reach)), end / reach)

    def errors(self, away: Real) -> Real:
        """Standard errors by fit, for a distance by fit."""
        (near, far), (least, most) = self.far, self.at
        with np.errstate(invalid="ignore"):  # of what lies beyond an infinite end
            between = least + (away - near) * (most - least) / np.maximum(far - near, _THIN)
            beyond = most + (away - far) / self.wide
        return np.where(away <= near, least * away / near, np.where(away <= far, between, beyond))

    @property
    def most(self) -> Real:
        """A distance beyond which nothing lies, or nothing finite."""
        known = np.where(np.isfinite(self.far[0]), self.far[0], 0.0)
        return np.where(np.isfinite(self.wide), self.far[1] + _FAR * self.wide, known)


@dataclass(frozen=True)
class Figure:
    """One figure by fit: lower end, estimate, upper end (fits × 3), and the fits' p-values of no
    effect, where they have any."""

    ends: Real
    level: float
    p_values: Real | None = None

    @property
    def interval(self) -> Interval:
        """What holds 1 − level of the mixture."""
        if (self.ends == self.ends[0]).all():
            return float(self.ends[0, 0]), float(self.ends[0, 2])
        return self.quantile(self.level / 2), self.quantile(1 - self.level / 2)

    def quantile(self, share: float) -> float:
        """The value that so large a share of the mixture does not exceed; infinite where no value
        is so large."""
        middle, below, above = self._read

        def beyond(value: float) -> float:
            gap = value - middle
            errors = np.where(gap < 0, -below.errors(-gap), above.errors(gap))
            return float(ndtr(errors).mean()) - share

        lowest, highest = float((middle - below.most).min()), float((middle + above.most).max())
        if beyond(highest) < 0:
            return math.inf
        return float(brentq(beyond, lowest, highest, xtol=1e-12))

    @property
    def _read(self) -> tuple[Real, _Side, _Side]:
        low, middle, high = self.ends.T
        middle, reach = np.clip(middle, low, high), float(ndtri(1 - self.level / 2))
        p_values = np.ones(len(middle)) if self.p_values is None else self.p_values
        rejects = -ndtri(np.clip(p_values, _LEAST_P, 1.0) / 2)
        return (
            middle,
            _Side.of(middle - low, reach, middle, rejects),
            _Side.of(high - middle, reach, -middle, rejects),
        )


def mixed(found: Estimate, fits: Sequence[Estimate], level: float) -> Estimate:
    """An answer with the intervals, standard errors and p-value of the mixture of others, which are
    the same design's of draws of the data; its estimates stay where they are.

    What one of the fits does not have (an end of its interval) the mixture has not.
    """
    p_values = _all([one.p_value for one in fits])

    def over(read: Callable[[Estimate], Any], estimate: Callable[[Estimate], float]) -> Any:
        rows = [_ends(read(one), estimate(one)) for one in fits]
        low, high = _interval(rows, level, p_values)
        return None if low is None else (low, high)

    untold = _untold(found, fits)
    told = {name: one for name, one in (found.parts or {}).items() if name not in untold}
    return replace(
        found,
        effect=tuple(_period(one, at, fits, level) for at, one in enumerate(found.effect)),
        interval=over(lambda one: one.interval, lambda one: one.average_effect),
        relative_interval=_relative(found, fits, level),
        cumulative_interval=over(lambda one: one.cumulative_interval, lambda one: one.cumulative),
        p_value=None if p_values is None else _p_value(fits, p_values),
        coefficients=_each(
            found.coefficients, [one.coefficients for one in fits], level, _coefficient
        ),
        parts=None
        if found.parts is None
        else _each(told, [one.parts for one in fits], level, _part),
        untold=untold,
    )


def _untold(found: Estimate, fits: Sequence[Estimate]) -> dict[str, Untold]:
    """The parts that the answer or one of the fits does not have."""
    why = "with some of what late reports may bring it cannot be had"
    lost = {
        name: Untold(why, one.displacement)
        for name, one in (found.parts or {}).items()
        if any(name not in (fit.parts or {}) for fit in fits)
    }
    return {**found.untold, **lost}


def logarithms(fits: Sequence[Estimate], level: float) -> Figure | None:
    """The relative effect by fit, as logarithms of 1 + it; None where a fit has no interval."""
    rows = [_ends(one.relative_interval, one.relative_effect) for one in fits]
    if None in rows:
        return None
    return Figure(_logs(rows), level, _all([one.p_value for one in fits]))


def _logs(rows: Sequence[_Ends | None]) -> Real:
    return np.asarray(np.log(np.maximum(1 + np.array(rows, dtype=float), _LEAST)))


def _each(
    found: Mapping[str, _T] | None,
    fits: Sequence[Mapping[str, _T] | None],
    level: float,
    of: Callable[[_T, Sequence[_T], float], _T],
) -> dict[str, _T] | None:
    """Figures by name."""
    if found is None:
        return None
    known = [one for one in fits if one is not None]
    return {name: of(one, [fit[name] for fit in known], level) for name, one in found.items()}


def _relative(found: Estimate, fits: Sequence[Estimate], level: float) -> Interval | None:
    whole = None if found.relative_interval is None else logarithms(fits, level)
    if whole is None:
        return None
    low, high = whole.interval
    return math.expm1(low), math.expm1(high)


def _p_value(fits: Sequence[Estimate], p_values: Real) -> float:
    """Twice the lesser share of the mixture on either side of no effect."""
    above = np.array([one.relative_effect > 0 for one in fits])
    under = float(np.where(above, p_values / 2, 1 - p_values / 2).mean())
    return min(1.0, 2 * min(under, 1 - under))


def _period(one: PeriodEffect, at: int, fits: Sequence[Estimate], level: float) -> PeriodEffect:
    rows = [fit.effect[at] for fit in fits]
    low, high = _interval([_ends((row.low, row.high), row.effect) for row in rows], level)
    return replace(one, low=low, high=high)


def _coefficient(one: Coefficient, fits: Sequence[Coefficient], level: float) -> Coefficient:
    estimates = [fit.estimate for fit in fits]
    own = [_ends((fit.low, fit.high), fit.estimate) for fit in fits]
    robust = [_ends((fit.robust_low, fit.robust_high), fit.estimate) for fit in fits]
    (low, high), (robust_low, robust_high) = _interval(own, level), _interval(robust, level)
    se = _total([fit.se for fit in fits], estimates)
    robust_se = _total([fit.robust_se for fit in fits], estimates)
    return Coefficient(one.estimate, se, low, high, robust_se, robust_low, robust_high)


def _total(errors: Sequence[float | None], estimates: Sequence[float]) -> float | None:
    """The standard error of a mixture: what varies within fits and between them."""
    known = _all(errors)
    if known is None:
        return None
    return math.sqrt(float((known**2).mean() + np.var(estimates)))


def _part(one: Part, fits: Sequence[Part], level: float) -> Part:
    """Mixed at the part's own level, which may be a share of the answer's."""
    rows = [_ends(fit.interval, fit.relative_effect) for fit in fits]
    if None in rows:
        return replace(one, low=None, high=None)
    low, high = Figure(_logs(rows), one.level or level).interval
    return replace(one, low=math.expm1(low), high=None if math.isinf(high) else math.expm1(high))


def _interval(
    rows: Sequence[_Ends | None], level: float, p_values: Real | None = None
) -> tuple[float, float] | tuple[None, None]:
    """The interval of the mixture; none where an end is not known, or there is none."""
    if None in rows or not np.isfinite(ends := np.array(rows, dtype=float)).all():
        return None, None
    return Figure(ends, level, p_values).interval


def _ends(interval: Any, estimate: float) -> _Ends | None:
    """Lower end, estimate and upper end; None where an end is not known."""
    if interval is None or None in interval:
        return None
    return interval[0], estimate, interval[1]


def _all(values: Sequence[float | None]) -> Real | None:
    known = [one for one in values if one is not None]
    return np.array(known) if len(known) == len(values) else None
