"""The rooms that this process holds in memory, each as far as it has read its ledger."""

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock

import orjson
from django.db import connection

from opendcr.errors import InputError
from opendcr.ledger.chain import first_link
from opendcr.ledger.codec import decode_header
from opendcr.ledger.facts import Fact, Header
from opendcr.room.room import Room, advance, fold
from opendcr.web.store.archive import StoredArchive, facts_after, facts_since
from opendcr.web.store.models import Ledger

log = logging.getLogger("opendcr.held")

FOLD_FROM = 1000  # more facts than this at once are folded whole, which asks the archive nothing


@dataclass(frozen=True)
class Held:
    """A room, its ledger's header, and the chain value of the last fact that it has seen."""

    header: Header
    room: Room
    head: str

    def after(self, facts: list[Fact]) -> "Held":
        """The same after more facts."""
        if not facts:
            return self
        room = advance(self.room, facts, StoredArchive(self.room.name))
        return replace(self, room=room, head=facts[-1].chain)


_held: dict[tuple[str, str], Held] = {}
_keeping = Lock()


def current(room: str) -> Held:
    """The room with all that its ledger holds by now; raises InputError where there is none."""
    held = _held.get(_key(room))
    if held is not None and held.room.seq:
        fresh = facts_since(room, held.room.seq, held.head)
        if fresh is not None:
            return held.after(fresh)
        _let_go(held)
    return _from_the_start(room)


def _from_the_start(room: str) -> Held:
    empty, facts = _empty(room), facts_after(room, 0)
    if len(facts) <= FOLD_FROM:
        return empty.after(facts)
    return replace(empty, room=fold(facts, room, empty.header.timezone), head=facts[-1].chain)


def _let_go(held: Held) -> None:
    """Forgets a room whose ledger is another by now: a backup was restored under this process."""
    log.error("the ledger of room %s is not the one that was read: reading it anew", held.room.name)
    with _keeping:
        _held.pop(_key(held.room.name), None)


def keep(held: Held) -> None:
    """Puts a room in the place of an older one. Only what is committed may come here."""
    key = _key(held.room.name)
    with _keeping:
        if key not in _held or _held[key].room.seq <= held.room.seq:
            _held[key] = held


def look(room: str) -> Held:
    """The room as committed by now, for readers."""
    held = current(room)
    keep(held)
    return held


def rooms() -> list[str]:
    """The rooms that the database holds."""
    return list(Ledger.objects.order_by("room").values_list("room", flat=True))


def only_room(name: str | None, where: str = "room") -> str:
    """The room by this name, or the one room that there is; raises InputError otherwise, which says
    `where` a name is given, and which there are."""
    known = rooms()
    if name in known:
        return str(name)
    if name is None and len(known) == 1:
        return known[0]
    found = f"none named, of {len(known)} rooms" if known else "no room in this database"
    expected = f"one of {', '.join(known)}" if known else "one that was begun or imported"
    raise InputError(where, "no such room" if name else found, expected)


def _empty(room: str) -> Held:
    header = header_of(room)
    return Held(header, Room(room, header.timezone), first_link(header))


def header_of(room: str) -> Header:
    """The header of a room's ledger; raises InputError where there is none."""
    text = Ledger.objects.filter(room=room).values_list("header", flat=True).first()
    if text is None:
        raise InputError("room", "no such room", "the name of a room here")
    return _decoded(text)


@lru_cache
def _decoded(text: str) -> Header:
    return decode_header(orjson.loads(text), "the database's header")


def _key(room: str) -> tuple[str, str]:
    return str(connection.settings_dict["NAME"]), room
