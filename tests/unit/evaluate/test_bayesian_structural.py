"""The Bayesian structural series as a design: planted effects, what it is told, what it refuses."""

import os
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from opendcr.errors import InputError
from opendcr.evaluate.designs.bayesian_structural import BayesianStructural
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.keyed import Table
from opendcr.streams import stream

Real = NDArray[np.float64]
SOAK = os.environ.get("OPENDCR_SOAK") == "1"
QUICK = BayesianStructural(draws=300, warmup=150, chains=2)


def panel(outcome: Real, exposure: Real | None = None) -> Panel:
    areas, periods = outcome.shape
    months = tuple(Period("month", 2015 * 12 + at) for at in range(periods))
    return Panel(tuple(f"a{at}" for at in range(areas)), months, outcome.astype(float), exposure)


def toy(seed: int, effect: float = 10.0) -> Study:
    """The example of CausalImpact: a near random walk and what follows it, more by 10 from 71 on."""
    rng = stream(seed, "toy")
    walk = np.zeros(100)
    for at in range(1, 100):
        walk[at] = 0.999 * walk[at - 1] + rng.normal()
    outcome = 1.2 * (100 + walk) + rng.normal(size=100)
    outcome[70:] += effect
    return Study(panel(np.array([outcome, 100 + walk])), (0,), 70)


def counts(seed: int, effect: float = 0.0, donors: int = 6, mean: float = 30.0) -> Study:
    """Months of counts: what all have in common, each area's own drift of 1.5 % a month and scatter."""
    rng = stream(seed, "counts")
    areas, months = donors + 1, 72
    common = np.cumsum(rng.normal(0, 0.04, months))
    own = np.cumsum(rng.normal(0, 0.015, (areas, months)), axis=1)
    people = np.full((areas, months), 1e5) * rng.uniform(0.5, 2, (areas, 1))
    rate = mean / 1e5 * np.exp(common + own + rng.normal(0, 0.1, (areas, months)))
    rate[0, 48:] *= 1 + effect
    return Study(panel(rng.poisson(rate * people), people), (0,), 48)


def test_the_planted_ten_is_covered() -> None:
    found = [QUICK.fit(toy(seed)) for seed in range(6)]
    intervals = [one.interval or (0, 0) for one in found]
    assert sum(low <= 10 <= high for low, high in intervals) >= 5
    assert all(abs(one.average_effect - 10) < 1.5 and one.p_value == one.p_floor for one in found)


def test_intervals_of_counts_cover_as_often_as_they_say() -> None:
    times = 200 if SOAK else 12
    found = [QUICK.fit(counts(seed, -0.3)).relative_interval or (0, 0) for seed in range(times)]
    held = sum(low <= -0.3 <= high for low, high in found)
    assert held >= (0.9 if SOAK else 0.8) * times
    assert np.median([high - low for low, high in found]) < 0.7


def test_a_fall_to_nothing_is_shown() -> None:
    """p was at its floor, and no interval said so: all its ends were −100 %."""
    study = counts(3)
    none = study.panel.outcome.copy()
    none[0, study.start :] = 0
    found = QUICK.fit(replace(study, panel=study.panel.with_outcome(none)))
    assert found.p_value == found.p_floor and found.relative_interval
    low, high = found.relative_interval
    assert low == -1 and -1 < high < -0.9


def test_the_same_study_has_the_same_answer_and_another_seed_nearly_the_same() -> None:
    study = counts(1)
    one, again, other = (QUICK.fit(replace(study, seed=seed)) for seed in (1, 1, 2))
    assert one == again != other
    assert one.relative_effect == pytest.approx(other.relative_effect, abs=0.03)


