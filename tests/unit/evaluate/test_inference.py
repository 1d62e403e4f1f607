"""Errors from areas not treated: ranks, margins, sizes."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from opendcr.evaluate.comparisons.errors import (
    SETS,
    Errors,
    SizeVariance,
    Wider,
    by_areas,
    drawn,
    errors,
    floor,
    of_sets,
)


def test_a_rank_counts_the_treated_area_and_every_tie() -> None:
    ranked = Errors(np.array([-3.0, 1.0, 2.0, 3.0]))
    assert ranked.p_value(4.0) == pytest.approx(1 / 5)
    assert ranked.p_value(-3.0) == pytest.approx(3 / 5)
    assert ranked.floor == ranked.p_value(1e9)


@given(
    st.lists(st.floats(-5, 5), min_size=2, max_size=60),
    st.sampled_from([0.05, 0.1, 0.2]),
    st.floats(-6, 6),
)
def test_the_margin_holds_what_the_rank_does_not_reject(
    draws: list[float], level: float, value: float
) -> None:
    ranked = Errors(np.array(draws))
    margin = ranked.margin(level)
    if margin is None:
        assert ranked.floor > level
    elif abs(abs(value) - margin) > 1e-6:
        assert (ranked.p_value(value) > level) == (abs(value) <= margin)


def test_variances_of_areas_are_found_from_their_sizes() -> None:
    rng = np.random.default_rng(5)
    small = np.geomspace(0.001, 0.1, 40)
    found = [
        SizeVariance.fitted((rng.normal(size=40) * np.sqrt(0.01 + 2 * small)) ** 2, small)
        for _ in range(400)
    ]
    assert np.mean([one.slope for one in found]) == pytest.approx(2, rel=0.1)
    assert np.mean([one.constant for one in found]) == pytest.approx(0.01, rel=0.2)


def test_a_fit_knows_its_own_error() -> None:
    rng = np.random.default_rng(6)
    small = np.geomspace(0.01, 0.1, 60)
    true = 0.02 + 2 * small
    found = [SizeVariance.fitted(rng.chisquare(1, 60) * true, small) for _ in range(600)]
    at = small[[0, 30, 59]]
    spread = np.var([one.of(at) for one in found], axis=0)
    said = np.mean([(one.ranked_by(at) - one.of(at)) * one.of(at) for one in found], axis=0)
    assert said == pytest.approx(spread, rel=0.4)  # the bound at zero narrows it


def test_a_fit_without_an_area_does_not_know_it() -> None:
    squares, small = np.array([1.0, 2.0, 5.0, 3.0]), np.array([0.1, 0.2, 0.3, 0.4])
    found = SizeVariance.fitted(squares, small)
    others = found.without_each(squares, small)
    moved = found.without_each(squares * [1, 1, 9, 1], small)
    assert others.slope[2] == moved.slope[2] and others.slope[0] != moved.slope[0]


@given(
    st.lists(st.tuples(st.floats(0, 10), st.floats(1e-6, 1)), min_size=2, max_size=40),
    st.floats(0.1, 10),
)
def test_a_variance_is_above_zero_and_scales(
    areas: list[tuple[float, float]], factor: float
) -> None:
    squares, small = np.array(areas).T
    found = SizeVariance.fitted(squares, small)
    assert (found.of(small) > 0).all()
    other = SizeVariance.fitted(squares, small * factor)  # persons for thousands of persons
    assert other.of(small * factor) == pytest.approx(found.of(small), rel=0.05, abs=1e-6)


def test_areas_of_one_size_have_one_variance() -> None:
    found = SizeVariance.fitted(np.array([1.0, 4.0, 1.0]), np.full(3, 0.5))
    assert found.of(np.array([0.5]))[0] == pytest.approx(2)
    assert found.ranked_by(np.array([0.5]))[0] == pytest.approx(2 + 2 * 4 / 3 / 2)


def test_an_error_of_counts_grows_as_fewer_are_expected() -> None:
    """By hand: with half an event added, Poisson's part is 1 / (ratio × events + ½)."""
    wider = Wider(0.5, np.array([10.0, 4.0]), np.array([0.7, 0.3]))
    half = 0.49 * (1 / 5.5 - 1 / 10.5) + 0.09 * (1 / 2.5 - 1 / 4.5)
    none = 0.49 * (1 / 0.5 - 1 / 10.5) + 0.09 * (1 / 0.5 - 1 / 4.5)
    expected = np.sqrt([1 + none / 0.5, 1 + half / 0.5, 1.0])
    assert wider(np.array([0.0, 0.5, 1.0])) == pytest.approx(expected)
    assert (np.diff(wider(np.linspace(0, 5, 40))) < 0).all()


