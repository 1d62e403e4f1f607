"""Connections: each says within some seconds what it wants, and nobody has all of them."""

import asyncio
import resource
from collections import Counter
from contextlib import suppress
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_WITHIN = 10.0  # seconds
EACH = 256  # connections of one address: a site's tablets may share one
OWN = frozenset({"127.0.0.1", "::1"})  # a front server is here, and has everybody's connections
DESCRIPTORS = 65_536

_open: Counter[str] = Counter()


class Connection(HttpToolsProtocol):
    """A connection that is closed where no request comes, or where its address has too many."""

    headers_within = HEADERS_WITHIN
    each = EACH
    own = OWN

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: asyncio.TimerHandle | None = None
        self._host = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._host = self.client[0] if self.client else ""
        _open[self._host] += 1
        if self._host not in self.own and _open[self._host] > self.each:
            transport.close()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_longer()
        _open[self._host] -= 1
        if not _open[self._host]:
            del _open[self._host]
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._waiting is None and (self.cycle is None or self.cycle.response_complete):
            self._wait()  # for the rest of another request on the same connection
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._wait_no_longer()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.headers_within, self.transport.close)

    def _wait_no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


def allow_many() -> None:
    """Lets this process have as many connections as its system lets it have, within reason."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
