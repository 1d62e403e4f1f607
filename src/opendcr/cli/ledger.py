"""`opendcr ledger`: verify, export, import and show ledgers, from files or the database."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from opendcr.cli.output import NOT_HELD, emit, json_option, one_of_two, progress
from opendcr.errors import InputError

if TYPE_CHECKING:
    from opendcr.ledger.codec import Record
    from opendcr.ledger.facts import Header
    from opendcr.ledger.files import LedgerFile
    from opendcr.ledger.verify import Verdict

_F = TypeVar("_F", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)
_HEAD_LENGTH = 64
_SHOWN_EVERY = 1000  # records between two reports of progress


def _database_options(function: _F) -> _F:
    function = click.option("--room", help="The room, where the database holds several.")(function)
    return click.option(
        "--database", metavar="URL", help="Another database than the configured one."
    )(function)


@click.group(epilog="Example: opendcr ledger verify glasgow.jsonl")
def ledger() -> None:
    """Verify, export, import and show ledgers.

    FILE is JSON Lines or Parquet. Without FILE, the configured database is read.
    """


@ledger.command(
    "verify", epilog="Example: opendcr ledger verify glasgow.jsonl --head 9f2c…  (64 digits)"
)
@click.argument("file", type=_PATH, required=False)
@click.option("--head", metavar="HASH", help="A head noted outside, today's or an earlier day's.")
@_database_options
@json_option
@click.pass_context
def verify_command(
    ctx: click.Context,
    file: Path | None,
    head: str | None,
    database: str | None,
    room: str | None,
    as_json: bool,
) -> None:
    """Verify a ledger's chain, and name the first broken line and why.

    The chain finds any change but one: a ledger rewritten whole holds together, and only --head
    tells it. In a database, what facts are found by is verified too. Exit status 1: the ledger is
    broken.
    """
    from opendcr.ledger.verify import verify

    anchor = _anchor(head)
    with _opened(file, "a FILE", database, room) as opened, progress("Verified") as show:
        verdict = verify(opened, anchor, show)
        if file is None and verdict.holds:
            verdict = _held_against_the_database(verdict, opened.header.room)
    where = str(file) if file else "the database"
    text = _verdict_text(where, opened.header, verdict)
    emit(as_json, _verdict_document(opened, verdict, anchor), text)
    ctx.exit(0 if verdict.holds else NOT_HELD)


def _anchor(head: str | None) -> str | None:
    if head is None:
        return None
    anchor = head.strip().lower()
    if len(anchor) != _HEAD_LENGTH or set(anchor) - set("0123456789abcdef"):
        raise InputError("--head", f"{len(head)} characters", "64 hexadecimal digits")
    return anchor


def _verdict_document(given: "LedgerFile", verdict: "Verdict", head: str | None) -> dict[str, Any]:
    broken = verdict.broken
    return {
        "holds": verdict.holds,
        "room": given.header.room,
        "origin": given.header_record["origin"],
        "facts": verdict.facts,
        "head": verdict.head,
        "anchored": {"head": head, "seq": verdict.anchored} if head else None,
        "broken": {"place": broken.place, "reason": broken.reason} if broken else None,
    }


def _held_against_the_database(verdict: "Verdict", room: str) -> "Verdict":
    """The verdict, once a chain that holds is held against what else the database knows of it: the
    columns that facts are found by, and the heads that were verified before."""
    from opendcr.ledger.verify import Break
    from opendcr.web.store.upkeep import first_altered, lost_anchor

    if (altered := first_altered(room)) is not None:
        seq, head = altered
        reason = "a column of its row was changed: the fact is not found as what was recorded"
        return replace(verdict, facts=seq - 1, head=head, broken=Break(f"fact {seq}", reason))
    if (lost := lost_anchor(room)) is not None:
        reason = f"it was verified {lost.verified:%Y-%m-%d %H:%M} UTC and is not there as it was: "
        reason += "the ledger was rewritten or cut"
        return replace(verdict, broken=Break(f"fact {lost.seq}", reason))
    return verdict


def _verdict_text(where: str, header: "Header", verdict: "Verdict") -> str:
    named = f"{where}, room {header.room}, {header.origin.kind}"
    if verdict.broken:
        found = f"{verdict.broken.place}: {verdict.broken.reason}"
        return f"BROKEN  {named}\n{found}\n{verdict.facts:,} facts before it hold."
    held = f"Holds  {named}: {verdict.facts:,} facts\nhead {verdict.head}"
    if verdict.anchored is not None and verdict.anchored < verdict.facts:
        held += f"\nThe head that was noted is that of fact {verdict.anchored:,}."
    return held


@ledger.command(
    "export", epilog="Example: opendcr ledger export --from glasgow.jsonl --out glasgow.parquet"
)
@click.option("--out", type=_PATH, required=True, help="The file: .jsonl or .parquet.")
@click.option("--from", "source", type=_PATH, help="A ledger file to convert.")
@_database_options
@json_option
def export_command(
    out: Path, source: Path | None, database: str | None, room: str | None, as_json: bool
) -> None:
    """Write the database's ledger, or another file's, to a file. Records stay as they were sealed.

    Conversion checks order and form but not the chain: `ledger verify` does, on either file.
    """
    from opendcr.ledger.files import LedgerWriter

    with (
        _opened(source, "--from", database, room) as given,
        LedgerWriter(out, given.header_record) as writer,
        progress("Written") as show,
    ):
        writer.write_records(_counted(given.records(), show))
    document = {"out": str(out), "facts": writer.seq, "head": writer.head}
    emit(as_json, document, f"{writer.seq:,} facts in {out}\nhead {writer.head}")


def _counted(records: "Iterable[Record]", show: Callable[[int], None]) -> "Iterator[Record]":
    for count, record in enumerate(records, 1):
        yield record
        if count % _SHOWN_EVERY == 0:
            show(count)


@ledger.command("import", epilog="Example: opendcr ledger import glasgow.jsonl")
@click.argument("file", type=_PATH)
@click.option("--database", metavar="URL", help="Another database than the configured one.")
@json_option
@click.pass_context
def import_command(ctx: click.Context, file: Path, database: str | None, as_json: bool) -> None:
    """Import a ledger file into an empty room of the database, keeping ids, order and chain.

    Simulated rooms and others never share a database; an empty one takes either. The file is
    verified first. Exit status 1: it is broken, and nothing was imported.
    """
    from opendcr.ledger.files import open_ledger
    from opendcr.ledger.verify import verify

    given = open_ledger(file)
    with progress("Verified") as show:
        verdict = verify(given, progress=show)
    if verdict.holds:
        _take_in(given, database)
    document = _verdict_document(given, verdict, None) | {"imported": verdict.holds}
    done = f"Imported {verdict.facts:,} facts into room {given.header.room}."
    emit(
        as_json,
        document,
        done if verdict.holds else _verdict_text(str(file), given.header, verdict),
    )
    ctx.exit(0 if verdict.holds else NOT_HELD)


@ledger.command("show", epilog="Example: opendcr ledger show --visit v-1f0c glasgow.jsonl")
@click.argument("file", type=_PATH, required=False)
@click.option("--visit", required=True, metavar="ID", help="The visit.")
@_database_options
@json_option
def show_command(
    file: Path | None, visit: str, database: str | None, room: str | None, as_json: bool
) -> None:
    """Show one visit as a timeline: what stands, and what was struck through and why."""
    from opendcr.ledger.timeline import document_of, text_of, timeline

    with _opened(file, "a FILE", database, room) as opened:
        entries = timeline(opened.facts, visit)
        zone = opened.header.timezone
    if not entries:
        raise InputError("--visit", f"no fact of visit '{visit}'", "a visit of this ledger")
    document = {"visit": visit, "timezone": zone, "timeline": list(map(document_of, entries))}
    emit(as_json, document, "\n".join(text_of(entry, zone) for entry in entries))


@contextmanager
def _opened(
    file: Path | None, given_as: str, database: str | None, room: str | None
) -> "Iterator[LedgerFile]":
    """The ledger in the file, or the database's ledger where there is no file."""
    if file is not None:
        from opendcr.ledger.files import open_ledger

        one_of_two(given_as, database=database, room=room)
        yield open_ledger(file)
        return
    with _database(database):
        from opendcr.web.store.held import only_room
        from opendcr.web.store.ledgers import open_stored

        yield open_stored(only_room(room, "--room"))


@contextmanager
def _database(url: str | None) -> Iterator[None]:
    """Django, set up for the database; only here is the web extra needed."""
    from opendcr.web.config.setup import configure, database_trouble

    configure(url, existing=True)
    with database_trouble():
        yield


def _take_in(given: "LedgerFile", database: str | None) -> None:
    with _database(database):
        from opendcr.web.store.ledgers import import_from

        import_from(given)
