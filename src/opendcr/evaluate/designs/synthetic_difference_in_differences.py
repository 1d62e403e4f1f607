"""Synthetic difference in differences (Arkhangelsky, Athey, Hirshberg, Imbens and Wager 2021)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.comparisons.errors import alike
from opendcr.evaluate.comparisons.pools import (
    IN_DEVIATIONS,
    PlaceboGaps,
    Pools,
    counting,
    gap_bounds,
    least_p,
    pools_of,
    rank_of,
)
from opendcr.evaluate.comparisons.robustness import (
    donors_left_out,
    earlier_starts,
    fit_before,
    other_starts,
    placebo_ranks,
    steady,
)
from opendcr.evaluate.estimate import Check, Estimate, Placebo, Size, estimate_of, relative_effect
from opendcr.evaluate.kernel.balancing import placebo_gaps, weights_of
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

Real = NDArray[np.float64]
KEYS = ("donors", "exclude", "zeta")
# The ridge of the periods' weights, in units of the noise. The authors take 1e-6, which makes the
# least unique in principle; this one also does so in floating point, and changes nothing else.
ZETA_TIME = 1e-3
_SCALES = (0.25, 0.5, 2.0, 4.0)  # of zeta, in the check of what it matters
_HEAVY = 0.5  # a weight that is most of the comparison


@dataclass(frozen=True)
class Fit:
    """One fit: what was expected by period, and the weights of donors and of periods before."""

    expected: Real
    areas: Real
    periods: Real


@dataclass(frozen=True)
class SyntheticDifferenceInDifferences:
    """Weights of areas and of periods, both from before the start, in a two-way comparison.

    `zeta` is the ridge of the areas' weights in units of the noise; None takes the authors' (N T)^¼,
    with N treated areas and T periods after.
    """

    TITLE: ClassVar[str] = "Synthetic difference in differences"
    columns: ClassVar[tuple[str, ...]] = ()

    donors: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    zeta: float | None = None

    @classmethod
    def read(cls, table: Table) -> Self:
        """The design as its table says."""
        Table.of(table.where, table.name, table.data, KEYS)
        zeta = table.number("zeta", 0, 1e6) if "zeta" in table else None
        return cls(table.names("donors"), table.names("exclude"), zeta)

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of the areas that it compares with."""
        return study.donors(self.donors, self.exclude)

    def floor(self, study: Study) -> float:
        """One in one more than there are placebos, and more where these are groups of areas."""
        return least_p(study, len(self.compared_with(study)))

    def fit(self, study: Study) -> Estimate:
        """The estimate, its interval by placebo variance, and its rank among the placebos."""
        donors = self.compared_with(study)
        pools = pools_of(study, donors)
        fitted = self._fitted(study, donors)
        found = _answer(study, fitted, self._placebos(study, donors, pools), pools.names)
        named = [study.panel.units[at] for at in donors]
        return replace(found, weights=dict(zip(named, fitted.areas.tolist(), strict=True)))

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """Fit before, placebos, starts, donors left out, the ridge, and the weights."""
        donors = self.compared_with(study)
        fitted = self._fitted(study, donors)
        placebos = self._placebos(study, donors, pools_of(study, donors))
        return (
            fit_before(_gap(study, fitted), placebos.gaps, study.start),
            placebo_ranks(found),
            earlier_starts(study, self.fit),
            other_starts(self, study),
            donors_left_out(found, self._without_each(study, donors, fitted)),
            self._ridges(study, donors),
            _concentration(study, donors, fitted),
        )

    def _units(self, study: Study) -> float:
        """zeta in units of the noise: equation 5."""
        return (len(study.treated) * study.after) ** 0.25 if self.zeta is None else self.zeta

    def _ridge(self, study: Study, rates: Real) -> tuple[float, float]:
        """zeta of areas and of periods; the noise is that of the donors' changes before."""
        noise = float(np.std(np.diff(rates[:, : study.start], axis=1), ddof=1))
        return self._units(study) * noise, ZETA_TIME * noise

    def _fitted(self, study: Study, donors: Sequence[int]) -> Fit:
        rates, series = study.panel.rates[list(donors)], study.series.rates
        areas, periods = weights_of(rates, series, study.start, *self._ridge(study, rates))
        synthetic = areas @ rates
        level = periods @ (series - synthetic)[: study.start]
        return Fit(synthetic + level, areas, periods)

    def _placebos(self, study: Study, donors: Sequence[int], pools: Pools) -> PlaceboGaps:
        rates, start = study.panel.rates[list(donors)], study.start
        ridge = self._ridge(study, rates)
        gaps = placebo_gaps(rates, pools.rates, pools.members, start, *ridge)
        series = study.series
        if pools.exposure is None or series.exposure is None:
            return PlaceboGaps(gaps, np.ones(len(pools)), 1.0, len(donors), start, counted=False)
        own = counting(series.outcome[:start], series.exposure[:start])
        noise = counting(pools.outcome[:, :start], pools.exposure[:, :start])
        return PlaceboGaps(gaps, noise, float(own), len(donors), start, counted=True)

    def _effect(self, study: Study, donors: Sequence[int]) -> float:
        return relative_effect(study, self._fitted(study, donors).expected)

    def _without_each(self, study: Study, donors: tuple[int, ...], fitted: Fit) -> dict[str, float]:
        """Relative effects without each donor that weighs as much as the mean, or more."""
        heavy = np.flatnonzero(fitted.areas >= fitted.areas.mean()).tolist()
        return {
            study.panel.units[donors[at]]: self._effect(study, donors[:at] + donors[at + 1 :])
            for at in heavy
        }

    def _ridges(self, study: Study, donors: tuple[int, ...]) -> Check:
        others = [replace(self, zeta=self._units(study) * one) for one in _SCALES]
        effects = [one._effect(study, donors) for one in others]
        return steady("ridge of ¼ to 4 times", self._effect(study, donors), effects)


