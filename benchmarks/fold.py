"""The fold of 100,000 facts, whole and fact by fact, beside a plain loop and a database.

    python benchmarks/fold.py [--facts 100000]

The facts are of simulated days of examples/glasgow, driven through the real `decide`; one in a
hundred is then corrected. Three ways give the open visits with their stages and places:

- `fold`: from the whole ledger, as at the start of a server; then `advance`, one fact at a time, as
  a running server does, with an archive that grows beside it.
- a plain loop: dictionaries changed in place, in `seq` order. It keeps stage and place alone: no
  emergencies, no standing, no late facts and no frozen values. Corrections are applied before.
- SQLite in memory: a window query for the last step of each visit, over rows already loaded.

The program checks that all of them name the same visits in the same stages.
"""

import argparse
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from opendcr.ledger.chain import seal
from opendcr.ledger.effective import effective
from opendcr.ledger.facts import Command, Fact, Refusal
from opendcr.room.decide import decide
from opendcr.room.room import MemoryArchive, Room, advance, fold
from opendcr.room.stages import IN_BOOTH, IN_PLACE, STEPS
from opendcr.simulate.comers import days
from opendcr.simulate.reference import Simulation
from opendcr.simulate.room import header
from opendcr.simulate.scenario_file import read_scenario
from opendcr.simulate.world import LedgerWorld

ROOT = Path(__file__).parents[1]
Open = dict[str, tuple[str, str | None]]  # visit → stage and place


class Enough(Exception):
    """There are as many facts as are wanted."""


def invented(count: int) -> list[Fact]:
    """So many facts of simulated days, every hundredth a correction; cut while people are in the room."""
    scenario = replace(read_scenario(ROOT / "examples/glasgow/room.toml"), days=3650)
    facts: list[Fact] = []

    def write(answer: Sequence[Fact]) -> None:
        facts.extend(answer)
        if len(facts) >= count and len(world.room.visits) >= 5:
            raise Enough

    world = LedgerWorld(header(scenario, 1), write)
    simulation = Simulation(scenario, world, 1)
    try:
        for day in days(scenario, 1):
            simulation.plan(day)
            simulation.run_until(day.closes)
            world.forget()
    except Enough:
        pass
    return facts


def corrected(facts: list[Fact], room: Room) -> list[Fact]:
    """The facts with a hundredth more at the end: arrivals said to be a minute earlier."""
    arrivals = [fact for fact in facts if fact.kind == "Arrived"][: len(facts) // 100]
    made = list(facts)
    for at, target in enumerate(arrivals):
        made += _correction(room, target, at, made[-1])
    return made


def _correction(room: Room, target: Fact, at: int, last: Fact) -> tuple[Fact, ...]:
    said = {"target": target.id, "changes": {"data": {"reasons": ["consume"]}}, "reason": "mistake"}
    command = Command(f"c-{at}", "Corrected", "ask", room.name, "s-1", "manager", "t-1", "tap", said,
                      target=target)  # fmt: skip
    answer = decide(room, command, last.recorded)
    assert not isinstance(answer, Refusal), answer
    return seal(answer, last.seq, last.chain)


def advanced(facts: Sequence[Fact], empty: Room) -> Room:
    """The room moved by each fact in turn."""
    room, archive = empty, MemoryArchive()
    for fact in facts:
        archive.add([fact])
        room = advance(room, [fact], archive)
    return room


def looped(facts: Sequence[Fact]) -> Open:
    """The plain loop."""
    visits: Open = {}
    for fact in effective(facts):
        if fact.kind == "Arrived":
            visits[str(fact.visit)] = ("arrived", None)
        elif fact.kind in STEPS and fact.visit in visits:
            stage, held = STEPS[fact.kind].after, visits[fact.visit][1]
            place = fact.data.get("place", held if stage in IN_BOOTH else None)
            visits[fact.visit] = (stage, place if stage in IN_PLACE else None)
            if stage == "left":
                del visits[fact.visit]
    return visits


_LAST_STEPS = """
SELECT visit, kind FROM (
  SELECT visit, kind, row_number() OVER (PARTITION BY visit ORDER BY seq DESC) AS nth
  FROM facts WHERE kind IN (SELECT kind FROM steps)
) WHERE nth = 1 AND kind NOT IN ('Departed', 'TurnedAway')
"""


def loaded(facts: Sequence[Fact]) -> sqlite3.Connection:
    """The visits' facts in a table with an index."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE facts (seq INTEGER PRIMARY KEY, visit TEXT, kind TEXT)")
    database.execute("CREATE TABLE steps (kind TEXT PRIMARY KEY)")
    database.executemany(
        "INSERT INTO steps VALUES (?)", [("Arrived",), *((kind,) for kind in STEPS)]
    )
    rows = ((fact.seq, fact.visit, fact.kind) for fact in facts if fact.visit)
    database.executemany("INSERT INTO facts VALUES (?, ?, ?)", rows)
    database.execute("CREATE INDEX by_visit ON facts (visit, seq)")
    return database


def queried(database: sqlite3.Connection) -> dict[str, str]:
    """The open visits' stages by the database."""
    rows = database.execute(_LAST_STEPS)
    return {visit: STEPS[kind].after if kind in STEPS else "arrived" for visit, kind in rows}


def timed(name: str, work: Callable[[], Any], count: int) -> Any:
    """What the work gives, with its time printed."""
    start = time.perf_counter()
    result = work()
    took = time.perf_counter() - start
    print(f"{name:<44} {took:7.2f} s   {took / count * 1e6:7.1f} µs a fact")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description="The fold of a ledger, timed.")
    parser.add_argument("--facts", type=int, default=100_000)
    simulated = invented(parser.parse_args().facts * 99 // 100)
    first = simulated[0]
    empty = Room(first.room, "Europe/London")
    facts = corrected(simulated, fold(simulated, first.room, "Europe/London"))
    count = len(facts)
    print(f"{count} facts, {len({fact.visit for fact in facts} - {None})} visits")
    room = timed("fold, whole", lambda: fold(facts, first.room, "Europe/London"), count)
    moved = timed("advance, one fact at a time", lambda: advanced(facts, empty), count)
    plain = timed("peer: a plain loop (stage and place alone)", lambda: looped(facts), count)
    database = loaded(facts)
    stages = timed("peer: SQLite window query (stage alone)", lambda: queried(database), count)
    shown = {visit.id: (visit.stage, visit.place) for visit in room.visits.values()}
    assert moved == room and shown == plain
    assert stages == {visit: stage for visit, (stage, _) in shown.items()}
    print(f"all agree on {len(shown)} open visits")


if __name__ == "__main__":
    main()
