"""What each role sees of a fact and of the board."""

import pytest

from tests.support import acting
from tests.unit.web.api.conftest import Ask

NAME = "Zebedee Quill"
WORDS = "said something about a cousin"


@pytest.fixture
def visit(room: str) -> str:
    visit = acting.arrived(room, "p-1f0c", NAME)
    acting.send(room, "Seat", {"place": "booth-1"}, visit=visit)
    use = {"place": "booth-1", "substances": ["heroin"], "route": "intravenous"}
    acting.send(room, "StartConsumption", use, visit=visit)
    acting.send(room, "Observed", {"breaths": 11, "spo2": 93, "note": WORDS}, visit=visit)
    return visit


def test_reception_sees_who_is_where_and_not_what_they_use(ask: Ask, visit: str) -> None:
    shown = ask("GET", "/api/board", "reception").json()
    [row] = shown["visits"]
    assert shown["labels"] == {visit: NAME}
    assert (row["place"], row["stage"]) == ("booth-1", "consuming")
    assert (row["substances"], row["glyphs"], row["route"]) == ([], "", None)
    assert row["looked"] is None


def test_a_nurse_sees_it(ask: Ask, visit: str) -> None:
    [row] = ask("GET", "/api/board", "nurse").json()["visits"]
    assert row["substances"] == ["heroin"]
    assert (row["looked"]["breaths"], row["looked"]["spo2"]) == (11, 93)


def test_boards_have_the_same_keys_for_every_role(ask: Ask, visit: str) -> None:
    emergency = acting.send(acting.ROOM, "StartEmergency", {}, visit=visit)
    assert emergency.status == 200
    nurse, door = (ask("GET", "/api/board", role).json() for role in ("nurse", "reception"))
    assert nurse.keys() == door.keys()
    assert nurse["visits"][0].keys() == door["visits"][0].keys()
    assert nurse["emergencies"][0].keys() == door["emergencies"][0].keys()
    assert door["emergencies"][0]["timeline"] == []


@pytest.mark.parametrize("role", ["reception", "analyst"])
def test_facts_hold_what_a_role_may_see(ask: Ask, visit: str, role: str) -> None:
    facts = ask("GET", "/api/facts", role).json()["facts"]
    [seen] = [fact for fact in facts if fact["kind"] == "Observed"]
    assert "note" not in seen["data"]
    assert ("spo2" in seen["data"]) == (role == "analyst")


@pytest.mark.parametrize("role", ["administrator", "device"])
def test_an_answer_tells_a_role_that_reads_nothing_only_what_it_said(
    ask: Ask, visit: str, role: str
) -> None:
    for kind, data in (("Observe", {"response": "voice"}), ("StartEmergency", {})):
        command = acting.body(kind, data, visit=visit)
        answers = [ask("POST", "/api/commands", role, command) for _ in range(2)]
        assert answers[0].content == answers[1].content
        assert b"p-1f0c" not in answers[0].content
        assert b"booth-1" not in answers[0].content
        fact = answers[0].json()["facts"][0]
        assert (fact["command"], fact["visit"]) == (command["id"], visit)
        assert data.items() <= fact["data"].items()


def test_an_answer_tells_the_door_what_a_read_would(ask: Ask, visit: str) -> None:
    command = acting.body("Observe", {"breaths": 11, "spo2": 93}, visit=visit)
    fact = ask("POST", "/api/commands", "reception", command).json()["facts"][0]
    assert (fact["person"], fact["data"]) == ("p-1f0c", {})


def test_no_answer_but_the_board_and_the_search_holds_a_name(ask: Ask, visit: str) -> None:
    for role in ("reception", "worker", "nurse", "lead", "manager", "analyst", "administrator"):
        for path in ("/api/facts", "/api/measures", "/api/openapi.json", "/healthz", "/readyz"):
            answer = ask("GET", path, role)
            assert b"Zebedee" not in answer.content, (role, path)
            assert b"cousin" not in answer.content, (role, path)
    for role in ("analyst", "administrator", "device"):
        assert b"Zebedee" not in ask("GET", "/api/board", role).content
        assert b"Zebedee" not in ask("POST", "/people/search", role, {"words": "zeb"}).content


def test_a_person_is_found_with_what_the_door_must_know(ask: Ask, visit: str) -> None:
    until = {"scope": "all", "until": "2999-01-01T00:00:00Z", "reason": "violence"}
    until["scope"], until["reason"] = _scope(), _incident()
    acting.send(acting.ROOM, "ImposeExclusion", until, person="p-1f0c")
    [found] = ask("POST", "/people/search", "reception", {"words": "zeb"}).json()
    assert (found["person"], found["name"], found["here"]) == ("p-1f0c", NAME, visit)
    assert found["last_visit"]
    assert found["scope"] == until["scope"]
    assert found["excluded_until"].startswith("2999-01-01")


def _scope() -> str:
    from opendcr.catalogue.people import EXCLUSION_SCOPES

    return EXCLUSION_SCOPES.codes[0]


def _incident() -> str:
    from opendcr.catalogue.people import INCIDENTS

    return INCIDENTS.codes[0]


@pytest.mark.parametrize("body", [None, [], {}, {"words": 3}, {"words": "x", "room": "elsewhere"}])
def test_a_search_that_cannot_be_read_is_told_so(ask: Ask, visit: str, body: object) -> None:
    assert ask("POST", "/people/search", "nurse", body).status_code == 422
