"""What a manager may move: each slider with its bounds, where it starts, and who says so."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from opendcr.errors import InputError
from opendcr.published import thistle_months
from opendcr.room.policy import Policy
from opendcr.web.insight.observed import (
    EPISODES,
    HOURS_FROM,
    TIMED,
    VISITS,
    Observed,
)
from opendcr.web.insight.wording import count, day

DAY = 24 * 60  # minutes
LONGEST = 12  # characters of a number in an address
NOWHERE = "assumed: published nowhere"

Values = Mapping[str, float]


@dataclass(frozen=True)
class Slider:
    """A number that can be moved: `start` is as it is now, `source` who says so.

    `kind` is how it is written: `number`, or a `clock` of minutes since midnight.
    """

    name: str
    label: str
    low: float
    high: float
    step: float
    start: float
    source: str
    unit: str = ""
    kind: str = "number"

    def read(self, typed: str) -> float:
        """The number that was typed; InputError for what cannot be it."""
        try:
            value = float(typed) if typed.isascii() and len(typed) <= LONGEST else math.nan
        except ValueError:
            value = math.nan
        steps = (value - self.low) / self.step
        fits = self.low <= value <= self.high and abs(steps - round(steps)) < 1e-6
        if not fits:
            raise InputError(self.label, f"‘{typed[:40]}’", self._expected)
        return value

    @property
    def _expected(self) -> str:
        between = f"from {self.low:g} to {self.high:g}"
        if self.kind == "clock":
            return f"minutes since midnight, {between}, in steps of {self.step:g}"
        if self.step == 1:
            return f"a whole number {between}"
        return f"a number {between}, in steps of {self.step:g}"

    def words(self, value: float) -> str:
        """A value with its unit."""
        if self.kind == "clock":
            return clock(value)
        return f"{value:g}{self.unit}"

    @property
    def started(self) -> str:
        """Where it starts, with its unit."""
        return self.words(self.start)

    def from_here(self, start: float, source: str) -> "Slider":
        """The same, that starts elsewhere: at the nearest step, with room to move up."""
        high = max(self.high, self.step * math.ceil(2 * start / self.step))
        steps = round((min(max(start, self.low), high) - self.low) / self.step)
        return replace(self, high=high, start=self.low + steps * self.step, source=source)


@dataclass(frozen=True)
class Group:
    """Sliders under one heading."""

    heading: str
    hint: str
    sliders: tuple[Slider, ...]


def clock(minutes: float) -> str:
    """09:30, of minutes since midnight."""
    return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def minutes_of(written: str) -> int:
    """Minutes since midnight, of 09:30."""
    hours, minutes = written.split(":")
    return 60 * int(hours) + int(minutes)


def groups(policy: Policy, adopted: date | None, seen: Observed | None) -> tuple[Group, ...]:
    """All sliders for a room, with its policy and what its facts say."""
    said = f"as adopted on {day(adopted)}" if adopted else "assumed: no policy is adopted here"
    return (
        Group("The room", "What a plan may change.", _room(policy, said)),
        Group("What is assumed", "What nobody decides, and few know.", _assumed(policy, seen)),
        Group("The target", "", (Slider("target", "Share who may go without", 0.5, 50, 0.5, 5,
                                        "a choice and no finding", unit=" %"),)),
    )  # fmt: skip


def _room(policy: Policy, said: str) -> tuple[Slider, ...]:
    booths = sum(place.consumption for place in policy.places)
    opens, closes = minutes_of(policy.opens), minutes_of(policy.closes)
    step = next(one for one in (30, 15, 5, 1) if opens % one == closes % one == 0)
    needed = policy.needed_staff(booths or 8)
    rule = f"what the policy asks for with {booths or 8} places open" if needed else _NO_RULE
    return (
        Slider("places", "Places to use in", 1, 30, 1, 8, "").from_here(
            booths or 8, said if booths else "assumed: the policy names none"
        ),
        Slider("opens", "Opens", 0, DAY - step, step, opens, said, kind="clock"),
        Slider("closes", "Closes", step, DAY, step, closes, said, kind="clock"),
        Slider("staff", "Staff on", 1, 30, 1, 4, "").from_here(needed or 4, rule),
        Slider("sunday", "Staff on, Sundays", 0, 30, 1, 4, "").from_here(
            needed or 4, "as on other days" if needed else _NO_RULE
        ),
    )


_NO_RULE = "assumed: the policy has no rule about staff, so their number opens and shuts no place"


def _assumed(policy: Policy, seen: Observed | None) -> tuple[Slider, ...]:
    people = Slider(
        "people", "People a day who come to use, in the hours as they are now", 1, 300, 0.5, 1, ""
    )
    minutes = Slider("minutes", "Minutes in the place, mean", 5, 120, 0.5, 35, NOWHERE)
    ill = Slider("emergencies", "Emergencies per 1,000 who use", 0, 100, 0.5, 0, "")
    return (
        people.from_here(*_people(policy, seen)),
        minutes.from_here(*_minutes(seen)),
        Slider("patience", "Minutes until those who wait give up, mean", 1, 120, 1, 20, NOWHERE),
        Slider("ready", "Minutes to make a place ready", 0, 30, 0.5, 3, NOWHERE),
        ill.from_here(*_emergencies(seen)),
        Slider("held", "Staff whom an emergency holds", 0, 10, 1, 2, NOWHERE),
        Slider("care", "Minutes of care in an emergency", 5, 120, 1, 25, NOWHERE),
    )


def _people(policy: Policy, seen: Observed | None) -> tuple[float, str]:
    if seen is not None and seen.visits >= VISITS:
        mean = seen.a_day(minutes_of(policy.opens), minutes_of(policy.closes))
        hours = "" if by_hour(seen) else "; too few to tell the hours of the day apart"
        return mean, f"from {count(seen.visits)} visits in this room {_span(seen)}{hours}"
    episodes, days, _ = _glasgow()
    return episodes / days, (
        f"assumed: as in Glasgow’s first months ({count(episodes)} episodes in {days} days, "
        f"published){_too_few(seen, 'visits', seen.visits if seen else 0, VISITS)}"
    )


def by_hour(seen: Observed | None) -> bool:
    """Whether a room's facts tell at what hours people come."""
    return seen is not None and seen.visits >= HOURS_FROM


