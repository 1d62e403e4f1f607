"""A scenario as the compiled room takes it: arrays, and nothing that must be looked up by name.

Times are whole milliseconds since 1970, durations whole milliseconds.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opendcr.room.hours import at_local, zone
from opendcr.simulate.kernel import numbers
from opendcr.simulate.scenario import ANY, CARE_AT_LEAST, MINUTE, Duration, Scenario, opioid

HOUR = 60 * MINUTE
DAY_KEYS = 32  # of the hours of one day: 24, and those that a change of the clocks shows twice
HOUR_KEYS = 1 << 20  # of the people of one hour

# What is drawn for a person, each from a stream of its own.
PURPOSES = ("gap", "consumes", "substances", "need", "episode", "patience", "turnover", "recovery",
            "emergency", "onset", "care", "naloxone", "balking")  # fmt: skip
(GAP, CONSUMES, SUBSTANCES, NEED, EPISODE, PATIENCE, TURNOVER, RECOVERY, EMERGENCY, ONSET, CARE,
 NALOXONE, BALKING) = range(len(PURPOSES))  # fmt: skip

# The laws of durations, by row; those of episodes by class of substances follow.
PATIENCE_LAW, TURNOVER_LAW, RECOVERY_LAW, CARE_LAW, EPISODE_LAW = range(5)

# A day's columns: when it begins, opens and closes; the closing at which those who wait are sent
# away (the last day's, where the room never closes); where its clock hours stand and how many they
# are; its number for random streams; its weekday; its month.
DAY_BEGINS, OPENS, CLOSES, SHUTS, FIRST_SPAN, SPANS, ORDINAL, WEEKDAY, MONTH = range(9)
# A clock hour's: its offset in the day, its length, and what the clock shows.
OFFSET, LENGTH, CLOCK = range(3)
# A change of staff: when, and how many work from then on.
SINCE, STAFF = range(2)

Whole = NDArray[np.int64]
Real = NDArray[np.float64]


class Rules(NamedTuple):
    """What is one number each; -1 where there is no limit."""

    queue_capacity: int
    chairs: int
    staff_minimum: int
    booths_per_staff: int
    staff_held: int
    pauses_seating: bool
    stay_after_use: int
    stay_after_naloxone: int


class Assumed(NamedTuple):
    """Everything that the compiled room needs to know of a scenario."""

    days: Whole  # day × column
    spans: Whole  # clock hour × column
    shifts: Whole  # change × column
    laws: Real  # law × column, see `numbers`
    values: Real  # of the empirical laws
    per_hour: Real  # people, by clock hour
    factor: Real  # times this, by day
    consuming: Real  # the share who come to use, by day
    emergency: Real  # the probability in one episode, by day
    mix: Real  # day's month × edges of the classes of substances
    opioid: NDArray[np.bool_]  # by class of substances
    needs: Real  # the edges of the needs
    fits: NDArray[np.bool_]  # need × place
    capacity: Whole  # by place
    balking: Real  # the probability of not joining, by how many wait already; the last for more
    rules: Rules


def streams(seed: int, replication: int) -> NDArray[np.uint64]:
    """The random streams of a replication of a seed: purpose × start and step."""
    return np.array([numbers.stream(seed, replication, purpose) for purpose in PURPOSES])


def assumed(scenario: Scenario) -> Assumed:
    """The arrays of a scenario."""
    policy, ill, arrivals = scenario.policy, scenario.emergencies, scenario.arrivals
    days, spans, months = _hours(
        scenario.start, scenario.days, policy.opens, policy.closes, scenario.timezone
    )
    classes, needs, booths = _classes(scenario), needs_of(scenario), scenario.booths
    month, weekday = days[:, MONTH], np.array(arrivals.by_weekday)[days[:, WEEKDAY]]
    laws, values = _laws(scenario, classes)
    by_month = np.array([arrivals.by_month.get(one, 1.0) for one in months])
    return Assumed(
        days=days,
        spans=spans,
        shifts=shifts_of(scenario),
        laws=laws,
        values=values,
        per_hour=np.array(arrivals.per_hour),
        factor=weekday * by_month[month],
        consuming=np.array([arrivals.consuming(one) for one in months])[month],
        emergency=np.array([ill.probability(one) for one in months])[month],
        mix=np.array([_edges([scenario.mix(one).get(brought, 0.0) for brought in classes])
                      for one in months]),
        opioid=np.array([opioid(one.split("+")) for one in classes]),
        needs=_edges([share for _, share in needs]),
        fits=np.array([[scenario.fits(need, place) for place in booths] for need, _ in needs]),
        capacity=np.array([place.capacity for place in booths]),
        balking=np.array(scenario.balking, dtype=np.float64),
        rules=Rules(
            queue_capacity=-1 if scenario.queue_capacity is None else scenario.queue_capacity,
            chairs=-1 if scenario.chairs is None else scenario.chairs,
            staff_minimum=policy.staff_minimum,
            booths_per_staff=policy.booths_per_staff,
            staff_held=ill.staff,
            pauses_seating=ill.pauses_seating,
            stay_after_use=policy.stay_after_use * MINUTE,
            stay_after_naloxone=policy.stay_after_naloxone * MINUTE,
        ),
    )  # fmt: skip


def needs_of(scenario: Scenario) -> list[tuple[str, float]]:
    """The needs and their shares; who has none takes any place."""
    rest = 1.0 - math.fsum(scenario.needs.values())
    said = list(scenario.needs.items())
    return [*said, (ANY, max(rest, 0.0))] if rest > 1e-9 or not said else said


def _classes(scenario: Scenario) -> list[str]:
    """What people bring: each mixture of substances that some month names."""
    named = [
        *scenario.substances,
        *(one for mix in scenario.substances_by_month.values() for one in mix),
    ]
    return list(dict.fromkeys(named))


def classes_of(scenario: Scenario) -> tuple[tuple[str, ...], ...]:
    """The substances of each class, by its number."""
    return tuple(tuple(one.split("+")) for one in _classes(scenario))


def _edges(shares: Sequence[float]) -> Real:
    """Cumulative shares, the last of them 1."""
    edges = np.cumsum(shares)
    return np.asarray(edges / edges[-1])


def shifts_of(scenario: Scenario) -> Whole:
    """When the number of staff changes, and to what; one row where it never does."""
    if not scenario.rota:
        return np.array([[0, scenario.staff]])
    changes: dict[int, int] = {}
    for at in range(-1, scenario.days):  # a shift of the day before may run past midnight
        day = datetime.combine(scenario.start + timedelta(days=at), datetime.min.time())
        for shift in scenario.rota:
            if day.weekday() in shift.weekdays:
                begins = _local(day, shift.begins, scenario.timezone)
                over_night = timedelta(days=int(shift.ends <= shift.begins))
                ends = _local(day + over_night, shift.ends, scenario.timezone)
                changes[begins] = changes.get(begins, 0) + shift.staff
                changes[ends] = changes.get(ends, 0) - shift.staff
    since = sorted(moment for moment, change in changes.items() if change)
    staff = np.cumsum([changes[moment] for moment in since])
    return np.array([[0, 0], *zip(since, staff, strict=True)], dtype=np.int64)


def staff_in_hours(scenario: Scenario) -> list[int]:
    """Every number of staff that is on at some opening time, within four weeks."""
    weeks = replace(scenario, days=min(scenario.days, 28))
    room = assumed(weeks)
    ends = np.append(room.shifts[1:, SINCE], np.iinfo(np.int64).max)
    return [
        int(staff)
        for (since, staff), until in zip(room.shifts, ends, strict=True)
        if ((room.days[:, CLOSES] > since) & (room.days[:, OPENS] < until)).any()
    ]


def _laws(scenario: Scenario, classes: Sequence[str]) -> tuple[Real, Real]:
    laws = [scenario.patience, scenario.turnover, scenario.recovery, scenario.emergencies.minutes,
            *(scenario.episodes.get(one, scenario.episode) for one in classes)]  # fmt: skip
    seen = [tuple(one.values) if one is not None else () for one in laws]
    begins = np.cumsum([0, *map(len, seen)])
    rows = [(*_law(one), begins[at], len(seen[at])) for at, one in enumerate(laws)]
    values = [value * MINUTE for values in seen for value in values]
    return np.array(rows, dtype=np.float64), np.array(values or [0.0])


def _law(one: Duration | None) -> tuple[float, float, float]:
    """A distribution's kind and parameters: a mean, or a shape and a scale, or logarithms."""
    if one is None:
        return numbers.NEVER, 0.0, 0.0
    mean = one.mean * MINUTE
    match one.distribution:
        case "exponential":
            return numbers.EXPONENTIAL, mean, 0.0
        case "lognormal":
            variance = math.log1p((one.sd / one.mean) ** 2)
            return numbers.LOGNORMAL, math.log(mean) - variance / 2, math.sqrt(variance)
        case "gamma":
            shape = (one.mean / one.sd) ** 2
            return numbers.GAMMA, shape, mean / shape
        case "empirical":
            return numbers.EMPIRICAL, mean, 0.0
        case _:
            return numbers.DETERMINISTIC, mean, 0.0


