"""Rooms that never close against the queues whose answers are known: Erlang A, B and C.

The formulas stand here, apart from the engine. A simulated figure may lie four of its own standard
errors from the exact value (batches of days, 20 of them or as many replications; for 19 degrees of
freedom chance alone goes further in 1 of 1,300). The seed is fixed, so the answer never changes;
what makes the bounds honest is that they reject the same room with one place more or less.
"""

import math
import os
from dataclasses import dataclass

import numpy as np
import pytest

from opendcr.simulate.kernel.counts import BINS
from opendcr.simulate.results import COLUMNS, Estimate, Moments
from opendcr.simulate.scenario import Arrivals, Duration, Scenario
from opendcr.simulate.simulated import replicated
from tests.simulated import NEVER_CLOSES, plain

pytestmark = pytest.mark.timeout(900)  # many days in make soak
SOAK = os.environ.get("OPENDCR_SOAK") == "1"
REACH = 4.0  # standard errors


@dataclass(frozen=True)
class Queue:
    """A queue in steady state: Poisson arrivals, exponential episodes and patience.

    `rate` people come an hour, an episode lasts `minutes`, patience `patience` (None: no limit);
    `capacity` people can wait (None: no limit).
    """

    places: int
    rate: float
    minutes: float
    patience: float | None = None
    capacity: int | None = None

    def states(self) -> list[float]:
        """The probability of each number of people: the balance of a birth-death process."""
        most = self.places + (self.capacity if self.capacity is not None else 2_000)
        weights = [1.0]
        for people in range(1, most + 1):
            served = min(people, self.places) * 60 / self.minutes
            given_up = max(0, people - self.places) * 60 / self.patience if self.patience else 0.0
            weights.append(weights[-1] * self.rate / (served + given_up))
        total = math.fsum(weights)
        return [weight / total for weight in weights]

    def figures(self) -> dict[str, float]:
        """What `simulate room` calls them; waits by Little's law."""
        states = self.states()
        waiting = math.fsum(max(0, n - self.places) * p for n, p in enumerate(states))
        busy = math.fsum(min(n, self.places) * p for n, p in enumerate(states))
        figures = {
            "probability_wait": math.fsum(states[self.places :]),
            "mean_wait_minutes": 60 * waiting / self.rate,
            "mean_queue_length": waiting,
            "occupancy": busy / self.places,
        }
        if self.patience:
            figures["probability_leave"] = 60 / self.patience * waiting / self.rate
        return figures

    def scenario(self, days: int) -> Scenario:
        """The same queue as a scenario."""
        return plain(
            self.places,
            NEVER_CLOSES,
            days=days,
            arrivals=Arrivals((self.rate,) * 24),
            episode=Duration("exponential", self.minutes),
            patience=Duration("exponential", self.patience) if self.patience else None,
            queue_capacity=self.capacity,
        )


def off(simulated: dict[str, Estimate], exact: dict[str, float]) -> dict[str, float]:
    """By figure, how many standard errors the simulated one lies from the exact one."""
    return {
        name: abs(float(simulated[name].mean or 0) - value) / float(simulated[name].se or 0)
        for name, value in exact.items()
        if simulated[name].se
    }


def test_the_formulas_give_values_computed_elsewhere():
    """Erlang's B and C of tables, and Erlang A for ten people an hour in a room of eight places."""
    waits = {
        (5, 3): (0.110054, 0.236152),
        (8, 6): (0.121876, 0.356981),
        (10, 8): (0.121661, 0.409180),
    }
    for (places, load), (loss, delay) in waits.items():
        b, c = Queue(places, load, 60, capacity=0), Queue(places, load, 60)
        assert b.figures()["probability_wait"] == pytest.approx(loss, abs=1e-6)
        assert c.figures()["probability_wait"] == pytest.approx(delay, abs=1e-6)
    a = Queue(8, 10, 35, patience=20).figures()
    assert a["probability_wait"] == pytest.approx(0.211627, abs=1e-6)
    assert a["probability_leave"] == pytest.approx(0.058728, abs=1e-6)
    assert a["mean_wait_minutes"] == pytest.approx(1.17455, abs=1e-5)
    assert a["occupancy"] == pytest.approx(0.686344, abs=1e-6)


QUEUES = {
    "Erlang A": Queue(3, 6.0, 30, patience=15),
    "Erlang B": Queue(3, 5.0, 30, capacity=0),
    "Erlang C": Queue(3, 4.0, 30),
}


@pytest.fixture(scope="module", params=QUEUES, ids=str)
def simulated(request):
    queue = QUEUES[request.param]
    days, replications = (60, 30) if SOAK else (20, 1)
    return queue, replicated(queue.scenario(days), seed=3, replications=replications)


def test_a_room_that_never_closes_is_the_queue(simulated):
    queue, figures = simulated
    distances = off(figures, queue.figures())
    assert len(distances) >= 2
    assert all(distance < REACH for distance in distances.values()), distances


@pytest.mark.parametrize("more", [-1, 1])
def test_the_bounds_tell_it_from_a_room_with_another_number_of_places(simulated, more):
    queue, figures = simulated
    other = Queue(queue.places + more, queue.rate, queue.minutes, queue.patience, queue.capacity)
    if queue.capacity is None and queue.patience is None and more < 0:
        other = Queue(queue.places, queue.rate * 1.25, queue.minutes)  # with fewer it never settles
    distances = off(figures, other.figures())
    assert max(distances.values()) > REACH


# From a printed table of Student's t: the 97.5th percentile by degrees of freedom.
STUDENT = {1: 12.706, 2: 4.303, 4: 2.776, 19: 2.093, 99: 1.984}


@pytest.mark.parametrize("freedom", STUDENT)
def test_an_interval_reaches_as_far_as_so_few_replications_ask(freedom):
    told = Estimate(10.0, 2.0, freedom + 1).to_data()
    assert told["high"] - 10 == pytest.approx(2 * STUDENT[freedom], rel=2e-4)
    assert 10 - told["low"] == pytest.approx(min(2 * STUDENT[freedom], 10), rel=2e-4)


TIMES = 2000
ROUGHLY = 4 * math.sqrt(0.95 * 0.05 / TIMES)  # four standard errors of a coverage of 95 %


@pytest.mark.parametrize("replications", [2, 3, 5, 20])
def test_nineteen_intervals_of_twenty_hold_the_truth_however_few_the_replications(replications):
    random = np.random.default_rng(replications)
    held = dict.fromkeys(("arrivals", "probability_leave"), 0)
    for _ in range(TIMES):
        rows = np.stack([_leaving(random) for _ in range(replications)])
        figures = Moments.counted(rows, np.zeros((replications, BINS), dtype=np.int64)).figures()
        for name, truth in (("arrivals", 1000), ("probability_leave", 0.2)):
            told = figures[name].to_data()
            held[name] += told["low"] <= truth <= told["high"]
    assert all(abs(one / TIMES - 0.95) < ROUGHLY for one in held.values()), held


def _leaving(random):
    """A replication of ten days to which 1,000 people come on average, one in five of whom leaves."""
    came = int(random.poisson(1000))
    sums = {"arrivals": came, "left_waiting": random.binomial(came, 0.2), "replications": 1}
    return np.array([float(sums.get(name, 0)) for name in COLUMNS])
