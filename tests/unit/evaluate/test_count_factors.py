"""The factor model of counts: against general solvers, a planted effect, its laws, its intervals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.errors import SizeVariance
from opendcr.evaluate.designs.count_factors import (
    Counted,
    CountFactors,
    Factors,
    Judged,
    Matrix,
    factors_of,
)
from opendcr.evaluate.kernel.factors import expected_of, placebo_etas
from opendcr.keyed import Table
from tests.unit.evaluate.panels import factor_rates, prop99, simulated_counts, study

SEEDS = st.integers(0, 2**32 - 1)
PLAIN = CountFactors()


def counts_of(seed, areas=12, periods=30, rate=6.0, strength=0.6):
    draws = np.random.default_rng(seed)
    exposure = np.outer(draws.permutation(np.geomspace(0.3, 6, areas)), np.ones(periods))
    logs = factor_rates(draws, areas, periods, 1, strength)
    return simulated_counts(draws, logs, exposure, rate), exposure


def penalised(parts, y, sizes, rank):
    """The negative of the log-likelihood with its penalties, and nothing clever."""
    areas, periods = y.shape
    rows = parts[: areas * (1 + rank)].reshape(areas, -1)
    columns = parts[areas * (1 + rank) :].reshape(periods, -1)
    eta = rows[:, :1] + columns[:, 0] + rows[:, 1:] @ columns[:, 1:].T
    levels = np.concatenate([rows[:, 0], columns[:, 0]])
    loss = (sizes * np.exp(eta) - y * eta).sum() + 0.5 * (np.exp(levels) - levels).sum()
    return loss + 0.5 * ((rows[:, 1:] ** 2).sum() + (columns[:, 1:] ** 2).sum())


@pytest.mark.parametrize("rank", [0, 1, 2])
def test_fit_is_that_of_a_general_optimiser(rank):
    counts, exposure = counts_of(4, 8, 12)
    matrix = Matrix.of(study(counts, 8, exposure), range(1, 8))
    found = factors_of(matrix, rank)
    parts = np.concatenate([found.rows.ravel(), found.columns.ravel()])
    loss = penalised(parts, matrix.outcome, matrix.sizes, rank)
    other = optimize.minimize(
        penalised, parts, (matrix.outcome, matrix.sizes, rank), options={"maxiter": 500}
    )
    assert loss == pytest.approx(
        other.fun, abs=0.3
    )  # of log-likelihood: far below any standard error
    assert loss >= other.fun - 1e-6


def test_loadings_of_an_area_are_those_of_a_general_optimiser():
    counts, exposure = counts_of(9)
    matrix = Matrix.of(study(counts, 20, exposure), range(1, 12))
    found = factors_of(matrix, 2)
    y, sizes = matrix.same(counts[0], exposure[0])
    eta = expected_of(y, sizes, True, 20, found.rows, np.ones(11, np.int64), found.columns)
    loads = found.rows[:, 1:]
    prior = stats.multivariate_normal(loads.mean(axis=0), np.cov(loads.T, bias=True))

    def loss(own):
        course = own[0] + found.columns[:, 0] + found.columns[:, 1:] @ own[1:]
        seen = (sizes * np.exp(course) - y * course)[:20].sum()
        return seen + 0.5 * (np.exp(own[0]) - own[0]) - prior.logpdf(own[1:])

    best = optimize.minimize(loss, np.zeros(3), method="BFGS", options={"gtol": 1e-8}).x
    course = best[0] + found.columns[:, 0] + found.columns[:, 1:] @ best[1:]
    assert eta == pytest.approx(course, abs=1e-4)


def test_placebos_are_near_those_of_a_fit_from_nothing():
    """The short cut (the normal model that touches, few rounds) moves a placebo by far less than
    its standard error."""
    counts, exposure = counts_of(3, 15, 36)
    of = study(counts, 24, exposure)
    matrix = Matrix.of(of, range(15))
    found = factors_of(matrix, 1)
    members = np.arange(15)[:, None]
    quick = placebo_etas(
        matrix.outcome, matrix.sizes, True, 24, found.rows, found.columns, members,
        matrix.outcome, matrix.sizes, 0.02, 3,
    )  # fmt: skip
    for at in range(15):
        others = np.delete(np.arange(15), at)
        less = Matrix(matrix.outcome[others], matrix.sizes[others], True, 0.0, matrix.noise)
        slow = factors_of(less, 1)
        eta = expected_of(
            matrix.outcome[at], matrix.sizes[at], True, 24, slow.rows, np.ones(14, np.int64),
            slow.columns,
        )  # fmt: skip
        after = slice(24, None)
        sizes = matrix.sizes[at, after]
        ratio = np.log((sizes * np.exp(quick[at, after])).sum()) - np.log(
            (sizes * np.exp(eta[after])).sum()
        )
        assert abs(ratio) < 0.1


def test_without_factors_and_counts_it_is_a_difference_in_differences():
    """Stata's sdid, method(did), prints -27.34911 for Proposition 99."""
    found = CountFactors(rank=0).fit(prop99())
    assert found.average_effect == pytest.approx(-27.34911, abs=1e-3)


