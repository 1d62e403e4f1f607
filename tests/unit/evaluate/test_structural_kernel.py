"""The sampler of structural series, against dense matrices, sums over every case, and itself.

What the kernel integrates by recursions is here one multivariate normal; what it samples is here
summed over a grid of standard deviations and every choice of regressors.
"""

import os
from functools import lru_cache
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from opendcr.evaluate.kernel.structural import Model, evidence, innovations, likelihoods, sampled
from opendcr.evaluate.mixing import effective
from opendcr.streams import stream

Real = NDArray[np.float64]
SOAK = os.environ.get("OPENDCR_SOAK") == "1"
MIDDLES = np.arange(0.05, 4, 0.1)  # of cells in which half-normal standard deviations are summed
NONE = np.empty(0, np.int64)

# The Nile's yearly flow at Aswan 1871-1970, 10⁸ m³ (Cobb, Biometrika 65:2, 1978; in R and statsmodels).
NILE = np.array(["1120", "1160", "963", "1210", "1160", "1160", "813", "1230", "1370", "1140", "995", "935", "1110", "994", "1020", "960", "1180", "799", "958", "1140", "1100", "1210", "1150", "1250", "1260", "1220", "1030", "1100", "774", "840", "874", "694", "940", "833", "701", "916", "692", "1020", "1050", "969", "831", "726", "456", "824", "702", "1120", "1100", "832", "764", "821", "768", "845", "864", "862", "698", "845", "744", "796", "1040", "759", "781", "865", "845", "944", "984", "897", "822", "1010", "771", "676", "649", "846", "812", "742", "801", "1040", "860", "874", "848", "890", "744", "749", "838", "1050", "918", "986", "797", "923", "975", "815", "1020", "906", "901", "1170", "912", "746", "919", "718", "714", "740"], dtype=float)  # fmt: skip


def a_model(counts: bool = False, n: int = 12, more: int = 3, seed: int = 1) -> Model:
    rng = stream(seed, "a model")
    outcome = rng.poisson(4.0, n).astype(float) if counts else rng.normal(size=n)
    return Model(counts, outcome, rng.normal(0.5, 0.2, n),
                 rng.normal(size=(3, n + more)), np.array([1.0, 0.5, 2.0]),
                 np.array([0.4, 0.4, 1.0]), np.array([0.8, 0.3, 0.1]), np.array([1.5, 0.4]))  # fmt: skip


def covariance(model: Model, sigma: Real, chosen: NDArray[np.int64], periods: int) -> Real:
    """Of the signal with its noise in all these periods, from its definition."""
    at, below = np.arange(periods), np.tril(np.ones((periods, periods)), -1)
    made: Real = model.start[0] ** 2 + model.start[1] ** 2 * np.outer(at, at)
    made = made + sigma[1] ** 2 * below @ below.T
    made += sigma[2] ** 2 * (below @ below) @ (below @ below).T + sigma[0] ** 2 * np.eye(periods)
    columns = model.regressors[chosen, :periods].T * model.slab[chosen]
    return np.asarray(made + columns @ columns.T)


@pytest.mark.parametrize("chosen", [(), (1,), (0, 2)])
def test_the_evidence_of_values_is_a_multivariate_normals(chosen: tuple[int, ...]) -> None:
    model, sigma = a_model(), np.array([0.7, 0.2, 0.05])
    columns = np.array(chosen, dtype=np.int64)
    dense = stats.multivariate_normal(cov=covariance(model, sigma, columns, 12))
    found = evidence(stream(1), model, sigma, columns)
    assert found == pytest.approx(dense.logpdf(model.outcome), abs=1e-9)


def test_the_evidence_of_counts_is_an_integral_on_average() -> None:
    """Three periods: the integral over the signal by Gauss and Hermite, 40 nodes each way."""
    model = a_model(counts=True, n=3)
    model = model._replace(outcome=np.array([0.0, 3.0, 9.0]))
    sigma, columns = np.array([0.4, 0.3, 0.0]), np.array([1])
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    factor = np.linalg.cholesky(covariance(model, sigma, columns, 3))
    signals = np.array(list(product(nodes, repeat=3))) @ factor.T
    weight = np.prod(np.array(list(product(weights, repeat=3))) / np.sqrt(2 * np.pi), axis=1)
    likely = stats.poisson.pmf(model.outcome, np.exp(model.offset + signals)).prod(axis=1)
    rng = stream(1, "evidence")
    found = np.exp([evidence(rng, model, sigma, columns) for _ in range(4000)])
    error = found.std() / np.sqrt(len(found))
    assert abs(found.mean() - weight @ likely) < 4 * error
    assert error < 0.02 * found.mean()


