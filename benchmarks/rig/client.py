"""HTTP/1.1 over one kept connection, and server-sent events: enough to measure with, no more."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
Told = Callable[[float, str, bytes], None]


class Connection:
    """One connection to a server, for one request at a time."""

    def __init__(self, url: str, token: str = "") -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._headers = f"Host: {self._host}:{self._port}\r\nAuthorization: Bearer {token}\r\n"
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        """The status and the JSON of an answer."""
        return await self.ask("POST", path, json.dumps(body).encode())

    async def get(self, path: str) -> tuple[int, Any]:
        return await self.ask("GET", path)

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
        reader, writer = await self._open()
        writer.write(self._request(method, path, body))
        head = await reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        answer = await reader.readexactly(int(found[1])) if found else b"null"
        return int(head.split(b" ", 2)[1]), json.loads(answer)

    async def listen(self, path: str, told: Told) -> None:
        """Hands over each event, as it comes, with the moment: `told(moment, event, data)`."""
        reader, writer = await self._open()
        writer.write(self._request("GET", path, b""))
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.splitlines()[0]:
            raise ConnectionError(head.decode())
        rest = b""
        while some := await reader.read(1 << 20):
            moment = time.perf_counter()
            *whole, rest = (rest + some).split(b"\n\n")
            for one in whole:
                event, data = _parts(one)
                told(moment, event, data)

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=1 << 22)
        return self._streams

    def _request(self, method: str, path: str, body: bytes) -> bytes:
        sent = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        return f"{method} {path} HTTP/1.1\r\n{self._headers}{sent}\r\n".encode() + body


def _parts(event: bytes) -> tuple[str, bytes]:
    # Chunk sizes stand between an event's lines where the answer is sent in chunks; they are no field.
    name = re.search(rb"event: (\w+)", event)
    data = re.search(rb"data: (.*)", event)
    return (name[1].decode() if name else ""), (data[1] if data else b"")
