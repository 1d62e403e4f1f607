"""Whose a name and a text are: what stands in the ledger, as corrected, says it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import DatabaseError, connections

from opendcr.web.store import about, erasing
from opendcr.web.store import directory as directories
from opendcr.web.store import write as writing
from opendcr.web.store.directory import directory
from opendcr.web.store.erasing import LookingAgain
from opendcr.web.store.keyring.models import WrappedKey
from opendcr.web.store.models import Entry, Secret
from opendcr.web.store.proof import Sender
from opendcr.web.store.register import words_of
from opendcr.web.store.upkeep import upkeep
from tests.support import acting
from tests.support.acting import body, send, sender, sent
from tests.support.engines import RoomDatabase

NOW = datetime(2025, 2, 1, 10, tzinfo=UTC)
SENGA, BOB = "p-1f0c", "p-2e1d"
WORDS = "a sister in Govan"


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    return acting.opened()


def _register(room: str, person: str, name: str, role: str = "lead") -> str:
    registered = {"tier": "1", "name": name}
    answer = send(room, "Registered", registered, role, person=person, mode="report")
    return str(answer.facts[0]["id"])


def _correct(room: str, target: str, changes: dict[str, object], role: str = "lead") -> None:
    wrong = {"target": target, "changes": changes, "reason": "mistake"}
    assert send(room, "Correct", wrong, role).status == 200


def _noted(room: str, **fields: str) -> tuple[str, str]:
    """A note's fact, and its text."""
    fact = send(room, "AddNote", {"note": WORDS}, **fields).facts[0]
    return fact["id"], fact["data"]["note"]["text"]


def _erase(room: str, person: str) -> str:
    return str(send(room, "Erase", role="manager", person=person).facts[0]["id"])


def test_who_may_not_register_renames_nobody(room: str) -> None:
    _register(room, SENGA, "Senga")
    directory()
    _register(room, SENGA, "Mallory", role="analyst")
    assert directory().names == {SENGA: "Senga"}
    assert directory().find("mallory", 5) == []


def test_a_name_that_was_taken_back_counts_no_more(room: str) -> None:
    _register(room, SENGA, "Senga")
    wrong = _register(room, SENGA, "Somebody Else")
    directory()
    retracted = send(room, "Retract", {"target": wrong, "reason": "mistake"})
    assert directory().names == {SENGA: "Senga"}
    back = {"target": retracted.facts[0]["id"], "reason": "mistake"}
    assert send(room, "Retract", back).status == 200
    assert directory().names == {SENGA: "Somebody Else"}


def test_a_name_corrected_to_another_person_is_theirs(room: str) -> None:
    named = _register(room, SENGA, "Robert")
    directory()
    _correct(room, named, {"person": BOB})
    assert directory().names == {BOB: "Robert"}


