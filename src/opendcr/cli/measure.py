"""`opendcr measure`: the measures of one room or of several."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opendcr.cli.output import json_option, one_of_two
from opendcr.errors import InputError

if TYPE_CHECKING:
    from opendcr.measures import Measured
    from opendcr.tables import Ledger

FORMATS = ("csv", "json", "parquet")


@click.command(
    epilog="Example: opendcr measure glasgow.jsonl --measure injecting_episodes --as-at 2025-08-31"
)
@click.argument("ledgers", metavar="[LEDGER]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--by", type=click.Choice(["month"]), default="month", help="The periods.")
@click.option(
    "--measure", "names", metavar="NAME", multiple=True, help="Only these; again for more."
)
@click.option(
    "--as-at", metavar="DATE", help="From what was recorded by the end of this local day."
)
@click.option("--format", "form", type=click.Choice(FORMATS), help="For programs; else a table.")
@click.option("--room", help="One room of the database; without it, all of them.")
@click.option("--database", metavar="URL", help="Another database than the configured one.")
@json_option
def measure(
    ledgers: tuple[Path, ...],
    by: str,
    names: tuple[str, ...],
    as_at: str | None,
    form: str | None,
    room: str | None,
    database: str | None,
    as_json: bool,
) -> None:
    """Compute the measures of one room or of several, month by month.

    Each LEDGER (JSON Lines or Parquet) is one room; without any, the rooms of the configured
    database, or the one that --room names. Rooms are never added up, and recorded and simulated
    ledgers never mixed. What is recorded after --as-at changes no number. The numbers are
    unreleased: no disclosure control.
    """
    from opendcr.measures import measured

    if ledgers:
        one_of_two("a LEDGER", database=database, room=room)
    if as_json and form != "json":
        one_of_two("--json", format=form)
    day = _day(as_at)
    with _read(ledgers, database, room) as rooms:
        found = measured(rooms, names, day)
    _write(found, "json" if as_json else form)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError as error:
        raise InputError("--as-at", f"'{text}'", "a date such as 2025-08-31") from error


@contextmanager
def _read(
    paths: tuple[Path, ...], database: str | None, room: str | None
) -> "Iterator[list[Ledger]]":
    from opendcr.tables import read_ledger

    if paths:
        yield [read_ledger(path) for path in paths]
        return
    from opendcr.web.config.setup import configure, database_trouble

    configure(database, existing=True)
    with database_trouble():
        yield list(map(_stored, _rooms(room)))


def _rooms(name: str | None) -> list[str]:
    from opendcr.web.store.held import only_room, rooms

    known = rooms() if name is None else []
    return known or [only_room(name, "--room")]


def _stored(room: str) -> "Ledger":
    from opendcr.tables import ledger_of
    from opendcr.web.store.archive import records_after
    from opendcr.web.store.held import header_of

    return ledger_of(header_of(room), records_after(room, 0), f"the database, room {room}")


def _write(found: "Measured", form: str | None) -> None:
    import orjson

    if form == "json":
        click.echo(orjson.dumps(found.to_json()).decode())
    elif form == "csv":
        click.echo(found.to_frame().write_csv(), nl=False)
    elif form == "parquet":
        _write_parquet(found)
    else:
        from opendcr.measures.text import text_of

        click.echo(text_of(found))


def _write_parquet(found: "Measured") -> None:
    if sys.stdout.isatty():
        raise InputError(
            "--format parquet", "a terminal", "standard output to a file: … > out.parquet"
        )
    found.to_frame().write_parquet(sys.stdout.buffer)
