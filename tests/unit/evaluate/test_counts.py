"""Regressions of counts against statsmodels, an independent implementation."""

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from opendcr.errors import InputError
from opendcr.evaluate.regressions.counts import Fit, Real, Regression, extra_of, fitted

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int, family: str, extra: float = 0.0) -> Regression:
    """Random terms and counts of a random size, with an exposure."""
    draw = np.random.default_rng(seed)
    periods, terms = int(draw.integers(15, 90)), int(draw.integers(1, 5))
    others = draw.normal(size=(periods, terms)) * draw.choice([1.0, 100.0], terms)
    matrix = np.column_stack([np.ones(periods), others])
    exposure = draw.uniform(0.5, 20, periods) * draw.choice([1.0, 1e5])
    effects = draw.normal(size=terms) * 0.3 / np.abs(others).max(axis=0)
    mean = np.exp(others @ effects) * draw.uniform(3, 300) * exposure / exposure.mean()
    size = draw.gamma(1 / extra, extra, periods) if extra else 1.0
    names = ("intercept", *(f"x{at}" for at in range(terms)))
    return Regression(family, names, matrix, draw.poisson(mean * size) * 1.0, exposure)  # type: ignore[arg-type]


def peer(asked: Regression, family: Any, **more: Any) -> Any:
    model = sm.GLM(asked.outcome, asked.matrix, family=family, offset=asked.offset)
    return model.fit(tol=1e-14, maxiter=100, **more)


def same(ours: Real, theirs: Real, close: float = 1e-8) -> None:
    """Within `close` of a standard error, or of themselves."""
    assert np.abs(ours - theirs).max() <= close * max(1.0, float(np.abs(theirs).max()))


def same_matrix(ours: Real, theirs: Real, close: float = 1e-7) -> None:
    # Less close: theirs has the weights of the step before the last.
    scale = np.sqrt(np.outer(np.diag(theirs), np.diag(theirs)))
    assert (np.abs(ours - theirs) / scale).max() <= close


@given(SEEDS, st.sampled_from([0.0, 0.1, 1.0]))
def test_poisson_and_quasi_poisson_are_those_of_statsmodels(seed: int, extra: float) -> None:
    asked = drawn(seed, "poisson", extra)
    ours, theirs = fitted(asked), peer(asked, sm.families.Poisson())
    same(ours.coefficients, theirs.params)
    same_matrix(ours.covariance, theirs.cov_params())
    same(ours.mean, theirs.mu)
    quasi = fitted(
        Regression("quasi_poisson", asked.terms, asked.matrix, asked.outcome, asked.exposure)
    )
    scaled = peer(asked, sm.families.Poisson(), scale="X2")
    assert quasi.dispersion == pytest.approx(scaled.scale, rel=1e-8)
    same_matrix(quasi.covariance, scaled.cov_params())


@given(SEEDS)
def test_gaussian_is_ordinary_least_squares_of_rates(seed: int) -> None:
    asked = drawn(seed, "gaussian")
    assert asked.exposure is not None
    ours, theirs = fitted(asked), sm.OLS(asked.outcome / asked.exposure, asked.matrix).fit()
    same(ours.coefficients, theirs.params)
    same_matrix(ours.covariance, theirs.cov_params())
    same(ours.mean, theirs.fittedvalues * asked.exposure)


@given(SEEDS, st.sampled_from([0.0, 0.05, 0.5, 2.0]))
def test_the_negative_binomial_is_at_the_maximum_of_its_likelihood(seed: int, extra: float) -> None:
    asked = drawn(seed, "negative_binomial", extra)
    ours = fitted(asked)
    if ours.extra == 0:
        poisson = Regression("poisson", asked.terms, asked.matrix, asked.outcome, asked.exposure)
        assert np.array_equal(ours.coefficients, fitted(poisson).coefficients)
        near = 1e-4 / ours.mean.mean()
        assert loglikelihood(asked, ours.mean, near) > loglikelihood(asked, ours.mean, 10 * near)
        return
    # Its model is asked at our estimates: its own search (Fisher's scoring) need not end.
    family = sm.families.NegativeBinomial(alpha=ours.extra)
    known = sm.GLM(asked.outcome, asked.matrix, family=family, offset=asked.offset)
    information = -known.hessian(ours.coefficients, scale=1.0, observed=False)
    same_matrix(ours.covariance, np.linalg.inv(information))
    model = sm.NegativeBinomial(asked.outcome, asked.matrix, offset=asked.offset)
    score = model.score(np.array([*ours.coefficients, np.log(ours.extra)]))
    assert score[:-1] @ ours.covariance @ score[:-1] < 1e-12
    assert abs(score[-1]) < 1e-5


def loglikelihood(asked: Regression, mean: Real, extra: float) -> float:
    size = 1 / extra
    return float(nbinom.logpmf(asked.outcome, size, size / (size + mean)).sum())


def steps(outcome: list[float], *others: list[float], family: Any = "poisson") -> Fit:
    columns = np.column_stack([np.ones(len(outcome)), *others])
    names = ("intercept", "level", "slope")[: columns.shape[1]]
    return fitted(Regression(family, names, columns, np.array(outcome), where="deaths.csv"))


LATE = [0.0] * 4 + [1.0] * 4


@pytest.mark.parametrize("family", ["poisson", "quasi_poisson", "negative_binomial"])
def test_no_events_in_a_term_s_periods_is_an_error_that_names_it(family: str) -> None:
    with pytest.raises(InputError, match=r"deaths\.csv: found no finite estimate of 'level'"):
        steps([3, 5, 2, 4, 0, 0, 0, 0], LATE, family=family)


def test_one_event_is_enough_for_a_finite_estimate() -> None:
    assert steps([3, 5, 2, 4, 0, 0, 0, 1], LATE).coefficients[1] == pytest.approx(np.log(1 / 14))


@pytest.mark.parametrize(
    ("outcome", "others", "family", "said"),
    [
        ([0] * 8, [LATE], "poisson", "no event in any period"),
        ([5] * 8, [LATE], "gaussian", "5 in every period"),
        ([1, 2, 3, 4, 5, 6, 7, 8], [LATE, LATE], "poisson", "'slope' cannot be told from"),
        ([1, 2, 3, 4, 5, 6, 7, 8], [[0.0] * 8], "poisson", "'level' cannot be told from"),
        ([1, 2], [[0.0, 1.0]], "poisson", "2 periods and 2 coefficients"),
        ([1, -2, 3, 4], [LATE[2:6]], "poisson", "found -2"),
        ([3, 3, 3, 3, 1, 1, 1, 1], [LATE], "quasi_poisson", "describe exactly"),
        ([3, 3, 3, 3, 1, 1, 1, 1], [LATE], "gaussian", "describe exactly"),
    ],
)
def test_bad_input(outcome: list[float], others: list[list[float]], family: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        steps(outcome, *others, family=family)


def test_the_extra_variance_is_found_again() -> None:
    draw = np.random.default_rng(5)
    mean = np.full(20_000, 12.0)
    for extra in (0.02, 0.3, 3.0):
        counts = draw.poisson(mean * draw.gamma(1 / extra, extra, mean.size)) * 1.0
        assert extra_of(counts, mean) == pytest.approx(extra, rel=0.08)
    assert extra_of(draw.binomial(24, 0.5, mean.size) * 1.0, mean) == 0
