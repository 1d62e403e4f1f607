"""A backup that is put back under a running server: what was read before is forgotten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from opendcr.room.room import fold
from opendcr.web.api.boards import boards
from opendcr.web.api.departed import last_before_today
from opendcr.web.api.measuring import measures_text
from opendcr.web.store.archive import facts_after
from opendcr.web.store.directory import directory
from opendcr.web.store.held import look
from opendcr.web.store.upkeep import verify
from tests.support import acting
from tests.support.engines import RoomDatabase, tamper


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    return acting.opened()


def _put_back(database: RoomDatabase) -> None:
    """The database of a moment at which the room had five facts."""
    tamper(database, "DELETE FROM store_entry WHERE seq > 5")


def test_the_room_is_that_of_its_ledger(room: str, room_database: RoomDatabase) -> None:
    for _ in range(3):
        acting.send(room, "Arrive")
    assert look(room).room.seq == 7
    _put_back(room_database)
    assert look(room).room.seq == 5
    assert acting.send(room, "Arrive").facts[0]["seq"] == 6
    assert verify(room) is None
    assert look(room).room == fold(facts_after(room, 0), room, "Europe/London")


def test_a_fact_in_the_place_of_another_is_told_from_it(
    room: str, room_database: RoomDatabase
) -> None:
    for _ in range(3):
        acting.send(room, "Arrive")
    known = look(room)
    _put_back(room_database)
    for _ in range(2):
        acting.send(room, "Arrive")
    assert look(room).room.seq == known.room.seq
    assert look(room).head != known.head
    assert set(look(room).room.visits) != set(known.room.visits)


def test_the_measures_are_those_of_its_ledger(room: str, room_database: RoomDatabase) -> None:
    for _ in range(3):
        acting.send(room, "Arrive")
    before = _measured_head(room)
    _put_back(room_database)
    for _ in range(2):
        acting.send(room, "Arrive")
    assert before != _measured_head(room) == look(room).head


def test_names_are_those_of_its_ledger(room: str, room_database: RoomDatabase) -> None:
    for person, name in (("p-01", "Ann"), ("p-02", "Bo"), ("p-03", "Cat")):
        acting.arrived(room, person, name)
    assert len(directory().names) == 3
    _put_back(room_database)
    visit = acting.arrived(room, "p-04", "Dee")
    assert directory().names == {"p-01": "Ann", "p-04": "Dee"}
    assert orjson.loads(boards(room, ["lead"]).texts["lead"])["labels"][visit] == "Dee"


def test_who_left_today_is_counted_in_its_ledger(room: str, room_database: RoomDatabase) -> None:
    for _ in range(3):
        acting.send(room, "Arrive")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert last_before_today(look(room).room, tomorrow) == 7
    _put_back(room_database)
    assert last_before_today(look(room).room, tomorrow) == 5


def _measured_head(room: str) -> Any:
    return orjson.loads(measures_text(room, [], None))["ledger"]["head"]
