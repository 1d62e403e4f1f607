"""Which room a command or a page is for, and what of a command that room cannot hold."""

from collections.abc import Mapping
from dataclasses import replace

from django.http import HttpRequest

from opendcr.errors import InputError
from opendcr.ledger.shapes import Json
from opendcr.room.intake import Intake, intake
from opendcr.web.store.held import header_of, only_room, rooms
from opendcr.web.store.models import Entry

ROOM_COOKIE = "opendcr_room"


def room_of_page(request: HttpRequest) -> str | None:
    """The room that a page is for: as its address says, else the one that this device showed last,
    else the one that there is. None where nobody can know; an address may name one that is not here.
    """
    known, named = rooms(), request.GET.get("room")
    if named is not None:
        return named
    last = request.COOKIES.get(ROOM_COOKIE)
    return last if last in known else known[0] if len(known) == 1 else None


def room_for(body: Json) -> tuple[str, bool]:
    """The room that a command names, or the one that there is, and whether that is a guess; raises
    InputError where there is none.

    A report is not sent back for its room. Where nobody knows that, the report goes to the room
    that knows its visit or its emergency, and else to the first by name: somebody looks at it there.
    """
    named = body.get("room") if isinstance(body, Mapping) else None
    try:
        return only_room(named), False
    except InputError:
        known, taken = rooms(), intake(body)
        if not known or taken.mode != "report":
            raise
        knowing = next((room for room in known if _knows(room, taken)), None)
        return knowing or known[0], knowing is None


def _knows(room: str, taken: Intake) -> bool:
    threads = {"visit": taken.visit, "emergency": taken.data.get("emergency")}
    entries = Entry.objects.filter(room=room)
    return any(entries.filter(**{name: id}).exists() for name, id in threads.items() if id)


def taken_in(room: str, body: Json, guessed: bool = False) -> Intake:
    """A command's body, sorted; raises InputError for what is no command, and for an ask that does
    not fit.

    What a report says and its room cannot hold is set aside with what else is unreadable: the name
    of another room, or none where the room was guessed, and in a room of real people that it is
    simulated.
    """
    taken = intake(body)
    named = body.get("room")
    aside = {"room": named} if guessed or named not in (None, room) else {}
    if taken.source == "simulation" and header_of(room).origin.kind != "simulated":
        if taken.mode == "ask":
            raise InputError("source", "'simulation'", "a source that is real: this room is")
        aside["source"] = taken.source
        taken = replace(taken, source="tap")
    return replace(taken, unreadable={**taken.unreadable, **aside})
