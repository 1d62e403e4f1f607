"""The training room: the same whatever the steps in which it is played, and lively whatever trainees do."""

import os
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendcr.ledger.facts import Command, Fact
from opendcr.room.room import MemoryArchive, advance
from opendcr.simulate.live import LiveRoom, training_scenario
from opendcr.simulate.room import header
from opendcr.simulate.world import LedgerWorld
from tests.simulated import plain

pytestmark = pytest.mark.timeout(900)  # many examples in make soak

BEGINS = datetime(2025, 3, 29, 22, 17, 5, tzinfo=UTC)  # the night in which summer time begins
SCENARIO = training_scenario()


class Training:
    """A training room with trainees in it."""

    def __init__(self, begins: datetime = BEGINS, scenario=SCENARIO, seed: int = 1) -> None:
        self.facts: list[Fact] = []
        self.world = LedgerWorld(header(scenario, seed), self.facts.extend)
        self.live = LiveRoom(scenario, self.world, seed, begins)
        self.now, self._sent = begins, 0

    def play(self, seconds: float, step: float) -> None:
        until = self.now + timedelta(seconds=seconds)
        while self.now < until:
            self.now = min(self.now + timedelta(seconds=step), until)
            self.live.play(self.now)

    def trainee(
        self, kind: str, mode: str = "report", visit=None, person=None, target=None, **data
    ):
        self._sent += 1
        command = Command(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._sent}")),
            kind=kind,
            mode=mode,  # type: ignore[arg-type]
            room=self.world.room.name,
            author="s-trainee",
            role="manager",
            device="t-1",
            source="tap",
            visit=visit,
            person=person,
            target=target,
            data=data if target is None else {"target": target.id, "reason": "mistake", **data},
        )
        return self.world.send(command, round(self.now.timestamp() * 1000))

    def seated_since(self, moment: datetime) -> int:
        return sum(
            fact.kind == "ConsumptionStarted" and fact.source == "simulation"
            for fact in self.facts
            if fact.happened >= moment
        )


def test_one_second_steps_and_ten_second_steps_give_the_same_facts():
    slow, quick = Training(), Training()
    slow.play(6 * 3600, 10)
    quick.play(6 * 3600, 1)
    assert len(slow.facts) > 500
    assert slow.facts == quick.facts


def test_steps_of_a_day_and_a_half_give_the_same_facts_too():
    slow, quick = Training(), Training()
    slow.play(40 * 3600, 40 * 3600)
    quick.play(40 * 3600, 300)
    assert slow.facts == quick.facts


def test_rounds_do_nothing_where_nobody_interferes():
    """The room with rounds is the room without: nobody leaves but by what was planned."""
    training = Training()
    training.play(24 * 3600, 3600)
    left = [fact.data["how"] for fact in training.facts if fact.kind == "Departed"]
    assert len(left) > 100 and "unknown" not in left
    assert "RoomResumed" not in {fact.kind for fact in training.facts}
    assert sum(fact.kind == "StaffSignedOn" for fact in training.facts) == SCENARIO.staff
    outcomes = {fact.data["outcome"] for fact in training.facts if fact.kind == "EmergencyEnded"}
    assert outcomes <= {"recovered", "attended"}


@pytest.mark.parametrize("hour", [7, 12, 22])
def test_a_room_with_hours_opens_in_them_whenever_the_clock_is_started(hour):
    begins = datetime(2025, 1, 13, hour, 30, tzinfo=UTC)
    training = Training(begins, plain(2, days=5))
    training.play(36 * 3600, 3600)
    opened = [fact.happened for fact in training.facts if fact.kind == "RoomOpened"]
    first = {7: (13, 9, 0), 12: (13, 12, 30), 22: (14, 9, 0)}[hour]
    assert (opened[0].day, opened[0].hour, opened[0].minute) == first
    shut = [fact.happened for fact in training.facts if fact.kind == "RoomClosed"]
    assert all(one.hour >= 21 for one in shut)


