"""Event study: the effect in each period, before the start too, relative to a base."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.comparisons import checks as checking
from opendcr.evaluate.comparisons import robustness
from opendcr.evaluate.comparisons.differences import Comparison, Mask, ratio_bounds, read_comparison
from opendcr.evaluate.comparisons.errors import Errors, floor, shrunken_covariance
from opendcr.evaluate.comparisons.ranked import Ranked, bounds_of, placebos_of, size_of
from opendcr.evaluate.decision import between
from opendcr.evaluate.estimate import Check, Estimate, estimate_of, less, p_said
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

Real = NDArray[np.float64]
KEYS = ("family", "donors", "exclude", "weights", "inference", "base")
SHOWN = (0.0, 0.5, 1.0)  # values of M̄


@dataclass(frozen=True)
class Paths:
    """Effects by period, of the treated series and of donors, ranked beside each other."""

    answer: Ranked

    @cached_property
    def effects(self) -> Real:
        """Rows × periods: the effect of each period, 0 in the mean of the base."""
        return self.answer.compared.by_period(self.answer.expected)

    def errors(self, over: Mask) -> Real:
        """Placebos × periods: the errors of the treated series' effects in some periods."""
        return self.answer.errors_each(self.effects, over)

    @cached_property
    def margins(self) -> Real | None:
        """By period: half the width of the interval; None where the ranks give none."""
        before, level = self.answer.before, self.answer.study.level
        columns = [*self.errors(before).T, *self.errors(~before).T]
        found = [Errors(one, self.answer.areas).margin(level) for one in columns]
        return None if None in found else np.array(found, dtype=float)

    def joint(self, over: Mask) -> float:
        """The p-value of no effect in all of some periods together.

        Wald's statistic under the covariance of the placebos' and the treated series' effects,
        shrunken (Schäfer and Strimmer 2005), ranked among the placebos' own: as every series helps
        to estimate the covariance, none is favoured.
        """
        paths = np.vstack([self.effects[:1, over], self.errors(over)])
        inverse = np.linalg.inv(shrunken_covariance(paths))
        statistics = np.einsum("pt,ts,ps->p", paths, inverse, paths)
        return Errors(statistics[1:]).p_value(float(statistics[0]))


