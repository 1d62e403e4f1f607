"""Ledger files as frames: JSON Lines read fact by fact, Parquet lazily, a few columns of it.

Both are held to the same form: whole, in order, of one room. The chain is not looked at here:
`opendcr ledger verify` verifies.
"""

from functools import partial
from pathlib import Path

import polars as pl

from opendcr.ledger.files import LedgerFile, open_ledger
from opendcr.ledger.parquet import plainly_whole, scan_rows
from opendcr.tables.forms import LOOKED_AT, all_readable
from opendcr.tables.frame import DATA, FACTS, NEEDED, STAMPS, WITH_DOCUMENTS, Ledger, ledger_of


def read_ledger(path: Path | str) -> Ledger:
    """The ledger in a file, JSON Lines or Parquet by its content.

    Raises InputError for a file that cannot be read, LedgerError for a line, row or key that cannot
    be used: in one line that names it, what was found and what was expected. The data of facts in
    Parquet are read later, with the tables, which raise it then.
    """
    file = open_ledger(path)
    if file.unit == "row":
        rows = scan_rows(file.path)
        if plainly_whole(rows, file.path, file.header.room):
            return _lazily(file, rows)
    return _by_fact(file)


def _by_fact(file: LedgerFile) -> Ledger:
    """The ledger read fact by fact: it brings old versions up to date, and names what is wrong."""
    return ledger_of(file.header, file.records(), str(file.path), file.place)


def _lazily(file: LedgerFile, rows: pl.LazyFrame) -> Ledger:
    needed = rows.filter(pl.col("kind").is_in(NEEDED))
    held = [name for name in FACTS if name not in (*DATA, "documents")]
    facts = needed.select(*dict.fromkeys((*held, *LOOKED_AT)))
    stamps = rows.select(*STAMPS)
    return Ledger(file.header, facts, stamps, str(file.path), partial(_decoded, file))


def _decoded(file: LedgerFile, rows: pl.DataFrame) -> pl.DataFrame:
    """The facts of rows, as decoding each would give them."""
    if not all_readable(rows):
        return _by_fact(file).facts.collect()
    keys = [pl.col("data").struct.field(key) for key in DATA]
    documents = pl.when(pl.col("kind").is_in(WITH_DOCUMENTS)).then("remainder")
    return rows.with_columns(*keys, documents.alias("documents")).select(*FACTS)
