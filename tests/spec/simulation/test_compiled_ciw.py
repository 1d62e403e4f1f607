"""The compiled room against Ciw, a queue simulator by others, where no formula is known.

The same networks run by both from independent random numbers: lognormal episodes with patience,
people who fit only some of the places, chairs to rest on that may be short, and rates by the hour.
Each is a stretch of time that begins empty and ends, so that nothing has to settle. The difference
of a figure may be as large as its own standard error times Welch's quantile for one of so many
comparisons, of which chance rejects all together in `WRONGLY` of cases; the same bounds reject the
room with one thing changed.

Ciw: G. I. Palmer, V. A. Knight, P. R. Harper and A. L. Hawa, "Ciw: An open-source discrete event
simulation library", Journal of Simulation 13:1 (2019).
"""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import ciw
import numpy as np
import pytest
from scipy.stats import t as student

from opendcr.room.policy import Place
from opendcr.simulate.results import COLUMNS, RATIOS, TOTALS, Estimate, Moments
from opendcr.simulate.scenario import Arrivals, Duration, Scenario
from opendcr.simulate.simulated import replicated
from tests.simulated import plain

pytestmark = pytest.mark.timeout(1800)  # long runs in make soak
SOAK = os.environ.get("OPENDCR_SOAK") == "1"
WRONGLY = 0.001
THEIRS, OURS = (1_000, 10_000) if SOAK else (200, 1_200)  # replications
UNTIL = 24 * 60.0  # a day, in minutes

FIGURES = ("arrivals", "served", "left_waiting", "turned_away", "waiting_at_close",
           "probability_wait", "probability_leave", "mean_wait_minutes", "mean_wait_served_minutes",
           "mean_queue_length", "occupancy")  # fmt: skip


@dataclass(frozen=True)
class Network:
    """A room as both take it: `kinds` are the needs of people, their share and the places that fit.

    `hourly` are the rates; `recovery` is the rest on one of `chairs`.
    """

    places: int
    episode: Duration
    patience: float | None = None
    hourly: tuple[float, ...] = (8.0,) * 24
    capacity: int | None = None
    inhalation: int = 0  # places beside the others, in which nobody can inject
    injecting: float = 0.0  # the share of people who take none of those
    recovery: Duration | None = None
    chairs: int | None = None

    @property
    def booths(self) -> int:
        return self.places + self.inhalation

    def scenario(self) -> Scenario:
        """The network as a scenario: one day, on which the room opens empty and closes."""
        kinds = ["injecting"] * self.places + ["inhalation"] * self.inhalation
        booths = tuple(Place(f"booth-{n}", kind, str(n)) for n, kind in enumerate(kinds, 1))
        policy = {
            "places": booths,
            "opens": "00:00",
            "closes": "24:00",
            "routes": ("intravenous", "inhaled"),
        }
        return plain(
            1,
            policy,
            arrivals=Arrivals(self.hourly),
            episode=self.episode,
            patience=Duration("exponential", self.patience) if self.patience else None,
            queue_capacity=self.capacity,
            needs={"injecting": self.injecting} if self.injecting else {},
            recovery=self.recovery,
            chairs=self.chairs,
        )

    def simulation(self) -> ciw.Simulation:
        """The network as Ciw's: a node of booths and, where there are chairs, one of them after it.

        Nobody may queue for a chair, so whoever finds none stays in the booth and blocks it.
        """
        shares = {"any": 1 - self.injecting, "injecting": self.injecting}
        kinds = {kind: share for kind, share in shares.items() if share}
        rests = self.chairs is not None
        nodes = 2 if rests else 1

        def each(first: object, second: object) -> dict[str, list[object]]:
            return {kind: [first, second][:nodes] for kind in kinds}

        arrivals = {kind: [self._arrivals(share), None][:nodes] for kind, share in kinds.items()}
        waits = ciw.dists.Exponential(1 / self.patience) if self.patience else None
        moves = [[0.0, 1.0], [0.0, 0.0]] if rests else [[0.0]]
        return ciw.Simulation(
            ciw.create_network(
                arrival_distributions=arrivals,
                service_distributions=each(
                    law_of(self.episode), law_of(self.recovery) if self.recovery else None
                ),
                reneging_time_distributions=each(waits, None) if waits else None,
                routing=dict.fromkeys(kinds, moves),
                number_of_servers=[self.booths, self.chairs][:nodes],
                baulking_functions=each(self._turned_away, None) if self.inhalation else None,
                queue_capacities=[
                    float("inf") if self.capacity is None or self.inhalation else self.capacity, 0
                ][:nodes],
            ),
            node_class=[booths_of(self), ciw.Node][:nodes],
        )  # fmt: skip

    def _turned_away(
        self, _: int, next_ind: ciw.Individual, next_node: ciw.Node, **__: object
    ) -> float:
        """The probability that somebody goes at once: Ciw's own limit knows no kinds of place."""
        if self.capacity is None or next_node.find_free_server(next_ind):
            return 0.0
        return float(sum(not one.server for one in next_node.all_individuals) >= self.capacity)

    def _arrivals(self, share: float) -> ciw.dists.Distribution:
        if len(set(self.hourly)) == 1:
            return ciw.dists.Exponential(self.hourly[0] * share / 60)
        rates = [rate * share / 60 for rate in self.hourly]
        ends = [60.0 * hour for hour in range(1, 25)]
        return ciw.dists.PoissonIntervals(rates, ends, UNTIL)