# What a trainee does: kind, mode, whether to somebody who is here, and data.
DEEDS: list[tuple[str, str, str, dict[str, Any]]] = [
    ("Departed", "report", "visit", {"how": "well"}),
    ("Departed", "ask", "visit", {"how": "against_advice"}),
    ("MovedToRecovery", "report", "visit", {}),
    ("Seated", "report", "visit", {"place": "booth-1"}),
    ("Seated", "ask", "visit", {"place": "booth-5"}),
    ("ConsumptionEnded", "report", "visit", {}),
    ("ConsumptionStarted", "report", "visit",
     {"place": "booth-2", "substances": ["heroin"], "route": "intravenous"}),
    ("TurnedAway", "report", "visit", {"reason": "other"}),
    ("Queued", "report", "visit", {}),
    ("SteppedOut", "report", "visit", {}),
    ("Called", "ask", "visit", {}),
    ("Arrived", "report", "visit", {"reasons": ["consume"]}),
    ("Assessed", "report", "visit", {"outcome": "not_today"}),
    ("InterventionGiven", "report", "visit", {"intervention": "naloxone"}),
    ("EmergencyStarted", "report", "visit", {"emergency": "e-trainee"}),
    ("EmergencyStarted", "report", "room", {"emergency": "e-other"}),
    ("EmergencyEnded", "report", "emergency", {}),
    ("ExclusionImposed", "ask", "person", {"scope": "entry", "until": "2025-03-30T09:00:00Z"}),
    ("Arrived", "ask", "room", {"reasons": ["consume"]}),
    ("TermsPublished", "ask", "room", {"terms": "terms-2"}),
    ("RoomPaused", "ask", "room", {"reason": "staffing"}),
    ("RoomClosed", "report", "room", {}),
    ("PlaceBlocked", "ask", "room", {"place": "booth-3", "reason": "cleaning"}),
    ("PlaceBlocked", "ask", "room", {"place": "booth-4", "reason": "cleaning", "rule": "turnover"}),
    ("PlaceReleased", "ask", "room", {"place": "booth-6"}),
    ("StaffSignedOff", "ask", "staff", {}),
    ("Retracted", "report", "target", {}),
]  # fmt: skip


@dataclass(frozen=True)
class Deed:
    after: float
    at: int  # which of the deeds
    whom: int = field(default=0)


deeds = st.lists(
    st.builds(Deed, st.floats(0, 900), st.integers(0, len(DEEDS) - 1), st.integers(0, 50)),
    max_size=30,
)


def do(training: Training, deed: Deed) -> None:
    kind, mode, whom, data = DEEDS[deed.at]
    room = training.world.room
    among = {
        "visit": sorted(room.visits),
        "person": sorted({visit.person for visit in room.visits.values() if visit.person}),
        "emergency": sorted(room.emergencies),
        "staff": sorted(room.standing.on_shift()),
        "target": [fact for fact in training.facts if fact.visit is not None],
        "room": [None],
    }[whom]
    if not among:
        return
    chosen = among[-1 - deed.whom % len(among)]
    if whom in ("emergency", "staff"):
        data = {**data, whom: chosen}
        training.trainee(kind, mode, **data)
    elif whom == "room":
        training.trainee(kind, mode, **data)
    else:
        training.trainee(kind, mode, **{whom: chosen}, **data)


@settings(max_examples=400 if os.environ.get("OPENDCR_SOAK") == "1" else 15)
@given(deeds)
def test_whatever_trainees_do_the_room_is_lively_again_within_hours(done):
    """Four hours after the last deed people are being seated, and everybody here came lately."""
    training = Training()
    training.play(3600, 60)
    for deed in done:
        training.play(deed.after, 20)
        do(training, deed)
    training.play(4 * 3600, 20)
    assert training.seated_since(training.now - timedelta(hours=1)) >= 3
    flagged = {fact.source for fact in training.facts if fact.kind == "ReviewFlagged"}
    assert flagged <= {"tap"}, "simulated staff contradict nobody"
    room = training.world.room
    assert room.state == "open"
    for visit in room.visits.values():
        assert visit.arrived is None or training.now - visit.arrived < timedelta(hours=5), visit
    for emergency in room.emergencies.values():
        assert training.now - emergency.started < timedelta(hours=2)


def test_a_shift_that_is_sent_home_comes_back():
    training = Training()
    training.play(3600, 60)
    for staff in list(training.world.room.standing.on_shift()):
        training.trainee("StaffSignedOff", staff=staff)
    sent_home = training.now
    training.play(540, 20)
    assert training.seated_since(sent_home) == 0
    training.play(3600, 20)
    assert training.seated_since(sent_home) > 0
    assert len(training.world.room.standing.on_shift()) == SCENARIO.staff


def test_the_facts_with_trainees_in_them_fold_to_the_room_that_was_played():
    training = Training()
    training.play(3600, 60)
    do(training, Deed(0, 0))
    do(training, Deed(0, len(DEEDS) - 1, 3))
    training.play(3600, 60)
    again = advance(
        LedgerWorld(header(SCENARIO, 1), lambda facts: None).room,
        training.facts,
        MemoryArchive(training.facts),
    )
    assert again == training.world.room