@dataclass(frozen=True)
class EventStudy:
    """Difference in differences by period.

    The effect of a period is log observed over expected for counts (half an event added to both),
    or the difference of the rates, where what is expected has the level of the `base`: the mean of
    all periods before, or the last of them. docs/methods/studies/event_study.md.
    """

    comparison: Comparison = field(default_factory=Comparison)
    base: Literal["mean", "last"] = "mean"

    TITLE: ClassVar[str] = "Event study"
    columns: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def read(cls, table: Table) -> Self:
        """The design as its table says: the keys of a difference in differences but for the dose,
        and `base` (mean, last)."""
        Table.of(table.where, table.name, table.data, KEYS)
        base: Any = table.one_of("base", ("mean", "last"), "mean")
        return cls(read_comparison(table), base)

    def fit(self, study: Study) -> Estimate:
        """Effects by period with their intervals, and the mean effect after the start."""
        answer = self.answer(study)
        margin = answer.errors.margin(study.level)
        whole = bounds_of(answer, margin)
        low, high = _by_period(Paths(answer))
        gap = study.series.rates - answer.expected[0]
        return estimate_of(
            study,
            answer.expected[0],
            replace(whole, low=low, high=high),
            answer.inference,
            p_value=answer.errors.p_value(answer.effects[0]),
            p_floor=answer.errors.floor,
            pre_rmspe=float(np.sqrt(np.mean(gap[answer.before] ** 2))),
            weights=self.comparison.weights_of(study, answer.compared.rows),
            placebos=placebos_of(answer),
            size=size_of(answer),
        )

    def answer(self, study: Study) -> Ranked:
        """The fit before it is put in words."""
        time = np.arange(len(study.panel.periods))
        base = time == study.start - 1 if self.base == "last" else time < study.start
        return Ranked(
            study, self.comparison.of(study, base), base, None, self.comparison.corrects(study)
        )

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """Whether there were effects before; what a departure from parallel trends like those
        before would leave of the effect; and those of a difference in differences."""
        answer = self.answer(study)
        return (
            self._joint(answer),
            *relative_magnitudes(replace(self, base="last"), study),
            checking.trend_before(answer),
            robustness.placebo_ranks(found),
            robustness.donors_left_out(found, robustness.without_each(self.without, study, found)),
            robustness.other_starts(self, study),
            *checking.of_residuals(answer),
            checking.sizes(answer),
        )

    def _joint(self, answer: Ranked) -> Check:
        before = answer.before & ~answer.base if self.base == "last" else answer.before
        p = Paths(answer).joint(before)
        detail = (
            f"no effect in {int(before.sum())} periods before together: {p_said(p)} by rank; to go "
            "on only if this passes would itself distort what follows (Roth 2022), so it is shown "
            "beside the estimate and decides nothing"
        )
        passed = p > answer.study.level
        found = "" if passed else "in the periods before the start together"
        return Check("effects before", passed, detail, found)

    def without(self, donor: str) -> Self:
        """The design without a donor."""
        return replace(self, comparison=self.comparison.without(donor))

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of the areas that it compares with."""
        return self.comparison.rows(study)

    def floor(self, study: Study) -> float | None:
        """One over the number of donors and one; over a thousand where several were treated."""
        return floor(len(self.comparison.rows(study)), len(study.treated))


def _by_period(paths: Paths) -> tuple[Real | None, Real | None]:
    """Bounds of observed less expected in each period."""
    answer, margins = paths.answer, paths.margins
    expected, compared = answer.expected[0], answer.compared
    if margins is None:
        return None, None
    gap = compared.rates[0] - expected
    if compared.family == "gaussian":
        return gap - margins, gap + margins
    people = compared.exposure[0]
    found = [
        ratio_bounds(float(events), float(mean), float(margin)) if mean > 0 else (np.nan, np.nan)
        for events, mean, margin in zip(
            compared.outcome[0], expected * people, margins, strict=True
        )
    ]
    low, high = np.array(found).T
    observed = compared.rates[0]
    return less(observed, low), less(observed, high)


@dataclass(frozen=True)
class Magnitudes:
    """How far trends could have departed from parallel after the start, by what they did before.

    Rambachan and Roth (2023), equation 6: each period's change of the bias is at most M̄ times
    `largest`, the largest change before, so that the mean bias of the periods after is at most M̄
    times `reach`.
    """

    effect: float
    margin: float
    largest: float
    after: int

    @property
    def reach(self) -> float:
        """The bias at M̄ = 1: the mean of 1, 2 … periods' largest changes."""
        return self.largest * (self.after + 1) / 2

    @property
    def breakdown(self) -> float:
        """The largest M̄ at which the interval does not hold zero; 0 where it always does."""
        return max(abs(self.effect) - self.margin, 0.0) / self.reach if self.reach > 0 else np.inf


def magnitudes(answer: Ranked) -> Magnitudes | None:
    """From effects relative to the last period before; None where the ranks give no interval."""
    margin = answer.errors.margin(answer.study.level)
    if margin is None:
        return None
    before = Paths(answer).effects[0, answer.before]
    largest = float(np.abs(np.diff(before)).max())
    return Magnitudes(float(answer.effects[0]), margin, largest, answer.study.after)


def _relative(answer: Ranked, margin: float, bias: float) -> str:
    """The interval of the relative effect from the half-width on the scale of the ranks, and a bias
    that may come on top."""
    found = bounds_of(answer, margin, bias).relative
    if found is None:
        return "no interval"
    return between(found)


def relative_magnitudes(design: EventStudy, study: Study) -> tuple[Check, ...]:
    """The effect from the last period before, if trends departed after as they did before."""
    name = "departure from parallel trends"
    answer = design.answer(study)
    found = magnitudes(answer)
    if found is None:
        return (Check(name, None, "left out: too few donors for an interval of this level"),)
    shown = [(one, _relative(answer, found.margin, one * found.reach)) for one in SHOWN]
    said = "; ".join(f"M̄ = {one:g}: {interval}" for one, interval in shown)
    detail = (
        f"relative to the last period before alone, {said}; {_until(found.breakdown)} "
        "(a bound after Rambachan and Roth 2023, relative magnitudes; the largest change before is taken "
        "as it was observed, and not as a confidence set would take it)"
    )
    return (Check(name, None, detail),)


def _until(breakdown: float) -> str:
    if breakdown == 0:
        return "at none of them is a change shown"
    return f"a change is shown up to M̄ = {breakdown:.2g}"
