"""The sign-in page: a name and a password, or on a training room a tap and the password."""

import asyncio
import secrets

from asgiref.sync import sync_to_async
from django.contrib.auth import aauthenticate, alogin, alogout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from opendcr.catalogue.roles import ROLES
from opendcr.web.staff.delay import note, seconds_for
from opendcr.web.store.models import Staff

WRONG = "The name or the password is wrong. Try again; nothing is locked."


@require_http_methods(["GET", "POST"])
async def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Shows the form, or signs in and goes on to where somebody wanted to go."""
    if request.method == "GET":
        return await _form(request)
    name = request.POST.get("username", "")[:150]
    password = request.POST.get("password", "")[:500]
    await asyncio.sleep(seconds_for(name))
    user = await aauthenticate(request, username=name, password=password)
    if user is None or not await Staff.objects.filter(user=user).aexists():
        note(name, right=False)
        return await _form(request, name, WRONG)
    note(name, right=True)
    device = _device(request)
    await alogin(request, user)
    request.session["device"] = device
    response = redirect(_onward(request))
    response.set_signed_cookie(
        "opendcr_device", device, max_age=400 * 86400, httponly=True, samesite="Strict",
        secure=request.is_secure(),
    )  # fmt: skip
    return response


@require_POST
async def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session, and every stream that lives by it."""
    await alogout(request)
    return redirect("/sign-in")


async def _form(request: HttpRequest, name: str = "", problem: str = "") -> HttpResponse:
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
    }
    return await sync_to_async(render)(
        request, "staff/sign_in.html", context, status=403 if problem else 200
    )


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    own = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if own else "/"


def _device(request: HttpRequest) -> str:
    """This browser's own id: facts say from which device they came."""
    held = request.get_signed_cookie("opendcr_device", default=None)
    return str(held) if held else f"t-{secrets.token_hex(6)}"
