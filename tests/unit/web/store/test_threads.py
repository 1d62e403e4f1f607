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
