"""The one way to write, on both engines."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import close_old_connections

from opendcr.ledger.chain import first_link, link
from opendcr.ledger.facts import Header, Origin
from opendcr.room.room import fold
from opendcr.web.store.archive import facts_after, records_after
from opendcr.web.store.held import header_of, look
from opendcr.web.store.ledgers import begin
from opendcr.web.store.models import Answer, Entry, Secret
from opendcr.web.store.register import words_of
from opendcr.web.store.write import row, write
from tests.support import acting
from tests.support.acting import body, send, sender, sent
from tests.support.engines import RoomDatabase

MORNING = datetime(2025, 2, 1, 10, tzinfo=UTC)

MADE_OF_IT = str(uuid.uuid5(uuid.NAMESPACE_OID, "e-123"))


@pytest.fixture
def room(room_database: RoomDatabase) -> Iterator[str]:
    yield acting.opened(MORNING)
    close_old_connections()


def _everything(room: str) -> list[dict[str, object]]:
    return list(records_after(room, 0))


def test_a_command_sent_a_hundred_times_is_one_fact(room: str) -> None:
    command = body("Arrive", {"reasons": ["consume"]})
    before = Entry.objects.count()
    answers = {write(room, command, sender()) for _ in range(100)}
    assert len(answers) == 1
    assert Entry.objects.count() == before + 1


@pytest.mark.parametrize("other", ["body", "author", "room"])
def test_another_body_author_or_room_learns_nothing_of_the_first_answer(
    room: str, other: str
) -> None:
    command = body("Arrive", {"reasons": ["consume"]})
    visit = sent(room, command).facts[0]["visit"]
    if other == "body":
        again = sent(room, {**command, "data": {}})
    elif other == "room":
        again = sent(acting.begun("elsewhere"), command)
    else:
        again = sent(room, command, sender("worker"))
    assert again.status == 422
    assert visit not in str(again.said)


def test_no_two_commands_make_the_same_facts(room: str) -> None:
    for id in ("e-123", MADE_OF_IT):
        seen = sent(room, {**body("Observed", {"breaths": 14}), "id": id})
        assert [fact["command"] for fact in seen.facts] == [id]
        assert sent(room, {**body("Observed", {"breaths": 15}), "id": id}).status == 422


def test_a_command_whose_fact_an_earlier_version_made_is_answered_with_it(room: str) -> None:
    again = body("Observed", {"breaths": 14}) | {"id": MADE_OF_IT}
    send(room, "Observed", {"breaths": 14})
    made = facts_after(room, 0)[-1]
    id = str(uuid.uuid5(uuid.UUID(MADE_OF_IT), "0"))
    row(replace(made, seq=made.seq + 1, id=id, command=MADE_OF_IT)).save(force_insert=True)
    assert [fact["id"] for fact in sent(room, again).facts] == [id]


def test_a_refusal_is_kept_and_stays_the_answer_when_the_reason_is_gone(room: str) -> None:
    visit = send(room, "Arrive", {"reasons": ["consume"]}).facts[0]["visit"]
    seat = body("Seat", {"place": "booth-1"}, visit=visit)
    refused = sent(room, seat)
    assert refused.status == 409
    send(room, "AcceptTerms", {"terms": "terms-1"}, visit=visit)
    send(room, "Assess", {"outcome": "proceed"}, visit=visit)
    assert sent(room, seat) == refused
    assert sent(room, {**seat, "id": acting.uuid7()}).status == 200


def test_a_refusal_writes_no_fact_and_no_text(room: str) -> None:
    before = Entry.objects.count(), Secret.objects.count()
    refused = send(room, "ProvideService", {"service": "wound_care", "note": "words"}, "analyst")
    assert refused.refusal == "not_permitted"
    assert (Entry.objects.count(), Secret.objects.count()) == before


def test_the_stored_text_is_what_was_hashed(room: str) -> None:
    acting.arrived(room)
    head = first_link(header_of(room))
    for seq, record in enumerate(_everything(room), 1):
        head = link(head, record)
        assert (record["seq"], record["chain"]) == (seq, head)


def test_recorded_never_falls_when_the_servers_clock_goes_back(room: str) -> None:
    send(room, "Arrive", now=MORNING + timedelta(hours=2))
    late = send(room, "Arrive", now=MORNING + timedelta(hours=1)).facts[0]
    assert late["recorded"] == "2025-02-01T12:00:00.000Z"


@pytest.mark.parametrize(("ahead", "flags"), [(61, ["server_clock"]), (59, [])])
def test_what_is_recorded_while_the_servers_clock_is_behind_is_flagged(
    room: str, ahead: int, flags: list[str]
) -> None:
    send(room, "Arrive", now=MORNING + timedelta(seconds=ahead))
    answer = send(room, "StartEmergency", now=MORNING)
    assert answer.flags == flags
    assert answer.facts[0]["kind"] == "EmergencyStarted"
    assert [fact["data"]["about"] for fact in answer.facts[1:]] == [
        answer.facts[0]["id"] for _ in flags
    ]
    assert look(room).room == fold(facts_after(room, 0), room, "Europe/London")


def test_words_go_to_the_register_and_a_fact_holds_their_hash(room: str) -> None:
    note = send(room, "AddNote", {"note": "Asked after Senga"}).facts[0]["data"]["note"]
    assert set(note) == {"text", "sha256"}
    assert words_of([note["text"]]) == {note["text"]: "Asked after Senga"}
    assert not any("Senga" in entry.record for entry in Entry.objects.all())
    assert not any("Senga" in answer.body for answer in Answer.objects.all())


def test_what_no_fact_could_hold_is_kept_whole_and_flagged(room: str) -> None:
    seen = {"breaths": 900, "spo2": "ninety", "mood": "low"}
    answer = send(room, "Observed", seen, visit="v-1")
    assert {"impossible_value", "unreadable"} <= set(answer.flags)
    assert answer.facts[0]["data"]["breaths"] == 900
    [kept] = [fact["data"]["note"]["text"] for fact in answer.facts if "note" in fact["data"]]
    assert "ninety" in words_of([kept])[kept]
    assert "low" in words_of([kept])[kept]


def test_a_report_of_an_unknown_kind_is_kept_and_blocks_nothing(room: str) -> None:
    answer = send(room, "Levitated", {"height": "2 m"}, mode="report")
    assert [fact["kind"] for fact in answer.facts] == ["ReviewFlagged"]
    assert send(room, "Arrive").status == 200


def test_an_ask_that_does_not_fit_is_told_where_and_why(room: str) -> None:
    answer = send(room, "Seat", {"place": 3}, visit="v-1")
    assert answer.status == 422
    assert set(answer.said["problem"]) == {"where", "found", "expected"}
    assert answer.said["problem"]["where"] == "data.place"


def test_a_source_that_nobody_knows_is_set_aside_in_a_report_and_told_in_an_ask(room: str) -> None:
    seen = body("Observed", {"response": "alert"}, visit="v-1", source="carrier pigeon")
    answer = sent(room, seen)
    assert answer.facts[0]["source"] == "tap"
    assert "unreadable" in answer.flags
    [text] = [fact["data"]["note"]["text"] for fact in answer.facts if "note" in fact["data"]]
    assert words_of([text])[text] == '{"source":"carrier pigeon"}'
    asked = sent(room, body("Arrive", source=["tap"]))
    assert asked.status == 422
    assert asked.said["problem"]["where"] == "source"
    assert send(room, "Arrive", source="paper").facts[0]["source"] == "paper"


def test_nobody_simulated_is_among_real_people_unnoticed(room: str) -> None:
    seen = sent(room, body("Observed", {"response": "alert"}, source="simulation"))
    assert (seen.facts[0]["source"], seen.flags) == ("tap", ["unreadable"])
    asked = sent(room, body("Arrive", source="simulation"))
    assert (asked.status, asked.said["problem"]["where"]) == (422, "source")
    begin(Header("training", "Europe/London", Origin("simulated", scenario="plain", seed=1)))
    played = sent("training", body("Observed", {"response": "alert"}, source="simulation"))
    assert (played.facts[0]["source"], played.flags) == ("simulation", [])


@pytest.mark.parametrize("wrong", [[], None, "x", {}, {"id": "c-1"}, {"id": 3, "kind": "Arrive"}])
def test_what_is_no_command_is_not_taken(room: str, wrong: object) -> None:
    before = Answer.objects.count()
    assert write(room, wrong, sender()).status == 422
    assert Answer.objects.count() == before


def test_naloxone_for_a_visit_that_has_ended_is_recorded_and_flagged(room: str) -> None:
    visit = acting.arrived(room)
    send(room, "Depart", {"how": "well"}, visit=visit)
    given = {"intervention": "naloxone", "micrograms": 400, "route": "intramuscular"}
    answer = send(room, "InterventionGiven", given, visit=visit)
    assert answer.facts[0]["kind"] == "InterventionGiven"
    assert answer.flags


def test_a_clock_a_day_ahead_is_recorded_as_now_and_flagged(room: str) -> None:
    tomorrow = MORNING + timedelta(hours=24)
    answer = send(
        room, "Observed", {"response": "alert"}, now=MORNING, visit="v-1",
        tapped=tomorrow.isoformat(), offset_ms=0, offset_age_ms=5,
    )  # fmt: skip
    assert "clock_off" in answer.flags
    assert answer.facts[0]["happened"] == answer.facts[0]["recorded"]


def test_a_clock_whose_offset_is_known_gives_the_servers_time_and_is_flagged(room: str) -> None:
    tomorrow = MORNING + timedelta(hours=24)
    answer = send(
        room, "Observed", {"response": "alert"}, now=MORNING, visit="v-1",
        tapped=tomorrow.isoformat(), offset_ms=-86_400_000, offset_age_ms=5,
    )  # fmt: skip
    assert answer.facts[0]["happened"] == "2025-02-01T10:00:00.000Z"
    assert "clock_off" in answer.flags


def test_late_facts_and_corrections_give_the_room_of_the_whole_ledger(room: str) -> None:
    visit = acting.arrived(room, now=MORNING)
    other = acting.arrived(room, now=MORNING)
    seated = send(room, "Seat", {"place": "booth-1"}, visit=visit, now=MORNING).facts[0]
    send(room, "Seat", {"place": "booth-2"}, visit=other, now=MORNING)
    changes = {"data": {"place": "booth-3"}}
    wrong = {"target": seated["id"], "changes": changes, "reason": "wrong_place"}
    wrong["reason"] = _any_reason()
    assert send(room, "Correct", wrong, now=MORNING).status == 200
    moment = (MORNING - timedelta(minutes=5)).isoformat()
    send(room, "Observed", {"response": "alert"}, visit=other, tapped=moment, offset_ms=0)
    arrival = next(r for r in _everything(room) if r["kind"] == "Arrived" and r["visit"] == other)
    send(room, "Retract", {"target": arrival["id"], "reason": _any_reason()}, now=MORNING)
    assert look(room).room == fold(facts_after(room, 0), room, "Europe/London")
    assert [visit.id for visit in look(room).room.in_place("booth-3")] == [visit]


def _any_reason() -> str:
    from opendcr.catalogue.people import WHY

    return WHY.codes[0]


def test_a_process_that_knows_nothing_catches_up(room: str) -> None:
    from opendcr.web.store import held

    acting.arrived(room)
    known = look(room)
    held._held.clear()
    assert look(room) == known


def test_a_process_that_catches_up_with_a_long_ledger_knows_its_head(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opendcr.web.store import held

    acting.arrived(room)
    known = look(room)
    held._held.clear()
    monkeypatch.setattr(held, "FOLD_FROM", 0)
    assert look(room) == known
