"""A factor model of counts: what the treated areas would have had, by factors common to all areas.

Xu (2017), Athey et al. (2021) and Pang, Liu and Xu (2022), with a Poisson likelihood.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.comparisons.errors import SizeVariance, alike
from opendcr.evaluate.comparisons.pools import (
    IN_DEVIATIONS,
    PlaceboGaps,
    Pools,
    gap_bounds,
    least_p,
    pools_of,
    rank_of,
    student,
)
from opendcr.evaluate.comparisons.robustness import (
    donors_left_out,
    earlier_starts,
    fit_before,
    other_starts,
    placebo_ranks,
    steady,
)
from opendcr.evaluate.estimate import (
    Bounds,
    Check,
    Estimate,
    Placebo,
    Size,
    bounds_of_ratio,
    estimate_of,
    relative_effect,
)
from opendcr.evaluate.kernel.factors import (
    expected_of,
    fit_factors,
    held_out_scores,
    placebo_etas,
)
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

Real = NDArray[np.float64]
Whole = NDArray[np.int64]
KEYS = ("donors", "exclude", "rank")
MOST = 3  # factors
HALF = 0.5  # an event, where a ratio or a logarithm could be of none
FOLDS = 4  # of donors, by which the rank is chosen
_NEAR = 0.02  # of log-likelihood: rounds that gain less than this change nothing that matters
_ROUNDS = 300
_ROUNDS_WITHOUT = 3  # for all areas but a few, from the fit to all


@dataclass(frozen=True)
class Matrix:
    """Donors × periods as the kernel has them: counts and the counts expected at one common rate, or
    outcomes in units of their noise and ones; `middle` and `noise` lead back."""

    outcome: Real
    sizes: Real
    counts: bool
    middle: float
    noise: float

    @classmethod
    def of(cls, study: Study, donors: Sequence[int]) -> "Matrix":
        """The donors of a study."""
        rows, panel = list(donors), study.panel
        outcome = panel.outcome[rows]
        if panel.exposure is not None:
            exposure = panel.exposure[rows]
            rate = (outcome.sum() + HALF) / exposure.sum()
            return cls(outcome, exposure * rate, True, 0.0, rate)
        middle, noise = float(outcome.mean()), _noise(outcome)
        made = (outcome - middle) / noise
        return cls(made, np.ones(made.shape), False, middle, noise)

    def same(self, outcome: Real, exposure: Real | None) -> tuple[Real, Real]:
        """Other series in these units: outcomes and sizes."""
        if exposure is not None:
            return outcome, exposure * self.noise
        return (outcome - self.middle) / self.noise, np.ones(outcome.shape)

    def rates(self, eta: Real) -> Real:
        """What η is as a rate, or as an outcome."""
        return self.noise * np.exp(eta) if self.counts else self.middle + self.noise * eta

    def before(self, start: int) -> "Matrix":
        """The periods before the start."""
        until = [np.ascontiguousarray(one[:, :start]) for one in (self.outcome, self.sizes)]
        return replace(self, outcome=until[0], sizes=until[1])


@dataclass(frozen=True)
class Factors:
    """A fit to the donors: level and loadings of areas, level and factors of periods."""

    rows: Real
    columns: Real

    @property
    def rank(self) -> int:
        """How many factors there are."""
        return int(self.rows.shape[1]) - 1


@dataclass(frozen=True)
class Fit:
    """What one rank gives: what was expected of the treated areas, and of the placebo groups."""

    matrix: Matrix
    factors: Factors
    expected: Real
    pools: Pools
    placebos: Real

    @property
    def areas(self) -> int:
        """How many donors there are."""
        return len(self.matrix.outcome)


@dataclass(frozen=True)
class CountFactors:
    """Levels of areas and periods, and factors with their own loadings for each area.

    `rank` is the number of factors; None chooses it by what it predicts before the start.
    """

    TITLE: ClassVar[str] = "Factor model of counts"
    columns: ClassVar[tuple[str, ...]] = ()

    donors: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    rank: int | None = None

    @classmethod
    def read(cls, table: Table) -> Self:
        """The design as its table says."""
        Table.of(table.where, table.name, table.data, KEYS)
        rank = table.whole("rank", 0, MOST) if "rank" in table else None
        return cls(table.names("donors"), table.names("exclude"), rank)

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of the areas that it compares with."""
        return study.donors(self.donors, self.exclude)

    def floor(self, study: Study) -> float:
        """One in one more than there are placebos, and more where these are groups of areas."""
        return least_p(study, len(self.compared_with(study)))

    def fit(self, study: Study) -> Estimate:
        """The estimate, with interval and rank by the placebos."""
        return _answer(study, self._fitted(study))

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """Fit before, placebos, starts, donors left out, and the rank."""
        fitted = self._fitted(study)
        gap = study.series.rates - fitted.expected
        fixed = replace(self, rank=fitted.factors.rank)
        return (
            fit_before(gap, fitted.pools.rates - fitted.placebos, study.start),
            placebo_ranks(found),
            earlier_starts(study, self.fit),
            other_starts(self, study),
            donors_left_out(found, fixed._without_each(study, fitted)),
            self._ranks(study, fitted),
        )

    def _fitted(self, study: Study) -> Fit:
        donors = self.compared_with(study)
        pools, matrix = pools_of(study, donors), Matrix.of(study, donors)
        rank = _best_rank(matrix, study) if self.rank is None else self.rank
        factors = factors_of(matrix, min(rank, _highest(matrix, study.start)))
        expected = _expected(study, matrix, factors)
        return Fit(matrix, factors, expected, pools, _without(study, matrix, factors, pools))

    def _effect(self, study: Study, donors: Sequence[int], rank: int) -> float:
        """The relative effect, without placebos."""
        matrix = Matrix.of(study, donors)
        factors = factors_of(matrix, min(rank, _highest(matrix, study.start)))
        return relative_effect(study, _expected(study, matrix, factors))

    def _without_each(self, study: Study, fitted: Fit) -> dict[str, float]:
        """Relative effects without each donor."""
        donors, rank = self.compared_with(study), fitted.factors.rank
        return {
            study.panel.units[donor]: self._effect(study, donors[:at] + donors[at + 1 :], rank)
            for at, donor in enumerate(donors)
        }

    def _ranks(self, study: Study, fitted: Fit) -> Check:
        donors = self.compared_with(study)
        effects = [self._effect(study, donors, rank) for rank in range(MOST + 1)]
        check = steady("ranks 0 to 3", relative_effect(study, fitted.expected), effects)
        each = ", ".join(f"{effect:+.1%}" for effect in effects)
        how = "chosen" if self.rank is None else "given"
        detail = f"rank {fitted.factors.rank} was {how}; relative effects by rank: {each}"
        return replace(check, detail=detail)


