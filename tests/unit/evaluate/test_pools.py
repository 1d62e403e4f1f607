"""What placebo groups say of the treated areas' error: by hand, and by how often it is enough."""

from itertools import combinations

import numpy as np
import pytest

from opendcr.evaluate.comparisons.errors import SizeVariance
from opendcr.evaluate.comparisons.pools import PlaceboGaps, counting, student

ERRORS = np.array([1.0, -2.0, 3.0, -4.0, 5.0])


def gaps_of(errors, noise=None, own=1.0, areas=None):
    """Placebos that are off by so much in each of eight periods before and four after."""
    counted, noise = noise is not None, np.ones(len(errors)) if noise is None else noise
    gaps = np.repeat(np.array(errors)[:, None], 12, axis=1)
    return PlaceboGaps(gaps, noise, own, areas or len(errors), 8, counted)


def test_where_nothing_is_counted_placebos_are_of_one_variance() -> None:
    error, reach = gaps_of(ERRORS).errors(ERRORS[None], 4, 0.05)
    assert error[0] == pytest.approx(np.sqrt(55 / 5))
    assert reach[0] == pytest.approx(2.7764451)  # Student's quantile of four degrees of freedom
    own, ratios = gaps_of(ERRORS).ranked(4.5)
    assert own / ratios == pytest.approx(4.5 / ERRORS)


def test_groups_that_overlap_tell_no_more_than_their_areas() -> None:
    areas = np.random.default_rng(1).normal(size=9)
    groups = np.array([areas[list(three)].mean() for three in combinations(range(9), 3)])
    for placebos in (gaps_of(groups, areas=9), gaps_of(groups, np.ones(84), areas=9)):
        reach = placebos.errors(groups[None], 4, 0.05)[1]
        assert reach[0] == pytest.approx(2.3060041)  # of eight degrees of freedom, not of 83
    groups = 30 * groups
    unlike = gaps_of(groups, np.geomspace(1, 30, 84), own=1.0, areas=9)
    known = SizeVariance.fitted(groups**2, 3 / 8 * unlike.noise, 1.0).freedom(3 / 8, 84)
    reach = unlike.errors(groups[None], 4, 0.05)[1]
    assert 2 < known * 9 / 84 < 8
    assert reach == pytest.approx(student(0.05, known * 9 / 84))


def test_counts_vary_as_poissons_at_the_least() -> None:
    noise = np.linspace(1, 2, 5)
    placebos = gaps_of(ERRORS / 1000, noise, own=3.0)
    for periods, effects in ((4, placebos.effects[None]), (1, placebos.gaps.T)):
        error, _ = placebos.errors(effects, periods, 0.05)
        assert error == pytest.approx(np.sqrt(3 * (1 / 8 + 1 / periods)), rel=1e-3)


def test_no_placebo_is_ranked_by_a_variance_that_its_own_error_is_in() -> None:
    """Of areas of one size: the mean square of the others, and how uncertain that is, 2 V² / n with
    V of all five, in parts of it."""
    own, ratios = gaps_of(ERRORS, np.full(5, 1e-3), own=1e-3).ranked(4.5)
    others = (55 - ERRORS**2) / 4
    assert ratios == pytest.approx(ERRORS / np.sqrt(others + 2 * 11**2 / 4 / others))
    assert own == pytest.approx(4.5 / np.sqrt(11 + 2 * 11 / 5))


@pytest.mark.parametrize(("own", "drift"), [(1.0, 0.0), (0.1, 0.1)])
def test_an_interval_of_an_area_of_any_size_holds_as_often_as_it_says(own, drift) -> None:
    """Of one like the others, and of one ten times as large as any. Of 1,000 panels, at 0.935: an
    interval that holds 0.95 passes in 98 of 100 runs, one that holds 0.90 in none (binomial)."""
    draws, size = np.random.default_rng(6), 1 / 8 + 1 / 4
    noise = np.exp(draws.normal(0, 0.35, (1000, 31)))
    errors = draws.normal(0, np.sqrt(drift + size * noise))
    ours = draws.normal(0, np.sqrt(drift + size * own), 1000)
    held = []
    for placebos, one, error in zip(errors, noise, ours, strict=True):
        made = gaps_of(placebos, one, own)
        wide, reach = made.errors(placebos[None], 4, 0.05)
        held.append(abs(error) <= wide[0] * reach[0])
    assert np.mean(held) >= 0.935


def test_a_variance_by_counting_has_half_an_event_more() -> None:
    counts, exposure = np.array([[0.0, 0.0], [3.0, 1.0]]), np.array([[10.0, 10.0], [20.0, 20.0]])
    assert counting(counts, exposure) == pytest.approx([0.5 / 200, 4.5 / 800])
    assert student(0.05, np.array([4.0, 8.0])) == pytest.approx([2.7764451, 2.3060041])
