"""Ledger files, whatever their format: written whole or not at all, read as a stream.

The format is JSON Lines or Parquet: told by the name's suffix in writing, by content in reading.
"""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from opendcr.errors import InputError, LedgerError
from opendcr.ledger.chain import header_link
from opendcr.ledger.codec import (
    Record,
    check_envelope,
    decode,
    decode_header,
    encode,
    encode_header,
    shown,
)
from opendcr.ledger.facts import Fact, Header
from opendcr.ledger.jsonlines import JsonLinesSink, read_lines
from opendcr.ledger.parquet import ParquetSink, read_rows
from opendcr.ledger.shapes import Json


class _Sink(Protocol):
    def add(self, records: Iterable[Record]) -> None: ...
    def finish(self, end: Record) -> None: ...
    def drop(self) -> None: ...


_SINKS: Mapping[str, Callable[[Path, Record], _Sink]] = {
    ".jsonl": JsonLinesSink,
    ".parquet": ParquetSink,
}


class LedgerWriter:
    """Writes one room's sealed facts, in `seq` order from 1, into a ledger file.

    with LedgerWriter(path, header) as ledger:
        ledger.write(facts)  # as often as facts come

    The file appears under its name when the block ends; when it fails, nothing is left. `header`
    is a Header, or a record of one to be kept as it stands. Raises InputError where the path
    cannot be written or has another suffix than .jsonl and .parquet, LedgerError for a fact of
    another room or out of order.
    """

    def __init__(self, path: Path | str, header: Header | Record) -> None:
        self.path = Path(path)
        self._header = encode_header(header) if isinstance(header, Header) else header
        self.seq, self.head = 0, header_link(self._header)
        sink = _SINKS.get(self.path.suffix.lower())
        if sink is None:
            found = f"the suffix '{self.path.suffix}'"
            raise InputError(str(self.path), found, " or ".join(_SINKS))
        self._sink_type = sink
        self._unfinished = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")

    def __enter__(self) -> Self:
        try:
            self._sink = self._sink_type(self._unfinished, self._header)
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def write(self, facts: Iterable[Fact]) -> None:
        """Add sealed facts."""
        self._add(encode(fact) for fact in facts)

    def write_records(self, records: Iterable[Record]) -> None:
        """Add records as they stand, once their envelope is checked."""
        self._add(check_envelope(record, f"{self.path}, fact {self.seq + 1}") for record in records)

    def _add(self, records: Iterable[Record]) -> None:
        try:
            self._sink.add(self._followed(records))
        except OSError as error:
            raise self._unwritable(error) from error

    def _followed(self, records: Iterable[Record]) -> Iterator[Record]:
        room = self._header["room"]
        for record in records:
            where = f"{self.path}, fact {self.seq + 1}"
            if record["room"] != room:
                raise LedgerError(f"{where}, room", shown(record["room"]), f"'{room}': one a file")
            if record["seq"] != self.seq + 1 or not record["chain"]:
                raise LedgerError(f"{where}, seq", shown(record["seq"]), "sealed facts in order")
            self.seq, self.head = record["seq"], record["chain"]
            yield record

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        except OSError as failure:
            raise self._unwritable(failure) from failure
        finally:
            self._sink.drop()
            self._unfinished.unlink(missing_ok=True)

    def _finish(self) -> None:
        self._sink.finish({"end": True, "seq": self.seq, "chain": self.head})
        with self._unfinished.open("rb") as file:
            os.fsync(file.fileno())
        self._unfinished.replace(self.path)

    def _unwritable(self, error: OSError) -> InputError:
        found = error.strerror or str(error).partition("\n")[0]  # Polars gives a sentence
        return InputError(str(self.path), found, "a path to write the ledger to")


@dataclass(frozen=True)
class LedgerFile:
    """A ledger file, opened: its header, and its facts as often as they are asked for.

    `unit` is what its facts stand on, for messages: a line or a row.
    """

    path: Path
    header: Header
    header_record: Record
    unit: str

    def entries(self) -> Iterator[Record]:
        """What stands after the header, unchecked but for being JSON objects: facts, end line."""
        entries = _stream(self.path)
        next(entries)
        return entries

    def place(self, number: int) -> str:
        """Where the entry with this number (from 1) stands."""
        return f"{self.unit} {number + (self.unit == 'line')}"

    def records(self) -> Iterator[Record]:
        """The records in order. Raises LedgerError for a foreign, misplaced or missing line, and for
        an end line that is not the last fact's."""
        last, entries = 0, self.entries()
        head: Json = header_link(self.header_record)
        for number, record in enumerate(entries, 1):
            where = f"{self.path}, {self.place(number)}"
            if record.get("end") is True:
                self._its_end(record, {"end": True, "seq": last, "chain": head}, where)
                self._nothing_after(entries, f"{self.path}, {self.place(number + 1)}")
                return
            if record.get("room") != self.header.room:
                found = shown(record.get("room"))
                raise LedgerError(f"{where}, room", found, f"'{self.header.room}': one a file")
            if record.get("seq") != number:
                raise LedgerError(f"{where}, seq", shown(record.get("seq")), str(number))
            last, head = number, record.get("chain")
            yield record
        where = f"{self.path}, {self.place(last + 1)}"
        raise LedgerError(where, "no end line: the file is cut", '{"end":true,…}')

    def facts(self) -> Iterator[Fact]:
        """The facts in order, decoded. Raises LedgerError, naming place and key."""
        for number, record in enumerate(self.records(), 1):
            yield decode(record, f"{self.path}, {self.place(number)}")

    @staticmethod
    def _its_end(end: Record, expected: Record, where: str) -> None:
        if end != expected:
            found = f"the end line of {shown(end.get('seq'))} facts, or of another ledger"
            raise LedgerError(where, found, f"that of the {expected['seq']} facts before it")

    @staticmethod
    def _nothing_after(entries: Iterator[Record], where: str) -> None:
        if next(entries, None) is not None:
            raise LedgerError(where, "a line after the end line", "nothing")


def open_ledger(path: Path | str) -> LedgerFile:
    """The ledger in a file. Its header is read and checked, its chain is not.

    Raises InputError where the file cannot be read, LedgerError where it is no ledger.
    """
    path = Path(path)
    first = next(_stream(path), None)
    if first is None:
        raise LedgerError(str(path), "an empty file", 'a header: {"opendcr":"ledger",…}')
    unit = "row" if _is_parquet(path) else "line"
    return LedgerFile(path, decode_header(first, f"{path}, header"), first, unit)


def _stream(path: Path) -> Iterator[Record]:
    return read_rows(path) if _is_parquet(path) else _readable_lines(path)


def _readable_lines(path: Path) -> Iterator[Record]:
    try:
        yield from read_lines(path)
    except OSError as error:
        raise _unreadable(path, error) from error


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> InputError:
    found = error.strerror or "a file that cannot be read"
    return InputError(str(path), found, "a ledger file: JSON Lines or Parquet")