def least_care() -> int:
    """The least that an emergency lasts, in milliseconds."""
    return round(CARE_AT_LEAST * MINUTE)


@lru_cache(maxsize=64)
def _hours(
    start: date, days: int, opens: str, closes: str, timezone: str
) -> tuple[Whole, Whole, tuple[str, ...]]:
    """The days of a room, their clock hours, and its months in order."""
    rows: list[tuple[int, ...]] = []
    months: dict[str, int] = {}
    patterns: dict[tuple[tuple[int, int, int], ...], tuple[int, int]] = {}
    hours: list[tuple[int, int, int]] = []
    for at in range(days):
        day = datetime.combine(start + timedelta(days=at), datetime.min.time())
        begins = _local(day, "00:00", timezone)
        pattern = _clock_hours(begins, _local(day, "24:00", timezone), timezone)
        if pattern not in patterns:
            patterns[pattern] = (len(hours), len(pattern))
            hours.extend(pattern)
        month = months.setdefault(day.strftime("%Y-%m"), len(months))
        shut = _local(day, closes, timezone)
        rows.append((begins, _local(day, opens, timezone), shut, shut, *patterns[pattern],
                     day.toordinal(), day.weekday(), month))  # fmt: skip
    table = np.array(rows)
    if (opens, closes) == ("00:00", "24:00"):  # never closes
        table[:, SHUTS] = table[-1, CLOSES]
    return table, np.array(hours), tuple(months)


def _local(day: datetime, clock: str, timezone: str) -> int:
    return round(at_local(day, clock, timezone).timestamp() * 1000)


def _clock_hours(start: int, end: int, timezone: str) -> tuple[tuple[int, int, int], ...]:
    """A local day in spans of one clock hour: offset, length, and the hour that the clock shows.

    The day on which summer time begins has 23 of them; that on which it ends shows one hour twice.
    """
    if end - start == 24 * HOUR:
        return _PLAIN_DAY
    spans, at = [], start
    while at < end:
        local = datetime.fromtimestamp(at / 1000, zone(timezone))
        until = min(at + (60 - local.minute) * MINUTE, end)
        spans.append((at - start, until - at, local.hour))
        at = until
    return tuple(spans)


_PLAIN_DAY = tuple((hour * HOUR, HOUR, hour) for hour in range(24))
