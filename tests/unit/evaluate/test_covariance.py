"""Covariances of coefficients where periods are alike."""

import os

import numpy as np
import pytest
from scipy.linalg import toeplitz
from scipy.special import stdtrit

from opendcr.evaluate.regressions.counts import Fit, Real, Regression, fitted
from opendcr.evaluate.regressions.covariance import Autoregressive, autoregressive
from opendcr.evaluate.regressions.segments import level
from opendcr.streams import stream

SOAK = os.environ.get("OPENDCR_SOAK") == "1"


def series(draw: np.random.Generator, rho: float, periods: int = 60) -> Regression:
    """Normal errors that follow an autoregression, about a step and a trend."""
    noise = np.zeros(periods)
    noise[0] = draw.normal()
    for at in range(1, periods):
        noise[at] = rho * noise[at - 1] + np.sqrt(1 - rho**2) * draw.normal()
    terms = np.column_stack(
        [np.ones(periods), np.arange(periods), level(periods, periods * 6 // 10)]
    )
    return Regression("gaussian", ("intercept", "trend", "level"), terms, 50 + 3 * noise)


def expected_moments(matrix: Real, rho: float) -> tuple[float, float]:
    """Of residuals of least squares whose errors are so alike: squares, and lagged products."""
    periods = len(matrix)
    maker = np.eye(periods) - matrix @ np.linalg.pinv(matrix)
    lag = np.eye(periods, k=1)
    errors = toeplitz(rho ** np.arange(periods))
    return float(np.trace(maker @ errors @ maker)), float(np.trace(maker @ lag @ maker @ errors))


@pytest.mark.parametrize("seed", range(5))
def test_the_autocorrelation_is_the_one_that_the_residuals_would_be_expected_of(seed: int) -> None:
    fit = fitted(series(stream(seed, "autocorrelation"), 0.6))
    found = autoregressive(fit)
    squares, products = expected_moments(fit.regression.matrix, found.rho)
    there = fit.residuals
    assert products / squares == pytest.approx(there[1:] @ there[:-1] / (there @ there), abs=2e-4)
    assert found.dispersion == pytest.approx(there @ there / squares, rel=1e-3)
    errors = toeplitz(found.rho ** np.arange(len(there))) * found.dispersion
    left = np.linalg.pinv(fit.regression.matrix)
    assert found.covariance == pytest.approx(left @ errors @ left.T, rel=1e-6)


def test_without_autocorrelation_it_is_the_model_s() -> None:
    fit = fitted(series(stream(4, "independent"), -0.5))
    found = autoregressive(fit)
    assert found.rho == 0
    assert found.covariance == pytest.approx(fit.covariance, rel=1e-9)


def covers(rho: float, repeats: int) -> dict[str, float]:
    """How often the 95 % interval of no step holds it."""
    held = dict.fromkeys(("model", "autoregressive"), 0)
    draw = stream(7, "covers", rho)
    for _ in range(repeats):
        fit = fitted(series(draw, rho))
        for name, (variance, freedom) in _errors(fit).items():
            held[name] += abs(fit.coefficients[2]) <= stdtrit(freedom, 0.975) * np.sqrt(variance)
    return {name: count / repeats for name, count in held.items()}


def _errors(fit: Fit) -> dict[str, tuple[float, float]]:
    alike, spare = autoregressive(fit), float(fit.regression.spare)
    return {
        "model": (fit.covariance[2, 2], spare),
        "autoregressive": (alike.covariance[2, 2], alike.freedom(spare)),
    }


@pytest.mark.parametrize(("rho", "least"), [(0.0, 0.93), (0.4, 0.92), (0.7, 0.89)])
def test_intervals_hold_what_they_say_also_where_periods_are_alike(
    rho: float, least: float
) -> None:
    held = covers(rho, 20_000 if SOAK else 1500)
    assert least <= held["autoregressive"] <= 0.975
    if rho:
        assert held["model"] < min(0.9, held["autoregressive"] - 0.03)


def test_degrees_of_freedom_are_those_of_as_many_independent_periods() -> None:
    def of(rho: float, spare: float) -> float:
        return Autoregressive(np.eye(2), rho, 1.0).freedom(spare)

    assert of(0.0, 20) == 20
    assert of(0.5, 60) == pytest.approx(20)  # 60 × 0.5 / 1.5
    assert of(0.9, 20) == 2  # 20 × 0.1 / 1.9 is 1.05, and two are the least
    assert of(0.9, 1) == 1  # but no more than there are
