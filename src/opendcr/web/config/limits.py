"""What a request may weigh, counted before anything keeps it: whoever sends it is not known yet."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from opendcr.web.api.bodies import LARGEST, LARGEST_SEEN

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

COMMANDS = "/api/commands"
WITHIN = 30.0  # seconds in which a body must have come
SMALL = 64 * 1024  # bytes that are taken however much the other bodies weigh
TOGETHER = 64 * 2**20  # bytes of all bodies at once


class Limited:
    """An application whose requests have an end. A command that is too long is cut, since it may
    report an emergency; of any other request nothing is taken."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.held = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        body = _Body(self, scope, receive, send)
        if not body.cut and body.announced > LARGEST:
            await body.refuse(413)
            return
        try:
            await self.application(scope, body.receive, body.send)
        finally:
            self.held -= body.size


class _Body:
    """One request's body as the application is handed it."""

    def __init__(self, all_: Limited, scope: Message, receive: Receive, send: Send) -> None:
        self._all, self._receive, self._send = all_, receive, send
        self.cut = scope["path"] == COMMANDS
        self.announced = _announced(scope)
        self.size = 0
        self.until = time.monotonic() + WITHIN
        self.whole = self.refused = False

    async def receive(self) -> Message:
        if self.whole:
            return await self._disconnect()
        try:
            message = await asyncio.wait_for(self._receive(), self.until - time.monotonic())
        except TimeoutError:
            return await self.refuse(408)
        return await self._counted(message) if message["type"] == "http.request" else message

    async def send(self, message: Message) -> None:
        if not self.refused:
            await self._send(message)

    async def _counted(self, message: Message) -> Message:
        chunk, most = message.get("body", b""), LARGEST_SEEN if self.cut else LARGEST
        piece = chunk[: most - self.size]
        self.size += len(piece)
        self._all.held += len(piece)
        if self.size > SMALL and self._all.held > TOGETHER:
            return await self.refuse(503)
        if len(piece) < len(chunk) and not self.cut:
            return await self.refuse(413)
        more = bool(message.get("more_body")) and not (self.cut and self.size == most)
        self.whole = not more
        return {"type": "http.request", "body": piece, "more_body": more}

    async def _disconnect(self) -> Message:
        """Waits for the end of the connection; what comes of a body that was cut is let go."""
        while (message := await self._receive())["type"] == "http.request":
            pass
        return message

    async def refuse(self, status: int) -> Message:
        """Answers, and tells the application that whoever asked is gone."""
        self.refused = True
        answer = orjson.dumps({"problem": {"where": "the body", **_WORDS[status]}})
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(answer)).encode()),
            (b"connection", b"close"),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer})
        return {"type": "http.disconnect"}


_WORDS = {
    408: {"found": "no end", "expected": f"a body within {WITHIN:.0f} seconds"},
    413: {"found": "more", "expected": f"{LARGEST // 1024} kB or less"},
    503: {"found": "too many at once", "expected": "the same again in a moment"},
}


def _announced(scope: Message) -> int:
    """The length that a request says it has; 0 where it says none."""
    said = dict(scope["headers"]).get(b"content-length", b"")
    return int(said) if said.isdigit() and len(said) < 18 else 0
