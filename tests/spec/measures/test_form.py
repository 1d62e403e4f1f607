"""Measuring holds a Parquet ledger to the form of JSON Lines, and believes nothing of its footer."""

from datetime import date

import polars as pl
import pytest

from opendcr.errors import LedgerError
from opendcr.ledger.files import LedgerWriter, open_ledger
from opendcr.ledger.verify import verify
from opendcr.measures import measured
from opendcr.tables import read_ledger
from tests.spec.measures.drawn import GLASGOW, drawn

A_WEEK = drawn(
    "happened | kind | visit | person | data\n"
    + "\n".join(f"2025-02-0{day} 10:00 | Arrived | v-{day} | p-ann |" for day in range(1, 8))
)


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "whole.parquet"
    with LedgerWriter(path, GLASGOW) as ledger:
        ledger.write(A_WEEK)
    return path


def metadata_of(path):
    kept = pl.read_parquet_metadata(path)
    return {key: kept[key] for key in ("opendcr", "opendcr.end")}


def accessed(path):
    return measured([read_ledger(path)], ["times_accessed"]).rooms[0].rows[0].numerator


def third(column, value):
    return lambda rows: rows.with_columns(
        pl.when(pl.col("seq") == 3).then(value).otherwise(pl.col(column)).alias(column)
    )


FORMS = {
    "two rooms": (third("room", pl.lit("calton")), r"row 3, room: found 'calton'"),
    "a row missing": (lambda rows: rows.filter(pl.col("seq") != 3), "row 3, seq: found 4"),
    "a row twice": (lambda rows: pl.concat([rows[:3], rows[2:]]), "row 4, seq: found 3"),
    "two rows swapped": (lambda rows: rows.select(pl.all().gather([0, 2, 1, 3, 4, 5, 6])), "row 2"),
    "the last rows cut": (lambda rows: rows[:5], "the end line of 7 facts"),
    "a kind missing": (third("kind", None), "row 3, kind: found null"),
    "a kind that is none": (third("kind", pl.lit("Sat")), "row 3, kind: found 'Sat'"),
    "a remainder that is no JSON": (
        third("remainder", pl.lit("{oops")),
        "row 3, remainder: found no JSON",
    ),
    "a remainder with a key twice": (
        third("remainder", pl.lit('{"needs":[],"needs":[]}')),
        "row 3, remainder: found a key that stands twice",
    ),
    "a value of another type": (
        third("remainder", pl.lit('{"target":["f-1"]}')),
        "row 3, data.target: found a JSON list",
    ),
    "a moment that cannot be": (
        third("remainder", pl.lit('{"review":"2025-02-30T10:00:00.000Z"}')),
        "row 3, data.review: found a text of 24 characters",
    ),
    "an id missing": (third("id", None), "fact 3, id: found null"),
    "an author missing": (third("author", None), "row 3, author: found null"),
    "a column missing": (lambda rows: rows.drop("author"), "column 'author'"),
    "microseconds": (
        lambda rows: rows.with_columns(pl.col("happened").cast(pl.Datetime("us", "UTC"))),
        "expected column 'happened' of type Datetime",
    ),
    "no zone": (
        lambda rows: rows.with_columns(pl.col("happened").dt.replace_time_zone(None)),
        "expected column 'happened' of type Datetime",
    ),
    "seq as text": (
        lambda rows: rows.with_columns(pl.col("seq").cast(pl.String)),
        "expected column 'seq' of type Int64",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_parquet_ledger_of_another_form_is_refused_in_one_line(form, whole, tmp_path):
    change, said = FORMS[form]
    other = tmp_path / "other.parquet"
    change(pl.read_parquet(whole)).write_parquet(other, metadata=metadata_of(whole))
    with pytest.raises(LedgerError, match=said):
        measured([read_ledger(other)])


def test_a_head_that_is_missing_is_refused(whole, tmp_path):
    other = tmp_path / "other.parquet"
    rows = third("chain", None)(pl.read_parquet(whole))
    rows.write_parquet(other, metadata=metadata_of(whole))
    with pytest.raises(LedgerError, match="fact 3, chain: found null"):
        measured([read_ledger(other)], as_at=date(2025, 2, 3))


def test_a_parquet_ledger_without_its_end_is_refused(whole, tmp_path):
    other, header = tmp_path / "other.parquet", {"opendcr": metadata_of(whole)["opendcr"]}
    pl.read_parquet(whole).write_parquet(other, metadata=header)
    with pytest.raises(LedgerError, match="no end line"):
        read_ledger(other)


def test_a_cut_file_that_kept_its_end_line_is_refused(tmp_path):
    path = tmp_path / "cut.jsonl"
    with LedgerWriter(path, GLASGOW) as ledger:
        ledger.write(A_WEEK)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:5], lines[-1]]))
    with pytest.raises(LedgerError, match="line 6: found the end line of 7 facts"):
        read_ledger(path)


def footer_of(raw):
    length = int.from_bytes(raw[-8:-4], "little")
    return raw[: -8 - length], raw[-8 - length : -8], raw[-8:]


def test_statistics_in_the_footer_hide_no_row(whole):
    rows, footer, tail = footer_of(whole.read_bytes())
    least_and_greatest = footer.count(b"Arrived")
    assert least_and_greatest
    whole.write_bytes(rows + footer.replace(b"Arrived", b"~~~~~~~") + tail)
    assert verify(open_ledger(whole)).holds
    assert accessed(whole) == 7


def test_rows_beyond_the_footers_count_are_not_measured(whole, tmp_path):
    """The attack: more rows than verification reads, since the footer tells it of fewer."""
    more = tmp_path / "more.parquet"
    rows = pl.read_parquet(whole)
    pl.concat([rows, rows]).write_parquet(more, metadata=metadata_of(whole), row_group_size=7)
    before, footer, tail = footer_of(more.read_bytes())
    count = b"\x16\x1c\x19"  # of all rows: 14, as Thrift writes it, before the list of row groups
    assert footer.count(count) == 1
    more.write_bytes(before + footer.replace(count, b"\x16\x0e\x19") + tail)
    assert not verify(open_ledger(more)).holds
    with pytest.raises(LedgerError, match="found 14 rows; expected 7, as its footer says"):
        read_ledger(more)
