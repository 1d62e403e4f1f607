"""Whose a name and a text are: what stands in the ledger, as corrected, says it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError

from opendcr.web.store import erasing
from opendcr.web.store import write as writing
from opendcr.web.store.directory import directory
from opendcr.web.store.keyring.models import WrappedKey
from opendcr.web.store.register import words_of
from opendcr.web.store.upkeep import upkeep
from tests.support import acting
from tests.support.acting import body, send, sender, sent
from tests.support.engines import RoomDatabase

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

    def between() -> None:
        seen.append(dict(directory().names))
        erasing.apply_erasures()

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
    assert words_of([text]) == {text: WORDS}
    _correct(room, arrived["id"], {"person": SENGA})
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


def test_an_erasure_of_the_wrong_person_that_is_corrected_erases_the_right_one(room: str) -> None:
    erased = _erase(room, BOB)
    _register(room, SENGA, "Senga")
    _, text = _noted(room, person=SENGA)
    directory()
    _correct(room, erased, {"person": SENGA}, role="manager")
    assert directory().names == {}
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
    text = send(room, "Correct", wrong, "manager").facts[0]["data"]["note"]["text"]
    assert words_of([text]) == {}