def law_of(duration: Duration) -> ciw.dists.Distribution:
    """Ciw's distribution of the same minutes."""
    mean, sd = duration.mean, duration.sd
    match duration.distribution:
        case "lognormal":
            variance = math.log1p((sd / mean) ** 2)
            return ciw.dists.Lognormal(math.log(mean) - variance / 2, math.sqrt(variance))
        case "gamma":
            return ciw.dists.Gamma((mean / sd) ** 2, sd**2 / mean)
        case "deterministic":
            return ciw.dists.Deterministic(mean)
        case _:
            return ciw.dists.Exponential(1 / mean)


def booths_of(network: Network) -> type[ciw.Node]:
    """Ciw's node, but for who fits where: first come, first served, as far as places fit."""

    class Booths(ciw.Node):
        def find_free_server(self, ind: ciw.Individual) -> ciw.Server | None:
            of_kind = self.servers
            if ind.customer_class == "injecting":
                of_kind = [one for one in self.servers if one.id_number <= network.places]
            return next((one for one in of_kind if not one.busy), None)

        def choose_next_customer(self) -> ciw.Individual | None:
            waiting = (one for one in self.all_individuals if not one.server)
            return next((one for one in waiting if self.find_free_server(one)), None)

    return Booths if network.inhalation else ciw.Node


def row_of(network: Network, simulation: ciw.Simulation) -> np.ndarray:
    """What is counted of one run, as the room counts it; times in milliseconds."""
    counted = dict.fromkeys(COLUMNS, 0.0)

    def add(**values: float) -> None:
        for name, value in values.items():
            counted[name] += value

    for one in simulation.get_all_records():
        if one.node != 1:
            continue
        turned_away = one.record_type in ("rejection", "baulk")
        waited = (0.0 if turned_away else one.waiting_time) * 60_000
        add(arrivals=1, waited=one.record_type != "service" or waited > 0, wait=waited)
        if one.record_type == "service":
            used = min(one.service_end_date, UNTIL) - one.service_start_date
            add(served=1, wait_served=waited, used=used * 60_000)
            stayed = min(one.exit_date, UNTIL) - one.service_end_date
            add(not_ready=max(stayed, 0.0) * 60_000)
        else:
            add(**{"turned_away" if turned_away else "left_waiting": 1})
    for one in simulation.nodes[1].all_individuals:  # those without a record: not gone yet
        started = one.service_start_date if one.server else UNTIL
        waited = (started - one.arrival_date) * 60_000
        add(arrivals=1, waited=waited > 0, wait=waited)
        if one.server:
            used = min(one.service_end_date, UNTIL) - started
            blocked = max(UNTIL - one.service_end_date, 0.0)
            add(served=1, wait_served=waited, used=used * 60_000, not_ready=blocked * 60_000)
        else:
            add(waiting_at_close=1)
    add(days=1, replications=1, open=UNTIL * 60_000)
    counted["place_open"] = counted["open"] * network.booths - counted["not_ready"]
    return np.array([counted[name] for name in COLUMNS])


@cache
def theirs(network: Network) -> dict[str, Estimate]:
    """The figures by Ciw, of so many independent days."""
    rows = []
    for seed in range(THEIRS):
        ciw.seed(seed)
        simulation = network.simulation()
        simulation.simulate_until_max_time(UNTIL)
        rows.append(row_of(network, simulation))
    kept = Moments.counted(np.stack(rows), np.zeros((THEIRS, 1), dtype=np.int64))
    return {
        name: kept.ratio(*RATIOS[name]) if name in RATIOS else kept.ratio(name, "replications")
        for name in FIGURES
    }


