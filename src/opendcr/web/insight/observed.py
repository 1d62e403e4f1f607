"""What a room's own facts say about the numbers that a plan assumes.

Read as at the end of the day before the last that the ledger knows, so that a shared address gives
the same numbers all day, and of a year at most: a room changes.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from django.db import connection

from opendcr.ledger.parquet import MOMENT
from opendcr.tables import Ledger, Tables, last_day, tables_of
from opendcr.tables.effective import effective
from opendcr.tables.episodes import LEFT_THE_BOOTH
from opendcr.web.store.measured import stored_ledger

A_YEAR = timedelta(days=365)
# Under so many they say too little, and what is assumed stays.
VISITS, HOURS_FROM, TIMED, EPISODES = 100, 300, 100, 1_000
FORGOTTEN = 240.0  # minutes: whose end is recorded later than this was not seen to leave

Hours = tuple[float, ...]  # by clock hour, 24 of them


@dataclass(frozen=True)
class Observed:
    """A room's facts from one day to another, both whole but for the first.

    `visits` came to use within opening hours; `per_hour` of them in an open hour, by clock hour.
    `timed` episodes have a recorded end within four hours, `forgotten` a later one; `minutes` and
    `sd` are those of the timed.
    """

    since: date
    until: date
    visits: int
    per_hour: Hours
    episodes: int
    timed: int
    forgotten: int
    minutes: float
    sd: float
    emergencies: int

    def a_day(self, opens: int, closes: int) -> float:
        """People who come to use on a day with these opening hours (minutes since midnight)."""
        pairs = zip(self.per_hour, open_minutes(opens, closes), strict=True)
        return sum(rate * minutes / 60 for rate, minutes in pairs)


def open_minutes(opens: int, closes: int) -> Hours:
    """How much of each clock hour lies between two times of a day (minutes since midnight)."""
    return tuple(
        float(max(0, min(closes, 60 * hour + 60) - max(opens, 60 * hour))) for hour in range(24)
    )


_kept: dict[tuple[str, str], tuple[tuple[str, int, int], Observed | None]] = {}


def observed(room: str, opens: int, closes: int) -> Observed | None:
    """What a room's facts say; None where they cover no day. For the thread that measures."""
    ledger = stored_ledger(room)
    if ledger is None:
        return None
    zone = ZoneInfo(ledger.header.timezone)
    until = last_day(ledger) - timedelta(days=1)
    end = datetime.combine(until + timedelta(days=1), time(), zone)
    if ledger.span[0] >= end:
        return None
    key = str(connection.settings_dict["NAME"]), room
    named = _head(ledger, end), opens, closes
    if key not in _kept or _kept[key][0] != named:
        _kept[key] = named, _observed(ledger, until, end, opens, closes)
    return _kept[key][1]


def _by(end: datetime) -> pl.Expr:
    return pl.col("recorded") < pl.lit(end, MOMENT)


def _head(ledger: Ledger, end: datetime) -> str:
    """The chain value of the last fact recorded before a moment."""
    last = ledger.stamps.filter(_by(end)).select("chain").tail(1)
    return str(last.collect()["chain"][-1])


def _observed(
    ledger: Ledger, until: date, end: datetime, opens: int, closes: int
) -> Observed | None:
    tables = tables_of(ledger, until)
    standing = effective(ledger.needed().filter(_by(end)))
    zone = ZoneInfo(ledger.header.timezone)
    came = _came(tables, standing)
    if came.is_empty():
        return None
    earliest = datetime.combine(until - A_YEAR + timedelta(days=1), time(), zone)
    # From the first who came: a ledger may begin, with its policy, long before its room opens.
    begins = max(came["happened"].min(), earliest)  # type: ignore[type-var]
    began = begins.astimezone(zone)  # type: ignore[union-attr]

    def within(table: pl.DataFrame) -> pl.DataFrame:
        span = pl.col("happened") >= pl.lit(began, MOMENT), pl.col("happened") < pl.lit(end, MOMENT)
        return table.filter(*span)

    by_hour = _by_hour(within(came), ledger.header.timezone, opens, closes)
    exposed = _exposed(began, until, opens, closes)
    lengths = _minutes(within(tables.episodes), standing)
    timed = lengths.filter(lengths <= FORGOTTEN)
    mean, sd = timed.mean(), timed.std()
    return Observed(
        since=began.date(),
        until=until,
        visits=sum(by_hour),
        per_hour=tuple(
            60 * count / minutes if minutes else 0.0
            for count, minutes in zip(by_hour, exposed, strict=True)
        ),
        episodes=len(within(tables.episodes)),
        timed=len(timed),
        forgotten=len(lengths) - len(timed),
        minutes=float(mean) if isinstance(mean, float) else 0.0,
        sd=float(sd) if isinstance(sd, float) else 0.0,
        emergencies=len(within(tables.emergencies)),
    )


def _came(tables: Tables, standing: pl.DataFrame) -> pl.DataFrame:
    """The visits of people who came to use: who waited for a place, was in one, or used."""
    queued = standing.filter(pl.col("kind") == "Queued")["visit"]
    said = pl.concat([queued, tables.episodes["visit"], tables.consumptions["visit"]])
    return tables.visits.filter(pl.col("visit").is_in(said.drop_nulls().unique().implode()))


def _by_hour(came: pl.DataFrame, timezone: str, opens: int, closes: int) -> list[int]:
    """How many came in each clock hour, within opening hours."""
    local = came["happened"].dt.convert_time_zone(timezone)
    hour, minute = local.dt.hour().cast(pl.Int64), local.dt.minute().cast(pl.Int64)
    at = 60 * hour + minute
    counted = hour.filter((at >= opens) & (at < closes)).value_counts()
    found = dict(counted.iter_rows())
    return [int(found.get(hour, 0)) for hour in range(24)]


def _exposed(began: datetime, until: date, opens: int, closes: int) -> list[float]:
    """How long the room was open in each clock hour, in minutes, by its opening hours."""
    whole_days = (until - began.date()).days
    first = open_minutes(max(opens, 60 * began.hour + began.minute), closes)
    each = open_minutes(opens, closes)
    return [one + whole_days * other for one, other in zip(first, each, strict=True)]


def _minutes(episodes: pl.DataFrame, standing: pl.DataFrame) -> pl.Series:
    """How long each episode lasted that has a recorded end before the visit's next one."""
    left = pl.col("kind").is_in(LEFT_THE_BOOTH)
    ends = standing.filter(left).select("visit", pl.col("happened").alias("ended")).sort("ended")
    following = pl.col("happened").shift(-1).over("visit").alias("following")
    begun = episodes.sort("happened").with_columns(following)
    joined = begun.join_asof(
        ends, left_on="happened", right_on="ended", by="visit", strategy="forward",
        allow_exact_matches=False, check_sortedness=False,
    )  # fmt: skip
    ended = joined.filter(
        pl.col("ended").is_not_null()
        & (pl.col("following").is_null() | (pl.col("ended") <= pl.col("following")))
    )
    return (ended["ended"] - ended["happened"]).dt.total_milliseconds() / 60_000