def test_without_factors_counts_are_a_two_way_poisson_model():
    """The closed form: in a two-way Poisson model of complete donors the periods' shares are those
    of the sums over donors (but for the half event of each level)."""
    counts, _ = counts_of(8, 10, 20, rate=300.0)
    even = np.ones(counts.shape)
    found = CountFactors(rank=0).fit(study(counts, 14, even))
    others = counts[1:].sum(axis=0)
    expected = counts[0, :14].sum() / others[:14].sum() * others
    assert [one.expected for one in found.effect] == pytest.approx(expected, rel=2e-3)


def test_recovers_an_effect_in_a_world_of_factors():
    """An area with an extreme loading loses a third: without factors the answer is wrong."""
    draws = np.random.default_rng(6)
    loads = np.linspace(-1, 1, 30)
    logs = 0.3 * draws.normal(size=(30, 1)) + np.outer(loads, np.linspace(0, 1, 60))
    logs[0] = 0.9 * np.linspace(0, 1, 60)
    logs[0, 45:] += np.log(2 / 3)
    exposure = np.full((30, 60), 20.0)
    of = study(simulated_counts(draws, logs, exposure), 45, exposure)
    found, naive = PLAIN.fit(of), CountFactors(rank=0).fit(of)
    assert found.relative_effect == pytest.approx(-1 / 3, abs=0.1)
    assert abs(naive.relative_effect + 1 / 3) > 0.2
    assert found.relative_interval[0] < -1 / 3 < found.relative_interval[1] < 0
    assert found.p_value == found.p_floor == PLAIN.floor(of) == 1 / 30


def test_the_rank_is_found():
    draws = np.random.default_rng(1)
    exposure = np.full((30, 60), 30.0)
    for rank in (0, 1):
        logs = 0.3 * draws.normal(size=(30, 1)) + (
            draws.normal(size=(30, rank)) @ np.cumsum(draws.normal(0, 0.15, (rank, 60)), axis=1)
        )
        said = PLAIN.fit(study(simulated_counts(draws, logs, exposure), 45, exposure)).inference
        assert said.startswith(f"The model has {rank} factor{'' if rank == 1 else 's'}. ")


@given(SEEDS)
def test_laws(seed):
    """The order of areas and the unit of exposure do not matter; more events after, more effect."""
    counts, exposure = counts_of(seed % 1000, 9, 20)
    counts[0, 0] += 1 if np.ptp(counts[0, :14]) == 0 else 0
    design = CountFactors(rank=1)
    plain = design.fit(study(counts, 14, exposure))
    unit = design.fit(study(counts, 14, exposure * 1000))
    assert unit.relative_effect == pytest.approx(plain.relative_effect, rel=1e-6, abs=1e-9)
    assert unit.average_effect == pytest.approx(plain.average_effect / 1000, rel=1e-6, abs=1e-9)
    order = np.concatenate([[0], 1 + np.random.default_rng(seed).permutation(8)])
    moved = design.fit(study(counts[order], 14, exposure[order]))
    assert moved.relative_effect == pytest.approx(plain.relative_effect, abs=2e-3)
    raised = counts.copy()
    raised[0, 14:] += 3
    more = design.fit(study(raised, 14, exposure))
    seen, due = counts[0, 14:].sum(), counts[0, 14:].sum() / (1 + plain.relative_effect)
    if seen:
        assert more.relative_effect == pytest.approx((seen + 18) / due - 1)
    assert more.relative_effect > plain.relative_effect


def test_areas_and_periods_without_events():
    counts, exposure = counts_of(2, 12, 24, rate=0.5)
    counts[3] = 0
    counts[:, 5] = 0
    counts[0, 16:] = 0
    counts[0, 1] = 2
    found = PLAIN.fit(study(counts, 16, exposure))
    assert found.relative_effect == -1
    assert found.relative_interval[0] == -1
    assert all(np.isfinite([one.ratio for one in found.placebos]))
    assert len(found.placebos) == 11


@given(st.integers(0, 40), st.floats(0.5, 40), st.floats(0, 0.1), st.floats(0.5, 2))
def test_intervals_hold_the_estimate_and_narrow_with_events(seen, due, model, share):
    def interval(times):
        counted = Counted(np.array([times * seen]), np.array([times * due]), np.array(50.0 * times))
        low, high = Judged(variance(model, share), 2.0).relative(counted)
        return low[0], high[0]

    (low, high), more = interval(1.0), interval(10.0)
    assert -1 <= low <= seen / due - 1 <= high
    assert (more[1] + 1) / (more[0] + 1 + 1e-9) < (high + 1) / (low + 1 + 1e-9)
    if seen == 0:
        assert low == -1 and more[1] < high


