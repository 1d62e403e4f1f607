"""The floor of a stream: a bare ASGI application that tells every open stream of each POST.

    python -m rig.echo PORT

No database, no sign-in, no board: the same events of the same size as the room's, from a queue for
each stream.
"""

import asyncio
import json
import sys
from typing import Any

import uvicorn

BOARD = json.dumps({"filler": "x" * 6000})  # about as long as a board with a dozen people
_STREAMS: set[asyncio.Queue[int]] = set()
_said = 0


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """POST tells; GET /api/stream listens; anything else is an empty answer."""
    if scope["path"] == "/api/stream":
        await _listen(send)
    elif scope["method"] == "POST":
        await receive()
        await _answer(send, {"facts": [{"seq": _tell()}]})
    else:
        await _answer(send, {})


def _tell() -> int:
    global _said
    _said += 1
    for stream in _STREAMS:
        stream.put_nowait(_said)
    return _said


async def _listen(send: Any) -> None:
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    queue: asyncio.Queue[int] = asyncio.Queue()
    _STREAMS.add(queue)
    await _event(send, "board", _said)
    while True:
        seq = await queue.get()
        await _event(send, "fact", seq)
        await _event(send, "board", seq)


async def _event(send: Any, name: str, seq: int) -> None:
    filler = f", {BOARD[1:-1]}" if name == "board" else ""
    text = f'event: {name}\ndata: {{"seq": {seq}{filler}}}\n\n'
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _answer(send: Any, said: dict[str, Any]) -> None:
    body = json.dumps(said).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        application, port=int(sys.argv[1]), log_config=None, access_log=False, lifespan="off",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
