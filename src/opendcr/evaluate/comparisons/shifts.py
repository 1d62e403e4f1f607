"""A series of counts beside its base: its ratio after a start, ranked among shifts in time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from opendcr.evaluate.comparisons.differences import log_ratio, ratio_bounds
from opendcr.evaluate.comparisons.errors import HALF

Real = NDArray[np.float64]
Interval = tuple[float, float]
_TINY = 1e-9


def floor(periods: int, after: int) -> float:
    """The least p-value among all cyclic shifts of residuals that sum to nothing. Where as many
    periods are after as before, those before are a block too, whose sum is as far from nothing."""
    return (2 if 2 * after == periods else 1) / periods


@dataclass(frozen=True)
class Contrast:
    """Poisson counts by period, and a `base` that they would move in proportion to were there no
    effect."""

    counts: Real
    base: Real
    start: int

    @cached_property
    def after(self) -> NDArray[np.bool_]:
        """By period: whether it is from the start on."""
        return np.arange(len(self.counts)) >= self.start

    @cached_property
    def expected(self) -> Real:
        """Counts by period at the level before."""
        before = slice(0, self.start)
        return np.asarray(self.counts[before].sum() / self.base[before].sum() * self.base)

    @property
    def totals(self) -> tuple[float, float]:
        """Observed and expected from the start on."""
        return float(self.counts[self.after].sum()), float(self.expected[self.after].sum())

    @property
    def relative(self) -> float:
        """Observed over expected from the start on, less one."""
        observed, expected = self.totals
        return observed / expected - 1

    # -- by shifts in time -----------------------------------------------------------------

    @cached_property
    def _windows(self) -> tuple[Real, Real]:
        """For each cyclic shift of time, the residuals' sum in the periods after, if the expected
        counts after are m times those without an effect: a + m · b, but for a factor that all have.
        """
        both = self.base * np.array([~self.after, self.after])
        counts, *bases = _shifted(np.vstack([self.counts, both]), self.start)
        totals, total = both.sum(axis=1), self.counts.sum()
        first, second = (counts * of - total * one for of, one in zip(totals, bases, strict=True))
        size = max(float(np.abs(first).max()), float(np.abs(second).max()))
        return first / size, second / size

    def p_value(self, relative: float = 0.0) -> float:
        """Of one relative effect: the share of all shifts whose sum is at least as far from 0.

        The moving-block permutation of Chernozhukov, Wüthrich and Zhu (Journal of the American
        Statistical Association 116:536, 2021, section 2.2): the residuals under the effect that is
        tested are shifted cyclically, so that their correlation in time is kept.
        """
        first, second = self._windows
        return float(_shares(np.array([1 + relative]), first, second)[0])

    def interval(self, level: float) -> Interval | None:
        """The relative effects around the estimate that `p_value` does not reject; None where no
        effect could be rejected. Exact: p changes only where two shifts' sums cross."""
        first, second = self._windows
        if floor(len(first), int(self.after.sum())) > level:
            return None
        with np.errstate(divide="ignore", invalid="ignore"):
            signs = np.array([[-1.0], [1.0]])
            crossings = -(first + signs * first[0]) / (second + signs * second[0])
        crossings = crossings[np.isfinite(crossings) & (crossings > 0)]
        ends = np.sort(np.concatenate([[0.0], crossings, [2 * crossings.max(initial=1.0)]]))
        rejected = _shares((ends[:-1] + ends[1:]) / 2, first, second) <= level
        at = min(int(np.searchsorted(ends, self.relative + 1, side="right")) - 1, len(rejected) - 1)
        below, above = np.flatnonzero(rejected[:at]), np.flatnonzero(rejected[at:])
        least = float(ends[below[-1] + 1]) if below.size else 0.0
        most = float(ends[at + above[0]]) if above.size else np.inf
        return least - 1, most - 1

    # -- by quasi-Poisson ------------------------------------------------------------------

    @cached_property
    def mean(self) -> Real:
        """By period: counts at the level before and the level after."""
        ratio = self.counts[self.after].sum() / max(self.totals[1], _TINY)
        return np.asarray(self.expected * np.where(self.after, ratio, 1.0))

    @cached_property
    def residuals(self) -> Real:
        """Pearson's residuals, at the level before and the level after."""
        return np.asarray((self.counts - self.mean) / np.sqrt(self._variance(self.mean)))

    def _variance(self, mean: Real) -> Real:
        """By period: of the counts less their mean."""
        return np.asarray(np.maximum(mean, HALF / 2))

    @property
    def dispersion(self) -> float:
        """Pearson's dispersion: 1 for Poisson counts."""
        return float((self.residuals**2).sum() / (len(self.counts) - 2))

    @property
    def correlation(self) -> float:
        """Of neighbouring residuals, its bias of about −(1 + 3r) / T (Marriott and Pope 1954) taken
        out."""
        z = self.residuals
        squares = float((z**2).sum())
        if squares <= _TINY:
            return 0.0
        found = float((z[1:] * z[:-1]).sum()) / squares
        return found + (1 + 3 * found) / len(z)

    @cached_property
    def error(self) -> tuple[float, float]:
        """Standard error of the log ratio and its degrees of freedom.

        By the delta method from Poisson counts, times the dispersion where above 1, and for
        correlation r above 0 times (1 + r) / (1 − r), the degrees of freedom divided by it.
        """
        variance = sum(self._log_variance(part) for part in (~self.after, self.after))
        r = min(max(self.correlation, 0.0), 0.9)
        wider = (1 + r) / (1 - r)
        freedom = max((len(self.counts) - 2) / wider, 1.0)
        return float(np.sqrt(variance * max(self.dispersion, 1.0) * wider)), freedom

    def _log_variance(self, part: NDArray[np.bool_]) -> float:
        """Of the log of counts over base in some periods together."""
        return float(1 / (self.counts[part].sum() + HALF))

    def quasi(self, level: float) -> tuple[float, Interval]:
        """The p-value of no effect and the interval, by Student's t on the log ratio."""
        (error, freedom), (observed, expected) = self.error, self.totals
        ratio = abs(float(log_ratio(np.array(observed), np.array(expected)))) / error
        margin = float(stats.t.ppf(1 - level / 2, freedom)) * error
        return float(2 * stats.t.sf(ratio, freedom)), ratio_bounds(observed, expected, margin)


