"""Double differences: what areas would have had, had they moved as those compared with did."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.errors import HALF, deviations
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
Family = Literal["gaussian", "poisson"]
Weights = Literal["population", "equal"]
Inference = Literal["ferman_pinto", "permutation"]
_NEWTON = 30


@dataclass(frozen=True)
class Compared:
    """Series beside what they are compared with; rows × periods.

    The first row is the treated series as a whole; then, where several areas were treated, each of
    them (`treated`: none or several rows); then each donor, compared with the other donors, as if
    it had been treated: a placebo. `base` is the rate of those compared with.
    """

    family: Family
    outcome: Real
    exposure: Real
    base: Real
    treated: int
    rows: tuple[int, ...]  # the donors' in the panel

    @property
    def donors(self) -> int:
        """The first row of a donor."""
        return 1 + self.treated

    @cached_property
    def rates(self) -> Real:
        """The outcome for each unit of exposure."""
        return self.outcome / self.exposure

    def expected(self, over: Mask, dose: Real | None = None) -> Real:
        """The counterfactual rates: as the base moved, at the series' own level in the periods
        `over`. With a `dose` by period both its coefficient and the level are fitted to all
        periods, and the counterfactual is without it."""
        if self.family == "gaussian":
            return self.base + self._additive(over, dose)[:, None]
        offset = self.exposure * self.base
        if dose is None:
            level = _ratio(self.outcome[:, over].sum(axis=1), offset[:, over].sum(axis=1))
        else:
            level = np.exp(log_linear(self.outcome, offset, dose)[0])
        return np.asarray(level[:, None] * self.base)

    def _additive(self, over: Mask, dose: Real | None) -> Real:
        gap = self.rates - self.base
        if dose is None:
            return np.asarray(gap[:, over].mean(axis=1))
        centred = dose - dose.mean()
        return np.asarray(gap.mean(axis=1) - gap @ centred / (centred @ centred) * dose.mean())

    def slopes(self, dose: Real) -> Real:
        """By row: the effect of one unit of the dose, as a log ratio or on the rate."""
        if self.family == "poisson":
            return log_linear(self.outcome, self.exposure * self.base, dose)[1]
        centred = dose - dose.mean()
        return np.asarray((self.rates - self.base) @ centred / (centred @ centred))

    def effects(self, expected: Real, over: Mask) -> Real:
        """By row, over some periods together: log observed over expected events (half an event
        added to both), or the mean difference of the rates."""
        if self.family == "gaussian":
            return np.asarray((self.rates - expected)[:, over].mean(axis=1))
        observed = self.outcome[:, over].sum(axis=1)
        return log_ratio(observed, (self.exposure * expected)[:, over].sum(axis=1))

    def by_period(self, expected: Real) -> Real:
        """The same in each period: rows × periods."""
        if self.family == "gaussian":
            return self.rates - expected
        return log_ratio(self.outcome, self.exposure * expected)

    def smallness(self, expected: Real, base: Mask, after: Mask) -> Real:
        """By row, how the variance of an effect goes with size: for counts one over the events in
        the base plus one over those expected after, for rates one over the exposure."""
        if self.family == "gaussian":
            return np.asarray(1 / self.exposure.mean(axis=1))
        counts = (self.exposure * expected)[:, after].sum(axis=1)
        return np.asarray(1 / (self.outcome[:, base].sum(axis=1) + HALF) + 1 / (counts + HALF))

    def events(self, expected: Real, over: Mask) -> Real:
        """Those expected of the treated series, or of each treated area where there are several."""
        rows = slice(1, self.donors) if self.treated else slice(0, 1)
        return np.asarray((self.exposure * expected)[rows, over].sum(axis=1))

    def smallness_each(self, expected: Real, over: Mask) -> Real:
        """The same of the effect in one period, in the mean of the periods `over`."""
        if self.family == "gaussian":
            return np.asarray(1 / self.exposure.mean(axis=1))
        counts = (self.exposure * expected)[:, over]
        return np.asarray((1 / (counts + HALF)).mean(axis=1))

    def deviations(self, squares: Real, smallness: Real) -> tuple[Real, Real]:
        """Standard deviations of the donors' effects and of each treated area's, from the donors'
        squared effects and every row's smallness."""
        treated = smallness[1 : self.donors] if self.treated else smallness[:1]
        least = 1.0 if self.family == "poisson" else 0.0  # counts vary as Poisson's at the least
        return deviations(squares, smallness[self.donors :], treated, least)

    def shares(self, expected: Real, over: Mask) -> Real:
        """The share of each treated area in the effect on all."""
        if self.treated == 0:
            return np.ones(1)
        rows = slice(1, self.donors)
        weight = self.exposure * (expected if self.family == "poisson" else 1.0)
        total = weight[rows, over].sum(axis=1)
        return np.asarray(total / total.sum())


