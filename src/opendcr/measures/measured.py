"""Measures of one room or several, with everything by which a number can be traced.

Rooms are never added up: each row is one room's. Ledgers of different origin (recorded, imported,
simulated) are not even set side by side, so that no table mixes what happened with what was made up.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import orjson
import polars as pl

from opendcr.errors import InputError
from opendcr.ledger.codec import encode_header
from opendcr.ledger.facts import Header
from opendcr.measures.catalogue import MEASURES
from opendcr.measures.measure import Measure, Row
from opendcr.tables import Ledger, last_day, tables_of


@dataclass(frozen=True)
class RoomMeasured:
    """One room's rows, and the ledger behind them: its header, and its head as at the date."""

    header: Header
    head: str
    rows: tuple[Row, ...]

    @property
    def origin(self) -> dict[str, Any]:
        """The origin as a ledger's header holds it."""
        origin: dict[str, Any] = encode_header(self.header)["origin"]
        return origin


@dataclass(frozen=True)
class Measured:
    """The measures of rooms as at one date."""

    as_at: date
    rooms: tuple[RoomMeasured, ...]

    def to_json(self) -> dict[str, Any]:
        """The document of `opendcr measure --json`: for several rooms, `head`, `origin` and `room`
        are lists and each row names its room."""
        only = self.rooms[0] if len(self.rooms) == 1 else None
        return {
            "as_at": self.as_at.isoformat(),
            "ledger": {
                "head": only.head if only else [room.head for room in self.rooms],
                "origin": only.origin if only else [room.origin for room in self.rooms],
                "room": only.header.room if only else [room.header.room for room in self.rooms],
            },
            "rows": [
                asdict(row) if only else {"room": room.header.room, **asdict(row)}
                for room in self.rooms
                for row in room.rows
            ],
        }

    def to_frame(self) -> pl.DataFrame:
        """One row per value, each with its room, origin, date and head; `group` as JSON text."""
        return pl.DataFrame(
            [self._flat(room, row) for room in self.rooms for row in room.rows], FRAME, orient="row"
        )

    def _flat(self, room: RoomMeasured, row: Row) -> dict[str, Any]:
        return asdict(row) | {
            "room": room.header.room,
            "group": orjson.dumps(row.group, option=orjson.OPT_SORT_KEYS).decode(),
            "as_at": self.as_at,
            "origin": room.header.origin.kind,
            "head": room.head,
        }


FRAME = pl.Schema(
    {
        "room": pl.String(),
        "measure": pl.String(),
        "definition_version": pl.String(),
        "period": pl.String(),
        "group": pl.String(),
        "numerator": pl.Int64(),
        "denominator": pl.Int64(),
        "value": pl.Float64(),
        "as_at": pl.Date(),
        "origin": pl.String(),
        "head": pl.String(),
    }
)


def measured(
    ledgers: Sequence[Ledger], names: Iterable[str] = (), as_at: date | None = None
) -> Measured:
    """The named measures (all, without names) of each ledger's room.

    Without a date, as at the last day on which any of the ledgers recorded a fact. Raises
    InputError for an unknown measure, a room given twice, or ledgers of different origin.
    """
    if not ledgers:
        raise InputError("measure", "no ledger", "at least one")
    chosen = [_measure_named(name) for name in names] or list(MEASURES.values())
    _of_one_origin(ledgers)
    _of_different_rooms(ledgers)
    day = as_at or max(map(last_day, ledgers))
    # One room's tables are made in steps that often wait for one core; another's fill the gaps.
    with ThreadPoolExecutor(pl.thread_pool_size()) as at_once:
        rooms = at_once.map(lambda ledger: _room_measured(ledger, chosen, day), ledgers)
        return Measured(day, tuple(rooms))


def _room_measured(ledger: Ledger, chosen: Sequence[Measure], day: date) -> RoomMeasured:
    tables = tables_of(ledger, day)
    rows = tuple(row for measure in chosen for row in measure.rows(tables))
    return RoomMeasured(ledger.header, tables.head, rows)


def _measure_named(name: str) -> Measure:
    if name not in MEASURES:
        raise InputError("measure", f"'{name}'", f"one of {', '.join(MEASURES)}")
    return MEASURES[name]


def _of_one_origin(ledgers: Sequence[Ledger]) -> None:
    kinds = {ledger.header.origin.kind: ledger for ledger in ledgers}
    if len(kinds) > 1:
        found = " and ".join(f"{kind} ({ledger.where})" for kind, ledger in kinds.items())
        raise InputError(
            "measure",
            f"ledgers of different origin: {found}",
            "ledgers of one origin: what happened and what was simulated are measured apart",
        )


def _of_different_rooms(ledgers: Sequence[Ledger]) -> None:
    seen: dict[str, str] = {}
    for ledger in ledgers:
        room = ledger.header.room
        if room in seen:
            raise InputError(
                ledger.where, f"room '{room}' again, after {seen[room]}", "each room once"
            )
        seen[room] = ledger.where
