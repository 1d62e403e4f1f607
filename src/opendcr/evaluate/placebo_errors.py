"""Intervals of a weighed comparison from its donors, each treated in turn.

With counts the error of an area is that of the logarithm of observed over expected, whose variance
goes with the area's events (Ferman and Pinto 2019, as for differences in differences); otherwise
all areas' errors are alike.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.differences import HALF, log_ratio, ratio_bounds
from opendcr.evaluate.donor_pool import DonorPool
from opendcr.evaluate.estimate import Bounds, Interval
from opendcr.evaluate.inference import Errors, deviations, errors

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
        """Where the intervals come from."""
        return f"intervals: by rank among {len(self.pool.rows)} donors, each treated in turn" + (
            ""
            if self.pool.exposure is None
            else " and brought to the treated area's number of events"
        )

    def bounds(self) -> Bounds:
        """Intervals of the mean effect, relative to the expected, and by period after the start."""
        study, start = self.pool.study, self.pool.study.start
        relative = self._relative(slice(start, None))
        if relative is None:
            return Bounds()
        low, high = (np.full(len(self.expected), np.nan) for _ in range(2))
        for at in range(start, len(self.expected)):
            found = self._relative(slice(at, at + 1))
            if found is not None:
                low[at], high[at] = (one * self.expected[at] for one in found)
        level = float(self.expected[start:].mean())
        shift = (
            float((study.series.rates - self.expected)[start:].mean())
            - self._claimed(start) * level
        )
        return Bounds(
            low, high, (relative[0] * level + shift, relative[1] * level + shift), relative
        )

    def _claimed(self, start: int) -> float:
        """The relative effect over the periods from the start on."""
        observed, expected = self._totals(slice(start, None))
        return observed / expected - 1

    @cached_property
    def _people(self) -> Real:
        """By period: the treated areas' exposure."""
        exposure = self.pool.study.series.exposure
        return np.ones(len(self.expected)) if exposure is None else exposure

    def _totals(self, over: slice) -> tuple[float, float]:
        """Observed and expected of the treated series."""
        series = self.pool.study.series
        return float(series.outcome[over].sum()), float((self.expected * self._people)[over].sum())

    def _relative(self, over: slice) -> Interval | None:
        """The interval of the relative effect over some periods."""
        observed, expected = self._totals(over)
        if expected <= 0:
            return None
        if self.pool.exposure is None:
            gaps = (self.pool.donors - self.of_each)[over].mean(axis=0)
            margin = Errors(gaps).margin(self.pool.study.level)
            wide = None if margin is None else margin * len(self.expected[over]) / expected
            return (
                None
                if wide is None
                else (observed / expected - 1 - wide, observed / expected - 1 + wide)
            )
        margin = self._log_errors(over, expected).margin(self.pool.study.level)
        return None if margin is None else ratio_bounds(observed, expected, margin)

    def _log_errors(self, over: slice, expected: float) -> Errors:
        """Errors of the treated areas' log ratio, from the donors' own."""
        pool, before = self.pool, slice(0, self.pool.study.start)
        counts = pool.study.panel.outcome[list(pool.rows)].T
        exposure = pool.study.panel.exposure
        assert exposure is not None
        people = exposure[list(pool.rows)].T
        of_each = np.maximum(self.of_each / pool.factors, 0.0) * people
        effects = log_ratio(counts[over].sum(axis=0), of_each[over].sum(axis=0))
        small = _smallness(counts[before].sum(axis=0), of_each[over].sum(axis=0))
        own = _smallness(pool.study.series.outcome[before].sum(), np.array([expected]))
        spread, treated = deviations(effects**2, small, own, 1.0)
        return Errors(errors(effects, spread, treated, pool.study.seed))


def _smallness(before: Real, after: Real) -> Real:
    """One over the events before plus one over those expected after."""
    return np.asarray(1 / (before + HALF) + 1 / (after + HALF))