@dataclass(frozen=True)
class Comparison:
    """What is compared, and how: options of a plan, None where the data decide."""

    family: Family | None = None
    donors: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    weights: Weights | None = None
    inference: Inference | None = None

    def rows(self, study: Study) -> tuple[int, ...]:
        """The donors' rows of the panel."""
        return study.donors(self.donors, self.exclude)

    def of(self, study: Study, base: Mask) -> Compared:
        """The study's series beside its donors; InputError where the base allows no effect."""
        made = compared(
            study, study.varying(self.rows(study)), self._family(study), self._weights(study)
        )
        if made.family == "poisson":
            _possible(study, made, base)
        return made

    def without(self, unit: str) -> "Comparison":
        """The same without one donor more."""
        donors = tuple(one for one in self.donors if one != unit)
        return replace(self, donors=donors, exclude=(*self.exclude, unit))

    def corrects(self, study: Study) -> bool:
        """Whether errors are corrected for sizes."""
        if self.inference is not None:
            return self.inference == "ferman_pinto"
        return study.panel.exposure is not None

    def _family(self, study: Study) -> Family:
        counts = study.panel.exposure is not None
        if self.family == "poisson" and not counts:
            raise InputError(study.panel.where, "no exposure", "data.exposure for family poisson")
        return self.family or ("poisson" if counts else "gaussian")

    def _weights(self, study: Study) -> Weights:
        counts = study.panel.exposure is not None
        sized = self.weights == "population" or self.inference == "ferman_pinto"
        if sized and not counts:
            found = "no exposure, by which areas have a size"
            raise InputError(study.panel.where, found, "data.exposure, or neither weights nor "
                             "inference by size")  # fmt: skip
        return self.weights or ("population" if counts else "equal")

    def weights_of(self, study: Study, donors: Sequence[int]) -> dict[str, float]:
        """The donors' weights, which sum to one: by exposure before the start, or equal."""
        rows = list(donors)
        weight = np.ones(len(rows))
        if self._weights(study) == "population" and study.panel.exposure is not None:
            weight = study.panel.exposure[rows, : study.start].sum(axis=1)
        named = [study.panel.units[at] for at in rows]
        return dict(zip(named, (weight / weight.sum()).tolist(), strict=True))


def read_comparison(table: Table) -> Comparison:
    """What a design's table says of the comparison."""
    chosen: dict[str, Any] = {
        key: table.one_of(key, codes)
        for key, codes in (
            ("family", ("gaussian", "poisson")),
            ("weights", ("population", "equal")),
            ("inference", ("ferman_pinto", "permutation")),
        )
        if key in table
    }
    return Comparison(donors=table.names("donors"), exclude=table.names("exclude"), **chosen)


def compared(study: Study, donors: Sequence[int], family: Family, weights: Weights) -> Compared:
    """The study's series beside its donors. Raises InputError where they are too few."""
    panel, several = study.panel, len(study.treated) > 1
    if len(donors) <= len(study.treated):
        found = f"areas to compare with: {len(donors)}; treated: {len(study.treated)}"
        raise InputError(panel.where, found, "more donors than treated areas")
    rows = [*(study.treated if several else ()), *donors]
    series = study.series
    outcome = np.vstack([series.outcome, panel.outcome[rows]])
    people = np.vstack([series.people, panel.people[rows]])
    first = len(rows) - len(donors) + 1
    base = _base(outcome[first:], people[first:], family, weights, study.start)
    base = np.vstack([np.tile(base[0], (first, 1)), base[1:]])
    return Compared(family, outcome, people, base, first - 1, tuple(donors))


def _base(counts: Real, people: Real, family: Family, weights: Weights, start: int) -> Real:
    """Rates of all donors together, then of all but each: 1 + donors × periods."""
    if weights == "population":
        total, among = counts.sum(axis=0), people.sum(axis=0)
        return np.vstack([total / among, (total - counts) / (among - people)])
    rates = counts / people
    if family == "poisson":  # each donor's own level out, lest those of high rates count for more
        level = counts[:, :start].sum(axis=1) / people[:, :start].sum(axis=1)
        rates = rates / np.where(level > 0, level, np.inf)[:, None]
    total = rates.sum(axis=0)
    return np.vstack([total / len(rates), (total - rates) / (len(rates) - 1)])


