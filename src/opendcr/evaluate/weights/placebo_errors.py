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
        over = slice(self.pool.study.start, None)
        observed, expected = self._totals(over)
        errors, _ = self._errors(over, expected)
        if self.pool.exposure is None:
            own = (observed - expected) / len(self.expected[over])
            scale = "how far the mean from the start on is from what was expected"
        else:
            own = float(log_ratio(np.array(observed), np.array(expected)))
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
        start, count = self.pool.study.start, len(self.expected)
        whole = self._margin(slice(start, None))
        if whole is None:
            return Bounds()
        each = [self._margin(slice(at, at + 1)) for at in range(start, count)]
        if self.pool.exposure is None:
            return self._additive(whole, np.array([np.nan] * start + each, dtype=float))
        relative = self._relative(slice(start, None))
        ends = [self._relative(slice(at, at + 1)) for at in range(start, count)]
        rows = [(np.nan, np.nan)] * start + [one or (np.nan, np.nan) for one in ends]
        low, high = np.array(rows).T
        if relative is None:
            return Bounds()
        return bounds_of_ratio(self.pool.study, self.expected, relative, (low, high))

    def _additive(self, margin: float, each: Real) -> Bounds:
        """From the half-widths of the mean's interval, and of each period's."""
        study = self.pool.study
        gap = study.series.rates - self.expected
        _, total = self._totals(slice(study.start, None))
        ends = total - margin * study.after, total + margin * study.after
        return bounds_of_expected(study, self.expected, ends, (gap - each, gap + each))

    @cached_property
    def _people(self) -> Real:
        """By period: the treated areas' exposure."""
        exposure = self.pool.study.series.exposure
        return np.ones(len(self.expected)) if exposure is None else exposure

    def _totals(self, over: slice) -> tuple[float, float]:
        """Observed and expected of the treated series; of counts no fewer than none are expected."""
        series = self.pool.study.series
        expected = float((self.expected * self._people)[over].sum())
        least = -np.inf if self.pool.exposure is None else 0.0
        return float(series.outcome[over].sum()), max(expected, least)

    def _margin(self, over: slice) -> float | None:
        """Half the width of the interval over some periods, on the scale of the ranks; None where
        these give none."""
        errors, _ = self._errors(over, self._totals(over)[1])
        return errors.margin(self.pool.study.level)

    def _relative(self, over: slice) -> Interval | None:
        """The interval of the relative effect on counts over some periods."""
        observed, expected = self._totals(over)
        errors, wider = self._errors(over, expected)
        margin = errors.margin(self.pool.study.level)
        if margin is None or wider is None or expected <= 0:
            return None
        return bounds_by_test(observed, expected, margin, wider)

    def _errors(self, over: slice, expected: float) -> tuple[Errors, Wider | None]:
        """Errors of the treated areas' mean gap, or of their log ratio, from the donors' own; and
        of this how they grow as fewer events are expected."""
        if self.pool.exposure is None:
            found = (self.pool.donors - self.of_each)[over].mean(axis=0)
            alike(self.pool.study.panel.where, found, float(np.abs(self.pool.donors).max()))
            return Errors(found), None
        pool, before = self.pool, slice(0, self.pool.study.start)
        counts = pool.study.panel.outcome[list(pool.rows)].T
        exposure = pool.study.panel.exposure
        assert exposure is not None
        people = exposure[list(pool.rows)].T
        of_each = np.maximum(self.of_each / pool.factors, 0.0) * people
        effects = log_ratio(counts[over].sum(axis=0), of_each[over].sum(axis=0))
        small = _smallness(counts[before].sum(axis=0), of_each[over].sum(axis=0))
        own = _smallness(pool.study.series.outcome[before].sum(), np.array([expected]))
        alike(pool.study.panel.where, effects, 1.0)
        spread, treated = deviations(effects**2, small, own, 1.0)
        wider = Wider(float(treated[0] ** 2), np.array([expected]), np.ones(1))
        return Errors(errors(effects, spread, treated, pool.study.seed)), wider


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
