"""Members of staff as a site keeps them: taken on, given passwords and tokens, taken off."""

import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from opendcr.errors import InputError
from opendcr.web.store.access import new_token
from opendcr.web.store.accounts import Account, create
from opendcr.web.store.chunks import streamed
from opendcr.web.store.models import SigningKey, Staff, Token

LONGEST_PASSWORD = 500  # characters: what the sign-in page reads


def take_on(name: str, role: str, initials: str, full_name: str, password: str) -> Staff:
    """Makes an account under a name that nobody has had; facts call its owner by a random id.

    A name that was removed stays its owner's: nobody inherits what another did.
    """
    with transaction.atomic():
        if User.objects.filter(username=name).exists():
            raise InputError("NAME", f"'{name}', which somebody has or had", "another name")
        check_password(password, User(username=name))
        account = Account(name, f"s-{secrets.token_hex(5)}", role, initials, full_name)
        return create(account, password)


def give_password(staff: Staff, password: str) -> None:
    """Gives a new password, which ends every session that the old one began."""
    if not staff.user.is_active:
        raise InputError("NAME", f"'{staff.user.get_username()}', who was removed", "another name")
    check_password(password, staff.user)
    staff.user.set_password(password)
    staff.user.save()


def take_off(staff: Staff) -> None:
    """Ends an account at once, with its sessions, keys and tokens; what it did stays its own."""
    with transaction.atomic():
        staff.user.is_active = False
        staff.user.set_unusable_password()
        staff.user.save()
        SigningKey.objects.filter(staff=staff).delete()
        Token.objects.filter(staff=staff, revoked=None).update(revoked=datetime.now(UTC))
        key = str(staff.user.pk)
        end_sessions(lambda session: session.get("_auth_user_id") == key)


def staff_named(name: str) -> Staff:
    """The member of staff by the name they sign in with, or by their id; raises InputError."""
    known = Staff.objects.select_related("user")
    found = known.filter(Q(user__username=name) | Q(staff=name)).first()
    if found is None:
        raise InputError("NAME", f"'{name}'", "a name that `opendcr staff list` shows")
    return found


def check_password(password: str, user: User) -> None:
    """Raises InputError for a password that is short, common or the account's own name."""
    if len(password) > LONGEST_PASSWORD:
        raise InputError("the password", f"{len(password)} characters", "500 or fewer")
    try:
        validate_password(password, user)
    except ValidationError as error:
        expected = "15 or more characters that nobody guesses, such as five unrelated words"
        raise InputError("the password", " ".join(error.messages).rstrip("."), expected) from error


def issue(staff: Staff, days: int) -> tuple[str, Token]:
    """A program's token for so many days, which is shown once, and what is kept of it."""
    if not staff.user.is_active:
        raise InputError("--staff", f"'{staff.user.get_username()}', who was removed", "another")
    token = new_token(staff, datetime.now(UTC) + timedelta(days=days))
    return token, Token.objects.latest("pk")


def revoke_token(name: str) -> None:
    """Ends a token by its id; raises InputError where there is none."""
    number = name.removeprefix("token-")
    held = Token.objects.filter(pk=int(number)) if number.isascii() and number.isdigit() else None
    if held is None or not held.exists():
        raise InputError("ID", f"'{name}'", "an id that `opendcr token list` shows")
    held.filter(revoked=None).update(revoked=datetime.now(UTC))


def end_sessions(whose: Callable[[Mapping[str, Any]], bool]) -> None:
    """Ends the sessions whose content this holds for."""
    for session in streamed(Session.objects.all()):
        if whose(session.get_decoded()):
            session.delete()
