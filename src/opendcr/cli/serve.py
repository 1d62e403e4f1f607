"""`opendcr serve`: the web system in one process."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import click

from opendcr.cli.database import new_header
from opendcr.cli.output import emit, json_option


@click.command("serve", epilog="Example: opendcr serve --demo --port 8080")
@click.option("--demo", is_flag=True, help="A marked training room with simulated people.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--database", metavar="URL", help="sqlite:///PATH or postgresql://USER@HOST/NAME.")
@click.option("--keys", metavar="URL", help="The database of the register's keys, kept apart.")
@click.option("--room", default="room", show_default=True, help="The name of a first room.")
@click.option("--timezone", default="Europe/London", show_default=True, help="Its time zone.")
@json_option
def serve(
    demo: bool,
    host: str,
    port: int,
    database: str | None,
    keys: str | None,
    room: str,
    timezone: str,
    as_json: bool,
) -> None:
    """Serve the web system until interrupted; a SQLite database is migrated first."""
    from opendcr.web.config.setup import configure, database_trouble

    # Told to stop, it unwinds: streams end, the temporary folder goes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.environ["OPENDCR_TRAINING"] = "1" if demo else "0"
    with _folder(demo and not (database or os.environ.get("OPENDCR_DATABASE"))):
        configure(database, keys)
        from opendcr.web.config import serving  # needs Django to be set up

        with serving.listening(host, port) as listener, database_trouble():
            work: list[tuple[float, serving.Work]] = []
            if demo:
                from opendcr.cli import training

                work.append((training.EVERY, training.begin()))
            else:
                serving.make_ready(new_header(room, timezone), training=False)
            steps = [] if demo else _first_steps(" --database URL" if database else "")
            _announce(demo, f"http://{host}:{port}", steps, as_json)
            serving.run(listener, *work)


@contextmanager
def _folder(temporary: bool) -> Iterator[None]:
    """A training room that nobody named a database for leaves nothing behind."""
    if not temporary:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="opendcr-training-") as folder:
        os.environ["OPENDCR_HOME"] = folder
        yield


def _first_steps(where: str) -> list[str]:
    """The commands without which nobody can work in a room yet."""
    from opendcr.web.store.held import look, rooms
    from opendcr.web.store.models import Staff

    steps = []
    if not any(look(room).room.standing.policies for room in rooms()):
        steps.append(f"opendcr policy adopt FILE{where}")
    if not Staff.objects.exists():
        steps.append(f"opendcr staff add NAME --role manager --initials XY{where}")
    return steps


def _announce(demo: bool, address: str, steps: list[str], as_json: bool) -> None:
    """Says where it serves, who can sign in to a training room, what a new room still needs."""
    from opendcr.web.store.accounts import DEMONSTRATION, DEMONSTRATION_PASSWORD

    accounts = [
        {"user": account.username, "password": DEMONSTRATION_PASSWORD, "role": account.role}
        for account in (DEMONSTRATION if demo else ())
    ]
    lines = [f"OpenDCR serves at {address}" + (", a training room." if demo else ".")]
    if demo:
        lines.append("Everybody in it is simulated. Sign in as one of these:")
        lines += [f"  {one['user']:<14} {one['password']:<20} {one['role']}" for one in accounts]
    if steps:
        lines += [
            "Before anybody can work here, in another terminal:",
            *(f"  {one}" for one in steps),
        ]
    document = {
        "address": address,
        "training": demo,
        "sign_ins": accounts,
        "first_steps": steps,
    }
    emit(as_json, document, "\n".join(lines))
    sys.stdout.flush()
