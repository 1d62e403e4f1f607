"""A simulated room on a running clock: the people of the training room."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from importlib.resources import as_file, files

from opendcr.room.hours import zone
from opendcr.simulate.comers import Day, days, milliseconds
from opendcr.simulate.reference import Simulation
from opendcr.simulate.rounds import Rounds
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.scenario_file import read_scenario
from opendcr.simulate.world import World


def training_scenario() -> Scenario:
    """The scenario of the training room, as it ships with the package."""
    with as_file(files("opendcr.simulate")) as folder:
        return read_scenario(folder / "training.toml")


class LiveRoom:
    """Plays a scenario from `begins` on, as far as the clock has come whenever it is asked.

    Trainees act in the same room at the same time. Where a trainee has done what a simulated
    member of staff was about to do, the room refuses the second ask and the day goes on; what
    trainees leave undone is put right on the next round.
    """

    def __init__(self, scenario: Scenario, world: World, seed: int, begins: datetime) -> None:
        local = begins.astimezone(zone(scenario.timezone))
        self._simulation = Simulation(replace(scenario, start=local.date()), world, seed)
        self._days = _from(days(self._simulation.scenario, seed), milliseconds(begins))
        self._planned_until = 0
        Rounds(self._simulation).begin(milliseconds(begins))

    def play(self, now: datetime) -> None:
        """Lets everything happen that has fallen due."""
        until = milliseconds(now)
        while self._planned_until <= until:
            day = next(self._days)
            self._simulation.plan(day)
            self._planned_until = day.closes
        self._simulation.run_until(until)


def _from(all_days: Iterator[Day], begins: int) -> Iterator[Day]:
    """The days that close after `begins`; one that is under way opens then."""
    for day in all_days:
        if day.closes <= begins:
            continue
        opens = max(day.opens, begins)
        comers = tuple(comer for comer in day.comers if comer.at > begins)
        yield replace(day, opens=opens, comers=comers, follows_on=False)
        yield from all_days
