"""Whose an emergency is, and what follows: all that is done in it is done for its person.

Nobody waits to be named before a dose is given, and names are mistaken. So whenever a fact says whose
an emergency is, or says it otherwise, corrections follow it that put what was done in it under the
same visit. A dose under nobody, or under another, would be missing from somebody's minimum stay.

Where facts move into another emergency (`opendcr.room.joining`), they are its visit's from then on;
where they leave one that goes on without them, each side is again whose somebody said it was.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from opendcr.ledger.effective import ABOUT_FACTS, amendments, effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.shapes import Json
from opendcr.room.emergency import Emergency, fold_emergency
from opendcr.room.joining import STAYING, Moves, as_said, emergency_in, moves
from opendcr.room.room import Archive, Room, advance, origin_of, thread_of
from opendcr.room.visit import fold_visit

Changes = Mapping[str, Json]


@dataclass(frozen=True)
class Carried:
    """What a fact makes follow: the changes to be made to facts, by their ids.

    `disputed` says that one of them had been said of another visit, and nobody corrected that.
    """

    changes: Mapping[str, Changes]
    disputed: bool = False


NOTHING_CARRIED = Carried({})


def emergency_named(room: Room, id: Json, archive: Archive) -> Emergency | None:
    """The emergency by this id, running or over; None where the ledger has none."""
    if id is None or id in room.emergencies:
        return room.emergencies.get(id)
    emergency = fold_emergency(id, thread_of(room, ("emergency", id), archive))
    return emergency if emergency.standing else None


def person_on(room: Room, visit: str | None, archive: Archive) -> str | None:
    """The person of a visit, open or over; None where there is none or nobody was named."""
    if visit is None:
        return None
    held = room.visits.get(visit)
    return (held or fold_visit(visit, thread_of(room, ("visit", visit), archive))).person


def carried(room: Room, fact: Fact, archive: Archive) -> Carried:
    """What follows from a fact that is not yet recorded, about whose the emergencies are."""
    fact = replace(fact, seq=room.seq + 1)
    origin = origin_of(fact, archive)
    ids = _touched(room, fact, origin)
    if not ids or _agrees(room, fact, ids):
        return NOTHING_CARRIED
    moved = moves(room, fact, origin, archive) if origin else STAYING
    told = _Told(fact, origin, room, advance(room, [fact], archive), archive, moved)
    left = [] if moved.left is None else [moved.left]
    ids = list(dict.fromkeys([*ids, *moved.into.values(), *left]))
    standing = _standing(told, ids)
    changes: dict[str, Changes] = {
        id: {"data": {"emergency": into}} for id, into in moved.into.items()
    }
    disputed = False
    for id in ids:
        for one, whose in _to_be_moved(told, id, standing):
            changes[one.id] = {**changes.get(one.id, {}), **whose}
            disputed |= fact.kind not in ABOUT_FACTS and one.visit is not None
    return Carried(changes, disputed)


def _touched(room: Room, fact: Fact, origin: Fact | None) -> list[str]:
    """The emergencies that a fact may say something about."""
    if fact.kind == "Arrived":
        # Somebody who had an emergency at the door, before there was a visit.
        same = room.standing.same_person(fact.person) if fact.person else frozenset()
        waiting = [one for one in room.emergencies.values() if one.visit is None]
        return sorted(one.id for one in waiting if one.person in same)
    if origin is None:
        return []
    about = fact.kind in ABOUT_FACTS  # what is new has never been moved
    held = [
        id
        for (name, id), ids in (room.moved.items() if about else ())
        if name == "emergency" and origin.id in ids
    ]
    named = emergency_in(fact.data.get("changes"))
    found = [origin.data.get("emergency"), named, *sorted(held)]
    return list(dict.fromkeys(id for id in found if isinstance(id, str)))


def _agrees(room: Room, fact: Fact, ids: Iterable[str]) -> bool:
    """Whether a fact only adds to a running emergency whose visit it names: nearly all do."""
    running = [room.emergencies.get(id) for id in ids]
    return fact.kind not in (*ABOUT_FACTS, "Arrived") and all(
        one is not None
        and one.visit is not None
        and one.visit == fact.visit
        and any(each.kind == "EmergencyStarted" for each in one.standing)
        for one in running
    )


@dataclass(frozen=True)
class _Told:
    """A fact that is not recorded yet, the original that it is about in the end, and what it moves."""

    fact: Fact
    origin: Fact | None
    before: Room
    after: Room
    archive: Archive
    moves: Moves

    @property
    def put(self) -> str | None:
        """The id of the fact that this one puts into an emergency, and says to be nobody's else."""
        changes = self.fact.data.get("changes", {})
        put = emergency_in(changes) is not None and "visit" not in changes
        return self.fact.data["target"] if put else None

    def guest(self, fact: Fact) -> bool:
        """Whether it is put into an emergency alone, without a start: it does not say whose that is."""
        return fact.id == self.put and fact.kind != "EmergencyStarted"

    @property
    def moving(self) -> set[str | None]:
        """The ids of what comes into an emergency with it."""
        back = self.origin.id if self.origin and self.fact.kind == "Retracted" else None
        return {self.fact.id, self.put, back, *self.moves.into}


