"""The ratio of two rate ratios in the smallest counts, given both margins of a two by two table.

Of four independent Poisson counts, that of the treated after the start, given how many events the
treated had in all and how many there were after the start in all, follows Fisher's noncentral
hypergeometric distribution, whose odds are the ratio of ratios times the ratio of exposures (Fisher,
Journal of the Royal Statistical Society 98:1, 1935; Cornfield, Proceedings of the Third Berkeley
Symposium 4, 1956). Nothing else is left to be known: what the comparison's counts do not say is in
the interval.
"""

from dataclasses import dataclass
from functools import cached_property
from math import exp, log, sqrt
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln, ndtr, ndtri

Real = NDArray[np.float64]
Tails = Literal["mid_p", "exact"]
TAILS: tuple[Tails, ...] = get_args(Tails)
_STEPS = 5.0  # standard errors within which an end is looked for first
_SMALLEST = 1e-300  # a probability


@dataclass(frozen=True)
class Cell:
    """Events before and after a start, and the exposure in which they happened."""

    before: float
    after: float
    exposure_before: float
    exposure_after: float


@dataclass(frozen=True)
class Conditional:
    """Treated and comparison, before and after. `part` is how much of the probability of what was
    seen counts as more extreme: all of it is exact, half of it mid-p (Lancaster, Journal of the
    American Statistical Association 56:294, 1961). `dispersion` is the variance of counts in parts
    of Poisson's: z is divided by its root."""

    treated: Cell
    comparison: Cell
    part: float = 0.5
    dispersion: float = 1.0

    @cached_property
    def support(self) -> Real:
        """What the treated could have had after the start."""
        after = self.treated.after + self.comparison.after
        least = max(0.0, after - self.comparison.before - self.comparison.after)
        most = min(self.treated.before + self.treated.after, after)
        return np.arange(least, most + 1)

    @cached_property
    def weights(self) -> Real:
        """The logs of the central distribution, but for a constant."""
        seen, others = self.support, self.treated.after + self.comparison.after - self.support
        treated = self.treated.before + self.treated.after
        comparison = self.comparison.before + self.comparison.after
        ways = gammaln(seen + 1) + gammaln(treated - seen + 1)
        ways = ways + gammaln(others + 1) + gammaln(comparison - others + 1)
        return np.asarray(-ways)

    @cached_property
    def offset(self) -> float:
        """The log of the odds where the ratio of ratios is 1."""
        treated, comparison = self.treated, self.comparison
        return log(treated.exposure_after / treated.exposure_before) - log(
            comparison.exposure_after / comparison.exposure_before
        )

    def at_most(self, ratio: float) -> float:
        """The probability of as few events of the treated after the start, or fewer."""
        return self._tail(log(ratio), -1)

    def at_least(self, ratio: float) -> float:
        """The probability of as many, or more."""
        return self._tail(log(ratio), 1)

    def p_value(self, ratio: float = 1.0) -> float:
        """Two-sided: twice the smaller tail."""
        tail = min(self.at_most(ratio), self.at_least(ratio), 0.5)
        return float(2 * ndtr(ndtri(max(tail, _SMALLEST)) / sqrt(self.dispersion)))

    def interval(self, level: float) -> tuple[float, float]:
        """The ratios of ratios that neither tail excludes (Clopper and Pearson's principle,
        Biometrika 26:4, 1934). The lower end is 0 and the upper infinite where what was seen is the
        least or the most that could have been."""
        tail = float(ndtr(ndtri(level / 2) * sqrt(self.dispersion)))
        low = 0.0 if self.treated.after <= self.support[0] else exp(self._solved(tail, 1))
        high = exp(self._solved(tail, -1)) if self.treated.after < self.support[-1] else np.inf
        return low, high

    def _tail(self, at: float, side: int, near: slice = slice(None)) -> float:
        """The probability on one side of what was seen, at the log of a ratio of ratios."""
        support = self.support[near]
        logs = self.weights[near] + support * (at + self.offset)
        chances = np.exp(logs - logs.max())
        seen = int(self.treated.after - support[0])
        beyond = chances[seen + 1 :] if side > 0 else chances[:seen]
        return float((beyond.sum() + self.part * chances[seen]) / chances.sum())

    def _solved(self, tail: float, side: int) -> float:
        """The log of the ratio of ratios at which a tail is so small."""

        middle, reach = self._about()
        near = self._near(reach)

        def off(at: float) -> float:
            return side * (log(max(self._tail(at, side, near), _SMALLEST)) - log(tail))

        while off(middle - reach) > 0 or off(middle + reach) < 0:
            reach *= 2
        return float(brentq(off, middle - reach, middle + reach, xtol=1e-9))

    def _near(self, reach: float) -> slice:
        """What could be seen where a tail is neither nothing nor all: some twenty standard
        deviations on either side of what was seen."""
        spread = _STEPS * self.dispersion / reach  # a count's is one over the log ratio's
        width = int(20 * spread) + 100
        seen = int(self.treated.after - self.support[0])
        return slice(max(0, seen - width), seen + width)

    def _about(self) -> tuple[float, float]:
        """The log of the ratio of ratios roughly, and five standard errors."""
        cells = [one + 0.5 for one in (self.treated.after, self.comparison.before,
                                       self.treated.before, self.comparison.after)]  # fmt: skip
        middle = log(cells[0] * cells[1] / cells[2] / cells[3]) - self.offset
        return middle, _STEPS * sqrt(sum(1 / one for one in cells) * self.dispersion)
