"""Ranks and intervals of a weighed comparison from its donors, each treated in turn.

With counts the error of an area is that of the logarithm of observed over expected, whose variance
goes with the area's events (Ferman and Pinto 2019, as for differences in differences); otherwise
all areas' errors are alike.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.comparisons.differences import bounds_by_test, log_ratio
from opendcr.evaluate.comparisons.errors import (
    HALF,
    Errors,
    Wider,
    alike,
    deviations,
    errors,
)
from opendcr.evaluate.estimate import (
    Bounds,
    Interval,
    Placebo,
    Size,
    bounds_of_expected,
    bounds_of_ratio,
)
from opendcr.evaluate.weights.conformal import Conformal, Refit
from opendcr.evaluate.weights.donor_pool import DonorPool, rank_p

Real = NDArray[np.float64]


@dataclass(frozen=True)
class PlaceboErrors:
    """`expected` is what is expected of the treated series, by period; `of_each` what the other
    donors expect of each: periods × donors."""

    pool: DonorPool
    expected: Real
    of_each: Real

    @property
    def said(self) -> str:
        """Where the intervals come from, or why there are none."""
        least, level = 1 / (1 + len(self.pool.rows)), self.pool.study.level
        if least > level:
            return f"no interval: a rank among {len(self.pool.rows)} donors is no less than {least:.3f}"
        return f"intervals: by rank among {len(self.pool.rows)} donors, each treated in turn" + (
            ""
            if self.pool.exposure is None
            else " and brought to the treated area's number of events"
        )

    def ranked(self) -> dict[str, Any]:
        """The rank of the effect among the donors' errors, the least that it could be, and how far
        off each donor and the treated series are."""
        errors, whole = self._whole.errors, self._whole
        if self.pool.exposure is None:
            own = (whole.observed - whole.expected) / self.pool.study.after
            scale = "how far the mean from the start on is from what was expected"
        else:
            own = float(log_ratio(np.array(whole.observed), np.array(whole.expected)))
            scale = (
                "how far the logarithm of observed over expected from the start on is from none, each "
                "brought to the treated area's size"
            )
        placebos = self.pool.placebos(self.of_each)
        return {
            "p_value": errors.p_value(own),
            "p_floor": errors.floor,
            "placebos": tuple(
                replace(one, ratio=abs(float(error)))
                for one, error in zip(placebos, errors.draws, strict=True)
            ),
            "size": Size(abs(own), scale),
        }

    def bounds(self) -> Bounds:
        """Intervals of the mean effect, relative to the expected, and by period after the start."""
        study, level = self.pool.study, self.pool.study.level
        margin = self._whole.errors.margin(level)
        if margin is None:
            return Bounds()
        each = [self._strays(slice(at, at + 1)) for at in range(study.start, len(self.expected))]
        if self.pool.exposure is None:
            margins = [one.errors.margin(level) for one in each]
            return self._additive(margin, np.array([np.nan] * study.start + margins, dtype=float))
        relative = self._whole.relative(level)
        if relative is None:
            return Bounds()
        none = (np.nan, np.nan)
        low, high = np.array([none] * study.start + [one.relative(level) or none for one in each]).T
        return bounds_of_ratio(study, self.expected, relative, (low, high))

    def _additive(self, margin: float, each: Real) -> Bounds:
        """From the half-widths of the mean's interval, and of each period's."""
        study, total = self.pool.study, self._whole.expected
        gap = study.series.rates - self.expected
        ends = total - margin * study.after, total + margin * study.after
        return bounds_of_expected(study, self.expected, ends, (gap - each, gap + each))

    @cached_property
    def _whole(self) -> "_Strays":
        """From the start on."""
        return self._strays(slice(self.pool.study.start, None))

    @cached_property
    def _counts(self) -> tuple[Real, Real]:
        """The donors' counts, and those that the others expect of each: periods × donors."""
        rows, panel = list(self.pool.rows), self.pool.study.panel
        assert panel.exposure is not None
        of_each = np.maximum(self.of_each / self.pool.factors, 0.0) * panel.exposure[rows].T
        return panel.outcome[rows].T, of_each

    def _strays(self, over: slice) -> "_Strays":
        """How far the treated areas' mean gap over some periods, or their log ratio, may stray, from
        the donors' own; and of this how it grows as fewer events are expected."""
        pool, study = self.pool, self.pool.study
        observed = float(study.series.outcome[over].sum())
        expected = float((self.expected * study.series.people)[over].sum())
        if pool.exposure is None:
            found = (pool.donors - self.of_each)[over].mean(axis=0)
            alike(study.panel.where, found, float(np.abs(pool.donors).max()))
            return _Strays(observed, expected, Errors(found))
        counts, of_each = self._counts
        expected, before = max(expected, 0.0), slice(0, study.start)
        later = of_each[over].sum(axis=0)
        effects = log_ratio(counts[over].sum(axis=0), later)
        alike(study.panel.where, effects, 1.0)
        small = _smallness(counts[before].sum(axis=0), later)
        own = _smallness(study.series.outcome[before].sum(), np.array([expected]))
        spread, treated = deviations(effects**2, small, own, 1.0)
        wider = Wider(float(treated[0] ** 2), np.array([expected]), np.ones(1))
        made = Errors(errors(effects, spread, treated))
        return _Strays(observed, expected, made, wider)


@dataclass(frozen=True)
class _Strays:
    """Observed and expected over some periods, and how far one may stray from the other: `errors` of
    the mean gap, or where there is `wider` of the logarithm of their ratio."""

    observed: float
    expected: float
    errors: Errors
    wider: Wider | None = None

    def relative(self, level: float) -> Interval | None:
        """The interval of the relative effect on counts."""
        margin = self.errors.margin(level)
        if margin is None or self.wider is None or self.expected <= 0:
            return None
        return bounds_by_test(self.observed, self.expected, margin, self.wider)


def ranked(
    kind: str, errors: PlaceboErrors, refit: Refit
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The p-value with its floor and placebos, and in words where they come from.

    `kind` is space (the ratio of errors after and before, area by area), errors (how far off each
    area is, corrected for sizes), time (blocks of periods) or none.
    """
    pool = errors.pool
    if kind == "none":
        return {}, ()
    if kind == "time":
        inference = Conformal(pool, refit)
        value, blocks, size = inference.p_value()
        said = f"p: conformal, the block from the start among {inference.periods} blocks in time"
        return _tested(value, inference.floor, blocks, size), (said,)
    of = f"among {len(pool.rows)} donors, each treated in turn and compared with the others, the treated area not among them"
    if kind == "errors":
        return errors.ranked(), (f"p: rank of the error, {of}",)
    placebos, size = pool.placebos(errors.of_each), pool.size(errors.expected)
    value = rank_p(size.ratio, placebos)
    said = f"p: rank of the ratio of errors after and before {of}"
    return _tested(value, 1 / (1 + len(placebos)), placebos, size), (said,)


def _tested(p: float, least: float, placebos: tuple[Placebo, ...], size: Size) -> dict[str, Any]:
    return {"p_value": p, "p_floor": least, "placebos": placebos, "size": size}


PLACEBOS = ("space", "errors", "time", "none")


def _smallness(before: Real, after: Real) -> Real:
    """One over the events before plus one over those expected after."""
    return np.asarray(1 / (before + HALF) + 1 / (after + HALF))
