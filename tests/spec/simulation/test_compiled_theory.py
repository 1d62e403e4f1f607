"""The compiled room against exact queues, over many sets of parameters.

Rooms that never close: Erlang A, B and C, finite queues, Pollaczek and Khinchine, loss systems of
any law, Crommelin, and episodes of two stages; and days that open empty and close, by Kolmogorov's
equations. The exact values stand here, apart from the engine.

How far a figure may lie from its exact value is said once for a whole table of sets, not for each
comparison: were the room right, chance alone would reject a table in `WRONGLY` of cases. Of `m`
comparisons each is held to Student's quantile at `WRONGLY / m` (Bonferroni), with one degree of
freedom less than there are replications. The seeds are fixed, so the answer never changes; what
makes the bounds honest is that they reject one place more or less, and episodes or patience a few
percent longer.

A room that never closes begins empty, and those who wait when it ends are sent away. Neither is
neglected where it can be told: the expected total over the horizon is exact for a birth-death
process (Poisson's equation) and for one place (by the second moment of the work that is left).
Where it cannot be told, the horizon is hundreds of times what the room takes to forget, and the
tests say how much that is of a standard error.
"""

import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.sparse import lil_matrix
from scipy.sparse.linalg import spsolve
from scipy.stats import poisson
from scipy.stats import t as student

from opendcr.simulate.kernel import counts, replications
from opendcr.simulate.kernel.tables import assumed
from opendcr.simulate.results import Estimate
from opendcr.simulate.scenario import Arrivals, Duration, Scenario
from opendcr.simulate.simulated import replicated
from tests.simulated import NEVER_CLOSES, plain

pytestmark = pytest.mark.timeout(1800)  # many sets in make soak
SOAK = os.environ.get("OPENDCR_SOAK") == "1"
WRONGLY = 0.001  # how often chance rejects a whole table of a room that is right
SETS = 200 if SOAK else 16
REPLICATIONS = 64
VISITS = 20_000 if SOAK else 8_000  # in each of them, about

Exact = dict[str, float]
Figures = dict[str, Estimate]


def reach(comparisons: int, of: int = REPLICATIONS) -> float:
    """How many standard errors a figure may lie from its exact value, as one of so many."""
    return float(student.ppf(1 - WRONGLY / comparisons / 2, of - 1))


def off(simulated: Figures, exact: Exact) -> dict[str, float]:
    """By figure, how many standard errors the simulated one lies from the exact one."""
    return {name: _off(simulated[name], value) for name, value in exact.items()}


def _off(found: Estimate, value: float) -> float:
    if found.mean is None or found.se is None:
        return math.inf
    # What is always the same has no error, and must be right to the last millisecond.
    return abs(found.mean - value) / max(found.se, 1e-5 * abs(value), 1e-12)


def rejected(table: Iterable[tuple[Figures, Exact]], bound: float) -> list[dict[str, float]]:
    """Of each set that lies further off than the bound, how far."""
    distances = [off(simulated, exact) for simulated, exact in table]
    return [one for one in distances if max(one.values()) >= bound]


def days_for(rate: float) -> int:
    """So many days that about `VISITS` people come, at so many an hour."""
    return math.ceil(VISITS / rate / 24)


# --- Birth-death processes: Erlang A, B and C, finite queues ---------------------------------------


