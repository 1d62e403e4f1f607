"""Ledger files as frames: JSON Lines read line by line, Parquet read lazily, a few columns of it.

Nothing is verified here beyond what the tables need; `opendcr ledger verify` verifies.
"""

from collections.abc import Iterator
from pathlib import Path

import orjson
import polars as pl

from opendcr.errors import InputError, LedgerError
from opendcr.ledger.codec import Record, decode_header
from opendcr.ledger.kinds import KINDS
from opendcr.tables.frame import DATA, DOCUMENTS, FACTS, MOMENT, NEEDED, Ledger, ledger_of

METADATA_KEY = "opendcr"


def read_ledger(path: Path) -> Ledger:
    """The ledger in a file, JSON Lines or Parquet by its content.

    Raises InputError for a file that cannot be read, LedgerError for a line or key that cannot be
    used: in one line that names it, what was found and what was expected.
    """
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
    except OSError as error:
        found = error.strerror or "a file that cannot be read"
        raise InputError(str(path), found, "a ledger file") from error
    return _parquet(path) if parquet else _json_lines(path)


def _json_lines(path: Path) -> Ledger:
    lines = _lines(path)
    number, first = next(lines, (1, None))
    header = decode_header(first, f"{path}, line {number}")
    return ledger_of(header, _facts(lines, header.room, path), str(path))


def _facts(lines: Iterator[tuple[int, Record]], room: str, path: Path) -> Iterator[Record]:
    for number, record in lines:
        if record.get("end") is True:
            return
        kind = record.get("kind")
        if kind not in KINDS:
            raise LedgerError(f"{path}, line {number}, kind", _shown(kind), "a kind of fact")
        if record.get("room") != room:
            found = _shown(record.get("room"))
            raise LedgerError(f"{path}, line {number}, room", found, f"'{room}', the ledger's room")
        yield record


def _lines(path: Path) -> Iterator[tuple[int, Record]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                found = f"no JSON ({error.msg})"
                raise LedgerError(f"{path}, line {number}", found, "a JSON object") from error
            if not isinstance(record, dict):
                raise LedgerError(f"{path}, line {number}", "other JSON", "a JSON object")
            yield number, record


def _shown(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) and len(value) <= 64 else "no name"


def _parquet(path: Path) -> Ledger:
    """The header is the file's metadata; of the facts, only the needed columns are read."""
    try:
        metadata = pl.read_parquet_metadata(path)
        scan = pl.scan_parquet(path)
        columns = scan.collect_schema()
    except pl.exceptions.PolarsError as error:
        raise LedgerError(str(path), "Parquet that cannot be read", "a ledger") from error
    if METADATA_KEY not in metadata or "data" not in columns:
        raise LedgerError(str(path), "Parquet without a ledger's header", "a ledger")
    header = decode_header(orjson.loads(metadata[METADATA_KEY]), f"{path}, header")
    needed = scan.filter(pl.col("kind").is_in(NEEDED))
    return Ledger(
        header,
        needed.select(_column(name, columns["data"]) for name in FACTS),
        scan.select("seq", pl.col("recorded").cast(MOMENT), "chain"),
        str(path),
    )


def _column(name: str, data: pl.DataType) -> pl.Expr:
    if name not in (*DATA, *DOCUMENTS):
        return pl.col(name).cast(FACTS[name])
    known = isinstance(data, pl.Struct) and name in {field.name for field in data.fields}
    value = pl.col("data").struct.field(name) if known else pl.lit(None)
    return value.cast(FACTS[name]).alias(name)
