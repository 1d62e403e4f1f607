"""Reads a scenario from a TOML file; what cannot be one is named by file and key.

What is left out takes the plain queue's value: everybody comes to consume, nobody gives up, no
cleaning, no limit on recovery or staff, no emergencies.
"""

import re
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from opendcr.catalogue.places import PLACE_KINDS, permits
from opendcr.catalogue.substances import SUBSTANCES
from opendcr.errors import InputError
from opendcr.keyed import Table, read_toml, shown
from opendcr.room.policy import DEFAULT, Policy, read_policy
from opendcr.simulate.scenario import (
    WEEKDAYS,
    Arrivals,
    Duration,
    Emergencies,
    People,
    Scenario,
    Shift,
)

_TABLES = ("name", "timezone", "room", "arrivals", "episode", "patience", "turnover", "recovery",
           "staff", "emergency", "people", "substances", "needs", "balking")  # fmt: skip
_MAY_BE_EMPTY = ("turnover", "recovery")
_ROOM = ("places", "opens", "closes", "days", "start", "queue_capacity", "policy")
_STAFF = ("on", "minimum", "booths_per_staff", "rota")
_EMERGENCY = ("per_1000_episodes", "by_month", "minutes", "staff", "pauses_seating")
_NEEDS = ("injecting", "accessible", "inhalation", "left", "right")
# Where a table with a distribution is a duration, which varies from person to person.
DURATIONS: tuple[tuple[str, ...], ...] = (
    ("episode",), ("patience",), ("turnover",), ("recovery",), ("emergency", "minutes"),
    ("episode", "by_substance", "*"),
)  # fmt: skip
_DISTRIBUTIONS = ("exponential", "lognormal", "gamma", "deterministic", "empirical")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_MOST_AN_HOUR = 100_000  # people; more is a slip of the pen


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file; raises InputError for what cannot be one."""
    return scenario_of(read_toml(path, "a scenario"), path)


def scenario_of(content: dict[str, Any], path: Path) -> Scenario:
    """The scenario of a file's content; `path` is where a policy is looked for beside."""
    whole = Table.of(str(path), "", _said(content), _TABLES)
    room, staff = whole.table("room", _ROOM), whole.table("staff", _STAFF)
    recovery = whole.table("recovery")
    substances, by_month = _substances(whole)
    policy, rota = _policy(whole, room, path), _rota(staff)
    scenario = Scenario(
        name=whole.text("name", path.stem),
        start=_start(room),
        days=room.whole("days", 1, 36_525, 365),
        timezone=_timezone(whole),
        policy=policy,
        arrivals=_arrivals(whole),
        episode=_duration(whole, "episode", ("by_substance",)),
        episodes=_episodes(
            whole, {*substances, *(one for mix in by_month.values() for one in mix)}
        ),
        needs=_needs(whole),
        patience=_duration(whole, "patience") if "patience" in whole else None,
        turnover=_duration(whole, "turnover") if "turnover" in whole else None,
        recovery=_duration(whole, "recovery", ("chairs",)) if "recovery" in whole else None,
        chairs=recovery.whole("chairs", 1, 1000) if "chairs" in recovery else None,
        queue_capacity=room.whole("queue_capacity", 0, 10_000)
        if "queue_capacity" in room
        else None,
        balking=_balking(whole),
        staff=staff.whole("on", 1, 1000, 4),
        rota=rota,
        emergencies=_emergencies(whole),
        people=_people(whole),
        substances=substances,
        substances_by_month=by_month,
    )
    if rota:
        scenario = _with_most_staff(scenario)
    _must_be_possible(scenario, whole)
    return scenario


def _with_most_staff(scenario: Scenario) -> Scenario:
    """A scenario with a rota, that says how many work at most."""
    from opendcr.simulate.kernel.tables import STAFF, shifts_of

    fortnight = replace(scenario, days=min(scenario.days, 14))
    return replace(scenario, staff=int(shifts_of(fortnight)[:, STAFF].max()))


