"""The tables' columns, documented once. A test holds every table to its contract."""

from dataclasses import dataclass

import polars as pl

from opendcr.ledger.parquet import MOMENT


@dataclass(frozen=True)
class Column:
    """One column: its type, and what it says."""

    name: str
    type: pl.DataType
    says: str


@dataclass(frozen=True)
class Contract:
    """What one row is, and its columns in order."""

    table: str
    row: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pl.Schema:
        return pl.Schema({column.name: column.type for column in self.columns})


_VISIT = Column("visit", pl.String(), "the visit; null for a report that named none")
_PLACE = Column("place", pl.String(), "the place's id; null where not recorded")
_HAPPENED = Column("happened", MOMENT, "when, in UTC")
_MONTH = Column("month", pl.Date(), "first day of the calendar month in the room's time zone")

CONTRACTS = (
    Contract(
        "visits",
        "one stay, from its first standing arrival",
        (
            _VISIT,
            Column(
                "person",
                pl.String(),
                "one id for each person; null where the whole visit names nobody",
            ),
            _HAPPENED,
            _MONTH,
        ),
    ),
    Contract(
        "episodes",
        "one occasion in an injecting booth, from its seating",
        (
            Column("episode", pl.UInt32(), "a number within this table alone"),
            _VISIT,
            _PLACE,
            _HAPPENED,
            Column(
                "substances",
                pl.String(),
                "published class (cocaine, heroin, snowball, other) of all that was used in the "
                "episode; null where no substance is recorded",
            ),
            _MONTH,
        ),
    ),
    Contract(
        "consumptions",
        "one start of use, in whatever place",
        (
            Column("id", pl.String(), "the fact's id"),
            _VISIT,
            _PLACE,
            _HAPPENED,
            Column("substances", pl.List(pl.String()), "codes as recorded; null where none are"),
            Column("episode", pl.UInt32(), "the episode; null outside places for injecting"),
            _MONTH,
        ),
    ),
    Contract(
        "emergencies",
        "one medical emergency, from its start, wherever it began",
        (
            Column("emergency", pl.String(), "the emergency's id"),
            _VISIT,
            _PLACE,
            _HAPPENED,
            _MONTH,
        ),
    ),
    Contract(
        "people",
        "one person whom the ledger names",
        (
            Column("person", pl.String(), "one id for each person, linked records together"),
            Column("gender", pl.String(), "last said at registration; unknown where never said"),
        ),
    ),
)
