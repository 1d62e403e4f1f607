"""A browser: it signs in, sends with its page's token, registers a key, and signs out."""

import re
from typing import Any

import pytest
from django.test import Client

from opendcr.web.staff import delay
from opendcr.web.store.accounts import create
from opendcr.web.store.models import Device, SigningKey
from tests.support import acting


@pytest.fixture
def room(room: str) -> str:
    delay._wrong.clear()
    acting.signs_in("nurse")
    return room


@pytest.fixture
def browser(room: str) -> Client:
    return _signed_in(Client(enforce_csrf_checks=True))


def _token(browser: Client) -> str:
    page = browser.get("/sign-in").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found is not None
    return found[1]


def _signs_in(browser: Client, password: str = acting.PASSWORD, **more: str) -> Any:
    form = {"username": "nurse", "password": password, "csrfmiddlewaretoken": _token(browser)}
    return browser.post("/sign-in", form | more)


def _signed_in(browser: Client) -> Client:
    assert _signs_in(browser).status_code == 302
    return browser


def _sends(
    browser: Client, body: Any, token: str | None = None, path: str = "/api/commands"
) -> Any:
    headers = {"X-CSRFToken": token} if token else {}
    return browser.post(path, body, content_type="application/json", headers=headers)


def test_a_form_without_its_pages_token_is_not_taken(browser: Client) -> None:
    assert _sends(browser, acting.body("Arrive")).status_code == 403
    assert browser.post("/people/search", {"words": "x"}).status_code == 403


def test_a_form_sent_twice_is_one_arrival(browser: Client) -> None:
    command, token = acting.body("Arrive"), _token(browser)
    first, second = (_sends(browser, command, token) for _ in range(2))
    assert first.status_code == 200
    assert first.content == second.content
    assert len(browser.get("/api/board").json()["visits"]) == 1


def test_facts_name_who_signed_in_and_the_browser(browser: Client) -> None:
    facts = [_sends(browser, acting.body("Arrive"), _token(browser)).json()["facts"][0]]
    _signed_in(browser)
    facts.append(_sends(browser, acting.body("Arrive"), _token(browser)).json()["facts"][0])
    assert {(fact["author"], fact["role"]) for fact in facts} == {("s-nurse", "nurse")}
    assert len({fact["device"] for fact in facts}) == 1


def test_a_wrong_password_signs_nobody_in_and_locks_nobody_out(room: str) -> None:
    browser = Client(enforce_csrf_checks=True)
    for _ in range(3):
        answer = _signs_in(browser, "wrong")
        assert answer.status_code == 403
        assert b"wrong" in answer.content
    assert delay.seconds_for("nurse") > 0
    assert _signs_in(browser).status_code == 302
    assert delay.seconds_for("nurse") == 0


def test_one_is_led_on_within_this_site_and_nowhere_else(room: str) -> None:
    assert _signs_in(Client(), next="/emergency/").url == "/emergency/"
    assert _signs_in(Client(), next="https://elsewhere.example/").url == "/"


def test_a_disabled_account_is_out_at_once(browser: Client) -> None:
    from django.contrib.auth.models import User

    assert browser.get("/api/board").status_code == 200
    User.objects.filter(username="nurse").update(is_active=False)
    assert browser.get("/api/board").status_code == 401


def test_who_signs_out_is_out(browser: Client) -> None:
    browser.post("/sign-out", {"csrfmiddlewaretoken": _token(browser)})
    assert browser.get("/api/board").status_code == 401


@pytest.mark.parametrize("next", ["nurse", "lead"])
def test_whoever_signs_in_on_a_browser_ends_the_session_before(browser: Client, next: str) -> None:
    acting.signs_in("lead")
    before = Client()
    before.cookies["opendcr_session"] = browser.cookies["opendcr_session"].value
    assert before.get("/api/board").status_code == 200
    assert _signs_in(browser, username=next).status_code == 302
    assert browser.get("/api/board")["OpenDCR-Staff"] == f"s-{next}"
    assert before.get("/api/board").status_code == 401


def test_a_key_is_registered_for_who_is_signed_in(browser: Client) -> None:
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    answer = _sends(browser, jwk, _token(browser), "/api/keys")
    assert answer.status_code == 200
    held = SigningKey.objects.get(key=answer.json()["key"])
    assert held.staff_id == "s-nurse"
    off_the_curve = {**jwk, "y": jwk["x"]}
    assert _sends(browser, off_the_curve, _token(browser), "/api/keys").status_code == 422


def test_no_answer_is_kept_by_a_browser(browser: Client) -> None:
    for path in ("/api/board", "/sign-in", "/healthz", "/nowhere"):
        assert browser.get(path)["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere"])
def test_an_error_page_repeats_nothing_that_was_sent(browser: Client, path: str) -> None:
    answer = browser.get(path, {"name": "Zebedee"})
    assert answer.status_code == 404
    assert b"Zebedee" not in answer.content
    assert b"nowhere" not in answer.content


def test_a_password_that_is_set_as_it_was_ends_no_session(browser: Client) -> None:
    acting.signs_in("nurse")
    answer = browser.get("/api/board")
    assert (answer.status_code, answer["OpenDCR-Staff"]) == (200, "s-nurse")
    create(acting.account("nurse"), "another long password")
    assert browser.get("/api/board").status_code == 401


def test_a_stranger_is_told_apart_from_an_enrolled_tablet(browser: Client) -> None:
    stranger = browser.get("/api/board", headers={"Authorization": "Bearer x"})
    assert stranger.json()["problem"]["code"] == "unknown_sender"
    Device.objects.get_or_create(device=browser.session["device"])
    browser.post("/sign-out", {"csrfmiddlewaretoken": _token(browser)})
    enrolled = browser.get("/api/board")
    assert enrolled.status_code == 401
    assert "code" not in enrolled.json()["problem"]
