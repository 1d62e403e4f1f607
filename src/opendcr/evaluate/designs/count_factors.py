"""A factor model of counts: what the treated areas would have had, by factors common to all areas.

Xu (2017), Athey et al. (2021) and Pang, Liu and Xu (2022), with a Poisson likelihood.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.estimate import Bounds, Check, Estimate, Placebo, estimate_of
from opendcr.evaluate.kernel.factors import (
    expected_of,
    fit_factors,
    held_out_score,
    placebo_etas,
)
from opendcr.evaluate.pools import (
    PlaceboGaps,
    Pools,
    Spread,
    gap_bounds,
    group_count,
    named_areas,
    pools_of,
    rank_p,
    relative_effect,
    student,
)
from opendcr.evaluate.robustness import earlier_starts, fit_before, placebo_rank, steady
from opendcr.evaluate.study import Study
from opendcr.keyed import Table
from opendcr.streams import stream

Real = NDArray[np.float64]
Whole = NDArray[np.int64]
KEYS = ("donors", "exclude", "rank")
MOST = 3  # factors
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
            rate = (outcome.sum() + 0.5) / exposure.sum()
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
        return replace(self, outcome=self.outcome[:, :start], sizes=self.sizes[:, :start])


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
        return cls(named_areas(table, "donors"), named_areas(table, "exclude"), rank)

    def floor(self, study: Study) -> float:
        """One in one more than there are placebo groups."""
        donors = study.donors(self.donors, self.exclude)
        return 1 / (1 + group_count(len(study.treated), len(donors)))

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
            placebo_rank(found),
            earlier_starts(study, self.fit),
            fixed._left_out(study, fitted),
            self._ranks(study, fitted),
        )

    def _fitted(self, study: Study) -> Fit:
        donors = study.donors(self.donors, self.exclude)
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

    def _left_out(self, study: Study, fitted: Fit) -> Check:
        donors, rank = study.donors(self.donors, self.exclude), fitted.factors.rank
        effects = [
            self._effect(study, donors[:at] + donors[at + 1 :], rank) for at in range(len(donors))
        ]
        whole = relative_effect(study, fitted.expected)
        return steady("donors left out one at a time", whole, effects)

    def _ranks(self, study: Study, fitted: Fit) -> Check:
        donors = study.donors(self.donors, self.exclude)
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
        area = np.log((y.sum(axis=1) + 0.5) / (sizes.sum(axis=1) + 0.5))
        sizes = sizes * np.exp(area)[:, None]
        period = np.log((y.sum(axis=0) + 0.5) / (sizes.sum(axis=0) + 0.5))
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
        np.column_stack([period, right[:rank].T * root]),
    )


def _best_rank(matrix: Matrix, study: Study) -> int:
    """The rank, raised from zero while it better predicts the last periods before the start of
    donors whose factors are from other donors. It reads no outcome from the start on."""
    before, start = matrix.before(study.start), study.start
    held = max(1, min(study.after, start // 3))
    donors = len(matrix.outcome)
    fold = stream(study.seed, "folds").permutation(donors) % min(FOLDS, donors)
    best, rank = -np.inf, 0
    for one in range(_highest(before, start - held) + 1):
        factors = factors_of(before, one)
        score = held_out_score(
            before.outcome, before.sizes, before.counts, start - held, fold,
            min(FOLDS, donors), factors.rows, factors.columns, _NEAR, _ROUNDS_WITHOUT,
        )  # fmt: skip
        if score <= best:
            break
        best, rank = score, one
    return rank


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

    def relative(self) -> Real:
        """Observed / expected − 1."""
        return self.observed / self.expected - 1

    def noise(self) -> Real:
        """The variance of that by counting, in these periods and before."""
        return 1 / self.expected + 1 / self.before[..., None]


def _answer(study: Study, fitted: Fit) -> Estimate:
    bounds, ratios, own = _judged(study, fitted)
    gap = (study.series.rates - fitted.expected)[: study.start]
    return estimate_of(
        study,
        fitted.expected,
        bounds,
        _said(study, fitted, bounds),
        p_value=rank_p(own, ratios),
        p_floor=1 / (1 + len(ratios)),
        pre_rmspe=float(np.sqrt(np.mean(gap**2))),
        placebos=tuple(
            Placebo(abs(float(ratio)), unit=name)
            for ratio, name in zip(ratios, fitted.pools.names, strict=True)
        ),
    )


def _judged(study: Study, fitted: Fit) -> tuple[Bounds, Real, float]:
    """Intervals, how extreme each placebo is, and how extreme the estimate is."""
    pools, series, start = fitted.pools, study.series, study.start
    if pools.exposure is None or series.exposure is None:
        gaps = pools.rates - fitted.placebos
        effects = gaps[:, start:].mean(axis=1)
        scale = float(np.sqrt(np.mean(effects**2)))
        own = float((series.rates - fitted.expected)[start:].mean())
        placebos = PlaceboGaps(gaps, np.ones(len(gaps)), 1.0)
        return gap_bounds(study, fitted.expected, placebos), effects / scale, own / scale
    treated = Counted.of(series.outcome, fitted.expected, series.exposure, start)
    others = Counted.of(pools.outcome, fitted.placebos, pools.exposure, start)
    judged = Judged.of(others.whole(), study.level)
    return (
        _count_bounds(study, fitted.expected, treated, others),
        judged.ratios(others.whole())[:, 0],
        float(judged.ratios(treated.whole())[0]),
    )


@dataclass(frozen=True)
class Judged:
    """The spread of placebos' relative effects, and how many of it an interval reaches."""

    spread: Spread
    extreme: float

    @classmethod
    def of(cls, placebos: Counted, level: float) -> "Judged":
        """From placebo groups; their periods count alike."""
        effects, noise = placebos.relative(), placebos.noise()
        spread = Spread.of(effects.ravel(), noise.ravel())
        scale = float(np.std(effects / spread.deviation(noise), ddof=1))
        return cls(spread, student(level, len(effects)) * scale)

    def ratios(self, counted: Counted) -> Real:
        """Relative effects in standard deviations."""
        found: Real = counted.relative() / self.spread.deviation(counted.noise())
        return found

    def interval(self, observed: float, expected: float, before: float) -> tuple[float, float]:
        """The ratios θ to what was expected that the observed count does not contradict.

        (O − θE)² ≤ c² (share (θE + θ²E²/B) + model θ²E²): a score interval, which also holds for
        few events or none; its upper end is infinite where these tell nothing.
        """
        share, model = self.extreme**2 * self.spread.share, self.extreme**2 * self.spread.model
        curve = expected**2 * (1 - model - share / before)
        slope = expected * (2 * observed + share)
        root = sqrt(slope**2 - 4 * curve * observed**2)
        high = (slope + root) / (2 * curve) if curve > 0 else np.inf
        return 2 * observed**2 / (slope + root) if observed else 0.0, high