def _standing(told: _Told, ids: Iterable[str]) -> list[tuple[Fact, Fact]]:
    """The facts of these emergencies as they will stand; each also as it was said of itself."""
    threads = [thread_of(told.after, ("emergency", id), told.archive) for id in ids]
    known = {one.id: one for thread in threads for one in thread} | {told.fact.id: told.fact}
    _, corrected = amendments(known.values())
    found = []
    for one in effective(known.values()):
        data = {**one.data, "emergency": told.moves.into.get(one.id, one.data.get("emergency"))}
        said = as_said(known[one.id], corrected.get(one.id, ()))
        found.append((replace(one, data=data), replace(said, data=data)))
    return found


def _to_be_moved(
    told: _Told, id: str, standing: Iterable[tuple[Fact, Fact]]
) -> Iterator[tuple[Fact, Changes]]:
    """Of an emergency, the facts that stand under another visit than it is, each with what it shall
    stand under."""
    own = [(one, said) for one, said in standing if one.data["emergency"] == id]
    left = told.moves.left
    parted = {one.id: said for one, said in own if left == id or (left and one.id in told.moving)}
    emergency = fold_emergency(
        id, [parted.get(one.id, one) for one, _ in own if not told.guest(one)]
    )
    emergency = emergency if emergency.standing else fold_emergency(id, [one for one, _ in own])
    whose = _whose(told, emergency, parted=bool(parted))
    before = [emergency_named(told.before, each, told.archive) for each in (id, left)]
    former = before[0].visit if before[0] else None
    formers = {None, *(each.visit for each in before if each)}
    for one, said in own:
        brought = one.id in told.moving
        with_them = (
            whose != former and one.visit in formers and one.id != told.fact.data.get("target")
        )
        if one.visit != whose and (brought or with_them):
            nobody = said.person if one.id in parted else None
            person = nobody if whose is None else person_on(told.after, whose, told.archive)
            yield one, {"visit": whose, "person": person}


def _whose(told: _Told, emergency: Emergency, parted: bool) -> str | None:
    """The visit of an emergency after a fact, which may say that nobody knows."""
    fact, origin = told.fact, told.origin
    changes = fact.data.get("changes", {})
    stands = origin is not None and any(one.id == origin.id for one in emergency.standing)
    if stands and origin and origin.kind == "EmergencyStarted" and "visit" in changes:
        visit: str | None = changes["visit"]
        return visit
    if parted and emergency.visit is None and emergency.person is not None:
        here = told.after.visit_of(emergency.person)
        return here.id if here else None
    return fact.visit if fact.kind == "Arrived" else emergency.visit
