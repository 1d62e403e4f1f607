"""Weights on the simplex: the conditions of an optimum, and a general solver."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from opendcr.evaluate.kernel.simplex import nearest_from, weights_of, weights_of_each
from tests.conftest import SOAK

EXAMPLES = 2000 if SOAK else 150


@st.composite
def problems(draw):
    """Donors, a series, a ridge and a linear term: duplicated, collinear, rounded and of any size."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    periods, count = draw(st.integers(1, 40)), draw(st.integers(1, 60))
    size = 10.0 ** draw(st.integers(-3, 3))
    donors = rng.normal(size=(periods, count)) * size + rng.normal() * 10.0 ** rng.uniform(-2, 4)
    kind = draw(st.sampled_from(["plain", "duplicated", "collinear", "rounded", "constant"]))
    if kind == "duplicated":
        donors[:, rng.integers(count, size=count // 2)] = donors[:, [0]]
    if kind == "collinear":
        donors = np.outer(rng.normal(size=periods), rng.normal(size=count)) * size
    if kind == "rounded":
        donors = np.round(donors / size) * size
    if kind == "constant":
        donors = np.repeat(rng.normal(size=(1, count)), periods, axis=0)
    inside = draw(
        st.booleans()
    )  # in the donors' hull: many donors more than periods are no trouble
    series = (
        donors @ rng.dirichlet(np.ones(count))
        if inside
        else donors.mean(axis=1) + rng.normal(size=periods) * size
    )
    ridge = draw(st.sampled_from([0.0, 0.0, 1.0]))
    linear = rng.normal(size=count) * draw(st.sampled_from([0.0, size**2]))
    return donors, series, ridge, linear


def gap_of(donors, series, ridge, linear, weights):
    """How far the objective can still fall, at most, relative to its scale: 0 at the optimum.

    For a convex f on the simplex, f(w) − f* ≤ ∇f(w)·w − min ∇f(w) (Frank and Wolfe 1956).
    """
    gaps = donors - series[:, None]
    gradient = 2 * gaps.T @ (gaps @ weights) + 2 * ridge * weights + linear
    scale = (gaps**2).sum(axis=0).max() + ridge + np.abs(linear).max()
    return (gradient @ weights - gradient.min()) / max(scale, 1e-300)


@given(problems())
@settings(max_examples=EXAMPLES)
def test_no_weights_are_better_whatever_the_donors(problem):
    weights = weights_of(*problem)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert gap_of(*problem, weights) < 1e-12


@pytest.mark.parametrize("count", [1, 2, 5])
def test_donors_that_are_the_series_but_for_rounding(count):
    """The linear term is all that tells them apart, and far greater than what they miss."""
    rng = np.random.default_rng(count)
    for power in range(40, 60):
        gaps, linear = np.full((5, count), 2.0**-power), rng.normal(size=count) * 1e-6
        weights = nearest_from(gaps, 0.0, linear, np.eye(count)[np.argmax(linear)])
        assert weights == pytest.approx(np.eye(count)[np.argmin(linear)])


@given(problems())
@settings(max_examples=EXAMPLES // 5)
def test_begun_elsewhere_it_ends_as_well(problem):
    donors, series, ridge, linear = problem
    begun = np.full(donors.shape[1], 1 / donors.shape[1])
    weights = nearest_from(donors - series[:, None], ridge, linear, begun)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert gap_of(*problem, weights) < 1e-12


@pytest.mark.parametrize("seed", range(10))
def test_a_general_solver_finds_nothing_better_and_the_same_weights(seed):
    rng = np.random.default_rng(seed)
    donors, series = rng.normal(size=(20, 8)), rng.normal(size=20)
    weights = weights_of(donors, series, 0.0, np.zeros(8))
    found = minimize(
        lambda one: ((donors @ one - series) ** 2).sum(),
        np.full(8, 1 / 8),
        bounds=[(0, 1)] * 8,
        constraints={"type": "eq", "fun": lambda one: one.sum() - 1},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    assert ((donors @ weights - series) ** 2).sum() <= found.fun + 1e-10
    assert weights == pytest.approx(found.x, abs=1e-5)  # the general solver's own tolerance


def test_each_unit_in_turn_has_the_weights_that_it_has_alone():
    donors = np.random.default_rng(5).normal(size=(12, 9))
    every = weights_of_each(donors, 0.1, 0.0)
    for one in range(9):
        others = np.delete(donors, one, axis=1)
        alone = weights_of(others, donors[:, one].copy(), 0.1, np.zeros(8))
        assert np.delete(every[one], one) == pytest.approx(alone, abs=1e-12)
        assert every[one, one] == 0


def test_a_penalty_prefers_donors_that_are_near_by_themselves():
    # The series lies midway between two donors far away, and beside two that are close.
    donors = np.array([[-10.0, 10.0, -1.0, 1.0], [0.0, 0.0, 0.1, 0.1]])
    series = np.zeros(2)
    distances = (donors**2).sum(axis=0)
    assert weights_of(donors, series, 0.0, np.zeros(4))[:2].sum() == pytest.approx(1)
    assert weights_of(donors, series, 0.0, 0.1 * distances)[2:].sum() == pytest.approx(1)
