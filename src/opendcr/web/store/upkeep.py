"""What must run by itself, harmless when repeated: checks of the chain, erasures after a restore."""

import hashlib
import logging
from datetime import UTC, datetime

from opendcr.ledger.chain import first_link
from opendcr.web.store.archive import AT_ONCE
from opendcr.web.store.erasing import apply_erasures
from opendcr.web.store.held import header_of, rooms
from opendcr.web.store.models import Anchor, Entry, Heartbeat

log = logging.getLogger("opendcr.upkeep")


def upkeep() -> None:
    """One pass over every room; then the heartbeat that readiness reports."""
    for room in rooms():
        verify(room)
    apply_erasures()
    Heartbeat.objects.update_or_create(work="upkeep", defaults={"beat": datetime.now(UTC)})


def verify(room: str) -> int | None:
    """Verifies the chain from the last anchor to the head, and anchors the head.

    Returns the `seq` of the first fact whose chain is broken, which stops the anchor where it is.
    """
    anchor = Anchor.objects.filter(room=room).order_by("-seq").first()
    seq, chain = (anchor.seq, anchor.chain) if anchor else (0, first_link(header_of(room)))
    entries = Entry.objects.filter(room=room)
    if seq and not entries.filter(seq=seq, chain=chain).exists():
        return _broken(room, seq)
    rows = entries.filter(seq__gt=seq).order_by("seq").values_list("seq", "record", "chain")
    for number, record, stated in rows.iterator(AT_ONCE):
        chain = hashlib.sha256(chain.encode() + b"\n" + record.encode()).hexdigest()
        if (number, stated) != (seq + 1, chain):
            return _broken(room, seq + 1)
        seq = number
    now = datetime.now(UTC)
    Anchor.objects.update_or_create(room=room, seq=seq, chain=chain, defaults={"verified": now})
    return None


def _broken(room: str, seq: int) -> int:
    log.critical("the chain of room %s is broken at seq %d", room, seq)
    return seq
