"""On PostgreSQL the owner prepares, and another role serves that could change nothing."""

import pytest
from django.db import DatabaseError, connection, transaction

from opendcr.errors import InputError
from opendcr.web.store.prepare import check_migrated, check_serving_role, grant, migrate
from opendcr.web.store.triggers import APPEND_ONLY
from tests.support import acting
from tests.support.engines import RoomDatabase, connect

pytestmark = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


def test_the_owner_may_not_serve(room_database: RoomDatabase) -> None:
    connect(room_database.owner_url, room_database.keys_url)
    with pytest.raises(InputError, match="owns the ledger"):
        check_serving_role()


def test_a_superuser_may_not_serve(room_database: RoomDatabase) -> None:
    superuser = room_database.owner_url.replace("opendcr_owner@", "postgres@")
    connect(superuser, room_database.keys_url)
    with pytest.raises(InputError, match="is a superuser"):
        check_serving_role()


def test_the_serving_role_serves_and_has_no_right_to_change(room_database: RoomDatabase) -> None:
    check_serving_role()
    check_migrated()
    acting.accounts("lead")
    assert acting.send(acting.opened(), "Arrive").status == 200
    for table in APPEND_ONLY:
        for right in ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER"):
            with connection.cursor() as cursor:
                cursor.execute("SELECT has_table_privilege(%s, %s)", [table, right])
                assert cursor.fetchone() == (False,), (table, right)


def test_the_serving_role_cannot_take_the_triggers_away(room_database: RoomDatabase) -> None:
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE store_entry DISABLE TRIGGER USER")


def test_granting_and_migrating_again_change_nothing(room_database: RoomDatabase) -> None:
    connect(room_database.owner_url, room_database.keys_url)
    migrate()
    grant("opendcr_serving")
    connect(room_database.url, room_database.keys_url)
    check_serving_role()
