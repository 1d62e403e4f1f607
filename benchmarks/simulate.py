"""The reference engine against a peer: the same queue in plain Python, without a room or a ledger.

    python benchmarks/simulate.py [--days 120]

Both play the same people: the peer is given the arrivals, durations and patience that the engine
draws. The engine sends every act through the real room: it checks permissions and rules, makes
facts with their ids, seals them into the chain and folds them. The peer keeps a heap and a list of
those who wait, and records when each episode starts; nothing else. They must agree on how many are
served and on every waiting time, or the program stops.
"""

import argparse
import heapq
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from opendcr.simulate.comers import Day, days
from opendcr.simulate.reference import Simulation
from opendcr.simulate.room import header
from opendcr.simulate.scenario import Emergencies, Scenario
from opendcr.simulate.scenario_file import read_scenario
from opendcr.simulate.world import LedgerWorld

SCENARIO = Path(__file__).parents[1] / "examples" / "glasgow" / "room.toml"
COMPLETION, RELEASE, CLOSING, PATIENCE, ARRIVAL = range(5)


def engine(scenario: Scenario, played: Iterable[Day]) -> tuple[list[tuple[int, int]], int]:
    """Who started when, by the reference engine, and the facts that it made."""
    world = LedgerWorld(header(scenario, 1), lambda facts: None)
    simulation = Simulation(scenario, world, 1)
    for day in played:
        simulation.plan(day)
        simulation.run_until(day.closes)
        world.forget()
    simulation.run_until()
    started = [(stay.number, stay.started) for stay in simulation.stays if stay.started is not None]
    return sorted(started), world.room.seq


def peer(places: int, played: Iterable[Day]) -> list[tuple[int, int]]:
    """The same, from a heap."""
    started: list[tuple[int, int]] = []
    for day in played:
        comers = {comer.number: comer for comer in day.comers if comer.consumes}
        due = [(comer.at, ARRIVAL, number) for number, comer in comers.items()]
        due.append((day.closes, CLOSING, 0))
        heapq.heapify(due)
        waiting: dict[int, None] = {}
        free = places
        while due:
            at, what, number = heapq.heappop(due)
            if what == CLOSING:
                waiting.clear()
                free = 0
            elif what == PATIENCE:
                waiting.pop(number, None)
            elif what == ARRIVAL:
                waiting[number] = None
                if comers[number].patience is not None:
                    heapq.heappush(due, (at + comers[number].patience, PATIENCE, number))
            elif what == COMPLETION:
                heapq.heappush(due, (at + comers[number].turnover, RELEASE, number))
            elif at <= day.closes:
                free += 1
            while waiting and free:
                first = next(iter(waiting))
                del waiting[first]
                free -= 1
                started.append((first, at))
                heapq.heappush(due, (at + comers[first].episode, COMPLETION, first))
    return sorted(started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--busier", type=float, default=5.0, help="times Glasgow's arrivals")
    chosen = parser.parse_args()
    scenario = busier(read_scenario(SCENARIO), chosen.busier, chosen.days)
    begun = time.perf_counter()
    played = list(days(scenario, 1))
    drawing = time.perf_counter() - begun
    begun = time.perf_counter()
    ours, facts = engine(scenario, played)
    engines = time.perf_counter() - begun
    begun = time.perf_counter()
    theirs = peer(len(scenario.booths), played)
    peers = time.perf_counter() - begun
    if ours != theirs:
        raise SystemExit(f"the two disagree: {len(ours)} and {len(theirs)} served")
    visits = sum(len(day.comers) for day in played)
    print(
        f"{visits:,} visits in {chosen.days} days, drawn in {drawing:.2f} s; {len(ours):,} served by both"
    )
    print(f"{'':28}{'seconds':>10}{'visits/s':>12}{'facts/s':>12}")
    print(
        f"{'reference engine':28}{engines:10.2f}{visits / engines:12,.0f}{facts / engines:12,.0f}"
    )
    print(f"{'heap, no room, no ledger':28}{peers:10.3f}{visits / peers:12,.0f}{'-':>12}")


def busier(scenario: Scenario, times: float, count: int) -> Scenario:
    """The scenario with more arrivals, so that people wait, and without what the peer cannot do."""
    rates = tuple(times * rate for rate in scenario.arrivals.per_hour)
    return replace(
        scenario,
        days=count,
        arrivals=replace(scenario.arrivals, per_hour=rates),
        emergencies=Emergencies(),
    )


if __name__ == "__main__":
    main()