def _gap(study: Study, fitted: Fit) -> Real:
    return study.series.rates - fitted.expected


def _answer(study: Study, fitted: Fit, placebos: PlaceboGaps, names: Sequence[str]) -> Estimate:
    gap, start = _gap(study, fitted), study.start
    alike(study.panel.where, placebos.effects, float(np.abs(study.panel.rates).max()))
    own, ratios = placebos.ranked(float(gap[start:].mean()))
    rank = rank_of(study, own, ratios, placebos.areas)
    return estimate_of(
        study,
        fitted.expected,
        gap_bounds(study, fitted.expected, placebos),
        _said(study, len(ratios), rank.said),
        p_value=rank.p_value,
        p_floor=rank.floor,
        pre_rmspe=float(np.sqrt(np.mean(gap[:start] ** 2))),
        placebos=tuple(
            Placebo(abs(float(ratio)), unit=name) for ratio, name in zip(ratios, names, strict=True)
        ),
        size=Size(abs(own), IN_DEVIATIONS),
    )


def _said(study: Study, placebos: int, rank: str) -> str:
    sized = "" if study.series.exposure is None else " for an area of that size"
    return (
        f"The interval is Student's with the variance of {placebos} placebo effects{sized}, by as many "
        f"degrees of freedom as they tell it; {rank}"
    )


def _concentration(study: Study, donors: Sequence[int], fitted: Fit) -> Check:
    """How many areas and periods the comparison amounts to, and which area weighs most."""
    areas, periods = fitted.areas, fitted.periods
    heaviest = int(np.argmax(areas))
    detail = (
        f"as good as {1 / (areas @ areas):.1f} of {len(areas)} areas and "
        f"{1 / (periods @ periods):.1f} of {len(periods)} periods; most weight "
        f"{areas[heaviest]:.2f} on {study.panel.units[donors[heaviest]]}"
    )
    return Check("weights", bool(areas[heaviest] <= _HEAVY), detail)
