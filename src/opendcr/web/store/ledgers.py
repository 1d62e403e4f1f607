"""Whole ledgers: beginning one, taking one out, taking one in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.db import IntegrityError, transaction

from opendcr.errors import InputError, LedgerError
from opendcr.ledger.chain import canonical, header_link, link
from opendcr.ledger.codec import Record, decode, decode_header, encode_header
from opendcr.ledger.facts import Fact, Header
from opendcr.ledger.files import LedgerFile
from opendcr.web.store.archive import AT_ONCE, records_after
from opendcr.web.store.held import header_of, rooms
from opendcr.web.store.models import Entry, Ledger
from opendcr.web.store.write import row, turn


@dataclass(frozen=True)
class StoredLedger(LedgerFile):
    """A room's ledger in the database, read as a file is: whoever reads it finds what is wrong."""

    def entries(self) -> Iterator[Record]:
        seq, chain = 0, header_link(self.header_record)
        for record in records_after(self.header.room, 0):
            yield record
            seq, chain = record.get("seq", seq), record["chain"]
        yield {"end": True, "seq": seq, "chain": chain}


def open_stored(room: str) -> StoredLedger:
    """The ledger of a room; raises InputError where there is none."""
    header = header_of(room)
    return StoredLedger(Path("the database"), header, encode_header(header), "fact")


def begin(header: Header) -> None:
    """Begins the ledger of a room that has none; does nothing where the same one stands."""
    _begin_as(encode_header(header), header.room)


def check_origin(training: bool) -> None:
    """Raises InputError where the database holds rooms of the other sort.

    A training room's people are invented: nothing may bring them among recorded ones.
    """
    room = _of_the_other_sort(simulated=training)
    if room is not None and training:
        found = f"the recorded room '{room}'"
        raise InputError("--database", found, "a database for training alone, or no --demo")
    if room is not None:
        found = f"the simulated room '{room}'"
        raise InputError("--database", found, "a database of recorded rooms, or --demo")


def _check_sort(source: LedgerFile) -> None:
    """Raises InputError for a ledger of the other sort than the database's rooms: it would be
    served as neither, and nothing could take the ledger out again."""
    simulated = source.header.origin.kind == "simulated"
    room = _of_the_other_sort(simulated)
    if room is not None:
        mine, theirs = ("simulated", "recorded") if simulated else ("recorded", "simulated")
        found = f"a {mine} room's ledger, beside the {theirs} room '{room}' of this database"
        raise InputError(str(source.path), found, f"an empty database, or one of {mine} rooms")


def _of_the_other_sort(simulated: bool) -> str | None:
    """A room that is recorded where `simulated`, and simulated where not; None without one."""
    kinds = {room: header_of(room).origin.kind for room in rooms()}
    return next((room for room, kind in kinds.items() if (kind == "simulated") != simulated), None)


def import_from(source: LedgerFile) -> tuple[str, int]:
    """Takes a ledger into an empty room, keeping ids, `seq` and chain; the room and its last `seq`.

    Raises InputError for a ledger that does not belong here, LedgerError at the first record that
    breaks the chain, and keeps nothing then.
    """
    header = decode_header(source.header_record, "the header")
    records = iter(source.records())
    seq, head = 0, header_link(source.header_record)
    with transaction.atomic(), turn(header.room):
        _check_sort(source)
        if Entry.objects.filter(room=header.room).exists():
            raise InputError(f"the room '{header.room}'", "facts", "an empty room to import into")
        _begin_as(source.header_record, header.room)
        while some := list(islice(records, AT_ONCE)):
            entries = []
            for record in some:
                seq, head = _next_link(record, seq, head)
                entries.append(_kept(record))
            _add(entries)
    return header.room, seq


def _add(entries: Sequence[Entry]) -> None:
    """Adds rows; raises InputError for the first whose fact is there already."""
    try:
        with transaction.atomic():
            Entry.objects.bulk_create(entries)
    except IntegrityError as error:
        raise _already_there(entries) or error from None


def _already_there(entries: Sequence[Entry]) -> InputError | None:
    """Which fact's id was taken. A simulation makes the same ids from the same scenario and seed,
    and in one database an id names one fact."""
    seen: dict[str, int] = {}
    for entry in entries:
        held = Entry.objects.filter(fact=entry.fact).first()
        if held is not None and held.room != entry.room:
            found = f"a fact that the room '{held.room}' of this database holds already"
            return InputError(f"fact {entry.seq}", found, "another seed, or another database")
        earlier = held.seq if held is not None else seen.get(entry.fact)
        if earlier is not None:
            return InputError(f"fact {entry.seq}", f"the id of fact {earlier}", "an id of its own")
        seen[entry.fact] = entry.seq
    return None


def _begin_as(record: Record, room: str) -> None:
    """Begins a ledger under a header kept as it stands: it is what the chain begins with."""
    text = canonical(record).decode()
    held, _ = Ledger.objects.get_or_create(room=room, defaults={"header": text})
    if held.header != text:
        raise InputError(
            f"the room '{room}'", "the header of another ledger", "a room without a ledger"
        )


def _next_link(record: Record, seq: int, head: str) -> tuple[int, str]:
    expected = link(head, record)
    if record["seq"] != seq + 1 or record["chain"] != expected:
        raise LedgerError(f"fact {seq + 1}", "a broken chain", "a ledger that `verify` accepts")
    return record["seq"], expected


def _kept(record: Record) -> Entry:
    """The row of a record from elsewhere: its own text, and the columns of what it means."""
    fact: Fact = decode(record, f"fact {record['seq']}")
    entry = row(fact)
    entry.record = canonical({k: v for k, v in record.items() if k != "chain"}).decode()
    entry.chain = record["chain"]
    return entry
