"""A command and its room: for which it is, and what of it that room cannot hold."""

from collections.abc import Mapping
from dataclasses import replace

from opendcr.errors import InputError
from opendcr.ledger.shapes import Json
from opendcr.room.intake import Intake, intake
from opendcr.web.store.held import header_of, only_room, rooms
from opendcr.web.store.models import Entry


def room_for(body: Json) -> str:
    """The room that a command names, or the one that there is; raises InputError otherwise.

    A report is not sent back for its room. Where nobody knows that, the report goes to the room
    that knows its visit or its emergency, and else to the first by name: somebody looks at it there.
    """
    named = body.get("room") if isinstance(body, Mapping) else None
    try:
        return only_room(named)
    except InputError:
        known, taken = rooms(), intake(body)
        if not known or taken.mode != "report":
            raise
        return next((room for room in known if _knows(room, taken)), known[0])


def _knows(room: str, taken: Intake) -> bool:
    threads = {"visit": taken.visit, "emergency": taken.data.get("emergency")}
    entries = Entry.objects.filter(room=room)
    return any(entries.filter(**{name: id}).exists() for name, id in threads.items() if id)


def taken_in(room: str, body: Json) -> Intake:
    """A command's body, sorted; raises InputError for what is no command, and for an ask that does
    not fit.

    What a report says and its room cannot hold is set aside with what else is unreadable: the name
    of another room, and in a room of real people that it is simulated.
    """
    taken = intake(body)
    aside = {"room": body["room"]} if body.get("room") not in (None, room) else {}
    if taken.source == "simulation" and header_of(room).origin.kind != "simulated":
        if taken.mode == "ask":
            raise InputError("source", "'simulation'", "a source that is real: this room is")
        aside["source"] = taken.source
        taken = replace(taken, source="tap")
    return replace(taken, unreadable={**taken.unreadable, **aside})
