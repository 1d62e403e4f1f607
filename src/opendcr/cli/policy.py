"""`opendcr policy`: adopts a room's policy."""

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opendcr.cli.database import database_option, new_header, opened
from opendcr.cli.output import emit, json_option
from opendcr.errors import InputError

if TYPE_CHECKING:
    from opendcr.ledger.facts import Header
    from opendcr.room.policy import Policy


@click.group("policy", epilog="Example: opendcr policy adopt policy.toml")
def policy() -> None:
    """What a room's clinical lead and manager have decided, in a file."""


@policy.command(
    "adopt",
    epilog="Example: opendcr policy adopt policy.toml --room calton --timezone Europe/London",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--room", help="The room, where the database holds several; the name of a new one.")
@click.option("--timezone", metavar="ZONE", help="Begins the room, in this time zone for ever.")
@database_option
@json_option
def adopt(
    file: Path, room: str | None, timezone: str | None, database: str | None, as_json: bool
) -> None:
    """Adopt the policy in FILE from now on: the ledger keeps it whole.

    In an empty database, --room and --timezone begin the room.
    """
    from opendcr.room.policy import read_policy

    decided = read_policy(file)
    if not decided.places:
        raise InputError(f"{file}, places", "none", "at least one: [[places]] with id, kind, words")
    if timezone and not room:
        raise InputError("--room", "nothing", "the new room's name beside --timezone")
    begun = new_header(str(room), timezone) if timezone else None
    with opened(database):
        name = _begun(begun) if begun else _standing(room)
        answer = _adopted(name, decided)
    if "facts" not in answer:
        raise click.ClickException(f"{file}: {answer}")
    emit(as_json, answer, f"{file} is the policy of '{name}' from now on.")


def _begun(header: "Header") -> str:
    """Begins the room; InputError beside another: a database that is served has one."""
    from opendcr.web.store.held import rooms
    from opendcr.web.store.ledgers import begin

    others = [room for room in rooms() if room != header.room]
    if others:
        found = f"the room '{others[0]}' in this database"
        raise InputError("--room", found, f"--room {others[0]}, or a database of its own")
    begin(header)
    return header.room


def _standing(room: str | None) -> str:
    from opendcr.web.store.held import header_of, only_room, rooms

    if not rooms():
        expected = "--room NAME --timezone ZONE, which begin one"
        raise InputError("--room", "no room in this database", expected)
    name = only_room(room, "--room")
    if header_of(name).origin.kind == "simulated":
        found = f"the simulated room '{name}'"
        raise InputError(
            "--room", found, "a recorded room: a simulated one has its scenario's policy"
        )
    return name


def _adopted(room: str, decided: "Policy") -> Any:
    import orjson

    from opendcr.ledger.uuid7 import uuid7
    from opendcr.web.store.proof import Sender
    from opendcr.web.store.write import write

    sender = Sender("s-administrator", "administrator", "t-command-line", "token")
    id = uuid7(time.time_ns() // 1_000_000, secrets.randbits(80))
    body = {"id": id, "kind": "AdoptPolicy", "data": {"policy": decided.to_data()}}
    return orjson.loads(write(room, body, sender).body)
