"""Worlds: the same panels for the same seed, effects as planted, wandering as it was."""

from collections.abc import Iterable
from dataclasses import replace
from math import sqrt

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.wandering import (
    Series,
    Together,
    Wandering,
    drift_interval,
    grouped,
    mean_squares,
    wandering_of,
)
from opendcr.evaluate.world import World, sharing, world_of
from opendcr.streams import stream
from tests.conftest import SOAK

AREAS, BEFORE, AFTER = 24, 24, 8
PERIODS = tuple(Period("quarter", 8000 + at) for at in range(BEFORE + AFTER))
NAMES = tuple(f"area {at}" for at in range(AREAS))
PEOPLE = np.repeat(np.geomspace(4e4, 6e5, AREAS)[::-1, None], BEFORE + AFTER, axis=1)
PANEL = Panel(NAMES, PERIODS, np.zeros_like(PEOPLE), PEOPLE)
COUNT = 1200 if SOAK else 150


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
        for panel in world(drift, scatter).draws(0.0, COUNT // 2, 1)
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


MONTHS = tuple(Period("month", 24_000 + at) for at in range(60))


def single(outcome: np.ndarray, periods=MONTHS) -> Panel:
    return Panel(("series",), periods[: len(outcome)], outcome[None, :].astype(float))


def test_a_season_of_counts_is_neither_drift_nor_scatter() -> None:
    """One series without an exposure: its season and its counting are no wandering."""
    season = 60 * np.exp(0.4 * np.sin(np.arange(60) * np.pi / 6))
    found = [wandering_of(single(stream(one, "season").poisson(season)), [0]) for one in range(30)]
    assert np.mean([one.drift for one in found]) < 0.02
    assert np.mean([one.scatter for one in found]) < 0.05


def test_whole_numbers_are_drawn_as_counts_with_their_season() -> None:
    season = np.round(60 * np.exp(0.4 * np.sin(np.arange(60) * np.pi / 6)))
    made = replace(world_of(single(season), (0,), 14), wandering=Wandering(0, 0, 0))
    counts = outcomes(made, 0.0, 200)[:, 0]
    assert (counts == np.round(counts)).all()
    assert np.allclose(made.rates[0, :60], season, rtol=0.02)
    assert counts[:, 60:].mean(axis=0) == pytest.approx(season[:14], rel=0.06)
    assert counts[:, 3].var() == pytest.approx(season[3], rel=0.4)


def test_other_outcomes_are_no_counts() -> None:
    made = replace(world_of(single(1.5 + np.arange(60) % 7), (0,), 3), wandering=Wandering(0, 0, 0))
    assert np.ptp(outcomes(made, 0.0, 5)[:, 0], axis=0).max() == 0


@pytest.mark.parametrize("drift", [0.0, 0.033, 0.066])
def test_the_drift_lies_in_its_interval(drift: float) -> None:
    """Ten areas in twelve years, of 6 to 150 events: the interval holds the drift 19 times in 20."""
    random, held = stream(7, "held", str(drift)), 0
    sizes = np.geomspace(150, 6, 10)[:, None]
    count = 200 if SOAK else 10
    for _ in range(count):
        walks = np.cumsum(random.standard_normal((10, 12)) * drift, axis=1)
        counts = random.poisson(sizes * np.exp(walks + 0.08 * random.standard_normal((10, 12))))
        panel = Panel(NAMES[:10], PERIODS[:12], counts.astype(float), np.ones((10, 12)))
        low, high = drift_interval(panel, range(10))
        held += low <= drift <= high
        assert low <= wandering_of(panel, range(10)).drift <= high
    assert held >= 0.9 * count - 1


def test_what_squares_are_made_of() -> None:
    """The mean squares of a walk and of noise, against many simulated ones."""
    logs = np.zeros((4, 30))
    sizes = np.repeat(np.array([[200.0], [60], [20], [5]]), 30, axis=1)
    for series in (Series(logs, sizes, 1), Series(logs[:1], sizes[:1], 12)):
        shape = (4000, *series.logs.shape)
        for part, drawn in (
            (series.made_of.walk, stream(1, "walk").standard_normal(shape).cumsum(axis=2)),
            (series.made_of.noise, stream(1, "noise").standard_normal(shape)),
        ):
            assert series.squares(drawn).mean(axis=0) == pytest.approx(part, rel=0.1)


def test_areas_with_gaps_stay_as_they_are() -> None:
    panel = next(iter(world().draws(0.0, 1, 1))).during(0, BEFORE)
    panel.outcome[5, 3] = np.nan
    made = outcomes(world_of(panel, (0,), 4), -0.2, 2)
    assert np.isnan(made[:, 5]).all() and np.isfinite(np.delete(made, 5, axis=1)).all()


def test_every_second_month_goes_on() -> None:
    periods = tuple(Period("month", 24_001 + 2 * at) for at in range(30))
    season = np.tile([30.0, 40, 50, 60, 50, 40], 5)
    made = world_of(single(season, periods), (0,), 6)
    assert [one.at for one in made.panel.periods[-6:]] == [24_061 + 2 * at for at in range(6)]
    assert np.allclose(made.rates[0, 30:], season[:6], rtol=1e-6)


RINGS, HOURS = ("near", "next", "far", "farthest"), ("inside", "outside")
CROSSED = {
    "ring": tuple(ring for ring in RINGS for _ in HOURS),
    "hours": HOURS * len(RINGS),
}
SIZES = np.outer([20, 30, 60, 160], [1, 0.7]).reshape(8, 1)


def cells(drift: float, together: float, size: float = 1.0) -> World:
    """Eight cells, five years by month, of which rings and hours drift in all their cells."""
    rates = np.repeat(SIZES * size, 60, axis=1)
    groups = {name: Together(grouped(one), together) for name, one in CROSSED.items()}
    names = tuple(map(" ".join, zip(*CROSSED.values(), strict=True)))
    panel = Panel(names, MONTHS, np.zeros_like(rates), labels=CROSSED)
    return World(panel, rates, Wandering(drift, 0, 0, groups), 59)


def test_a_ring_and_hours_take_their_cells_along() -> None:
    """With no drift of a cell's own what is left of logarithms beside rings and hours is counting."""
    logs = np.log(outcomes(cells(0.0, 0.05, 1e6), 0.0, 20))
    left = logs[:, 0::2] - logs[:, 1::2]
    assert np.ptp(left[:, 1:] - left[:, :1], axis=2).max() < 0.01
    steps = np.diff(logs, axis=2)
    assert np.std(steps) == pytest.approx(sqrt(2) * 0.05, rel=0.1)
    assert np.std(steps[:, 0] - steps[:, 2]) == pytest.approx(sqrt(2) * 0.05, rel=0.1)  # by ring
    assert np.std(steps[:, 0] - steps[:, 1]) == pytest.approx(sqrt(2) * 0.05, rel=0.1)  # by hours


@pytest.mark.parametrize("drift", [0.0, 0.04])
def test_a_cells_own_drift_is_told_from_its_rings_and_its_hours(drift: float) -> None:
    """Squares are right on average: of all drifts, also without the treated cell."""
    found = [
        wandering_of(panel, range(1, 8), CROSSED) for panel in cells(drift, 0.03).draws(0.0, 40, 3)
    ]
    assert root_mean_square(one.drift for one in found) == pytest.approx(drift, abs=0.012)
    assert root_mean_square(one.scatter for one in found) < 0.08
    for name in CROSSED:
        mean = root_mean_square(one.together[name].drift for one in found)
        assert mean == pytest.approx(0.03, abs=0.01)


def root_mean_square(values: Iterable[float]) -> float:
    return float(np.sqrt(np.mean(np.square(list(values)))))


def test_the_interval_of_a_cells_own_drift_has_nothing_of_its_rings() -> None:
    panel = next(iter(cells(0.0, 0.1).draws(0.0, 1, 1)))
    low, high = drift_interval(panel, range(1, 8), 1, CROSSED)
    assert low == 0.0 and high < 0.05 < 0.09 < drift_interval(panel, range(1, 8))[1]


def test_cells_that_are_no_table_say_nothing_of_their_own() -> None:
    panel = next(iter(cells(0.0, 0.0).draws(0.0, 1, 1)))
    with pytest.raises(
        InputError, match="as many in two or more of 'ring' and two or more of 'hours'"
    ):
        wandering_of(panel, [1, 2, 3], CROSSED)
    assert wandering_of(panel, [0, 1, 2, 3], CROSSED).drift < 0.05


def test_what_squares_of_cells_are_made_of() -> None:
    """Walks of cells and of rings, and noise, against many simulated ones; one cell is missing."""
    groups = tuple(grouped(one[1:]) for one in CROSSED.values())
    series = Series(np.zeros((7, 30)), np.repeat(SIZES[1:].astype(float), 30, axis=1), 1, groups)
    shape = (3000, 7, 30)
    walk = stream(1, "walk").standard_normal(shape).cumsum(axis=2)
    noise = stream(1, "noise").standard_normal(shape)
    ring = groups[0] @ stream(1, "ring").standard_normal((3000, 4, 30)).cumsum(axis=2)
    made, part = series.made_of, series.without([groups[1]]) - series.own
    rings = series.parts(part, groups[0]).walk
    counts = noise * np.sqrt(series.noise)[:, None]
    for drawn, expected in (
        (walk, made.walk),
        (noise, made.noise),
        (counts, -made.beyond(np.zeros_like(made.noise), series.noise)),
    ):
        assert series.squares(drawn).mean(axis=0) == pytest.approx(expected, rel=0.15, abs=1e-9)
    assert series.squares(ring).max() < 1e-9
    found = mean_squares(part @ ring, series.lags).mean(axis=0)
    assert found == pytest.approx(rings, rel=0.15, abs=1e-9)
