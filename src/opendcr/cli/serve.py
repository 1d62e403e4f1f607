"""`opendcr serve`: the web system in one process."""

import os
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

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
            steps = [] if demo else _first_steps(_named(database))
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


def _command() -> str:
    """This program by its name, or by its path where a shell would not find it by its name."""
    by_path = Path(sys.argv[0]).name == "opendcr" and not shutil.which("opendcr")
    return shlex.quote(sys.argv[0]) if by_path else "opendcr"


def _named(database: str | None) -> str:
    """The option that names the database again, but for a password that the terminal would keep."""
    if database is None:
        return ""
    return f" --database {'URL' if urlsplit(database).password else shlex.quote(database)}"


def _first_steps(where: str) -> list[str]:
    """The commands without which nobody can work in a room yet, as they can be pasted."""
    from opendcr.web.store.held import look, rooms
    from opendcr.web.store.models import Staff

    opendcr, steps = _command(), []
    if not any(look(room).room.standing.policies for room in rooms()):
        steps.append(f"{opendcr} policy adopt policy.toml{where}")
    if not Staff.objects.exists():
        steps.append(f"{opendcr} staff add manager --role manager --initials MA{where}")
    return steps


def _of_new_rooms() -> list[str]:
    """A room's name and zone are under its chain: said while another can still be chosen."""
    from opendcr.web.store.held import look, rooms

    new = [look(room).room for room in rooms() if look(room).room.seq == 0]
    return [
        f"The room '{room.name}' ({room.timezone}) is new and keeps this name and time zone for ever;"
        " for others, serve another, empty database with --room NAME --timezone ZONE."
        for room in new
    ]


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
    lines += [] if demo else _of_new_rooms()
    if steps:
        lines += [
            "Before anybody can work here, in another terminal (policy.toml is what the room's",
            "clinical lead and manager decided; examples/glasgow/policy.toml is one to begin from):",
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
