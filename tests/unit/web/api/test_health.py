"""Readiness: whether the server can be relied on, however many ask."""

import asyncio
import logging
import time

import pytest
from django.test import Client

from opendcr.ledger.facts import Header, Origin
from opendcr.web.api import health
from opendcr.web.config import serving
from opendcr.web.store.keyring.models import WrappedKey
from opendcr.web.store.threads import writing
from opendcr.web.store.upkeep import upkeep
from tests.support import acting


@pytest.fixture
def kept(room: str) -> str:
    upkeep()
    return room


async def _asked(times: int) -> list[int]:
    answers = await asyncio.gather(*(health.ready(None) for _ in range(times)))  # type: ignore
    return [answer.status_code for answer in answers]


def test_many_questions_at_once_are_one_look(kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    counted = {"counted": lambda: bool(looks.append(time.monotonic()) or True)}
    monkeypatch.setattr(health, "CHECKS", health.CHECKS | counted)
    assert asyncio.run(_asked(50)) == [200] * 50
    assert len(looks) == 1


def test_a_server_that_starts_with_another_master_key_says_so(kept: str) -> None:
    acting.send(kept, "AddNote", {"note": "words"})
    WrappedKey.objects.update(wrapped=bytes(60))  # under another key
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    serving.log.addHandler(handler)
    serving.make_ready(Header(kept, "Europe/London", Origin("recorded")), training=False)
    serving.log.removeHandler(handler)
    assert said == [serving.ANOTHER_KEY]


def test_a_writer_that_is_stuck_is_not_ready(kept: str) -> None:
    async def asked() -> list[str]:
        stuck = asyncio.create_task(writing(time.sleep, health.PATIENCE + 1))
        await asyncio.sleep(0)
        failing = await health._failing_now()
        await stuck
        return failing

    assert asyncio.run(asked()) == ["writing"]
    assert Client().get("/readyz").status_code == 200