def _minutes(seen: Observed | None) -> tuple[float, str]:
    if seen is not None and seen.timed >= TIMED:
        late = f"; {count(seen.forgotten)} over four hours left out" if seen.forgotten else ""
        return seen.minutes, f"from {count(seen.timed)} episodes in this room {_span(seen)}{late}"
    return 35, NOWHERE + _too_few(seen, "episodes with an end", seen.timed if seen else 0, TIMED)


def _emergencies(seen: Observed | None) -> tuple[float, str]:
    if seen is not None and seen.episodes >= EPISODES:
        return 1000 * seen.emergencies / seen.episodes, (
            f"from {count(seen.emergencies)} in {count(seen.episodes)} episodes in this room "
            f"{_span(seen)}"
        )
    episodes, _, ill = _glasgow()
    return 1000 * ill / episodes, (
        f"assumed: as in Glasgow’s first months ({count(ill)} in {count(episodes)} episodes, "
        f"published){_too_few(seen, 'episodes', seen.episodes if seen else 0, EPISODES)}"
    )


def _span(seen: Observed) -> str:
    return f"since {day(seen.since)}, by {day(seen.until)}"


def _too_few(seen: Observed | None, what: str, found: int, wanted: int) -> str:
    """Why a room's own facts are not taken, where it has some."""
    if seen is None or not found:
        return ""
    return f"; this room has {count(found)} {what}, and {count(wanted)} are asked for"


def _glasgow() -> tuple[float, int, float]:
    """Published: injecting episodes, the days in which they were, medical emergencies."""
    months = thistle_months()
    total = {
        name: sum(one.value for one in months if one.measure == name)
        for name in ("injecting_episodes", "medical_emergencies")
    }
    # From the opening on 13 January to the end of August 2025.
    days = (date(2025, 8, 31) - date(2025, 1, 13)).days + 1
    return total["injecting_episodes"], days, total["medical_emergencies"]


@dataclass(frozen=True)
class Chosen:
    """What an address asks for: the values, what was typed, and by name what does not fit."""

    values: Values
    typed: Mapping[str, str]
    problems: dict[str, str]


def chosen(sliders: tuple[Slider, ...], asked: Mapping[str, str]) -> Chosen:
    """The values of an address; what it does not name starts as it is now."""
    values, problems = {one.name: one.start for one in sliders}, {}
    typed = {one.name: asked[one.name] for one in sliders if one.name in asked}
    for one in sliders:
        if one.name in typed:
            try:
                values[one.name] = one.read(typed[one.name])
            except InputError as problem:
                problems[one.name] = f"Found: {problem.found}. Expected: {problem.expected}."
    if not {"opens", "closes"} & problems.keys() and values["opens"] >= values["closes"]:
        problems["closes"] = (
            f"Found: {clock(values['closes'])}. "
            f"Expected: a time after {clock(values['opens'])}, when the room opens."
        )
    return Chosen(values, typed, problems)
