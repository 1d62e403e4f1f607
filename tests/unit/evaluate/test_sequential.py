"""Reviews: boundaries against published tables, against simulation, and what holds at every look."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from opendcr.errors import InputError
from opendcr.evaluate.estimate import Estimate
from opendcr.evaluate.periods import Period
from opendcr.evaluate.reviews import Review
from opendcr.evaluate.sequential import always_valid, information, levels
from opendcr.streams import stream
from tests.conftest import SOAK

FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)


def bounds(fractions, spending, level):
    return [one.boundary for one in levels(fractions, spending, level)]


# Reboussin, DeMets, Kim and Lan (2000), "Computations for group sequential boundaries using the
# Lan-DeMets spending function method", as their program and its successors print them.
@pytest.mark.parametrize(
    ("spending", "printed"),
    [
        ("obrien_fleming", [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
        ("pocock", [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]),
    ],
)
def test_boundaries_are_those_of_the_tables(spending, printed):
    assert bounds(FIVE, spending, 0.05) == pytest.approx(printed, abs=2e-4)


def test_a_table_of_another_program():
    """The README of SeqBounds.jl (PharmCat): one-sided 5 % at four looks, which is one side of 10 %."""
    printed = [3.74955, 2.53993, 2.01604, 1.72014]
    assert bounds((0.25, 0.5, 0.75, 1), "obrien_fleming", 0.10) == pytest.approx(printed, abs=1e-4)


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_what_is_wrongly_found_by_each_look_is_what_was_spent(spending):
    """An independent simulation of random walks at looks that are not evenly spaced."""
    fractions, walks = (0.15, 0.3, 0.7, 1.0), 400_000
    looks = levels(fractions, spending, 0.1)
    steps = np.diff([0, *fractions])
    drawn = stream(5, "walks", spending).standard_normal((walks, 4)) * np.sqrt(steps)
    z = drawn.cumsum(axis=1) / np.sqrt(fractions)
    over = np.abs(z) > [one.boundary for one in looks]
    for at, look in enumerate(looks):
        wrong = over[:, : at + 1].any(axis=1).mean()
        assert abs(wrong - look.spent) < 4 * math.sqrt(look.spent / walks) + 1e-9


def test_many_close_looks_are_integrated_as_finely_as_they_need():
    """Two hundred looks against a slow rule of evenly spaced points."""
    many = 200
    fractions = [count / many for count in range(1, many + 1)]
    looks, crossed = levels(fractions, "pocock", 0.05), 0.0
    places = np.linspace(-5, 5, 1501)
    width, step = places[1] - places[0], math.sqrt(1 / many)
    near = width * np.arange(-100, 101)  # nine standard deviations of an increment
    kernel = norm.pdf(near / step) / step * width
    density = norm.pdf(places / step) / step
    for at, look in enumerate(looks):
        density = np.convolve(density, kernel, "same") if at else density
        inside = np.abs(places) < look.boundary * math.sqrt(look.fraction)
        crossed += density[~inside].sum() * width
        density = np.where(inside, density, 0.0)
        assert crossed == pytest.approx(look.spent, rel=0.06)


def test_one_look_uses_the_whole_level():
    (look,) = levels((1.0,), "pocock", 0.05)
    assert (look.boundary, look.level) == pytest.approx((norm.isf(0.025), 0.05))


@settings(max_examples=200 if SOAK else 20)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=8, unique=True),
    st.sampled_from(["obrien_fleming", "pocock"]),
    st.floats(0.01, 0.2),
)
def test_the_level_is_spent_and_never_more_than_it_at_a_look(places, spending, level):
    ends = sorted(places)
    looks = levels([one / ends[-1] for one in ends], spending, level)
    assert looks[-1].spent == pytest.approx(level)
    assert all(0 < one.level <= level + 1e-9 for one in looks)
    # All looks read alone find at least as much as they do together.
    assert level <= sum(one.level for one in looks) + 1e-9


def test_a_test_by_rank_may_not_reach_an_early_look():
    looks = levels(FIVE, "obrien_fleming", 0.05)
    assert [one.within_reach(1 / 32) for one in looks] == [False] * 4 + [True]
    assert all(one.within_reach(None) for one in looks)


def test_information_counts_periods_after_or_weighs_them_against_those_before():
    start = Period("month", 100)
    reviews = [start.after(11), start.after(23)]
    assert information(start, reviews) == (0.5, 1.0)
    known = [1 / (1 / 60 + 1 / months) for months in (12, 24)]
    assert information(start, reviews, before=60) == pytest.approx((known[0] / known[1], 1.0))


@pytest.mark.parametrize(
    "reviews",
    [[], [Period("month", 99)], [Period("number", 101)],
     [Period("month", 103), Period("month", 102)], [Period("month", 103)] * 2],
)  # fmt: skip
def test_reviews_go_forward_from_the_start(reviews):
    with pytest.raises(InputError, match="reviews"):
        information(Period("month", 100), reviews)


@pytest.mark.parametrize(
    ("fractions", "spending", "level"),
    [((), "pocock", 0.05), ((0.5, 0.5), "pocock", 0.05), ((0.5, 1.1), "pocock", 0.05),
     ((0.0, 1.0), "pocock", 0.05), ((1.0,), "linear", 0.05), ((1.0,), "pocock", 1.0)],
)  # fmt: skip
def test_bad_reviews_are_said_to_be_so(fractions, spending, level):
    with pytest.raises(InputError, match="reviews"):
        levels(fractions, spending, level)


def test_an_always_valid_interval_ends_where_the_mixture_reaches_one_over_the_level():
    """Robbins (1970): ∫ exp(mS − m²V/2) dN(m; 0, 1/ρ) is 1/level on the boundary."""
    level, se = 0.05, 0.4
    _, high = always_valid(0.0, se, 0.4, level)
    known = 1 / se**2
    score = high * known
    # ρ found here by search, not by the formula of the code.
    grid = np.geomspace(1e-3, 1e3, 400_001) * known
    reach = np.sqrt((known + grid) * np.log((known + grid) / (grid * level**2)))
    rho = grid[reach.argmin()]

    def mixed(m):
        return math.exp(m * score - m * m * known / 2) * norm.pdf(m, scale=rho**-0.5)

    assert quad(mixed, -10, 10)[0] == pytest.approx(1 / level, rel=1e-3)


def test_an_always_valid_interval_holds_at_two_hundred_looks_at_once():
    walks, looks = 4_000, 200
    drawn = stream(6, "looks").standard_normal((walks, looks))
    means = drawn.cumsum(axis=1) / np.arange(1, looks + 1)
    reach = [always_valid(0.0, count**-0.5, 100**-0.5, 0.05)[1] for count in range(1, looks + 1)]
    ever = (np.abs(means) > reach).any(axis=1).mean()
    fixed = (np.abs(means) > 1.96 / np.sqrt(np.arange(1, looks + 1))).any(axis=1).mean()
    assert ever <= 0.05 < 0.3 < fixed


def test_an_always_valid_interval_is_the_wider_of_the_two():
    low, high = always_valid(-0.1, 0.05, 0.05, 0.05)
    assert low < -0.1 - 1.96 * 0.05 < -0.1 + 1.96 * 0.05 < high
    assert high - low < 2 * 3.1 * 0.05  # about 3 standard errors where it is narrowest


@pytest.mark.parametrize(("se", "planned", "level"), [(0, 1, 0.05), (1, 0, 0.05), (1, 1, 0)])
def test_an_interval_needs_errors_above_zero(se, planned, level):
    with pytest.raises(InputError, match="standard errors above 0"):
        always_valid(0.0, se, planned, level)


def test_an_interval_without_an_upper_end_has_none_at_every_look_either() -> None:
    found = Estimate((), 3.0, 0.5, 12.0, "placebos", relative_interval=(0.1, math.inf))
    low, high = Review(0.05, fraction=0.5).of(found, 0.05).relative_interval
    closed = replace(found, relative_interval=(0.1, 1.5**2 / 1.1 - 1))  # as wide above the estimate
    assert high == math.inf
    assert low == pytest.approx(Review(0.05, fraction=0.5).of(closed, 0.05).relative_interval[0])
    assert low < 0.1
