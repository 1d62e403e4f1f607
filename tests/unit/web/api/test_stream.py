"""Streams: nothing skipped, nothing twice, and an end when they should."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import AsyncClient

from opendcr.web.api import hub as hubs
from opendcr.web.api import stream
from opendcr.web.api.hub import Listener, close_streams, events
from opendcr.web.store import write as writing
from opendcr.web.store.models import Token
from tests.support import acting
from tests.support.engines import RoomDatabase, tamper

Story = Callable[[], Coroutine[Any, Any, Any]]


@pytest.fixture
def engine() -> str:
    return "sqlite"


def _play(story: Story) -> Any:
    return asyncio.run(asyncio.wait_for(story(), 20))


async def _act(room: str, kind: str = "Arrive", **data: Any) -> int:
    answer = await sync_to_async(acting.send, thread_sensitive=False)(room, kind, data)
    return int(answer.facts[-1]["seq"])


class Screen:
    """What a screen has been sent, by the name of the event."""

    def __init__(self, room: str, role: str = "nurse", after: int | None = None) -> None:
        self._events = events(room, role, after)
        self.seqs: list[int] = []
        self.boards: list[dict[str, Any]] = []
        self.pulses: list[dict[str, Any]] = []

    async def until(self, enough: Callable[["Screen"], bool]) -> "Screen":
        async for event in self._events:
            name, data = event.split("event: ")[1].split("\ndata: ")
            said = orjson.loads(data)
            if name == "fact":
                assert event.startswith(f"id: {said['seq']}\n")
                self.seqs.append(said["seq"])
            elif name == "board":
                self.boards.append(said)
            else:
                self.pulses.append(said)
            if enough(self):
                return self
        return self

    async def closed(self) -> None:
        await self._events.aclose()  # type: ignore[attr-defined]


def test_a_fact_reaches_every_screen_with_the_board_after_it(room: str) -> None:
    async def story() -> None:
        screens = [Screen(room), Screen(room, "reception")]
        for screen in screens:
            await screen.until(lambda one: bool(one.pulses))
        seq = await _act(room)
        for screen in screens:
            await screen.until(lambda one: one.boards[-1]["seq"] == seq)
            assert screen.seqs == [seq]
            assert screen.boards[-1]["building"] == 1
            await screen.closed()

    _play(story)


def test_a_stream_resumes_where_it_was_however_far_behind(room: str) -> None:
    for _ in range(30):
        acting.send(room, "Arrive")

    async def story() -> list[int]:
        hubs.AT_ONCE, before = 7, hubs.AT_ONCE
        try:
            screen = await Screen(room, after=5).until(lambda one: bool(one.boards))
        finally:
            hubs.AT_ONCE = before
        await screen.closed()
        return screen.seqs

    assert _play(story) == list(range(6, 35))


def test_nothing_falls_between_what_was_missed_and_what_comes(room: str) -> None:
    async def story() -> list[int]:
        screen = Screen(room, after=0)
        writing = asyncio.create_task(_many(room, 25))
        await screen.until(lambda one: 29 in one.seqs)
        await writing
        await screen.closed()
        return screen.seqs

    assert _play(story) == list(range(1, 30))


async def _many(room: str, count: int) -> None:
    for _ in range(count):
        await _act(room)


def test_a_pulse_tells_a_quiet_stream_from_a_dead_one(room: str) -> None:
    async def story() -> Screen:
        screen = await Screen(room).until(lambda one: len(one.pulses) == 3)
        await screen.closed()
        return screen

    screen = _play(story)
    assert screen.seqs == []
    assert {pulse["seq"] for pulse in screen.pulses} == {4}


def test_a_board_that_cannot_be_made_is_told_once_it_can_and_pulses_tell_its_age(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "AGAIN_AFTER", 0.1)
    monkeypatch.setattr(hubs, "PULSE_EVERY", 0.1)

    def failing(room: str, roles: list[str]) -> Any:
        raise OperationalError("unable to open database file")

    async def story() -> tuple[Screen, Any]:
        screen = await Screen(room).until(lambda one: bool(one.pulses))
        with monkeypatch.context() as gone:
            gone.setattr(hubs, "boards", failing)
            seq = await _act(room)
            await screen.until(lambda one: one.pulses[-1]["seq"] == seq)
            await screen.until(lambda one: len(one.pulses) > 5)
            stale = screen.pulses[-1]
        await screen.until(lambda one: one.boards[-1]["seq"] == seq)
        await screen.until(lambda one: one.pulses[-1]["board"] == seq)
        await screen.closed()
        return screen, stale

    screen, stale = _play(story)
    assert [board["seq"] for board in screen.boards] == [4, 5]
    assert (stale["seq"], stale["board"]) == (5, 4)
    assert screen.seqs == [5]


def test_streams_that_begin_together_share_one_feed(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    run = hubs.Hub._run

    async def counted(hub: hubs.Hub) -> None:
        runs.append(hub)
        await run(hub)

    monkeypatch.setattr(hubs.Hub, "_run", counted)

    async def story() -> None:
        hub, listeners = hubs.hub_of(room), [Listener("nurse") for _ in range(30)]
        await asyncio.gather(*map(hub.join, listeners))
        await asyncio.sleep(0)
        for listener in listeners:
            hub.leave(listener)

    _play(story)
    assert len(runs) == 1


def test_a_stream_that_joins_slowly_makes_no_other_skip_a_fact(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ON_COMMIT", [])  # the commits are another process's
    monkeypatch.setattr(hubs, "LOOK_EVERY", 1.0)
    head, gate, asked = hubs._head, threading.Event(), []

    def slow_the_second_time(name: str) -> int:
        asked.append(name)
        if len(asked) == 2:
            gate.wait(0.5)
        return head(name)

    monkeypatch.setattr(hubs, "_head", slow_the_second_time)

    async def story() -> list[int]:
        screens = [Screen(room), Screen(room)]
        joined = [
            asyncio.create_task(screen.until(lambda one: bool(one.pulses))) for screen in screens
        ]
        await joined[0]
        seq = await _act(room)
        gate.set()
        await joined[1]
        await screens[0].until(lambda one: one.pulses[-1]["seq"] == seq)
        for screen in screens:
            await screen.closed()
        return screens[0].seqs

    assert _play(story) == [5]


def test_a_screen_that_does_not_keep_up_is_dropped_and_holds_up_nobody(room: str) -> None:
    async def story() -> None:
        slow = Listener("nurse")
        hub = hubs.hub_of(room)
        await hub.join(slow)
        for number in range(hubs.BEHIND + 10):
            slow.tell_fact((number, "Arrived"))
        assert slow.dropped
        screen = await Screen(room).until(lambda one: bool(one.pulses))
        await _act(room)
        await screen.until(lambda one: bool(one.seqs))
        await screen.closed()
        hub.leave(slow)

    _play(story)


def test_a_slow_screen_gets_the_latest_board_alone_and_its_pulse_before_it(room: str) -> None:
    async def story() -> list[str]:
        slow = Listener("nurse")
        for seq in range(1, 50):
            slow.tell_board(seq, f"board {seq}")
            slow.tell_pulse(datetime.now(UTC), seq)
        return [str(await slow.next()) for _ in range(2)]

    first, second = _play(story)
    assert '"seq":49,"board":0' in first
    assert second == "board 49"


def test_a_screen_whose_network_takes_nothing_for_seconds_is_dropped(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "LAGS", 0.1)
    monkeypatch.setattr(hubs, "PULSE_EVERY", 0.1)

    async def story() -> None:
        stuck = await Screen(room).until(lambda one: len(one.pulses) == 2)
        awake = await Screen(room).until(lambda one: bool(one.pulses))
        await awake.until(lambda one: len(one.pulses) > 5)
        assert len(hubs.hub_of(room).listeners) == 1
        await stuck.until(lambda one: False)  # it has ended: the browser opens it anew
        await awake.closed()

    _play(story)


def test_a_pulse_is_as_old_as_the_look_at_the_record_that_it_tells_of(
    room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = hubs.rows_after

    def slow(room: str, seq: int) -> Any:
        found = rows(room, seq)
        time.sleep(0.5)
        return found

    monkeypatch.setattr(hubs, "rows_after", slow)

    async def story() -> float:
        screen = await Screen(room).until(lambda one: len(one.pulses) == 2)
        await screen.closed()
        told = datetime.fromisoformat(screen.pulses[-1]["now"])
        return (datetime.now(UTC) - told).total_seconds()

    assert _play(story) >= 0.5


def test_streams_end_when_the_server_stops(room: str) -> None:
    async def story() -> None:
        screen = await Screen(room).until(lambda one: bool(one.pulses))
        close_streams()
        await screen.until(lambda one: False)

    _play(story)


def test_a_stream_ends_soon_after_its_token_is_revoked(
    room: str, tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "CHECK_EVERY", 0.2)

    async def story() -> list[bytes]:
        headers = {"Authorization": f"Bearer {tokens['nurse']}"}
        response = await AsyncClient().get("/api/stream", headers=headers)
        told = response.streaming_content.__aiter__()
        first = await anext(told)
        await Token.objects.filter(staff__role="nurse").aupdate(revoked="2025-01-01T00:00:00Z")
        return [first] + [event async for event in told]

    told = _play(story)
    assert told[0].startswith(b"event: board")
    assert len(told) < 6


@pytest.mark.parametrize("said", ["x", "-1", "1.5", "9" * 30, "\u00b2"])
def test_a_last_event_that_is_no_number_is_told_so(
    room: str, tokens: dict[str, str], said: str
) -> None:
    async def story() -> int:
        headers = {"Authorization": f"Bearer {tokens['nurse']}"}
        answer = await AsyncClient().get("/api/stream", {"after": said}, headers=headers)
        return int(answer.status_code)

    assert _play(story) == 422


def test_streams_end_where_a_backup_was_put_back_and_come_back_to_what_it_holds(
    room: str, room_database: RoomDatabase
) -> None:
    acting.send(room, "Arrive")

    async def story() -> Screen:
        screen = await Screen(room).until(lambda one: bool(one.pulses))
        put_back = sync_to_async(tamper, thread_sensitive=False)
        await put_back(room_database, "DELETE FROM store_entry WHERE seq > 4")
        await screen.until(lambda one: False)
        again = await Screen(room, after=5).until(lambda one: bool(one.pulses))
        seq = await _act(room)
        await again.until(lambda one: seq in one.seqs)
        await again.closed()
        return again

    again = _play(story)
    assert again.boards[0]["building"] == 0
    assert again.seqs == [5]
