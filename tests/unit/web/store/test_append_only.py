"""Nothing that was recorded can be changed: not by an update, a delete, a replace or a truncate."""

import sqlite3
from contextlib import closing

import pytest
from django.db import DatabaseError, connection, transaction

from opendcr.web.store.models import Answer, Entry
from opendcr.web.store.triggers import APPEND_ONLY
from tests.support import acting
from tests.support.engines import RoomDatabase, connect

# Each key by which a row is found.
KEPT = [
    ("store_ledger", "room"),
    ("store_entry", "id"),
    ("store_entry", "fact"),
    ("store_entry", "seq"),
    ("store_answer", "command"),
    ("store_secret", "id"),
    ("store_secret", "text"),
]


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    room = acting.opened()
    acting.send(room, "AddNote", {"note": "words"})
    # As the owner: it is the triggers that must hold, not the rights of the role that serves.
    connect(room_database.owner_url, room_database.keys_url)
    return room


def _refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_no_row_is_updated_or_deleted(room: str, table: str) -> None:
    key = {"store_ledger": "room", "store_answer": "command"}.get(table, "id")
    assert _refused(f"UPDATE {table} SET {key} = {key}")
    assert _refused(f"DELETE FROM {table}")


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_no_table_is_truncated(room: str, table: str) -> None:
    assert _refused(f"TRUNCATE {table}")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_no_row_is_replaced(room: str, table: str) -> None:
    assert _refused(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
@pytest.mark.parametrize("way", ["OR REPLACE ", "OR IGNORE ", ""])
@pytest.mark.parametrize(("table", "key"), KEPT)
def test_no_row_is_replaced_on_a_connection_of_somebody_elses(
    room: str, table: str, key: str, way: str
) -> None:
    plain = sqlite3.connect(connection.settings_dict["NAME"])
    with closing(plain):
        plain.row_factory = sqlite3.Row
        held = dict(plain.execute(f"SELECT * FROM {table} ORDER BY rowid LIMIT 1").fetchone())
        # Every other key is new: it is this one alone that stands in the way.
        fresh = {"id": 10**6, "fact": "f-new", "seq": 10**6, "text": "x-new"}
        other = {name: value for name, value in fresh.items() if name in held and name != key}
        row = {**held, **other}
        columns, marks = ", ".join(row), ", ".join("?" * len(row))
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            plain.execute(f"INSERT {way}INTO {table} ({columns}) VALUES ({marks})", [*row.values()])


def test_everything_is_still_there(room: str) -> None:
    before = Entry.objects.count(), Answer.objects.count()
    assert before[0] > 0
    for table in APPEND_ONLY:
        _refused(f"DELETE FROM {table}")
    assert (Entry.objects.count(), Answer.objects.count()) == before
