"""Threads that keep their database connection: one that writes, a few that read, one each for what takes long.

A view of an asynchronous server gets a new thread, and with it a new connection, for each request;
commands and boards go through these instead. One thread writes, since a room has one lock anyway.
"""

import asyncio
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, connections

P = ParamSpec("P")
T = TypeVar("T")

LONGEST = 10.0  # seconds of one piece of work, after which its connections are taken for dead
RESTED = 2.0  # seconds without work, after which a connection is asked whether it leads anywhere


def _behind_the_others() -> None:
    """Lets the other threads have the processor first, where each thread can be told so."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


_WRITER = ThreadPoolExecutor(1, thread_name_prefix="write")
_READERS = ThreadPoolExecutor(4, thread_name_prefix="read")
_MEASURER = ThreadPoolExecutor(1, thread_name_prefix="measure")
_ERASER = ThreadPoolExecutor(1, thread_name_prefix="erase")
_LARGE = ThreadPoolExecutor(1, thread_name_prefix="large", initializer=_behind_the_others)
_SIMULATOR = ThreadPoolExecutor(1, thread_name_prefix="plan", initializer=_behind_the_others)
_PASSWORDS = ThreadPoolExecutor(1, thread_name_prefix="sign-in", initializer=_behind_the_others)

_mine = threading.local()  # of a thread: when it last `worked`

# By thread, the piece of work that it does: since when, and over which connections.
_doing: dict[int, tuple[float, list[Any]]] = {}


async def writing(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs work that writes to the ledger in the thread that writes."""
    return await sync_to_async(_watched, thread_sensitive=False, executor=_WRITER)(
        work, *args, **kwargs
    )


async def reading(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs other work that needs the database in a thread that reads."""
    return await sync_to_async(_watched, thread_sensitive=False, executor=_READERS)(
        work, *args, **kwargs
    )


async def measuring(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs long work over a whole ledger in a thread of its own, so that nobody waits behind it."""
    return await sync_to_async(_guarded, thread_sensitive=False, executor=_MEASURER)(
        work, *args, **kwargs
    )


async def reading_large(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs work over a large request, which needs no database, beside everything else."""
    return await sync_to_async(work, thread_sensitive=False, executor=_LARGE)(*args, **kwargs)


async def simulating(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs a simulation, which needs no database, behind everything else and one at a time. One that
    nobody waits for any more before its turn has come is not begun."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_SIMULATOR, partial(work, *args, **kwargs))


async def checking(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs the check of a password, which is slow by intent, behind all that is urgent."""
    return await sync_to_async(_watched, thread_sensitive=False, executor=_PASSWORDS)(
        work, *args, **kwargs
    )


async def erasing(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs the writing of an erasure, which is answered when the texts are gone: whoever taps an
    emergency meanwhile must not wait for that."""
    return await sync_to_async(_guarded, thread_sensitive=False, executor=_ERASER)(
        work, *args, **kwargs
    )


def end_overdue(longest: float = LONGEST) -> None:
    """Hangs up on databases that a piece of work has waited for too long: its thread goes on with a
    new connection. A network that carries nothing any more says so to nobody."""
    for began, lines in list(_doing.values()):
        if time.monotonic() - began > longest:
            for line in lines:
                _hang_up(line)


def _hang_up(line: Any) -> None:
    """Ends a connection from outside the thread that waits for it."""
    if line.vendor == "postgresql" and line.connection is not None:
        with suppress(OSError, line.Database.Error):
            _shut(os.dup(line.connection.fileno()))


def _shut(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as wire:
        wire.shutdown(socket.SHUT_RDWR)


def _watched(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    me = threading.get_ident()
    _only_this_database()
    _doing[me] = time.monotonic(), [connections[alias] for alias in connections]
    try:
        return _guarded(work, *args, **kwargs)
    finally:
        del _doing[me]


def _guarded(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs the work over connections that lead somewhere; one that fails is closed, so that the next
    work opens a new one, also where the work itself made do without the database."""
    _only_this_database()
    if time.monotonic() - getattr(_mine, "worked", 0.0) > RESTED:
        _close_dead(connections.all(initialized_only=True))
    try:
        return work(*args, **kwargs)
    except (DatabaseError, InterfaceError):
        connections.close_all()
        raise
    finally:
        _close_dead(one for one in connections.all(initialized_only=True) if one.errors_occurred)
        _mine.worked = time.monotonic()


def _close_dead(lines: Iterable[Any]) -> None:
    """Closes connections to a server that has ended them: it was restarted, or somebody cut them."""
    for line in lines:
        if line.connection is not None and line.is_usable():
            line.errors_occurred = False
        else:
            line.close()


def _only_this_database() -> None:
    """Closes a connection that leads elsewhere than the settings say by now (tests change them)."""
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict != connections.settings[connection.alias]:
            connection.close()
            del connections[connection.alias]
