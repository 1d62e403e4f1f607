"""What is over is read from the database: a late dose, an old visit's id."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import close_old_connections

from opendcr.web.store.held import look
from tests.support import acting
from tests.support.acting import send
from tests.support.engines import RoomDatabase


@pytest.fixture
def room(room_database: RoomDatabase) -> Iterator[str]:
    yield acting.opened(datetime(2025, 2, 1, 10, tzinfo=UTC))
    close_old_connections()


def test_a_late_dose_of_an_emergency_that_is_over_keeps_its_person_here(room: str) -> None:
    visit = acting.arrived(room, "p-1")
    emergency = send(room, "StartEmergency", visit=visit).facts[0]["data"]["emergency"]
    send(room, "EndEmergency", {"emergency": emergency})
    given = {"intervention": "naloxone", "emergency": emergency}
    assert send(room, "GiveIntervention", given).facts[0]["visit"] == visit
    assert look(room).room.visits[visit].naloxone is not None
    assert send(room, "Depart", {"how": "well"}, visit=visit).refusal == "too_soon"


def test_nobody_arrives_on_the_visit_of_somebody_who_has_left(room: str) -> None:
    visit = acting.arrived(room, "p-1")
    send(room, "Depart", {"how": "well"}, visit=visit)
    assert send(room, "Arrive", visit=visit, person="p-2").refusal == "already_used"
