"""Simulates a room: replications of a scenario, and the ledger of the first."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from opendcr import __version__
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.simulate.comers import Day, days
from opendcr.simulate.reference import Simulation
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.stays import Stay
from opendcr.simulate.world import LedgerWorld

Write = Callable[[Sequence[Fact]], None]


@dataclass(frozen=True)
class Replication:
    """One replication's days, with what became of everybody."""

    days: tuple[Day, ...]
    stays: tuple[Stay, ...]


def header(scenario: Scenario, seed: int, room: str | None = None) -> Header:
    """The header of the ledger that a scenario makes; the room has the scenario's name as an id."""
    origin = Origin("simulated", scenario=scenario.name, seed=seed, version=__version__)
    named = re.sub(r"[^A-Za-z0-9._:-]+", "-", room or scenario.name)[:64]
    return Header(named, scenario.timezone, origin)


def replicate(
    scenario: Scenario,
    seed: int,
    number: int = 0,
    write: Write = lambda facts: None,
    progress: Callable[[int], None] = lambda day: None,
) -> Replication:
    """One replication; `write` takes each answer's facts, `progress` the number of days done."""
    world = LedgerWorld(header(scenario, seed), write)
    simulation = Simulation(scenario, world, seed, number)
    played = []
    for at, day in enumerate(days(scenario, seed, number), 1):
        played.append(day)
        simulation.plan(day)
        # Of a day that runs on, what falls on midnight comes in one order with the next day's.
        simulation.run_until(day.closes - int(day.runs_on))
        world.forget()
        progress(at)
    simulation.run_until()
    return Replication(tuple(played), tuple(simulation.stays))
