"""The room: a fold of its whole ledger.

`fold` is the meaning: the effective facts, sorted, visit by visit. `advance` is the way of a
running server: one fact after another, refolding only what a late fact or a correction touches.
They give the same room (a property test holds them together).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from immutables import Map

from opendcr.catalogue.places import elsewhere
from opendcr.ledger.effective import ABOUT_FACTS, changed_data, effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.shapes import is_ident
from opendcr.room.changed import changed
from opendcr.room.emergency import Emergency, fold_emergency, step_emergency
from opendcr.room.policy import Policy
from opendcr.room.standing import STANDING_KINDS, Standing, fold_standing, step_standing
from opendcr.room.visit import Visit, fold_visit, step_visit, surely

Moved = Map[tuple[str, str], frozenset[str]]  # ("visit" or "emergency", id) → ids of facts
Dosed = Map[str, Mapping[str, datetime]]  # id of a visit or of a fact → person → last dose


@dataclass(frozen=True)
class Where:
    """A place of the policy, or an area where none is; or somebody rests. None for what nobody said."""

    place: str | None = None
    area: str | None = None
    resting: bool = False


@dataclass(frozen=True)
class Room:
    """Open visits, running emergencies, and what stands. `recorded` is the last fact's.

    `moved` remembers which facts a correction moved into a visit or an emergency, since the ledger
    has them under another. `dosed` remembers who had naloxone and when, on visits that are over too,
    under another name than the visit has now, or on no visit at all.
    """

    name: str
    timezone: str
    standing: Standing = Standing()
    visits: Map[str, Visit] = Map()
    emergencies: Map[str, Emergency] = Map()
    moved: Moved = Map()
    dosed: Dosed = Map()
    seq: int = 0
    recorded: datetime | None = None

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.standing.policy

    @property
    def state(self) -> str:
        """`open`, `paused` or `closed`."""
        return str(self.standing.value("state", "room") or "closed")

    def in_place(self, place: str) -> tuple[Visit, ...]:
        """The visits in a place: more than its capacity where reports said so."""
        return tuple(visit for _, visit in sorted(self.visits.items()) if visit.place == place)

    def visit_of(self, person: str) -> Visit | None:
        """The open visit of a person, whatever pseudonym they came under; the first of several."""
        same = self.standing.same_person(person)
        theirs = [visit for visit in self.visits.values() if visit.person in same]
        return min(theirs, key=lambda visit: (visit.arrived or visit.since, visit.id), default=None)

    def doses_of(self, visit: Visit) -> list[datetime]:
        """When the person of a visit had naloxone, on this visit or before or under another record."""
        if visit.person is None:
            return []
        same = self.standing.same_person(visit.person)
        theirs = [one.naloxone for one in self.visits.values() if one.person in same]
        given = [at for each in self.dosed.values() for whose, at in each.items() if whose in same]
        return [*given, *(at for at in theirs if at is not None)]

    def emergency_of(self, visit: str) -> Emergency | None:
        """The running emergency of a visit, the first of several."""
        theirs = [one for one in self.emergencies.values() if one.visit == visit]
        return min(theirs, key=lambda one: (one.started, one.id), default=None)

    def emergency_in(self, place: str) -> Emergency | None:
        """The running emergency in a place, the first of several."""
        found = [one for one in self.emergencies.values() if self.where(one).place == place]
        return min(found, key=lambda one: (one.started, one.id), default=None)

    def where(self, emergency: Emergency) -> Where:
        """Where an emergency is: as was said last, or where its person has been recorded since."""
        visit = self.visits.get(emergency.visit) if emergency.visit else None
        said = emergency.place is not None or elsewhere(emergency.area)
        if visit is not None and (visit.place is not None or visit.stage == "recovery"):
            since = emergency.placed or emergency.started
            if not said or (visit.since and since and visit.since > since):
                return Where(visit.place, None, resting=visit.stage == "recovery")
        return Where(emergency.place, emergency.area)


class Archive(Protocol):
    """Facts already in the ledger, for the few that the room no longer holds. In any order."""

    def fact(self, id: str) -> Fact | None:
        """The fact with this id."""

    def amended(self, id: str) -> Sequence[Fact]:
        """The fact and all that corrects or retracts it, to any depth."""

    def thread(self, name: str, id: str) -> Sequence[Fact]:
        """The facts that name a visit (`name` is `visit`) or an emergency (`emergency`), or the one
        intervention (`dose`), each with all that corrects or retracts it."""

    def standing(self) -> Sequence[Fact]:
        """The facts of the kinds that stand, each with all that corrects or retracts it."""


class MemoryArchive:
    """An archive of facts held in memory; `add` as they are recorded."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._facts: dict[str, Fact] = {}
        self._amended: dict[str, list[Fact]] = defaultdict(list)
        self._threads: dict[tuple[str, str], list[Fact]] = defaultdict(list)
        self._standing: list[Fact] = []
        self.add(facts)

    def add(self, facts: Iterable[Fact]) -> None:
        """Takes in more facts, in `seq` order."""
        for fact in facts:
            self._facts[fact.id] = fact
            origin = origin_of(fact, self)
            if origin is None:
                continue
            self._amended[origin.id].append(fact)
            for key in threads_of(origin):
                self._threads[key].append(fact)
            if origin.kind in STANDING_KINDS:
                self._standing.append(fact)

    def fact(self, id: str) -> Fact | None:
        return self._facts.get(id)

    def amended(self, id: str) -> Sequence[Fact]:
        return self._amended.get(id, ())

    def thread(self, name: str, id: str) -> Sequence[Fact]:
        return self._threads.get((name, id), ())

    def standing(self) -> Sequence[Fact]:
        return self._standing


