"""A scenario: the assumptions of a simulated room, read from a TOML file.

What is left out takes the plain queue's value: everybody comes to consume, nobody gives up, no
cleaning, no limit on recovery or staff, no emergencies.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from opendcr.catalogue.places import PLACE_KINDS
from opendcr.errors import InputError
from opendcr.keyed import Table, is_number, read_toml, shown
from opendcr.room.policy import Place, Policy, read_policy

MINUTE = 60_000  # everything counts in whole milliseconds


@dataclass(frozen=True)
class Duration:
    """A distribution of minutes: `mean` and, where it has one, `sd`; or the `values` seen."""

    distribution: str
    mean: float
    sd: float = 0.0
    values: tuple[float, ...] = ()

    def draw(self, rng: np.random.Generator) -> int:
        """One duration, in whole milliseconds."""
        return round(self._minutes(rng) * MINUTE)

    def _minutes(self, rng: np.random.Generator) -> float:
        match self.distribution:
            case "exponential":
                return float(rng.exponential(self.mean))
            case "lognormal":
                variance = math.log1p((self.sd / self.mean) ** 2)
                return float(rng.lognormal(math.log(self.mean) - variance / 2, math.sqrt(variance)))
            case "gamma":
                shape = (self.mean / self.sd) ** 2
                return float(rng.gamma(shape, self.mean / shape))
            case "empirical":
                return float(rng.choice(self.values))
            case _:
                return self.mean


@dataclass(frozen=True)
class Arrivals:
    """A Poisson process: people per open hour, by clock hour, weekday and month.

    `share_consuming` of them come to use, by month where `consuming_by_month` says so.
    """

    per_hour: tuple[float, ...]
    by_weekday: tuple[float, ...] = (1.0,) * 7
    by_month: Mapping[str, float] = field(default_factory=dict)
    share_consuming: float = 1.0
    consuming_by_month: Mapping[str, float] = field(default_factory=dict)

    def rate(self, day: date, hour: int) -> float:
        """People expected in one clock hour of a day."""
        month = self.by_month.get(day.strftime("%Y-%m"), 1.0)
        return self.per_hour[hour] * self.by_weekday[day.weekday()] * month

    def consuming(self, month: str) -> float:
        """The share who come to use in a month."""
        return self.consuming_by_month.get(month, self.share_consuming)


@dataclass(frozen=True)
class Emergencies:
    """How often an episode turns into an emergency, and how long the care lasts (minutes)."""

    per_1000: float = 0.0
    by_month: Mapping[str, float] = field(default_factory=dict)
    minutes: float = 20.0

    def probability(self, month: str) -> float:
        """Of an emergency in one episode of a month."""
        return self.by_month.get(month, self.per_1000) / 1000


@dataclass(frozen=True)
class People:
    """Who comes: the n-th visit is by somebody new with probability d/dn of people (n/visits)^growth.

    So about `people` have come after `visits`. Others come back, some more often than others
    (`spread` is the coefficient of variation of how often). `women` is the share of women.
    """

    people: float = 400
    visits: float = 6000
    growth: float = 0.6
    spread: float = 1.0
    women: float = 0.2

    def probability_new(self, visit: int) -> float:
        """That the visit of this number (from 1) is somebody's first."""
        return float(min(1.0, self._by(visit) - self._by(visit - 1)))

    def _by(self, visit: int) -> float:
        return float(self.people * (visit / self.visits) ** self.growth)


@dataclass(frozen=True)
class Scenario:
    """A whole scenario; see the fields' own types."""

    name: str
    start: date
    days: int
    timezone: str
    policy: Policy
    arrivals: Arrivals
    episode: Duration
    patience: Duration | None = None
    turnover: Duration | None = None
    recovery: Duration | None = None
    queue_capacity: int | None = None
    staff: int = 4
    emergencies: Emergencies = Emergencies()
    people: People = People()
    substances: Mapping[str, float] = field(default_factory=lambda: {"heroin": 1.0})
    substances_by_month: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def booths(self) -> tuple[Place, ...]:
        """The places in which people use."""
        return tuple(place for place in self.policy.places if place.consumption)

    def mix(self, month: str) -> Mapping[str, float]:
        """The shares of the substances of an episode in a month; `heroin+cocaine` is one of them."""
        return self.substances_by_month.get(month, self.substances)


_TABLES = ("name", "timezone", "room", "arrivals", "episode", "patience", "turnover", "recovery",
           "staff", "emergency", "people", "substances")  # fmt: skip
_DISTRIBUTIONS = ("exponential", "lognormal", "gamma", "deterministic", "empirical")


