"""The database of a command that keeps accounts or rooms, prepared for this version."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from opendcr.errors import InputError

if TYPE_CHECKING:
    from opendcr.ledger.facts import Header

_F = TypeVar("_F", bound=Callable[..., Any])


def database_option(command: _F) -> _F:
    """Adds `--database URL`."""
    help_line = "Another database than the configured one."
    return click.option("--database", metavar="URL", help=help_line)(command)


@contextmanager
def opened(database: str | None) -> Iterator[None]:
    """Sets Django up on a database; InputError where it is not prepared or cannot be used."""
    from opendcr.web.config.setup import configure, database_trouble

    configure(database, existing=True)
    from opendcr.web.store import prepare  # needs Django to be set up

    with database_trouble():
        prepare.check_migrated()
        yield


def new_header(room: str, timezone: str) -> "Header":
    """The header of a new room; InputError where no room or time zone could have that name."""
    from zoneinfo import ZoneInfoNotFoundError

    from opendcr.ledger.facts import Header, Origin
    from opendcr.ledger.shapes import is_ident
    from opendcr.room.hours import zone

    if not is_ident(room):
        raise InputError("--room", "no name for a room", "up to 64 letters, digits, '-', '_'")
    try:
        zone(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError("--timezone", f"'{timezone}'", "a name such as Europe/London") from error
    return Header(room, timezone, Origin("recorded"))
