"""One hub per process and room: it reads each new fact once and tells every open stream.

Nobody is told before the fact is in the database, and facts are read by `seq`, which the room's
lock hands out in the order of commits: so no stream skips one. A commit of this process wakes the
hub at once; those of other processes are seen at the next look.
"""

import asyncio
import logging
import time
from collections import deque
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
BEHIND = 1000  # facts that a stream may be behind before it is dropped; it resumes where it was
LAGS = 5.0  # seconds that one event may be on its way before the stream is dropped
AT_ONCE = 500

log = logging.getLogger("opendcr.hub")

Row = tuple[int, str]  # a fact's seq and kind


class Listener:
    """One open stream: what it has yet to be sent.

    Facts wait in a row. Of boards and of pulses only the latest waits: a screen on a slow network
    is told what is, however much it missed, and the pulse that tells its age waits for no board.
    """

    def __init__(self, role: str) -> None:
        self.role = role
        self.sent = 0  # the last fact that it was sent
        self.board = 0  # the `seq` of the board that it was sent last
        self.dropped = False
        self._facts: deque[Row] = deque()
        self._board: tuple[int, str] | None = None
        self._pulse: tuple[datetime, int] | None = None
        self._woken = asyncio.Event()
        self._sending: float | None = None  # since when an event is on its way

    def tell_fact(self, row: Row) -> None:
        """Hands over a fact; a stream that does not keep up ends."""
        self._facts.append(row)
        self.dropped = self.dropped or len(self._facts) > BEHIND
        self._woken.set()

    def tell_board(self, seq: int, event: str) -> None:
        """Hands over a board, in place of one that still waits."""
        self._board = seq, event
        self._woken.set()

    def tell_pulse(self, now: datetime, seq: int) -> None:
        """Hands over a pulse, in place of one that still waits."""
        self._pulse = now, seq
        self._woken.set()

    def close(self) -> None:
        """Ends the stream, at once if nobody reads it."""
        self.dropped = True
        self._woken.set()

    def lags(self) -> bool:
        """Whether the network has not taken an event for seconds: what it holds is no longer so."""
        return self._sending is not None and time.monotonic() - self._sending > LAGS

    async def next(self) -> str | None:
        """The next event, once there is one; None where the stream has ended."""
        self._sending = None
        while not self.dropped:
            if (event := self._next()) is not None:
                self._sending = time.monotonic()
                return event
            self._woken.clear()
            await self._woken.wait()
        return None

    def _next(self) -> str | None:
        while self._facts:
            row = self._facts.popleft()
            if row[0] > self.sent:  # else it was among what the stream had missed
                self.sent = row[0]
                return _fact(row)
        if self._pulse is not None:
            (now, seq), self._pulse = self._pulse, None
            return pulse(now, seq, self.board)
        (seq, event), self._board = self._board or (0, None), None
        if event is not None and seq >= self.board:
            self.board = seq
            return event
        return None


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
        self._changed = self._lacking = False
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
                now = datetime.now(UTC)  # before the look: the head is no older than this
                if await self._look():
                    self._pulse(now)
                await self._look_at_board()
            await self._rest()

    async def _look(self) -> bool:
        """Tells of new facts; whether that was all of them."""
        self._woken.clear()
        # From the last one told on: where that is gone, a backup was restored under this process.
        rows = await reading(rows_after, self.room, max(self.seq - 1, 0))
        if self.seq and (not rows or rows.pop(0)[0] != self.seq):
            return await self._start_again()
        for row in rows:
            for listener in self.listeners:
                listener.tell_fact(row)
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
        pulses say that screens have an older one; one without its names is made again until it has
        them: the database of the keys may have failed alone.
        """
        if not self._board_is_due():
            return
        try:
            self._lacking = await self._tell_board()
        except TROUBLE as error:
            self._boarded = time.monotonic() + AGAIN_AFTER
            log.error("the board cannot be made: %s", words_for(error))
        else:
            self._boarded, self._changed = time.monotonic(), False

    def _board_is_due(self) -> bool:
        since = time.monotonic() - self._boarded
        return since >= BOARD_EVERY if self._changed else self._lacking and since >= AGAIN_AFTER

    def _pulse(self, now: datetime) -> None:
        if time.monotonic() - self._pulsed < PULSE_EVERY:
            return
        self._pulsed = time.monotonic()
        for listener in list(self.listeners):
            if listener.dropped or listener.lags():
                listener.close()
                self.listeners.discard(listener)
            else:
                listener.tell_pulse(now, self.seq)

    async def _tell_board(self) -> bool:
        """Tells the board as it is; whether it lacks names or words."""
        roles = sorted({listener.role for listener in self.listeners})
        made = await reading(boards, self.room, roles)
        events = {role: _event("board", text) for role, text in made.texts.items()}
        for listener in self.listeners:
            if listener.role in events:
                listener.tell_board(made.seq, events[listener.role])
        return made.lacking

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
        listener.sent = joined if after is None else min(after, joined)
        while after is not None and (rows := await reading(rows_after, room, listener.sent)):
            for row in rows:
                yield _fact(row)
            listener.sent = rows[-1][0]
        now = datetime.now(UTC)
        made = await reading(boards, room, [role])
        yield _event("board", made.texts[role])
        listener.board = made.seq
        yield pulse(now, made.seq, made.seq)
        while (event := await listener.next()) is not None:
            yield event
    finally:
        hub.leave(listener)


def rows_after(room: str, seq: int) -> list[Row]:
    """The next facts of a room, at most 500."""
    entries = Entry.objects.filter(room=room, seq__gt=seq).order_by("seq")
    return list(entries.values_list("seq", "kind")[:AT_ONCE])


def pulse(now: datetime, seq: int, board: int) -> str:
    """Server time, the head at that time, and the `seq` of the board that this stream was sent last:
    a stream without it is dead, not quiet, and a board that stays behind the head is not the room.
    """
    told = {"now": instant(now), "seq": seq, "board": board}
    return _event("pulse", orjson.dumps(told).decode())


def _head(room: str) -> int:
    head = head_of(room)
    return head[0] if head else 0


def _fact(row: Row) -> str:
    data = orjson.dumps({"seq": row[0], "kind": row[1]}).decode()
    return f"id: {row[0]}\n" + _event("fact", data)


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
