"""GET /api/stream: server-sent events, resumable by Last-Event-ID."""

import random
import time
from collections.abc import AsyncIterator

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from opendcr.errors import InputError
from opendcr.web.api.access import problem, unknown_sender
from opendcr.web.api.hub import events
from opendcr.web.store.access import sender_of
from opendcr.web.store.held import only_room
from opendcr.web.store.proof import Sender
from opendcr.web.store.threads import reading
from opendcr.web.store.trouble import TROUBLE, words_for
from opendcr.web.store.visible import may_read

CHECK_EVERY = 5.0  # seconds between looks whether the sender is still welcome


async def stream(request: HttpRequest) -> HttpResponseBase:
    """The room's facts as they come, its board after each, and a pulse each second."""
    if request.method != "GET":
        return problem(405, "the method", str(request.method), "GET")
    try:
        sender = await reading(sender_of, request)
        if sender is None:
            return unknown_sender()
        if not may_read(sender.role, "stream"):
            status = 403 if sender.staff else 401
            return problem(
                status, "the request", "this is not for you to read", "a request that may be made"
            )
        room = await reading(only_room, request.GET.get("room"))
        after = _last_event(request)
    except InputError as error:
        return problem(422, error.where, error.found, error.expected)
    except TROUBLE as error:
        return problem(503, "the database", words_for(error), "try again, or use paper")
    told = _while_welcome(request, sender, events(room, sender.role, after))
    response = StreamingHttpResponse(told, content_type="text/event-stream")
    response["X-Accel-Buffering"] = "no"
    return response


async def _while_welcome(
    request: HttpRequest, sender: Sender, told: AsyncIterator[str]
) -> AsyncIterator[str]:
    """The events, until the session or the token they were asked with is no longer valid."""
    # Streams that all begin at a server's start must not all ask at the same moment.
    checked = time.monotonic() - random.random() * CHECK_EVERY
    async for event in told:
        yield event
        if time.monotonic() - checked > CHECK_EVERY:
            checked = time.monotonic()
            if await reading(sender_of, request) != sender:
                return


def _last_event(request: HttpRequest) -> int | None:
    said = request.headers.get("Last-Event-ID") or request.GET.get("after")
    if said is None:
        return None
    if not said.isascii() or not said.isdigit() or len(said) > 15:
        raise InputError("Last-Event-ID", "no number", "the id of the last event")
    return int(said)
