"""Nothing that was recorded can be changed: not by an update, a delete, a replace or a truncate."""

import pytest
from django.db import DatabaseError, connection, transaction

from opendcr.web.store.models import Answer, Entry
from opendcr.web.store.triggers import APPEND_ONLY
from tests.support import acting
from tests.support.engines import RoomDatabase, connect


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


def test_everything_is_still_there(room: str) -> None:
    before = Entry.objects.count(), Answer.objects.count()
    assert before[0] > 0
    for table in APPEND_ONLY:
        _refused(f"DELETE FROM {table}")
    assert (Entry.objects.count(), Answer.objects.count()) == before