def read_scenario(path: Path) -> Scenario:
    """The scenario in a file; InputError naming the file and the key for what cannot be one."""
    whole = Table.of(str(path), "", read_toml(path, "a scenario"), _TABLES)
    room = whole.table(
        "room", ("places", "opens", "closes", "days", "start", "queue_capacity", "policy")
    )
    emergency = whole.table("emergency", ("per_1000_episodes", "by_month", "minutes", "staff"))
    substances, by_month = _substances(whole)
    return Scenario(
        name=whole.text("name", path.stem),
        start=_start(room),
        days=room.whole("days", 1, 36_525, 365),
        timezone=whole.text("timezone", "Europe/London"),
        policy=_policy(whole, room, path),
        arrivals=_arrivals(whole),
        episode=_duration(whole, "episode"),
        patience=_duration(whole, "patience") if "patience" in whole else None,
        turnover=_duration(whole, "turnover") if "turnover" in whole else None,
        recovery=_duration(whole, "recovery", ("chairs",)) if "recovery" in whole else None,
        queue_capacity=room.whole("queue_capacity", 0, 10_000)
        if "queue_capacity" in room
        else None,
        staff=whole.table("staff", ("on",)).whole("on", 1, 1000, 4),
        emergencies=Emergencies(
            per_1000=emergency.number("per_1000_episodes", 0, 1000, 0),
            by_month=emergency.by_key("by_month", 0, 1000),
            minutes=emergency.number("minutes", 0, 1440, 20),
        ),
        people=_people(whole),
        substances=substances,
        substances_by_month=by_month,
    )


def _start(room: Table) -> date:
    value = room.data.get("start", "2025-01-01")
    try:
        return date.fromisoformat(value if isinstance(value, str) else str(value))
    except ValueError as error:
        raise room.fail("start", "a date such as 2025-01-13") from error


def _policy(whole: Table, room: Table, path: Path) -> Policy:
    """The policy that the scenario names, or a plain one of its places and hours."""
    if "policy" in room:
        if "places" in room or "opens" in room or "closes" in room:
            raise room.fail("policy", "either a policy or places and hours, not both")
        policy = read_policy(path.parent / room.text("policy"))
    else:
        policy = Policy.from_data(_plain_policy(whole, room), whole.where)
    if not any(place.consumption for place in policy.places):
        raise room.fail("places", "at least one place for consumption")
    if policy.opens >= policy.closes:
        raise room.fail("closes", f"a time after {policy.opens}, when the room opens")
    return policy


def _plain_policy(whole: Table, room: Table) -> dict[str, object]:
    counts = _counts(room)
    ids = [(kind, at) for kind, count in counts.items() for at in range(count)]
    places = [
        {"id": f"booth-{n}", "kind": kind, "words": str(n)} for n, (kind, _) in enumerate(ids, 1)
    ]
    return {
        "room": {"title": whole.text("name", "Room"), "opens": room.text("opens", "09:00"),
                 "closes": room.text("closes", "21:00")},
        "places": places,
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
        "arrivals", ("per_hour", "by_weekday", "by_month", "share_consuming", "consuming_by_month")
    )
    flat = is_number(table.data.get("per_hour"))
    per_hour = (
        (table.number("per_hour", 0, 1e5),) * 24 if flat else table.numbers("per_hour", 24, 0, 1e5)
    )
    weekdays = table.numbers("by_weekday", 7, 0, 1e3) if "by_weekday" in table else (1.0,) * 7
    return Arrivals(
        per_hour=per_hour,
        by_weekday=weekdays,
        by_month=table.by_key("by_month", 0, 1e3),
        share_consuming=table.number("share_consuming", 0, 1, 1.0),
        consuming_by_month=table.by_key("consuming_by_month", 0, 1),
    )


def _duration(whole: Table, name: str, more: tuple[str, ...] = ()) -> Duration:
    table = whole.table(name, ("distribution", "mean", "sd", "values", *more))
    distribution = table.one_of("distribution", _DISTRIBUTIONS)
    if distribution == "empirical":
        values = table.data.get("values")
        count = len(values) if isinstance(values, list) and values else 1
        seen = table.numbers("values", count, 0, 1e5)
        return Duration(distribution, sum(seen) / len(seen), values=seen)
    low = 0 if distribution == "deterministic" else 1e-6
    spread = table.number("sd", 1e-6, 1e5) if distribution in ("lognormal", "gamma") else 0.0
    return Duration(distribution, table.number("mean", low, 1e5), spread)


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
    months = {month: _shares(by_month.table(month)) for month in by_month.data}
    shares = {key: value for key, value in table.data.items() if key != "by_month"}
    return _shares(Table(table.where, table.name, shares)), months


def _shares(table: Table) -> dict[str, float]:
    shares = {name: table.number(name, 0, 1) for name in table.data}
    if not 0.999 <= sum(shares.values()) <= 1.001:
        found = shown(round(sum(shares.values()), 4))
        raise InputError(f"{table.where}, {table.name}", f"shares that add up to {found}", "1")
    return shares
