"""The simulated staff: they send the room's commands, open it in the morning and shut it at night."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from opendcr.catalogue.places import permits
from opendcr.ledger.facts import Command, Fact, Refusal
from opendcr.ledger.kinds import BODY_KINDS
from opendcr.room.policy import Place, Policy
from opendcr.room.room import Room
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.streams import uuid7
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
        # The first on shift in each role speaks for all in it.
        self._authors = {role: staff for staff, role in reversed(self.shift())}

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
        for staff, role in self.shift():
            self.send(at, "lead", "StaffSignedOn", data={"staff": staff, "role": role})
        ready = {"items": ["oxygen", "naloxone", "aed"], "ready": True}
        self.send(at, "nurse", "EquipmentChecked", data=ready)
        self.send(at, "lead", "RoomOpened")

    def shut(self, at: int) -> None:
        """Close and go; where the room is not empty, whoever runs it closes it."""
        if isinstance(self.send(at, "lead", "RoomClosed"), Refusal):
            return
        for staff, _ in self.shift():
            self.send(at, "lead", "StaffSignedOff", data={"staff": staff})

    def watch(self, at: int, visit: str) -> None:
        """Gives a visit its observer: of the nurses and workers on shift, who has the fewest."""
        on = self.room.standing.on_shift()
        busy = [held.observer for held in self.room.visits.values() if held.place is not None]
        watching = [staff for staff, role in on.items() if role in ("nurse", "worker")]
        if watching:
            observer = min(watching, key=lambda staff: (busy.count(staff), staff))
            self.send(at, "worker", "Allocated", visit, {"observer": observer})

    def can_watch_one_more(self) -> bool:
        """Whether those not held by an emergency are enough for one more open booth."""
        room, held = self.room, self._scenario.emergencies.staff
        if not held:
            return True  # then the room's own rule says all there is to say
        taken = {visit.place for visit in room.visits.values() if visit.place is not None}
        free = len(room.standing.on_shift()) - held * len(room.emergencies)
        return free >= room.policy.needed_staff(len(taken) + 1)

    def shift(self) -> list[tuple[str, str]]:
        """The staff who work here and their roles, in the order in which they come."""
        roles = [ROLES[number % len(ROLES)] for number in range(self._scenario.staff)]
        return [(f"s-{role}-{number}", role) for number, role in enumerate(roles, 1)]


def route_in(policy: Policy, place: Place) -> str | None:
    """The first of a policy's routes that belongs in a place; None where none does."""
    return next((route for route in policy.routes if permits(place.kind, route)), None)