@cache
def ours(network: Network) -> dict[str, Estimate]:
    """The figures by the compiled room."""
    return replicated(network.scenario(), 41, OURS, workers=1)


def off(one: dict[str, Estimate], other: dict[str, Estimate]) -> list[str]:
    """The figures in which two differ by more than chance."""
    comparisons = len(FIGURES) * len(NETWORKS)
    wrong = []
    for name in FIGURES:
        a, b = one[name], other[name]
        if a.mean is None or b.mean is None or a.se is None or b.se is None:
            wrong += [name] * ((a.mean is None) != (b.mean is None))
            continue
        squares = a.se**2 + b.se**2
        if not squares:
            wrong += [name] * (a.mean != b.mean)
            continue
        freedom = squares**2 / (a.se**4 / (a.of - 1) + b.se**4 / (b.of - 1))
        reach = float(student.ppf(1 - WRONGLY / comparisons / 2, freedom))
        if abs(a.mean - b.mean) > reach * math.sqrt(squares):
            wrong.append(f"{name}: {a.mean:.4f} ± {a.se:.4f} and {b.mean:.4f} ± {b.se:.4f}")
    return wrong


PEAKS = (1.0,) * 7 + (4.0, 8.0, 14.0, 18.0, 12.0, 6.0, 4.0, 6.0, 14.0, 20.0, 16.0, 9.0, 5.0) + (2.0,) * 4  # fmt: skip
LOGNORMAL = Duration("lognormal", 25.0, 20.0)
GAMMA = Duration("gamma", 25.0, 15.0)
EVERY = {
    "lognormal, patience": Network(3, LOGNORMAL, 15.0, (8.0,) * 24),
    "gamma, a queue of two": Network(4, GAMMA, 25.0, (11.0,) * 24, capacity=2),
    "two kinds of place": Network(2, LOGNORMAL, 20.0, (9.0,) * 24, inhalation=2, injecting=0.5),
    "two kinds, nobody waits": Network(
        2, LOGNORMAL, None, (9.0,) * 24, capacity=0, inhalation=2, injecting=0.6
    ),
    "chairs": Network(3, LOGNORMAL, 20.0, (7.0,) * 24, recovery=GAMMA, chairs=3),
    "few chairs": Network(
        4, GAMMA, 30.0, (6.0,) * 24, recovery=Duration("exponential", 25.0), chairs=2
    ),
    "by the hour": Network(4, LOGNORMAL, 12.0, PEAKS),
    "all at once": Network(
        3, LOGNORMAL, 15.0, PEAKS, inhalation=1, injecting=0.4, recovery=GAMMA, chairs=4
    ),
}
# Each thing that the room knows is in one of the few.
FEW = ("gamma, a queue of two", "two kinds of place", "few chairs", "all at once")
NETWORKS = EVERY if SOAK else {name: EVERY[name] for name in FEW}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_room_is_the_network_of_others(name):
    assert not off(theirs(NETWORKS[name]), ours(NETWORKS[name]))


CHANGES: dict[str, Sequence[tuple[str, Callable[[Network], Network]]]] = {
    "one place more": [(name, lambda one: replace(one, places=one.places + 1)) for name in EVERY],
    "one chair more": [
        (name, lambda one: replace(one, chairs=(one.chairs or 0) + 1)) for name in ("chairs", "few chairs")
    ],
    "no rest": [
        (name, lambda one: replace(one, chairs=None, recovery=None))
        for name in ("chairs", "few chairs", "all at once")
    ],
    "everybody fits": [
        (name, lambda one: replace(one, injecting=0.0))
        for name in ("two kinds of place", "two kinds, nobody waits")
    ],
    "as many as can wait": [
        (name, lambda one: replace(one, capacity=None))
        for name in ("gamma, a queue of two", "two kinds, nobody waits")
    ],
    "even rates": [
        (name, lambda one: replace(one, hourly=(sum(PEAKS) / 24,) * 24))
        for name in ("by the hour", "all at once")
    ],
    "episodes a tenth longer": [
        (name, lambda one: replace(one, episode=replace(one.episode, mean=one.episode.mean * 1.1)))
        for name in EVERY
    ],
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_the_bounds_tell_the_network_from_another(change):
    for name, other in CHANGES[change]:
        if name not in NETWORKS:
            continue
        assert off(theirs(NETWORKS[name]), ours(other(NETWORKS[name]))), name


def test_totals_and_ratios_are_named_as_the_room_names_them():
    assert set(FIGURES) <= {*TOTALS, *RATIOS}
