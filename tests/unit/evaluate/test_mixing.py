"""R-hat and effective sample size, where theory says what they are."""

import numpy as np
import pytest
from numpy.typing import NDArray

from opendcr.evaluate.mixing import effective, r_hat
from opendcr.streams import stream


def autoregression(correlation: float, chains: int = 4, count: int = 4000) -> NDArray[np.float64]:
    rng = stream(1, "autoregression")
    made = np.zeros((chains, count))
    made[:, 0] = rng.normal(size=chains) / np.sqrt(1 - correlation**2)
    for at in range(1, count):
        made[:, at] = correlation * made[:, at - 1] + rng.normal(size=chains)
    return made


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_an_autoregression_is_worth_what_theory_says(correlation: float) -> None:
    """(1 − ρ) / (1 + ρ) of its draws."""
    draws = autoregression(correlation)
    share = (1 - correlation) / (1 + correlation)
    assert effective(draws) == pytest.approx(draws.size * share, rel=0.15)
    assert 0.99 < r_hat(draws) < 1.01


def test_chains_apart_in_place_or_in_spread_have_not_mixed() -> None:
    draws = autoregression(0.0)
    moved, wider = draws.copy(), draws.copy()
    moved[0] += 1.0
    wider[0] *= 3.0
    assert r_hat(moved) > 1.1 and r_hat(wider) > 1.05
    assert effective(moved) < 0.05 * effective(draws)


def test_what_does_not_vary_has_mixed() -> None:
    assert r_hat(np.ones((2, 10))) == 1.0 and effective(np.ones((2, 10))) == 20
