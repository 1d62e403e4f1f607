"""A server that takes commands one by one holds the room that its whole ledger gives."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tests.support.site  # noqa: F401
from opendcr.ledger.kinds import BODY_KINDS, KINDS
from opendcr.room.room import fold
from opendcr.web.store.archive import facts_after
from opendcr.web.store.held import look
from tests.conftest import SOAK
from tests.strategies import data_of
from tests.support import acting
from tests.support.engines import RoomDatabase

START = datetime(2025, 2, 1, 10, tzinfo=UTC)
VISITS = [f"v-{number}" for number in range(4)]
rooms = iter(range(10**9))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def store(room_database: RoomDatabase) -> Iterator[RoomDatabase]:
    yield room_database


@st.composite
def commands(draw: st.DrawFn) -> dict[str, Any]:
    """A command about one of a few visits, minutes before or after the one before it."""
    kind = draw(
        st.sampled_from([name for name in KINDS if name not in ("PolicyAdopted", "Erased")])
    )
    data = {
        key: value
        for key, value in draw(data_of(KINDS[kind])).items()
        if not isinstance(value, dict)
        or "sha256" not in value  # words are their own tests' concern
    }
    for key, values in (("place", ["booth-1", "booth-2"]), ("emergency", ["e-1", "e-2"])):
        if key in data:
            data[key] = draw(st.sampled_from(values))
    return {
        "kind": kind,
        "data": data,
        "mode": "report" if kind in BODY_KINDS else draw(st.sampled_from(["ask", "report"])),
        "visit": draw(st.sampled_from(VISITS)),
        "person": draw(st.none() | st.sampled_from(["p-1", "p-2"])),
        "late": draw(st.integers(0, 90)),
        "target": draw(st.integers(0, 30)),
    }


@settings(
    max_examples=500 if SOAK else 25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(commands(), min_size=1, max_size=12))
def test_the_held_room_is_the_fold_of_the_stored_ledger(
    store: RoomDatabase, history: list[dict[str, Any]]
) -> None:
    room = acting.begun(f"room-{next(rooms)}")
    policy = {"policy": acting.POLICY}
    acting.send(room, "AdoptPolicy", policy, "manager", START)
    recorded: list[str] = []
    for number, one in enumerate(history):
        now = START + timedelta(minutes=number + 1)
        answer = _sent(room, one, recorded, now)
        recorded += [fact["id"] for fact in answer.said.get("facts", [])]
        assert answer.status == 200 or one["mode"] == "ask"
    assert look(room).room == fold(facts_after(room, 0), room, "Europe/London")


def _sent(room: str, one: dict[str, Any], recorded: list[str], now: datetime) -> acting.Answer:
    data = dict(one["data"])
    for key in ("target", "flag", "exclusion", "about"):
        if key in data and recorded:
            data[key] = recorded[one["target"] % len(recorded)]
    return acting.send(
        room, one["kind"], data, "manager", now,
        mode=one["mode"], visit=one["visit"], person=one["person"],
        tapped=(now - timedelta(minutes=one["late"])).isoformat(), offset_ms=0, offset_age_ms=1,
    )  # fmt: skip
