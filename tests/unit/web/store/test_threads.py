"""Threads with connections of their own, and what becomes of one that waits for ever."""

import asyncio
import time

import pytest
from django.db import DatabaseError, connection

from opendcr.web.store.threads import end_overdue, writing
from tests.support.engines import RoomDatabase


def _slept(seconds: float) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])
        return True


async def _hung_up_on(longest: float) -> None:
    stuck = asyncio.create_task(writing(_slept, 30))
    while not stuck.done():
        await asyncio.sleep(0.05)
        end_overdue(longest)
    await stuck


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_writer_whose_connection_carries_nothing_gets_a_new_one(
    room_database: RoomDatabase,
) -> None:
    began = time.monotonic()
    with pytest.raises(DatabaseError):
        asyncio.run(_hung_up_on(0.2))
    assert asyncio.run(writing(_slept, 0))
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_nothing_waits_for_a_lock_longer_than_a_tablet_waits(room_database: RoomDatabase) -> None:
    with connection.cursor() as cursor:
        told = {}
        for name in ("lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout"):
            cursor.execute(f"SHOW {name}")
            told[name] = cursor.fetchone()[0]
    assert told["lock_timeout"] == "8s"
    assert "0" not in told.values()


def _cut() -> None:
    """Ends every other connection to the database, as a restart of its server does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _made_do() -> bool:
    """Work that goes on without the database where that fails."""
    try:
        return _slept(0)
    except DatabaseError:
        return False


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_connection_that_rested_while_its_server_was_restarted_is_not_used_again(
    room_database: RoomDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendcr.web.store.threads.RESTED", 0.0)
    assert asyncio.run(writing(_slept, 0))
    _cut()
    assert asyncio.run(writing(_slept, 0))


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_connection_that_failed_in_work_that_made_do_without_is_closed(
    room_database: RoomDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opendcr.web.store.threads.RESTED", 60.0)
    assert asyncio.run(writing(_made_do))
    _cut()
    assert [asyncio.run(writing(_made_do)) for _ in range(2)] == [False, True]
