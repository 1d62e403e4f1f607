"""All tables of one room as at a date.

*As at* a date means: from what was recorded before that local day ended. What is recorded later
changes no table as at an earlier date. *Month* is the calendar month, in the room's own time zone,
of the moment at which the row's event happened (not of its recording).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl

from opendcr.errors import InputError, LedgerError
from opendcr.ledger.facts import Header
from opendcr.ledger.parquet import MOMENT
from opendcr.tables.effective import effective
from opendcr.tables.episodes import consumptions, episodes, in_booths
from opendcr.tables.frame import Ledger
from opendcr.tables.people import one_id_each, people
from opendcr.tables.visits import named_later, visits


@dataclass(frozen=True)
class Tables:
    """One room's tables; `CONTRACTS` says what a row and each column is.

    `head` is the chain value of the last fact recorded by `as_at`: with the date, it names exactly
    the facts behind every number made from here. `months` are the months that the ledger covers,
    from its first recording to its last by `as_at`, with any others that have events.
    """

    header: Header
    as_at: date
    head: str
    months: tuple[date, ...]
    visits: pl.DataFrame
    episodes: pl.DataFrame
    consumptions: pl.DataFrame
    emergencies: pl.DataFrame
    people: pl.DataFrame


def tables_of(ledger: Ledger, as_at: date | None = None) -> Tables:
    """The tables of a ledger as at a date; None: as at the day of its last recorded fact.

    Raises LedgerError for a ledger without facts, InputError for a date before its first fact.
    """
    return _Maker(ledger, as_at).tables()


def last_day(ledger: Ledger) -> date:
    """The local day on which the ledger's last fact was recorded."""
    return ledger.span[1].astimezone(ZoneInfo(ledger.header.timezone)).date()


class _Maker:
    """What is worked out once on the way from a ledger to its tables."""

    def __init__(self, ledger: Ledger, as_at: date | None) -> None:
        self.ledger = ledger
        self.zone = ZoneInfo(ledger.header.timezone)
        self.first = ledger.span[0]
        self.as_at = as_at or last_day(ledger)
        self.until = _end_of(self.as_at, self.zone)
        if self.first >= self.until:
            first_day = self.first.astimezone(self.zone).date()
            expected = f"{first_day} or later, the day of the first fact"
            raise InputError(f"{ledger.where}, as-at", str(self.as_at), expected)

    def tables(self) -> Tables:
        head, last = self._head()
        of_events = {name: self._monthly(table) for name, table in self._events()}
        seen = (table["month"].unique() for table in of_events.values())
        return Tables(
            header=self.ledger.header,
            as_at=self.as_at,
            head=head,
            months=tuple(sorted(self._covered(last).union(*seen))),
            people=people(self.facts, of_events["visits"]),
            **of_events,
        )

    def _events(self) -> Iterator[tuple[str, pl.DataFrame]]:
        booths = in_booths(self.facts)
        yield "visits", self._visits()
        yield "episodes", episodes(booths)
        yield "consumptions", consumptions(self.facts, booths)
        yield "emergencies", _emergencies(self.facts)

    @cached_property
    def stated(self) -> pl.DataFrame:
        """The facts by the date, as they were recorded."""
        # Of all, also of what is recorded later: a ledger can be read, or it cannot.
        facts = self.ledger.needed().filter(self._by_then)
        if facts["id"].has_nulls():
            seq = facts.filter(pl.col("id").is_null())["seq"][0]
            raise LedgerError(f"{self.ledger.where}, fact {seq}, id", "null", "a fact's id")
        return facts

    @cached_property
    def standing(self) -> pl.DataFrame:
        """The effective facts by the date."""
        return effective(self.stated)

    @cached_property
    def one_person(self) -> pl.Expr:
        """A column of persons with one id for each of them."""
        return pl.col("person").replace(one_id_each(self.standing))

    @cached_property
    def facts(self) -> pl.DataFrame:
        """The effective facts by the date, with one id for each person."""
        return self.standing.with_columns(self.one_person)

    def _visits(self) -> pl.DataFrame:
        arrived = visits(self.facts)
        later = named_later(arrived, self.stated, self.ledger.stamps.filter(self._by_then))
        named = later.with_columns(self.one_person).rename({"person": "later"})
        joined = arrived.join(named, on="visit", how="left", maintain_order="left")
        return joined.select("visit", pl.coalesce("person", "later"), "happened")

    @property
    def _by_then(self) -> pl.Expr:
        return pl.col("recorded") < pl.lit(self.until, MOMENT)

    def _head(self) -> tuple[str, datetime]:
        known = self.ledger.stamps.filter(self._by_then)
        seq = known.select(pl.col("seq").max()).collect().item()
        # By its number: chain values are slow to read, and one is wanted.
        last = self.ledger.stamps.slice(seq - 1, 1).select("seq", "chain", "recorded").collect()
        if last["seq"].to_list() != [seq]:
            found = f"a last fact that is number {seq}"
            raise LedgerError(
                f"{self.ledger.where}, seq", found, "facts numbered from 1 without gaps"
            )
        if last["chain"].has_nulls():
            raise LedgerError(f"{self.ledger.where}, fact {seq}, chain", "null", "a chain value")
        return last["chain"].item(), last["recorded"].item()

    def _covered(self, last: datetime) -> set[date]:
        ends = [moment.astimezone(self.zone).date().replace(day=1) for moment in (self.first, last)]
        return set(pl.date_range(ends[0], ends[1], "1mo", eager=True))

    def _monthly(self, table: pl.DataFrame) -> pl.DataFrame:
        local = pl.col("happened").dt.convert_time_zone(self.ledger.header.timezone)
        return table.with_columns(local.dt.date().dt.month_start().alias("month"))


def _emergencies(facts: pl.DataFrame) -> pl.DataFrame:
    """One row per emergency, by its own id: two at once are two, one entered twice is one."""
    started = facts.filter(pl.col("kind") == "EmergencyStarted").sort("happened", "seq")
    first = started.filter(pl.col("emergency").is_first_distinct())
    return first.select("emergency", "visit", "place", "happened")


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