def test_the_figures_belong_together() -> None:
    study = counts(2, -0.2)
    found = QUICK.fit(study)
    after = found.effect[study.start :]
    assert len(found.effect) == 72
    observed = sum(one.observed_count or 0 for one in after)
    expected = sum(one.expected_count or 0 for one in after)
    assert found.relative_effect == pytest.approx(observed / expected - 1)
    assert found.cumulative == pytest.approx(observed - expected)
    assert found.average_effect == pytest.approx(np.mean([one.effect for one in after]))
    assert found.relative_interval and found.cumulative_interval and found.interval
    low, high = found.relative_interval
    few, many = found.cumulative_interval
    assert few == pytest.approx(observed - observed / (1 + low))
    assert many == pytest.approx(observed - observed / (1 + high))
    assert all(one.low is not None and one.high is not None for one in found.effect)
    assert QUICK.floor(study) == found.p_floor
    assert found.coefficients and {"noise", "drift", "donor a1"} <= set(found.coefficients)


def test_a_donor_is_taken_for_what_it_says() -> None:
    """Of one that follows and five that do not, the one."""
    rng = stream(5, "donors")
    made = toy(1)
    others = rng.normal(size=(5, 100))
    study = replace(made, panel=panel(np.vstack([made.panel.outcome, others])))
    said = {one.name: one.detail for one in QUICK.checks(study, QUICK.fit(study))}
    assert said["donors' inclusion probabilities"].startswith("a1 1.00")
    left_out = replace(QUICK, exclude=("a1",)).fit(study)
    kept = QUICK.fit(study)
    assert left_out.interval and kept.interval
    assert np.ptp(left_out.interval) > 2 * np.ptp(kept.interval)


def test_a_season_is_not_taken_for_drift() -> None:
    rng = stream(6, "season")
    month = np.arange(72)
    mean = 60 * np.exp(0.4 * np.sin(2 * np.pi * month / 12))
    study = Study(panel(rng.poisson(mean)[None], np.full((1, 72), 1e5)), (0,), 48)
    flat, told = QUICK.fit(study), replace(QUICK, seasonality=12).fit(study)
    assert flat.pre_rmspe and told.pre_rmspe and flat.relative_interval and told.relative_interval
    assert np.ptp(told.relative_interval) < 0.5 * np.ptp(flat.relative_interval)
    assert told.relative_interval[0] < 0 < told.relative_interval[1]


def test_a_linear_trend_goes_on() -> None:
    rng = stream(7, "trend")
    outcome = 5 + 0.5 * np.arange(60) + rng.normal(size=60)
    study = Study(panel(outcome[None]), (0,), 45)
    level, trend = QUICK.fit(study), replace(QUICK, level="local_linear_trend").fit(study)
    assert trend.interval and trend.interval[0] < 0 < trend.interval[1]
    assert abs(trend.average_effect) < 0.5 * abs(level.average_effect)


@pytest.mark.parametrize(("drift", "low", "high"), [(0.0, 0.0, 0.015), (0.05, 0.03, 0.08)])
def test_the_drift_of_donors_is_found(drift: float, low: float, high: float) -> None:
    rng = stream(8, "drift")
    own = np.cumsum(rng.normal(0, drift, (16, 60)), axis=1) + np.cumsum(rng.normal(0, 0.1, 60))
    made = rng.poisson(40 * np.exp(own - own.mean()))
    study = Study(panel(made, np.full(made.shape, 1e5)), (0,), 50)
    assert low <= of_donors(study) <= high


def of_donors(study: Study) -> float:
    """The median of the drift's prior, in the outcome's unit."""
    scaled = replace(QUICK, drift_from="donors").scaled(study)
    return float(scaled.drift * scaled.unit * stats.halfnorm.median())


def test_a_small_drift_of_few_donors_is_no_smaller_than_it_is() -> None:
    """Four years of eight donors hardly tell it from none: the likeliest is half as large."""
    rng, found = stream(9, "few"), []
    for _ in range(25):
        walks = np.cumsum(rng.normal(0, 0.2, (9, 60)), axis=1)
        common = np.cumsum(rng.normal(0, 0.8, 60))
        outcome = 40 + walks + common + rng.normal(0, 4, (9, 60))
        found.append(of_donors(Study(panel(outcome), (0,), 48)))
    assert 0.18 < np.mean(found) < 0.32