def _must_be_possible(scenario: Scenario, whole: Table) -> None:
    """Somebody comes, finds a place that fits, and staff enough to open it."""
    policy, ill = scenario.policy, scenario.emergencies
    staff, needs = whole.table("staff"), whole.table("needs")
    needed = policy.needed_staff(1)
    if scenario.staff < needed:
        key = "rota" if scenario.rota else "on"
        found = f"{scenario.staff} at most, where one open booth needs {needed}"
        raise InputError(f"{staff.where}, {staff.key(key)}", found, f"{needed} at least")
    if scenario.rota and not needed:
        expected = "staff.minimum or staff.booths_per_staff beside it: without, staff stop nobody"
        raise InputError(f"{staff.where}, {staff.key('rota')}", "a rota alone", expected)
    if scenario.rota and _most_in_hours(scenario) < needed:
        found = f"shifts that leave every opening hour with fewer than {needed}"
        expected = f"{needed} at some opening time: fewer open no booth"
        raise InputError(f"{staff.where}, {staff.key('rota')}", found, expected)
    if ill.staff > scenario.staff:
        expected = f"at most the {scenario.staff} who work"
        raise InputError(f"{whole.where}, emergency.staff", str(ill.staff), expected)
    for need in scenario.unmet_needs:
        expected = "a need that some place of the room fits"
        raise InputError(f"{needs.where}, {needs.key(need)}", "no place for it", expected)
    if "needs" not in whole and not any(scenario.fits("any", place) for place in scenario.booths):
        raise InputError(f"{whole.where}, room.places", "no place that anybody can use", "one")


def _most_in_hours(scenario: Scenario) -> int:
    """The most who are on at any opening time."""
    from opendcr.simulate.kernel.tables import staff_in_hours

    return max(staff_in_hours(scenario))


def _rota(staff: Table) -> tuple[Shift, ...]:
    """Who works when; an empty one where `on` says how many always do."""
    if "rota" in staff and "on" in staff:
        raise InputError(f"{staff.where}, {staff.key('rota')}", "it beside on", "one of the two")
    if "rota" in staff and not staff.data["rota"]:
        raise staff.fail("rota", "a list of shifts")
    return tuple(
        Shift(
            shift.clock("from", "00:00"),
            shift.clock("until", "24:00"),
            shift.whole("staff", 0, 1000),
            tuple(map(WEEKDAYS.index, shift.codes("days", WEEKDAYS, WEEKDAYS))),
        )
        for shift in staff.tables("rota", ("from", "until", "staff", "days"))
    )


def _episodes(whole: Table, classes: set[str]) -> dict[str, Duration]:
    """The durations of those who bring some substance."""
    table = whole.table("episode").table("by_substance")
    for one in table.data:
        if one not in classes:
            expected = f"one of the scenario's substances: {', '.join(sorted(classes))}"
            raise InputError(f"{table.where}, {table.key(one)}", f"'{one}'", expected)
    return {one: _duration(table, one) for one in table.data}


def _balking(whole: Table) -> tuple[float, ...]:
    """The probabilities of not joining a queue, by how many wait."""
    table = whole.table("balking", ("chances",))
    if not table.data:
        return ()
    said = table.data.get("chances")
    if not isinstance(said, list) or not said:
        raise table.fail("chances", "a list of probabilities, by how many wait already")
    chances = table.numbers("chances", len(said), 0, 1)
    if list(chances) != sorted(chances):
        raise table.fail("chances", "no probability that is less than the one before")
    return chances


def _needs(whole: Table) -> dict[str, float]:
    table = whole.table("needs", _NEEDS)
    shares = {need: table.number(need, 0, 1) for need in table.data}
    if sum(shares.values()) > 1.001:
        found = f"shares that add up to {sum(shares.values()):g}"
        raise InputError(
            f"{table.where}, needs", found, "1 at most; who has no need takes any place"
        )
    return shares


def _said(whole: dict[str, Any]) -> dict[str, Any]:
    """What a file says: turnover or recovery without a key says as much as one that is left out."""
    empty = [key for key in _MAY_BE_EMPTY if whole.get(key) == {}]
    return {key: value for key, value in whole.items() if key not in empty}


