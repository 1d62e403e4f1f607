"""Where each role lands that signs in: on a page that it may read, and that works."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support import acting
from tests.unit.web.api.conftest import STAFF_ROLES

FLOOR = ("reception", "worker", "nurse", "lead", "manager")
LANDS = {**dict.fromkeys(FLOOR, "/"), "analyst": "/evidence", "administrator": "/device"}
READERS = ("lead", "manager", "analyst")


def test_the_table_holds_every_role() -> None:
    assert set(LANDS) == set(STAFF_ROLES)


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_who_signs_in_meets_a_page_that_works(room: str, role: str) -> None:
    client = Client()
    user = User.objects.get(username=role)
    user.set_password(acting.PASSWORD)
    user.save()
    form = {"username": role, "password": acting.PASSWORD, "next": "/"}
    answer = client.post("/sign-in", form, follow=True)
    assert answer.status_code == 200
    assert (answer.redirect_chain or [("/", 302)])[-1][0] == LANDS[role]
    words = answer.content.decode()
    assert ('"evidence": "/evidence"' in words) == (role in READERS and role in FLOOR)


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_the_sign_in_page_shows_the_figures_to_their_readers(room: str, role: str) -> None:
    client = Client()
    client.force_login(User.objects.get(username=role))
    words = client.get("/sign-in?next=/").content.decode()
    assert ('href="/evidence"' in words) == (role in READERS)
    assert ('href="/evidence/measures"' in words) == (role in READERS)


def test_a_stranger_sees_no_figures_at_the_sign_in(room: str) -> None:
    assert b"/evidence" not in Client().get("/sign-in").content


@pytest.mark.parametrize("role", STAFF_ROLES)
def test_the_tablets_page_leads_to_the_board_whoever_may_read_it(room: str, role: str) -> None:
    client = Client()
    client.force_login(User.objects.get(username=role))
    words = client.get("/device").content.decode()
    assert (">Board</a>" in words) == (role in FLOOR)