@pytest.mark.parametrize("noise", [0.01, 0.3, 1.0, 2.0])
def test_the_noise_of_counts_is_summed_over(noise: float) -> None:
    """A level that is known: what is left of the evidence is each period's sum over its noise."""
    outcome = np.array([0.0, 1.0, 6.0, 40.0, 2000.0])
    middle = np.log(outcome + 0.5) + np.array([0.5, -1.0, 1.0, -0.5, 0.2])
    none = np.zeros(0)
    model = Model(True, outcome, middle, np.zeros((0, 5)), none, none, np.ones(3), np.zeros(2))
    found = evidence(stream(1), model, np.array([noise, 0.0, 0.0]), NONE)
    z = np.arange(-9, 9, 0.0005)
    likely = stats.poisson.pmf(outcome[:, None], np.exp(middle[:, None] + noise * z))
    exact = np.log((likely * stats.norm.pdf(z)).sum(axis=1) * 0.0005).sum()
    assert found == pytest.approx(exact, abs=1e-4 if noise <= 1 else 2e-3)


def test_one_draw_tells_the_evidence_of_counts_where_noise_is_large() -> None:
    """A chain stays where it met an estimate far above the others, so that none may be."""
    model = _prior(True)
    rng = stream(1, "large noise")
    found = [evidence(rng, model, np.array([1.5, 0.1, 0.02]), NONE) for _ in range(2000)]
    assert max(found) - np.mean(found) < 2.0


def test_the_nile_is_likeliest_where_others_find_it() -> None:
    """statsmodels, UnobservedComponents(..., 'llevel'): −632.54, of all but the first year, at
    irregular 15,078 and level 1,478.8, with a first level of variance a million."""
    rows = np.zeros((0, 100))
    none = np.zeros(0)
    wide = 1e3
    model = Model(False, NILE, none, rows, none, none, np.ones(3), np.array([wide, 0.0]))

    def found(irregular: float, level: float) -> float:
        sigma = np.array([irregular**0.5, level**0.5, 0.0])
        first = stats.norm(0, np.hypot(wide, sigma[0])).logpdf(NILE[0])
        return float(evidence(stream(1), model, sigma, NONE) - first)

    best = found(15_078, 1_478.8)
    assert best == pytest.approx(-632.5378, abs=0.001)
    around = [found(15_078 * a, 1_478.8 * b) for a, b in [(1.02, 1), (0.98, 1), (1, 1.1), (1, 0.9)]]
    assert max(around) < best


def test_the_sampler_of_values_agrees_with_a_sum_over_every_case() -> None:
    """Means of the standard deviations and of the last period's signal, and who is in."""
    model = a_model(n=14)._replace(scale=np.array([0.8, 0.3, 0.0]), start=np.array([1.5, 0.0]))
    pairs = np.array(list(product(0.8 * MIDDLES, 0.3 * MIDDLES)))
    cases = []
    for first, second in product((False, True), repeat=2):
        chosen = np.flatnonzero([first, second, True])
        prior = np.log([0.4 if one else 0.6 for one in (first, second)]).sum()
        dense = np.array([covariance(model, np.r_[one, 0], chosen, 17) for one in pairs])
        solved = np.linalg.solve(dense[:, :14, :14], model.outcome[None, :, None])[:, :, 0]
        likely = -0.5 * (solved @ model.outcome + np.linalg.slogdet(dense[:, :14, :14])[1])
        last = (dense[:, 16, :14] * solved).sum(axis=1)
        weight = likely + prior - 0.5 * ((pairs / [0.8, 0.3]) ** 2).sum(axis=1)
        put = np.ones(len(pairs))
        cases.append(np.array([weight, *pairs.T, first * put, second * put, last]))
    weight, *values = np.concatenate(cases, axis=1)
    weight = np.exp(weight - weight.max())
    exact = np.array(values) @ weight / weight.sum()

    drawn = sampled(stream(1, "a chain"), model, 500, 20_000, 2)
    chains = np.vstack([drawn.sigma.T[:2], drawn.beta.T[:2] != 0, drawn.signal[:, 16]])
    errors = [one.std() / np.sqrt(effective(one.reshape(2, -1))) for one in chains]
    assert np.all(np.abs(chains.mean(axis=1) - exact) < 4 * np.array(errors) + 0.003)
    assert max(errors) < 0.03