def _start(room: Table) -> date:
    value = room.data.get("start", "2025-01-01")
    plain = isinstance(value, date) and not isinstance(value, datetime)
    try:
        day = value if plain else datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007
    except (TypeError, ValueError) as error:
        raise room.fail("start", "a date such as 2025-01-13") from error
    if not 1970 < day.year < 2200:
        raise room.fail("start", "a date from 1971 to 2199")
    return day


def _timezone(whole: Table) -> str:
    name = whole.text("timezone", "Europe/London")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise whole.fail("timezone", "a time zone such as Europe/London") from error
    return name


def _policy(whole: Table, room: Table, path: Path) -> Policy:
    """The policy that the scenario names, or a plain one of its places and hours."""
    if "policy" in room:
        for key in ("places", "opens", "closes"):
            if key in room:
                raise InputError(f"{path}, room.{key}", "beside a policy", "one of the two")
        policy = _read_once(path.parent / room.text("policy"))
    else:
        policy = Policy.from_data(_plain_policy(whole, room), whole.where)
    _must_work(policy, room)
    return policy


def _read_once(path: Path) -> Policy:
    """The policy in a file, which is read again only when it has changed: draws are many."""
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return read_policy(path)  # which says what is wrong
    return _policy_at(path, stamp)


@lru_cache(maxsize=16)
def _policy_at(path: Path, stamp: int) -> Policy:
    return read_policy(path)


def _must_work(policy: Policy, room: Table) -> None:
    """A room in which somebody can use, at some hour."""
    used = [place for place in policy.places if place.consumption]
    key = "policy" if "policy" in room else "places"
    if not used:
        raise room.fail(key, "at least one place for consumption")
    if not policy.routes or any(
        not any(permits(place.kind, route) for route in policy.routes) for place in used
    ):
        raise room.fail(key, "for each place a route that is allowed and belongs there")
    if policy.opens >= policy.closes:
        expected = f"a time after {policy.opens}, when the room opens"
        raise InputError(f"{room.where}, {room.key('closes')}", shown(policy.closes), expected)


def _plain_policy(whole: Table, room: Table) -> dict[str, object]:
    kinds = [kind for kind, count in _counts(room).items() for _ in range(count)]
    staff = whole.table("staff", _STAFF)
    routes = [*DEFAULT.routes, *(["inhaled"] if "inhalation" in kinds else [])]
    return {
        "room": {"title": whole.text("name", "Room")[:60], "opens": room.clock("opens", "09:00"),
                 "closes": room.clock("closes", "21:00"), "routes": routes},
        "places": [{"id": f"booth-{n}", "kind": kind, "words": str(n)}
                   for n, kind in enumerate(kinds, 1)],
        "staff": {"minimum": staff.whole("minimum", 0, 100, 0),
                  "booths_per_staff": staff.whole("booths_per_staff", 0, 100, 0)},
        "turnover": {"block": "turnover" in whole},
    }  # fmt: skip


def _counts(room: Table) -> dict[str, int]:
    """How many places of each kind for consumption."""
    if not isinstance(room.data.get("places"), dict):
        return {"injecting": room.whole("places", 1, 1000)}
    kinds = [kind.code for kind in PLACE_KINDS if kind.consumption]
    places = room.table("places", kinds)
    return {kind: places.whole(kind, 0, 1000) for kind in places.data}


def _arrivals(whole: Table) -> Arrivals:
    table = whole.table(
        "arrivals",
        ("per_hour", "by_weekday", "by_month", "share_consuming", "consuming_by_month", "factor"),
    )
    factor = table.number("factor", 0, 1e3, 1.0)
    if isinstance(table.data.get("per_hour"), list):
        per_hour = table.numbers("per_hour", 24, 0, _MOST_AN_HOUR)
    else:
        per_hour = (table.number("per_hour", 0, _MOST_AN_HOUR),) * 24
    weekdays = table.numbers("by_weekday", 7, 0, 1e3) if "by_weekday" in table else (1.0,) * 7
    arrivals = Arrivals(
        per_hour=tuple(factor * one for one in per_hour),
        by_weekday=weekdays,
        by_month=_by_month(table, "by_month", 1e3),
        share_consuming=table.number("share_consuming", 0, 1, 1.0),
        consuming_by_month=_by_month(table, "consuming_by_month", 1),
    )
    most = factor * max(per_hour) * max(weekdays) * max(arrivals.by_month.values(), default=1.0)
    if most > _MOST_AN_HOUR:
        found = f"up to {most:g} people an hour with its multipliers"
        raise InputError(f"{whole.where}, arrivals.per_hour", found, f"{_MOST_AN_HOUR} at most")
    return arrivals


