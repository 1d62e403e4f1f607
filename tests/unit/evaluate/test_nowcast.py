"""Nowcasts against simulated reporting whose delays are known, and studies under them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from opendcr.errors import InputError
from opendcr.evaluate.delays.nowcast import (
    Delays,
    fitted,
    nowcast,
    scored,
    weighted_interval_score,
)
from opendcr.evaluate.delays.triangle import Triangle
from opendcr.evaluate.periods import Period
from opendcr.streams import stream
from tests.conftest import SOAK

SHARES = np.array([0.5, 0.25, 0.12, 0.08, 0.05])  # of a month's deaths, by delay
MONTHS = 40
EXAMPLES = 200 if SOAK else 20
MANY = 500 if SOAK else 40  # simulations


def reported(mean, months=MONTHS, seed=1, shock=0.0, lumpy=0.0, withdrawn=0.0, step=1):
    """A triangle of events each with its own delay, and what the months came to.

    `shock`: the squared coefficient of variation of what an edition takes in, `lumpy` that of what
    it takes in of one month; `withdrawn`: the share of the printed that each later edition takes
    back.
    """
    random = stream(seed, "reported", mean, months)
    late = len(SHARES) - 1
    editions = random.gamma(1 / shock, shock, months + late) if shock else np.ones(months + late)
    whole = np.empty((months, late + 1))
    for month in range(months):
        printed = 0
        for delay, share in enumerate(SHARES):
            taken = editions[month + delay] if delay else 1.0
            taken *= random.gamma(1 / lumpy, lumpy) if lumpy and delay else 1.0
            printed += random.poisson(mean * share * taken)
            printed -= random.binomial(printed, withdrawn) if delay else 0
            whole[month, delay] = printed
    whole = np.pad(whole, ((0, 0), (0, step - 1)), mode="edge")
    age = months - 1 - np.arange(months)
    delays = np.arange(late + step)
    known = (delays <= age[:, None]) & ((age[:, None] - delays) % step == 0)
    counts = np.where(known, whole, np.nan)
    rows = np.flatnonzero(known.any(axis=1))
    made = Triangle(
        tuple(Period("month", int(at)) for at in rows), counts[rows], whole[rows, -1],
        Period("month", months - 1), step,
    )  # fmt: skip
    return made, whole[rows, -1]


def held(many, draws=200, **about):
    """How often 95 % and 50 % intervals held, that of the sum held, and the bias, over simulations."""
    inside, half, sums, miss, came = [], [], [], 0.0, 0.0
    for seed in range(many):
        triangle, truth = reported(seed=seed, **about)
        made = nowcast(triangle, draws, seed)
        truth = truth[-len(made.periods) :]
        inside += ((made.low <= truth) & (truth <= made.high)).tolist()
        half += ((made.quantile(0.25) <= truth) & (truth <= made.quantile(0.75))).tolist()
        low, high = np.quantile(made.draws.sum(axis=1), [0.025, 0.975])
        sums.append(low <= truth.sum() <= high)
        miss, came = miss + (made.mean - truth).sum(), came + truth.sum()
    return np.mean(inside), np.mean(half), np.mean(sums), miss / max(came, 1)


@pytest.mark.parametrize(
    "about",
    [{"mean": 100}, {"mean": 20}, {"mean": 20, "shock": 0.2}, {"mean": 100, "shock": 0.1}, {"mean": 200, "lumpy": 0.3},
     {"mean": 20, "withdrawn": 0.03}, {"mean": 20, "months": 12}, {"mean": 60, "step": 2}],
    ids=str,
)  # fmt: skip
def test_intervals_hold_about_as_often_as_they_say(about):
    """Four months in each of 40 simulations: sampling alone moves 95 % by up to 5 points."""
    inside, half, sums, bias = held(MANY, **about)
    assert 0.92 <= inside <= 0.995
    assert 0.45 <= half <= 0.80  # whole numbers: an interval holds at least its share
    assert sums >= 0.89
    assert abs(bias) < 0.04


def test_the_next_editions_of_an_edition_with_a_shock_move_together():
    triangle, _ = reported(100, shock=0.3, seed=3)
    made = nowcast(triangle, 2000)
    assert made.delays.shock > 0.1
    alone, _ = reported(100, seed=3)
    assert (
        np.corrcoef(made.draws.T)[-1, -2] > np.corrcoef(nowcast(alone, 2000).draws.T)[-1, -2] + 0.1
    )


def test_a_rate_is_known_no_better_than_few_editions_tell():
    triangle, _ = reported(1000, months=14, shock=0.3, seed=3)
    found = fitted(triangle, {0})
    events = found.added[:4, 0]
    periods = np.array([len(triangle.pairs(delay)[0]) for delay in range(4)])
    late = [np.maximum(np.diff(triangle.pairs(delay)[:2], axis=0), 0).sum() for delay in range(4)]
    assert found.shock > 0.1
    # Of a gamma with so many events, over the spread: the variance of a rate in parts of its square.
    assert found.spread / events == pytest.approx(
        found.spread / np.array(late) + found.shock / periods
    )
    assert 5 <= found.editions <= 12


def test_what_few_editions_tell_of_a_shock_has_long_tails():
    """A variance of 0.01 by 6 degrees of freedom: that over χ²/6 has a mean of 0.01 × 6 / 4."""
    few = Delays(1, np.zeros((1, 2)), np.zeros((1, 2)), 1.0, 0.01, 6.0)
    random = np.random.default_rng(1)
    drawn = few.shocks(1, 100_000, random)
    assert drawn.mean() == pytest.approx(1, abs=0.002)
    assert drawn.var() == pytest.approx(0.015, rel=0.05)
    many = replace(few, editions=1e6).shocks(1, 100_000, random)
    assert many.var() == pytest.approx(0.01, rel=0.03)


@pytest.mark.parametrize("mean", [0.1, 0.5, 3.0])
def test_counts_near_zero_are_not_made_large(mean):
    """Where counts hover near zero, neither stuck at what was reported nor far over what comes."""
    inside, _, _, bias = held(60, mean=mean, months=60)
    assert inside >= 0.95
    assert -0.1 <= bias * mean <= 0.08  # in deaths a month


def test_nothing_reported_ever_is_near_nothing_to_come():
    triangle, _ = reported(1e-9, months=20)
    made = nowcast(triangle)
    assert made.reported.tolist() == [0.0] * 4
    assert made.median.tolist() == [0.0] * 4 and made.mean.max() < 0.2


def test_a_zero_in_a_large_series_can_still_grow():
    triangle, _ = reported(20)
    triangle.counts[-1, 0] = 0
    made = nowcast(triangle)
    assert 0 < made.mean[-1] < 2 and made.high[-1] >= 1


def test_counts_that_only_fall_are_nowcast_lower():
    counts = np.array([[50, 45, 45 - at % 2] for at in range(10)], dtype=float)
    counts[-2:, 2] = counts[-1:, 1] = np.nan
    periods = tuple(Period("month", at) for at in range(10))
    made = nowcast(Triangle(periods, counts, counts[:, 0], periods[-1], 1))
    assert 42 < made.mean[-1] < 46 and made.high[-1] <= 50


def test_one_step_is_the_negative_binomial_of_the_model():
    """With the rate known (many periods), what comes in is negative binomial: mean a(x + ½),
    variance (1 + a) times it (Lawless 1994); against scipy's own."""
    months, rate, seen = 30_000, 0.4, 8
    random = stream(2, "rate")
    first = random.poisson(6, months).astype(float)
    then = first + random.poisson(rate * (first + 0.5))
    counts = np.column_stack([first, then])
    counts[-1] = seen, np.nan
    periods = tuple(Period("number", at) for at in range(months))
    made = nowcast(Triangle(periods, counts, then, periods[-1], 1), 40_000)
    late = made.draws[:, 0] - seen
    spread = made.delays.spread * (1 + rate)
    mean = rate * (seen + 0.5)
    law = nbinom(mean / (spread - 1), 1 / spread)
    for share in (0.1, 0.5, 0.9, 0.975):
        assert abs(np.mean(late <= law.ppf(share)) - law.cdf(law.ppf(share))) < 0.015


