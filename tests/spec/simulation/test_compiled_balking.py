"""People who do not join a queue: the compiled room against the chain that they make.

Arrivals, episodes and patience are exponential, so that the number of people in the room is a
birth-death chain whose births depend on how many wait: exact, in a few lines that know no engine.
"""

import math
import os

import numpy as np
import pytest
from scipy.stats import norm

from opendcr.errors import InputError
from opendcr.simulate.scenario import Arrivals, Duration
from opendcr.simulate.scenario_file import scenario_of
from opendcr.simulate.simulated import replicated
from tests.simulated import NEVER_CLOSES, plain

SOAK = os.environ.get("OPENDCR_SOAK") == "1"
RATE, MINUTES, PATIENCE = 7.0, 30.0, 25.0
SETS = [
    (3, (0.0, 0.3, 0.6)),
    (2, (0.2,)),
    (4, (0.1, 0.1, 0.4, 1.0)),
    (1, (0.5, 0.9)),
]
FIGURES = ("probability_leave", "probability_wait", "mean_wait_minutes", "balked", "occupancy")
# All comparisons together fail by chance once in a thousand.
REACH = float(norm.isf(0.001 / len(SETS) / len(FIGURES) / 2))
DAYS = 400 if SOAK else 100
REPLICATIONS = 40


def chance(chances: tuple[float, ...], waiting: int) -> float:
    return chances[min(waiting, len(chances) - 1)]


def exact(places: int, chances: tuple[float, ...]) -> dict[str, float]:
    """The figures in steady state, by the balance of births and deaths."""
    joins = [1.0] * places + [1 - chance(chances, waiting) for waiting in range(300)]
    weights = [1.0]
    for inside in range(1, len(joins)):
        gone = min(inside, places) * 60 / MINUTES + max(inside - places, 0) * 60 / PATIENCE
        weights.append(weights[-1] * RATE * joins[inside - 1] / gone)
    share = np.array(weights) / math.fsum(weights)
    inside = np.arange(len(share))
    waiting = float((np.maximum(inside - places, 0) * share).sum())
    balk = float((share * (1 - np.array(joins))).sum())
    return {
        "probability_leave": balk + 60 / PATIENCE * waiting / RATE,
        "probability_wait": float(share[places:].sum()),
        "mean_wait_minutes": 60 * waiting / RATE,
        "balked": balk * RATE * 24 * DAYS,
        "occupancy": float((np.minimum(inside, places) * share).sum()) / places,
    }


def distances(places: int, chances: tuple[float, ...], told: dict[str, float]) -> dict[str, float]:
    scenario = plain(
        places,
        NEVER_CLOSES,
        days=DAYS,
        arrivals=Arrivals((RATE,) * 24),
        episode=Duration("exponential", MINUTES),
        patience=Duration("exponential", PATIENCE),
        balking=chances,
    )
    found = replicated(scenario, 11, REPLICATIONS)
    return {name: abs(found[name].mean - told[name]) / found[name].se for name in FIGURES}


@pytest.mark.parametrize(("places", "chances"), SETS)
def test_the_room_is_the_chain(places, chances):
    """It begins empty, which moves no figure by a tenth of its error in so many days."""
    apart = distances(places, chances, exact(places, chances))
    assert max(apart.values()) < REACH, apart


def test_the_bounds_tell_other_chances():
    apart = distances(3, (0.0, 0.3, 0.6), exact(3, (0.0, 0.33, 0.66)))
    assert max(apart.values()) > REACH


ROOM = {
    "room": {"places": 1},
    "arrivals": {"per_hour": 1.0},
    "episode": {"distribution": "exponential", "mean": 20.0},
}
BAD = [([], "found []"), (0.3, "found 0.3"), ([0.5, 0.4], "less than the one before"),
       ([1.2], "numbers from 0 to 1"), (["x"], "numbers from 0 to 1")]  # fmt: skip


@pytest.mark.parametrize(("chances", "says"), BAD, ids=str)
def test_chances_that_cannot_be_are_named(tmp_path, chances, says):
    with pytest.raises(InputError) as raised:
        scenario_of(ROOM | {"balking": {"chances": chances}}, tmp_path / "room.toml")
    assert "balking.chances" in str(raised.value) and says in str(raised.value)
