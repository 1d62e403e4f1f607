"""A stored room's measures: read once, then only what its ledger has gained since.

A ledger only grows, so the frames of what was read stay true and are extended; the measures
themselves are kept for the head that they were made from. Nothing here holds the room's lock.
"""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import orjson
import polars as pl
from django.db import connection

from opendcr.ledger.codec import decode
from opendcr.measures import Measured, measured
from opendcr.tables import Ledger
from opendcr.tables.frame import FACTS, NEEDED, STAMPS, row
from opendcr.web.store.archive import AT_ONCE, head_of
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


def room_measures(room: str) -> RoomMeasures | None:
    """Every measure of a room by its ledger's head; None where the ledger has no fact yet.

    For one thread at a time: see `opendcr.web.store.threads.measuring`.
    """
    head = head_of(room)
    if head is None:
        return None
    key = (str(connection.settings_dict["NAME"]), room)
    read = _read.get(key, _NOTHING)
    if read.measures is None or read.seq != head[0]:
        read = _read[key] = _measure(room, _further(room, read, head[0]))
    return read.measures


def _further(room: str, read: _Read, seq: int) -> _Read:
    entries = Entry.objects.filter(room=room, seq__gt=read.seq, seq__lte=seq).order_by("seq")
    stamps = entries.values_list("seq", "recorded", "chain").iterator(AT_ONCE)
    needed = entries.filter(kind__in=NEEDED).values_list("record", "chain").iterator(AT_ONCE)
    facts = [
        row(decode({**orjson.loads(record), "chain": chain}, "the database"))
        for record, chain in needed
    ]
    return _Read(
        seq,
        pl.concat([read.facts, pl.DataFrame(facts, FACTS, orient="row")]),
        pl.concat([read.stamps, pl.DataFrame(list(stamps), STAMPS, orient="row")]),
    )


def _measure(room: str, read: _Read) -> _Read:
    header = header_of(room)
    ledger = Ledger(header, read.facts.lazy(), read.stamps.lazy(), "the database")
    opened = read.stamps["recorded"][0].astimezone(ZoneInfo(header.timezone)).date()
    return _Read(read.seq, read.facts, read.stamps, RoomMeasures(measured([ledger]), opened))
