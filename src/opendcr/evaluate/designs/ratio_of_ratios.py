"""Ratio of ratios: counts after over before, treated over comparison, exact for the smallest.

Method, sources and what was measured: docs/methods/studies/ratio_of_ratios.md.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from opendcr.errors import InputError
from opendcr.evaluate.comparisons import robustness
from opendcr.evaluate.estimate import (
    SURELY,
    Check,
    Estimate,
    bounds_of_ratio,
    estimate_of,
    p_said,
)
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.regressions.conditional import TAILS, Cell, Conditional, Tails
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

Real = NDArray[np.float64]
_PART = {"mid_p": 0.5, "exact": 1.0}
_SAID = {"mid_p": "mid-p", "exact": "exact"}
_FEW = 5  # expected events under which the interval says little
_A_PERIOD = 1  # events a period, on the side that has fewer, from which χ² refuses the variance
_ALIKE = 0.05


@dataclass(frozen=True)
class RatioOfRatios:
    """`comparison` names the areas compared with, or none: all others but `exclude`.
    `overdispersion` is the variance of counts in parts of Poisson's, said before they are seen."""

    TITLE: ClassVar[str] = "Ratio of ratios"
    columns: ClassVar[tuple[str, ...]] = ()
    LEAST_BEFORE: ClassVar[int] = 1  # four counts are enough, and need not vary

    comparison: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    interval: Tails = "mid_p"
    overdispersion: float = 1.0

    @classmethod
    def read(cls, table: Table) -> Self:
        """The design as its table in a plan says."""
        known = ("comparison", "exclude", "interval", "overdispersion")
        table = Table.of(table.where, table.name, table.data, known)
        return cls(
            table.names("comparison"),
            table.names("exclude"),
            cast(Tails, table.one_of("interval", TAILS, "mid_p")),
            table.number("overdispersion", 1, 1000, 1),
        )

    def fit(self, study: Study) -> Estimate:
        """The answer: expected is the treated areas' rate before, times the comparison's ratio."""
        asked = self.conditional(study)
        treated, comparison = asked.treated, asked.comparison
        ratio = comparison.after / comparison.exposure_after
        ratio /= comparison.before / comparison.exposure_before
        before = treated.before / treated.exposure_before
        expected = np.full(len(study.panel.periods), before)
        expected[study.start :] *= ratio
        low, high = (float(one - 1) for one in asked.interval(study.level))
        bounds = bounds_of_ratio(study, expected, (low, high))
        return estimate_of(study, expected, bounds, self._inference(), p_value=asked.p_value())

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """Counts, dispersion, the periods before, other starts, and areas left out."""
        return (
            *self._counts(study),
            self._dispersion(study),
            self._drift(study),
            robustness.other_starts(self, study),
            robustness.donors_left_out(found, self._without_each(study)),
        )

    def floor(self, study: Study) -> float | None:
        """None: how small the p-value can be hangs on how many events there will be."""
        return None

    def conditional(self, study: Study) -> Conditional:
        """The four counts. Raises InputError where they are no counts, or a ratio is of nothing."""
        treated = _cell(study.panel, study.treated, study.start)
        compared = self.compared_with(study)
        comparison = _cell(study.panel, compared, study.start)
        where = study.panel.where
        for events, when in ((comparison.before, "before the start"), (comparison.after, "after")):
            if events == 0:
                raise InputError(where, f"no event in the comparison {when}", "a comparison with events")  # fmt: skip
        return Conditional(treated, comparison, _PART[self.interval], self.overdispersion)

    def _without_each(self, study: Study) -> dict[str, float]:
        """Relative effects without each of the areas compared with, where one is left."""
        names, effects = [study.panel.units[row] for row in self.compared_with(study)], {}
        for name in names if len(names) > 1 else ():
            others = tuple(one for one in names if one != name)
            with suppress(InputError):  # the others have no event
                effects[name] = replace(self, comparison=others).fit(study).relative_effect
        return effects

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of the areas that it compares with."""
        rows = study.donors(self.comparison, self.exclude)
        if not rows:
            raise InputError(study.panel.where, "no area to compare with", "areas not treated")
        return rows

    def _inference(self) -> str:
        noise = "" if self.overdispersion == 1 else f", z over √{self.overdispersion:g}"
        return (
            f"Conditional on both margins (Fisher's noncentral hypergeometric distribution), "
            f"{_SAID[self.interval]}{noise}."
        )

    def _counts(self, study: Study) -> tuple[Check, ...]:
        """The four counts, and whether there are enough to say anything."""
        asked = self.conditional(study)
        treated, comparison = asked.treated, asked.comparison
        detail = (
            f"treated {treated.before:g} before and {treated.after:g} after, comparison "
            f"{comparison.before:g} and {comparison.after:g}"
        )
        least = min(treated.before, comparison.before, comparison.after)
        return (Check("counts", least >= _FEW, f"{detail}; at least {_FEW} are asked of three"),)

    def _dispersion(self, study: Study) -> Check:
        """Whether the treated areas' share of all events varies more from period to period than
        counts do by chance: what both sides share cancels."""
        spare, squares = 0, 0.0
        for first, last in ((0, study.start), (study.start, len(study.panel.periods))):
            some = _squares(*self._shares(study, first, last))
            spare, squares = spare + last - first - 1, squares + some
        if not spare:
            said = "one period before the start and one from it on tell nothing of it"
            return Check("overdispersion", None, said)
        chance = float(chdtrc(spare, squares / self.overdispersion))
        detail = (
            f"dispersion {squares / spare:.2f} about one ratio before and one after; the interval "
            f"takes it to be {self.overdispersion:g} ({p_said(chance)})"
        )
        narrow = (
            f"the treated areas' share of events varies from period to period with {squares / spare:.2f} "
            f"times the variance that chance brings, which it takes to be {self.overdispersion:g} "
            f"({p_said(chance)})"
        )
        treated, _, compared, _ = self._shares(study, 0, len(study.panel.periods))
        # Pearson's χ² of fewer goes beyond its law too often, where the interval holds.
        surely = chance < SURELY and min(treated.mean(), compared.mean()) >= _A_PERIOD
        return Check("overdispersion", chance >= _ALIKE, detail, narrow=narrow if surely else "")

    def _drift(self, study: Study) -> Check:
        """The same question of the years before: the second half against the first."""
        if study.start < 4:
            return Check("drift", None, "too few periods before the start")
        past = study.panel.during(0, study.start)
        try:
            found = self.conditional(Study(past, study.treated, study.start // 2, study.level))
        except InputError as error:
            return Check("drift", None, str(error))
        chance = found.p_value()
        low, high = found.interval(study.level)
        detail = f"within the periods before, later over earlier: {low:.2f} to {high:.2f}, {p_said(chance)}"  # fmt: skip
        passed = chance >= _ALIKE
        return Check(
            "drift", passed, detail, "" if passed else "within the periods before the start"
        )

    def _shares(self, study: Study, first: int, last: int) -> tuple[Real, ...]:
        """By period: the treated areas' counts and exposures, and the comparison's."""
        found: list[Real] = []
        for rows in (study.treated, self.compared_with(study)):
            counts, exposure = _series(study.panel, rows)
            found += [counts[first:last], exposure[first:last]]
        return tuple(found)


def _squares(treated: Real, exposed: Real, compared: Real, beside: Real) -> float:
    """Pearson's χ² of one ratio of rates in all periods, given how many events each had."""
    all_events = treated + compared
    ratio = (treated.sum() / exposed.sum()) / (compared.sum() / beside.sum())
    share = ratio * exposed / (ratio * exposed + beside)
    share = np.clip(share, 1e-12, 1 - 1e-12)
    variance = all_events * share * (1 - share)
    off = (treated - all_events * share) ** 2
    return float((off[variance > 0] / variance[variance > 0]).sum())


def _series(panel: Panel, rows: Sequence[int]) -> tuple[Real, Real]:
    """Some areas together: counts and exposures by period; where there is no exposure, areas."""
    some = list(rows)
    panel.counts(some)
    return panel.outcome[some].sum(axis=0), panel.people[some].sum(axis=0)


def _cell(panel: Panel, rows: Sequence[int], start: int) -> Cell:
    counts, exposure = _series(panel, rows)
    return Cell(
        float(counts[:start].sum()),
        float(counts[start:].sum()),
        float(exposure[:start].sum()),
        float(exposure[start:].sum()),
    )
