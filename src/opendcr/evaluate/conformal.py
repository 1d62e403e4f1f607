"""Conformal intervals and p-values of designs that weigh donors. The method: kernel/conformal.py."""

from dataclasses import dataclass
from math import ceil, expm1, isfinite, log

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.donor_pool import DonorPool
from opendcr.evaluate.estimate import Bounds, Interval, Placebo
from opendcr.evaluate.kernel import conformal as kernel

Real = NDArray[np.float64]
_NO_RIDGE = -1.0


@dataclass(frozen=True)
class Refit:
    """How weights are fitted anew under a null: on outcomes alone, over all periods."""

    intercept: bool = False
    penalty: float = 0.0
    ridge: float | None = None

    @property
    def numbers(self) -> Real:
        """As the kernel takes it."""
        ridge = _NO_RIDGE if self.ridge is None else self.ridge
        return np.array([float(self.intercept), self.penalty, ridge])


@dataclass(frozen=True)
class Conformal:
    """Conformal inference on a pool, from its first fit period on."""

    pool: DonorPool
    refit: Refit

    @property
    def first(self) -> int:
        """The first period that is permuted."""
        return int(self.pool.matched[0])

    @property
    def periods(self) -> int:
        """How many are permuted."""
        return len(self.pool.series) - self.first

    @property
    def floor(self) -> float:
        """The least p-value."""
        return 1 / self.periods

    def bounds(self, expected: Real) -> tuple[Bounds, str]:
        """Intervals of what was estimated, and in words where they come from or why there is none."""
        level, start = self.pool.study.level, self.pool.study.start - self.first
        least = ceil(1 / level - 1e-9)
        if self.periods < least:
            reason = f"no interval: {self.periods} periods allow no p-value under {self.floor:.3f}"
            return Bounds(), reason
        gap, series = self.pool.series - expected, self.pool.series
        step = max(self.pool.rmspe(gap), 1e-6 * float(np.ptp(series)), 1e-12)
        low = high = None
        if start + 1 >= least:
            ends = kernel.by_period(*self._data, start, level, self.refit.numbers,
                                    gap[self.first :], step)  # fmt: skip
            low, high = (np.concatenate([np.full(self.first, np.nan), one]) for one in ends)
        whole = self._interval(float(gap[start + self.first :].mean()), step, False)
        relative = self._relative(expected, step)
        return Bounds(low, high, whole, relative), self._words(whole)

    def p_value(self) -> tuple[float, tuple[Placebo, ...]]:
        """The p-value of no effect, and every other block: from which period, and how far its mean is
        from what was expected."""
        donors, series = self._data
        begun = np.full(donors.shape[1], 1 / donors.shape[1])
        residuals = series - kernel.expected_over(donors, series, self.refit.numbers, begun)
        start = self.pool.study.start - self.first
        length = len(series) - start
        found = kernel.blocks(residuals, length) / length
        periods = self.pool.study.panel.periods[self.first :]
        others = tuple(
            Placebo(float(found[at]), start=str(periods[at]))
            for at in range(len(periods))
            if at != start
        )
        return float((found >= found[start] * (1 - 1e-9)).mean()), others

    @property
    def _data(self) -> tuple[Real, Real]:
        return self.pool.donors[self.first :], self.pool.series[self.first :]

    def _interval(self, centre: float, step: float, relative: bool) -> Interval | None:
        start = self.pool.study.start - self.first
        level = self.pool.study.level
        low, high = kernel.interval(
            *self._data, start, level, relative, self.refit.numbers, centre, step
        )
        return (low, high) if isfinite(low) and isfinite(high) else None

    def _relative(self, expected: Real, step: float) -> Interval | None:
        """Of a common ratio; None where something observed or expected is not above zero."""
        study = self.pool.study
        weights = study.series.exposure
        counted = np.ones(len(expected)) if weights is None else weights
        after = slice(study.start, None)
        observed, total = ((one * counted)[after].sum() for one in (self.pool.series, expected))
        if observed <= 0 or total <= 0:
            return None
        step = step * float(counted[after].sum()) / float(total)
        found = self._interval(log(observed / total), step, True)
        return None if found is None else (expm1(found[0]), expm1(found[1]))

    def _words(self, whole: Interval | None) -> str:
        said = (
            "intervals: conformal, of an effect that is the same in every period after, weights "
            f"fitted anew on outcomes under each, {self.periods} moving blocks"
        )
        return said if whole is not None else f"{said}; none of the average: no end was met"


