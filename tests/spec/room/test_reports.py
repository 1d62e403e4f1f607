"""What is doubtful about a report, beside the rules: it is kept, and flagged for it."""

from datetime import timedelta

import pytest

from opendcr.ledger.codec import instant
from opendcr.room.decide import by_wrong_clock, decide
from opendcr.room.intake import intake
from tests.world import World, code

SECOND, MINUTE, DAY = 1_000, 60_000, 86_400_000


def tap(world, ago=0, offset=0, mode="report", kind="Arrived", source="tap", **of):
    """Sends what happened `ago` ms before now, from a device whose clock is `offset` ms behind."""
    moment = world.now - timedelta(milliseconds=ago + (offset or 0))
    said = {"mode": mode, "tapped": instant(moment), "offset_ms": offset, **of}
    return world.send(world.body(kind, None, {}, **said), source=source)


@pytest.mark.parametrize(
    ("of", "flags"),
    [
        ({}, []),
        ({"ago": DAY}, []),
        ({"ago": DAY + SECOND}, ["long_ago"]),
        ({"ago": -10 * MINUTE}, []),
        ({"ago": -10 * MINUTE - SECOND}, ["clock_off"]),
        ({"offset": 10 * MINUTE}, []),
        ({"offset": 10 * MINUTE + SECOND}, ["clock_off"]),
        ({"offset": -10 * MINUTE}, []),
        ({"offset": -10 * MINUTE - SECOND}, ["clock_off"]),
        ({"ago": -2 * MINUTE, "offset": 9 * MINUTE}, []),
        ({"offset": None}, ["clock_unknown"]),
        ({"offset": None, "source": "paper"}, []),
        ({"offset": None, "ago": DAY + SECOND}, ["long_ago", "clock_unknown"]),
    ],
)
def test_a_clock_is_doubted_beyond_what_the_policy_allows(of, flags):
    world = World()
    fact, *_ = tap(world, **of)
    assert world.flags() == flags
    ago = timedelta(milliseconds=of.get("ago", 0))
    assert fact.happened == min(world.now, world.now - ago)


@pytest.mark.parametrize(
    ("of", "flags"),
    [
        ({"ago": 10 * MINUTE}, []),
        ({"ago": 10 * MINUTE + SECOND}, ["late_without_reason"]),
        ({"ago": 10 * MINUTE + SECOND, "because": "busy"}, []),
        ({"ago": 10 * MINUTE + SECOND, "source": "tap"}, []),
        ({"ago": 10 * MINUTE + SECOND, "kind": "Observed"}, []),
    ],
)
def test_what_is_entered_late_by_hand_asks_for_a_reason(of, flags):
    world = World()
    of = {"source": "paper", **of}
    fact, *_ = tap(world, **of)
    assert world.flags() == flags
    assert fact.data.get("because") == of.get("because")
    asked = tap(World(), mode="ask", **of)
    assert code(asked) == ("reason_needed" if flags else None)


def test_a_value_that_cannot_be_is_kept_and_the_flag_names_it():
    world = World()
    fact, flag = world.report("Observed", breaths=900, pulse=70)
    assert fact.data["breaths"] == 900
    assert (flag.data["reason"], flag.data["fields"]) == ("impossible_value", ["breaths"])


def test_the_flag_of_what_could_not_be_read_holds_its_text_and_only_that_flag():
    world = World()
    _, *flags = world.report("Observed", breaths=900, mood="low")
    notes = {flag.data["reason"]: "note" in flag.data for flag in flags}
    assert notes == {"impossible_value": False, "unreadable": True}


def test_a_flag_raised_by_hand_holds_what_could_not_be_read_itself():
    world = World()
    (flag,) = world.report("ReviewFlagged", reason="two_bags", mood="low")
    assert "note" in flag.data
    assert world.flags() == ["two_bags"]


def test_a_held_report_says_what_it_lacks_and_what_cannot_be():
    world = World()
    (held,) = world.report("NaloxoneSupplied", first=True)
    assert (held.data["reason"], held.data["report"]["missing"]) == ("incomplete", ["kits"])
    body = world.body("NaloxoneSupplied", None, {"kits": 900}, mode="report")
    (held,) = world.send(body, role="analyst")
    assert (held.data["reason"], held.data["report"]["impossible"]) == ("not_permitted", ["kits"])


def test_everything_that_contradicts_a_report_is_flagged():
    world = World()
    world.arrive("Robin")
    world.ask("RoomPaused", reason="other")
    world.report("Seated", "Robin", place="recovery")
    assert world.flags() == [
        "room_not_open",
        "terms_not_accepted",
        "not_assessed",
        "wrong_kind_of_place",
    ]


def test_what_is_held_already_is_not_flagged_for_the_servers_clock_too():
    world = World()
    for kind, role, kinds in (
        ("Arrived", "lead", ["Arrived", "ReviewFlagged"]),
        ("Arrived", "analyst", ["ReviewFlagged"]),
    ):
        command = world.command(intake(world.body(kind, None, {}, mode="report")), role=role)
        facts = by_wrong_clock(decide(world.room, command, world.now), command)
        assert [fact.kind for fact in facts] == kinds


def test_an_alert_says_a_substance_or_words_and_is_shown_until_it_is_withdrawn():
    world = World()
    assert code(world.ask("DrugAlertRaised", alert="a-1")) == "alert_says_nothing"
    assert code(world.ask("DrugAlertRaised", alert="a-2", note="strong")) is None
    world.wait(1)
    assert code(world.ask("DrugAlertRaised", alert="a-1", substances=["heroin"])) is None
    assert [one["alert"] for one in world.board()["alerts"]] == ["a-2", "a-1"]
    world.ask("DrugAlertWithdrawn", alert="a-2")
    assert [one["alert"] for one in world.board()["alerts"]] == ["a-1"]


def test_an_emergency_without_a_name_gets_one_of_its_own():
    world = World()
    for tap in ("c-1", "c-2", "c-2"):
        world.send({"id": tap, "kind": "StartEmergency", "data": {}})
    assert len(world.board()["emergencies"]) == 2


def test_an_id_written_otherwise_makes_other_facts():
    world = World()
    ids = ("0194f3e2-0000-7000-8000-0000000000ab", "0194f3e20000700080000000000000ab")
    first, second = (world.send({"id": id, "kind": "Observe"})[0] for id in ids)
    assert first.id != second.id


def test_an_ask_by_a_clock_that_lags_replaces_what_stands():
    world = World()
    world.wait(5)
    world.ask("RoomPaused", reason="other")
    tap(world, ago=3 * MINUTE, mode="ask", kind="RoomResumed")
    assert world.room.state == "open"


def test_a_note_shows_nobody_to_be_in_the_building():
    world = World()
    body = world.body("NoteAdded", None, {"note": "rang the bell"}, mode="report")
    world.send({**body, "visit": "v-1"})
    assert world.board()["building"] == 0


def test_a_whole_number_is_taken_as_one_however_it_was_written():
    world = World()
    world.report("InterventionGiven", intervention="naloxone", micrograms=400.0)
    dose = world.last("InterventionGiven")
    assert repr(dose.data["micrograms"]) == "400"
    world.correct(dose, micrograms=800.0)
    assert repr(world.last("Corrected").data["changes"]) == "{'data': {'micrograms': 800}}"
    assert world.flags() == []