@dataclass(frozen=True)
class Queue:
    """Poisson arrivals, exponential episodes and patience.

    `rate` people come an hour, an episode lasts `minutes`, patience `patience` (None: no limit);
    `capacity` people can wait (None: no limit).
    """

    places: int
    rate: float
    minutes: float
    patience: float | None = None
    capacity: int | None = None

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

    @property
    def states(self) -> np.ndarray:
        """How many people may be in the room: further than it ever gets where there is no limit."""
        if self.capacity is not None:
            return np.arange(self.places + self.capacity + 1)
        weight, most = 1.0, 0
        while most < self.places or weight > 1e-15:
            most += 1
            weight *= max(self.rate, 1e-9) / 60 / self.leaves(most)
        return np.arange(most + 1)

    def leaves(self, people: int) -> float:
        """How many of so many people leave in a minute."""
        given_up = max(0, people - self.places) / self.patience if self.patience else 0.0
        return min(people, self.places) / self.minutes + given_up

    def generator(self, states: np.ndarray) -> np.ndarray:
        """The rates by the minute from each number of people to each."""
        rates = np.diag([self.rate / 60] * (len(states) - 1), 1)
        rates += np.diag([self.leaves(people) for people in states[1:]], -1)
        return rates - np.diag(rates.sum(axis=1))

    def steady(self) -> np.ndarray:
        """The share of time with each number of people."""
        states = self.states
        steps = [self.rate / 60 / self.leaves(people) for people in states[1:]]
        weights = np.cumprod([1.0, *steps])
        return weights / weights.sum()

    def figures(self, days: int) -> Exact:
        """What `simulate room` calls them, over so many days from an empty room.

        Only of the 95th percentile is the beginning neglected, and of the wait of those who start
        the end: both are an episode or two of hundreds.
        """
        states, steady = self.states, self.steady()
        waiting, busy = np.maximum(states - self.places, 0), np.minimum(states, self.places)
        full = states >= self.places
        at_end = full & (states == states[-1]) if self.capacity is not None else states < 0
        served, waits = self._served(len(states))
        in_minutes = days * 24 * 60
        of = self._over(in_minutes, np.column_stack(
            [waiting, busy, full, at_end, served, waits]))  # fmt: skip
        came = self.rate / 60
        figures = {
            "probability_wait": of[2],
            "mean_wait_minutes": of[0] / came,
            "mean_wait_served_minutes": of[5] / of[4] if of[4] else 0.0,
            "mean_queue_length": of[0],
            "occupancy": of[1] / self.places,
        }
        if self.patience:
            figures["probability_leave"] = of[0] / self.patience / came
        if self.capacity == 0:  # nobody waits
            return {name: figures[name] for name in ("probability_wait", "occupancy")}
        if steady[self.places : -1].sum() > 0.1:  # else hardly anybody waits so long, and it is 0
            figures["wait_p95_minutes"] = self.wait_reached_by(0.05)
        return figures

    def _over(self, minutes: float, values: np.ndarray) -> np.ndarray:
        """Averages over a time that begins with an empty room, of values by number of people.

        Poisson's equation: what an empty room is short of, in all, is its solution at zero. It rises
        from one number of people to the next by the flow between them.
        """
        steady = self.steady()
        means = steady @ values
        flows = np.cumsum(steady[:, None] * (means - values), axis=0)[:-1]
        rises = flows / (self.rate / 60 * steady[:-1, None])
        above_empty = np.vstack([np.zeros(values.shape[1]), np.cumsum(rises, axis=0)])
        return means - steady @ above_empty / minutes

    def _served(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """By the number of people found: the probability of starting, and the wait where one does.

        Whoever finds `places + j - 1` people is the j-th to wait. The next of the places to be free
        and the j patiences runs out at the rate below, and is one's own patience now and then.
        """
        served, waits = np.ones(count), np.zeros(count)
        for found in range(self.places, count):
            place = found - self.places + 1
            own = 1 / self.patience if self.patience else 0.0
            rate = self.places / self.minutes + place * own
            before, waited = (served[found - 1], waits[found - 1]) if place > 1 else (1.0, 0.0)
            served[found] = (rate - own) / rate * before
            waits[found] = (rate - own) / rate * (waited + before / rate)
        if self.capacity is not None:  # whoever finds as many as fit is turned away
            served[-1] = waits[-1] = 0.0
        return served, waits

    def wait_reached_by(self, share: float) -> float:
        """The wait that such a share of all arrivals reaches, whatever ends it (uniformisation)."""
        steady = self.steady()
        found = steady[self.places : -1]  # the last state is beyond reach, or one is turned away
        own = 1 / self.patience if self.patience else 0.0
        busy, places = self.places / self.minutes, np.arange(1, len(found) + 1)
        fastest = busy + own * len(found)
        ahead, gone = (busy + own * (places - 1)) / fastest, (busy + own * places) / fastest
        left, still = [float(found.sum())], found
        while left[-1] > share / 1000:
            moved = still * (1 - gone)
            moved[:-1] += (still * ahead)[1:]
            still = moved
            left.append(float(still.sum()))
        steps, kept = np.arange(len(left)), np.array(left)

        def over(minutes: float) -> float:
            return float(poisson.pmf(steps, fastest * minutes) @ kept) - share

        return float(brentq(over, 0.0, (len(left) + 60) / fastest))


def erlang_a(random: np.random.Generator) -> Queue:
    places, minutes = int(random.integers(1, 10)), float(random.uniform(5, 60))
    load = random.uniform(0.5, 1.4)
    return Queue(places, 60 * load * places / minutes, minutes, float(random.uniform(5, 60)))


def erlang_b(random: np.random.Generator) -> Queue:
    places, minutes = int(random.integers(1, 10)), float(random.uniform(5, 60))
    return Queue(places, 60 * random.uniform(0.3, 1.5) * places / minutes, minutes, capacity=0)


def erlang_c(random: np.random.Generator) -> Queue:
    places, minutes = int(random.integers(1, 10)), float(random.uniform(5, 60))
    return Queue(places, 60 * random.uniform(0.4, 0.8) * places / minutes, minutes)


def finite(random: np.random.Generator) -> Queue:
    """A queue of a few at most, every second time with patience."""
    plainly = erlang_b(random)
    patience = float(random.uniform(5, 60)) if random.random() < 0.5 else None
    return replace(plainly, capacity=int(random.integers(1, 7)), patience=patience)


MODELS: dict[str, Callable[[np.random.Generator], Queue]] = {
    "Erlang A": erlang_a,
    "Erlang B": erlang_b,
    "Erlang C": erlang_c,
    "finite queue": finite,
}


@cache
def queues(model: str) -> list[tuple[Queue, int, Figures]]:
    """Sets of parameters of a model, the days of each and what the room makes of it."""
    random = np.random.default_rng([len(MODELS), list(MODELS).index(model)])
    drawn = [MODELS[model](random) for _ in range(SETS)]
    return [
        (queue, days, replicated(queue.scenario(days), at, REPLICATIONS, workers=1))
        for at, queue in enumerate(drawn)
        for days in [days_for(queue.rate)]
    ]


def bound_of(model: str) -> float:
    return reach(sum(len(queue.figures(days)) for queue, days, _ in queues(model)))


def test_the_exact_values_are_those_of_erlangs_formulas():
    """In the long run they are B and C and C's exponential tail."""
    places, load, long = 5, 3.0, 10**9
    terms = [load**n / math.factorial(n) for n in range(places + 1)]
    b = terms[-1] / sum(terms)
    c = b / (1 - load / places * (1 - b))
    loss, delay = (Queue(places, load, 60, capacity=one).figures(long) for one in (0, None))
    assert loss["probability_wait"] == pytest.approx(b, rel=1e-9)
    assert loss["occupancy"] == pytest.approx(load * (1 - b) / places, rel=1e-9)
    assert delay["probability_wait"] == pytest.approx(c, rel=1e-9)
    assert delay["mean_wait_minutes"] == pytest.approx(60 * c / (places - load), rel=1e-9)
    assert delay["mean_wait_served_minutes"] == pytest.approx(delay["mean_wait_minutes"], rel=1e-9)
    assert delay["wait_p95_minutes"] == pytest.approx(
        60 * math.log(c / 0.05) / (places - load), rel=1e-6
    )


@pytest.mark.parametrize("model", MODELS)
def test_a_room_that_never_closes_is_the_queue(model):
    table = [(figures, queue.figures(days)) for queue, days, figures in queues(model)]
    assert not rejected(table, bound_of(model))


@pytest.mark.parametrize("more", [-1, 1])
@pytest.mark.parametrize("model", MODELS)
def test_the_bounds_reject_one_place_more_or_less(model, more):
    """Every set, but those that would never settle with one place less."""
    others = [
        (figures, replace(queue, places=queue.places + more).figures(days))
        for queue, days, figures in queues(model)
        if queue.places + more > 0 and (model != "Erlang C" or _settles(queue, more))
    ]
    assert len(others) > SETS / 2
    assert len(rejected(others, bound_of(model))) == len(others)


def _settles(queue: Queue, more: int) -> bool:
    return queue.rate * queue.minutes / 60 < 0.95 * (queue.places + more)


@pytest.mark.parametrize("share", [0.97, 1.03])
@pytest.mark.parametrize("model", MODELS)
def test_the_bounds_reject_episodes_three_percent_longer_or_shorter(model, share):
    others = [
        (figures, replace(queue, minutes=queue.minutes * share).figures(days))
        for queue, days, figures in queues(model)
    ]
    assert len(rejected(others, bound_of(model))) == len(others)


@pytest.mark.parametrize("share", [0.9, 1.1])
def test_the_bounds_reject_a_patience_ten_percent_longer_or_shorter(share):
    """Nineteen sets of twenty, of those where one person in twenty or more waits."""
    others = [
        (figures, replace(queue, patience=(queue.patience or 0) * share).figures(days))
        for queue, days, figures in queues("Erlang A")
        if (figures["probability_wait"].mean or 0) > 0.05
    ]
    assert len(others) > SETS / 2
    assert len(rejected(others, bound_of("Erlang A"))) >= 0.95 * len(others)


# --- One place and any law: Pollaczek and Khinchine ------------------------------------------------

LAWS = {
    "lognormal, narrow": Duration("lognormal", 20.0, 8.0),
    "lognormal, wide": Duration("lognormal", 20.0, 25.0),
    "gamma of many stages": Duration("gamma", 20.0, 4.0),
    "gamma, wide": Duration("gamma", 20.0, 30.0),
    "deterministic": Duration("deterministic", 20.0),
    "empirical": Duration("empirical", 20.0, values=(5.0, 5.0, 12.5, 38.0, 39.5)),
}
LOADS = (0.3, 0.6, 0.75)


def moments(law: Duration) -> tuple[float, float, float]:
    """The first three moments of a law, in minutes and their powers."""
    mean, cv = law.mean, law.sd / law.mean
    match law.distribution:
        case "lognormal":
            return mean, mean**2 * (1 + cv**2), mean**3 * (1 + cv**2) ** 3
        case "gamma":
            return mean, mean**2 * (1 + cv**2), mean**3 * (1 + cv**2) * (1 + 2 * cv**2)
        case "empirical":
            return tuple(np.mean([value**k for value in law.values]) for k in (1, 2, 3))
        case _:
            return mean, mean**2, mean**3


def pollaczek_khinchine(law: Duration, load: float, days: int) -> Exact:
    """One place, so many days from an empty room.

    The mean of the work W that is left changes at the rate `load` less the chance that there is
    any; that of its square at the rate `came` E[S²] - 2 (1 - load) E[W]. Integrated, they say how
    much is missing in all because the room began empty. And who waits at the end is sent away.
    """
    mean, second, third = moments(law)
    came, minutes = load / mean, days * 24 * 60
    wait = came * second / 2 / (1 - load)
    squared = 2 * wait**2 + came * third / 3 / (1 - load)
    seen = wait - squared * (1 / (2 * (1 - load)) + 1 / 2) / minutes
    busy = load - wait / minutes
    return {
        "probability_wait": busy,
        "occupancy": busy,
        "mean_wait_minutes": seen,
        "mean_queue_length": came * seen,
    }


def one_of(law: Duration, places: int, load: float, days: int, **changes: object) -> Scenario:
    """A room that never closes, with so many places and so much to do for each of them."""
    rate = Arrivals((60 * load * places / law.mean,) * 24)
    return plain(places, NEVER_CLOSES, days=days, arrivals=rate, episode=law, **changes)


@cache
def single() -> list[tuple[str, float, int, Figures]]:
    table = []
    for name, law in LAWS.items():
        for load in LOADS:
            days = 3 * days_for(60 * load / law.mean)
            scenario = one_of(law, 1, load, days)
            table.append((name, load, days, replicated(scenario, 7, REPLICATIONS, workers=1)))
    return table


def test_one_place_waits_as_pollaczek_and_khinchine_say():
    table = [
        (figures, pollaczek_khinchine(LAWS[name], load, days))
        for name, load, days, figures in single()
    ]
    assert not rejected(table, reach(4 * len(table)))


@pytest.mark.parametrize("share", [0.97, 1.03])
def test_the_bounds_reject_another_mean_of_one_place(share):
    table = []
    for name, load, days, figures in single():
        law = LAWS[name]
        values = tuple(value * share for value in law.values)
        other = replace(law, mean=law.mean * share, sd=law.sd * share, values=values)
        table.append((figures, pollaczek_khinchine(other, load * share, days)))
    assert len(rejected(table, reach(4 * len(table)))) == len(table)


def test_the_bounds_reject_another_spread_of_one_place():
    """A standard deviation a tenth wider, where there is one and people wait."""
    table = [
        (figures, pollaczek_khinchine(replace(LAWS[name], sd=LAWS[name].sd * 1.1), load, days))
        for name, load, days, figures in single()
        if LAWS[name].sd > 5 and load > 0.5
    ]
    assert len(table) >= 4
    assert len(rejected(table, reach(4 * len(single())))) == len(table)


# --- Several places and any law --------------------------------------------------------------------


@cache
def lossy() -> list[tuple[int, float, int, Figures]]:
    table = []
    for law in LAWS.values():
        for places, load in ((1, 0.5), (3, 0.7), (6, 0.9)):
            days = 6 * days_for(60 * load * places / law.mean)
            scenario = one_of(law, places, load, days, queue_capacity=0)
            figures = replicated(scenario, 11, REPLICATIONS, workers=1)
            table.append((places, load, days, figures))
    return table


def lost(places: int, load: float) -> Exact:
    """Erlang's B, which holds for any law of episodes."""
    b = 1.0
    for more in range(1, places + 1):
        b = load * places * b / (more + load * places * b)
    return {"probability_wait": b, "occupancy": load * (1 - b)}


def test_who_is_turned_away_depends_on_no_law():
    """Erlang's B for any. A room that begins empty is soon like any other: what its places are
    short of, E[S²]/2E[S] minutes in all of what they are to do, is less than one error."""
    longest = max(moments(law)[1] / 2 / law.mean for law in LAWS.values())
    for places, load, days, figures in lossy():
        assert load * longest / days / 24 / 60 < (figures["occupancy"].se or 0), places
    table = [(figures, lost(places, load)) for places, load, _, figures in lossy()]
    assert not rejected(table, reach(2 * len(table)))


@pytest.mark.parametrize("more", [-1, 1])
def test_the_bounds_reject_another_number_of_places_that_nobody_waits_for(more):
    table = [
        (figures, lost(places + more, load * places / (places + more)))
        for places, load, _, figures in lossy()
        if places + more
    ]
    assert len(rejected(table, reach(2 * len(table)))) == len(table)


@pytest.mark.parametrize("share", [0.97, 1.03])
def test_the_bounds_reject_another_load_of_places_that_nobody_waits_for(share):
    table = [(figures, lost(places, load * share)) for places, load, _, figures in lossy()]
    assert len(rejected(table, reach(2 * len(table)))) == len(table)


def crommelin(places: int, load: float) -> Exact:
    """Places whose episodes all last alike (C. D. Crommelin, 1932).

    Of those in the room now, the places' number has gone an episode later; who came since is there.
    """
    most = 400
    came = poisson.pmf(np.arange(most + 1), load * places)
    moves = np.zeros((most + 1, most + 1))
    for people in range(most + 1):
        left = max(people - places, 0)
        moves[people, left:] = came[: most + 1 - left]
    equations = np.vstack([(moves.T - np.eye(most + 1))[:-1], np.ones(most + 1)])
    steady = np.linalg.solve(equations, np.r_[np.zeros(most), 1.0])
    waiting = float(np.maximum(np.arange(most + 1) - places, 0) @ steady)
    return {
        "probability_wait": float(steady[places:].sum()),
        "mean_wait_minutes": waiting * 20 / load / places,
        "mean_queue_length": waiting,
        "occupancy": load,
    }


@cache
def alike() -> list[tuple[int, float, Figures]]:
    table = []
    for places in (1, 2, 4, 8):
        for load in (0.5, 0.8):
            days = 3 * days_for(3 * load * places)
            scenario = one_of(LAWS["deterministic"], places, load, days)
            table.append((places, load, replicated(scenario, 13, REPLICATIONS, workers=1)))
    return table


def test_episodes_that_all_last_alike_wait_as_crommelin_says():
    """With one place, as Pollaczek and Khinchine say too."""
    assert crommelin(1, 0.8)["mean_wait_minutes"] == pytest.approx(20 * 0.8 / 2 / 0.2, rel=1e-6)
    table = [(figures, crommelin(places, load)) for places, load, figures in alike()]
    assert not rejected(table, reach(4 * len(table)))


@pytest.mark.parametrize("share", [0.97, 1.03])
def test_the_bounds_reject_another_load_of_episodes_that_all_last_alike(share):
    table = [(figures, crommelin(places, load * share)) for places, load, figures in alike()]
    assert len(rejected(table, reach(4 * len(table)))) == len(table)


def two_stages(places: int, load: float, patience: float | None) -> Exact:
    """Episodes of two exponential stages, 20 minutes in all; a gamma of shape 2.

    The state is how many are in the room and how many of those who use are in their first stage.
    """
    came, stage = load * places / 20, 1 / 10
    most = places + 250 if patience is None else places + 80
    number = {(n, k): 0 for n in range(most + 1) for k in range(min(n, places) + 1)}
    number = {state: at for at, state in enumerate(number)}
    rates = lil_matrix((len(number), len(number)))
    for (n, first), at in number.items():
        busy = min(n, places)
        moves = [((n, first - 1), first * stage)]
        if n < most:
            moves.append(((n + 1, first + (n < places)), came))
        moves.append(((n - 1, first + (n > places)), (busy - first) * stage))
        if patience and n > places:
            moves.append(((n - 1, first), (n - places) / patience))
        for to, rate in moves:
            if rate > 0:
                rates[number[to], at] += rate
                rates[at, at] -= rate
    rates[0, :] = 1.0
    right = np.zeros(len(number))
    right[0] = 1.0
    steady = spsolve(rates.tocsc(), right)
    people = np.array([n for n, _ in number])
    waiting = float(np.maximum(people - places, 0) @ steady)
    figures = {
        "probability_wait": float(steady[people >= places].sum()),
        "mean_wait_minutes": waiting / came,
        "mean_queue_length": waiting,
        "occupancy": float(np.minimum(people, places) @ steady) / places,
    }
    if patience:
        figures["probability_leave"] = waiting / patience / came
    return figures


STAGES = Duration("gamma", 20.0, 20 / math.sqrt(2))
STAGED = [(1, 0.7, None), (2, 0.75, None), (4, 0.8, None), (2, 1.1, 15.0), (3, 0.8, 8.0), (5, 1.0, 40.0)]  # fmt: skip


@cache
def staged() -> list[tuple[int, float, float | None, Figures]]:
    table = []
    for places, load, patience in STAGED:
        days = 3 * days_for(3 * load * places)
        waits = Duration("exponential", patience) if patience else None
        scenario = one_of(STAGES, places, load, days, patience=waits)
        figures = replicated(scenario, 17, REPLICATIONS, workers=1)
        table.append((places, load, patience, figures))
    return table


def test_episodes_of_two_stages_wait_as_a_markov_chain_of_them():
    """Several places, episodes that are not exponential, patience: exact all the same."""
    assert two_stages(1, 0.7, None)["mean_wait_minutes"] == pytest.approx(
        pollaczek_khinchine(STAGES, 0.7, 10**9)["mean_wait_minutes"], rel=1e-6
    )
    table = [(figures, two_stages(*one)) for *one, figures in staged()]
    assert not rejected(table, reach(5 * len(table)))


def test_the_bounds_tell_two_stages_from_one_and_from_another_mean():
    """An exponential of the same mean, one place more, and three percent more to do."""
    exponential, more, longer = [], [], []
    for places, load, patience, figures in staged():
        queue = Queue(places, 3 * load * places, 20, patience)
        exponential.append((figures, queue.figures(10**6)))
        more.append((figures, two_stages(places + 1, load * places / (places + 1), patience)))
        longer.append((figures, two_stages(places, load * 1.03, patience)))
    for table in (exponential, more, longer):
        assert len(rejected(table, reach(5 * len(table)))) == len(table)


def brackets(law: Duration, places: int, load: float) -> tuple[float, float]:
    """Between which waits that of several places and any law lies, in minutes.

    Above: J. F. C. Kingman, "Inequalities in the theory of queues" (J. R. Statist. Soc. B 32,
    1970). Below: one place that works as fast as all of them never has more to do (S. L. Brumelle,
    "Some inequalities for parallel-server queues", Operations Research 19, 1971). Both stand in R. C.
    Larson and A. R. Odoni, "Urban Operations Research", Prentice-Hall 1981, section 4.8.4.
    """
    mean, second, _ = moments(law)
    came = load * places / mean
    spread = 1 / came**2 + (second - mean**2) / places + (places - 1) * mean**2 / places**2
    above = came * spread / 2 / (1 - load)
    below = second / 2 / mean * (1 / places / (1 - load) - 1)
    return max(below, 0.0), above


def test_waits_for_several_places_lie_between_known_bounds():
    """Where the bounds are near: much to do. With one place the lower one is the wait itself."""
    for law in LAWS.values():
        mean, second, _ = moments(law)
        exact = 0.9 / mean * second / 2 / (1 - 0.9)
        assert brackets(law, 1, 0.9)[0] == pytest.approx(exact, rel=1e-9)
        for places in (2, 3):
            days = 5 * days_for(60 * 0.9 * places / law.mean)
            figures = replicated(one_of(law, places, 0.9, days), 19, REPLICATIONS, workers=1)
            wait, error = (float(x or 0) for x in
                           (figures["mean_wait_minutes"].mean, figures["mean_wait_minutes"].se))  # fmt: skip
            below, above = brackets(law, places, 0.9)
            assert below - reach(24) * error < wait < above + reach(24) * error


# --- Days that open empty and close ----------------------------------------------------------------

PEAK = (0.0,) * 7 + (2.0, 6.0, 9.0, 14.0, 12.0, 5.0, 3.0, 3.0, 10.0, 16.0, 11.0, 8.0, 4.0, 2.0, 1.0, 1.0, 0.5)  # fmt: skip
WEEKDAYS = (1.0, 0.6, 1.0, 1.3, 1.5, 0.0, 0.8)


@dataclass(frozen=True)
class DailyRoom:
    """A room of exponential times that opens empty and closes, with rates by hour and weekday."""

    places: int
    minutes: float
    opens: str = "09:00"
    closes: str = "21:00"
    patience: float | None = None
    capacity: int | None = None
    hourly: tuple[float, ...] = (8.0,) * 24
    weekdays: tuple[float, ...] = (1.0,) * 7

    def scenario(self, days: int) -> Scenario:
        """The same room as a scenario."""
        queue = Queue(self.places, 1.0, self.minutes, self.patience, self.capacity)
        policy = {"opens": self.opens, "closes": self.closes}
        arrivals = Arrivals(self.hourly, by_weekday=self.weekdays)
        return plain(
            self.places,
            policy,
            days=days,
            arrivals=arrivals,
            episode=Duration("exponential", self.minutes),
            patience=queue.scenario(1).patience,
            queue_capacity=self.capacity,
        )


DAYS = {
    "even": DailyRoom(3, 25.0, patience=12.0),
    "too much": DailyRoom(2, 30.0, patience=20.0, hourly=(7.0,) * 24),
    "no patience ends": DailyRoom(3, 30.0, hourly=(5.5,) * 24),
    "peaks": DailyRoom(4, 22.0, patience=15.0, hourly=PEAK),
    "peaks, odd hours": DailyRoom(4, 22.0, "07:20", "19:45", 15.0, hourly=PEAK),
    "peaks, until midnight": DailyRoom(3, 22.0, "12:30", "24:00", hourly=PEAK),
    "peaks, few can wait": DailyRoom(3, 25.0, patience=30.0, capacity=2, hourly=PEAK),
    "peaks, nobody waits": DailyRoom(5, 25.0, capacity=0, hourly=PEAK),
    "by weekday": DailyRoom(4, 22.0, patience=15.0, hourly=PEAK, weekdays=WEEKDAYS),
    "one place, few come": DailyRoom(1, 15.0, "10:00", "16:10", 5.0, hourly=(2.5,) * 24),
}
WEEKS = 4 if SOAK else 1
REPEATED = 1_000 if SOAK else 200


def clock(said: str) -> int:
    """Minutes after midnight."""
    hours, minutes = map(int, said.split(":"))
    return 60 * hours + minutes


def passed(rates: np.ndarray, before: np.ndarray, minutes: float) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities after so many minutes, and each state's expected time in them.

    Kolmogorov's equations by uniformisation: steps at the fastest rate, as many as fall into the
    time; each lasts until the next.
    """
    fastest = float(-rates.diagonal().min())
    steps = np.arange(int(poisson.isf(1e-13, fastest * minutes)) + 1)
    chance, lasts = (one(steps, fastest * minutes) for one in (poisson.pmf, poisson.sf))
    moves = np.eye(len(before)) + rates / fastest
    after, time, now = np.zeros(len(before)), np.zeros(len(before)), before
    for step in steps:
        after = after + chance[step] * now
        time = time + lasts[step] / fastest * now
        now = now @ moves
    return after, time


def kolmogorov(
    room: DailyRoom, weekdays: Sequence[int], clocks: Sequence[int] = range(24)
) -> tuple[Exact, np.ndarray]:
    """Expected figures of some days, and by clock hour what `OWN_TIME` names, times in minutes.

    `clocks` are what the clock shows from hour to hour.
    """
    factors = [room.weekdays[weekday] for weekday in weekdays]
    each = {factor: _day(room, factor, clocks) for factor in set(factors)}
    by_hour = np.sum([each[factor][0] for factor in factors], axis=0)
    sent = sum(each[factor][1] for factor in factors)
    opened = len(factors) * sum(until - since for _, since, until in _open(room, clocks))
    sums = by_hour.sum(axis=0)
    left = sums[counts.H_QUEUE] / room.patience if room.patience else 0.0
    arrivals, turned_away = sums[counts.H_ARRIVALS], sums[counts.H_TURNED_AWAY]
    figures = {
        "arrivals": arrivals,
        "served": arrivals - left - turned_away - sent,
        "left_waiting": left,
        "turned_away": turned_away,
        "waiting_at_close": sent,
        "probability_wait": sums[counts.H_WAITED] / arrivals,
        "probability_leave": left / arrivals,
        "mean_wait_minutes": sums[counts.H_QUEUE] / arrivals,
        "mean_queue_length": sums[counts.H_QUEUE] / opened,
        "occupancy": sums[counts.H_USED] / opened / room.places,
    }
    return {name: value for name, value in figures.items() if value}, by_hour


def _open(room: DailyRoom, clocks: Sequence[int]) -> list[tuple[int, int, int]]:
    """The clock hours in which a room is open, and from which minute until which of the day."""
    hours = [(hour, max(60 * hour, clock(room.opens)), min(60 * hour + 60, clock(room.closes)))
             for hour in clocks]  # fmt: skip
    return [(hour, since, until) for hour, since, until in hours if since < until]


def _day(room: DailyRoom, factor: float, clocks: Sequence[int]) -> tuple[np.ndarray, float]:
    """Expected of one day by clock hour, and of how many wait when it closes."""
    by_hour = np.zeros((24, len(counts.BY_HOUR)))
    most = room.places + (room.capacity if room.capacity is not None else 70)
    states = np.arange(most + 1)
    waiting, now = np.maximum(states - room.places, 0), (states == 0).astype(float)
    for hour, since, until in _open(room, clocks):
        rate = room.hourly[hour] * factor
        queue = Queue(room.places, rate, room.minutes, room.patience, room.capacity)
        now, time = passed(queue.generator(states), now, until - since)
        came = rate / 60
        by_hour[hour, counts.H_ARRIVALS] += came * (until - since)
        by_hour[hour, counts.H_WAITED] += came * float(time[room.places :].sum())
        by_hour[hour, counts.H_QUEUE] += float(time @ waiting)
        by_hour[hour, counts.H_USED] += float(time @ np.minimum(states, room.places))
        if room.capacity is not None:
            by_hour[hour, counts.H_TURNED_AWAY] += came * float(time[-1])
    return by_hour, float(now @ waiting)


@cache
def expected(room: DailyRoom) -> tuple[Exact, np.ndarray]:
    """Of the weeks that are simulated; 13 January 2025, on which they begin, was a Monday."""
    figures, by_hour = kolmogorov(room, range(7))
    totals = ("arrivals", "served", "left_waiting", "turned_away", "waiting_at_close")
    scaled = {name: value * WEEKS if name in totals else value for name, value in figures.items()}
    return scaled, by_hour * WEEKS


@cache
def daily(name: str) -> Figures:
    return replicated(DAYS[name].scenario(7 * WEEKS), 23, REPEATED, workers=1)


def test_days_that_open_empty_and_close_are_kolmogorovs():
    """Who comes, waits, gives up, is turned away and sent away, and the time of each."""
    table = [(daily(name), expected(room)[0]) for name, room in DAYS.items()]
    assert not rejected(table, reach(sum(len(exact) for _, exact in table), REPEATED))


CHANGES: dict[str, Callable[[DailyRoom], DailyRoom]] = {
    "one place more": lambda room: replace(room, places=room.places + 1),
    "episodes three percent longer": lambda room: replace(room, minutes=room.minutes * 1.03),
    "closing half an hour earlier": lambda room: replace(room, closes=_earlier(room.closes)),
    "rates an hour later": lambda room: replace(
        room, hourly=room.hourly[-1:] + room.hourly[:-1]
    ),
    "a rate three percent higher": lambda room: replace(
        room, hourly=tuple(1.03 * rate for rate in room.hourly)
    ),
}  # fmt: skip


def _earlier(said: str) -> str:
    before = clock(said) - 30
    return f"{before // 60:02d}:{before % 60:02d}"


@pytest.mark.parametrize("change", CHANGES)
def test_the_bounds_tell_a_day_from_others(change):
    """From each, but for the smallest, of whom too few come, and even rates, which no hour moves."""
    others = [
        (daily(name), expected(CHANGES[change](room))[0])
        for name, room in DAYS.items()
        if room.places > 1 and (change != "rates an hour later" or room.hourly == PEAK)
    ]
    assert len(others) >= 6
    bound = reach(sum(len(expected(room)[0]) for room in DAYS.values()), REPEATED)
    assert len(rejected(others, bound)) == len(others)


OWN_TIME = ("arrivals", "waited", "turned_away", "queue", "used")


def hours_off(scenario: Scenario, exact: np.ndarray, repeated: int, bound: float) -> list[str]:
    """The hours and what is counted in them that lie further off than the bound."""
    room = assumed(scenario)
    rows = np.stack([replications.by_hour(room, 29, at).sum(axis=0) for at in range(repeated)])
    rows = rows.astype(float)
    wrong = []
    for name in OWN_TIME:
        column = counts.BY_HOUR.index(name)
        found = rows[:, :, column] / (60_000 if name in ("queue", "used") else 1)
        error = found.std(axis=0, ddof=1) / math.sqrt(repeated)
        for hour in range(24):
            value = exact[hour, column]
            # An hour in which less than fifty things happen in all has no error to speak of.
            few = value * repeated < 50
            apart = abs(found[:, hour].mean() - value)
            if apart > (8 * math.sqrt(50) / repeated if few else bound * error[hour]):
                wrong.append(f"{hour} {name}: {found[:, hour].mean():.4f}, not {value:.4f}")
    return wrong


BY_THE_HOUR = ("peaks", "peaks, odd hours", "peaks, few can wait", "by weekday")
HOUR_BOUND = reach(len(BY_THE_HOUR) * len(OWN_TIME) * 24, REPEATED)


def test_each_hour_of_a_day_is_kolmogorovs():
    for name in BY_THE_HOUR:
        room = DAYS[name]
        assert not hours_off(room.scenario(7 * WEEKS), expected(room)[1], REPEATED, HOUR_BOUND), (
            name
        )


@pytest.mark.parametrize("name", BY_THE_HOUR)
def test_the_bounds_reject_hours_that_lie_one_off(name):
    room = DAYS[name]
    moved = np.roll(expected(room)[1], 1, axis=0)
    assert len(hours_off(room.scenario(7 * WEEKS), moved, REPEATED, HOUR_BOUND)) > 24


# 30 March 2025 has no hour between one and two in London, and 26 October two of them.
CLOCK_CHANGES = {
    "2025-03-30": (0, 2, 3, 4, 5),
    "2025-10-26": (0, 1, 1, 2, 3, 4, 5),
}


@pytest.mark.parametrize("day", CLOCK_CHANGES)
def test_a_night_on_which_the_clocks_change_is_as_long_as_it_is(day):
    night = DailyRoom(3, 25.0, "00:00", "06:00", 12.0, hourly=(9.0, 5.0, 8.0, 6.0) * 6)
    scenario = replace(night.scenario(1), start=type(plain().start).fromisoformat(day))
    figures, by_hour = kolmogorov(night, [6], CLOCK_CHANGES[day])
    repeated = 4 * REPEATED
    simulated = replicated(scenario, 31, repeated, workers=1)
    comparisons = 2 * (len(figures) + 24 * len(OWN_TIME))
    assert not rejected([(simulated, figures)], reach(comparisons, repeated))
    assert not hours_off(scenario, by_hour, repeated, reach(comparisons, repeated))
    plainly, _ = kolmogorov(night, [6], range(6))
    assert rejected([(simulated, plainly)], reach(comparisons, repeated))
