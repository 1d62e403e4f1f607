"""Simulated rooms for tests: a plain scenario to change, days drawn by hand, and a room to play in.

A drawn day is a table: a comer a line, times in minutes from the opening.

    number | at | episode | patience
    1      | 0  | 10      |
    2      | 4  | 5       | 3

Columns that are not drawn, and cells left empty, take the plain queue's value.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from opendcr.ledger.facts import Fact
from opendcr.room.policy import DEFAULT, Place
from opendcr.simulate.comers import Comer, Day
from opendcr.simulate.reference import Simulation
from opendcr.simulate.room import header
from opendcr.simulate.scenario import ANY, MINUTE, Arrivals, Duration, Scenario
from opendcr.simulate.tallied import moments
from opendcr.simulate.world import LedgerWorld

OPENS = 1_736_758_800_000  # 13 January 2025, 09:00 in London
NEVER_CLOSES = {"opens": "00:00", "closes": "24:00"}


def plain(places: int = 1, policy: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    """A room of so many injecting places, with little arrivals of its own."""
    booths = tuple(Place(f"booth-{n}", "injecting", str(n)) for n in range(1, places + 1))
    looks = dict.fromkeys(DEFAULT.look_every, 240)  # few looks: they cost time and decide nothing
    held = replace(DEFAULT, **{"places": booths, "look_every": looks, **(policy or {})})
    scenario = Scenario(
        name="plain",
        start=date(2025, 1, 13),
        days=1,
        timezone="Europe/London",
        policy=held,
        arrivals=Arrivals((1.0,) * 24),
        episode=Duration("deterministic", 30.0),
    )
    return replace(scenario, **changes)


def drawn(table: str, minutes: float = 60) -> Day:
    """The day of a drawing, so many minutes long."""
    lines = [line for line in table.splitlines() if line.strip()]
    names = [cell.strip() for cell in lines[0].split("|")]
    comers = []
    for line in lines[1:]:
        cells = [cell.strip() for cell in line.split("|")]
        comers.append(_comer(dict(zip(names, cells, strict=True))))
    return Day(OPENS, OPENS + round(minutes * MINUTE), tuple(comers))


def _comer(cells: dict[str, str]) -> Comer:
    def lasts(name: str) -> int | None:
        return round(float(cells[name]) * MINUTE) if cells.get(name) else None

    return Comer(
        number=int(cells["number"]),
        at=OPENS + (lasts("at") or 0),
        consumes=cells.get("service") != "yes",
        substances=("heroin",),
        service="wound_care",
        episode=lasts("episode") or 0,
        patience=lasts("patience"),
        turnover=lasts("turnover") or 0,
        recovery=lasts("recovery") or 0,
        emergency=lasts("emergency"),
        care=lasts("care") or 20 * MINUTE,
        need=cells.get("need") or ANY,
    )


class Played:
    """A scenario's room, played over some days: the simulation and the facts that it made."""

    def __init__(self, scenario: Scenario, days: Sequence[Day], seed: int = 1) -> None:
        self.facts: list[Fact] = []
        self.scenario, self.days = scenario, tuple(days)
        self.world = LedgerWorld(header(scenario, seed), self.facts.extend)
        self.simulation = Simulation(scenario, self.world, seed)
        for day in self.days:
            self.simulation.plan(day)
            self.simulation.run_until(day.closes - int(day.runs_on))
        self.simulation.run_until()

    def told(self) -> str:
        """What became of everybody, a line each: number, end, and its minutes from the opening."""
        stays = sorted(self.simulation.stays, key=lambda stay: stay.number)
        return "\n".join(" ".join(map(str, self._told(stay))) for stay in stays)

    def _told(self, stay: Any) -> list[object]:
        times = (stay.started, stay.finished) if stay.end == "served" else (stay.until,)
        minutes = [f"{(time - OPENS) / MINUTE:g}" for time in times if time is not None]
        return [stay.number, stay.end, *minutes]

    def figures(self) -> dict[str, float | None]:
        """Every figure of the days as one batch."""
        one = moments(self.scenario, self.days, self.simulation.stays)
        return {name: estimate.mean for name, estimate in one.figures().items()}