def _noise(outcome: Real) -> float:
    """The noise of one cell, by the changes that areas do not share."""
    changes = np.diff(outcome, axis=1)
    own = changes - changes.mean(axis=0)
    noise = float(np.sqrt((own**2).mean() / 2))
    return noise if noise > 0 else 1.0


def _highest(matrix: Matrix, start: int) -> int:
    """The highest rank that so many donors and periods before can tell."""
    return max(0, min(MOST, len(matrix.outcome) - 3, (start - 2) // 3))


def factors_of(matrix: Matrix, rank: int) -> Factors:
    """The fit of so many factors to all donors in all periods."""
    start = _begun(matrix, rank)
    used = np.ones(len(matrix.outcome), np.int64)
    fit_factors(
        matrix.outcome, matrix.sizes, matrix.counts, used, start.rows, start.columns, _NEAR, _ROUNDS
    )
    return start


def _begun(matrix: Matrix, rank: int) -> Factors:
    """Levels of areas and periods, and the singular vectors of what they leave."""
    y, sizes = matrix.outcome, matrix.sizes
    if matrix.counts:
        area = np.log((y.sum(axis=1) + HALF) / (sizes.sum(axis=1) + HALF))
        sizes = sizes * np.exp(area)[:, None]
        period = np.log((y.sum(axis=0) + HALF) / (sizes.sum(axis=0) + HALF))
        sizes = sizes * np.exp(period)
        rest = (y - sizes) / (sizes + 1)
    else:
        area, period = y.mean(axis=1), y.mean(axis=0) - y.mean()
        rest = y - area[:, None] - period
    if rank == 0:
        return Factors(area[:, None], period[:, None])
    left, strength, right = np.linalg.svd(rest, full_matrices=False)
    root = np.sqrt(strength[:rank])
    return Factors(
        np.column_stack([area, left[:, :rank] * root]),
        np.ascontiguousarray(np.column_stack([period, right[:rank].T * root])),
    )


def _best_rank(matrix: Matrix, study: Study) -> int:
    """The rank, raised from zero while it clearly predicts better: the last periods before the start
    of donors whose factors are from other donors, by more than one standard error of the donors'
    gains. It reads no outcome from the start on."""
    scores = _scores(matrix, study, 0)
    for rank in range(1, _highest(matrix, study.start - _held(study)) + 1):
        better = _scores(matrix, study, rank)
        gains = better - scores
        if gains.mean() <= np.std(gains, ddof=1) / np.sqrt(len(gains)):
            return rank - 1
        scores = better
    return _highest(matrix, study.start - _held(study))


def _held(study: Study) -> int:
    """How many of the periods before the start are predicted."""
    return max(1, min(study.after, study.start // 3))


def _scores(matrix: Matrix, study: Study, rank: int) -> Real:
    """How well a rank predicts each donor: the log-likelihood of the periods held out."""
    before, donors = matrix.before(study.start), len(matrix.outcome)
    folds = min(FOLDS, donors)
    by_size = before.outcome.sum(axis=1).argsort(kind="stable")
    fold = by_size.argsort() % folds  # each with large and small donors; the same whatever the seed
    factors = factors_of(before, rank)
    return held_out_scores(
        before.outcome, before.sizes, before.counts, study.start - _held(study), fold, folds,
        factors.rows, factors.columns, _NEAR, _ROUNDS_WITHOUT,
    )  # fmt: skip


def _expected(study: Study, matrix: Matrix, factors: Factors) -> Real:
    """Of the treated areas, by period."""
    y, sizes = matrix.same(study.series.outcome, study.series.exposure)
    used = np.ones(len(matrix.outcome), np.int64)
    return matrix.rates(
        expected_of(y, sizes, matrix.counts, study.start, factors.rows, used, factors.columns)
    )


def _without(study: Study, matrix: Matrix, factors: Factors, pools: Pools) -> Real:
    """Of each placebo group, by period, from a fit without it."""
    y, sizes = matrix.same(pools.outcome, pools.exposure)
    return matrix.rates(
        placebo_etas(
            matrix.outcome,
            matrix.sizes,
            matrix.counts,
            study.start,
            factors.rows,
            factors.columns,
            pools.members,
            y,
            sizes,
            _NEAR,
            _ROUNDS_WITHOUT,
        )
    )


@dataclass(frozen=True)
class Counted:
    """Counts and what was expected of them (… × periods) from the start on, and the sum that was
    expected before, from which the level is known."""

    observed: Real
    expected: Real
    before: Real

    @classmethod
    def of(cls, counts: Real, rates: Real, exposure: Real, start: int) -> "Counted":
        """Of series (… × periods)."""
        expected = rates * exposure
        return cls(counts[..., start:], expected[..., start:], expected[..., :start].sum(axis=-1))

    def whole(self) -> "Counted":
        """All periods from the start on as one."""
        return Counted(
            self.observed.sum(axis=-1, keepdims=True),
            self.expected.sum(axis=-1, keepdims=True),
            self.before,
        )

    def logs(self) -> Real:
        """log(observed / expected), with half an event more in both."""
        found: Real = np.log((self.observed + HALF) / (self.expected + HALF))
        return found

    def noise(self) -> Real:
        """The variance of that by counting, in these periods and before."""
        return self._variance(self.expected)

    def noise_seen(self) -> Real:
        """The same for the ratio that was observed, not for one."""
        return self._variance(self.observed)

    def _variance(self, counts: Real) -> Real:
        return 1 / (counts + HALF) + 1 / self.before[..., None]


def _answer(study: Study, fitted: Fit) -> Estimate:
    bounds, ratios, own = _judged(study, fitted)
    gap = (study.series.rates - fitted.expected)[: study.start]
    ranked = rank_of(study, own, ratios, fitted.areas)
    return estimate_of(
        study,
        fitted.expected,
        bounds,
        _said(fitted, ranked.said),
        p_value=ranked.p_value,
        p_floor=ranked.floor,
        pre_rmspe=float(np.sqrt(np.mean(gap**2))),
        placebos=tuple(
            Placebo(abs(float(ratio)), unit=name)
            for ratio, name in zip(ratios, fitted.pools.names, strict=True)
        ),
        size=Size(abs(own), IN_DEVIATIONS),
    )


def _judged(study: Study, fitted: Fit) -> tuple[Bounds, Real, float]:
    """Intervals, how extreme each placebo is, and how extreme the estimate is."""
    pools, series, start = fitted.pools, study.series, study.start
    if pools.exposure is None or series.exposure is None:
        gaps = pools.rates - fitted.placebos
        placebos = PlaceboGaps(gaps, np.ones(len(gaps)), 1.0, fitted.areas, start, counted=False)
        alike(study.panel.where, placebos.effects, float(np.abs(series.rates).max()))
        own, ratios = placebos.ranked(float((series.rates - fitted.expected)[start:].mean()))
        return gap_bounds(study, fitted.expected, placebos), ratios, own
    treated = Counted.of(series.outcome, fitted.expected, series.exposure, start)
    others = Counted.of(pools.outcome, fitted.placebos, pools.exposure, start)
    judged = Judged.of(others.whole(), treated.whole(), study.level, fitted.areas)
    return (
        _count_bounds(study, fitted, treated, others),
        judged.ratios(others.whole())[:, 0],
        float(judged.ratios(treated.whole())[0]) / judged.tails,
    )


@dataclass(frozen=True)
class Judged:
    """The spread of placebos' log ratios, and how many of it an interval reaches.

    The spread of so large or so small an area as the treated one is known less well than the number
    of placebos says; `tails` is how much further its interval reaches for that, and by how much less
    extreme the estimate is.
    """

    spread: SizeVariance
    extreme: float
    tails: float = 1.0

    @classmethod
    def of(cls, placebos: Counted, treated: Counted, level: float, areas: int) -> "Judged":
        """From placebo groups of so many areas; their periods count alike. Counts vary as Poisson's
        at the least."""
        effects, noise = placebos.logs(), placebos.noise()
        spread = SizeVariance.fitted(effects.ravel() ** 2, noise.ravel(), 1.0)
        told = spread.sharing(areas / len(effects))
        freedom = float(told.freedom(float(treated.noise().mean()), areas)[0])
        usual, known = (float(student(level, one)) for one in (areas - 1, freedom))
        return cls(spread, known, known / usual)

    def ratios(self, counted: Counted) -> Real:
        """Log ratios in standard deviations."""
        found: Real = counted.logs() / np.sqrt(self.spread.of(counted.noise()))
        return found

    def relative(self, counted: Counted) -> tuple[Real, Real]:
        """The ends of intervals of observed / expected − 1; none seen may mean that all are gone."""
        reach = self.extreme * np.sqrt(self.spread.of(counted.noise_seen()))
        ratio = np.maximum(counted.observed, HALF) / counted.expected
        low = np.where(counted.observed > 0, ratio * np.exp(-reach), 0.0)
        return low - 1, ratio * np.exp(reach) - 1


def _count_bounds(study: Study, fitted: Fit, treated: Counted, others: Counted) -> Bounds:
    start, whole = study.start, treated.whole()
    each = Judged.of(others, treated, study.level, fitted.areas).relative(treated)
    low, high = (np.concatenate([np.full(start, np.nan), one]) for one in each)
    ends = Judged.of(others.whole(), whole, study.level, fitted.areas).relative(whole)
    relative = (float(ends[0][0]), float(ends[1][0]))
    return bounds_of_ratio(study, fitted.expected, relative, (low, high))


def _said(fitted: Fit, ranked: str) -> str:
    count, rank = len(fitted.pools), fitted.factors.rank
    of = "of the log ratio" if fitted.matrix.counts else "of the effect"
    sized = ", each brought to the treated area's size" if fitted.matrix.counts else ""
    return (
        f"The model has {rank} factor{'' if rank == 1 else 's'}. The interval is Student's {of}, with the variance of {count} "
        f"placebo effects{sized}; {ranked}"
    )
