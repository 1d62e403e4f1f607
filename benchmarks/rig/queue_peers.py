"""The single-stage queue by others: SimPy, written in three ways, and Ciw. Times are minutes.

Each is one long run. They count who came and who left, by day, and nothing else; ours counts all of
its figures. `simpy_example` is written as SimPy's own example of people who renege ("Bank Renege" in
its documentation): a process each, which waits for a place or the end of patience. `simpy_processes`
is the same without what can be spared: patience is drawn and waited for by those alone who find no
place. `simpy_events` is the leanest that SimPy allows: one process for those who come, a callback at
the end of an episode, and no event at all for patience, which is compared when a place is free.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import ciw
import numpy as np
import simpy
from numpy.typing import NDArray

DAY = 24 * 60.0
RUNS = 50  # of Ciw's one run, for its error


@dataclass(frozen=True)
class Queue:
    """Poisson arrivals, places that are alike, exponential episodes and patience."""

    per_hour: float
    places: int
    episode: float
    patience: float
    open_hours: float

    @property
    def gap(self) -> float:
        return 60 / self.per_hour

    def erlang_a(self) -> float:
        """The probability of leaving where the room never closes."""
        weights = [1.0]
        for inside in range(1, 400):
            waiting = max(inside - self.places, 0)
            gone = min(inside, self.places) / self.episode + waiting / self.patience
            weights.append(weights[-1] / self.gap / gone)
        queue = sum(weight * max(at - self.places, 0) for at, weight in enumerate(weights))
        return queue / sum(weights) * self.gap / self.patience


@dataclass(frozen=True)
class Left:
    """How many came and how many of them left, by day or by another part of a run."""

    came: NDArray[np.int64]
    left: NDArray[np.int64]

    def probability(self) -> tuple[float, float]:
        """The probability of leaving and its standard error: a ratio of means."""
        came, left = self.came.sum(), self.left.sum()
        apart = self.left - left / came * self.came
        parts = len(apart)
        return left / came, float(np.sqrt((apart**2).sum() * parts / (parts - 1)) / came)


def simpy_events(queue: Queue, days: int, seed: int) -> Left:
    """One environment; patience is compared when a place is free."""
    env, draw = simpy.Environment(), Random(seed).expovariate
    came, left = [0] * days, [0] * days
    waiting: deque[float] = deque()  # until when each of them waits
    free = queue.places
    per_gap, per_episode, per_patience = 1 / queue.gap, 1 / queue.episode, 1 / queue.patience
    timeout = env.timeout

    def coming() -> Iterator[simpy.Event]:
        nonlocal free
        for day in range(days):
            closes = day * DAY + 60 * queue.open_hours
            gap = draw(per_gap)
            while env.now + gap < closes:
                yield timeout(gap)
                came[day] += 1
                if free:
                    free -= 1
                    timeout(draw(per_episode), day).callbacks.append(finished)
                else:
                    waiting.append(env.now + draw(per_patience))
                gap = draw(per_gap)
            yield timeout(closes - env.now)
            left[day] += sum(until < closes for until in waiting)
            waiting.clear()
            yield timeout((day + 1) * DAY - closes)

    def finished(event: simpy.Event) -> None:
        nonlocal free
        while waiting:
            if waiting.popleft() >= env.now:
                timeout(draw(per_episode), event.value).callbacks.append(finished)
                return
            left[event.value] += 1
        free += 1

    env.process(coming())
    env.run()
    return Left(np.array(came), np.array(left))


def simpy_example(queue: Queue, days: int, seed: int) -> Left:
    """One environment; written as SimPy's documentation has people renege."""
    env, rng = simpy.Environment(), Random(seed)
    places = simpy.Resource(env, capacity=queue.places)
    came, left = [0] * days, [0] * days

    def source() -> Iterator[simpy.Event]:
        for day in range(days):
            closes = day * DAY + 60 * queue.open_hours
            yield env.timeout(day * DAY - env.now)
            while True:
                yield env.timeout(rng.expovariate(1 / queue.gap))
                if env.now >= closes:
                    break
                came[day] += 1
                env.process(person(day, closes))

    def person(day: int, closes: float) -> Iterator[simpy.Event]:
        with places.request() as request:
            gives_up = env.now + rng.expovariate(1 / queue.patience)
            results = yield request | env.timeout(min(gives_up, closes) - env.now)
            if request in results:
                yield env.timeout(rng.expovariate(1 / queue.episode))
            else:
                left[day] += gives_up < closes

    env.process(source())
    env.run()
    return Left(np.array(came), np.array(left))


def simpy_processes(queue: Queue, days: int, seed: int) -> Left:
    """One environment; a process for each person, who asks for a place or gives up."""
    env, draw = simpy.Environment(), Random(seed).expovariate
    places = simpy.Resource(env, queue.places)
    came, left = [0] * days, [0] * days

    def coming() -> Iterator[simpy.Event]:
        for day in range(days):
            closes = day * DAY + 60 * queue.open_hours
            gap = draw(1 / queue.gap)
            while env.now + gap < closes:
                yield env.timeout(gap)
                came[day] += 1
                env.process(person(day, closes))
                gap = draw(1 / queue.gap)
            yield env.timeout((day + 1) * DAY - env.now)

    def person(day: int, closes: float) -> Iterator[simpy.Event]:
        with places.request() as place:
            if not place.triggered:
                gives_up = env.now + draw(1 / queue.patience)
                yield place | env.timeout(min(gives_up, closes) - env.now)
                if not place.triggered:
                    left[day] += gives_up < closes
                    return
            yield env.timeout(draw(1 / queue.episode))

    env.process(coming())
    env.run()
    return Left(np.array(came), np.array(left))


def ciw_simulation(queue: Queue, seed: int) -> ciw.Simulation:
    """The queue in Ciw, ready to run; it never closes."""
    ciw.seed(seed)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(1 / queue.gap)],
        service_distributions=[ciw.dists.Exponential(1 / queue.episode)],
        reneging_time_distributions=[ciw.dists.Exponential(1 / queue.patience)],
        number_of_servers=[queue.places],
    )
    return ciw.Simulation(network)


def ciw_left(done: ciw.Simulation, until: float) -> Left:
    """Who came and who left in what Ciw has simulated until a time."""
    records = done.get_all_records(only=["service", "renege"])
    run = np.array([int(record.arrival_date / until * RUNS) for record in records])
    gave_up = np.array([record.record_type == "renege" for record in records])
    return Left(np.bincount(run, minlength=RUNS), np.bincount(run[gave_up], minlength=RUNS))
