"""Every role at every address by every method. What is not allowed here is refused."""

from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from opendcr.catalogue.roles import ROLES
from tests.support import acting
from tests.unit.web.api.conftest import Ask

ROOM_ROLES = {"reception", "worker", "nurse", "lead", "manager"}
STAFF_ROLES = set(ROLES.codes) - {"device"}

# Who is answered with 200, by address and method; everybody else with 401 or 403.
ALLOWED: dict[tuple[str, str], set[str]] = {
    ("/api/board", "GET"): ROOM_ROLES,
    ("/api/facts", "GET"): ROOM_ROLES | {"analyst"},
    ("/api/measures", "GET"): {"manager", "analyst"},
    ("/api/reviews", "GET"): ROOM_ROLES,
    ("/api/visits/left", "GET"): ROOM_ROLES,
    ("/api/visits/<visit>/story", "GET"): ROOM_ROLES,
    ("/people/search", "POST"): ROOM_ROLES,
    # Streams never end; their own tests read them. Keys need a session.
    ("/api/stream", "GET"): ROOM_ROLES,
    ("/api/keys", "POST"): set(),
}
PAGES = {"/", "/device", "/evidence", "/evidence/measures", "/evidence/room.csv",
         "/evidence/published/<str:series>.csv", "/planning", "/planning/result"}  # fmt: skip
# Who sends what is decided by kind, as room/permissions.py says: 409 is an answer to a permitted role.
COMMANDS = ("/api/commands", "POST")
KNOWN_TO_ALL_STAFF = "/api/openapi.json"
OPEN = {"/healthz", "/readyz", "/sign-in", "/sign-out", "/emergency/"}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BODIES: dict[str, Any] = {
    "/people/search": {"words": "x"},
    "/api/keys": {"kty": "EC", "crv": "P-256", "x": "x", "y": "y"},
}


def _addresses(patterns: Any, before: str = "/") -> set[str]:
    found: set[str] = set()
    for one in patterns:
        if isinstance(one, URLResolver):
            found |= _addresses(one.url_patterns, before + str(one.pattern))
        elif isinstance(one, URLPattern):
            found.add(before + str(one.pattern))
    return found


def test_every_address_is_in_this_table() -> None:
    known = OPEN | PAGES | {KNOWN_TO_ALL_STAFF} | {path for path, _ in (*ALLOWED, COMMANDS)}
    addresses = {path for path in _addresses(get_resolver().url_patterns) if path != "/api/"}
    assert addresses - known == set()


@pytest.mark.parametrize("path", sorted({path for path, _ in ALLOWED}))
@pytest.mark.parametrize("method", METHODS)
def test_only_the_allowed_are_answered(ask: Ask, path: str, method: str) -> None:
    for role in [*sorted(STAFF_ROLES), "device", None]:
        answer = ask(method, path, role, BODIES.get(path))
        if role in ALLOWED.get((path, method), set()):
            assert answer.status_code == 200, (role, answer.content)
            answer.close()
        else:
            assert answer.status_code in (401, 403, 405), (role, answer.status_code)
            assert b"booth" not in answer.content


def test_the_interface_describes_itself_to_whoever_may_use_it(ask: Ask) -> None:
    assert ask("GET", KNOWN_TO_ALL_STAFF).status_code == 401
    assert ask("GET", KNOWN_TO_ALL_STAFF, "device").status_code == 200


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_stranger_is_led_to_the_sign_in(ask: Ask, path: str) -> None:
    answer = ask("GET", path.replace("<str:series>", "drug_deaths"))
    assert answer.status_code in (302, 401)
    assert b"booth" not in answer.content


def test_a_stranger_sends_no_command(ask: Ask) -> None:
    assert (
        ask(*reversed(COMMANDS), None, acting.body("Observed", {"response": "alert"})).status_code
        == 401
    )


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_a_role_asks_for_what_its_row_says(ask: Ask, role: str) -> None:
    from opendcr.room.permissions import may

    answer = ask(
        "POST",
        "/api/commands",
        role,
        acting.body("BlockPlace", {"place": "booth-1", "reason": "cleaning"}),
    )
    expected = 200 if may(role, "PlaceBlocked") else 409
    assert answer.status_code == expected
    if expected == 409:
        assert answer.json()["refusal"]["code"] == "not_permitted"


def test_a_device_alone_reports_bodies_and_reads_nothing(ask: Ask) -> None:
    seen = acting.body("Observed", {"response": "alert"}, visit="v-1")
    assert (
        ask("POST", "/api/commands", "device", seen).json()["facts"][0]["author"] == "unattributed"
    )
    assert ask("POST", "/api/commands", "device", acting.body("Arrive")).status_code == 422


@pytest.mark.parametrize("token", ["", "x", "dcr_", "Bearer", "\u00e9"])
def test_an_unknown_token_is_a_strangers(room: str, token: str) -> None:
    from django.test import Client

    answer = Client().get("/api/board", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("role", [None, "device", "analyst"])
def test_the_stream_turns_away_in_the_words_of_the_board(role: str | None, ask: Ask) -> None:
    stream, board = ask("GET", "/api/stream", role), ask("GET", "/api/board", role)
    assert (stream.status_code, stream.json()) == (board.status_code, board.json())
