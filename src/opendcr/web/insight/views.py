"""The pages of evidence."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from opendcr.measures import MEASURES
from opendcr.published import source
from opendcr.web.insight import beside, deaths, wording
from opendcr.web.insight.access import for_readers_of, shown
from opendcr.web.store.addressed import room_of_page
from opendcr.web.store.held import look, only_room
from opendcr.web.store.measured import RoomMeasures, room_measures
from opendcr.web.store.proof import Sender
from opendcr.web.store.threads import measuring, reading
from opendcr.web.store.visible import may_read


@for_readers_of("evidence")
async def evidence(request: HttpRequest, sender: Sender) -> HttpResponse:
    """This room's months beside Glasgow's, and Scotland's published deaths."""
    room = await reading(lambda: only_room(room_of_page(request)))
    measures = await measuring(room_measures, room)
    context = {
        **await reading(_shared, room, sender),
        "ledger": _ledger(measures) if measures else None,
        "tables": beside.tables(measures.measured.rooms[0] if measures else None),
        "glasgow": source("thistle_monthly"),
        "registered": deaths.registered(),
        "suspected": deaths.suspected(),
        "here": "evidence",
    }
    return await shown(request, "insight/evidence.html", context)


@for_readers_of("evidence")
async def measures(request: HttpRequest, sender: Sender) -> HttpResponse:
    """Every measure: its words, what is counted, why it matters, what it cannot show."""
    room = await reading(lambda: only_room(room_of_page(request)))
    context = {
        **await reading(_shared, room, sender),
        "measures": MEASURES.values(),
        "here": "measures",
    }
    return await shown(request, "insight/measures.html", context)


def _shared(room: str, sender: Sender) -> dict[str, Any]:
    return {
        "room": room,
        "room_title": look(room).room.policy.title,
        "may_download": may_read(sender.role, "measures"),
        "sees_board": may_read(sender.role, "board"),
    }


def _ledger(of: RoomMeasures) -> dict[str, Any]:
    """What names exactly the facts behind the figures."""
    room = of.measured.rooms[0]
    return {
        "origin": wording.origin(room.header.origin),
        "simulated": room.header.origin.kind == "simulated",
        "as_at": wording.day(of.measured.as_at),
        "first": wording.day(of.first),
        "timezone": room.header.timezone,
        "head": room.head,
        "common": bool(beside.common_months(room)),
    }
