"""Augmented synthetic control: what the weights do not match before is corrected by a ridge."""

from dataclasses import dataclass, field, replace
from math import ceil, floor
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.estimate import (
    Bounds,
    Check,
    Estimate,
    Interval,
    bounds_of_expected,
    estimate_of,
)
from opendcr.evaluate.kernel.ridge import augmented
from opendcr.evaluate.kernel.simplex import nearest
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.evaluate.weights.checks import Checked, checks_of
from opendcr.evaluate.weights.conformal import Conformal, Refit
from opendcr.evaluate.weights.donor_pool import Compared, DonorPool
from opendcr.evaluate.weights.placebo_errors import PLACEBOS, PlaceboErrors, ranked
from opendcr.keyed import Table

Real = NDArray[np.float64]
INFERENCE = ("jackknife_plus", "conformal", "placebos", "none")
OPTIONS = ("donors", "exclude", "fit", "scaled", "intercept", "ridge", "ridge_share", "placebos",
           "inference")  # fmt: skip
# Ridges to choose from, of the greatest squared singular value, as the authors' program has them.
_GRID = 1e-8 ** (np.arange(20) / 19)
_NOTHING = 0.001  # a move of a weight that no figure would show


@dataclass(frozen=True)
class AugmentedSyntheticControl:
    """Ridge-augmented synthetic control (Ben-Michael, Feller and Rothstein 2021).

    Without a `ridge` in the plan it is chosen by leaving out one fit period after the other: the
    greatest whose squared error is within a standard error of the least, as the authors' program
    does. `ridge_share` gives it in units of the greatest squared singular value of what is matched,
    so that it does not depend on the outcome's. An `intercept` takes each area's mean over the fit periods away first (their section 5.1).
    """

    TITLE: ClassVar[str] = "Augmented synthetic control"
    columns: ClassVar[tuple[str, ...]] = ()

    compared: Compared = field(default_factory=Compared)
    intercept: bool = False
    ridge: float | None = None
    ridge_share: float | None = None
    placebos: str = "time"
    inference: str = "jackknife_plus"

    @classmethod
    def read(cls, table: Table) -> "AugmentedSyntheticControl":
        """The design as its table in a plan says; InputError, naming the key, where it cannot be."""
        Table.of(table.where, table.name, table.data, OPTIONS)
        if "ridge" in table and "ridge_share" in table:
            raise table.fail("ridge_share", "either a ridge or a share")
        return cls(
            Compared.read(table),
            table.flag("intercept", False),
            table.number("ridge", 0, 1e15) if "ridge" in table else None,
            table.number("ridge_share", 0, 1e6) if "ridge_share" in table else None,
            table.one_of("placebos", PLACEBOS, "time"),
            table.one_of("inference", INFERENCE, "jackknife_plus"),
        )

    def fit(self, study: Study) -> Estimate:
        """The answer, without checks. Raises InputError for fewer than two donors, and fit periods
        that are not before the start."""
        pool = self.compared.pool(study)
        gaps = pool.gaps(self.intercept)
        ridge = self._ridge(gaps)
        weights = _weights(gaps, ridge)
        expected = pool.expected(weights, self.intercept)
        more: dict[str, Any] = {
            "weights": pool.weighed(weights),
            "pre_rmspe": pool.rmspe(pool.series - expected),
        }
        of_each = self._expected_of_each(pool) if self._ranks else pool.donors
        errors = PlaceboErrors(pool, expected, of_each)
        tested, said = ranked(self.placebos, errors, Refit(self.intercept, 0.0, ridge))
        bounds, words = self._bounds(errors, ridge)
        inference = "; ".join((*said, *words, f"ridge {ridge:.4g}"))
        return estimate_of(study, expected, bounds, inference, **more, **tested)

    @property
    def _ranks(self) -> bool:
        """Whether donors are treated in turn."""
        return self.placebos in ("space", "errors") or self.inference == "placebos"

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """Those of a synthetic control; the hull and the only weights are those of its first step.
        And whether the second step does anything."""
        gaps = self.compared.pool(study).gaps(self.intercept)
        alone = replace(self, placebos="none", inference="none")
        common = checks_of(Checked(alone, self.compared, study, found, gaps))
        return *common, _corrected(gaps, self._ridge(gaps))

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of the areas that it compares with."""
        return study.donors(self.compared.donors, self.compared.exclude)

    def placebo_gaps(self, study: Study) -> dict[str, list[float]]:
        """By donor and period, its gap as though it had been treated; none where donors are not
        treated in turn."""
        if not self._ranks:
            return {}
        pool = self.compared.pool(study)
        return pool.gaps_of_each(self._expected_of_each(pool))

    def floor(self, study: Study) -> float | None:
        """The least p-value: of one block among all periods, or of one area among all."""
        if self.placebos == "none":
            return None
        if self.placebos == "time":
            return Conformal(self.compared.pool(study), Refit(self.intercept)).floor
        return 1 / (1 + len(self.compared_with(study)))

    def planned_for(self, start: Period) -> "AugmentedSyntheticControl":
        """The design with fit periods before another start."""
        return replace(self, compared=self.compared.before(start))

    def without(self, name: str) -> "AugmentedSyntheticControl":
        """The design without one donor."""
        return replace(self, compared=self.compared.without(name))

    def _ridge(self, gaps: Real) -> float:
        """The ridge: as the plan has it, or chosen."""
        if self.ridge_share is not None:
            return self.ridge_share * _greatest(gaps)
        return _chosen(gaps, self.intercept) if self.ridge is None else self.ridge

    def _expected_of_each(self, pool: DonorPool) -> Real:
        """Periods × donors: what the others expect of each, with a ridge of its own."""
        level = pool.usual if self.intercept else np.zeros(len(pool.rows))
        donors, found = pool.donors - level, np.empty_like(pool.donors)
        for one in range(len(pool.rows)):
            others = np.delete(donors, one, axis=1)
            gaps = (others - donors[:, [one]])[pool.matched]
            ridge = self._ridge(gaps)
            found[:, one] = level[one] + others @ _weights(gaps, ridge)
        return found

    def _bounds(self, errors: PlaceboErrors, ridge: float) -> tuple[Bounds, tuple[str, ...]]:
        if self.inference == "none":
            return Bounds(), ()
        if self.inference == "placebos":
            return errors.bounds(), (errors.said,)
        pool = errors.pool
        if self.inference == "conformal":
            refit = Refit(self.intercept, 0.0, ridge)
            bounds, said = Conformal(pool, refit).bounds(errors.expected)
            return bounds, (said,)
        bounds, said = _jackknife(errors, self.intercept, ridge)
        return bounds, (said,)


def _weights(gaps: Real, ridge: float) -> Real:
    """Weights on donors; `gaps` are fit periods × donors."""
    found: Real = augmented(np.ascontiguousarray(gaps), _uncorrected(gaps), ridge)
    return found


def _uncorrected(gaps: Real) -> Real:
    """Those of a synthetic control."""
    found: Real = nearest(np.ascontiguousarray(gaps), 0.0, np.zeros(gaps.shape[1]))
    return found


def _corrected(gaps: Real, ridge: float) -> Check:
    """How far the ridge moves weights: where it moves none, this is a plain synthetic control."""
    moved = float(np.abs(_weights(gaps, ridge) - _uncorrected(gaps)).max())
    share = ridge / max(_greatest(gaps), 1e-300)
    said = (
        f"moves weights by up to {moved:.3f}; it is {share:.3g} times the greatest squared singular "
        "value of what is matched"
    )
    nothing = moved < _NOTHING and share > 1  # and not because there was nothing to correct
    if nothing:
        said += ": this is a synthetic control without correction"
    return Check("correction by the ridge", False if nothing else None, said)


def _greatest(gaps: Real) -> float:
    """The greatest squared singular value of the gaps, each less its period's mean."""
    return float(np.linalg.eigvalsh(_kernel(gaps))[-1])


