"""POST /people/search: people by chosen name or code. Never by an address: those are logged."""

from datetime import UTC, datetime
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from opendcr.errors import InputError
from opendcr.ledger.codec import instant
from opendcr.ledger.shapes import Json
from opendcr.room.board import code_of
from opendcr.web.store.access import forged, sender_of
from opendcr.web.store.directory import Directory, directory
from opendcr.web.store.held import Held, look, only_room
from opendcr.web.store.models import Entry
from opendcr.web.store.threads import reading
from opendcr.web.store.visible import may_read

AT_MOST = 20


@csrf_exempt  # looked at below: a program with a token has no page
@require_POST
async def search(request: HttpRequest) -> HttpResponse:
    """People whose name or code begins with `words`, for roles that may know names."""
    sender = await reading(sender_of, request)
    if sender is None or not may_read(sender.role, "people"):
        return _problem(401 if sender is None else 403, "your role may not look for people")
    if sender.means == "session" and await sync_to_async(forged)(request):
        return _problem(403, "the form's token is missing: load the page again")
    asked = _asked(request)
    if not isinstance(asked, dict) or not isinstance(asked.get("words"), str):
        return _problem(422, "no `words` to look for")
    try:
        people = await reading(_found, asked.get("room"), asked["words"][:100])
    except InputError as problem:
        return _problem(422, str(problem))
    return HttpResponse(orjson.dumps(people), content_type="application/json")


def _asked(request: HttpRequest) -> Json:
    if request.content_type != "application/json":
        return {key: request.POST[key] for key in ("words", "room") if key in request.POST}
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None


def _found(room: str | None, words: str) -> list[dict[str, Any]]:
    held, known = look(only_room(room)), directory()
    people = known.find(words, AT_MOST)
    arrived = _last_visits(held.room.name, people)
    return [_row(held, known, person, arrived.get(person)) for person in people]


def _row(held: Held, known: Directory, person: str, arrived: datetime | None) -> dict[str, Any]:
    excluded = held.room.standing.exclusion_of(person, datetime.now(UTC))
    visit = held.room.visit_of(person)
    return {
        "person": person,
        "name": known.names.get(person),
        "code": known.codes.get(person),
        "sayable": code_of(person),
        "last_visit": instant(arrived) if arrived else None,
        "here": visit.id if visit else None,
        "excluded_until": instant(excluded.until) if excluded else None,
        "scope": excluded.scope if excluded else None,
        "exclusion": excluded.id if excluded else None,
    }


def _last_visits(room: str, people: list[str]) -> dict[str, datetime]:
    arrivals = Entry.objects.filter(room=room, kind="Arrived", person__in=people)
    return dict(arrivals.values_list("person").annotate(Max("recorded")))


def _problem(status: int, found: str) -> HttpResponse:
    problem = {"where": "the search", "found": found, "expected": "a name or a code"}
    body = orjson.dumps({"problem": problem})
    return HttpResponse(body, content_type="application/json", status=status)
