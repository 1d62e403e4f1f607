"""A series beside its base, ranked among shifts in time: against the slow and obvious."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import StratifiedTable

from opendcr.evaluate.comparisons.shifts import (
    Contrast,
    NoisyContrast,
    floor,
    odds_ratio,
)
from opendcr.evaluate.panel import Real


def series(counts: Real, base: Real, start: int) -> Contrast:
    return Contrast(counts, base, start)


def slow_p(one: Contrast, relative: float) -> float:
    """Fit the level under the effect, shift the residuals by hand, count."""
    mean = one.base * np.where(one.after, 1 + relative, 1.0)
    residuals = one.counts - one.counts.sum() / mean.sum() * mean
    sums = [abs(np.roll(residuals, by)[one.start :].sum()) for by in range(len(mean))]
    return float(np.mean([value >= sums[0] * (1 - 1e-9) - 1e-9 for value in sums]))


def some(seed: int, periods: int = 30) -> Contrast:
    rng = np.random.default_rng(seed)
    base = rng.uniform(5, 15, periods)
    return series(rng.poisson(base).astype(float), base, periods * 2 // 3)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("relative", [0.0, -0.5, 0.4])
def test_p_values_as_by_shifting_residuals(seed: int, relative: float) -> None:
    one = some(seed)
    assert one.p_value(relative) == pytest.approx(slow_p(one, relative))
    assert one.p_value(one.relative) == 1


@given(st.integers(0, 10_000), st.floats(0.02, 0.98))
def test_the_interval_is_what_is_not_rejected(seed: int, at: float) -> None:
    one = some(seed)
    interval = one.interval(0.1)
    assert interval is not None
    low, high = interval
    assert -1 <= low <= one.relative <= high
    within = low + at * (min(high, 20) - low)
    assert one.p_value(within) > 0.1
    if low > -1:
        assert one.p_value(low - 1e-7) <= 0.1
    if np.isfinite(high):
        assert one.p_value(high + 1e-7) <= 0.1


def test_no_event_after_leaves_an_upper_bound() -> None:
    counts = np.r_[np.tile([4.0, 6.0, 5.0], 8), np.zeros(12)]
    one = series(counts, np.ones(36), 24)
    interval = one.interval(0.1)
    assert one.relative == -1 and interval is not None
    assert interval[0] == -1 and interval[1] < 0
    assert one.p_value() == pytest.approx(1 / 36)


@pytest.mark.parametrize(("start", "least"), [(11, 1 / 24), (12, 2 / 24), (13, 1 / 24)])
def test_a_block_of_half_of_the_periods_ties_with_the_other_half(start: int, least: float) -> None:
    """Residuals sum to nothing. The floor was given as one over the periods, below which p could
    not go, and an interval without an end was."""
    counts = np.r_[np.tile([39.0, 43.0, 41.0], 5)[:start], np.tile([2.0, 1.0, 3.0], 5)][:24]
    one = series(counts, np.ones(24), start)
    assert one.p_value() == pytest.approx(least) == floor(24, 24 - start)
    interval = one.interval(0.05)
    assert interval is None if least > 0.05 else interval and interval[1] < 0


def test_few_periods_have_a_p_value_and_no_interval() -> None:
    one = some(1, 12)
    assert one.interval(0.05) is None and one.p_value() >= 1 / 12


def test_the_quasi_poisson_error_is_that_of_the_log_ratio() -> None:
    rng = np.random.default_rng(2)
    ratios, said = [], []
    for _ in range(400):
        far = rng.poisson(40, 40).astype(float)
        one = NoisyContrast(rng.poisson(30, 40).astype(float), far, 25, 1 / far)
        ratios.append(np.log1p(one.relative))
        said.append(one.error[0] / np.sqrt(max(one.dispersion, 1)))
    assert np.median(said) == pytest.approx(np.std(ratios), rel=0.12)


def tables(seed: int, low: float, high: float) -> Real:
    rng = np.random.default_rng(seed)
    return rng.poisson(rng.uniform(low, high, (4, 30))).astype(float)


@pytest.mark.parametrize(("low", "high"), [(0.3, 3), (20, 50)])
def test_the_odds_ratio_and_its_error_are_those_of_statsmodels(low: float, high: float) -> None:
    four = tables(3, low, high)
    one = odds_ratio(four, np.ones(30), 20)
    parts = [StratifiedTable(table) for table in np.split(four.reshape(2, 2, 30), [20], axis=2)]
    before, after = (part.oddsratio_pooled for part in parts)
    assert one.relative == pytest.approx(after / before - 1)
    error = np.hypot(*(part.logodds_pooled_se for part in parts))
    wider = max(one.dispersion, 1) * (1 + max(one.correlation, 0)) / (1 - max(one.correlation, 0))
    assert one.error[0] == pytest.approx(error * np.sqrt(wider))
    assert one.counts.sum() == pytest.approx(four[0].sum())


def test_exposures_divide_the_odds() -> None:
    four = tables(4, 1, 9)
    people = np.random.default_rng(5).uniform(1, 3, (4, 1)) * np.ones(30)
    people[0, 20:] *= 2  # twice the hours after: half the effect
    of_a, of_b, of_c, of_d = people
    one = odds_ratio(four, of_a * of_d / of_b / of_c, 20)
    assert one.relative == pytest.approx((1 + odds_ratio(four, np.ones(30), 20).relative) / 2 - 1)


def test_a_ratio_of_few_events_is_as_often_too_high_as_too_low() -> None:
    """With one event a month far away, and fewer and fewer of them: half of 800 is 400 ± 3 × 14."""
    rng, above = np.random.default_rng(6), 0
    fewer = np.exp(-0.03 * np.arange(48))
    means = np.array([np.full(48, 20.0), np.full(48, 15.0), 4 * fewer, 3 * fewer])
    for _ in range(800):
        four = rng.poisson(means).astype(float)
        above += odds_ratio(four, np.ones(48), 36).relative > 0
    assert 0.447 < above / 800 < 0.553


def test_the_error_is_wider_by_autocorrelation_and_never_below_poisson_s() -> None:
    even = np.tile([40.0, 41, 39, 40], 10)  # varies far less than Poisson's counts
    one = series(even, np.ones(40), 30)
    assert one.dispersion < 0.1 and one.correlation <= 0
    before, after = even[:30].sum() + 0.5, even[30:].sum() + 0.5
    assert one.error == (pytest.approx(np.sqrt(1 / before + 1 / after)), 38)
    waves = 40 + 20 * np.sin(np.arange(40) / 1.5)
    two = series(waves, np.ones(40), 30)
    r = two.correlation
    assert 0 < r < 0.9 and two.dispersion > 1
    assert two.error[1] == pytest.approx(38 * (1 - r) / (1 + r))
    before, after = waves[:30].sum() + 0.5, waves[30:].sum() + 0.5
    poisson = np.sqrt(1 / before + 1 / after)
    assert two.error[0] == pytest.approx(poisson * np.sqrt(two.dispersion * (1 + r) / (1 - r)))


def test_the_quasi_poisson_interval_whose_level_is_the_p_value_ends_at_no_effect() -> None:
    for one in (some(3), some(4), odds_ratio(tables(7, 2, 6), np.ones(30), 20)):
        p, _ = one.quasi(0.05)
        assert min(abs(end) for end in one.quasi(p)[1]) == pytest.approx(0, abs=1e-9)


def test_dispersion_and_correlation_are_found() -> None:
    rng = np.random.default_rng(3)
    dispersions, correlations = [], []
    for _ in range(200):
        noise = np.zeros(80)
        for at in range(1, 80):
            noise[at] = 0.6 * noise[at - 1] + rng.normal(0, 8)
        one = series(1000 + noise * 10, np.full(80, 1000.0), 60)
        dispersions.append(one.dispersion)
        correlations.append(one.correlation)
    assert np.mean(correlations) == pytest.approx(0.6, abs=0.06)
    assert np.mean(dispersions) == pytest.approx(100 * 64 / (1 - 0.36) / 1000, rel=0.1)


def test_the_quasi_poisson_interval_holds_the_estimate_and_agrees_with_its_p_value() -> None:
    for seed in range(20):
        one = some(seed)
        p, (low, high) = one.quasi(0.1)
        assert low <= one.relative <= high
        assert (p <= 0.1) == (not low <= 0 <= high)