def _chosen(gaps: Real, intercept: bool) -> float:
    """The ridge by leaving out one period after the other: the greatest within a standard error.

    With an intercept the means are of the periods kept: had the one left out its part in them, it
    would be known from the others, and the least ridge would always seem best.
    """
    grid = _greatest(gaps) * _GRID
    if grid[0] <= 0:  # donors do not differ
        return 0.0
    errors = np.array([_errors_without(gaps, intercept, out, grid) for out in range(len(gaps))])
    mean = errors.mean(axis=0)
    least = int(np.argmin(mean))
    within = mean[least] + errors[:, least].std(ddof=1) / np.sqrt(len(gaps))
    return float(grid[mean <= within].max())


def _kernel(gaps: Real) -> Real:
    """Periods × periods: products of the donors less their mean of each period."""
    centred = gaps - gaps.mean(axis=1, keepdims=True)
    made: Real = centred @ centred.T
    return made


def _errors_without(gaps: Real, intercept: bool, out: int, grid: Real) -> Real:
    """By ridge: the squared error in one period of the fit to the others."""
    kept = np.delete(np.arange(len(gaps)), out)
    if intercept:
        gaps = gaps - gaps[kept].mean(axis=0)
    kernel = _kernel(gaps)
    begun = nearest(np.ascontiguousarray(gaps[kept]), 0.0, np.zeros(gaps.shape[1]))
    values, vectors = np.linalg.eigh(kernel[np.ix_(kept, kept)])
    corrected = (kernel[out, kept] @ vectors) * ((-gaps[kept] @ begun) @ vectors)
    each = corrected / (np.maximum(values, 0) + grid[:, None])
    found: Real = (gaps[out] @ begun + each.sum(axis=1)) ** 2
    return found