def _count_bounds(study: Study, expected: Real, treated: Counted, others: Counted) -> Bounds:
    start, whole = study.start, treated.whole()
    before, mean = float(treated.before), float(expected[start:].mean())
    total = Judged.of(others.whole(), study.level)
    ends = total.interval(float(whole.observed[0]), float(whole.expected[0]), before)
    each = Judged.of(others, study.level)
    low, high = np.full((2, len(expected)), np.nan)
    for at, (seen, due) in enumerate(zip(treated.observed, treated.expected, strict=True), start):
        one = each.interval(float(seen), float(due), before)
        low[at], high[at] = expected[at] * (one[0] - 1), expected[at] * (one[1] - 1)
    if not np.isfinite(ends[1]):
        return Bounds(low, high)
    claimed, gap = float(whole.relative()[0]), study.series.rates - expected
    average = float(gap[start:].mean())
    relative = (ends[0] - 1, ends[1] - 1)
    interval = tuple(average + mean * (one - claimed) for one in relative)
    return Bounds(low, high, (interval[0], interval[1]), relative)


def _said(study: Study, fitted: Fit, bounds: Bounds) -> str:
    count, rank = len(fitted.pools), fitted.factors.rank
    ranked = f"the p-value is the rank among them, so at least {1 / (1 + count):.3g}."
    if not fitted.matrix.counts:
        return f"With {rank} factors, the interval is Student's with the variance of {count} placebo effects; {ranked}"
    if bounds.relative is None:
        return f"With {rank} factors, too few events or too wide a spread of {count} placebos for an interval; {ranked}"
    return (
        f"With {rank} factors, the interval holds the ratios that the count does not contradict, with "
        f"the variance of {count} placebo effects, each brought to the treated area's size; {ranked}"
    )
