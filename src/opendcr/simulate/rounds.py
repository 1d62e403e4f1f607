"""A round of the floor: what staff put right that nobody planned.

A trainee acts in the room of a simulation: moves somebody, ends an emergency, sends staff home, and
goes away. Without rounds each such act could leave a person, a place or the whole room waiting for
something that never comes. In a room in which nobody else acts a round does nothing.
"""

from datetime import datetime

from opendcr.room.room import Room
from opendcr.simulate.calendar import Turn
from opendcr.simulate.comers import milliseconds
from opendcr.simulate.reference import Simulation
from opendcr.simulate.scenario import MINUTE

EVERY = 20_000  # milliseconds between rounds
GRACE = 10 * MINUTE  # how long trainees are left to put right what they did to the simulation
FORGOTTEN = 60 * MINUTE  # how long what trainees began themselves is left to them


class Rounds:
    """Rounds of one simulation, one after the other for as long as its calendar is played."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation, self._staff = simulation, simulation.staff

    def begin(self, at: int) -> None:
        """Puts the first round on the calendar."""
        self._simulation.calendar.at(at + EVERY, Turn.ROUND, 0, self._go)

    def _go(self, at: int) -> None:
        if self._simulation.open:
            self._relieve_staff(at)
            self._reopen(at)
        self._end_emergencies(at)
        self._see_out(at)
        self._make_ready(at)
        self._simulation.seat_waiting(at)
        self.begin(at)

    @property
    def _room(self) -> Room:
        return self._simulation.room

    def _relieve_staff(self, at: int) -> None:
        """Those of the shift who were sent home come back."""
        for staff, role in self._staff.shift(at):
            set_at, on = self._room.standing.staff.get(staff, (None, role))
            if on is None and set_at is not None and self._long_since(at, set_at[0]):
                signed = {"staff": staff, "role": role}
                self._staff.send(at, "lead", "StaffSignedOn", data=signed)

    def _reopen(self, at: int) -> None:
        since = self._room.standing.state.get("room")
        if since is not None and self._long_since(at, since[0][0]):
            again = {"paused": "RoomResumed", "closed": "RoomOpened"}.get(self._room.state)
            if again is not None:
                self._staff.send(at, "lead", again)

    def _end_emergencies(self, at: int) -> None:
        """An emergency about which nothing was recorded for long is declared over."""
        patience = GRACE + round(self._simulation.scenario.emergencies.minutes.mean * MINUTE)
        for id, emergency in sorted(self._room.emergencies.items()):
            last = emergency.last
            if last is not None and at - milliseconds(last[0]) >= patience:
                over = {"emergency": id, "outcome": "unknown"}
                self._staff.send(at, "nurse", "EmergencyEnded", emergency.visit, over)

    def _see_out(self, at: int) -> None:
        """People for whom nothing is planned any more, and of whom nothing was recorded for long."""
        for id, visit in sorted(self._room.visits.items()):
            ours = bool(visit.facts) and visit.facts[0].source == "simulation"
            alone = visit.last is not None and self._long_since(
                at, visit.last[0], GRACE if ours else FORGOTTEN
            )
            if alone and id not in self._simulation.comers:
                self._staff.send(at, "reception", "Departed", id, {"how": "unknown"})

    def _make_ready(self, at: int) -> None:
        """Places that nobody is cleaning, and those that somebody blocked and forgot."""
        for place, (set_at, blocked) in sorted(self._room.standing.blocked.items()):
            if blocked is None or place in self._simulation.cleaning or self._room.in_place(place):
                continue
            patience = GRACE if blocked[1] == "turnover" else FORGOTTEN
            if self._long_since(at, set_at[0], patience):
                self._staff.send(at, "worker", "PlaceReleased", data={"place": place})

    @staticmethod
    def _long_since(at: int, moment: datetime, patience: int = GRACE) -> bool:
        return at - milliseconds(moment) >= patience