def _possible(study: Study, made: Compared, base: Mask) -> None:
    """Raises InputError where the level of the treated series cannot be had."""
    where, first = study.panel.where, study.panel.periods[study.start]
    if made.outcome[0, base].sum() == 0:
        found = f"no event in the treated areas in the periods compared with, before {first}"
        raise InputError(where, found, "some")
    if made.base[0, base].sum() == 0:
        found = f"no event among the donors in the periods compared with, before {first}"
        raise InputError(where, found, "some")
    if made.base[0, study.start :].sum() == 0:
        raise InputError(where, f"no event among the donors from {first} on", "some")


def log_ratio(observed: Real, expected: Real) -> Real:
    """The logarithm of observed over expected events, half an event added to both."""
    return np.asarray(np.log((observed + HALF) / (expected + HALF)))


def ratio_bounds(observed: float, expected: float, margin: float) -> tuple[float, float]:
    """The relative effects that leave observed within a margin of expected by `log_ratio`: they
    hold observed / expected − 1 for every margin from zero on, and none is below −1."""
    low = (observed + HALF) * np.exp(-margin) - HALF
    high = (observed + HALF) * np.exp(margin) - HALF
    return float(max(low, 0.0) / expected - 1), float(high / expected - 1)


def bounds_by_test(
    observed: float, expected: float, margin: float, wider: Callable[[Real], Real], bias: float = 0
) -> tuple[float, float]:
    """The relative effects that a test of each does not reject, where its error is that of so many
    events as it expects: `wider` says, for ratios of observed to expected events, how many times as
    large it is as under no effect, of which `margin` is the half-width. A `bias` may come on top.

    So that a large fall has the error of few events (inversion of a test, as by Fieller 1954, and
    not the width that no effect has). At no effect it is the test itself.
    """
    seen = np.log((observed + HALF) / HALF)

    def ratio(distance: Real) -> Real:
        kept = (observed + HALF) * np.exp(-distance) - HALF
        return np.asarray(np.maximum(kept, 0.0) / expected)

    def end(farthest: float, sign: int) -> float:
        near, step = 0.0, farthest / _STEPS
        for _ in range(_FINER):
            distance = near + step * np.arange(_STEPS + 1)
            kept = np.flatnonzero(
                distance
                <= margin * wider(ratio(np.asarray(sign * distance, dtype=np.float64))) + bias
            )
            near, step = (float(distance[kept[-1]]) if kept.size else near), step / _STEPS
        return float(ratio(np.array(sign * near, dtype=np.float64)))

    few, most = margin * wider(np.array([0.0, observed / expected])) + bias
    return end(min(seen, few), 1) - 1, end(most, -1) - 1


_STEPS = 100  # in which the end of an interval is sought
_FINER = 3  # times, each within a step of the last


def log_linear(counts: Real, offset: Real, dose: Real) -> tuple[Real, Real]:
    """Maximum likelihood of log mean = log offset + level + slope × dose, row by row: level, slope.

    Newton's steps on the score, with a ridge of a ten-thousandth of an event for rows without any.
    """
    level = np.log(_ratio(counts.sum(axis=1) + HALF, offset.sum(axis=1) + _LEAST))
    slope = np.zeros(len(counts))
    unit = dose / dose.max()
    for _ in range(_NEWTON):
        mean = offset * np.exp(level[:, None] + slope[:, None] * unit)
        miss = counts - mean
        one, two, both = mean.sum(axis=1), mean @ unit, mean @ unit**2
        score, along = miss.sum(axis=1), miss @ unit - _LEAST * slope
        one, both = one + _LEAST, both + _LEAST
        whole = one * both - two**2
        steps = (both * score - two * along) / whole, (one * along - two * score) / whole
        level, slope = level + np.clip(steps[0], -2, 2), slope + np.clip(steps[1], -2, 2)
        if max(np.abs(steps[0]).max(), np.abs(steps[1]).max()) < 1e-10:
            break
    return level, slope / dose.max()


_LEAST = 1e-4


def _ratio(above: Real, below: Real) -> Real:
    """One over the other, 0 where there is nothing below."""
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
