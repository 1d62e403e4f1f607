"""Verification: whether a ledger is what was sealed, and where it first is not.

The chain is checked on the records as they stand, before anything is decoded, so that it can be
checked on facts of a newer version. It finds every change but one: a ledger rewritten whole, from
the changed fact to its end, holds together. Only a head that was noted elsewhere tells that.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from opendcr.errors import LedgerError
from opendcr.ledger.chain import header_link, link
from opendcr.ledger.codec import Record, decode, shown
from opendcr.ledger.files import LedgerFile
from opendcr.ledger.shapes import Json, parse_instant

SLICE = 10_000  # facts between two reports of progress

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Break:
    """The first broken place, such as `line 5`, and why it is broken."""

    place: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """What verification found: how many facts hold, the head that they lead to, the first break.

    `anchored` is the number of the fact whose chain value is the head noted elsewhere (0: the
    header's); None where no head was given or none is the same.
    """

    facts: int
    head: str
    broken: Break | None = None
    anchored: int | None = None

    @property
    def holds(self) -> bool:
        return self.broken is None


class _Broken(Exception):
    """Ends the walk at the first broken record."""


class _Walk:
    """The walk along a chain: what has held so far."""

    def __init__(self, ledger: LedgerFile, anchor: str | None) -> None:
        self.room, self.origin = ledger.header.room, ledger.header.origin.kind
        self.seq, self.head = 0, header_link(ledger.header_record)
        self._place = ledger.place
        self.recorded, self.closed = "", False
        self.anchor = anchor
        self.anchored = 0 if anchor == self.head else None

    def place(self) -> str:
        """Where the entry stands that comes after what has held."""
        return self._place(self.seq + 1 + self.closed)

    def step(self, record: Record) -> None:
        """One fact further; raises _Broken with the reason where it does not follow."""
        if record.get("chain") != self._value(record) or record.get("seq") != self.seq + 1:
            raise _Broken(self._why(record))
        if record.get("room") != self.room:
            raise _Broken(f"a fact of another room, {shown(record.get('room'))}")
        self._follow_clock(record.get("recorded"))
        self.seq, self.head = record["seq"], record["chain"]
        if self.head == self.anchor:
            self.anchored = self.seq

    def _value(self, record: Record) -> str:
        try:
            return link(self.head, record)
        except (ValueError, RecursionError) as error:  # an integer over 2**53, endless nesting
            raise _Broken("a value that has no canonical form") from error

    def _why(self, record: Record) -> str:
        seq, following = record.get("seq"), self.seq + 1
        if record.get("room") != self.room:
            return f"a fact of another room, {shown(record.get('room'))}"
        if type(seq) is not int:
            return f"no fact: its seq is {shown(seq)}"
        if seq > following:
            return f"fact {following} is missing: removed, or moved; this is fact {seq}"
        if seq < following:
            return f"fact {seq} stands a second time, or was moved; fact {following} should follow"
        if seq == 1:
            return (
                "the chain does not follow from the header: the header was changed (its room, "
                f"time zone or origin, which is '{self.origin}'), or this fact was"
            )
        return f"fact {seq} was changed: its chain value does not follow from fact {self.seq}'s"

    def _follow_clock(self, recorded: Json) -> None:
        if not isinstance(recorded, str):
            raise _Broken("no time of recording")
        # Times in the usual form compare as text, which is faster.
        if not (len(recorded) == len(self.recorded) == 24 and recorded >= self.recorded):
            before, now = parse_instant(self.recorded), parse_instant(recorded)
            if now is None or (before is not None and now < before):
                raise _Broken("it says that it was recorded before the fact that it follows")
        self.recorded = recorded

    def close(self, end: Record) -> None:
        """The end line; raises _Broken where it is not that of the facts before it."""
        if end != {"end": True, "seq": self.seq, "chain": self.head}:
            raise _Broken(f"the end line does not fit: {self.seq} facts lead to {self.head}")
        self.closed = True


def verify(
    ledger: LedgerFile, anchor: str | None = None, progress: Progress | None = None
) -> Verdict:
    """Verify a ledger file, against a head noted elsewhere if there is one.

    `anchor` may be the head of an earlier day: what follows it is then held by the chain alone.
    `progress` hears from time to time how many facts hold. Raises LedgerError for a fact that
    follows in its chain and cannot be read all the same, and for a header that has no hash.
    """
    walk = _Walk(ledger, anchor)
    try:
        _to_the_end(walk, ledger, progress)
    except _Broken as broken:
        return Verdict(walk.seq, walk.head, Break(walk.place(), str(broken)), walk.anchored)
    return Verdict(walk.seq, walk.head, _off_anchor(walk), walk.anchored)


def _to_the_end(walk: _Walk, ledger: LedgerFile, progress: Progress | None) -> None:
    entries = _read(ledger)
    for record in entries:
        if record.get("end") is True:
            walk.close(record)
            break
        walk.step(record)
        decode(record, f"{ledger.path}, {ledger.place(walk.seq)}")
        if progress and walk.seq % SLICE == 0:
            progress(walk.seq)
    else:
        raise _Broken("the end line is missing: the ledger was cut")
    if next(entries, None) is not None:
        raise _Broken("something stands after the end line")


def _read(ledger: LedgerFile) -> Iterator[Record]:
    try:
        yield from ledger.entries()
    except LedgerError as error:
        raise _Broken(f"{error.found} instead of {error.expected}") from error


def _off_anchor(walk: _Walk) -> Break | None:
    if walk.anchor is None or walk.anchored is not None:
        return None
    return Break("the head", "no fact has the head that was noted: the ledger was rewritten or cut")