def _jackknife(whole: PlaceboErrors, intercept: bool, ridge: float) -> tuple[Bounds, str]:
    """Jackknife+ over the fit periods (Barber, Candès, Ramdas and Tibshirani, Annals of Statistics
    49, 2021; as Ben-Michael, Feller and Rothstein use it): what each fit without one period expects,
    less and plus its error in that period. The mean after the start is bounded by the same errors."""
    pool = whole.pool
    study, count = pool.study, len(pool.matched)
    rank = ceil((1 - study.level) * (count + 1) - 1e-9)
    if rank > count:
        return (
            Bounds(),
            f"no interval: {count} periods before are too few for {1 - study.level:.0%}",
        )
    fits = [_left_out(pool, intercept, ridge, one) for one in range(count)]
    expected, errors = np.array([one for one, _ in fits]), np.array([one for _, one in fits])
    highest = np.sort(expected + errors[:, None], axis=0)[rank - 1]
    least = floor(study.level * (count + 1) + 1e-9)
    lowest = np.sort(expected - errors[:, None], axis=0)[least - 1]
    gap_low, gap_high = pool.series - highest, pool.series - lowest
    gap_low[: study.start] = gap_high[: study.start] = np.nan
    after = slice(study.start, None)
    people = study.series.people[after]
    among = float(people.sum())
    few, many = _mean_of(expected[:, after] @ people / among, errors, rank, least)
    said = (
        f"intervals: jackknife+ over {count} fit periods, which may hold as little as 1 − 2 × level"
    )
    ends = few * among, many * among
    return bounds_of_expected(study, whole.expected, ends, (gap_low, gap_high)), said


def _mean_of(expected: Real, errors: Real, rank: int, least: int) -> Interval:
    return (
        float(np.sort(expected - errors)[least - 1]),
        float(np.sort(expected + errors)[rank - 1]),
    )


def _left_out(pool: DonorPool, intercept: bool, ridge: float, one: int) -> tuple[Real, float]:
    """What the fit without one fit period expects, and how far it is off in that period."""
    kept = replace(pool, matched=np.delete(pool.matched, one))
    expected = kept.expected(_weights(kept.gaps(intercept), ridge), intercept)
    at = pool.matched[one]
    return expected, float(abs(pool.series[at] - expected[at]))