def _by_month(table: Table, key: str, high: float) -> dict[str, float]:
    return {month: table.table(key).number(month, 0, high) for month in _months(table.table(key))}


def _months(table: Table) -> list[str]:
    """A table's keys, each a month."""
    for key in table.data:
        if not _MONTH.fullmatch(key):
            raise InputError(f"{table.where}, {table.key(key)}", "no month", "a month: 2025-01")
    return list(table.data)


def _duration(whole: Table, name: str, more: tuple[str, ...] = ()) -> Duration:
    table = whole.table(name, ("distribution", "mean", "sd", "cv", "values", *more))
    distribution = table.one_of("distribution", _DISTRIBUTIONS)
    if distribution == "empirical":
        values = table.data.get("values")
        if not isinstance(values, list) or not values:
            raise table.fail("values", "a list of minutes")
        seen = table.numbers("values", len(values), 0, 1e5)
        return Duration(distribution, sum(seen) / len(seen), values=seen)
    spreads = ("sd", "cv") if distribution in ("lognormal", "gamma") else ()
    takes = ("distribution", "mean", *spreads)
    for key in ("sd", "cv", "values"):
        if key in table and key not in takes:
            expected = f"only {', '.join(takes[1:])}: {distribution} has no {key}"
            raise InputError(f"{table.where}, {table.key(key)}", shown(table.data[key]), expected)
    low = 0 if distribution == "deterministic" else 1e-6
    mean = table.number("mean", low, 1e5)
    if not spreads:
        return Duration(distribution, mean)
    if "cv" not in table:
        return Duration(distribution, mean, table.number("sd", 1e-6, 1e5))
    if "sd" in table:
        raise table.fail("cv", "one of sd and cv: the one is the other times the mean")
    return Duration(distribution, mean, mean * table.number("cv", 1e-6, 100))


def _emergencies(whole: Table) -> Emergencies:
    table = whole.table("emergency", _EMERGENCY)
    return Emergencies(
        per_1000=table.number("per_1000_episodes", 0, 1000, 0),
        by_month=_by_month(table, "by_month", 1000),
        minutes=_care(table),
        staff=table.whole("staff", 0, 100, 0),
        pauses_seating=table.flag("pauses_seating", False),
    )


def _care(table: Table) -> Duration:
    """Minutes, or their distribution."""
    if isinstance(table.data.get("minutes"), dict):
        return _duration(table, "minutes")
    return Duration("deterministic", table.number("minutes", 0, 1440, 20))


def _people(whole: Table) -> People:
    table = whole.table("people", ("people", "visits", "growth", "spread", "women"))
    return People(
        people=table.number("people", 1, 1e7, 400),
        visits=table.number("visits", 1, 1e9, 6000),
        growth=table.number("growth", 0.01, 1, 0.6),
        spread=table.number("spread", 0, 10, 1.0),
        women=table.number("women", 0, 1, 0.2),
    )


def _substances(whole: Table) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    table = whole.table("substances")
    if not table.data:
        return {"heroin": 1.0}, {}
    by_month = table.table("by_month")
    months = {month: _shares(by_month.table(month)) for month in _months(by_month)}
    shares = {key: value for key, value in table.data.items() if key != "by_month"}
    return _shares(Table(table.where, table.name, shares)), months


def _shares(table: Table) -> dict[str, float]:
    for key in table.data:
        for code in key.split("+"):
            if code not in SUBSTANCES:
                expected = f"{', '.join(SUBSTANCES.codes)}, or several joined by +"
                raise InputError(f"{table.where}, {table.key(key)}", f"'{code}'", expected)
    shares = {name: table.number(name, 0, 1) for name in table.data}
    if not 0.999 <= sum(shares.values()) <= 1.001:
        found = f"shares that add up to {sum(shares.values()):g}"
        raise InputError(f"{table.where}, {table.name}", found, "shares that add up to 1")
    return shares