def test_what_varies_by_itself_is_told_from_what_an_edition_shares():
    lumpy, shared = (nowcast(reported(200, months=80, **about)[0], 10).delays
                     for about in ({"lumpy": 0.3}, {"shock": 0.3}))  # fmt: skip
    assert lumpy.spread > 3 > 2 > shared.spread
    assert lumpy.shock < 0.1 < 0.2 < shared.shock


def test_a_rate_known_from_few_periods_is_not_taken_for_sure():
    """Two periods of 1,000 that grew by 200: the rate's own variance, 200² / 400, is added."""
    counts = np.array([[1000.0, 1200], [1000, 1200], [1000, np.nan]])
    periods = tuple(Period("month", at) for at in range(3))
    made = nowcast(Triangle(periods, counts, counts[:, 0], periods[-1], 1), 40_000)
    assert made.draws.var() == pytest.approx(200 * 1.2 + 200**2 / 400, rel=0.05)


def test_the_same_seed_gives_the_same_draws_and_another_others():
    triangle, _ = reported(20)
    one, same, other = nowcast(triangle, 50), nowcast(triangle, 50), nowcast(triangle, 50, seed=2)
    np.testing.assert_array_equal(one.draws, same.draws)
    assert (one.draws != other.draws).any()
    assert isinstance(one.delays, Delays)


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 10_000), st.sampled_from([0.2, 2, 30]), st.sampled_from([0.0, 0.05]))
def test_draws_are_counts_and_the_interval_holds_the_middle(seed, mean, withdrawn):
    triangle, _ = reported(mean, months=12, seed=seed, withdrawn=withdrawn)
    made = nowcast(triangle, 60, seed)
    assert np.isfinite(made.draws).all() and (made.draws >= 0).all()
    assert (made.draws == np.round(made.draws)).all()
    assert ((made.low <= made.median) & (made.median <= made.high)).all()
    if not withdrawn:
        assert (made.draws >= made.reported).all()


