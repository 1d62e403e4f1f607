"""Simulates a room: replications of a scenario, and the ledger of the first."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from opendcr import __version__
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.simulate.comers import Day, days
from opendcr.simulate.reference import Simulation
from opendcr.simulate.results import Batch, Estimate, Hours, batch, results, runs
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.stays import Stay
from opendcr.simulate.world import LedgerWorld

Write = Callable[[Sequence[Fact]], None]


@dataclass(frozen=True)
class Replication:
    """One replication's days, with what became of everybody and when places were cleaned."""

    days: tuple[Day, ...]
    stays: tuple[Stay, ...]
    blocked: tuple[tuple[int, int], ...]


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
        simulation.run_until(day.closes)
        world.forget()
        progress(at)
    simulation.run_until()
    return Replication(tuple(played), tuple(simulation.stays), tuple(simulation.blocked))


def replicated(
    scenario: Scenario,
    seed: int,
    replications: int = 1,
    executor: Executor | None = None,
    write: Write = lambda facts: None,
    progress: Callable[[int], None] = lambda day: None,
) -> dict[str, Estimate]:
    """Every figure over so many replications; `write` takes the facts of the first.

    `executor` runs the others (a process pool, a cluster's); None runs them here. The figures are
    the same whatever runs them: replications are reduced in their order. `progress` hears the
    number of days done.
    """
    others = (_here if executor is None else executor.map)(
        partial(_one_of_many, scenario, seed), range(1, replications)
    )
    first = replicate(scenario, seed, 0, write, progress)
    if replications == 1:
        return results(_batches_of_days(scenario, first), 1)
    batches = [_whole(scenario, first)]
    for one in others:
        batches.append(one)
        progress(scenario.days * len(batches))
    return results(batches, replications)


def _here(run: Callable[[int], Batch], numbers: Iterable[int]) -> Iterator[Batch]:
    return map(run, numbers)


def _one_of_many(scenario: Scenario, seed: int, number: int) -> Batch:
    return _whole(scenario, replicate(scenario, seed, number))


def _whole(scenario: Scenario, done: Replication) -> Batch:
    return _batch(scenario, done, done.days)


def _batches_of_days(scenario: Scenario, done: Replication) -> list[Batch]:
    return [_batch(scenario, done, some) for some in runs(done.days)]


def _batch(scenario: Scenario, done: Replication, some: Sequence[Day]) -> Batch:
    begins, ends = some[0].opens, some[-1].closes
    stays = [stay for stay in done.stays if begins <= stay.arrived < ends]
    cleaned = [span for span in done.blocked if begins <= span[0] < ends]
    return batch(
        some, stays, cleaned, Hours(done.days), sum(place.capacity for place in scenario.booths)
    )
