"""Difference in differences: the change in treated areas beside the change in areas compared with."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.comparisons import checks as checking
from opendcr.evaluate.comparisons import robustness
from opendcr.evaluate.comparisons.differences import (
    Comparison,
    read_comparison,
)
from opendcr.evaluate.comparisons.errors import floor
from opendcr.evaluate.comparisons.ranked import Ranked, bounds_of, placebos_of, size_of
from opendcr.evaluate.estimate import Check, Coefficient, Estimate, estimate_of
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

Real = NDArray[np.float64]
KEYS = ("family", "donors", "exclude", "weights", "inference", "dose")
EFFECT = "treated_after"  # the coefficient where there is no dose


@dataclass(frozen=True)
class DifferenceInDifferences:
    """Two-way fixed effects: one for each area, one for each period.

    Poisson: log mean = log exposure + area + period + effect. The donors' rates by period say how
    the treated areas would have moved; their level is that of their own events before. Gaussian:
    the same of rates as they are, additively. docs/methods/studies/difference_in_differences.md.
    """

    comparison: Comparison = field(default_factory=Comparison)
    dose: str | None = None

    TITLE: ClassVar[str] = "Difference in differences"

    @property
    def columns(self) -> tuple[str, ...]:
        """The dose."""
        return (self.dose,) if self.dose else ()

    @classmethod
    def read(cls, table: Table) -> Self:
        """The design as its table says. Its keys: `family` (gaussian, poisson; by whether there is
        an exposure), `donors`, `exclude`, `weights` (population, equal), `inference` (ferman_pinto,
        permutation), `dose` (a column)."""
        Table.of(table.where, table.name, table.data, KEYS)
        return cls(read_comparison(table), table.text("dose") if "dose" in table else None)

    def fit(self, study: Study) -> Estimate:
        """The effect, its interval and p-value from the donors' own changes."""
        answer = self.answer(study)
        margin = answer.errors.margin(study.level)
        return estimate_of(
            study,
            answer.expected[0],
            bounds_of(answer, margin),
            answer.inference,
            p_value=answer.errors.p_value(answer.effects[0]),
            p_floor=answer.errors.floor,
            placebos=placebos_of(answer),
            size=size_of(answer),
            **self._further(answer),
        )

    def answer(self, study: Study) -> Ranked:
        """The fit before it is put in words."""
        before = np.arange(len(study.panel.periods)) < study.start
        compared = self.comparison.of(study, before)
        return Ranked(study, compared, before, self._doses(study), self.comparison.corrects(study))

    def _doses(self, study: Study) -> Real | None:
        """By period: the treated areas' mean dose."""
        if self.dose is None:
            return None
        where, columns = study.panel.where, study.panel.columns
        if self.dose not in columns:
            raise InputError(where, f"no column '{self.dose}'", "the dose that the plan names")
        dose = columns[self.dose][list(study.treated)].mean(axis=0)
        if not np.isfinite(dose).all() or (dose < 0).any():
            raise InputError(
                where, f"'{self.dose}' not known or below zero", "a dose, zero or more"
            )
        if dose[: study.start].any() or not dose.any():
            found = f"'{self.dose}' above zero before the start, or nowhere"
            raise InputError(where, found, "a dose that begins from the start on")
        return np.asarray(dose)

    def _further(self, answer: Ranked) -> dict[str, Any]:
        gap = answer.study.series.rates - answer.expected[0]
        return {
            "pre_rmspe": float(np.sqrt(np.mean(gap[answer.before] ** 2))),
            "weights": self.comparison.weights_of(answer.study, answer.compared.rows),
            "coefficients": {self.dose or EFFECT: coefficient_of(answer)},
            "link": "log" if answer.compared.family == "poisson" else "identity",
        }

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """Trends before, placebo ranks, donors and starts left out or moved, dispersion, sizes."""
        answer = self.answer(study)
        return (
            checking.trend_before(answer),
            robustness.earlier_starts(study, self.fit),
            robustness.placebo_ranks(found),
            robustness.donors_left_out(found, robustness.without_each(self.without, study, found)),
            robustness.other_starts(self, study),
            *checking.of_residuals(answer),
            checking.sizes(answer),
        )

    def without(self, donor: str) -> Self:
        """The design without a donor."""
        return replace(self, comparison=self.comparison.without(donor))

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of the areas that it compares with."""
        return self.comparison.rows(study)

    def floor(self, study: Study) -> float | None:
        """One over the number of donors and one; over a thousand where several were treated."""
        return floor(len(self.comparison.rows(study)), len(study.treated))


def coefficient_of(answer: Ranked) -> Coefficient:
    """The effect on its link's scale: after the start, or for each unit of the dose."""
    if answer.dose is None:
        slopes = answer.effects
    else:
        slopes = answer.compared.slopes(answer.dose)
    margin = answer.errors_of(slopes).margin(answer.study.level)
    one = float(slopes[0])
    low, high = (None, None) if margin is None else (one - margin, one + margin)
    return Coefficient(one, None, low, high)