def test_the_shortest_triangle_is_wide_and_a_shorter_one_refused():
    short, _ = reported(20, months=6)
    long, _ = reported(20, months=80)
    ends = [nowcast(one, 4000) for one in (short, long)]
    widths = [float(one.quantile(0.975)[-1] / one.reported[-1] - 1) for one in ends]
    assert widths[0] > widths[1]
    with pytest.raises(InputError, match="1 periods seen both 3 and 4 after"):
        nowcast(reported(20, months=5)[0])


def test_past_editions_are_scored_and_beat_what_was_reported():
    found = scored(reported(40, months=60)[0], 300)
    assert found.nowcasts == 186  # 48 editions, less those of the last four months still to come
    assert found.coverage[0.95] > 0.9 and 0.4 < found.coverage[0.5] < 0.8
    assert found.wis < found.as_reported / 3
    assert abs(found.bias) < 0.05


def test_there_must_be_an_edition_to_score():
    with pytest.raises(InputError, match="no past edition"):
        scored(reported(40, months=9)[0], 50)


def test_the_weighted_interval_score_by_hand():
    """Bracher and others (2021), equation 1: ½|y − m| and, for each level, α/2 times the score."""
    drawn = np.arange(1, 1001, dtype=float)
    inside = (0.5 * abs(480 - 500) + 0.025 * 950 + 0.1 * 800 + 0.25 * 500) / 3.5
    assert weighted_interval_score(drawn, 480) == pytest.approx(inside)
    outside = (0.5 * 600 + 0.025 * 950 + 0.1 * 800 + 0.25 * 500 + (125 + 200 + 350)) / 3.5
    assert weighted_interval_score(drawn, 1100) == pytest.approx(outside)


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 10_000))
def test_sparse_short_triangles_give_finite_draws_whatever_is_estimated(seed):
    triangle, _ = reported(1.5, months=7, seed=seed, shock=0.5)
    assert nowcast(triangle, 200, seed).draws.max() < 5_000


@pytest.mark.parametrize(("draws", "level"), [(0, 0.05), (10, 0.0), (10, 1.0)])
def test_there_are_draws_and_a_level(draws, level):
    with pytest.raises(InputError, match="draws, and a level"):
        nowcast(reported(20)[0], draws, level=level)


def test_complete_periods_alone_need_no_nowcast():
    triangle, truth = reported(20)
    done = triangle.as_at(triangle.edition)
    kept = [at for at in range(len(done.periods)) if done.complete(at)]
    old = Triangle(
        tuple(done.periods[at] for at in kept), done.counts[kept], truth[kept], done.edition, 1
    )
    assert nowcast(old, 10).draws.shape == (10, 0)
