"""Requests and connections have an end, whoever begins them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import orjson
import pytest
import uvicorn
from asgiref.testing import ApplicationCommunicator
from uvicorn.server import ServerState

from opendcr.web.api.bodies import LARGEST, LARGEST_SEEN
from opendcr.web.config import limits
from opendcr.web.config.asgi import application
from opendcr.web.config.connections import Connection
from opendcr.web.config.limits import Limited
from opendcr.web.store.access import new_device
from opendcr.web.store.models import Entry
from tests.support import acting
from tests.support.engines import RoomDatabase

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def engine() -> str:
    return "sqlite"


def _request(path: str, token: str = "", **headers: str) -> ApplicationCommunicator:
    named = {"host": "127.0.0.1", "authorization": f"Bearer {token}", **headers}
    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "scheme": "http",
        "http_version": "1.1", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "headers": [(key.encode(), value.encode()) for key, value in named.items()],
    }  # fmt: skip
    return ApplicationCommunicator(application, scope)


async def _status(asked: ApplicationCommunicator) -> int:
    status = int((await asked.receive_output(10))["status"])
    await asked.wait(10)
    return status


async def _pour(asked: ApplicationCommunicator, chunk: bytes, times: int) -> None:
    for _ in range(times):
        await asked.send_input({"type": "http.request", "body": chunk, "more_body": True})


def test_a_length_beyond_all_bounds_is_refused_before_anything_is_read(
    room_database: RoomDatabase,
) -> None:
    asked = _request("/sign-in", **{"content-length": str(LARGEST + 1)})
    assert asyncio.run(_status(asked)) == 413


def test_a_body_that_never_ends_is_refused(room_database: RoomDatabase) -> None:
    async def poured() -> int:
        asked = _request("/sign-in")
        await _pour(asked, b"x" * 65536, LARGEST // 65536 + 1)
        return await _status(asked)

    assert asyncio.run(poured()) == 413


def test_an_emergency_that_never_ends_is_cut_and_taken(room_database: RoomDatabase) -> None:
    room = acting.opened()
    _, token = new_device()
    begun = orjson.dumps(acting.body("StartEmergency", {"area": "toilet"}))[:-1] + b',"note":"'

    async def poured() -> int:
        asked = _request("/api/commands", token, **{"content-type": "application/json"})
        await _pour(asked, begun, 1)
        await _pour(asked, b"x" * 65536, 2 * LARGEST_SEEN // 65536)
        return await _status(asked)

    assert asyncio.run(poured()) == 200
    assert Entry.objects.filter(room=room, kind="EmergencyStarted").count() == 1


def test_a_body_that_does_not_come_is_not_waited_for(
    room_database: RoomDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WITHIN", 0.1)
    assert asyncio.run(_status(_request("/sign-in"))) == 408


def test_large_bodies_together_have_an_end_and_small_ones_are_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "TOGETHER", 3 * limits.SMALL)

    async def kept(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.request":
            await send({"type": "http.response.start", "status": 200, "headers": []})

    async def asked(limited: Limited, size: int, more: bool) -> ApplicationCommunicator:
        scope = {"type": "http", "path": limits.COMMANDS, "headers": []}
        one = ApplicationCommunicator(limited, scope)
        await one.send_input({"type": "http.request", "body": b"x" * size, "more_body": more})
        return one

    async def statuses() -> list[int]:
        limited = Limited(kept)
        held = [await asked(limited, 2 * limits.SMALL, True) for _ in range(2)]
        refused = await _status(held[1])
        return [refused, await _status(await asked(limited, 100, False))]

    assert asyncio.run(statuses()) == [503, 200]


class _Brief(Connection):
    headers_within = 0.3
    each = 3


@asynccontextmanager
async def _listening(of: Callable[..., Connection]) -> AsyncIterator[int]:
    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    config = uvicorn.Config(answers, log_config=None, lifespan="off")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: of(config, ServerState(), {}), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def _opened(port: int, address: str = "127.0.0.1") -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("sent", [b"", b"G", b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n"])
@pytest.mark.parametrize("before", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_request_that_does_not_come_is_not_waited_for(before: bytes, sent: bytes) -> None:
    async def waited() -> float:
        async with _listening(_Brief) as port, _opened(port) as (reader, writer):
            if before:
                writer.write(before)
                assert b"204" in await reader.readuntil(b"\r\n\r\n")
            began = time.monotonic()
            writer.write(sent)
            await asyncio.wait_for(reader.read(), 8)
            return time.monotonic() - began

    # After an answer and without another byte, uvicorn's own patience of five seconds ends it.
    assert asyncio.run(waited()) < (6 if before and not sent else 2)


def test_one_address_has_not_all_the_connections() -> None:
    async def answered(address: str) -> int:
        async with _listening(_Brief) as port, AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(_opened(port, address)) for _ in range(6)]
            await asyncio.sleep(0.1)
            for _, writer in opened:
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answers = [await _first_line(reader) for reader, _ in opened]
            return sum(b"204" in one for one in answers)

    assert asyncio.run(answered("127.0.0.2")) == 3
    assert asyncio.run(answered("127.0.0.1")) == 6  # where a front server is


async def _first_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await asyncio.wait_for(reader.readline(), 5)
    except ConnectionError:
        return b""
