"""Who waits for whom: nobody for an erasure but whoever asked for it."""

import asyncio
import threading

import orjson
import pytest
from django.test import AsyncClient

from opendcr.web.store import erasing
from tests.support.acting import body


def test_an_emergency_is_answered_while_somebody_is_being_erased(
    tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deleting, deleted = threading.Event(), threading.Event()

    def slowly(texts: object) -> None:
        deleting.set()
        assert deleted.wait(20)

    async def sent(role: str, kind: str, **fields: str) -> int:
        answer = await AsyncClient().post(
            "/api/commands", orjson.dumps(body(kind, **fields)), "application/json",
            headers={"Authorization": f"Bearer {tokens[role]}"},
        )  # fmt: skip
        return answer.status_code

    async def story() -> None:
        erasing_ = asyncio.create_task(sent("manager", "Erase", person="p-1f0c"))
        try:
            assert await asyncio.to_thread(deleting.wait, 20)
            assert await asyncio.wait_for(sent("nurse", "StartEmergency"), 10) == 200
            assert not erasing_.done()
        finally:
            deleted.set()
        assert await erasing_ == 200

    monkeypatch.setattr(erasing, "forget", slowly)
    asyncio.run(story())
