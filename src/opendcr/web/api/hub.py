"""One hub per process and room: it reads each new fact once and tells every open stream.

Nobody is told before the fact is in the database, and facts are read by `seq`, which the room's
lock hands out in the order of commits: so no stream skips one. A commit of this process wakes the
hub at once; those of other processes are seen at the next look.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import orjson
from django.db import connection

from opendcr.ledger.codec import instant
from opendcr.web.api.boards import boards
from opendcr.web.store.archive import head_of
from opendcr.web.store.models import Entry
from opendcr.web.store.threads import reading
from opendcr.web.store.trouble import TROUBLE
from opendcr.web.store.write import ON_COMMIT

LOOK_EVERY = 0.25  # seconds between looks at the database
PULSE_EVERY = 1.0
BOARD_EVERY = 0.05  # boards follow each other no closer: of several changes, screens get the last
BEHIND = 1000  # events that a stream may be behind before it is dropped; it resumes where it was
AT_ONCE = 500

Row = tuple[int, str]  # a fact's seq and kind


class Listener:
    """One open stream: what it has yet to be sent."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.waiting: asyncio.Queue[str | Row | None] = asyncio.Queue(BEHIND)
        self.dropped = False

    def tell(self, event: str | Row) -> None:
        """Hands over an event; a stream that does not keep up ends."""
        try:
            self.waiting.put_nowait(event)
        except asyncio.QueueFull:
            self.dropped = True

    def close(self) -> None:
        """Ends the stream, at once if nobody reads it."""
        self.dropped = True
        if not self.waiting.full():
            self.waiting.put_nowait(None)


class Hub:
    """The open streams of one room, and the task that feeds them."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.listeners: set[Listener] = set()
        self.seq = 0
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._pulsed = self._boarded = 0.0
        self._changed = False
        self._task: asyncio.Task[None] | None = None

    async def join(self, listener: Listener) -> int:
        """Adds a stream; returns the `seq` from which on it will be told."""
        if self._task is None or self._task.done():
            self.seq = await reading(_head, self.room)
            self._task = asyncio.create_task(self._run())
        self.listeners.add(listener)
        return self.seq

    def leave(self, listener: Listener) -> None:
        """Removes a stream; without any, the hub rests."""
        self.listeners.discard(listener)
        self.wake()

    def wake(self) -> None:
        """Makes the hub look now; from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def _run(self) -> None:
        while self.listeners:
            # Without a pulse a screen says itself that its stream is silent.
            with suppress(*TROUBLE):
                await self._look()
            await self._rest()

    async def _look(self) -> None:
        self._woken.clear()
        rows = await reading(rows_after, self.room, self.seq)
        for row in rows:
            self._tell_all(row)
            self.seq = row[0]
        self._changed = self._changed or bool(rows)
        if self._changed and time.monotonic() - self._boarded >= BOARD_EVERY:
            self._boarded, self._changed = time.monotonic(), False
            await self._tell_board()
        if time.monotonic() - self._pulsed >= PULSE_EVERY and len(rows) < AT_ONCE:
            self._pulsed = time.monotonic()
            self._tell_all(pulse(self.seq))

    async def _tell_board(self) -> None:
        roles = sorted({listener.role for listener in self.listeners})
        texts = await reading(boards, self.room, roles)
        events = {role: _event("board", text) for role, text in texts.items()}
        for listener in list(self.listeners):
            if listener.role in events:
                listener.tell(events[listener.role])

    def _tell_all(self, event: str | Row) -> None:
        for listener in list(self.listeners):
            listener.tell(event)

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), BOARD_EVERY if self._changed else LOOK_EVERY)


_hubs: dict[tuple[str, str, asyncio.AbstractEventLoop], Hub] = {}


def hub_of(room: str) -> Hub:
    """The hub of a room in this process."""
    key = (str(connection.settings_dict["NAME"]), room, asyncio.get_running_loop())
    return _hubs.setdefault(key, Hub(room)) if key not in _hubs else _hubs[key]


def close_streams() -> None:
    """Ends every open stream: the server is stopping, and the screens will come back."""
    for hub in _hubs.values():
        for listener in list(hub.listeners):
            listener.close()


def _wake(room: str) -> None:
    for (_, name, _), hub in list(_hubs.items()):
        if name == room:
            hub.wake()


ON_COMMIT.append(_wake)


async def events(room: str, role: str, after: int | None) -> AsyncIterator[str]:
    """The events of a stream, as text: what was missed since `after`, the board, then what comes.

    The stream joins the hub before it reads what it missed, so nothing falls between.
    """
    hub, listener = hub_of(room), Listener(role)
    try:
        joined = await hub.join(listener)
        sent = joined if after is None else min(after, joined)
        while after is not None and (rows := await reading(rows_after, room, sent)):
            for row in rows:
                yield _fact(row)
            sent = rows[-1][0]
        yield _event("board", (await reading(boards, room, [role]))[role])
        yield pulse(sent)
        while not listener.dropped:
            event = await listener.waiting.get()
            if isinstance(event, str):
                yield event
            elif event is not None and event[0] > sent:
                sent = event[0]
                yield _fact(event)
    finally:
        hub.leave(listener)


def rows_after(room: str, seq: int) -> list[Row]:
    """The next facts of a room, at most 500."""
    entries = Entry.objects.filter(room=room, seq__gt=seq).order_by("seq")
    return list(entries.values_list("seq", "kind")[:AT_ONCE])


def pulse(seq: int) -> str:
    """Server time and the head: a stream without it is dead, not quiet."""
    return _event("pulse", orjson.dumps({"now": instant(datetime.now(UTC)), "seq": seq}).decode())


def _head(room: str) -> int:
    head = head_of(room)
    return head[0] if head else 0


def _fact(row: Row) -> str:
    data = orjson.dumps({"seq": row[0], "kind": row[1]}).decode()
    return f"id: {row[0]}\n" + _event("fact", data)


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
