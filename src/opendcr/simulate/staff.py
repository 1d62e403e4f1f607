"""The simulated staff: they send the room's commands, open it in the morning and shut it at night."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from opendcr.ledger.facts import Command, Fact, Refusal
from opendcr.ledger.kinds import BODY_KINDS
from opendcr.room.room import Room
from opendcr.room.stages import IN_BOOTH
from opendcr.simulate.identifiers import uuid7
from opendcr.simulate.kernel.tables import SINCE, STAFF, shifts_of
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.world import World

NOTHING: Mapping[str, Any] = MappingProxyType({})
ROLES = ("lead", "nurse", "nurse", "worker", "worker", "reception", "worker", "nurse")
DEVICE = "t-simulated"


class Staff:
    """Whoever works in one replication. Acts are asks, which the room may refuse; what is seen of a
    body or done for one is a report, as from everybody."""

    def __init__(self, scenario: Scenario, world: World, seed: int, replication: int) -> None:
        self._scenario, self._world = scenario, world
        self._key = (seed, replication)
        self._sent = 0
        self._shifts = shifts_of(scenario)
        # The first in each role speaks for all in it.
        self._authors = {role: staff for staff, role in reversed(self._everybody())}

    @property
    def room(self) -> Room:
        """The room as staff see it now."""
        return self._world.room

    def send(
        self,
        at: int,
        role: str,
        kind: str,
        visit: str | None = None,
        data: Mapping[str, Any] = NOTHING,
        person: str | None = None,
    ) -> Sequence[Fact] | Refusal:
        """The room's answer to one command of somebody in a role."""
        self._sent += 1
        command = Command(
            id=uuid7(at, *self._key, "command", self._sent),
            kind=kind,
            mode="report" if kind in BODY_KINDS else "ask",
            room=self.room.name,
            author=self._authors.get(role, f"s-{role}"),
            role=role,
            device=DEVICE,
            source="simulation",
            visit=visit,
            person=person,
            data=data,
        )
        return self._world.send(command, at)

    def open(self, at: int) -> None:
        """Come on shift and open; on the first day, adopt the policy and publish the terms."""
        if not self.room.standing.policies:
            policy = {"policy": self._scenario.policy.to_data()}
            self.send(at, "manager", "PolicyAdopted", data=policy)
            self.send(at, "manager", "TermsPublished", data={"terms": "terms-1"})
        self.change_shift(at)
        ready = {"items": ["oxygen", "naloxone", "aed"], "ready": True}
        self.send(at, "nurse", "EquipmentChecked", data=ready)
        self.send(at, "lead", "RoomOpened")

    def shut(self, at: int) -> None:
        """Close and go; where the room is not empty, whoever runs it closes it."""
        if isinstance(self.send(at, "lead", "RoomClosed"), Refusal):
            return
        for staff, _ in self.shift(at):
            self.send(at, "lead", "StaffSignedOff", data={"staff": staff})

    def change_shift(self, at: int) -> None:
        """Those whom the rota has on at a moment sign on, the others off."""
        on, shift = self.room.standing.on_shift(), dict(self.shift(at))
        for staff, role in self._everybody():
            if staff in shift and staff not in on:
                self.send(at, "lead", "StaffSignedOn", data={"staff": staff, "role": role})
            elif staff in on and staff not in shift:
                self.send(at, "lead", "StaffSignedOff", data={"staff": staff})

    def changes(self, since: int, until: int) -> list[int]:
        """The moments after one and before another at which the rota changes."""
        return [int(at) for at in self._shifts[:, SINCE] if since < at < until]

    def watch(self, at: int, visit: str) -> None:
        """Gives a visit its observer: of the nurses and workers on shift, who has the fewest."""
        on = self.room.standing.on_shift()
        busy = [held.observer for held in self.room.visits.values() if held.place is not None]
        watching = [staff for staff, role in on.items() if role in ("nurse", "worker")]
        if watching:
            observer = min(watching, key=lambda staff: (busy.count(staff), staff))
            self.send(at, "worker", "Allocated", visit, {"observer": observer})

    def obstacle(self, place: str) -> str | None:
        """Why a free place cannot be opened: `staff`, `emergency`, or None where it can."""
        room, ill = self.room, self._scenario.emergencies
        if ill.pauses_seating and room.emergencies:
            return "emergency"
        taken = {visit.place for visit in room.visits.values() if visit.stage in IN_BOOTH}
        needed = room.policy.needed_staff(len(taken | {place}))
        on = len(room.standing.on_shift())
        if on < needed:
            return "staff"
        return "emergency" if on - ill.staff * len(room.emergencies) < needed else None

    def shift(self, at: int) -> list[tuple[str, str]]:
        """The staff who are on at a moment and their roles, in the order in which they come."""
        since = int(np.searchsorted(self._shifts[:, SINCE], at, side="right"))
        return self._everybody()[: int(self._shifts[since - 1, STAFF])]

    def _everybody(self) -> list[tuple[str, str]]:
        roles = [ROLES[number % len(ROLES)] for number in range(self._scenario.staff)]
        return [(f"s-{role}-{number}", role) for number, role in enumerate(roles, 1)]
