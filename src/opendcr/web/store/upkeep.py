"""What must run by itself, harmless when repeated: checks of the chain, erasures after a restore."""

import hashlib
import logging
from datetime import UTC, datetime

import orjson
from django.db.models import Exists, OuterRef

from opendcr.ledger.chain import first_link
from opendcr.ledger.codec import decode
from opendcr.ledger.shapes import parse_instant
from opendcr.web.store.chunks import streamed
from opendcr.web.store.erasing import apply_erasures
from opendcr.web.store.held import header_of, rooms
from opendcr.web.store.models import Anchor, Entry, Heartbeat
from opendcr.web.store.write import row

PLAIN = ("room", "seq", "command", "kind", "visit", "person")
COLUMNS = (*PLAIN, "fact", "emergency", "target", "recorded")

log = logging.getLogger("opendcr.upkeep")


def upkeep() -> None:
    """One pass over every room; then the heartbeat that readiness reports."""
    for room in rooms():
        verify(room)
    apply_erasures()
    Heartbeat.objects.update_or_create(work="upkeep", defaults={"beat": datetime.now(UTC)})


def verify(room: str) -> int | None:
    """Verifies the chain, and the columns, from the last anchor to the head, and anchors the head.

    Returns the `seq` of the first fact that is not as it was recorded, which stops the anchor where it is.
    """
    anchor = Anchor.objects.filter(room=room).order_by("-seq").first()
    seq, chain = (anchor.seq, anchor.chain) if anchor else (0, first_link(header_of(room)))
    entries = Entry.objects.filter(room=room)
    if seq and not entries.filter(seq=seq, chain=chain).exists():
        return _broken(room, seq)
    rows = entries.filter(seq__gt=seq).order_by("seq")
    for entry in streamed(rows):
        chain = hashlib.sha256(chain.encode() + b"\n" + entry.record.encode()).hexdigest()
        if (entry.seq, entry.chain) != (seq + 1, chain) or not _as_recorded(entry):
            return _broken(room, seq + 1)
        seq = entry.seq
    now = datetime.now(UTC)
    Anchor.objects.update_or_create(room=room, seq=seq, chain=chain, defaults={"verified": now})
    return None


def first_altered(room: str) -> tuple[int, str] | None:
    """The `seq` of the first fact, from the start of the ledger, whose columns are not as it says,
    and the chain value before it; None where all are.

    What was verified once is not looked at again by `verify`; this takes as long as the ledger is.
    """
    before = first_link(header_of(room))
    for entry in streamed(Entry.objects.filter(room=room).order_by("seq")):
        if not _as_recorded(entry):
            return entry.seq, before
        before = entry.chain
    return None


def lost_anchor(room: str) -> Anchor | None:
    """The first head that was verified and that the ledger does not lead to any more."""
    there = Entry.objects.filter(room=room, seq=OuterRef("seq"), chain=OuterRef("chain"))
    lost = Anchor.objects.filter(~Exists(there), room=room, seq__gt=0)
    return lost.order_by("seq").first()


def _as_recorded(entry: Entry) -> bool:
    """Whether the columns say what the record says: facts are found by them."""
    record = orjson.loads(entry.record)
    columns = {name: getattr(entry, name) for name in COLUMNS}
    if columns == {name: record[name] for name in PLAIN} | {
        "fact": record["id"],
        "emergency": record["data"].get("emergency"),
        "target": record["data"].get("target"),
        "recorded": parse_instant(record["recorded"]),
    }:
        return True
    # A record of an older version is found by what it means today.
    again = row(decode({**record, "chain": entry.chain}, "the database"))
    return columns == {name: getattr(again, name) for name in COLUMNS}


def _broken(room: str, seq: int) -> int:
    log.critical("the chain of room %s is broken at seq %d", room, seq)
    return seq
