"""Whether the process lives, and whether it can be relied on. For anybody; tells nothing else."""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from opendcr.errors import InputError
from opendcr.web.store.held import rooms
from opendcr.web.store.keyring.asking import asked
from opendcr.web.store.keyring.keys import master_fits
from opendcr.web.store.models import Anchor, Entry, Heartbeat
from opendcr.web.store.threads import reading, writing
from opendcr.web.store.trouble import TROUBLE
from opendcr.web.store.write import AHEAD

FREE_BYTES = 50 * 2**20
OVERDUE = timedelta(minutes=3)
FRESH = 1.0  # seconds for which an answer holds
PATIENCE = 3.0  # seconds until the thread that writes is taken for stuck


async def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"live": True})


async def ready(request: HttpRequest) -> JsonResponse:
    """200 where every check holds, else 503 with the names of those that do not.

    Anybody may ask, and however many do, the checks are made once a second.
    """
    failing = await _failing_now()
    return JsonResponse({"ready": not failing, "failing": failing}, status=503 if failing else 200)


Look = tuple[float, asyncio.Task[list[str]]]  # since when, and what fails
_looks: dict[tuple[str, asyncio.AbstractEventLoop], Look] = {}


async def _failing_now() -> list[str]:
    """What fails, as found at most a second ago."""
    place = str(connection.settings_dict["NAME"]), asyncio.get_running_loop()
    since, look = _looks.get(place, (0.0, None))
    if look is None or (look.done() and time.monotonic() - since >= FRESH):
        look = asyncio.create_task(_found_failing())
        _looks[place] = time.monotonic(), look
    return await asyncio.shield(look)


async def _found_failing() -> list[str]:
    failing = await reading(_failing)
    return failing if await _writer_answers() else [*failing, "writing"]


async def _writer_answers() -> bool:
    """The thread that writes is at work or free, and its connection leads to the database."""
    asked = asyncio.ensure_future(writing(_holds, answers))
    # Left to itself where it takes longer: to take it back would mean to wait for it.
    done, _ = await asyncio.wait({asked}, timeout=PATIENCE)
    return bool(done) and asked.result()


def _failing() -> list[str]:
    return [name for name, holds in CHECKS.items() if not _holds(holds)]


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (*TROUBLE, OSError, InputError):
        return False


def answers() -> bool:
    """The database answers this thread."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def migrated() -> bool:
    """Every migration has run."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def keys_open() -> bool:
    """The keys that open the register are there, and the master key opens them.

    Without them nobody is called by name.
    """
    return asked(master_fits) is True


def verified() -> bool:
    """Each room's chain was verified not long ago, and what was verified is still there."""
    for room in rooms():
        anchor = Anchor.objects.filter(room=room).order_by("-seq").first()
        if anchor is None or datetime.now(UTC) - anchor.verified > OVERDUE:
            return False
    return True


def clock_right() -> bool:
    """No ledger is ahead of this server's clock: a clock was wrong, and times stand still."""
    latest = (
        Entry.objects.filter(room=room).order_by("-seq").values_list("recorded", flat=True).first()
        for room in rooms()
    )
    return all(moment is None or moment - datetime.now(UTC) <= AHEAD for moment in latest)


def disk_not_full() -> bool:
    """There is room to write, where the database is a file of ours."""
    if connection.vendor != "sqlite":
        return True
    folder = os.statvfs(Path(connection.settings_dict["NAME"]).parent)
    return folder.f_bavail * folder.f_frsize > FREE_BYTES


def background_alive() -> bool:
    """The upkeep ran to its end not long ago."""
    beat = Heartbeat.objects.filter(work="upkeep").first()
    return beat is not None and datetime.now(UTC) - beat.beat < OVERDUE


CHECKS = {
    "migrated": migrated,
    "keys": keys_open,
    "verified": verified,
    "clock": clock_right,
    "disk": disk_not_full,
    "background": background_alive,
}
