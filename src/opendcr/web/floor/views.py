"""The floor's pages. What they show comes from the interface; the page brings words and addresses."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from opendcr.catalogue import Catalogue, care, people, places, roles, substances
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Document, Text
from opendcr.room.permissions import may
from opendcr.web.store.access import sender_of
from opendcr.web.store.addressed import ROOM_COOKIE, room_of_page
from opendcr.web.store.held import rooms
from opendcr.web.store.models import Staff
from opendcr.web.store.visible import may_read

_CATALOGUES: dict[str, Catalogue[Any]] = {
    "age_bands": people.AGE_BANDS,
    "areas": places.AREAS,
    "arrived_states": people.ARRIVED_STATES,
    "assessments": people.ASSESSMENTS,
    "departures": people.DEPARTURES,
    "emergency_outcomes": care.EMERGENCY_OUTCOMES,
    "exclusion_scopes": people.EXCLUSION_SCOPES,
    "emergency_types": care.EMERGENCY_TYPES,
    "genders": people.GENDERS,
    "incidents": people.INCIDENTS,
    "interventions": care.INTERVENTIONS,
    "naloxone_routes": care.NALOXONE_ROUTES,
    "needs": people.NEEDS,
    "pauses": people.PAUSES,
    "reasons": care.REASONS,
    "responses": care.RESPONSES,
    "roles": roles.ROLES,
    "routes": places.ROUTES,
    "services": care.SERVICES,
    "skins": care.SKINS,
    "turned_away": people.TURNED_AWAY,
    "why": people.WHY,
}

A_YEAR = 365 * 24 * 3600  # seconds for which a device keeps which room it showed last

# Keys under which a command holds somebody's own words: a browser keeps none of them on its disk.
# What a correction changes is under the same keys again, so that the page finds the words inside.
_TEXTS = sorted(
    {
        key
        for kind in KINDS.values()
        for key, shape in kind.fields.items()
        if isinstance(shape, Text | Document) and key != "changes"
    }
)
# Of what is typed, the forms: a page then knows at once what the record would not hold.
_FORMS = {"batch": KINDS["InterventionGiven"].fields["batch"].schema()["pattern"]}

# Told to the browser at once: it would else find them one import after the other.
_SCRIPTS = Path(__file__).parent / "static" / "floor"
_MODULES = [f"floor/{script.name}" for script in sorted(_SCRIPTS.glob("*.js"))]


@login_required
def board(request: HttpRequest) -> HttpResponse:
    """The board, and everything that is done from it; who may not read it is led to their own page."""
    staff = _staff(request)
    if staff is None:
        return render(request, "floor/no_board.html", status=403)
    role = str(staff["role"])
    if not may_read(role, "board"):
        return redirect("insight:evidence" if may_read(role, "evidence") else "staff:device")
    room = room_of_page(request)
    if room not in (known := rooms()):
        return render(request, "floor/which_room.html", {"rooms": known})
    return _floor(request, staff, room)


def emergency(request: HttpRequest) -> HttpResponse:
    """The emergency screen, for an enrolled device that nobody is signed in at, too.

    To a stranger it shows nothing of the room: what it knows comes from the interface, which asks.
    """
    room = room_of_page(request)
    return _floor(request, _staff(request), room if room in rooms() else None)


def _floor(request: HttpRequest, staff: dict[str, Any] | None, room: str | None) -> HttpResponse:
    """The page of one room: all that is tapped on it is for that room, whichever else there are. A
    device that knows none records its emergencies all the same."""
    enrolled = staff is not None or sender_of(request) is not None
    boot = {
        "catalogue": _catalogue(),
        "room": room,
        "staff": staff,
        "urls": _urls(room) | _figures(staff),
        "enrolled": enrolled,
        "colleagues": _colleagues(staff),
        "texts": _TEXTS,
        "forms": _FORMS,
    }
    context = {"boot": boot, "staff": staff, "modules": _MODULES}
    response = render(request, "floor/floor.html", context)
    if room is not None:
        secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(
            ROOM_COOKIE, room, A_YEAR, secure=secure, httponly=True, samesite="Strict"
        )
    return response


def _figures(staff: dict[str, Any] | None) -> dict[str, str]:
    """Where the figures are, for a role that may read them."""
    if staff is None or not may_read(str(staff["role"]), "evidence"):
        return {}
    return {"evidence": reverse("insight:evidence"), "measures": reverse("insight:measures")}


def _staff(request: HttpRequest) -> dict[str, Any] | None:
    """Who is signed in, and what they may send: a choice that would be refused is not offered."""
    sender = sender_of(request)
    if sender is None or sender.staff is None:
        return None
    known = Staff.objects.select_related("user").get(staff=sender.staff)
    commands = [kind.command for kind in KINDS.values() if may(known.role, kind.fact)]
    return {
        "id": known.staff,
        "role": known.role,
        "initials": known.initials,
        "name": known.called,
        "may": commands,
        "board": may_read(known.role, "board"),
    }


def _colleagues(staff: dict[str, Any] | None) -> list[dict[str, str]]:
    """Who works on the floor, for those who lead: they take others on and off shift."""
    if staff is None or "OpenRoom" not in staff["may"]:
        return []
    floor = [role for role in roles.ROLES.codes if may(role, "StaffSignedOn")]
    known = Staff.objects.select_related("user").filter(role__in=floor, user__is_active=True)
    return [{"id": one.staff, "name": one.called, "role": one.role} for one in known]


def _catalogue() -> dict[str, list[list[str]]]:
    words = {name: [[e.code, e.words] for e in entries] for name, entries in _CATALOGUES.items()}
    words["concerns"] = [[e.code, e.words, e.letter] for e in care.CONCERNS]
    words["substances"] = [[e.code, f"{e.glyph} {e.words}"] for e in substances.SUBSTANCES]
    return words


def _urls(room: str | None) -> dict[str, str]:
    of_room = f"?{urlencode({'room': room})}" if room is not None else ""
    return {
        "board": f"/api/board{of_room}",
        "stream": f"/api/stream{of_room}",
        "commands": "/api/commands",
        "search": "/people/search",
        "reviews": f"/api/reviews{of_room}",
        "story": f"/api/visits/VISIT/story{of_room}",
        "left": f"/api/visits/left{of_room}",
        "sign_in": str(settings.LOGIN_URL),
        "floor": reverse("floor:board"),
        "device": reverse("staff:device"),
    }
