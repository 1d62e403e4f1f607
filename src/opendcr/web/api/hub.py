"""One hub per process and room: it reads each new fact once and tells every open stream.

Nobody is told before the fact is in the database, and facts are read by `seq`, which the room's
lock hands out in the order of commits: so no stream skips one. A commit of this process wakes the
hub at once; those of other processes are seen at the next look.
"""

import asyncio
import logging
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
from opendcr.web.store.trouble import TROUBLE, words_for
from opendcr.web.store.write import ON_COMMIT

LOOK_EVERY = 0.25  # seconds between looks at the database
PULSE_EVERY = 1.0
BOARD_EVERY = 0.05  # boards follow each other no closer: of several changes, screens get the last
AGAIN_AFTER = 1.0  # seconds until a board that could not be made is tried again
BEHIND = 1000  # events that a stream may be behind before it is dropped; it resumes where it was
AT_ONCE = 500

log = logging.getLogger("opendcr.hub")

Row = tuple[int, str]  # a fact's seq and kind


class Listener:
    """One open stream: what it has yet to be sent."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.board = 0  # the `seq` of the board that it was told last
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
        self._joining = asyncio.Lock()
        self._woken = asyncio.Event()
        self._pulsed = self._boarded = 0.0
        self._changed = False
        self._task: asyncio.Task[None] | None = None

    async def join(self, listener: Listener) -> int:
        """Adds a stream; returns the `seq` from which on it will be told."""
        # One at a time: a head that is read late must not move others past what they were not told.
        async with self._joining:
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
                all_read = await self._look()
                await self._look_at_board()
                if all_read:
                    self._pulse()
            await self._rest()

    async def _look(self) -> bool:
        """Tells of new facts; whether that was all of them."""
        self._woken.clear()
        # From the last one told on: where that is gone, a backup was restored under this process.
        rows = await reading(rows_after, self.room, max(self.seq - 1, 0))
        if self.seq and (not rows or rows.pop(0)[0] != self.seq):
            return await self._start_again()
        for row in rows:
            self._tell_all(row)
            self.seq = row[0]
        self._changed = self._changed or bool(rows)
        return len(rows) < AT_ONCE - 1

    async def _start_again(self) -> bool:
        """Ends every stream, since none can go on from a fact that is gone. Screens come back."""
        self.seq = await reading(_head, self.room)
        for listener in list(self.listeners):
            listener.close()
        return False

    async def _look_at_board(self) -> None:
        """Tells the board where it has changed. One that cannot be made stays to be told, and the
        pulses say that screens have an older one: the database of the keys may have failed alone.
        """
        if not self._board_is_due():
            return
        try:
            await self._tell_board()
        except TROUBLE as error:
            self._boarded = time.monotonic() + AGAIN_AFTER
            log.error("the board cannot be made: %s", words_for(error))
        else:
            self._boarded, self._changed = time.monotonic(), False

    def _board_is_due(self) -> bool:
        return self._changed and time.monotonic() - self._boarded >= BOARD_EVERY

    def _pulse(self) -> None:
        if time.monotonic() - self._pulsed >= PULSE_EVERY:
            self._pulsed = time.monotonic()
            for listener in list(self.listeners):
                listener.tell(pulse(self.seq, listener.board))

    async def _tell_board(self) -> None:
        roles = sorted({listener.role for listener in self.listeners})
        made = await reading(boards, self.room, roles)
        events = {role: _event("board", text) for role, text in made.texts.items()}
        for listener in list(self.listeners):
            if listener.role in events:
                listener.board = made.seq
                listener.tell(events[listener.role])

    def _tell_all(self, event: str | Row) -> None:
        for listener in list(self.listeners):
            listener.tell(event)

    async def _rest(self) -> None:
        soon = self._changed and self._boarded <= time.monotonic()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), BOARD_EVERY if soon else LOOK_EVERY)


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
        made = await reading(boards, room, [role])
        listener.board = max(listener.board, made.seq)
        yield _event("board", made.texts[role])
        yield pulse(sent, made.seq)
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


def pulse(seq: int, board: int) -> str:
    """Server time, the head, and the `seq` of the board that this stream was told last: a stream
    without it is dead, not quiet, and a board that stays behind the head is not the room."""
    told = {"now": instant(datetime.now(UTC)), "seq": seq, "board": board}
    return _event("pulse", orjson.dumps(told).decode())


def _head(room: str) -> int:
    head = head_of(room)
    return head[0] if head else 0


def _fact(row: Row) -> str:
    data = orjson.dumps({"seq": row[0], "kind": row[1]}).decode()
    return f"id: {row[0]}\n" + _event("fact", data)


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
