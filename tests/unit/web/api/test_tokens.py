"""A program's token holds for its time, and while its member of staff works here."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from opendcr.web.store.access import new_token
from opendcr.web.store.models import Staff, Token

MINUTE = timedelta(minutes=1)


def _status(token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return Client().get("/api/board", headers=headers).status_code


@pytest.mark.parametrize(("left", "status"), [(MINUTE, 200), (-MINUTE, 401), (None, 200)])
def test_a_token_ends_with_its_time(room: str, left: timedelta | None, status: int) -> None:
    expires = datetime.now(UTC) + left if left is not None else None
    assert _status(new_token(Staff.objects.get(role="nurse"), expires)) == status


def test_a_token_ends_when_it_is_revoked_or_its_owner_leaves(room: str) -> None:
    revoked, left = (new_token(Staff.objects.get(role=role)) for role in ("nurse", "worker"))
    assert (_status(revoked), _status(left)) == (200, 200)
    Token.objects.filter(staff__role="nurse").update(revoked=datetime.now(UTC))
    User.objects.filter(staff__role="worker").update(is_active=False)
    assert (_status(revoked), _status(left)) == (401, 401)
