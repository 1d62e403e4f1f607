"""A donor pool: the treated series beside the series of the areas that it is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.estimate import Placebo, Size
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.evaluate.weights.predictors import Range
from opendcr.keyed import Table

Real = NDArray[np.float64]
LEAST_WEIGHT = 1e-9  # a weight under which it is rounding
LEAST_DONORS = 2
_PERFECT = 1e6


@dataclass(frozen=True)
class Compared:
    """Which areas are compared with, and which periods' fit counts: as a plan says.

    Without `donors` all areas that are not treated; without `fit` all periods before the start.
    `scaled` brings each donor to the treated areas' mean over the fit periods by a factor of its
    own: where areas differ in level and what happens to all of them multiplies rates, differences
    of rates would grow with the level.
    """

    donors: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fit: Range | None = None
    scaled: bool = False

    @classmethod
    def read(cls, table: Table) -> "Compared":
        """From the keys `donors`, `exclude`, `fit` and `scaled` of a design's table."""
        fit = Range.read(table.table("fit", ("from", "to"))) if "fit" in table else None
        scaled = table.flag("scaled", False)
        return cls(table.names("donors"), table.names("exclude"), fit, scaled)

    def matched(self, study: Study) -> NDArray[np.intp]:
        """Where the fit periods stand; InputError where they are not before the start."""
        if self.fit is None:
            return np.arange(study.start)
        places, periods = self.fit.of(study.panel.periods), study.panel.periods
        ends = {self.fit.first, self.fit.last}
        if not ends <= set(periods) or places[-1] >= study.start:
            expected = f"fit periods from {periods[0]} to {periods[study.start - 1]}"
            raise InputError(study.panel.where, f"a fit over {self.fit}", expected)
        return np.array(places)

    def pool(self, study: Study) -> "DonorPool":
        """The pool of a study; InputError for fewer than two donors."""
        rows = study.varying(study.donors(self.donors, self.exclude))
        if len(rows) < LEAST_DONORS:
            found = f"{len(rows)} areas to compare with"
            raise InputError(study.panel.where, found, "two donors or more")
        panel = study.panel
        exposure = None if panel.exposure is None else panel.exposure[list(rows)].T
        matched = self.matched(study)
        rates = panel.rates[list(rows)].T
        factors = self._factors(study, rates[matched].mean(axis=0), rows, matched)
        return DonorPool(
            study, rows, np.ascontiguousarray(rates * factors), exposure, matched, factors
        )

    def _factors(
        self, study: Study, means: Real, rows: Sequence[int], matched: NDArray[np.intp]
    ) -> Real:
        """By donor: what brings it to the treated areas' level; 1 where donors are not scaled."""
        if not self.scaled:
            return np.ones(len(rows))
        if (means <= 0).any():
            found = f"a mean of '{study.panel.units[rows[int(np.argmin(means))]]}' that is not above zero"
            raise InputError(study.panel.where, found, "donors that can be scaled: exclude it")
        factors: Real = study.series.rates[matched].mean() / means
        return factors

    def before(self, start: Period) -> "Compared":
        """The same with what was known before another start: fit periods are cut off there."""
        if self.fit is None or self.fit.last < start:
            return self
        if self.fit.first >= start:
            return replace(self, fit=None)
        return replace(self, fit=Range(self.fit.first, start.after(-1)))

    def without(self, name: str) -> "Compared":
        """The same without one more area."""
        left = tuple(one for one in self.donors if one != name)
        return replace(self, donors=left, exclude=(*self.exclude, name))


@dataclass(frozen=True)
class DonorPool:
    """`donors` are periods × donors, rates where there is an exposure, each times its factor;
    `matched` are the places of the fit periods."""

    study: Study
    rows: tuple[int, ...]
    donors: Real
    exposure: Real | None
    matched: NDArray[np.intp]
    factors: Real

    @property
    def names(self) -> list[str]:
        """The donors' names."""
        return [self.study.panel.units[at] for at in self.rows]

    @property
    def series(self) -> Real:
        """By period: the treated areas."""
        return self.study.series.rates

    @cached_property
    def usual(self) -> Real:
        """By donor: its mean over the fit periods."""
        mean: Real = self.donors[self.matched].mean(axis=0)
        return mean

    def expected(self, weights: Real, intercept: bool) -> Real:
        """By period: what weights on the donors expect of the treated series."""
        if not intercept:
            return self.donors @ weights
        level = float(self.series[self.matched].mean())
        return level + (self.donors - self.usual) @ weights

    def gaps(self, intercept: bool) -> Real:
        """Fit periods × donors: each donor less the series; with an intercept, less means too."""
        donors, series = self.donors[self.matched], self.series[self.matched]
        if intercept:
            donors, series = donors - self.usual, series - series.mean()
        return np.ascontiguousarray(donors - series[:, None])

    def rmspe(self, gap: Real) -> float:
        """The root of the mean squared gap over the fit periods."""
        return float(np.sqrt(np.mean(gap[self.matched] ** 2)))

    def weighed(self, weights: Real) -> dict[str, float]:
        """The weights by area, the greatest first, without those of zero."""
        order = np.argsort(-np.abs(weights), kind="stable")
        return {
            self.names[at]: float(weights[at]) for at in order if abs(weights[at]) > LEAST_WEIGHT
        }

    def size(self, expected: Real) -> Size:
        """How extreme the treated series is, on the scale of `placebos`."""
        gap = self.series - expected
        after = float(np.sqrt(np.mean(gap[self.study.start :] ** 2)))
        scale = "the root mean squared error from the start on over that before"
        return Size(ratio_of(after, self.rmspe(gap)), scale)

    def gaps_of_each(self, expected: Real) -> dict[str, list[float]]:
        """By donor and period: each less what the others expect of it (periods × donors)."""
        return dict(zip(self.names, (self.donors - expected).T.tolist(), strict=True))

    def placebos(self, expected: Real) -> tuple[Placebo, ...]:
        """Each donor as though it had been treated; `expected` is periods × donors.

        They are ranked by root mean squared error after the start over that of the fit periods.
        """
        gaps, start = self.donors - expected, self.study.start
        after = np.sqrt(np.mean(gaps[start:] ** 2, axis=0))
        before = np.sqrt(np.mean(gaps[self.matched] ** 2, axis=0))
        counted = np.ones_like(gaps) if self.exposure is None else self.exposure
        totals = (expected * counted)[start:].sum(axis=0)
        effects = (gaps * counted)[start:].sum(axis=0)
        return tuple(
            Placebo(
                ratio_of(float(after[at]), float(before[at])),
                unit=name,
                relative_effect=float(effects[at] / totals[at]) if totals[at] else None,
            )
            for at, name in enumerate(self.names)
        )


def ratio_of(after: float, before: float) -> float:
    """Root mean squared error after over before; no more than can be drawn and written, where the
    fit before is perfect."""
    if before > 0:
        return min(after / before, _PERFECT)
    return _PERFECT if after > 0 else 1.0


def rank_p(ratio: float, placebos: Sequence[Placebo]) -> float:
    """(1 + placebos at least as extreme) / (1 + placebos)."""
    as_extreme = sum(one.ratio >= ratio * (1 - 1e-9) for one in placebos)
    return (1 + as_extreme) / (1 + len(placebos))
