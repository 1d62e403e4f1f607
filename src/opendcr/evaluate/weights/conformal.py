"""Conformal intervals and p-values of designs that weigh donors. The method: kernel/conformal.py."""

from dataclasses import dataclass, replace
from math import ceil, exp, expm1, log

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.comparisons.shifts import floor
from opendcr.evaluate.estimate import (
    Bounds,
    Interval,
    Placebo,
    Size,
    bounds_of_expected,
    bounds_of_ratio,
)
from opendcr.evaluate.kernel import conformal as kernel
from opendcr.evaluate.weights.donor_pool import DonorPool

Real = NDArray[np.float64]
_NO_RIDGE = -1.0
_EQUAL = 1e-9  # within which statistics are equal
_REACH = 14  # doublings of a step in search of an end
_HALVINGS = 12  # of the last step
_FARTHEST = 50.0  # logarithm of a ratio: beyond it there is no end, and soon no number


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
        """The least p-value; where means are taken away first residuals sum to nothing."""
        return (
            floor(self.periods, self.pool.study.after) if self.refit.intercept else 1 / self.periods
        )

    def bounds(self, expected: Real) -> tuple[Bounds, str]:
        """Intervals of what was estimated, and in words where they come from or why there is none."""
        level, start = self.pool.study.level, self.pool.study.start
        least = ceil(1 / level - 1e-9)
        if self.floor > level:
            reason = f"no interval: {self.periods} periods allow no p-value under {self.floor:.3f}"
            return Bounds(), reason
        gap = self.pool.series - expected
        step = max(self.pool.rmspe(gap), 1e-6 * float(np.ptp(self.pool.series)), 1e-12)
        bounds = self._whole(expected, step)
        if start - self.first + 1 >= least:
            low, high = self._by_period(gap, step)
            bounds = replace(bounds, low=low, high=high)
        return bounds, self._words(bounds.relative is not None)

    def _whole(self, expected: Real, step: float) -> Bounds:
        """Of a common ratio; where none is left, of a common addition: it says what was expected."""
        study, after = self.pool.study, slice(self.pool.study.start, None)
        people = study.series.people
        observed, total = ((one * people)[after].sum() for one in (self.pool.series, expected))
        if observed > 0 and total > 0:
            step = step * float(people[after].sum()) / float(total)
            found = self._interval(self._test(relative=True), log(observed / total), step)
            if found is None:
                return Bounds()
            return bounds_of_ratio(study, expected, (expm1(found[0]), expm1(found[1])))
        mean = float((self.pool.series - expected)[after].mean())
        found = self._interval(self._test(), mean, step)
        if found is None:
            return Bounds()
        among = float(people[after].sum())
        few, many = (float(total) + (mean - one) * among for one in (found[1], found[0]))
        return bounds_of_expected(study, expected, (few, many))

    def p_value(self) -> tuple[float, tuple[Placebo, ...], Size]:
        """The p-value of no effect, and every other block: from which period, and how far its mean is
        from what was expected, over the series' own mean; and how far that from the start on is."""
        test = self._test()
        level = float(np.abs(test.series).mean()) or 1.0
        found = test.blocks(test.series) / ((len(test.series) - test.start) * level)
        periods = self.pool.study.panel.periods[self.first :]
        others = tuple(
            Placebo(float(found[at]), start=str(one))
            for at, one in enumerate(periods)
            if at != test.start
        )
        size = Size(
            float(found[test.start]),
            "how far a block's mean is from what was expected, over the series' mean",
        )
        return float((found >= size.ratio * (1 - _EQUAL)).mean()), others, size

    def _test(self, places: NDArray[np.intp] | None = None, relative: bool = False) -> "_Test":
        """The test of an effect over the periods permuted, or over some of them."""
        kept = np.arange(self.first, len(self.pool.series)) if places is None else places
        start = self.pool.study.start - self.first
        donors, series = np.ascontiguousarray(self.pool.donors[kept]), self.pool.series[kept]
        begun = np.full(donors.shape[1], 1 / donors.shape[1])
        return _Test(donors, series, start, relative, self.refit.numbers, begun)

    def _by_period(self, gap: Real, step: float) -> tuple[Real, Real]:
        """The ends by period: each alone with those before the start."""
        ends, start = np.full((2, len(gap)), np.nan), self.pool.study.start
        before = np.arange(self.first, start)
        for at in range(start, len(gap)):
            found = self._interval(self._test(np.append(before, at)), float(gap[at]), step)
            ends[:, at] = (np.nan, np.nan) if found is None else found
        return ends[0], ends[1]

    def _interval(self, test: "_Test", centre: float, step: float) -> Interval | None:
        """The effects that are not rejected; None where the estimate itself is, which other weights
        then gave than those that fit all periods, or an end is not met."""
        level = self.pool.study.level
        if test.p_value(centre) <= level + _EQUAL:
            return None
        low, high = (_end(test, level, centre, sign * step) for sign in (-1, 1))
        return None if low is None or high is None else (low, high)

    def _words(self, known: bool) -> str:
        said = (
            "intervals: conformal, of a ratio that is the same in every period after, weights "
            f"fitted anew on outcomes under each, {self.periods} moving blocks"
        )
        if known:
            return said
        return f"{said}; none of the whole: no end was met, or the estimate itself is rejected"


@dataclass(frozen=True)
class _Test:
    """The test of one effect in every period from `start` on: an addition, or (relative) the
    logarithm of a ratio. `begun` are the weights last found, which the next fit begins with."""

    donors: Real
    series: Real
    start: int
    relative: bool
    how: Real
    begun: Real

    def p_value(self, effect: float) -> float:
        """The share of blocks that are at least as extreme."""
        null = self.series.copy()
        if self.relative:
            null[self.start :] *= exp(-effect)
        else:
            null[self.start :] -= effect
        found = self.blocks(null)
        return float(np.count_nonzero(found >= found[self.start] * (1 - _EQUAL))) / len(found)

    def blocks(self, null: Real) -> Real:
        """The statistic of every block, with weights fitted to a series without the effect."""
        residuals = kernel.residuals_of(self.donors, null, self.how, self.begun)
        found: Real = kernel.blocks(residuals, len(null) - self.start)
        return found


def _end(test: _Test, level: float, inside: float, step: float) -> float | None:
    """The last effect in a direction that is not rejected; None where all are accepted."""
    last, out = inside, None
    for power in range(_REACH):
        effect = inside + step * 2.0**power
        if test.relative and abs(effect) > _FARTHEST:
            break
        if test.p_value(effect) > level + _EQUAL:
            last, out = effect, None
        elif out is None:
            out = effect
        else:  # rejected, and further off too
            break
    if out is None:
        return None
    for _ in range(_HALVINGS):
        middle = (last + out) / 2
        if test.p_value(middle) > level + _EQUAL:
            last = middle
        else:
            out = middle
    return out
