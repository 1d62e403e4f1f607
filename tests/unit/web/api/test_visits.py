"""Open reviews, the story of a visit, and who has left: what is told, and to whom."""

import pytest

from opendcr.room.room import fold
from opendcr.web.store.archive import facts_after
from opendcr.web.store.held import look
from opendcr.web.store.proof import Sender
from tests.support import acting
from tests.unit.web.api.conftest import Ask

NAME = "Zebedee Quill"
NOT_TAKEN = {"weather": "a cousin came along"}


@pytest.fixture
def visit(room: str) -> str:
    visit = acting.arrived(room, "p-1f0c", NAME)
    acting.send(room, "Seat", {"place": "booth-1"}, visit=visit)
    use = {"place": "booth-1", "substances": ["heroin"], "route": "intravenous"}
    acting.send(room, "StartConsumption", use, visit=visit)
    return visit


def _flagged(room: str, visit: str) -> str:
    """A report with a part that cannot be read: the flag's id."""
    answer = acting.send(room, "Observed", {"breaths": 11, **NOT_TAKEN}, visit=visit, role="nurse")
    assert answer.flags == ["unreadable"]
    return str(answer.facts[-1]["id"])


def _lines(ask: Ask, visit: str, role: str = "lead") -> list[tuple[str, bool]]:
    lines = ask("GET", f"/api/visits/{visit}/story", role).json()["lines"]
    return [(line["words"], line["struck"]) for line in lines]


def test_a_review_says_why_about_what_about_whom_and_by_whom(
    ask: Ask, room: str, visit: str
) -> None:
    flag = _flagged(room, visit)
    [review] = ask("GET", "/api/reviews", "worker").json()["reviews"]
    assert review["flag"] == flag
    assert review["words"] == "A part of it could not be read."
    assert (review["kind_words"], review["label"]) == ("observed", NAME)
    assert (review["visit"], review["author"]) == (visit, "s-nurse")


@pytest.mark.parametrize(
    ("role", "reads"),
    [("reception", False), ("worker", False), ("nurse", False), ("lead", True), ("manager", True)],
)
def test_what_was_sent_is_read_by_who_may_resolve_it(
    ask: Ask, room: str, visit: str, role: str, reads: bool
) -> None:
    _flagged(room, visit)
    answer = ask("GET", "/api/reviews", role)
    [review] = answer.json()["reviews"]
    assert (b"cousin" in answer.content) == reads
    assert review["withheld"] == (not reads)


def test_a_value_that_cannot_be_is_told_with_its_review(ask: Ask, room: str, visit: str) -> None:
    seen = acting.send(room, "Observed", {"spo2": 310}, visit=visit, role="nurse")
    assert seen.flags == ["impossible_value"]
    [told] = ask("GET", "/api/reviews", "lead").json()["reviews"]
    assert told["values"] == {"spo2": 310}
    [door] = ask("GET", "/api/reviews", "reception").json()["reviews"]
    assert door["values"] == {}


def test_a_corrected_value_that_cannot_be_is_told_with_its_review(
    ask: Ask, room: str, visit: str
) -> None:
    given = acting.send(room, "GiveIntervention", {"intervention": "naloxone"}, visit=visit).facts
    said = {"target": given[0]["id"], "changes": {"data": {"micrograms": 400_000}},
            "reason": "learned_later"}  # fmt: skip
    assert acting.send(room, "Correct", said, "nurse").flags == ["impossible_value"]
    [told] = ask("GET", "/api/reviews", "lead").json()["reviews"]
    assert told["values"] == {"micrograms": 400_000}
    [door] = ask("GET", "/api/reviews", "reception").json()["reviews"]
    assert door["values"] == {}


def test_a_resolved_review_is_not_told_any_more(ask: Ask, room: str, visit: str) -> None:
    flag = _flagged(room, visit)
    assert acting.send(room, "ResolveReview", {"flag": flag}, "nurse").status == 409
    assert acting.send(room, "ResolveReview", {"flag": flag}, visit=visit).status == 200
    assert ask("GET", "/api/reviews", "lead").json()["reviews"] == []


def test_a_story_tells_the_day_in_order_with_what_was_struck(
    ask: Ask, room: str, visit: str
) -> None:
    seated = _fact(ask, visit, "Seated")
    changes = {"changes": {"data": {"place": "booth-2"}}, "reason": "mistake"}
    assert acting.send(room, "Correct", {"target": seated, **changes}).status == 200
    assert _lines(ask, visit) == [
        ("Arrived, to use", False),
        ("Accepted the terms, version terms-1", False),
        ("Talked through what is planned, go ahead, heroin, into a vein", False),
        ("Seated, booth 1", True),
        ("Seated, booth 2", False),
        ("Began to use, booth 1, heroin, into a vein", False),
    ]


@pytest.mark.parametrize(
    ("role", "reads"),
    [("reception", False), ("worker", True), ("nurse", True), ("lead", True), ("manager", True)],
)
def test_a_note_is_read_by_who_cares_until_it_is_struck_out(
    ask: Ask, room: str, visit: str, role: str, reads: bool
) -> None:
    note = acting.send(room, "AddNote", {"note": "Sore arm"}, visit=visit).facts[0]["id"]
    answer = ask("GET", f"/api/visits/{visit}/story", role)
    assert answer.json()["lines"][-1]["note"] == ("Sore arm" if reads else None)
    assert (b"Sore arm" in answer.content) == reads
    acting.send(room, "Retract", {"target": note, "reason": "wrong_person"}, visit=visit)
    struck = ask("GET", f"/api/visits/{visit}/story", role)
    assert struck.json()["lines"][-1]["struck"] and b"Sore arm" not in struck.content