def test_a_name_is_gone_as_soon_as_the_erasure_is_in_the_ledger(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _register(room, SENGA, "Senga")
    directory()
    seen = []

    def between(people: set[str]) -> None:
        seen.append(dict(directory().names))
        erasing.apply_erasures(people)

    monkeypatch.setattr(writing, "apply_erasures", between)
    _erase(room, SENGA)
    assert seen == [{}]
    assert directory().names == {}


def test_an_erasure_that_the_keys_database_failed_is_made_good(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, text = _noted(room, person=SENGA)
    erase = body("Erase", person=SENGA)

    def failing(owners: object) -> None:
        raise DatabaseError("locked")

    monkeypatch.setattr(erasing, "forget", failing)
    with pytest.raises(DatabaseError):
        sent(room, erase, sender("manager"))
    monkeypatch.undo()
    assert words_of([text]) == {text: WORDS}
    assert sent(room, erase, sender("manager")).status == 200
    assert words_of([text]) == {}


def test_a_note_from_before_anybody_knew_whose_it_is_goes_too(room: str) -> None:
    arrived = send(room, "Arrive", {"reasons": ["shower"]}).facts[0]
    _, text = _noted(room, visit=arrived["visit"])
    _, other = _noted(room)
    _correct(room, arrived["id"], {"person": SENGA})
    _erase(room, SENGA)
    assert words_of([text, other]) == {other: WORDS}


def test_a_visit_that_turns_out_to_be_of_somebody_erased_loses_its_notes(room: str) -> None:
    _register(room, SENGA, "Senga")
    arrived = send(room, "Arrive", {"reasons": ["shower"]}).facts[0]
    _, text = _noted(room, visit=arrived["visit"])
    _erase(room, SENGA)
    look_again = LookingAgain()
    look_again()
    assert words_of([text]) == {text: WORDS}
    _correct(room, arrived["id"], {"person": SENGA})
    look_again()
    assert words_of([text]) == {}


def test_a_note_corrected_to_another_person_goes_with_them_alone(room: str) -> None:
    visit = acting.arrived(room, SENGA)
    fact, text = _noted(room, visit=visit, person=SENGA)
    _correct(room, fact, {"person": BOB})
    _erase(room, SENGA)
    assert words_of([text]) == {text: WORDS}
    _erase(room, BOB)
    assert words_of([text]) == {}


def test_a_note_that_was_taken_back_goes_too(room: str) -> None:
    fact, text = _noted(room, person=SENGA)
    send(room, "Retract", {"target": fact, "reason": "mistake"})
    _erase(room, SENGA)
    assert words_of([text]) == {}


def test_words_of_an_emergency_go_with_whose_it_was(room: str) -> None:
    visit = acting.arrived(room, SENGA)
    started = send(room, "StartEmergency", {}).facts[0]
    seen = {"emergency": started["data"]["emergency"], "note": WORDS}
    text = send(room, "Observed", seen).facts[0]["data"]["note"]["text"]
    _correct(room, started["id"], {"visit": visit})
    _erase(room, SENGA)
    assert words_of([text]) == {}


def test_words_of_a_report_that_was_held_go_too(room: str) -> None:
    held = send(
        room, "Registered", {"tier": "1", "name": WORDS}, "analyst", person=SENGA, mode="report"
    )
    text = held.facts[0]["data"]["report"]["data"]["name"]["text"]
    assert words_of([text]) == {text: WORDS}
    _erase(room, SENGA)
    assert words_of([text]) == {}


def test_words_that_came_with_who_did_something_go_with_whom_it_was_done_for(room: str) -> None:
    nobody = Sender(None, "device", "t-9", "device")
    [seen] = sent(room, body("Observe", {"spo2": 97}, person=SENGA), nobody).facts
    named = {"target": seen["id"], "staff": "s-nurse", "weather": "so Senga told"}
    assert send(room, "Attribute", named, mode="report").flags == ["unreadable"]
    texts = list(Secret.objects.values_list("text", flat=True))
    assert any("Senga" in words for words in words_of(texts).values())
    _erase(room, SENGA)
    assert words_of(texts) == {}


def test_an_erasure_of_the_wrong_person_that_is_corrected_erases_the_right_one(room: str) -> None:
    erased = _erase(room, BOB)
    _register(room, SENGA, "Senga")
    _, text = _noted(room, person=SENGA)
    directory()
    look_again = LookingAgain()
    _correct(room, erased, {"person": SENGA}, role="manager")
    assert directory().names == {}
    look_again()
    assert words_of([text]) == {}


def test_upkeep_erases_again_after_the_keys_were_restored(room: str) -> None:
    _, text = _noted(room, person=SENGA)
    backup = list(WrappedKey.objects.all())
    _erase(room, SENGA)
    for key in backup:
        key.save()
    assert words_of([text]) == {text: WORDS}
    upkeep()
    assert words_of([text]) == {}


def test_in_another_room_what_was_recorded_until_the_erasure_goes_and_later_words_stay(
    room: str,
) -> None:
    other = acting.begun("edinburgh")
    early, same, late = (datetime.now(UTC) + timedelta(hours=hours) for hours in (1, 2, 3))
    texts = [
        send(other, "AddNote", {"note": WORDS}, now=moment, person=SENGA)
        .facts[0]["data"]["note"]["text"]
        for moment in (early, same, late)
    ]  # fmt: skip
    assert send(room, "Erase", role="manager", now=same, person=SENGA).status == 200
    assert words_of(texts) == {texts[2]: WORDS}


def test_the_words_of_a_correction_go_with_what_it_corrects(room: str) -> None:
    arrived = send(room, "Arrive", {"reasons": ["shower"]}).facts[0]
    fact, text = _noted(room, visit=arrived["visit"])
    earlier = {"happened": "2025-02-01T10:00:00Z"}
    wrong = {"target": fact, "changes": earlier, "reason": "mistake", "note": WORDS}
    said = send(room, "Correct", wrong).facts[0]["data"]["note"]["text"]
    _correct(room, arrived["id"], {"person": SENGA})
    _erase(room, SENGA)
    assert words_of([text, said]) == {}


def test_the_words_with_which_an_erasure_was_corrected_go_with_it(room: str) -> None:
    erased = _erase(room, BOB)
    wrong = {"target": erased, "changes": {"person": SENGA}, "reason": "mistake", "note": WORDS}
    look_again = LookingAgain()
    text = send(room, "Correct", wrong, "manager").facts[0]["data"]["note"]["text"]
    look_again()
    assert words_of([text]) == {}


@pytest.fixture
def linked(room: str) -> str:
    """Two records that are one person; the text of the second one's note."""
    _register(room, SENGA, "Senga Muir")
    _register(room, BOB, "Senga M.")
    assert send(room, "Link", {"other": BOB}, person=SENGA).status == 200
    return _noted(room, person=BOB)[1]


def test_an_erasure_takes_every_pseudonym_that_is_known_to_be_the_person(
    room: str, linked: str
) -> None:
    _erase(room, SENGA)
    assert directory().names == {}
    assert words_of([linked]) == {}


def test_who_was_found_to_be_somebody_else_is_not_erased(room: str, linked: str) -> None:
    assert send(room, "Unlink", {"other": BOB}, person=SENGA).status == 200
    _erase(room, SENGA)
    assert directory().names == {BOB: "Senga M."}
    assert words_of([linked]) == {linked: WORDS}


def test_a_record_that_turns_out_to_be_of_somebody_erased_goes_too(room: str) -> None:
    _register(room, BOB, "Senga M.")
    _, text = _noted(room, person=BOB)
    _erase(room, SENGA)
    look_again = LookingAgain()
    _, later = _noted(room, person=BOB)
    send(room, "Link", {"other": BOB}, person=SENGA)
    assert directory().names == {}
    look_again()
    assert words_of([text, later]) == {later: WORDS}


def test_words_that_turn_out_to_be_of_an_emergency_of_somebody_erased_go_too(room: str) -> None:
    came = send(room, "Arrive", {"reasons": ["shower"]}).facts[0]
    started = send(room, "StartEmergency", {}, visit=came["visit"]).facts[0]
    seen = send(room, "Observed", {"emergency": "e-1", "note": WORDS}).facts[0]
    text = seen["data"]["note"]["text"]
    _correct(room, came["id"], {"person": SENGA})
    _erase(room, SENGA)
    look_again = LookingAgain()
    assert words_of([text]) == {text: WORDS}
    _correct(room, seen["id"], {"data": {"emergency": started["data"]["emergency"]}})
    look_again()
    assert words_of([text]) == {}


def _refer(room: str, **fields: str) -> str:
    said = {"referral": "r-1", "destination": "housing"}
    return str(send(room, "Refer", said, **fields).facts[0]["id"])


def _update(room: str) -> str:
    said = {"referral": "r-1", "status": "attended", "note": WORDS}
    return str(send(room, "UpdateReferral", said).facts[0]["data"]["note"]["text"])


def test_words_about_what_became_of_a_referral_go_with_whose_it_is(room: str) -> None:
    _refer(room, visit=acting.arrived(room, SENGA))
    text = _update(room)
    _erase(room, BOB)
    assert words_of([text]) == {text: WORDS}
    _erase(room, SENGA)
    assert words_of([text]) == {}
    look_again = LookingAgain()
    late = _update(room)
    look_again()
    assert words_of([late]) == {}


def test_words_about_a_flag_go_with_whom_it_is_about(room: str) -> None:
    visit = acting.arrived(room, SENGA)
    flag = send(room, "FlagForReview", {"reason": "incomplete"}, visit=visit).facts[0]["id"]
    resolved = send(room, "ResolveReview", {"flag": flag, "note": WORDS}).facts[0]
    text = resolved["data"]["note"]["text"]
    assert resolved["person"] is None
    _erase(room, SENGA)
    assert words_of([text]) == {}


def test_words_that_no_fact_could_hold_go_with_the_fact_wherever_it_was_moved(room: str) -> None:
    seen = send(room, "Observed", {"breaths": 12, "response": WORDS})
    fact, flag = seen.facts[0], next(one for one in seen.facts if one["data"].get("note"))
    text = flag["data"]["note"]["text"]
    assert flag["data"]["about"] == fact["id"]
    _correct(room, fact["id"], {"visit": acting.arrived(room, SENGA)})
    _erase(room, SENGA)
    assert words_of([text]) == {}


def test_what_happened_before_an_erasure_and_comes_after_it_brings_nothing_back(
    room_database: RoomDatabase,
) -> None:
    room = acting.opened(NOW)
    send(room, "Erase", role="manager", now=NOW + timedelta(hours=1), person=SENGA)
    look_again = LookingAgain()
    texts = {}
    for minutes in (30, 90):
        tapped = NOW + timedelta(minutes=minutes)
        came = {"mode": "report", "person": SENGA, "now": NOW + timedelta(hours=2)}
        clock: dict[str, Any] = {"tapped": tapped.isoformat(), "offset_ms": 0, "offset_age_ms": 1}
        send(room, "Registered", {"tier": "1", "name": f"Senga {minutes}"}, **came, **clock)
        note = send(room, "AddNote", {"note": WORDS}, **came, **clock).facts[0]["data"]["note"]
        texts[minutes] = note["text"]
        assert directory().names == ({} if minutes == 30 else {SENGA: "Senga 90"})
    look_again()
    assert words_of(texts.values()) == {texts[90]: WORDS}
    assert directory().names == {SENGA: "Senga 90"}


def test_a_look_again_is_at_those_alone_whom_new_facts_can_touch(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hers, his = acting.arrived(room, SENGA), acting.arrived(room, BOB)
    _noted(room, visit=hers)
    _erase(room, SENGA)
    looked: list[object] = []
    monkeypatch.setattr(erasing, "texts_taken", lambda room, some: looked.append(some) or set())
    look_again = LookingAgain()
    left = send(room, "Depart", {"how": "well"}, visit=his).facts[0]["id"]
    _correct(room, left, {"data": {"how": "unknown"}})
    look_again()
    assert looked == []
    send(room, "Depart", {"how": "well"}, visit=hers)
    look_again()
    look_again()
    assert len(looked) == 1


def test_an_erasure_folds_each_fact_into_its_visit_once(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = [acting.arrived(room, SENGA)]
    for _ in range(3):
        send(room, "Depart", {"how": "well"}, visit=visits[-1])
        visits.append(acting.arrived(room, SENGA))
    folded: list[int] = []
    fold = about.fold_visit

    def counted(id: str, facts: Iterable[Any]) -> Any:
        given = list(facts)
        folded.append(len(given))
        return fold(id, given)

    monkeypatch.setattr(about, "fold_visit", counted)
    _erase(room, SENGA)
    assert len(folded) == len(visits)
    assert max(folded) == 4  # arrived, terms, assessed, left


def test_a_name_whose_key_is_gone_is_left_out_whoever_deleted_it(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directories, "LOOK_EVERY", 0.0)
    _register(room, SENGA, "Senga")
    _register(room, BOB, "Robert")
    assert directory().find("senga", 5) == [SENGA]
    named = orjson.loads(Entry.objects.get(kind="Registered", person=SENGA).record)
    WrappedKey.objects.filter(owner=named["data"]["name"]["text"]).delete()
    assert directory().names == {BOB: "Robert"}
    assert directory().find("senga", 5) == []


def test_names_stay_while_the_keys_cannot_be_asked_for(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directories, "LOOK_EVERY", 0.0)
    _register(room, SENGA, "Senga")
    directory()
    with connections["keys"].cursor() as cursor:
        cursor.execute("ALTER TABLE keyring_wrappedkey RENAME TO elsewhere")
    assert directory().names == {SENGA: "Senga"}
