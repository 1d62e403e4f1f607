"""What a body shows stays from reception, and what somebody wrote from an analyst."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from opendcr.room.board import board
from opendcr.web.api.boards import boards
from opendcr.web.api.visits import story_of
from opendcr.web.store.archive import records_after
from opendcr.web.store.held import look
from opendcr.web.store.visible import VISIBLE, board_for, fact_for, may_read
from tests.support import acting
from tests.support.acting import send
from tests.support.engines import RoomDatabase

DRAWN = (
    "id",
    "visit",
    "place",
    "area",
    "resting",
    "since",
    "ambulance",
)  # of an emergency, for all


@pytest.fixture
def engine() -> str:
    """What a role sees is worked out without the database."""
    return "sqlite"


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    return acting.opened()


def _board(room: str, role: str) -> dict[str, Any]:
    return board_for(role, board(look(room).room, datetime.now(UTC)))


def test_reception_sees_neither_naloxone_nor_what_follows_from_it(room: str) -> None:
    visit = acting.arrived(room)
    send(room, "Seat", {"place": "booth-1"}, visit=visit)
    send(room, "GiveIntervention", {"intervention": "naloxone", "micrograms": 400}, visit=visit)
    [nurses], [doors] = (_board(room, role)["visits"] for role in ("nurse", "reception"))
    assert nurses["naloxone"] and nurses["not_before"]
    assert (doors["naloxone"], doors["not_before"]) == (None, None)


def test_reception_sees_that_an_emergency_runs_and_nothing_of_the_body(room: str) -> None:
    visit = acting.arrived(room)
    emergency = send(room, "StartEmergency", {}, visit=visit).facts[0]["data"]["emergency"]
    seen = {"breaths": 6, "spo2": 84, "oxygen": 15, "response": "none", "emergency": emergency}
    send(room, "Observed", seen)
    dose = {"intervention": "naloxone", "micrograms": 400, "emergency": emergency}
    send(room, "GiveIntervention", dose)
    send(room, "GiveIntervention", {"intervention": "oxygen", "emergency": emergency})
    [nurses], [doors] = (_board(room, role)["emergencies"] for role in ("nurse", "reception"))
    assert (nurses["spo2"], nurses["breaths"]) == (84, 6)
    assert nurses["spo2_at"] and nurses["naloxone"] and nurses["timeline"]
    shown = {key for key, value in doors.items() if value not in (None, [], {}, "")}
    assert shown <= set(DRAWN)


def _everything(room: str) -> str:
    """Somebody in an emergency of whom everything was told that a board can tell; the visit."""
    send(room, "RaiseDrugAlert", {"alert": "a-1", "substances": ["ketamine"]})
    send(room, "CheckEquipment", {"items": ["oxygen"], "ready": False})
    visit = acting.arrived(room)
    again = {"outcome": "proceed", "substances": ["cocaine"], "route": "intramuscular",
             "review": "2031-01-01T10:00:00Z"}  # fmt: skip
    send(room, "Assess", again, visit=visit)
    send(room, "Seat", {"place": "booth-1"}, visit=visit)
    send(room, "Allocate", {"observer": "s-lead"}, visit=visit)
    began = {"place": "booth-1", "type": "suspected_opioid", "emergency": "e-1"}
    send(room, "StartEmergency", began, visit=visit)
    seen = {"breaths": 57, "spo2": 84, "response": "none", "skin": "blue", "emergency": "e-1"}
    send(room, "Observe", seen, visit=visit)
    dose = {"intervention": "naloxone", "micrograms": 400, "route": "intranasal"}
    send(room, "GiveIntervention", {**dose, "emergency": "e-1"}, visit=visit)
    send(room, "CallAmbulance", {"emergency": "e-1"}, visit=visit)
    return visit


def _said(value: Any) -> set[Any]:
    """The words and the larger numbers in a value, at any depth; small numbers count many things."""
    if isinstance(value, dict):
        return set().union(*map(_said, value.values()))
    if isinstance(value, list | tuple):
        return set().union(*map(_said, value))
    return {value} if isinstance(value, str) or (value or 0) > 50 else set()


@pytest.mark.parametrize("role", [role for role in VISIBLE if may_read(role, "board")])
def test_board_story_and_facts_tell_a_role_the_same(room: str, role: str) -> None:
    visit = _everything(room)
    records = [one for one in records_after(room, 0) if one["kind"] != "PolicyAdopted"]
    recorded = set().union(*(_said(record["data"]) for record in records))
    read = set().union(*(_said(fact_for(role, record)) for record in records))
    shown = orjson.loads(boards(room, [role]).texts[role])
    told = _said({key: value for key, value in shown.items() if key not in ("routes", "places")})
    story = _said(story_of(room, visit, role)["lines"])
    assert (told | story) & recorded <= read
    body = {"suspected_opioid", "cocaine", 84, 400, "naloxone"}
    assert (told | story | read) & body == (set() if role == "reception" else body)
    assert told >= {"ketamine", "booth-1"}


def test_what_was_hidden_of_an_emergency_is_hidden_key_by_key() -> None:
    body = dict.fromkeys(("breathing_checked", "breaths", "response", "spo2", "spo2_at", "oxygen"))
    whole = {"visits": [], "emergencies": [dict.fromkeys(body, 93)], "attention": []}
    assert board_for("reception", whole)["emergencies"] == [body]
    assert board_for("nurse", whole) == whole


def test_an_analyst_sees_no_report_that_was_held_and_no_change_that_was_made(room: str) -> None:
    held = {"tier": "1", "name": "Zebedee"}
    send(room, "Registered", held, "analyst", person="p-1f0c", mode="report")
    fact = send(room, "Arrive", {"reasons": ["shower"]}).facts[0]
    changes = {"target": fact["id"], "changes": {"person": "p-1f0c"}, "reason": "mistake"}
    send(room, "Correct", changes)
    records = list(records_after(room, 0))
    for kind, key in (("ReviewFlagged", "report"), ("Corrected", "changes")):
        [record] = [one for one in records if one["kind"] == kind]
        assert key in fact_for("manager", record)["data"]
        assert key not in fact_for("analyst", record)["data"]
        assert "reason" in fact_for("analyst", record)["data"]


# What a body shows, what somebody uses, and what they told of themselves.
OF_THE_BODY = ("substances", "route", "outcome", "state", "review", "naloxone_carried", "response",
               "breathing", "breaths", "spo2", "pulse", "oxygen", "skin", "pupils", "signs",
               "intervention", "micrograms", "litres", "type", "gender", "age_band", "service",
               "referral", "destination", "consent", "kits", "note", "name", "report", "changes")  # fmt: skip


def test_reception_reads_nothing_of_the_body_in_any_fact() -> None:
    record = {"kind": "Observed", "data": {"place": "booth-1", **dict.fromkeys(OF_THE_BODY, 1)}}
    assert fact_for("reception", record)["data"] == {"place": "booth-1"}
    assert fact_for("nurse", record) == record


def test_a_role_reads_these_resources_and_no_others() -> None:
    shown = {role: {one for one in RESOURCES if may_read(role, one)} for role in (*VISIBLE, "x")}
    floor = {"board", "facts", "stream", "people"}
    assert shown == {
        "reception": floor,
        "worker": floor,
        "nurse": floor,
        "lead": floor | {"evidence", "planning"},
        "manager": floor | {"evidence", "measures", "planning"},
        "analyst": {"facts", "evidence", "measures", "planning"},
        "administrator": set(),
        "device": set(),
        "x": set(),
    }


RESOURCES = ("board", "facts", "stream", "people", "evidence", "measures", "planning")
