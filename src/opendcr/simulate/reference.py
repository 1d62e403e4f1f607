"""The reference engine: simulated people and staff whose every act is a command to the real room.

People arrive, wait, use, rest, fall ill and leave; staff seat, look, intervene and record. The
engine keeps no state of the room: it reads the room, as staff do. Slow and obvious on purpose; the
measure of every faster engine.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any

from opendcr.ledger.facts import Command, Fact, Refusal
from opendcr.room.rules import earliest_leave
from opendcr.room.visit import Visit
from opendcr.simulate.comers import Comer, Day, milliseconds
from opendcr.simulate.course import Act, course
from opendcr.simulate.crowd import Crowd
from opendcr.simulate.scenario import MINUTE, Scenario
from opendcr.simulate.streams import stream, uuid7
from opendcr.simulate.world import World


NOTHING: Mapping[str, Any] = MappingProxyType({})


class Turn(IntEnum):
    """The order of what falls on the same millisecond; then the person's number."""

    COMPLETION = 0
    RELEASE = 1
    CLOSING = 2
    OPENING = 3
    PATIENCE = 4
    ARRIVAL = 5
    CARE = 6


@dataclass(frozen=True, slots=True)
class Stay:
    """What became of one comer; times in milliseconds since 1970.

    `end` says how: `served`, `left_waiting`, `turned_away`, `waiting_at_close`, or `care` for
    those who did not come to use. `until` is when the wait ended without a place.
    """

    number: int
    arrived: int
    end: str
    started: int | None = None
    finished: int | None = None
    until: int | None = None
    emergency: bool = False


STAFF = ("lead", "nurse", "nurse", "worker", "worker", "reception", "worker", "nurse")