@dataclass(frozen=True)
class NoisyContrast(Contrast):
    """One whose base is made of counts too: `noise` is its relative variance, by Poisson's law."""

    noise: Real

    def _variance(self, mean: Real) -> Real:
        return np.asarray(np.maximum(mean + mean**2 * self.noise, HALF / 2))

    def _log_variance(self, part: NDArray[np.bool_]) -> float:
        base = self.base[part]
        noise = float((base**2 * self.noise[part]).sum() / base.sum() ** 2)
        return super()._log_variance(part) + noise


@dataclass(frozen=True)
class OddsRatio(Contrast):
    """Tables of four counts, one a period, and their common odds ratio before and from the start on.

    `counts` and `base` are the products of each table's two diagonals over its total, whose sums'
    ratio is Mantel and Haenszel's (Journal of the National Cancer Institute 22:4, 1959): it has no
    bias of small counts, however few there are in each table. `alike` and `unlike` are the sums of
    the diagonals over the total.
    """

    alike: Real
    unlike: Real

    def _variance(self, mean: Real) -> Real:
        """By period: of `counts` less their mean (Robins, Breslow and Greenland, Biometrics 42:2,
        1986, whose variance of the log ratio is the sum of these over that of `counts` squared)."""
        ratios = [
            self.counts[part].sum() / self.base[part].sum() for part in (~self.after, self.after)
        ]
        spread = self.alike + np.where(self.after, ratios[1], ratios[0]) * self.unlike
        return np.asarray(np.maximum(spread * (self.counts + mean) / 2, _TINY))

    @property
    def dispersion(self) -> float:
        """Squares over variances in total: what the log ratio's variance is larger by. By period
        the variance is of the table itself, and large in those whose counts are far off."""
        squares, periods = (self.counts - self.mean) ** 2, len(self.counts)
        return float(squares.sum() / self._variance(self.mean).sum() * periods / (periods - 2))

    def _log_variance(self, part: NDArray[np.bool_]) -> float:
        counts, base = self.counts[part], self.base[part]
        events = float(counts.sum()) or HALF
        ratio = events / float(base.sum())
        spread = (self.alike + ratio * self.unlike)[part] * (counts + ratio * base) / 2
        return float(spread.sum()) / events**2


def odds_ratio(tables: Real, exposures: Real, start: int) -> OddsRatio:
    """The odds ratio of tables: (first × last) / (second × third), 4 × periods, where it is that of
    rates, by period, `exposures` times as large as that of counts.

    All is multiplied so that the first diagonal's products add up to the first counts: then half an
    event is half an event.
    """
    a, b, c, d = tables
    total = np.maximum(tables.sum(axis=0), 1.0)
    products, others = a * d / total, b * c / total
    scale = a.sum() / products.sum() if products.any() else 1.0
    first, second = scale * products, scale * others * exposures
    alike, unlike = scale * (a + d) / total, scale * exposures * (b + c) / total
    return OddsRatio(first, second, start, alike, unlike)


def _shares(ratios: Real, first: Real, second: Real) -> Real:
    """By ratio: the share of shifts whose sum is at least as far from 0 as the one not shifted."""
    sums = np.abs(first + ratios[:, None] * second)
    return np.asarray((sums >= sums[:, :1] * (1 - _TINY) - _TINY**2).mean(axis=1))


def _shifted(rows: Real, start: int) -> Real:
    """Sums over the periods from the start on, of every cyclic shift of each row; the first is not
    shifted."""
    count = rows.shape[1]
    running = np.zeros((len(rows), 2 * count + 1))
    np.cumsum(np.hstack([rows, rows]), axis=1, out=running[:, 1:])
    first = (start + np.arange(count)) % count
    return np.asarray(running[:, first + count - start] - running[:, first])