def test_the_drift_of_a_few_years_is_not_taken_for_noise() -> None:
    """Eleven yearly counts of thirty areas; a noise of each one would take a third of it."""
    rng, found = stream(10, "years"), []
    for _ in range(12):
        people = np.exp(rng.uniform(np.log(2e4), np.log(2.6e5), (31, 1))) * np.ones(16)
        rate = 1.5e-4 * np.exp(np.cumsum(rng.normal(0, 0.05, (31, 16)), axis=1))
        found.append(of_donors(Study(panel(rng.poisson(rate * people), people), (0,), 11)))
    assert np.median(found) == pytest.approx(0.05, abs=0.01)


def test_wider_drift_is_a_wider_interval() -> None:
    study = counts(3)
    narrow, wide = (replace(QUICK, drift=one).fit(study).relative_interval for one in (0.002, 0.3))
    assert narrow and wide and np.ptp(narrow) < 0.7 * np.ptp(wide)


def test_checks_of_a_sound_series_pass() -> None:
    study = counts(5)
    design = replace(QUICK, draws=1500)
    found = {one.name: one for one in design.checks(study, design.fit(study))}
    assert [name for name, one in found.items() if one.passed is False] == []
    assert len(found) == 8


def test_a_step_before_the_start_fails_the_placebo() -> None:
    made = toy(2, 0.0)
    outcome = made.panel.outcome.copy()
    outcome[0, 46:] += 12
    checks = QUICK.checks(replace(made, panel=panel(outcome)), QUICK.fit(made))
    placebo = next(one for one in checks if one.name.startswith("placebo start"))
    assert placebo.passed is False


def test_nothing_at_all_is_still_an_answer() -> None:
    """Counts that are nearly all zero: no relative interval may be known, and nothing is NaN."""
    rng = stream(9, "rare")
    study = Study(panel(rng.poisson(0.08, (2, 40)), np.full((2, 40), 1e4)), (0,), 30)
    data = QUICK.fit(study).to_data()
    assert "interval" in data and "NaN" not in str(data) and "nan" not in str(data)


def read(**said: Any) -> BayesianStructural:
    return BayesianStructural.read(Table("plan.toml", "designs.bayesian_structural", said))


def test_a_plan_is_read() -> None:
    assert read() == BayesianStructural()
    found = read(
        family="poisson", level="local_linear_trend", seasonality=12, donors=["a"], drift=0.02
    )
    assert (found.family, found.level, found.seasonality) == ("poisson", "local_linear_trend", 12)
    assert (found.donors, found.drift) == (("a",), 0.02)


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"sampler": "nuts"}, "designs.bayesian_structural.sampler: found a key that is not known"),
        ({"family": "binomial"}, "family: found 'binomial'; expected one of poisson, gaussian"),
        ({"donors": "a"}, "donors: found 'a'; expected a list of names of areas"),
        ({"draws": 1}, "draws: found 1; expected a whole number from 100"),
        ({"drift": 0.1, "drift_from": "donors"}, "drift: found 0.1; expected either drift or"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(said: dict[str, Any], where: str) -> None:
    with pytest.raises(InputError, match=where):
        read(**said)


def test_studies_that_cannot_be_are_refused() -> None:
    made = toy(1)
    with pytest.raises(InputError, match="5 periods before the start; expected at least 6"):
        QUICK.fit(replace(made, start=5))
    with pytest.raises(InputError, match="no count"):
        replace(QUICK, family="poisson").fit(made)
    with pytest.raises(InputError, match="1 donors; expected 3 at least"):
        replace(QUICK, drift_from="donors").fit(made)
    with pytest.raises(InputError, match="no area named 'b'"):
        replace(QUICK, donors=("b",)).fit(made)
