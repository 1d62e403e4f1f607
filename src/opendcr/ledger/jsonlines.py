"""Ledger files in JSON Lines: a header, one fact a line in `seq` order, an end line.

    {"opendcr":"ledger","version":1,"room":"glasgow","timezone":"Europe/London","origin":{…}}
    {"id":"…","kind":"Arrived", … ,"seq":1,"chain":"9f2c…"}
    {"end":true,"seq":1,"chain":"9f2c…"}

The end line tells a whole file from one that was cut where a line ends.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import orjson

from opendcr.errors import LedgerError
from opendcr.ledger.codec import Record
from opendcr.ledger.shapes import Json

BUFFER = 1 << 20  # bytes written at once


class JsonLinesSink:
    """Writes records as they come; `finish` adds the end line."""

    def __init__(self, path: Path, header: Record) -> None:
        self._file = path.open("wb", buffering=BUFFER)
        self._file.write(orjson.dumps(header) + b"\n")

    def add(self, records: Iterable[Record]) -> None:
        self._file.writelines(orjson.dumps(record) + b"\n" for record in records)

    def finish(self, end: Record) -> None:
        self._file.write(orjson.dumps(end) + b"\n")
        self._file.close()

    def drop(self) -> None:
        with suppress(OSError):  # on a full disk, closing tries to write once more
            self._file.close()


def read_lines(path: Path) -> Iterator[Record]:
    """Every line of the file as a JSON object, header and end line included.

    Raises LedgerError, naming the line, where one is not a JSON object or holds a key twice.
    """
    with path.open("rb", buffering=BUFFER) as file:
        for number, line in enumerate(file, 1):
            yield _object(line, f"{path}, line {number}")


def _object(line: bytes, where: str) -> Record:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        found = f"no JSON ({error.msg.split(':')[0]}, at character {error.colno})"
        raise LedgerError(where, found, "a JSON object") from error
    if not isinstance(record, dict):
        raise LedgerError(where, "JSON that is no object", "a JSON object")
    # A line that reads back as it stands holds no key twice; only other lines are looked into.
    if _written(record, where) != line.rstrip(b"\r\n"):
        refuse_repeated_keys(line, where)
    return record


def _written(record: Record, where: str) -> bytes:
    """The line of a record; a writer nests less deep than a reader, and no fact comes near."""
    try:
        return orjson.dumps(record)
    except orjson.JSONEncodeError as error:
        raise LedgerError(where, "JSON nested too deep", "no more than 250 levels") from error


def refuse_repeated_keys(line: bytes, where: str) -> None:
    """Of a key that stands twice, some readers take the first value and some the last."""

    def once(pairs: list[tuple[str, Json]]) -> None:
        if len(pairs) != len({key for key, _ in pairs}):
            raise LedgerError(where, "a key that stands twice", "each key once")

    json.loads(line, object_pairs_hook=once)
