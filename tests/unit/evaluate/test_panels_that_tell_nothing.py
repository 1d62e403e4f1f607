"""Panels that allow no answer, or none with an error: every design says so or answers soundly."""

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.designs import design_of
from opendcr.keyed import Table
from tests.unit.evaluate.panels import study

AREAS, PERIODS, START = 22, 16, 10
RANKED = (
    "difference_in_differences", "event_study", "synthetic_difference_in_differences",
    "count_factors",
)  # fmt: skip
COMPARED = (*RANKED, "synthetic_control", "augmented_synthetic_control")


def fitted(name, outcome, exposure, treated=(0,)):
    design = design_of(name).read(Table("plan.toml", name, {}))
    return design.fit(study(outcome, START, exposure, treated))


def outcomes(counts):
    draws = np.random.default_rng(3)
    if counts:
        return draws.poisson(20, (AREAS, PERIODS)).astype(float), np.full((AREAS, PERIODS), 1e3)
    return draws.normal(20, 2, (AREAS, PERIODS)), None


def numbers(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [one for part in value for one in numbers(part)]
    return [value] if isinstance(value, float) else []


def sound(found):
    """No NaN under any name, and no interval that looks like certainty."""
    assert np.isfinite([found.relative_effect, found.average_effect, found.cumulative]).all()
    for one in (found.interval, found.relative_interval, found.cumulative_interval):
        assert one is None or one[0] < one[1]
    assert np.isfinite(numbers(found.to_data())).all()


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("value", [0.0, 20.0])
@pytest.mark.parametrize("name", [*COMPARED, "bayesian_structural"])
def test_areas_that_never_vary_are_no_comparison(name, value, counts):
    outcome, exposure = outcomes(counts)
    outcome[1:] = value
    with pytest.raises(InputError, match="outcomes vary"):
        fitted(name, outcome, exposure)


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("name", COMPARED)
def test_one_area_without_any_event_is_one_donor_among_others(name, counts):
    outcome, exposure = outcomes(counts)
    outcome[3] = 0
    found = fitted(name, outcome, exposure)
    sound(found)
    if name in RANKED:
        assert any(one.unit == "A3" for one in found.placebos)  # none is dropped
        assert found.relative_interval[1] - found.relative_interval[0] > 0.05


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("name", COMPARED)
def test_a_treated_area_that_never_varied_is_refused(name, counts):
    outcome, exposure = outcomes(counts)
    outcome[0] = 20
    with pytest.raises(InputError, match="same outcome of 'A0'"):
        fitted(name, outcome, exposure)


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("name", [*COMPARED, "bayesian_structural"])
def test_nothing_seen_from_the_start_on_is_no_certainty(name, counts):
    outcome, exposure = outcomes(counts)
    outcome[0, START:] = 0
    found = fitted(name, outcome, exposure)
    assert found.relative_effect == pytest.approx(-1)
    sound(found)


@pytest.mark.parametrize("name", ["difference_in_differences", "event_study",
                                  "synthetic_difference_in_differences", "count_factors"])  # fmt: skip
def test_areas_that_all_move_alike_tell_of_no_error(name):
    outcome, exposure = outcomes(False)
    outcome[1:] = outcome[1] + np.arange(AREAS - 1)[:, None]
    with pytest.raises(InputError, match="exactly alike"):
        fitted(name, outcome, exposure)


@pytest.mark.parametrize("name", RANKED)
def test_counts_that_all_move_alike_still_vary_as_counts_do(name):
    outcome, exposure = outcomes(True)
    outcome[1:] = outcome[1]
    try:
        found = fitted(name, outcome, exposure)
    except InputError as error:
        assert "exactly alike" in str(error)
    else:
        low, high = found.relative_interval
        assert high - low > 2 / np.sqrt(outcome[0].sum())  # Poisson's own error at the least


@pytest.mark.parametrize("name", RANKED)
def test_no_event_among_those_compared_with_from_the_start_on(name):
    outcome, exposure = outcomes(True)
    outcome[1:, START:] = 0
    with pytest.raises(InputError, match="no event among the donors"):
        fitted(name, outcome, exposure)


@pytest.mark.parametrize("name", ["difference_in_differences", "count_factors",
                                  "synthetic_difference_in_differences"])  # fmt: skip
def test_less_than_nothing_cannot_be_expected(name):
    """Areas fall from 30 to 4, one from 1 to 0.2: by differences it would be below zero."""
    outcome = outcomes(False)[0] * np.linspace(1.5, 0.2, PERIODS)
    outcome[0] = np.linspace(1, 0.2, PERIODS)
    with pytest.raises(InputError, match="less than nothing"):
        fitted(name, outcome, None)


def test_a_period_in_which_less_than_nothing_was_expected_is_told():
    outcome = outcomes(False)[0]
    outcome[0] -= 17
    outcome[0] = np.maximum(outcome[0], 0.1)
    outcome[1:, START] -= 5
    found = fitted("difference_in_differences", outcome, None)
    assert min(one.expected for one in found.effect) < 0 < found.effect[START + 1].expected
    assert "less than nothing was expected" in found.inference


def test_several_areas_without_an_exposure_are_told_to_be_a_mean():
    outcome, exposure = outcomes(False)
    found = fitted("difference_in_differences", outcome, None, (0, 1))
    assert found.effect[0].observed == pytest.approx(outcome[:2, 0].mean())
    assert "mean of the 2 treated areas, not their sum" in found.inference
    outcome, exposure = outcomes(True)
    found = fitted("difference_in_differences", outcome, exposure, (0, 1))
    assert found.effect[0].observed_count == outcome[:2, 0].sum()
    assert "mean of" not in found.inference


@pytest.mark.parametrize("name", RANKED)
def test_a_start_from_which_nothing_can_be_told_is_left_out_of_the_checks(name):
    """Nothing varied in the first half of the time before, as where events are rare."""
    outcome, exposure = outcomes(True)
    outcome[0, : START // 2] = 3
    design = design_of(name).read(Table("plan.toml", name, {}))
    of = study(outcome, START, exposure)
    checks = {one.name: one for one in design.checks(of, design.fit(of))}
    if name != "event_study":
        assert f"from {START // 2 + 1} on" not in checks["earlier starts"].detail
        assert f"from {5 * START // 6 + 1} on" in checks["earlier starts"].detail