def test_errors_of_several_areas_are_those_of_sets_beside_the_rest() -> None:
    rng = np.random.default_rng(1)
    changes = rng.normal(size=(20, 3))
    residuals = (changes - changes.mean(axis=0)) * 20 / 19  # each beside the other nineteen
    found = errors(residuals, np.ones(20), np.full(4, 0.25))
    assert found.shape == (comb(20, 4), 3)  # all of them
    sets = [rng.permutation(20) for _ in range(4000)]
    apart = [changes[one[:4]].mean(axis=0) - changes[one[4:]].mean(axis=0) for one in sets]
    assert found.std(axis=0) == pytest.approx(np.std(apart, axis=0), rel=0.06)
    assert found[:, 1] == pytest.approx(errors(residuals[:, 1], np.ones(20), np.full(4, 0.25)))
    assert floor(20, 4) == pytest.approx(by_areas(1 / 4846, 20))


def test_the_order_of_treated_areas_is_no_choice() -> None:
    residuals, weights = np.random.default_rng(4).normal(size=12), np.array([0.7, 0.1, 0.2])
    one = errors(residuals, np.ones(12), weights)
    for order in ((1, 0, 2), (2, 1, 0), (1, 2, 0)):
        assert np.array_equal(errors(residuals, np.ones(12), weights[list(order)]), one)


def test_p_says_how_far_it_may_be_off_where_not_all_sets_are_drawn() -> None:
    """As far as other draws of as many sets are apart."""
    rng = np.random.default_rng(2)
    residuals = rng.normal(size=60)
    found = Errors(errors(residuals, np.ones(60), np.full(4, 0.25)), 60)
    assert len(found.draws) == SETS
    others = rng.permuted(np.tile(residuals, (40 * 500, 1)), axis=1)[:, :4].mean(axis=1) * 59 / 56
    some = [Errors(one, 60) for one in others.reshape(40, 500)]
    spread = np.std([one.p_value(1.0) for one in some])
    assert some[0].chance(1.0) == pytest.approx(spread, rel=0.35)
    assert found.chance(1.0) < spread / 5
    assert (
        "20,000 of 487,635 groups of areas were drawn, so that p has a Monte Carlo error of "
        in (drawn(found, 1.0, 4))
    )
    every = Errors(errors(residuals[:25], np.ones(25), np.full(4, 0.25)), 25)
    assert drawn(every, 1.0, 4) == drawn(Errors(residuals), 1.0, 1) == ""


@given(st.floats(1e-6, 1), st.integers(3, 400))
def test_a_rank_among_sets_is_read_as_students(p: float, areas: int) -> None:
    read = by_areas(p, areas)
    assert read == pytest.approx(2 * stats.t.sf(stats.norm.isf(p / 2), areas - 1))
    assert read >= p and of_sets(read, areas) == pytest.approx(p)


def test_overlapping_sets_are_no_more_evidence_than_their_areas() -> None:
    """Three areas among nine: ranked among all 84 sets as though these were apart, a test at 5%
    would reject more often."""
    rng, counted = np.random.default_rng(4), np.zeros(2)
    for _ in range(4000):
        changes = rng.normal(size=12)
        residuals = (changes[3:] - changes[3:].mean()) * 9 / 8
        draws = errors(residuals, np.ones(9), np.full(3, 1 / 3))
        effect = changes[:3].mean() - changes[3:].mean()
        both = Errors(draws, 9), Errors(draws)
        counted += [one.p_value(effect) <= 0.05 for one in both]
        margin = both[0].margin(0.05)
        assert margin is not None
        assert (both[0].p_value(effect) > 0.05) == (abs(effect) <= margin)
    known, apart = counted / 4000
    assert known <= 0.052 and apart >= 0.065
