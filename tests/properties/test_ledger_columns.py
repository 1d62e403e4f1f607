"""A Parquet ledger's columns, which measures read, say nothing that verification does not see."""

import tempfile
from datetime import timedelta
from pathlib import Path

import orjson
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from opendcr.errors import LedgerError
from opendcr.ledger.codec import ENVELOPE, encode
from opendcr.ledger.files import LedgerWriter, open_ledger
from opendcr.ledger.parquet import DATA_KEYS, MOMENT, SCHEMA
from opendcr.ledger.verify import verify
from opendcr.tables import CONTRACTS, Tables, read_ledger, tables_of
from tests.properties.test_tables import LONDON, histories

HIDEABLE = (*(key for key in ENVELOPE if key != "data"), *DATA_KEYS)
TEXTS = ("v-1", "v-2", "p-1", "Seated", "EmergencyStarted", "booth-1", "e-1", "man", "f-1", "")
MORE_JSON = ("{}", "[]", "{", '{"place":"booth-1"}', '{"place":7}', '{"x":1}', '{"x":1,"x":2}',
             '{"changes":{"visit":"v-1"}}', '{ "x":1}', "[" * 300 + "]" * 300)  # fmt: skip


@given(histories(most=8), st.data())
def test_any_cell_that_is_changed_is_found_or_changes_no_table(facts, data):
    def change(row):
        column = data.draw(st.sampled_from(list(SCHEMA)))
        row[column] = data.draw(_others(column, row[column]))

    _found_or_the_same(facts, data, change)


@given(histories(most=8), st.data())
def test_the_truth_beside_a_changed_column_does_not_hide_the_change(facts, data):
    """The attack: the column lies, and the JSON text beside it gives verification the truth."""

    def change(row):
        key = data.draw(st.sampled_from(HIDEABLE))
        place, beside = (row, "stored") if key in ENVELOPE else (row["data"], "remainder")
        truth = place[key].isoformat() if SCHEMA.get(key) == MOMENT else place[key]
        place[key] = data.draw(_others(key, place[key]))
        given = _object(row[beside]) | {key: truth}
        row[beside] = orjson.dumps(given).decode()

    _found_or_the_same(facts, data, change)


def _object(text):
    return orjson.loads(text) if text else {}


def _others(column, value):
    if SCHEMA.get(column) == MOMENT:
        return st.sampled_from((-40, -1, 1, 40)).map(lambda days: value + timedelta(days=days))
    if SCHEMA.get(column) == pl.Int64():
        return st.integers(0, 9)
    if column == "data":
        return st.sampled_from(list(DATA_KEYS)).flatmap(
            lambda key: _others(key, value[key]).map(lambda other: {**value, key: other})
        )
    if column == "substances":
        return st.sampled_from((None, [], ["heroin"], ["heroin", None], [None]))
    if column in ("stored", "remainder"):
        return st.sampled_from((None, *MORE_JSON))
    return st.sampled_from((None, *TEXTS))


def _found_or_the_same(facts, data, change):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.parquet"
        with LedgerWriter(path, LONDON) as writer:
            writer.write(facts)
        before = tables_of(read_ledger(path))
        metadata = {k: v for k, v in pl.read_parquet_metadata(path).items() if "opendcr" in k}
        rows = pl.read_parquet(path).to_dicts()
        change(rows[data.draw(st.integers(0, len(rows) - 1))])
        pl.DataFrame(rows, SCHEMA, orient="row").write_parquet(path, metadata=metadata)
        if _holds(path):
            _same(before, tables_of(read_ledger(path)))
            assert [encode(fact) for fact in facts] == list(open_ledger(path).records())


def _holds(path):
    try:
        return verify(open_ledger(path)).holds
    except LedgerError:
        return False


def _same(before: Tables, after: Tables):
    assert (before.head, before.months, before.as_at) == (after.head, after.months, after.as_at)
    for name in (contract.table for contract in CONTRACTS):
        assert_frame_equal(getattr(before, name), getattr(after, name), check_row_order=False)
