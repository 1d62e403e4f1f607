"""Threads that keep their database connection: one that writes, a few that read, one that measures.

A view of an asynchronous server gets a new thread, and with it a new connection, for each request;
commands and boards go through these instead. One thread writes, since a room has one lock anyway.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, connections

P = ParamSpec("P")
T = TypeVar("T")

_WRITER = ThreadPoolExecutor(1, thread_name_prefix="write")
_READERS = ThreadPoolExecutor(4, thread_name_prefix="read")
_MEASURER = ThreadPoolExecutor(1, thread_name_prefix="measure")


async def writing(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs work that writes to the ledger in the thread that writes."""
    return await sync_to_async(_guarded, thread_sensitive=False, executor=_WRITER)(
        work, *args, **kwargs
    )


async def reading(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs other work that needs the database in a thread that reads."""
    return await sync_to_async(_guarded, thread_sensitive=False, executor=_READERS)(
        work, *args, **kwargs
    )


async def measuring(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs long work over a whole ledger in a thread of its own, so that nobody waits behind it."""
    return await sync_to_async(_guarded, thread_sensitive=False, executor=_MEASURER)(
        work, *args, **kwargs
    )


def _guarded(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs the work; a connection that fails is closed, so that the next work opens a new one."""
    _only_this_database()
    try:
        return work(*args, **kwargs)
    except (DatabaseError, InterfaceError):
        connections.close_all()
        raise


def _only_this_database() -> None:
    """Closes a connection that leads elsewhere than the settings say by now (tests change them)."""
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict != connections.settings[connection.alias]:
            connection.close()
            del connections[connection.alias]
