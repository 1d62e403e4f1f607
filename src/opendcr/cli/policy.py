"""`opendcr policy`: adopts a room's policy."""

import os
import uuid
from pathlib import Path

import click

from opendcr.cli.output import emit, json_option


@click.group("policy", epilog="Example: opendcr policy adopt policy.toml")
def policy() -> None:
    """What a room's clinical lead and manager have decided, in a file."""


@policy.command("adopt", epilog="Example: opendcr policy adopt policy.toml")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--database", metavar="URL", help="Another database than the configured one.")
@click.option("--room", help="The room, where the database holds several.")
@json_option
def adopt(file: Path, database: str | None, room: str | None, as_json: bool) -> None:
    """Adopt the policy in FILE from now on: the ledger keeps it whole."""
    import orjson

    from opendcr.room.policy import read_policy
    from opendcr.web.config.setup import configure, database_trouble

    decided = read_policy(file)
    configure(database)
    from opendcr.web.store.held import only_room
    from opendcr.web.store.proof import Sender
    from opendcr.web.store.write import write

    sender = Sender("s-administrator", "administrator", "t-command-line", "token")
    body = {"id": _uuid7(), "kind": "AdoptPolicy", "data": {"policy": decided.to_data()}}
    with database_trouble():
        name = only_room(room)
        answer = orjson.loads(write(name, body, sender).body)
    if "facts" not in answer:
        raise click.ClickException(f"{file}: {answer}")
    emit(as_json, answer, f"{file} is the policy of '{name}' from now on.")


def _uuid7() -> str:
    """A UUIDv7: its milliseconds and random bits."""
    import time

    milliseconds, random = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), "big")
    number = milliseconds << 80 | random
    number = number & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=number & ~(0b11 << 62) | 0b10 << 62))