def test_covers_and_rejects_as_it_says_under_the_null():
    """Small and large areas, a factor, and drift of their own: nothing happened in any. Sound
    intervals and ranks pass in 996 of 1,000 runs each, ones that are wrong in 0.15 of panels in 49."""
    draws = np.random.default_rng(12)
    exposure = np.outer(np.r_[2.0, np.geomspace(0.5, 6, 19)], np.ones(24))
    held, ranked = [], []
    for _ in range(150):
        logs = factor_rates(draws, 20, 24, 1, 0.3)
        logs += np.cumsum(draws.normal(0, 0.02, (20, 24)), axis=1)
        found = PLAIN.fit(study(simulated_counts(draws, logs, exposure, 8.0), 16, exposure))
        low, high = found.relative_interval
        held.append(low <= 0 <= high)
        ranked.append(found.p_value <= 0.05)
    assert np.sum(held) >= 135
    assert np.sum(ranked) <= 15


def test_neither_seed_nor_order_of_areas_chooses_the_number_of_factors():
    """Here the last third before the start tells little of whether there are none, one or two."""
    counts, exposure = counts_of(5, strength=0.3)
    made = study(counts, 20, exposure)
    plain = PLAIN.fit(made)
    assert all(PLAIN.fit(replace(made, seed=seed)) == plain for seed in (2, 4, 5))
    for seed in (1, 2):
        order = np.concatenate([[0], 1 + np.random.default_rng(seed).permutation(11)])
        moved = PLAIN.fit(study(counts[order], 20, exposure[order]))
        assert moved.relative_effect == pytest.approx(plain.relative_effect, abs=2e-3)


def test_the_rank_does_not_look_after_the_start():
    counts, exposure = counts_of(1)
    changed = counts.copy()
    changed[:, 20:] = changed[::-1, 20:]
    first, second = (PLAIN.fit(study(one, 20, exposure)) for one in (counts, changed))
    assert first.inference == second.inference


def test_reads_a_plan_and_says_what_is_wrong():
    table = Table.of("plan.toml", "designs.count_factors", {"rank": 2, "exclude": ["A3"]})
    design = CountFactors.read(table)
    counts, exposure = counts_of(1)
    found = design.fit(study(counts, 20, exposure))
    assert found.inference.startswith("The model has 2 factors")
    assert "A3" not in {one.unit for one in found.placebos}
    for data in ({"rank": 4}, {"ranks": 1}, {"donors": 1}):
        with pytest.raises(InputError, match=r"plan\.toml, designs"):
            CountFactors.read(Table.of("plan.toml", "designs.count_factors", data))


def test_checks():
    counts, exposure = counts_of(7, 14, 30, rate=30.0)
    of = study(counts, 20, exposure)
    checks = {one.name: one for one in PLAIN.checks(of, PLAIN.fit(of))}
    assert set(checks) == {
        "fit before", "placebo areas", "earlier starts", "other starts",
        "donors left out", "ranks 0 to 3",
    }  # fmt: skip
    assert checks["fit before"].passed is True


def test_counts_of_what_was_expected():
    counted = Counted.of(np.array([1.0, 2, 3, 4]), np.full(4, 0.5), np.full(4, 4.0), 2)
    assert counted.whole().logs() == pytest.approx(np.log(7.5 / 4.5))
    assert counted.noise() == pytest.approx(1 / 2.5 + 1 / 4)
    assert Factors(np.zeros((3, 2)), np.zeros((4, 2))).rank == 1


def variance(model, share, noise=None):
    """A variance by size that is known from areas of so much noise."""
    weights = np.ones(1) if noise is None else 1 / (model + share * noise) ** 2
    noise = np.ones(1) if noise is None else noise
    sums = np.array([[weights.sum(), weights @ noise, weights @ noise**2]])
    return SizeVariance(np.array([model]), np.array([share]), sums)


def test_areas_of_one_size_tell_as_much_of_one_like_them_as_their_number():
    assert variance(0.3, 2.0, np.full(31, 0.1)).freedom(0.1, 31) == 30


@given(st.floats(0.01, 1), st.floats(0, 1), st.floats(1e-3, 1e3))
def test_less_is_known_of_an_area_unlike_the_others_whatever_the_unit(model, share, unit):
    noise = np.geomspace(0.02, 0.2, 31)
    spread = variance(model, share, noise)
    other = variance(model * unit, share, noise * unit)
    usual, far = (spread.freedom(own, 31) for own in (0.08, 0.0005))
    assert 2 <= far < usual <= 30
    assert other.freedom(0.0005 * unit, 31) == pytest.approx(far)


@pytest.mark.parametrize("model", [0.01, 0.05])
def test_an_interval_by_these_degrees_of_freedom_holds_what_it_says(model):
    """An area ten times as large as any other, its variance from 31 smaller ones: with as many
    degrees of freedom as placebos the interval would be too narrow."""
    draws, noise, own = np.random.default_rng(6), np.geomspace(0.02, 0.2, 31), 0.002
    effects = draws.normal(0, np.sqrt(model + noise), (4000, 31))
    error = abs(draws.normal(0, np.sqrt(model + own), 4000))
    spread = SizeVariance.fitted(effects**2, noise)
    known, counted = (
        np.mean(error <= stats.t.ppf(0.975, freedom) * np.sqrt(spread.of(own)))
        for freedom in (spread.freedom(own, 31), 30)
    )
    assert known >= 0.935
    assert counted < 0.90
