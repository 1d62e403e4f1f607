"""What is wrong with a request says what was found, without its words."""

import socket
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support import acting
from tests.support.engines import RoomDatabase, connect
from tests.unit.web.api.conftest import Ask


@pytest.mark.parametrize(
    ("fields", "where", "found", "expected"),
    [
        ({"visit": 5}, "visit", "5", "the id of a visit, such as v-0194f3e2"),
        ({"visit": "Senga"}, "visit", "a text of 5 characters", "the id of a visit"),
        ({"mode": "bogus"}, "mode", "a text of 5 characters", "ask or report"),
        ({"tapped": "yesterday"}, "tapped", "a text of 9 characters", "a time such as"),
        (
            {"data": {"reasons": "use"}},
            "data.reasons",
            "a text of 3 characters",
            "a list, each one",
        ),
        ({"data": []}, "data", "a JSON list", "an object"),
    ],
)
def test_an_ask_that_does_not_fit_says_what_was_found(
    ask: Ask, fields: Any, where: str, found: str, expected: str
) -> None:
    answer = ask("POST", "/api/commands", "lead", acting.body("Arrive") | fields)
    problem = answer.json()["problem"]
    assert (answer.status_code, problem["where"], problem["found"]) == (422, where, found)
    assert problem["expected"].startswith(expected)


@pytest.mark.parametrize(
    ("changes", "where", "expected"),
    [
        ({"data": {"reasons": "x"}}, "data.changes.data.reasons", "a list, each one"),
        ({"data": {"place": 3}}, "data.changes.data.place", "the id of a place"),
        ({"data": {"mood": "low"}}, "data.changes.data.mood", "happened, person, visit, or a"),
        ({"data": 3}, "data.changes.data", "an object"),
        ({"happened": "noon"}, "data.changes.happened", "a time such as"),
        ({"kind": "Seated"}, "data.changes.kind", "happened, person, visit, or a key of data"),
    ],
)
def test_a_correction_is_told_which_of_its_changes_does_not_fit_and_why(
    ask: Ask, room: str, changes: Any, where: str, expected: str
) -> None:
    arrival = acting.send(room, "Arrive").facts[0]["id"]
    wrong = {"target": arrival, "changes": changes, "reason": "slip"}
    answer = ask("POST", "/api/commands", "lead", acting.body("Correct", wrong))
    assert answer.status_code == 422
    assert answer.json()["problem"]["where"] == where
    assert answer.json()["problem"]["expected"].startswith(expected)


@pytest.mark.parametrize(
    ("address", "found", "expected"),
    [
        ("/api/facts?after=-1", "-1", "0 or more"),
        ("/api/facts?after=Senga", "a text of 5 characters", "a whole number"),
        ("/api/measures?as_at=June", "a text of 4 characters", "a date such as 2025-02-01"),
    ],
)
def test_an_address_that_does_not_fit_says_what_was_found(
    ask: Ask, address: str, found: str, expected: str
) -> None:
    answer = ask("GET", address, "manager")
    problem = answer.json()["problem"]
    assert (answer.status_code, problem["found"], problem["expected"]) == (422, found, expected)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/facts", "GET"),
        ("GET", "/api/commands", "POST"),
    ],
)
def test_a_method_that_is_not_taken_is_a_problem_like_any_other(
    ask: Ask, method: str, path: str, allowed: str
) -> None:
    answer = ask(method, path, "manager")
    assert (answer.status_code, answer["Allow"]) == (405, allowed)
    assert set(answer.json()["problem"]) == {"where", "found", "expected"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/people/search"), ("GET", "/"), ("GET", "/emergency/"), ("GET", "/evidence")],
)
def test_a_page_says_that_the_database_does_not_answer_and_what_to_do(
    room: str, room_database: RoomDatabase, method: str, path: str
) -> None:
    browser = Client()
    browser.force_login(User.objects.get(username="lead"))
    with socket.socket() as taken:  # no server listens at this address
        taken.bind(("127.0.0.1", 0))
        away = f"postgresql://room@127.0.0.1:{taken.getsockname()[1]}/room"
        connect(away, room_database.keys_url)
        answer = browser.generic(method, path, b"{}", content_type="application/json")
    connect(room_database.url, room_database.keys_url)
    assert answer.status_code == 503
    assert "The database does not answer" in answer.content.decode()
    assert "Try again" in answer.content.decode()
    assert browser.generic(method, path, b'{"words": "x"}').status_code < 500
