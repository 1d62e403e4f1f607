"""Serving: one process, its background work, and an end that loses nothing."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from django.conf import settings
from django.db import connection, connections

from opendcr.errors import InputError
from opendcr.ledger.facts import Header
from opendcr.web.api.hub import close_streams
from opendcr.web.config.asgi import application
from opendcr.web.config.connections import Connection, allow_many
from opendcr.web.store import prepare
from opendcr.web.store.erasing import LookingAgain
from opendcr.web.store.held import look, rooms
from opendcr.web.store.keyring.ahead import make_ahead
from opendcr.web.store.keyring.keys import master_fits
from opendcr.web.store.ledgers import begin, check_origin
from opendcr.web.store.models import Secret
from opendcr.web.store.threads import end_overdue
from opendcr.web.store.trouble import TROUBLE, words_for
from opendcr.web.store.upkeep import upkeep

Work = Callable[[], object]

UPKEEP_EVERY = 60.0  # seconds
OVERDUE_EVERY = 1.0
KEYS_EVERY = 5.0
LOOK_AGAIN_EVERY = 2.0  # seconds between looks at what new facts bring under an erasure

ANOTHER_KEY = (
    "the master key is not the one that this register was begun with: people are shown by their codes."
    " Stop, put the right one back, and keep this one too: what is written meanwhile is under it"
)

WITHOUT_KEYS = "the keys' database cannot be used, and people are shown by their codes until it can"

log = logging.getLogger("opendcr.serve")


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens; InputError where the port is in use or the address is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except OSError as error:
            found = f"{host}:{port}: {(error.strerror or 'unusable').lower()}"
            expected = "a free port of an address of this machine"
            raise InputError("--host, --port", found, expected) from error
        # Requests must name a host that we know; listening everywhere, any name may be ours.
        settings.ALLOWED_HOSTS += ["*"] if host in ("0.0.0.0", "::") else [host]
        yield listener


def make_ready(header: Header, *, training: bool) -> None:
    """Prepares the databases, and begins a room's ledger where there is none.

    SQLite is migrated; PostgreSQL must have been, by its owner, and is served by another role.
    """
    if connection.vendor == "sqlite":
        prepare.migrate_ledger()
    else:
        prepare.check_serving_role()
        prepare.check_migrated()
    prepare.check_writable()
    check_origin(training=training)
    _make_keys_ready()
    if not rooms():
        begin(header)
    for room in rooms():
        look(room)


def _make_keys_ready() -> None:
    """Prepares the keys' database. A room that is there already is served without it: its emergencies
    must be seen. Words that are there wait for their own keys, and get no empty database instead."""
    try:
        if not Secret.objects.exists() or prepare.keys_are_there():
            prepare.migrate_keys()
        fits = master_fits()
    except TROUBLE as error:
        connections["keys"].close()
        if not rooms():
            raise
        log.error("%s: %s", WITHOUT_KEYS, words_for(error))
        return
    if not fits:
        log.warning(ANOTHER_KEY)


def run(listener: socket.socket, *work: tuple[float, Work]) -> None:
    """Serves until the process is told to stop; upkeep and each `(seconds, work)` run beside."""
    stopping = threading.Event()
    own: list[tuple[float, Work]] = [
        (UPKEEP_EVERY, upkeep),
        (LOOK_AGAIN_EVERY, LookingAgain()),
        (OVERDUE_EVERY, end_overdue),
        (KEYS_EVERY, make_ahead),
    ]
    threads = [
        threading.Thread(target=_repeat, args=(seconds, one, stopping), daemon=True)
        for seconds, one in (*own, *work)
    ]
    for thread in threads:
        thread.start()
    allow_many()
    try:
        _Server(_config()).run([listener])
    finally:
        stopping.set()
        for thread in threads:
            thread.join(timeout=5)


class _Server(uvicorn.Server):
    """Ends open streams first: otherwise a stop waits for screens that never hang up."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        close_streams()
        await super().shutdown(sockets)


def _config() -> uvicorn.Config:
    # No access log: addresses hold ids. Django has no lifespan events.
    return uvicorn.Config(
        application, log_config=None, access_log=False, lifespan="off", server_header=False,
        timeout_graceful_shutdown=3, proxy_headers=False, http=Connection, ws="none",
    )  # fmt: skip


def _repeat(seconds: float, work: Work, stopping: threading.Event) -> None:
    while True:
        try:
            work()
        except Exception:
            # One pass that fails must not end the rest; readiness tells when none succeeds.
            log.exception("background work failed")
            connections.close_all()
        if stopping.wait(seconds):
            break
    connections.close_all()
