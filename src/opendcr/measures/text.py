"""Measures as a table for people: a year of months across, a line for each group."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from opendcr.measures.catalogue import MEASURES
from opendcr.measures.measure import Group, Row
from opendcr.measures.measured import Measured, RoomMeasured

LABEL, CELL = 44, 7


def text_of(found: Measured) -> str:
    """Every room's rows under a heading that says its origin, the date and the ledger's head."""
    return "\n\n".join("\n".join(_room(room, found)) for room in found.rooms)


def _room(room: RoomMeasured, found: Measured) -> Iterator[str]:
    origin = ", ".join(f"{value}" for value in room.origin.values())
    yield f"{room.header.room} ({origin}), as at {found.as_at}"
    yield f"ledger head {room.head}"
    years = sorted({row.period[:4] for row in room.rows})
    for year in years:
        yield ""
        yield from _year(year, [row for row in room.rows if row.period.startswith(year)])


def _year(year: str, rows: Sequence[Row]) -> Iterator[str]:
    months = sorted({row.period for row in rows})
    yield f"{year:{LABEL}}" + "".join(f"{month[5:]:>{CELL}}" for month in months)
    for measure, group in groupby(rows, key=lambda row: row.measure):
        yield f"{MEASURES[measure].title} ({MEASURES[measure].unit})"
        lines: dict[str, dict[str, Row]] = {}
        for row in group:
            lines.setdefault(_words(row.group), {})[row.period] = row
        for words, by_month in lines.items():
            cells = (_shown(by_month.get(month)) for month in months)
            yield f"  {words:{LABEL - 2}}" + "".join(f"{cell:>{CELL}}" for cell in cells)


def _words(group: Group) -> str:
    named = [value for key, value in group.items() if key != "span"]
    span = "since opening" if "span" in group else "in the month"
    return ", ".join([*named, span])


def _shown(row: Row | None) -> str:
    if row is None or row.value is None:
        return "-"
    return f"{row.value:.1f}" if MEASURES[row.measure].per else f"{row.value:.0f}"
