"""Where the facts of an emergency stand: one that two people began is made one, or parted again.

Two who see the same thing both touch EMERGENCY, and one emergency is begun twice. Whoever finds it
out corrects the start of the one: it is the other emergency. Then all that was recorded with that
start follows it there, and so does what is still on its way. What decides is where a start was put
last, whether the start itself still stands or not.

A start that was put into another emergency can be parted from it: then what was recorded with it
leaves, and the rest stays. The start that an emergency began with takes along whatever is in it.
An end stays where it is: it was said of an emergency that is no other's, and must not end one that
runs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from opendcr.ledger.effective import ABOUT_FACTS, amend, amendments, changed_data
from opendcr.ledger.facts import Fact
from opendcr.ledger.ids import was_said
from opendcr.ledger.shapes import Json, is_ident
from opendcr.room.room import Archive, Room, thread_of


@dataclass(frozen=True)
class Moves:
    """By its id, the emergency into which each fact has to go.

    `left` is the emergency that they leave and that goes on without them; None where it does not.
    """

    into: Mapping[str, str]
    left: str | None = None


STAYING = Moves({})


def emergency_in(changes: Json) -> str | None:
    """The emergency into which a correction's changes put a fact; None where they do not."""
    named = changed_data(changes).get("emergency")
    return named if isinstance(named, str) and is_ident(named) else None


@dataclass(frozen=True)
class _Puts:
    """What put starts into an emergency, and out of it again: `last` is where the last one put them.

    `made` says that parting gave the emergency its id. `held` are the ids of the starts that were put
    into it and stand there.
    """

    made: bool
    held: frozenset[str]
    last: str | None


def _puts(id: str, thread: Iterable[Fact]) -> _Puts:
    stated = list(thread)
    _, corrected = amendments(stated)
    starts = {one.id: one for one in stated if one.kind == "EmergencyStarted"}
    put = [
        (correction.seq, where, one)
        for one in starts.values()
        for correction in corrected.get(one.id, ())
        if (where := emergency_in(correction.data["changes"])) is not None
    ]
    named = min((one.seq for one in stated if one.data.get("emergency") == id), default=None)
    first = min((seq for seq, where, _ in put if where == id), default=None)
    made = first is not None and (named is None or first < named)
    own = [one for one in put if one[2].data["emergency"] == id]
    latest = max(own or (put if made else []), key=lambda one: one[0], default=None)
    held = {
        one.id
        for one in starts.values()
        if one.data["emergency"] != id
        and amend(one, corrected.get(one.id, ())).data["emergency"] == id
    }
    return _Puts(made, frozenset(held), id if made and held and not own else latest and latest[1])


def home(room: Room, id: str, archive: Archive) -> str:
    """The emergency that the one by this id is now: itself, unless its start was put into another.

    One that parting made is its own as long as a start that was put there stands there.
    """
    return _puts(id, thread_of(room, ("emergency", id), archive)).last or id


def moves(room: Room, fact: Fact, origin: Fact, archive: Archive) -> Moves:
    """What a fact that is not recorded yet moves into another emergency, itself included.

    `origin` is the original fact that it is about in the end, or itself.
    """
    amended = [one for one in archive.amended(origin.id) if one.seq < fact.seq]
    _, corrections = amendments([*amended, fact])
    now = amend(origin, corrections.get(origin.id, ()))
    said = now.data.get("emergency")
    if not isinstance(said, str) or origin.kind == "EmergencyEnded":
        return STAYING
    put = emergency_in(fact.data.get("changes")) if fact.data.get("target") == origin.id else None
    if put is None or origin.kind != "EmergencyStarted":
        where = home(room, said, archive)
        return STAYING if where == said else Moves({origin.id: where})
    own = origin.data.get("emergency")
    where = said if said == own else home(room, said, archive)
    was = amend(origin, [one for one in corrections[origin.id] if one.id != fact.id])
    return _with_start(room, was, where, archive, own=own, said=said)


def _with_start(
    room: Room, start: Fact, where: str, archive: Archive, own: Json, said: str
) -> Moves:
    """What goes with a start into another emergency; itself too, where that is not the one said."""
    was = start.data["emergency"]
    thread = thread_of(room, ("emergency", was), archive)
    recorded = {one.id: one.data.get("emergency") for one in thread}
    struck, corrected = amendments(thread)
    # A start that was struck out goes too: where it was put still tells where its emergency is.
    here = {
        one.id
        for one in thread
        if one.kind not in (*ABOUT_FACTS, "EmergencyEnded")
        and (one.kind == "EmergencyStarted" or one.id not in struck)
        and amend(one, corrected.get(one.id, ())).data.get("emergency") == was
    } - {start.id}
    puts = _puts(was, thread)
    whole = own == was or (puts.made and all(recorded[id] == own for id in puts.held))
    going = {id for id in here if whole or recorded[id] == own} if where != was else set()
    into = dict.fromkeys(sorted(going), where) | ({start.id: where} if where != said else {})
    return Moves(into, left=was if where != was and here - going - struck else None)


def as_said(fact: Fact, corrections: Iterable[Fact]) -> Fact:
    """The fact with what somebody said of itself, and without what followed for it from others."""
    return amend(fact, [one for one in corrections if was_said(one)])
