"""Worlds: the same panels for the same seed, effects as planted, wandering as it was."""

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.world import Wandering, World, sharing, wandering_of, world_of
from tests.conftest import SOAK

AREAS, BEFORE, AFTER = 24, 24, 8
PERIODS = tuple(Period("quarter", 8000 + at) for at in range(BEFORE + AFTER))
NAMES = tuple(f"area {at}" for at in range(AREAS))
PEOPLE = np.repeat(np.geomspace(4e4, 6e5, AREAS)[::-1, None], BEFORE + AFTER, axis=1)
PANEL = Panel(NAMES, PERIODS, np.zeros_like(PEOPLE), PEOPLE)
COUNT = 1200 if SOAK else 300


def world(drift: float = 0.0, scatter: float = 0.0, common: float = 0.02) -> World:
    return World(PANEL, np.full(PEOPLE.shape, 1e-4), Wandering(drift, scatter, common), BEFORE)


def outcomes(made: World, effect: float, count: int = COUNT, seed: int = 1) -> np.ndarray:
    return np.array([panel.outcome for panel in made.draws(effect, count, seed)])


def test_the_same_seed_gives_the_same_panels() -> None:
    assert np.array_equal(outcomes(world(0.05), -0.2, 20), outcomes(world(0.05), -0.2, 20))
    assert not np.array_equal(outcomes(world(), 0, 3), outcomes(world(), 0, 3, seed=2))


def test_fewer_panels_are_the_first_of_many() -> None:
    assert np.array_equal(outcomes(world(), 0, 5), outcomes(world(), 0, 230)[:5])


@pytest.mark.parametrize("effect", [-0.3, 0.25])
def test_worlds_differ_by_the_effect_alone(effect: float) -> None:
    without, with_effect = outcomes(world(0.05, 0.1), 0.0), outcomes(world(0.05, 0.1), effect)
    after = np.zeros((AREAS, BEFORE + AFTER), dtype=bool)
    after[0, BEFORE:] = True
    assert np.array_equal(without[:, ~after], with_effect[:, ~after])
    changed = with_effect[:, after].sum() / without[:, after].sum() - 1
    assert changed == pytest.approx(effect, abs=0.02)
    assert (np.sign(with_effect - without)[:, after] * np.sign(effect) >= 0).all()


def test_counts_are_as_expected_and_scatter_as_said() -> None:
    counts = outcomes(world(0.0, 0.2, 0.0), 0.0)[:, 0, 3]
    expected = 1e-4 * PEOPLE[0, 3]
    assert counts.mean() == pytest.approx(expected, rel=0.05)
    variance = expected + expected**2 * (np.exp(0.2**2) - 1)  # Poisson about a lognormal mean
    assert counts.var() == pytest.approx(variance, rel=0.3)


@pytest.mark.parametrize(("drift", "scatter"), [(0.0, 0.0), (0.05, 0.0), (0.08, 0.1)])
def test_wandering_is_found_again(drift: float, scatter: float) -> None:
    made = [
        wandering_of(panel.during(0, BEFORE), range(1, AREAS))
        for panel in world(drift, scatter).draws(0.0, COUNT // 3, 1)
    ]
    # Neither can be found below zero: near it the mean is over.
    assert np.mean([one.drift for one in made]) == pytest.approx(drift, abs=0.025)
    assert np.mean([one.scatter for one in made]) == pytest.approx(scatter, abs=0.06)


def test_the_world_of_a_panel_has_its_levels() -> None:
    panel = next(iter(world().draws(0.0, 1, 1))).during(0, BEFORE)
    made = world_of(panel, (0,), 4)
    assert made.panel.exposure is not None and made.panel.exposure.shape == (AREAS, BEFORE + 4)
    fitted = (made.rates * made.panel.exposure)[:, :BEFORE].sum(axis=1)
    assert np.allclose(fitted, panel.outcome.sum(axis=1))
    assert [str(one) for one in made.panel.periods[-2:]] == ["2006-Q3", "2006-Q4"]


def test_a_catchment_is_a_part_of_the_area() -> None:
    small = sharing(world(), 0.1)
    share = outcomes(small, 0.0)[:, 0].mean() / outcomes(world(), 0.0)[:, 0].mean()
    assert share == pytest.approx(0.1, rel=0.05)
    assert np.allclose(
        outcomes(small, 0.0)[:, 1:].mean(), outcomes(world(), 0.0)[:, 1:].mean(), rtol=0.05
    )


def test_counts_too_small_to_say_anything() -> None:
    tiny = PANEL.with_outcome(np.ones_like(PEOPLE))
    with pytest.raises(InputError, match="too small"):
        wandering_of(tiny, range(1, AREAS))
