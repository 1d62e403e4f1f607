"""The event study against the double difference that it splits, and what was planted."""

from dataclasses import replace

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.errors import shrunken_covariance
from opendcr.evaluate.designs.difference_in_differences import DifferenceInDifferences
from opendcr.evaluate.designs.event_study import (
    EventStudy,
    Magnitudes,
    Paths,
    magnitudes,
    relative_magnitudes,
)
from opendcr.keyed import Table
from tests.unit.evaluate.panels import START, prop99, simulated
from tests.unit.evaluate.panels import study as study_of

PEOPLE = np.geomspace(6e5, 6e4, 31)
MIDDLE = np.r_[2e5, PEOPLE]


def read(**keys: object) -> EventStudy:
    return EventStudy.read(Table("plan.toml", "designs.it", keys))


def test_with_the_mean_before_as_base_it_is_the_double_difference_split_by_period() -> None:
    for study in (prop99(), simulated(np.random.default_rng(3), MIDDLE, effect=-0.2)):
        whole, split = DifferenceInDifferences().fit(study), EventStudy().fit(study)
        assert split.average_effect == pytest.approx(whole.average_effect)
        assert split.relative_interval == pytest.approx(whole.relative_interval)
        assert split.p_value == whole.p_value
        assert [one.effect for one in split.effect] == pytest.approx(
            [one.effect for one in whole.effect]
        )


def test_with_the_last_period_as_base_rates_are_a_saturated_regression() -> None:
    study = prop99()
    areas, years = study.panel.outcome.shape
    ours = np.zeros((areas, years))
    ours[study.treated[0]] = 1
    by_period = [
        (ours * (np.arange(years) == at)).ravel() for at in range(years) if at != study.start - 1
    ]
    cells = [np.kron(np.eye(areas), np.ones((years, 1))), np.tile(np.eye(years)[:, 1:], (areas, 1))]
    x = np.hstack([*cells, np.column_stack(by_period)])
    expected = np.linalg.lstsq(x, study.panel.outcome.ravel(), rcond=None)[0][-(years - 1) :]
    found = [one.effect for one in read(base="last").fit(study).effect]
    assert found.pop(study.start - 1) == pytest.approx(0)
    assert found == pytest.approx(list(expected))


def test_every_period_has_an_interval_that_holds_its_effect() -> None:
    found = EventStudy().fit(simulated(np.random.default_rng(3), MIDDLE))
    for one in found.effect:
        assert one.low is not None and one.high is not None
        assert one.low <= one.effect <= one.high
    few = EventStudy().fit(simulated(np.random.default_rng(3), MIDDLE[:10]))
    assert few.interval is None and few.effect[0].low is None


def test_without_an_effect_intervals_by_period_and_the_joint_test_hold_their_level() -> None:
    """200 panels, the treated area in the midst of the donors' sizes."""
    rng, held, rejected = np.random.default_rng(5), [], []
    for _ in range(200):
        answer = EventStudy().answer(simulated(rng, MIDDLE))
        paths = Paths(answer)
        assert paths.margins is not None
        held.append(np.abs(paths.effects[0]) <= paths.margins)
        rejected.append(paths.joint(answer.before) <= 0.1)
    assert np.mean(held) == pytest.approx(1 - 1 / 32, abs=0.02)
    assert np.mean(rejected) == pytest.approx(0.1, abs=0.06)


def test_an_effect_before_is_seen() -> None:
    study = simulated(np.random.default_rng(5), MIDDLE)
    counts = study.panel.outcome.copy()
    counts[0, 4:7] = np.round(counts[0, 4:7] * 4)
    study = replace(study, panel=study.panel.with_outcome(counts))
    checks = {one.name: one for one in EventStudy().checks(study, EventStudy().fit(study))}
    assert checks["effects before"].passed is False
    assert "Roth" in checks["effects before"].detail