class Simulation:
    """One replication of a scenario in a world. `stays` fills as people leave the queue."""

    def __init__(self, scenario: Scenario, world: World, seed: int, replication: int = 0) -> None:
        self.scenario, self.world = scenario, world
        self.seed, self.replication = seed, replication
        self.stays: list[Stay] = []
        self.blocked: list[tuple[int, int]] = []  # cleaning, from and until
        self._crowd = Crowd(scenario.people, seed, replication)
        self._events: list[tuple[int, int, int, int, Callable[[int], None]]] = []
        self._count = 0
        self._comers: dict[str, Comer] = {}  # by visit, while they are here
        self._waiting: dict[str, int] = {}  # visit → when the wait began
        self._closing = False

    # Running

    def plan(self, day: Day) -> None:
        """Puts a day's opening, comers and closing on the calendar."""
        if not day.follows_on:
            self._at(day.opens, Turn.OPENING, 0, self._open)
        for comer in day.comers:
            self._at(comer.at, Turn.ARRIVAL, comer.number, self._arrival(comer))
        if not day.runs_on:
            self._at(day.closes, Turn.CLOSING, 0, self._close)

    def run_until(self, until: int | None = None) -> None:
        """Lets everything happen that falls due by `until`; everything, where that is None."""
        while self._events and (until is None or self._events[0][0] <= until):
            at, _, _, _, act = heapq.heappop(self._events)
            act(at)

    def _at(self, at: int, turn: Turn, number: int, act: Callable[[int], None]) -> None:
        self._count += 1
        heapq.heappush(self._events, (at, turn, number, self._count, act))

    def _send(
        self,
        at: int,
        role: str,
        kind: str,
        visit: str | None = None,
        data: Mapping[str, Any] = NOTHING,
        person: str | None = None,
    ) -> Sequence[Fact] | Refusal:
        self._count += 1
        command = Command(
            id=uuid7(at, self.seed, self.replication, "command", self._count),
            kind=kind,
            mode="ask",
            room=self.world.room.name,
            author=f"s-{role}",
            role=role,
            device="t-simulated",
            source="simulation",
            visit=visit,
            person=person,
            data=data,
        )
        return self.world.send(command, at)

    # The day

    def _open(self, at: int) -> None:
        self._closing = False
        standing = self.world.room.standing
        if not standing.policies:
            self._send(
                at, "manager", "PolicyAdopted", data={"policy": self.scenario.policy.to_data()}
            )
            self._send(at, "manager", "TermsPublished", data={"terms": "terms-1"})
        for number in range(self.scenario.staff):
            role = STAFF[number % len(STAFF)]
            signed = {"staff": f"s-{role}-{number + 1}", "role": role}
            self._send(at, "lead", "StaffSignedOn", data=signed)
        ready = {"items": ["oxygen", "naloxone", "aed"], "ready": True}
        self._send(at, "nurse", "EquipmentChecked", data=ready)
        self._send(at, "lead", "RoomOpened")

    def _close(self, at: int) -> None:
        """Those who wait go; episodes finish; the doors shut when everybody has left."""
        self._closing = True
        for visit in list(self._waiting):
            self._leave_queue(at, visit, "waiting_at_close", "closing")
        self._shut(at)

    def _shut(self, at: int) -> None:
        if not self._closing or self._comers:
            return
        self._closing = False
        if isinstance(self._send(at, "lead", "RoomClosed"), Refusal):
            return  # somebody else's visit is open: whoever runs this room closes it
        for staff in self.world.room.standing.on_shift():
            self._send(at, "lead", "StaffSignedOff", data={"staff": staff})

    # The way through the room

    def _arrival(self, comer: Comer) -> Callable[[int], None]:
        def arrive(at: int) -> None:
            person, new = self._crowd.who(comer.number, self.world.room)
            if new:
                self._register(at, person)
            reasons = ["consume"] if comer.consumes else [comer.service]
            answer = self._send(
                at, "reception", "Arrived", data={"reasons": reasons}, person=person
            )
            if isinstance(answer, Refusal):
                self._turn_away(at, comer, person)
                return
            visit = str(answer[0].visit)
            self._comers[visit] = comer
            if comer.consumes:
                self._join_queue(at, visit, comer)
            else:
                self._care(at, visit, comer)

        return arrive

    def _register(self, at: int, person: str) -> None:
        gender, band = self._crowd.said(person)
        said = {"tier": "1", "gender": gender, "age_band": band}
        self._send(at, "reception", "Registered", data=said, person=person)
        terms = self.world.room.standing.current_terms
        if terms is not None:
            self._send(at, "reception", "TermsAccepted", data={"terms": terms}, person=person)

    def _turn_away(self, at: int, comer: Comer, person: str) -> None:
        self._send(at, "reception", "TurnedAway", data={"reason": "closing"}, person=person)
        if comer.consumes:
            self.stays.append(Stay(comer.number, at, "turned_away"))

    def _care(self, at: int, visit: str, comer: Comer) -> None:
        self._send(at, "nurse", "ServiceProvided", visit, {"service": comer.service})
        self.stays.append(Stay(comer.number, at, "care"))
        # How long care takes is published nowhere; the time in a booth stands in for it.
        self._at(at + comer.episode, Turn.CARE, comer.number, self._departure(visit, "well"))

    def _join_queue(self, at: int, visit: str, comer: Comer) -> None:
        self._send(at, "worker", "Assessed", visit, {"outcome": "proceed", **self._use(comer)})
        if not self._waiting and self._seat(at, visit):
            return
        capacity = self.scenario.queue_capacity
        if capacity is not None and len(self._waiting) >= capacity:
            self._send(at, "reception", "TurnedAway", visit, {"reason": "full"})
            self.stays.append(Stay(comer.number, at, "turned_away"))
            self._gone(at, visit)
            return
        self._send(at, "reception", "Queued", visit)
        self._waiting[visit] = at
        if comer.patience is not None:
            self._at(at + comer.patience, Turn.PATIENCE, comer.number, self._patience(visit))

    def _use(self, comer: Comer) -> dict[str, Any]:
        return {"substances": list(comer.substances), "route": self.scenario.policy.routes[0]}

    def _patience(self, visit: str) -> Callable[[int], None]:
        def give_up(at: int) -> None:
            if visit in self._waiting:
                self._leave_queue(at, visit, "left_waiting", "gave_up_waiting")

        return give_up

    def _leave_queue(self, at: int, visit: str, end: str, how: str) -> None:
        since = self._waiting.pop(visit)
        self.stays.append(Stay(self._comers[visit].number, since, end, until=at))
        self._send(at, "reception", "Departed", visit, {"how": how})
        self._gone(at, visit)

    def _seat_waiting(self, at: int) -> None:
        """First come, first served, as far as free places go."""
        for visit in list(self._waiting):
            if not self._seat(at, visit):
                return

    def _seat(self, at: int, visit: str) -> bool:
        place = self._free_place()
        if place is None or self._closing:
            return False
        if isinstance(self._send(at, "worker", "Seated", visit, {"place": place}), Refusal):
            return False
        comer = self._comers[visit]
        arrived = self._waiting.pop(visit, at)
        used = {"place": place, **self._use(comer)}
        self._send(at, "worker", "ConsumptionStarted", visit, used)
        finished = at + comer.episode
        if comer.emergency is not None:
            finished = max(finished, self._plan_emergency(at + comer.emergency, visit, comer))
        self.stays.append(
            Stay(
                comer.number, arrived, "served", at, finished, emergency=comer.emergency is not None
            )
        )
        self._at(finished, Turn.COMPLETION, comer.number, self._completion(visit, place))
        self._look_at(at, visit, comer, finished)
        return True

    def _free_place(self) -> str | None:
        room = self.world.room
        taken = {visit.place for visit in room.visits.values()}
        for place in self.scenario.booths:
            if place.id not in taken and room.standing.value("blocked", place.id) is None:
                return place.id
        return None

    def _look_at(self, at: int, visit: str, comer: Comer, until: int) -> None:
        every = self.scenario.policy.look_every["none"] * MINUTE
        until = at + comer.emergency if comer.emergency is not None else until
        for time in range(at + every, until, every):
            self._at(time, Turn.CARE, comer.number, self._look(visit))

    def _look(self, visit: str) -> Callable[[int], None]:
        return lambda at: self._seen(at, visit, response="alert", concern="none")

    def _seen(self, at: int, visit: str, **seen: Any) -> None:
        if visit in self.world.room.visits:
            self._send(at, "nurse", "Observed", visit, seen)

    def _completion(self, visit: str, place: str) -> Callable[[int], None]:
        def complete(at: int) -> None:
            comer = self._comers.get(visit)
            if comer is None:
                return
            self._send(at, "worker", "ConsumptionEnded", visit)
            rests = comer.recovery > 0 or comer.emergency is not None
            if rests:
                self._send(at, "worker", "MovedToRecovery", visit)
                leaves = max(at + comer.recovery, self._earliest(visit))
                self._at(leaves, Turn.CARE, comer.number, self._departure(visit, "well"))
            else:
                self._departure(visit, "well")(at)
            self._turn_over(at, place, comer)

        return complete

    def _earliest(self, visit: str) -> int:
        held: Visit | None = self.world.room.visits.get(visit)
        earliest = earliest_leave(held, self.scenario.policy) if held else None
        return milliseconds(earliest) if earliest else 0

    def _turn_over(self, at: int, place: str, comer: Comer) -> None:
        self.blocked.append((at, at + comer.turnover))
        self._at(at + comer.turnover, Turn.RELEASE, comer.number, self._release(place))

    def _release(self, place: str) -> Callable[[int], None]:
        def release(at: int) -> None:
            if self.world.room.standing.value("blocked", place) is not None:
                self._send(at, "worker", "PlaceReleased", data={"place": place})
            self._seat_waiting(at)

        return release

    def _departure(self, visit: str, how: str) -> Callable[[int], None]:
        def depart(at: int) -> None:
            if visit in self.world.room.visits:
                self._send(at, "reception", "Departed", visit, {"how": how})
            self._gone(at, visit)

        return depart

    def _gone(self, at: int, visit: str) -> None:
        self._comers.pop(visit, None)
        self._shut(at)

    def _plan_emergency(self, start: int, visit: str, comer: Comer) -> int:
        """Puts an emergency's course on the calendar; returns when it is over."""
        minutes = self.scenario.emergencies.minutes
        rng = stream(self.seed, self.replication, comer.number, "course")
        id = f"e-{uuid7(comer.at, self.seed, self.replication, 'emergency', comer.number)}"
        acts = course(id, comer.substances, minutes, rng)
        for act in acts:
            self._at(start + act.after, Turn.CARE, comer.number, self._act(visit, act))
        return start + acts[-1].after

    def _act(self, visit: str, act: Act) -> Callable[[int], None]:
        return lambda at: void(self._send(at, act.role, act.kind, visit, act.data))


def void(_: object) -> None:
    """Takes an answer that changes nothing: a report's, whatever it flags."""


def simulate(scenario: Scenario, world: World, seed: int, days: Iterable[Day]) -> Simulation:
    """Plays days one after the other, each to its end; returns what became of everybody."""
    simulation = Simulation(scenario, world, seed)
    for day in days:
        simulation.plan(day)
        simulation.run_until(day.closes)
    simulation.run_until()
    return simulation
