"""Whose an emergency is, and what follows: all that is done in it is done for its person.

Nobody waits to be named before a dose is given, and names are mistaken. So whenever a fact says whose
an emergency is, or says it otherwise, corrections follow it that put what was done in it under the
same visit. A dose under nobody, or under another, would be missing from somebody's minimum stay.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from opendcr.ledger.effective import ABOUT_FACTS
from opendcr.ledger.facts import Fact
from opendcr.ledger.shapes import Json
from opendcr.room.emergency import Emergency, fold_emergency
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
    after = advance(room, [fact], archive)
    moving: dict[str, str | None] = {}
    said: list[Fact] = []
    for id in ids:
        visit, facts = _to_be_moved(room, after, id, fact, origin, archive)
        moving |= dict.fromkeys((one.id for one in facts), visit)
        said += facts
    changes = {
        one: {"visit": visit, "person": person_on(after, visit, archive)}
        for one, visit in moving.items()
    }
    told = fact.kind not in ABOUT_FACTS and any(one.visit is not None for one in said)
    return Carried(changes, disputed=told)


def _touched(room: Room, fact: Fact, origin: Fact | None) -> list[str]:
    """The emergencies that a fact may say something about."""
    if fact.kind == "Arrived":
        # Somebody who had an emergency at the door, before there was a visit.
        same = room.standing.same_person(fact.person) if fact.person else frozenset()
        waiting = [one for one in room.emergencies.values() if one.visit is None]
        return sorted(one.id for one in waiting if one.person in same)
    if origin is None:
        return []
    moved = [
        id for (name, id), ids in room.moved.items() if name == "emergency" and origin.id in ids
    ]
    named = _emergency_in(fact.data.get("changes", {}))
    found = [origin.data.get("emergency"), named, *sorted(moved)]
    return list(dict.fromkeys(id for id in found if isinstance(id, str)))


def _emergency_in(changes: Changes) -> Json:
    """The emergency into which a correction puts a fact."""
    data = changes.get("data")
    return data.get("emergency") if isinstance(data, Mapping) else None


def _agrees(room: Room, fact: Fact, ids: Iterable[str]) -> bool:
    """Whether a fact only adds to a running emergency whose visit it names: nearly all do."""
    running = [room.emergencies.get(id) for id in ids]
    return fact.kind not in (*ABOUT_FACTS, "Arrived") and all(
        one is not None and one.visit is not None and one.visit == fact.visit for one in running
    )


def _to_be_moved(
    before: Room, after: Room, id: str, fact: Fact, origin: Fact | None, archive: Archive
) -> tuple[str | None, list[Fact]]:
    """The visit that an emergency is now, and its facts that stand under another."""
    was = emergency_named(before, id, archive)
    thread = {one.id: one for one in thread_of(after, ("emergency", id), archive)}
    emergency = fold_emergency(id, (thread | {fact.id: fact}).values())
    whose, former = _said(fact, origin, emergency), was.visit if was else None
    target = fact.data.get("target")
    # Put into this emergency, and said to be nobody's else.
    changes = fact.data.get("changes", {})
    brought = target if _emergency_in(changes) == id and "visit" not in changes else None
    return whose, [
        one
        for one in emergency.standing
        if one.visit != whose
        and (
            one.id in (fact.id, brought)
            or (whose != former and one.visit in (None, former) and one.id != target)
        )
    ]


def _said(fact: Fact, origin: Fact | None, emergency: Emergency) -> str | None:
    """The visit of an emergency after a fact, which may say that nobody knows."""
    changes = fact.data.get("changes", {})
    stands = origin is not None and any(one.id == origin.id for one in emergency.standing)
    if stands and origin and origin.kind == "EmergencyStarted" and "visit" in changes:
        visit: str | None = changes["visit"]
        return visit
    return fact.visit if fact.kind == "Arrived" else emergency.visit
