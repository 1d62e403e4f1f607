"""Whether the process lives, and whether it can be relied on. For anybody; tells nothing else."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse

from opendcr.errors import InputError
from opendcr.web.store.held import rooms
from opendcr.web.store.keyring.keys import keys_of
from opendcr.web.store.keyring.models import WrappedKey
from opendcr.web.store.models import Anchor, Entry, Heartbeat
from opendcr.web.store.threads import reading
from opendcr.web.store.trouble import TROUBLE
from opendcr.web.store.write import AHEAD

FREE_BYTES = 50 * 2**20
OVERDUE = timedelta(minutes=3)


async def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"live": True})


async def ready(request: HttpRequest) -> JsonResponse:
    """200 where every check holds, else 503 with the names of those that do not."""
    failing = await reading(_failing)
    return JsonResponse({"ready": not failing, "failing": failing}, status=503 if failing else 200)


def _failing() -> list[str]:
    return [name for name, holds in CHECKS.items() if not _holds(holds)]


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (*TROUBLE, OSError, InvalidTag, InputError):
        return False


def migrated() -> bool:
    """Every migration has run."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def keys_open() -> bool:
    """The keys that open the register are there, and the master key opens them.

    Without them no board can be made, and nobody is called by name.
    """
    one = WrappedKey.objects.values_list("owner", flat=True).first()
    return one is None or one in keys_of([one])


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
