"""The forms of facts in Parquet: why a few of millions are decoded, and all are held to the same.

Whether a fact can be read depends on its kind, on the keys of its data and on what each looks like;
not on which place, moment or number it names. So facts that differ in these alone are of one form.
A ledger has few forms, and one fact of each is decoded as it would be from JSON Lines.
"""

from typing import Any

import polars as pl

from opendcr.errors import LedgerError
from opendcr.ledger.codec import current_data
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.parquet import DATA_KEYS, whole_data

LOOKED_AT = ("kind", "version", "data", "remainder")

_IDENTS = ("place", "emergency", "other", "target")
_IDENT = "^[A-Za-z0-9._:-]{1,64}$"
_ENDS = r"([,}\]])"  # behind a value, never behind a key
_DAY = "(?:(?:0[13578]|1[02])-31|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[1-9]|1[0-2])-(?:[01][1-9]|10|2[0-8]))"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
_MOMENT = f'"20[0-9]{{2}}-{_DAY}T{_TIME}"{_ENDS}'
_NUMBER = f":-?(?:0|[1-9][0-9]{{0,14}}){_ENDS}"


def all_readable(rows: pl.DataFrame) -> bool:
    """Whether every row holds data of today's version that decodes; of known kinds, in the columns
    LOOKED_AT."""
    return all(map(_readable, _one_of_each(rows).rows(named=True)))


def _one_of_each(rows: pl.DataFrame) -> pl.DataFrame:
    looked = rows.select(*LOOKED_AT, _looks().alias("looks"))
    alike = looked.unique(["kind", "version", "looks", "remainder"])
    form = alike.with_columns(_without_values().alias("form"))
    return form.unique(["kind", "version", "looks", "form"])


def _looks() -> pl.Expr:
    """A number that says of each column of the data whether it is there, and looks as it should."""
    column = pl.col("data").struct.field
    answers = [
        *(column(key).is_null() for key in DATA_KEYS),
        *(column(key).str.contains(_IDENT) for key in _IDENTS),
        column("substances").list.contains(None),
    ]
    return pl.sum_horizontal(
        answer.fill_null(False).cast(pl.UInt32) * 2**place for place, answer in enumerate(answers)
    )


def _without_values() -> pl.Expr:
    """The JSON text with one moment for all moments, and one number for all whole numbers."""
    text = pl.col("remainder").str.replace_all(_MOMENT, '"moment"$1')
    return text.str.replace_all(_NUMBER, ":0$1")


def _readable(row: dict[str, Any]) -> bool:
    kind = KINDS[row["kind"]]
    columns = {key: value for key, value in row["data"].items() if value is not None}
    try:
        current_data(whole_data(columns, row["remainder"], ""), row["version"], kind, "")
    except LedgerError:
        return False
    return bool(row["version"] == kind.version)
