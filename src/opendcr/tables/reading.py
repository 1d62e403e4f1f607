"""Ledger files as frames: JSON Lines read fact by fact, Parquet lazily, a few columns of it.

Nothing is verified here beyond what the tables need; `opendcr ledger verify` verifies.
"""

from pathlib import Path

import polars as pl

from opendcr.errors import LedgerError
from opendcr.ledger.files import LedgerFile, open_ledger
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.parquet import SCHEMA
from opendcr.tables.frame import DATA, NEEDED, WITH_DOCUMENTS, Ledger, ledger_of


def read_ledger(path: Path | str) -> Ledger:
    """The ledger in a file, JSON Lines or Parquet by its content.

    Raises InputError for a file that cannot be read, LedgerError for a line, row or key that cannot
    be used: in one line that names it, what was found and what was expected.
    """
    file = open_ledger(path)
    if file.unit == "row" and _all_of_today(file):
        return _lazily(file)
    return ledger_of(file.header, file.records(), str(file.path), file.place)


def _all_of_today(file: LedgerFile) -> bool:
    """Whether no needed fact has an older version, which only decoding brings up to date."""
    today = {kind: KINDS[kind].version for kind in NEEDED}
    current = pl.col("kind").replace_strict(today, return_dtype=pl.Int64)
    others = _needed(file).filter(pl.col("version") != current)
    try:
        return bool(others.select(pl.len()).collect().item() == 0)
    except pl.exceptions.PolarsError as error:
        expected = f"columns {', '.join(SCHEMA)}"
        raise LedgerError(str(file.path), "other columns or types", expected) from error


def _lazily(file: LedgerFile) -> Ledger:
    """A reader that needs one key of the struct decodes all of it, so it is unpacked once."""
    facts = _needed(file).select(
        "seq", "id", "kind", "visit", "person", "happened", "recorded",
        *(pl.col("data").struct.field(key) for key in DATA),
        pl.when(pl.col("kind").is_in(WITH_DOCUMENTS)).then("remainder").alias("documents"),
    )  # fmt: skip
    stamps = pl.scan_parquet(file.path).select("seq", "recorded", "chain")
    return Ledger(file.header, facts, stamps, str(file.path))


def _needed(file: LedgerFile) -> pl.LazyFrame:
    return pl.scan_parquet(file.path).filter(pl.col("kind").is_in(NEEDED))
