"""A room with an account for every role, and whoever asks it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from opendcr.catalogue.roles import ROLES
from opendcr.web.store.access import new_device, new_token
from opendcr.web.store.models import Staff
from tests.support import acting
from tests.support.engines import RoomDatabase

STAFF_ROLES = tuple(role for role in ROLES.codes if role != "device")
Ask = Callable[..., Any]


@pytest.fixture
def engine() -> str:
    """The interface is the same on both engines; the store's own tests run on both."""
    return "sqlite"


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    acting.accounts(*STAFF_ROLES)
    return acting.opened()


@pytest.fixture
def tokens(room: str) -> dict[str, str]:
    """A bearer token by role; `device` is an enrolled tablet's."""
    held = {role: new_token(Staff.objects.get(role=role)) for role in STAFF_ROLES}
    return held | {"device": new_device()[1]}


@pytest.fixture
def ask(tokens: dict[str, str]) -> Ask:
    """Asks the interface in a role: `ask("GET", "/api/board", "nurse")`; no role: a stranger."""

    def asked(method: str, path: str, role: str | None = None, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {tokens[role]}"} if role else {}
        return Client(enforce_csrf_checks=True).generic(
            method,
            path,
            data=acting.orjson.dumps(body) if body is not None else b"",
            content_type="application/json",
            headers=headers,
        )

    return asked