NOTHING: Archive = MemoryArchive()  # of a ledger of which the room holds all


def threads_of(fact: Fact) -> list[tuple[str, str]]:
    """The visit and the emergency that a fact names; and of what was done for a body, itself: a dose
    counts for its person even where no visit is named."""
    named = {"visit": fact.visit, "emergency": fact.data.get("emergency")}
    if fact.kind == "InterventionGiven":
        named["dose"] = fact.id
    return [(name, id) for name, id in named.items() if id is not None]


def origin_of(fact: Fact, archive: Archive) -> Fact | None:
    """The original fact that a correction or retraction is about in the end; itself otherwise."""
    found: Fact | None = fact
    while found is not None and found.kind in ABOUT_FACTS:
        found = _target(found, archive)
    return found


def _target(fact: Fact, archive: Archive) -> Fact | None:
    """The fact that this one amends: an earlier one, so that no two can amend each other."""
    target = archive.fact(fact.data["target"])
    return target if target is not None and target.seq < fact.seq else None


def fold(facts: Iterable[Fact], name: str, timezone: str) -> Room:
    """The room of a whole ledger: what stands, and every visit and emergency that is still open."""
    stated = sorted(facts, key=lambda fact: fact.seq)
    archive = MemoryArchive(stated)
    room = Room(name, timezone, standing=fold_standing(archive.standing()))
    threads: set[tuple[str, str]] = set()
    for fact in stated:
        threads.update(threads_of(fact))
        if fact.kind == "Corrected":
            room = changed(room, moved=_moves(room.moved, fact, archive))
    for key in threads | set(room.moved):
        room = _refolded(room, key, thread_of(room, key, archive))
    last = stated[-1] if stated else None
    return changed(room, seq=last.seq if last else 0, recorded=last.recorded if last else None)


def advance(room: Room, facts: Iterable[Fact], archive: Archive) -> Room:
    """The room after more sealed facts, in `seq` order; `archive` holds at least all before them."""
    for fact in facts:
        step = _amended if fact.kind in ABOUT_FACTS else _stepped
        room = changed(step(room, fact, archive), seq=fact.seq, recorded=fact.recorded)
    return room


