"""Looking again at what new facts touch takes all that a look at the whole ledger takes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tests.support.site  # noqa: F401
from opendcr.web.store.archive import StoredArchive
from opendcr.web.store.erasing import TELLING, LookingAgain, erasures, texts_taken
from opendcr.web.store.register import words_of
from tests.conftest import SOAK
from tests.support import acting
from tests.support.engines import RoomDatabase

START = datetime(2025, 2, 1, 10, tzinfo=UTC)
PEOPLE = ["p-1", "p-2", "p-3"]
WORDS = {"note": "a sister in Govan"}
SAID: dict[str, dict[str, Any]] = {
    "Arrived": {},
    "Departed": {"how": "well"},
    "NoteAdded": WORDS,
    "EmergencyStarted": {"emergency": "e-1"},
    "Observed": {"emergency": "e-1", **WORDS},
    "Referred": {"referral": "r-1", "destination": "housing", **WORDS},
    "ReferralUpdated": {"referral": "r-1", "status": "attended", **WORDS},
    "ReviewFlagged": {"reason": "odd", "about": None, **WORDS},
    "ReviewResolved": {"flag": None, **WORDS},
    "Linked": {"other": "p-2"},
    "Unlinked": {"other": "p-2"},
    "Erased": {},
    "Corrected": {"target": None, "reason": "mistake", **WORDS},
    "Retracted": {"target": None, "reason": "mistake", **WORDS},
}
rooms = iter(range(10**9))


@pytest.fixture
def engine() -> str:
    return "sqlite"


@pytest.fixture
def store(room_database: RoomDatabase) -> Iterator[RoomDatabase]:
    yield room_database


@st.composite
def reports(draw: st.DrawFn) -> dict[str, Any]:
    """A report about one of a few people, visits or facts, and what a correction would change."""
    changes = {
        "visit": draw(st.sampled_from(["v-1", "v-2"])),
        "person": draw(st.sampled_from([*PEOPLE, None])),
        "data": {"emergency": draw(st.sampled_from(["e-1", "e-2"]))},
    }
    return {
        "kind": draw(st.sampled_from([*SAID, "Corrected", "Erased"])),
        "visit": draw(st.none() | st.sampled_from(["v-1", "v-2"])),
        "person": draw(st.none() | st.sampled_from(PEOPLE)),
        "emergency": draw(st.sampled_from(["e-1", "e-2"])),
        "changes": {key: changes[key] for key in draw(st.sets(st.sampled_from([*changes])))},
        "late": draw(st.integers(0, 90)),
        "target": draw(st.integers(0, 30)),
    }


@settings(
    max_examples=60 if SOAK else 10,  # a room for each, and every look is at the erasures of all
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=st.lists(reports(), min_size=4, max_size=14))
def test_looking_again_takes_all_that_the_whole_ledger_takes(
    store: RoomDatabase, history: list[dict[str, Any]]
) -> None:
    room = acting.begun(f"room-{next(rooms)}")
    look_again = LookingAgain()
    recorded: list[str] = []
    for number, one in enumerate(history):
        answer = _sent(room, one, recorded, START + timedelta(minutes=number + 1))
        recorded += [fact["id"] for fact in answer.facts]
        look_again()
    standing = erasures(StoredArchive(room).matching(kind__in=TELLING))
    assert words_of(texts_taken(room, standing)) == {}


def _sent(room: str, one: dict[str, Any], recorded: list[str], now: datetime) -> acting.Answer:
    data = dict(SAID[one["kind"]])
    for key in ("target", "about", "flag"):
        if key in data:
            data[key] = recorded[one["target"] % len(recorded)] if recorded else "f-1"
    data |= {"emergency": one["emergency"]} if "emergency" in data else {}
    data |= {"changes": one["changes"]} if one["kind"] == "Corrected" else {}
    return acting.send(
        room, one["kind"], data, "manager", now,
        mode="report", visit=one["visit"], person=one["person"],
        tapped=(now - timedelta(minutes=one["late"])).isoformat(), offset_ms=0, offset_age_ms=1,
    )  # fmt: skip
