"""Whose an emergency is, and what follows: all that is done in it is done for its person.

Nobody waits to be named before a dose is given, and names are mistaken. So whenever a fact says whose
an emergency is, or says it otherwise, corrections follow it that put what was done in it under the
same visit. A dose under nobody, or under another, would be missing from somebody's minimum stay.

Two people who see the same thing both touch EMERGENCY, and one emergency is begun twice. Where a start
is put into another emergency, what was done in its own follows it there, and so does what is still
on its way; where the start comes back, so do they. An end stays behind: it was said of an emergency
that is no other's, and must not end one that runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from opendcr.ledger.effective import ABOUT_FACTS, effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.shapes import Json
from opendcr.room.emergency import Emergency, fold_emergency
from opendcr.room.room import Archive, Room, advance, origin_of, thread_of
from opendcr.room.visit import fold_visit, order

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
    joined = _joined(room, after, ids, fact, archive)
    changes: dict[str, Changes] = {
        one.id: {"data": {"emergency": one.data["emergency"]}} for one in joined.values()
    }
    said: list[Fact] = []
    for id in dict.fromkeys([*ids, *(one.data["emergency"] for one in joined.values())]):
        visit, facts = _to_be_moved(room, after, id, fact, origin, archive, joined)
        whose = {"visit": visit, "person": person_on(after, visit, archive)}
        changes |= {one.id: {**changes.get(one.id, {}), **whose} for one in facts}
        said += facts
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


def _joined(
    before: Room, after: Room, ids: Iterable[str], fact: Fact, archive: Archive
) -> dict[str, Fact]:
    """By its id, each fact that has to follow the start of its emergency into another, or back: as
    it will stand there."""
    found = {}
    for id in ids:
        was = _home(id, effective(thread_of(before, ("emergency", id), archive)))
        standing = effective(_thread(after, id, fact, archive).values())
        # A start that comes late from who does not know yet is no reason to part them again.
        now = _home(id, [one for one in standing if one.id != fact.id])
        for one in standing:
            if one.kind != "EmergencyEnded" and one.data.get("emergency") in {id, was} - {now}:
                found[one.id] = replace(one, data={**one.data, "emergency": now})
    return found


def _home(id: str, standing: Iterable[Fact]) -> str:
    """The emergency that one is, by where its starts stand: itself, unless all are put elsewhere."""
    started = [one for one in sorted(standing, key=order) if one.kind == "EmergencyStarted"]
    homes = [one.data["emergency"] for one in started if "emergency" in one.data]
    home: str = id if id in homes or not homes else homes[-1]
    return home


def _thread(room: Room, id: str, fact: Fact, archive: Archive) -> dict[str, Fact]:
    """The facts of an emergency by their ids, with one that is not recorded yet."""
    thread = {one.id: one for one in thread_of(room, ("emergency", id), archive)}
    return thread | {fact.id: fact}


def _to_be_moved(
    before: Room,
    after: Room,
    id: str,
    fact: Fact,
    origin: Fact | None,
    archive: Archive,
    joined: Mapping[str, Fact],
) -> tuple[str | None, list[Fact]]:
    """The visit that an emergency is now, and its facts that stand under another."""
    was = emergency_named(before, id, archive)
    thread = [
        one
        for one in _thread(after, id, fact, archive).values()
        if one.data.get("target") not in joined
    ]
    emergency = fold_emergency(id, {one.id: one for one in [*thread, *joined.values()]}.values())
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
            one.id in (fact.id, brought, *joined)
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