def invented(rng: np.random.Generator, like: Model) -> tuple[Model, dict[str, float]]:
    """A series from the prior, and what made it."""
    n, periods = len(like.outcome), like.regressors.shape[1]
    sigma = np.abs(rng.normal(size=3)) * like.scale
    beta = rng.normal(size=len(like.slab)) * like.slab * (rng.random(len(like.slab)) < like.chance)
    slope = like.start[1] * rng.normal() + np.r_[0, np.cumsum(sigma[2] * rng.normal(size=periods))]
    steps = slope[: periods - 1] + sigma[1] * rng.normal(size=periods - 1)
    signal = like.start[0] * rng.normal() + np.r_[0, np.cumsum(steps)]
    signal += beta @ like.regressors + sigma[0] * rng.normal(size=periods)
    outcome = rng.poisson(np.exp(like.offset + signal[:n])) if like.counts else signal[:n]
    truth = {"noise": sigma[0], "drift": sigma[1], "in": (beta != 0).sum(), "beta": beta.sum(),
             "after": signal[n:].sum()}  # fmt: skip
    return like._replace(outcome=outcome.astype(float)), truth


def ranks(like: Model, sampled_as: Model, times: int) -> dict[str, list[int]]:
    """Simulation-based calibration (Talts and others, arXiv:1804.06788, 2018): where what made a
    series stands among 99 draws given the series. Ties are broken by chance."""
    n, found = len(like.outcome), {}
    for time in range(times):
        rng = stream(time, "calibration", like.counts)
        model, truth = invented(rng, like)
        told = sampled_as._replace(outcome=model.outcome)
        drawn = sampled(rng, told, 150, 99 * 4, 2)
        draws = {"noise": drawn.sigma[:, 0], "drift": drawn.sigma[:, 1],
                 "in": (drawn.beta != 0).sum(axis=1), "beta": drawn.beta.sum(axis=1),
                 "after": drawn.signal[:, n:].sum(axis=1)}  # fmt: skip
        for name, all_of_them in draws.items():
            one = all_of_them[::4]
            under, same = (one < truth[name]).sum(), (one == truth[name]).sum()
            found.setdefault(name, []).append(int(under + rng.integers(0, same + 1)))
    return found


def calibrated(found: dict[str, list[int]]) -> dict[str, float]:
    """By quantity, the chance of ranks so uneven."""
    counted = {name: np.histogram(one, 10, (0, 100))[0] for name, one in found.items()}
    return {name: float(stats.chisquare(one).pvalue) for name, one in counted.items()}


@lru_cache
def _prior(counts: bool) -> Model:
    model = a_model(counts, n=16, more=4)
    scale = [0.5, 0.3, 0.05] if counts else [0.8, 0.3, 0.1]
    start = [0.7, 0.2] if counts else [1.5, 0.4]
    return model._replace(
        slab=np.array([0.6, 0.4, 0.3]), scale=np.array(scale), start=np.array(start)
    )


@pytest.mark.parametrize("counts", [False, True])
def test_draws_hold_what_made_the_series_as_often_as_they_should(counts: bool) -> None:
    found = calibrated(ranks(_prior(counts), _prior(counts), 2000 if SOAK else 60))
    assert min(found.values()) > 0.001, found


def test_calibration_would_see_a_wrong_prior() -> None:
    right = _prior(False)
    wrong = right._replace(scale=right.scale * np.array([1, 0.2, 1]))
    assert calibrated(ranks(right, wrong, 120))["drift"] < 0.001


def test_the_same_stream_gives_the_same_draws() -> None:
    one, other = (sampled(stream(3, "again"), a_model(True), 50, 100, 3) for _ in range(2))
    assert np.array_equal(one.signal, other.signal) and np.array_equal(one.beta, other.beta)


def test_innovations_are_the_factored_outcome() -> None:
    model, sigma = a_model(), np.array([0.7, 0.2, 0.05])
    factor = np.linalg.cholesky(covariance(model, sigma, NONE, 12))
    expected = np.linalg.solve(factor, model.outcome)
    assert innovations(model, sigma, NONE) == pytest.approx(expected)


def test_the_likelihood_of_each_drift_and_noise_is_the_evidence() -> None:
    model, noises = a_model(), np.array([0.3, 0.9])
    found = likelihoods(model, np.array([0.1, 0.4]), noises)
    each = [
        [evidence(stream(1), model, np.array([noise, drift, 0.0]), NONE) for noise in noises]
        for drift in (0.1, 0.4)
    ]
    assert found == pytest.approx(np.array(each))
