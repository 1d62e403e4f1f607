"""Simulates a room: replications of a scenario, and the ledger of the first."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from opendcr import __version__
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.simulate.comers import Day, days
from opendcr.simulate.reference import Simulation, Stay
from opendcr.simulate.results import Batch, Estimate, Hours, batch, results, runs
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.world import LedgerWorld

Write = Callable[[Sequence[Fact]], None]


@dataclass(frozen=True)
class Replication:
    """One replication's days, with what became of everybody and when places were cleaned."""

    days: tuple[Day, ...]
    stays: tuple[Stay, ...]
    blocked: tuple[tuple[int, int], ...]


def header(scenario: Scenario, seed: int, room: str | None = None) -> Header:
    """The header of the ledger that a scenario makes."""
    origin = Origin("simulated", scenario=scenario.name, seed=seed, version=__version__)
    return Header(room or scenario.name, scenario.timezone, origin)


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
        if not world.room.visits:
            world.forget()
        progress(at)
    simulation.run_until()
    return Replication(tuple(played), tuple(simulation.stays), tuple(simulation.blocked))


def simulate(
    scenario: Scenario,
    seed: int,
    replications: int,
    workers: int = 1,
    write: Write | None = None,
    progress: Callable[[int], None] = lambda day: None,
) -> dict[str, Estimate]:
    """Every figure over so many replications; `write` takes the facts of the first.

    The same whatever the workers: replications are reduced in their order.
    """  # fmt: skip
    first = replicate(scenario, seed, 0, write or (lambda facts: None), progress)
    if replications == 1:
        return results(_batches_of_days(scenario, first), 1)
    others = _others(scenario, seed, replications, workers)
    batches = [_whole(scenario, first)]
    for done, one in enumerate(others, 1):
        batches.append(one)
        progress(scenario.days * (done + 1))
    return results(batches, replications)


def _others(scenario: Scenario, seed: int, replications: int, workers: int) -> Iterator[Batch]:
    run = partial(_replicated, scenario, seed)
    if workers == 1:
        yield from map(run, range(1, replications))
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(run, range(1, replications))


def _replicated(scenario: Scenario, seed: int, number: int) -> Batch:
    return _whole(scenario, replicate(scenario, seed, number))


def _whole(scenario: Scenario, done: Replication) -> Batch:
    return _batch(scenario, done, done.days)


def _batches_of_days(scenario: Scenario, done: Replication) -> list[Batch]:
    return [_batch(scenario, done, some) for some in runs(done.days)]


def _batch(scenario: Scenario, done: Replication, some: Sequence[Day]) -> Batch:
    begins, ends = some[0].opens, some[-1].closes
    stays = [stay for stay in done.stays if begins <= stay.arrived < ends]
    cleaned = [span for span in done.blocked if begins <= span[0] < ends]
    return batch(some, stays, cleaned, Hours(done.days), len(scenario.booths))
