"""Verification: whether a ledger is what was sealed, and where it first is not.

The chain is checked on the records as they stand. It finds every change but one: a ledger rewritten
whole, from the changed fact to its end, holds together. Only a head that was noted elsewhere tells
that. What no ledger can say is found whatever the chain: a fact that happened after it was recorded,
one recorded before the fact that it follows, two facts with one id.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from opendcr.errors import LedgerError
from opendcr.ledger.chain import header_link, link
from opendcr.ledger.codec import Record, decode, shown
from opendcr.ledger.facts import Fact
from opendcr.ledger.files import LedgerFile

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
        self.path = ledger.path
        self.seq, self.head = 0, header_link(ledger.header_record)
        self._place = ledger.place
        self.recorded: datetime | None = None
        self.closed = False
        self.ids = array("q")  # a hash of each fact's id: eight bytes a fact
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
        fact = decode(record, f"{self.path}, {self.place()}")
        self._follow_clocks(fact)
        self.ids.append(hash(fact.id))
        self.seq, self.head = fact.seq, fact.chain
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

    def _follow_clocks(self, fact: Fact) -> None:
        if self.recorded is not None and fact.recorded < self.recorded:
            raise _Broken("it says that it was recorded before the fact that it follows")
        if fact.happened > fact.recorded:
            raise _Broken("it says that it happened after it was recorded")
        self.recorded = fact.recorded

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
    return _repeated(walk, ledger) or Verdict(walk.seq, walk.head, _off_anchor(walk), walk.anchored)


def _to_the_end(walk: _Walk, ledger: LedgerFile, progress: Progress | None) -> None:
    entries = _read(ledger)
    for record in entries:
        if record.get("end") is True:
            walk.close(record)
            break
        walk.step(record)
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


def _repeated(walk: _Walk, ledger: LedgerFile) -> Verdict | None:
    """The first fact with the id of an earlier one: a correction that names it could mean either.

    Ids are told apart by their hashes; only those that share one are read again and compared.
    """
    hashes = np.sort(np.frombuffer(walk.ids, np.int64))
    shared = set(hashes[1:][hashes[1:] == hashes[:-1]].tolist())
    seen: dict[str, int] = {}
    head = walk.head
    for number, record in enumerate(ledger.entries() if shared else (), 1):
        id = str(record.get("id"))
        if hash(id) in shared and seen.setdefault(id, number) != number:
            reason = f"its id {shown(id)} is that of fact {seen[id]} too"
            return Verdict(number - 1, head, Break(ledger.place(number), reason), walk.anchored)
        head = str(record.get("chain"))
    return None


def _off_anchor(walk: _Walk) -> Break | None:
    if walk.anchor is None or walk.anchored is not None:
        return None
    return Break("the head", "no fact has the head that was noted: the ledger was rewritten or cut")
