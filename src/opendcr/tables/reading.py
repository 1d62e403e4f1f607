"""Ledger files as frames: JSON Lines read fact by fact, Parquet lazily, a few columns of it.

Both are held to the same form: whole, in order, of one room. The chain is not looked at here:
`opendcr ledger verify` verifies.
"""

from pathlib import Path

import polars as pl

from opendcr.ledger.files import LedgerFile, open_ledger
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.parquet import plainly_whole, scan_rows
from opendcr.tables.frame import DATA, NEEDED, STAMPS, WITH_DOCUMENTS, Ledger, ledger_of

_NEEDED = pl.col("kind").is_in(NEEDED)


def read_ledger(path: Path | str) -> Ledger:
    """The ledger in a file, JSON Lines or Parquet by its content.

    Raises InputError for a file that cannot be read, LedgerError for a line, row or key that cannot
    be used: in one line that names it, what was found and what was expected.
    """
    file = open_ledger(path)
    if file.unit == "row":
        rows = scan_rows(file.path)
        if plainly_whole(rows, file.path, file.header.room) and _usable(rows):
            return _lazily(file, rows)
    # Fact by fact: it brings old versions up to date, and names what is wrong.
    return ledger_of(file.header, file.records(), str(file.path), file.place)


def _usable(rows: pl.LazyFrame) -> bool:
    """Whether no needed fact is of an older version, which only decoding brings up to date."""
    today = {kind: KINDS[kind].version for kind in NEEDED}
    current = pl.col("kind").replace_strict(today, return_dtype=pl.Int64)
    others = rows.filter(_NEEDED).filter(pl.col("version") != current)
    return bool(others.select(pl.len()).collect().item() == 0)


def _lazily(file: LedgerFile, rows: pl.LazyFrame) -> Ledger:
    """A reader that needs one key of the struct decodes all of it, so it is unpacked once."""
    facts = rows.filter(_NEEDED).select(
        "seq", "id", "kind", "visit", "person", "happened", "recorded",
        *(pl.col("data").struct.field(key) for key in DATA),
        pl.when(pl.col("kind").is_in(WITH_DOCUMENTS)).then("remainder").alias("documents"),
    )  # fmt: skip
    stamps = rows.select(*STAMPS)
    return Ledger(file.header, facts, stamps, str(file.path))
