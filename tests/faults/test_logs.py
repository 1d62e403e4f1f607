"""Names, codes and free text stand in no log, no address and no answer to the wrong role."""

import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from opendcr.web.store.access import new_token
from opendcr.web.store.models import Staff
from tests.support import acting
from tests.support.engines import RoomDatabase
from tests.support.served import Serve, Served

PLANTED = ("Zebedee", "Quill", "ZQ-1971", "a cousin in Paisley", "gSecretg")
PERSON = "p-1f0c"


def _asks(server: Served, path: str, token: str, body: Any = None, method: str = "GET") -> bytes:
    data = json.dumps(body).encode() if body is not None else None
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    asked = urllib.request.Request(server.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        return error.read()


@pytest.fixture
def tokens(room_database: RoomDatabase) -> dict[str, str]:
    acting.opened()
    roles = ("reception", "nurse", "manager", "analyst", "administrator")
    acting.accounts(*roles)
    return {role: new_token(Staff.objects.get(role=role)) for role in roles}


def test_what_was_planted_is_in_no_log_and_no_wrong_answer(
    room_database: RoomDatabase, served_room: Serve, tokens: dict[str, str]
) -> None:
    server = served_room(environment=room_database.environment)
    _plant(server, tokens["nurse"])
    _provoke(server, tokens["nurse"])
    found = [
        (role, path)
        for role in ("analyst", "administrator")
        for path in (
            "/api/facts",
            "/api/board",
            "/api/measures",
            "/api/openapi.json",
            "/people/search",
        )
        for answer in [_asks(server, path, tokens[role])]
        if any(word.encode() in answer for word in PLANTED)
    ]
    assert found == []
    facts = _asks(server, "/api/facts", tokens["manager"])
    assert not any(word.encode() in facts for word in PLANTED)
    output = server.output()
    assert not any(word in output for word in PLANTED), output
    # The register gives the name to who may know it: it was planted indeed.
    assert b"Zebedee" in _asks(server, "/people/search", tokens["nurse"], {"words": "zeb"}, "POST")


def _plant(server: Served, token: str) -> None:
    registered = {"tier": "1", "name": "Zebedee Quill", "code": "ZQ-1971"}
    note = {"note": "has a cousin in Paisley"}
    for command in (
        acting.body("Register", registered, person=PERSON),
        acting.body("Arrive", person=PERSON),
        acting.body("AddNote", note, person=PERSON),
        acting.body("Observed", {"response": "Zebedee Quill", "ZQ-1971": 1}, visit="v-1"),
        acting.body("Levitated", {"who": "Zebedee"}, mode="report"),
    ):
        assert b"facts" in _asks(server, "/api/commands", token, command, "POST")


def _provoke(server: Served, token: str) -> None:
    """Errors of every sort, with names where names should not be."""
    for path, body, method in (
        ("/people/Zebedee?name=Quill", None, "GET"),
        ("/api/board?room=Zebedee", None, "GET"),
        ("/api/facts?after=Zebedee", None, "GET"),
        ("/api/stream?after=Quill", None, "GET"),
        ("/api/commands?name=Zebedee", "Zebedee", "POST"),
        ("/api/commands", {"id": "Zebedee Quill", "kind": "Arrive"}, "POST"),
        (
            "/api/commands",
            {"id": acting.uuid7(), "kind": "Seat", "data": {"place": "Zebedee Quill"}},
            "POST",
        ),
        ("/people/search?words=Zebedee", {"words": ["Zebedee"]}, "POST"),
        ("/sign-in", {"username": "Zebedee", "password": "gSecretg"}, "POST"),
        ("/api/board", {"name": "Zebedee"}, "PUT"),
    ):
        _asks(server, path, token, body, method)


def test_an_error_inside_is_logged_without_what_it_held(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    from opendcr.web.config.logs import Plain

    try:
        raise ValueError("Zebedee Quill")
    except ValueError:
        record = logging.LogRecord(
            "django.request", 40, "x.py", 1, "Error: %s", ("/Quill",), sys.exc_info()
        )
    line = Plain().format(record)
    assert "ValueError" in line
    assert "test_logs.py" in line
    assert not any(word in line for word in PLANTED)


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The lines that Django's own loggers write, by our form."""
    from opendcr.web.config.logs import Plain

    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record).partition(" ")[2])

    handler, logger = Kept(), logging.getLogger("django")
    handler.setFormatter(Plain())
    logger.addHandler(handler)
    yield lines
    logger.removeHandler(handler)


def test_a_host_that_is_not_ours_is_not_written_down(logged: list[str]) -> None:
    from django.test import Client

    assert Client().get("/sign-in", headers={"Host": "zebedee-quill.test"}).status_code == 400
    assert logged[0].startswith("ERROR django.security.DisallowedHost: 400 GET no view [Disallowed")
    logging.getLogger("django.security.csrf").warning("Forbidden: Zebedee Quill")
    assert logged[-1] == "WARNING django.security.csrf: a request was refused"
    assert not any(word in line.lower() for line in logged for word in ("zebedee", "quill"))


def test_a_line_of_a_request_tells_its_answer_method_and_view(
    logged: list[str], room_database: RoomDatabase
) -> None:
    from django.test import Client

    client = Client(raise_request_exception=False)
    client.get("/people/Zebedee?name=Quill")
    client.get("/people/search?name=Quill")
    client.generic("QUILL", "/people/search")
    assert logged == [
        "WARNING django.request: 404 GET no view",
        "WARNING django.request: 405 GET people:search",
        "WARNING django.request: 405 another method people:search",
    ]
