"""A server that keeps several rooms: what a page, a tablet and a report are for."""

import json
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from opendcr.web.store.archive import facts_after
from tests.support import acting
from tests.unit.web.api.conftest import Ask


@pytest.fixture
def tablet(room: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="nurse"))
    return client


def boot(client: Client, address: str = "/") -> dict:
    page = client.get(address).content.decode()
    return json.loads(re.search(r'<script id="boot"[^>]*>(.*?)</script>', page)[1])


def test_a_page_is_for_one_room_and_says_so_in_all_that_it_asks(tablet: Client, room: str) -> None:
    asked = boot(tablet)
    assert asked["room"] == room
    for of_room in ("board", "stream", "reviews", "story", "left"):
        assert asked["urls"][of_room].endswith(f"?room={room}")


def test_a_tablet_keeps_its_room_when_another_comes(tablet: Client, room: str) -> None:
    boot(tablet)
    acting.begun("aberdeen")
    assert boot(tablet)["room"] == room
    assert boot(tablet, "/emergency/")["room"] == room
    assert f'data-room="{room}"' in tablet.get("/sign-in").content.decode()


def test_a_tablet_of_no_room_is_asked_which_and_remembers(tablet: Client, room: str) -> None:
    acting.begun("aberdeen")
    for address in ("/", "/?room=elsewhere"):
        page = tablet.get(address).content.decode()
        assert 'href="/?room=aberdeen"' in page and f'href="/?room={room}"' in page
    assert boot(tablet, "/?room=aberdeen")["room"] == "aberdeen"
    assert boot(tablet)["room"] == "aberdeen"


def test_an_emergency_is_taken_from_a_tablet_of_no_room_and_looked_at(
    tablet: Client, room: str, ask: Ask
) -> None:
    acting.begun("aberdeen")
    assert boot(tablet, "/emergency/")["room"] is None
    answer = ask("POST", "/api/commands", "nurse", acting.body("StartEmergency")).json()
    assert answer["flags"] == ["unreadable"]
    kinds = [fact.kind for fact in facts_after("aberdeen", 0)]
    assert kinds == ["EmergencyStarted", "ReviewFlagged"]


def test_a_report_of_a_known_visit_needs_no_room(room: str, ask: Ask) -> None:
    visit = acting.arrived(room)
    acting.begun("aberdeen")
    seen = acting.body("Observe", {"response": "alert"}, visit=visit)
    answer = ask("POST", "/api/commands", "nurse", seen).json()
    assert (answer["facts"][0]["room"], answer["flags"]) == (room, [])
