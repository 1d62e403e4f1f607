"""The chain is checked from the last anchor on, and readiness follows."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from opendcr.web.api.health import _failing
from opendcr.web.store.keyring.models import WrappedKey
from opendcr.web.store.models import Anchor, Entry
from opendcr.web.store.upkeep import upkeep, verify
from tests.support import acting
from tests.support.engines import RoomDatabase, tamper


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    room = acting.opened()
    upkeep()
    return room


def test_a_served_room_is_ready_after_its_upkeep(room: str) -> None:
    assert _failing() == []


def test_the_head_is_anchored(room: str) -> None:
    last = Entry.objects.order_by("-seq").first()
    anchor = Anchor.objects.order_by("-seq").first()
    assert last and anchor and (anchor.seq, anchor.chain) == (last.seq, last.chain)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE store_entry SET record = replace(record, 's-lead', 's-nobody') WHERE seq = 6",
        "DELETE FROM store_entry WHERE seq = 6",
        "DELETE FROM store_entry WHERE seq = 4",
    ],
)
def test_a_changed_row_is_found(room: str, room_database: RoomDatabase, statement: str) -> None:
    assert verify(room) is None
    for _ in range(3):
        acting.send(room, "Arrive")
    tamper(room_database, statement)
    assert verify(room) in (4, 6)
    Anchor.objects.update(verified="2020-01-01T00:00:00Z")
    upkeep()
    assert _failing() == ["verified"]


@pytest.mark.parametrize(
    "changed",
    [
        "kind = 'NoteAdded'",
        "visit = 'v-other'",
        "person = NULL",
        "emergency = 'e-1'",
        "target = 'f-1'",
        "command = 'c-1'",
        "fact = 'f-1'",
        "recorded = '2020-01-01 00:00:00+00:00'",
    ],
)
def test_a_changed_column_is_found(room: str, room_database: RoomDatabase, changed: str) -> None:
    acting.send(room, "Erase", role="manager", person="p-1f0c")
    acting.send(room, "Arrive")
    tamper(room_database, f"UPDATE store_entry SET {changed} WHERE seq = 5")
    assert verify(room) == 5


def test_readiness_misses_a_clock_that_was_ahead(room: str) -> None:
    acting.send(room, "Arrive", now=datetime.now(UTC) + timedelta(seconds=50))
    assert "clock" not in _failing()
    acting.send(room, "Arrive", now=datetime.now(UTC) + timedelta(minutes=5))
    assert "clock" in _failing()


def test_readiness_misses_the_keys(room: str, room_database: RoomDatabase) -> None:
    acting.send(room, "AddNote", {"note": "words"})
    assert "keys" not in _failing()
    WrappedKey.objects.update(wrapped=bytes(60))
    assert "keys" in _failing()  # of another master key
    with connections["keys"].cursor() as cursor:
        cursor.execute("DROP TABLE keyring_wrappedkey")
    assert "keys" in _failing()


def test_readiness_misses_an_upkeep_that_never_ran(room_database: RoomDatabase) -> None:
    acting.opened()
    assert _failing() == ["verified", "background"]
