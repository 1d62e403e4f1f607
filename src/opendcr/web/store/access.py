"""Who a request comes from. Tokens are kept as hashes; a session is looked up each time."""

import hashlib
import secrets
from datetime import UTC, datetime

from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware

from opendcr.web.store.models import Device, Staff, Token
from opendcr.web.store.proof import UNKNOWN_DEVICE, Sender

COOKIE = "opendcr_device"  # a browser's own id, signed


def sender_of(request: HttpRequest) -> Sender | None:
    """Who sends a request; None for a stranger. Asks the database afresh at every call."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind:
        return _by_token(token.strip()) if kind.lower() == "bearer" else None
    return _by_session(request) or _by_tablet(request)


def _no_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def forged(request: HttpRequest) -> bool:
    """Whether an unsafe request came by a cookie and without the token of its page."""
    check = CsrfViewMiddleware(lambda asked: HttpResponseForbidden())
    # The middleware before the view let this request pass: tokens need no page.
    request.csrf_processing_done = False  # type: ignore[attr-defined]
    check.process_request(request)
    return check.process_view(request, _no_view, (), {}) is not None


def _by_tablet(request: HttpRequest) -> Sender | None:
    """An enrolled tablet that nobody is signed in at: emergencies wait for no password.

    Having signed in once is not enough: that may have been anybody's own telephone. It is as good
    as its signed cookie; like a session it needs its page's token to write.
    """
    device = request.get_signed_cookie(COOKIE, default=None)
    if not device or not Device.objects.filter(device=device, revoked=None).exists():
        return None
    return Sender(None, "device", str(device), "session")


def _by_token(token: str) -> Sender | None:
    hashed = hash_of(token)
    device = Device.objects.filter(token_hash=hashed, revoked=None).first()
    if device is not None:
        return Sender(None, "device", device.device, "device")
    valid: QuerySet[Token] = Token.objects.filter(
        Q(expires=None) | Q(expires__gt=datetime.now(UTC)), token_hash=hashed, revoked=None
    )
    found = valid.select_related("staff__user").first()
    if found is None or not found.staff.user.is_active:
        return None
    return Sender(found.staff.staff, found.staff.role, f"token-{found.pk}", "token")


def _by_session(request: HttpRequest) -> Sender | None:
    key = request.session.session_key
    if key is None:
        return None
    # Not the session that the request read when it began: a stream outlives that.
    asked = HttpRequest()
    asked.session = SessionStore(key)
    user = get_user(asked)
    if not isinstance(user, User) or not user.is_active:
        return None
    staff = Staff.objects.filter(user=user).first()
    device = str(asked.session.get("device", UNKNOWN_DEVICE))
    return Sender(staff.staff, staff.role, device, "session") if staff else None


def new_device(name: str = "") -> tuple[Device, str]:
    """A device to enrol, and its token, which is shown once."""
    token = f"dev_{secrets.token_urlsafe(32)}"
    device = f"t-{secrets.token_hex(6)}"
    return Device.objects.create(device=device, name=name, token_hash=hash_of(token)), token


def new_token(staff: Staff, expires: datetime | None = None) -> str:
    """A program's token in a member of staff's name, which is shown once."""
    token = f"dcr_{secrets.token_urlsafe(32)}"
    Token.objects.create(token_hash=hash_of(token), staff=staff, expires=expires)
    return token


def hash_of(token: str) -> str:
    """What is kept of a token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