def _stepped(room: Room, fact: Fact, archive: Archive) -> Room:
    if fact.kind in STANDING_KINDS:
        room = changed(room, standing=step_standing(room.standing, fact))
    for key in threads_of(fact):
        held = room.visits.get(key[1]) if key[0] == "visit" else room.emergencies.get(key[1])
        if held is None:
            # Closed, or new: what the ledger has of it, and this fact.
            room = _refolded(room, key, [*_before(fact, thread_of(room, key, archive)), fact])
        elif isinstance(held, Visit):
            room = _with_visit(room, step_visit(held, fact))
        else:
            room = _with_emergency(room, step_emergency(held, fact))
    return room


def _amended(room: Room, fact: Fact, archive: Archive) -> Room:
    """After a correction or retraction: refold what the amended fact was in, and is in now."""
    room = changed(room, moved=_moves(room.moved, fact, archive))
    origin = origin_of(fact, archive)
    if origin is None:
        return room
    if origin.kind in STANDING_KINDS:
        room = changed(room, standing=fold_standing([*_before(fact, archive.standing()), fact]))
    moved_into = {key for key, ids in room.moved.items() if origin.id in ids}
    for key in sorted(moved_into | set(threads_of(origin))):
        room = _refolded(room, key, [*_before(fact, thread_of(room, key, archive)), fact])
    return room


def thread_of(room: Room, key: tuple[str, str], archive: Archive) -> list[Fact]:
    """The facts of a visit or emergency, those that were moved into it included."""
    own = {fact.id: fact for fact in archive.thread(*key)}
    for id in room.moved.get(key, ()):
        own |= {fact.id: fact for fact in archive.amended(id)}
    return list(own.values())


def _before(fact: Fact, facts: Iterable[Fact]) -> list[Fact]:
    # The archive may already hold what comes after: a server that catches up reads it whole.
    return [one for one in facts if one.seq < fact.seq]


def _moves(moved: Moved, fact: Fact, archive: Archive) -> Moved:
    """`moved`, with what this correction moves."""
    target = _target(fact, archive) if fact.kind == "Corrected" else None
    if target is None or target.kind in ABOUT_FACTS:
        return moved
    changes = fact.data["changes"]
    named = {"visit": changes.get("visit"), "emergency": changed_data(changes).get("emergency")}
    for name, id in named.items():
        if isinstance(id, str) and is_ident(id):
            key = (name, id)
            moved = moved.set(key, moved.get(key, frozenset()) | {target.id})
    return moved


def _refolded(room: Room, key: tuple[str, str], facts: Iterable[Fact]) -> Room:
    name, id = key
    if name == "visit":
        return _with_visit(room, fold_visit(id, facts))
    if name == "dose":
        return changed(room, dosed=_dosed(room.dosed, id, _on_no_visit(facts)))
    return _with_emergency(room, fold_emergency(id, facts))


def _on_no_visit(facts: Iterable[Fact]) -> dict[str, datetime]:
    """Whose dose it was that stands under no visit, and when."""
    return {
        fact.person: surely(fact)
        for fact in effective(facts)
        if fact.data["intervention"] == "naloxone"
        and fact.visit is None
        and fact.person is not None
    }


def _with_visit(room: Room, visit: Visit) -> Room:
    id, here, doses = visit.id, room.visits, dict(visit.dosed)
    if visit.here:
        here = here.set(id, visit)
    elif id in here:
        here = here.delete(id)
    if visit.naloxone is not None and visit.person is not None and not visit.here:
        doses[visit.person] = visit.naloxone
    return changed(room, visits=here, dosed=_dosed(room.dosed, id, doses))


def _dosed(dosed: Dosed, id: str, doses: Mapping[str, datetime]) -> Dosed:
    if doses:
        return dosed.set(id, doses)
    return dosed.delete(id) if id in dosed else dosed


def _with_emergency(room: Room, emergency: Emergency) -> Room:
    id, held = emergency.id, room.emergencies
    if emergency.open:
        return changed(room, emergencies=held.set(id, emergency))
    return changed(room, emergencies=held.delete(id)) if id in held else room
