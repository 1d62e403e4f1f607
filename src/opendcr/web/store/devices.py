"""Enrolled devices: tablets of the room, which may report an emergency with nobody signed in."""

from datetime import UTC, datetime

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from opendcr.errors import InputError
from opendcr.web.store.access import COOKIE
from opendcr.web.store.models import Device, SigningKey
from opendcr.web.store.staffing import end_sessions

YEAR = 400 * 86400  # seconds: as long as browsers keep a cookie

ENROLLERS = frozenset({"manager", "administrator"})


def mark(request: HttpRequest, response: HttpResponseBase, device: str) -> None:
    """Gives a browser its device's id, which it cannot change: the cookie is signed."""
    request.session["device"] = device
    response.set_signed_cookie(
        COOKIE, device, max_age=YEAR, httponly=True, samesite="Strict", secure=request.is_secure()
    )


def revoke_device(name: str) -> Device:
    """Ends a device at once, with the sessions and keys on it; raises InputError for none such."""
    found = Device.objects.filter(device=name).first()
    if found is None:
        raise InputError("ID", f"'{name}'", "an id that `opendcr device list` shows")
    with transaction.atomic():
        if found.revoked is None:
            found.revoked = datetime.now(UTC)
            found.save()
        SigningKey.objects.filter(device=name).delete()
        end_sessions(lambda session: session.get("device") == name)
    return found
