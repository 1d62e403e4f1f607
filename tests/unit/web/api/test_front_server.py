"""A room behind a front server that adds HTTPS: what works, and what an administrator is told."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client, override_settings

from opendcr.web.staff import delay
from tests.docs.texts import ROOT
from tests.support import acting

BROWSER = {"host": "room.example", "origin": "https://room.example"}
FORWARDED = {"x-forwarded-proto": "https"}


@pytest.fixture(autouse=True)
def served(room: str) -> Iterator[None]:
    """As OPENDCR_HOSTS=room.example OPENDCR_HTTPS=1 set it up."""
    delay._wrong.clear()
    acting.signs_in("nurse")
    with override_settings(
        ALLOWED_HOSTS=["room.example"],
        SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
        SESSION_COOKIE_SECURE=True,
        CSRF_COOKIE_SECURE=True,
    ):
        yield


def _signs_in(headers: dict[str, str], token: str | None = None) -> Any:
    client = Client(enforce_csrf_checks=True)
    page = client.get("/sign-in", headers=headers).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    form = {"username": "nurse", "password": acting.PASSWORD}
    form["csrfmiddlewaretoken"] = token or (found[1] if found else "")
    return client.post("/sign-in", form, headers=headers)


def test_somebody_signs_in_where_the_front_server_says_that_it_is_https() -> None:
    assert _signs_in(BROWSER | FORWARDED).status_code == 302


@pytest.mark.parametrize(
    ("headers", "token", "words"),
    [
        (BROWSER, None, ["X-Forwarded-Proto", "OPENDCR_HTTPS=1"]),
        (BROWSER | FORWARDED | {"origin": "https://other.example"}, None, ["X-Forwarded-Proto"]),
        (BROWSER | FORWARDED, "0" * 32, ["Load the page again", "cookies"]),
    ],
)
def test_a_form_that_is_not_taken_says_what_may_be_wrong(
    headers: dict[str, str], token: str | None, words: list[str]
) -> None:
    answer = _signs_in(headers, token)
    assert answer.status_code == 403
    said = answer.content.decode()
    assert all(word in said for word in words)
    assert "role" not in re.sub(r'role="\w+"', "", said)
    assert "other.example" not in said


@pytest.mark.parametrize("path", ["/sign-in", "/api/board", "/"])
def test_a_name_that_is_not_ours_is_told_to_the_administrator_and_not_repeated(path: str) -> None:
    answer = Client().get(path, headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    assert b"OPENDCR_HOSTS" in answer.content
    assert b"elsewhere" not in answer.content


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_monitor_may_ask_by_number(path: str) -> None:
    answer = Client().get(path, headers={"host": "10.0.0.9:8000"})
    assert answer.status_code in (200, 503)
    assert answer.json().keys() & {"live", "ready"}


def test_what_a_site_may_choose_is_written_down() -> None:
    code = "".join(
        (ROOT / f"src/opendcr/web/config/{name}.py").read_text() for name in ("settings", "places")
    )
    chosen = set(re.findall(r'environ.get\("(OPENDCR_\w+)"', code)) - {"OPENDCR_TRAINING"}
    written = (ROOT / "docs" / "serving.md").read_text()
    assert {name for name in chosen if f"| `{name}` |" not in written} == set()
