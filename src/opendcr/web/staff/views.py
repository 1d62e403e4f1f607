"""The sign-in page, with a tap for the name on a training room, and the page that enrols a tablet."""

import asyncio
import logging
import secrets

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import alogin, alogout, authenticate
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from opendcr.catalogue.roles import ROLES
from opendcr.web.staff.delay import note, seconds_for
from opendcr.web.staff.turns import Attempt, Crowded, turn
from opendcr.web.store.access import COOKIE, new_device, sender_of
from opendcr.web.store.devices import ENROLLERS, mark
from opendcr.web.store.models import Device, Staff
from opendcr.web.store.proof import Sender
from opendcr.web.store.threads import checking, reading
from opendcr.web.store.trouble import TROUBLE, words_for
from opendcr.web.store.visible import may_read

WRONG = "The name or the password is wrong. Try again; nothing is locked."
CROWDED = "Too many are signing in at this moment. Try again; nothing is locked."
PAPER = (
    "Try again; if it stays, use paper. An emergency is recorded without signing in, on the tablet."
)

log = logging.getLogger("opendcr.staff")


@require_http_methods(["GET", "POST"])
async def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Shows the form, or signs in and goes on to where somebody wanted to go."""
    try:
        return await (_form(request) if request.method == "GET" else _attempted(request))
    except TROUBLE as error:
        log.error("the database failed: %s", words_for(error))
        context = {"status": 503, "title": f"The database: {words_for(error)}", "advice": PAPER}
        return await sync_to_async(render)(request, "error.html", context, status=503)


async def _attempted(request: HttpRequest) -> HttpResponseBase:
    # PostgreSQL fails on a name that holds a NUL, which nobody has.
    name = request.POST.get("username", "")[:150].replace("\0", "\ufffd")
    tablet = await reading(_tablet_of, request)
    attempt = Attempt(name, tablet, request.META.get("REMOTE_ADDR", ""))
    try:
        async with turn(attempt):
            user = await _checked(request, attempt)
    except Crowded:
        return await _form(request, name, CROWDED, 429)
    if user is None:
        return await _form(request, name, WRONG)
    return await _begun(request, user)


async def _checked(request: HttpRequest, attempt: Attempt) -> User | None:
    """Whoever has this name and password; None where nobody has."""
    password = request.POST.get("password", "")[:500]
    await asyncio.sleep(seconds_for(attempt.lane))
    user = await checking(_member, request, attempt.name, password)
    note(attempt.lane, right=user is not None)
    return user


def _member(request: HttpRequest, name: str, password: str) -> User | None:
    user = authenticate(request, username=name, password=password)
    return user if isinstance(user, User) and Staff.objects.filter(user=user).exists() else None


async def _begun(request: HttpRequest, user: User) -> HttpResponseBase:
    """A session, and the way on to where somebody wanted to go."""
    device = await _device(request)
    # Whoever was signed in here before is out, wherever else that cookie is.
    await request.session.aflush()
    await alogin(request, user)
    response = redirect(_onward(request))
    mark(request, response, device)
    return response


@require_POST
async def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session, and every stream that lives by it."""
    await alogout(request)
    return redirect("/sign-in")


async def _form(
    request: HttpRequest, name: str = "", problem: str = "", status: int = 403
) -> HttpResponse:
    known = [
        {
            "username": one.user.get_username(),
            "initials": one.initials,
            "role": ROLES.words(one.role),
        }
        async for one in Staff.objects.filter(demonstration=True).select_related("user")
    ]
    context = {
        "name": name,
        "problem": problem,
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "known": known,
        **await reading(_here_already, request),
    }
    return await sync_to_async(render)(
        request, "staff/sign_in.html", context, status=status if problem else 200
    )


def _here_already(request: HttpRequest) -> dict[str, object]:
    """Whoever is signed in already, and may be leaving; and whether they may read the figures."""
    sender = sender_of(request)
    if sender is None or sender.staff is None:
        return {"boot": {"staff": None}}
    here = Staff.objects.select_related("user").get(staff=sender.staff)
    return {
        "here": here.called,
        "figures": may_read(sender.role, "evidence"),
        "boot": {"staff": {"id": here.staff}},
    }


def _tablet_of(request: HttpRequest) -> str | None:
    """The enrolled tablet that this browser is; None for any other."""
    held = request.get_signed_cookie(COOKIE, default=None)
    known = held and Device.objects.filter(device=held, revoked=None).exists()
    return str(held) if known else None


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if own else "/"


async def _device(request: HttpRequest) -> str:
    """This browser's own id: facts say from which device they came. A revoked one is not kept."""
    held = request.get_signed_cookie(COOKIE, default=None)
    known = await Device.objects.filter(device=held).afirst() if held else None
    if held and (known.revoked is None if known else not settings.OPENDCR_TRAINING):
        return str(held)
    if settings.OPENDCR_TRAINING:  # every browser is a tablet of a training room
        return (await sync_to_async(new_device)("training"))[0].device
    return f"t-{secrets.token_hex(6)}"


@require_http_methods(["GET", "POST"])
def device(request: HttpRequest) -> HttpResponseBase:
    """Shows whether this browser is an enrolled tablet; a manager or administrator enrols it."""
    sender = sender_of(request)
    if sender is None or sender.staff is None:
        return redirect(f"{settings.LOGIN_URL}?next={request.path}")
    if request.method == "GET":
        return _tablet(request, sender)
    if sender.role not in ENROLLERS:
        raise PermissionDenied
    name = " ".join(request.POST.get("name", "").replace("\0", " ").split())[:64]
    if not name:
        return _tablet(request, sender, "Give the tablet a name, such as the one on its back.")
    # An id of its own from now on: nobody who has seen the browser's earlier one gains by it.
    enrolled, _ = new_device(name)
    response = redirect("staff:device")
    mark(request, response, enrolled.device)
    return response


def _tablet(request: HttpRequest, sender: Sender, problem: str = "") -> HttpResponse:
    context = {
        "enrolled": Device.objects.filter(device=sender.device, revoked=None).first(),
        "may_enrol": sender.role in ENROLLERS,
        "sees_board": may_read(sender.role, "board"),
        "problem": problem,
    }
    return render(request, "staff/device.html", context, status=422 if problem else 200)
