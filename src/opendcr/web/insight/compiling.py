"""The compiled simulation, made ready beside everything else when somebody first asks for it."""

import asyncio
import logging
import threading
from typing import Literal

State = Literal["compiling", "ready", "failed"]

EVERY = 0.05  # seconds between looks

log = logging.getLogger("opendcr.planning")

_beginning = threading.Lock()
_begun: threading.Thread | None = None
_state: State = "compiling"


async def readiness(within: float) -> State:
    """How far it is, after so many seconds at most; the first who asks begins it."""
    _begin()
    loop = asyncio.get_running_loop()
    until = loop.time() + within
    while _state == "compiling" and loop.time() < until:
        await asyncio.sleep(EVERY)
    return _state


def _begin() -> None:
    global _begun
    with _beginning:
        if _begun is None:
            _begun = threading.Thread(target=_make_ready, name="compile", daemon=True)
            _begun.start()


def _make_ready() -> None:
    global _state
    try:
        # Not with the server's own modules: the compiler takes a second to be read.
        from opendcr.simulate.kernel.ready import ready
        from opendcr.web.insight import planned  # noqa: F401

        ready(log.info)
    except Exception:
        log.exception("the simulation cannot be compiled")
        _state = "failed"
    else:
        _state = "ready"