def _fact(ask: Ask, visit: str, kind: str) -> str:
    lines = ask("GET", f"/api/visits/{visit}/story", "lead").json()["lines"]
    return next(str(line["fact"]) for line in lines if line["kind"] == kind and not line["struck"])


def test_reception_reads_the_story_without_what_is_used(ask: Ask, visit: str) -> None:
    answer = ask("GET", f"/api/visits/{visit}/story", "reception")
    assert b"heroin" not in answer.content
    assert b"booth-1" in answer.content
    assert b"heroin" in ask("GET", f"/api/visits/{visit}/story", "worker").content


@pytest.mark.parametrize("role", ["reception", "worker"])
def test_a_line_says_whether_its_reader_may_correct_it(ask: Ask, visit: str, role: str) -> None:
    lines = ask("GET", f"/api/visits/{visit}/story", role).json()["lines"]
    may = {line["kind"]: line["correctable"] for line in lines}
    assert may["Arrived"] is True
    assert may["Seated"] == (role == "worker")


def test_who_left_too_early_is_found_and_brought_back(ask: Ask, room: str, visit: str) -> None:
    assert acting.send(room, "Departed", {"how": "well"}, visit=visit).status == 200
    [gone] = ask("GET", "/api/visits/left", "reception").json()["visits"]
    assert (gone["visit"], gone["label"], gone["how"]) == (visit, NAME, "well")
    departed = _fact(ask, visit, "Departed")
    assert acting.send(room, "Retract", {"target": departed, "reason": "mistake"}).status == 200
    assert ask("GET", "/api/visits/left", "reception").json()["visits"] == []
    assert [one["id"] for one in ask("GET", "/api/board", "lead").json()["visits"]] == [visit]
    assert ("Left well", True) in _lines(ask, visit)


def test_what_was_moved_into_a_visit_is_in_its_story(ask: Ask, room: str, visit: str) -> None:
    begun = acting.send(room, "StartEmergency", {"emergency": "e-1"}).facts[0]
    assert begun["visit"] is None
    changes = {"changes": {"visit": visit}, "reason": "learned_later"}
    assert acting.send(room, "Correct", {"target": begun["id"], **changes}).status == 200
    assert ("Emergency", False) in _lines(ask, visit)


def test_an_unknown_visit_has_no_lines(ask: Ask, room: str) -> None:
    assert _lines(ask, "v-nobody") == []


def test_an_alert_that_says_nothing_is_refused(room: str) -> None:
    assert acting.send(room, "RaiseDrugAlert", {"alert": "a-1"}).refusal == "alert_says_nothing"
    for said in ({"substances": ["heroin"]}, {"note": "green tinge"}):
        assert acting.send(room, "RaiseDrugAlert", {"alert": "a-1", **said}).status == 200


def test_a_dose_is_told_with_its_batch_and_who_saw_it(ask: Ask, room: str, visit: str) -> None:
    acting.send(room, "StartEmergency", {"emergency": "e-1"}, visit=visit)
    dose = {"emergency": "e-1", "intervention": "naloxone", "micrograms": 400, "batch": "B12",
            "route": "intramuscular", "witness": "s-lead"}  # fmt: skip
    acting.send(room, "GiveIntervention", dose, visit=visit, role="nurse")
    [emergency] = ask("GET", "/api/board", "nurse").json()["emergencies"]
    line = emergency["timeline"][-1]
    assert line["words"] == "Naloxone, 400 micrograms, batch B12, into a muscle"
    assert line["witness"] == "s-lead"


def test_a_story_tells_who_was_named_as_the_author_of_what_nobody_signed_in_recorded(
    ask: Ask, room: str, visit: str
) -> None:
    body = acting.body("GiveIntervention", {"intervention": "naloxone"}, visit=visit)
    [dose] = acting.sent(room, body, Sender(None, "device", "t-9", "device")).facts

    def told() -> tuple[str, str | None]:
        lines = ask("GET", f"/api/visits/{visit}/story", "nurse").json()["lines"]
        [line] = [line for line in lines if line["fact"] == dose["id"] and not line["struck"]]
        return line["author"], line["attributed"]

    assert told() == ("unattributed", None)
    named = acting.send(room, "Attribute", {"target": dose["id"], "staff": "s-nurse"}).facts[0]
    assert told() == ("unattributed", "s-nurse")
    again = acting.send(room, "Attribute", {"target": dose["id"], "staff": "s-lead"})
    assert again.refusal == "has_author"
    struck = acting.send(room, "Retract", {"target": dose["id"], "reason": "mistake"}).facts[0]
    assert look(room).room == fold(facts_after(room, 0), room, "Europe/London")
    acting.send(room, "Retract", {"target": struck["id"], "reason": "mistake"})
    acting.send(room, "Retract", {"target": named["id"], "reason": "mistake"})
    assert told() == ("unattributed", None)