def test_departures_from_parallel_trends_are_bounded_by_those_before() -> None:
    found = Magnitudes(effect=-3.0, margin=1.0, largest=0.5, after=3)
    assert found.reach == pytest.approx((0.5 + 1.0 + 1.5) / 3)
    assert found.breakdown == pytest.approx(2.0)
    assert Magnitudes(0.5, 1.0, 0.5, 3).breakdown == 0


def test_the_largest_change_before_is_of_the_treated_series() -> None:
    study = prop99()
    gaps = study.series.rates - np.delete(study.panel.rates, study.treated[0], 0).mean(axis=0)
    found = magnitudes(read(base="last").answer(study))
    assert found is not None
    assert found.largest == pytest.approx(np.abs(np.diff(gaps[: study.start])).max())
    assert found.effect == pytest.approx(gaps[study.start :].mean() - gaps[study.start - 1])


@pytest.mark.parametrize(("level", "said"), [(3.0, "no bound"), (0.0, "no interval")])
def test_departures_that_leave_the_ratio_no_end_are_said(level: float, said: str) -> None:
    draws = np.random.default_rng(3)
    outcome = level + draws.normal(0, 0.5, (26, 16))
    outcome = np.maximum(outcome, 0) if level else outcome  # where some are below zero
    checks = {
        one.name: one for one in relative_magnitudes(read(base="last"), study_of(outcome, 10))
    }
    assert said in checks["departure from parallel trends"].detail


def test_a_strong_effect_outlasts_departures_as_large_as_before() -> None:
    study = simulated(np.random.default_rng(8), MIDDLE * 100, effect=-0.6, own=0.02)
    checks = {one.name: one for one in EventStudy().checks(study, EventStudy().fit(study))}
    assert "a change is shown up to M̄ = " in checks["departure from parallel trends"].detail
    weak = simulated(np.random.default_rng(8), MIDDLE * 100, effect=-0.1, own=0.02)
    checks = {one.name: one for one in EventStudy().checks(weak, EventStudy().fit(weak))}
    assert "at none of them is a change shown" in checks["departure from parallel trends"].detail
    assert all(one.passed is None for name, one in checks.items() if name.startswith("departure"))


def test_a_shrunken_covariance_can_be_inverted_and_tends_to_the_plain_one() -> None:
    rng = np.random.default_rng(1)
    few = shrunken_covariance(rng.normal(size=(5, 12)))
    assert np.linalg.eigvalsh(few).min() > 0.01
    root = np.array([[1.0, 0.8], [0.0, 0.6]])
    many = rng.normal(size=(20_000, 2)) @ root
    assert shrunken_covariance(many) == pytest.approx(root.T @ root, abs=0.05)


def test_a_covariance_shrinks_as_far_as_schaefer_and_strimmer_say() -> None:
    """By their formula, written out: the variance of each mean product has n (n − 1) below it."""
    rows = np.array([[1.0, 0.5], [2.0, 2.5], [-1.5, 0.2], [0.3, -0.4], [-2.0, -1.0]])
    products = [one * other for one, other in rows]
    mean = sum(products) / 5
    noise = sum((one - mean) ** 2 for one in products) / (5 * 4)
    assert 0 < noise < mean**2
    found = shrunken_covariance(rows)
    assert found[0, 1] == found[1, 0] == pytest.approx((1 - noise / mean**2) * mean)
    assert np.diag(found) == pytest.approx((rows**2).mean(axis=0), rel=2e-3)


def test_a_base_without_events_is_an_error() -> None:
    study = simulated(np.random.default_rng(5), MIDDLE)
    counts = study.panel.outcome.copy()
    counts[0, START - 1] = 0
    study = replace(study, panel=study.panel.with_outcome(counts))
    assert EventStudy().fit(study).relative_effect > -1
    with pytest.raises(InputError, match="no event in the treated areas"):
        read(base="last").fit(study)
    with pytest.raises(InputError, match="base"):
        read(base="first")
    with pytest.raises(InputError, match="dose"):
        read(dose="hours")
