"""Whole ledgers: beginning one, taking one out, taking one in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connection, transaction

from opendcr.errors import InputError, LedgerError
from opendcr.ledger.chain import canonical, header_link, link
from opendcr.ledger.codec import Record, decode, decode_header, encode_header
from opendcr.ledger.facts import Fact, Header
from opendcr.ledger.files import LedgerFile
from opendcr.web.store.archive import records_after
from opendcr.web.store.chunks import AT_ONCE
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
    _check_sort(source)
    _must_be_empty(header.room)
    with _set_aside():
        seq = _put_aside(source)
        with transaction.atomic(), turn(header.room):
            _check_sort(source)
            _must_be_empty(header.room)
            _begin_as(source.header_record, header.room)
            _add_what_is_aside()
    return header.room, seq


def _must_be_empty(room: str) -> None:
    if Entry.objects.filter(room=room).exists():
        raise InputError(f"the room '{room}'", "facts", "an empty room to import into")


# Rows wait in a table of this connection's own, so that nobody waits while they are made.
_FIELDS = [field for field in Entry._meta.concrete_fields if not field.primary_key]
_COLUMNS = ", ".join(str(field.column) for field in _FIELDS)


@contextmanager
def _set_aside() -> Iterator[None]:
    _run(f"CREATE TEMPORARY TABLE aside AS SELECT {_COLUMNS} FROM store_entry WHERE 1 = 0")
    try:
        yield
    finally:
        _run("DROP TABLE aside")


def _put_aside(source: LedgerFile) -> int:
    """Makes a ledger's rows, and finds whether its chain holds; its last `seq`."""
    records = iter(source.records())
    seq, head = 0, header_link(source.header_record)
    places = ", ".join(["%s"] * len(_FIELDS))
    while some := list(islice(records, AT_ONCE)):
        rows = []
        for record in some:
            seq, head = _next_link(record, seq, head)
            rows.append(_columns(_kept(record)))
        with connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO aside ({_COLUMNS}) VALUES ({places})", rows)
    return seq


def _columns(entry: Entry) -> list[Any]:
    return [field.get_db_prep_save(getattr(entry, field.attname), connection) for field in _FIELDS]


def _add_what_is_aside() -> None:
    """Adds the rows; raises InputError for the first whose fact is there already."""
    try:
        with transaction.atomic():
            _run(f"INSERT INTO store_entry ({_COLUMNS}) SELECT {_COLUMNS} FROM aside ORDER BY seq")
    except IntegrityError as error:
        raise _already_there() or error from None


def _already_there() -> InputError | None:
    """Which fact's id was taken. A simulation makes the same ids from the same scenario and seed,
    and in one database an id names one fact."""
    for seq, room in _run(
        "SELECT aside.seq, held.room FROM aside JOIN store_entry held ON held.fact = aside.fact "
        "ORDER BY aside.seq LIMIT 1"
    ):
        found = f"a fact that the room '{room}' of this database holds already"
        return InputError(f"fact {seq}", found, "another seed, or another database")
    for seq, earlier in _run(
        "SELECT MAX(seq), MIN(seq) FROM aside GROUP BY fact HAVING COUNT(*) > 1 "
        "ORDER BY MAX(seq) LIMIT 1"
    ):
        return InputError(f"fact {seq}", f"the id of fact {earlier}", "an id of its own")
    return None


def _run(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


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
