"""Effects ranked among those that areas not treated would have claimed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.comparisons.differences import Compared, Mask, bounds_by_test
from opendcr.evaluate.comparisons.errors import Errors, Wider, alike, drawn, errors
from opendcr.evaluate.estimate import Bounds, Placebo, Size, bounds_of_expected, bounds_of_ratio
from opendcr.evaluate.study import Study

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Ranked:
    """A study's series and its donors, each with its effect.

    `base` are the periods in which there is no effect by definition. Whether errors are
    `corrected` is for the areas' sizes.
    """

    study: Study
    compared: Compared
    base: Mask
    dose: Real | None
    corrected: bool

    @cached_property
    def before(self) -> Mask:
        """By period: whether it is before the start."""
        return np.arange(len(self.study.panel.periods)) < self.study.start

    @cached_property
    def expected(self) -> Real:
        """Counterfactual rates: rows × periods."""
        return self.compared.expected(self.base, self.dose)

    @cached_property
    def effects(self) -> Real:
        """By row: the effect after the start, as it is ranked."""
        return self.compared.effects(self.expected, ~self.before)

    @cached_property
    def spread(self) -> tuple[Real, Real]:
        """Standard deviations of the donors' effects, and of the treated areas' by their share."""
        small = self.compared.smallness(self.expected, self.base, ~self.before)
        return self.spread_by(self.effects[self.compared.donors :] ** 2, small)

    def spread_by(self, squares: Real, smallness: Real) -> tuple[Real, Real]:
        """The same of other effects, from the donors' squares and every row's smallness."""
        shares = self.compared.shares(self.expected, ~self.before)
        if not self.corrected:
            return np.ones(len(squares)), shares
        donors, treated = self.compared.deviations(squares, smallness)
        return donors, shares * treated

    def errors_of(self, effects: Real) -> Errors:
        """The errors that an effect of the treated series has under none: `effects` by row."""
        drawn = errors(effects[self.compared.donors :], *self.spread)
        return Errors(drawn, self.areas)

    @property
    def areas(self) -> int | None:
        """Of how many areas placebos are sets; None where each is an area."""
        return len(self.compared.rows) if len(self.study.treated) > 1 else None

    def errors_each(self, effects: Real, over: Mask) -> Real:
        """The errors of the treated series' effects in each of the periods `over`: placebos ×
        periods. `effects` are rows × periods; sizes matter alike in all of these."""
        donors = effects[self.compared.donors :, over]
        small = self.compared.smallness_each(self.expected, over)
        return errors(donors, *self.spread_by((donors**2).mean(axis=1), small))

    @cached_property
    def errors(self) -> Errors:
        """The errors of the effect after the start; InputError where there are none."""
        donors = self.compared.donors
        alike(self.study.panel.where, self.effects[donors:], self.scale)
        return self.errors_of(self.effects)

    @property
    def inference(self) -> str:
        """Where interval and p-value come from."""
        errors, study = self.errors, self.study
        how = "the other areas taken as if treated, each against the rest"
        if self.corrected:
            how += ", their residuals rescaled to the treated areas' size (Ferman and Pinto 2019)"
        else:
            how += " (permutation over areas; Conley and Taber 2011)"
        end = (
            "."
            if errors.margin(study.level) is not None
            else ", so that no interval of this level can be had."
        )
        said = f"By rank among {how}; p cannot be below {errors.floor:.3g}{end}"
        return said + drawn(errors, float(self.effects[0]), len(study.treated))

    @cached_property
    def wider(self) -> Callable[[Real], Real]:
        """How much the error of counts grows as fewer are expected; by the ratio to those expected
        under no effect."""
        if not self.corrected:
            return np.ones_like
        after = ~self.before
        events = self.compared.events(self.expected, after)
        variance = float((self.spread[1] ** 2).sum())
        return Wider(variance, events, self.compared.shares(self.expected, after))

    @property
    def scale(self) -> float:
        """What effects are large or small beside: 1 for the logarithm of a ratio."""
        counts = self.compared.family == "poisson"
        return 1.0 if counts else float(np.abs(self.compared.rates).max())


def bounds_of(answer: Ranked, margin: float | None, bias: float = 0) -> Bounds:
    """Intervals of the effect after the start, from the half-width on the scale of the ranks under
    no effect, and a bias that may come on top."""
    if margin is None:
        return Bounds()
    study, after = answer.study, ~answer.before
    rates, expected = study.series.rates[after], answer.expected[0]
    people = answer.compared.exposure[0][after]
    totals = float(rates @ people), float(expected[after] @ people)
    if answer.compared.family == "gaussian":
        wide = (margin + bias) * float(people.sum())
        return bounds_of_expected(study, expected, (totals[1] - wide, totals[1] + wide))
    low, high = bounds_by_test(*totals, margin, answer.wider, bias)
    return bounds_of_ratio(study, expected, (low, high))


def size_of(answer: Ranked) -> Size:
    """How extreme the treated series' effect is, on the scale of `placebos_of`."""
    if answer.compared.family == "poisson":
        scale = "how far the logarithm of observed over expected from the start on is from none"
    else:
        scale = "how far the mean from the start on is from what was expected"
    sized = ", each brought to the treated areas' size" if answer.corrected else ""
    return Size(abs(float(answer.effects[0])), scale + sized)


def placebos_of(answer: Ranked) -> tuple[Placebo, ...]:
    """The donors as placebos: what each would have claimed, and the size that it is ranked by,
    relative to the treated series' own."""
    compared, after = answer.compared, ~answer.before
    donors = compared.donors
    counts = (compared.exposure * compared.rates)[donors:, after].sum(axis=1)
    expected = (compared.exposure * answer.expected)[donors:, after].sum(axis=1)
    units = [answer.study.panel.units[at] for at in compared.rows]
    treated = float(np.sqrt((answer.spread[1] ** 2).sum()))
    ratios = np.abs(answer.effects[donors:]) / answer.spread[0] * treated
    return tuple(
        Placebo(float(ratio), unit, None, float(one / of - 1) if of > 0 else None)
        for ratio, unit, one, of in zip(ratios, units, counts, expected, strict=True)
    )
