"""A stored room's ledger for measuring: read once, then only what it has gained since.

A ledger only grows, so the frames of what was read stay true and are extended; the measures
themselves are kept for the head that they were made from. Nothing here holds the room's lock, and
all of it is for one thread at a time: see `opendcr.web.store.threads.measuring`.
"""

from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import orjson
import polars as pl
from django.db import connection

from opendcr.measures import Measured, measured
from opendcr.tables import Ledger, ledger_of
from opendcr.tables.frame import FACTS, STAMPS
from opendcr.web.store.archive import head_of
from opendcr.web.store.chunks import streamed
from opendcr.web.store.held import header_of
from opendcr.web.store.models import Entry


@dataclass(frozen=True)
class RoomMeasures:
    """The measures as at the day of the last fact, and the local day of the first."""

    measured: Measured
    first: date


@dataclass(frozen=True)
class _Read:
    """What was read of a ledger up to `seq`, and what was measured then."""

    seq: int
    facts: pl.DataFrame
    stamps: pl.DataFrame
    measures: RoomMeasures | None = None


_NOTHING = _Read(0, pl.DataFrame(schema=FACTS), pl.DataFrame(schema=STAMPS))
_read: dict[tuple[str, str], _Read] = {}


def stored_ledger(room: str) -> Ledger | None:
    """The room's ledger as by now; None where it has no fact yet."""
    read = _up_to_date(room)
    return _ledger(room, read) if read else None


def room_measures(room: str) -> RoomMeasures | None:
    """Every measure of a room by its ledger's head; None where the ledger has no fact yet."""
    read = _up_to_date(room)
    if read is None:
        return None
    if read.measures is None:
        read = _read[_key(room)] = replace(read, measures=_measures(room, read))
    return read.measures


def _up_to_date(room: str) -> _Read | None:
    head = head_of(room)
    if head is None:
        return None
    read = _read.get(_key(room), _NOTHING)
    if read.seq and not _still_there(room, read, head):
        read = _NOTHING  # a backup was restored under this process
    if read.seq != head[0]:
        read = _read[_key(room)] = _further(room, read, head[0])
    return read


def _still_there(room: str, read: _Read, head: tuple[int, str]) -> bool:
    chain = read.stamps["chain"][-1]
    return (
        head == (read.seq, chain)
        or Entry.objects.filter(room=room, seq=read.seq, chain=chain).exists()
    )


def _further(room: str, read: _Read, seq: int) -> _Read:
    entries = Entry.objects.filter(room=room, seq__gt=read.seq, seq__lte=seq).order_by("seq")
    stored = streamed(entries.values_list("record", "chain"))
    records = ({**orjson.loads(record), "chain": chain} for record, chain in stored)
    gained = ledger_of(header_of(room), records, "the database")
    return _Read(
        seq,
        pl.concat([read.facts, gained.facts.collect()]),
        pl.concat([read.stamps, gained.stamps.collect()]),
    )


def _ledger(room: str, read: _Read) -> Ledger:
    return Ledger(header_of(room), read.facts.lazy(), read.stamps.lazy(), "the database")


def _measures(room: str, read: _Read) -> RoomMeasures:
    zone = ZoneInfo(header_of(room).timezone)
    first = read.stamps["recorded"][0].astimezone(zone).date()
    return RoomMeasures(measured([_ledger(room, read)]), first)


def _key(room: str) -> tuple[str, str]:
    return str(connection.settings_dict["NAME"]), room
