"""Periods: years and other whole numbers, months, quarters, dates."""

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from itertools import pairwise
from math import gcd
from statistics import mode
from typing import Literal

from opendcr.keyed import shown

Kind = Literal["number", "month", "quarter", "date"]

EXPECTED = "a whole number, YYYY-MM-DD, YYYY-MM or YYYY-Qn"
_NUMBER = re.compile(r"(-?\d{1,9})(?:\.0+)?")  # a spreadsheet may write a year as 1989.0
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])")
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$")  # of a date that was written as a moment
_OTHER = re.compile(  # 13/02/2023, 13.2.23, 2023/02/13, 13-02-2023, 02/2023, Feb 2023
    r"\d{1,4}[/. ]\d{1,2}[/. ]\d{2,4}|\d{1,2}-\d{1,2}-\d{4}|\d{1,2}/\d{4}|[A-Za-z]{3,9}[- ]\d{2,4}"
)
_WRITES: dict[Kind, str] = {"number": "whole numbers", "month": "months", "quarter": "quarters",
                            "date": "dates"}  # fmt: skip
_ONE: dict[Kind, str] = {"number": "period", "month": "month", "quarter": "quarter", "date": "day"}
_FIRST_YEAR = 1000  # smaller numbers count something else
_ORDINALS = {2: "second", 3: "third"}
_A_YEAR: dict[Kind, float] = {"month": 12, "quarter": 4, "number": 1, "date": 365.25}
_UNITS = {("month", 1): "months", ("quarter", 1): "quarters", ("month", 3): "quarters",
          ("month", 12): "years", ("date", 7): "weeks", ("date", 1): "days"}  # fmt: skip


@dataclass(frozen=True, order=True)
class Period:
    """One period: `at` counts up within its kind (years, months, quarters or days)."""

    kind: Kind
    at: int

    @classmethod
    def of(cls, value: object) -> "Period | None":
        """What a cell of a table or a value of a plan says; None where it is no period."""
        text = value.isoformat() if isinstance(value, date) else str(value).strip()
        if found := _NUMBER.fullmatch(text):
            return cls("number", int(found[1]))
        if found := _MONTH.fullmatch(text):
            return cls("month", int(found[1]) * 12 + int(found[2]) - 1)
        if found := _QUARTER.fullmatch(text):
            return cls("quarter", int(found[1]) * 4 + int(found[2]) - 1)
        try:
            return cls("date", date.fromisoformat(_MIDNIGHT.sub("", text)).toordinal())
        except ValueError:
            return None

    def __str__(self) -> str:
        if self.kind == "month":
            return f"{self.at // 12:04}-{self.at % 12 + 1:02}"
        if self.kind == "quarter":
            return f"{self.at // 4:04}-Q{self.at % 4 + 1}"
        return str(self.at) if self.kind == "number" else date.fromordinal(self.at).isoformat()

    @property
    def first_day(self) -> date | None:
        """The day on which it begins, a number being a year; None where that is no year."""
        if self.kind == "date":
            return date.fromordinal(self.at)
        months = {"number": 12, "quarter": 3, "month": 1}[self.kind]
        year, month = divmod(self.at * months, 12)
        return date(year, month + 1, 1) if _FIRST_YEAR <= year <= MAXYEAR else None

    def after(self, steps: int) -> "Period":
        """The period so many of its own units later."""
        return Period(self.kind, self.at + steps)


def no_period(text: str) -> tuple[str, str]:
    """What a text that is no period is, and what it should be."""
    if _OTHER.fullmatch(text):
        return f"{shown(text)}, a date of another form", "YYYY-MM-DD, or YYYY-MM for a month"
    return shown(text), EXPECTED


def among(period: Period, periods: Sequence[Period]) -> Period:
    """The period of a regular series in which a period of another kind begins: 2025-Q1 of quarters
    for 2025-01-13. The series' first where there is none such; `periods` are in order."""
    day, kind = period.first_day, periods[0].kind
    if day is None or periods[0].first_day is None:
        return periods[0]
    at: dict[Kind, int] = {"number": day.year, "month": day.year * 12 + day.month - 1,
          "quarter": day.year * 4 + (day.month - 1) // 3, "date": day.toordinal()}  # fmt: skip
    rhythm = rhythm_of(periods)
    return rhythm.after(periods[0], rhythm.steps(periods[0], Period(kind, at[kind])))


def kinds(periods: Iterable[Period]) -> str:
    """The kinds of some periods, in words."""
    return " and ".join(sorted({_WRITES[one.kind] for one in periods}))


def span(periods: Sequence[str]) -> str:
    """From the first to the last of some periods that are in order, in words."""
    first, last = periods[0], periods[-1]
    return first if first == last else f"{first} to {last}"


@dataclass(frozen=True)
class Rhythm:
    """How a regular series goes on: by so many of its units at a time. Dates on one `day` of the
    month, or on its last (31), are a series of months."""

    kind: Kind
    step: int
    day: int | None = None

    @property
    def a_year(self) -> float:
        """Periods in a year; whole numbers are taken for years."""
        return _A_YEAR[self.kind] / self.step

    def whole_years(self, periods: int) -> bool:
        """Whether so many periods are years, but for a part of a period."""
        years = round(periods / self.a_year)
        return years > 0 and abs(periods - years * self.a_year) < 1

    @property
    def units(self) -> str:
        """What its periods are, in words."""
        return _UNITS.get((self.kind, self.step), "periods")

    def place(self, period: Period) -> int:
        """A period's place on its line: of months, where dates are a series of months."""
        return period.at if self.day is None else _month(period).at

    def steps(self, first: Period, last: Period) -> int:
        """How many periods one is after another."""
        return (self.place(last) - self.place(first)) // self.step

    def after(self, period: Period, steps: int) -> Period:
        """The period so many periods later."""
        at = self.place(period) + steps * self.step
        if self.day is None:
            return Period(period.kind, at)
        year, month = at // 12, at % 12 + 1
        return Period(
            "date", date(year, month, min(self.day, monthrange(year, month)[1])).toordinal()
        )

    def meets(self, first: Period, other: Period) -> bool:
        """Whether a series that has the first has the other."""
        return self.after(first, self.steps(first, other)) == other


def rhythm_of(periods: Sequence[Period]) -> Rhythm:
    """The rhythm of periods that are in order.

    The step is the greatest that all their steps are multiples of, so that fortnights are not taken
    for days with gaps.
    """
    day = _day(periods)
    made = Rhythm("month" if day else periods[0].kind, 1, day)
    places = [made.place(one) for one in periods]
    step = gcd(*(after - before for before, after in pairwise(places)))
    return Rhythm(made.kind, step or 1, day)


def absent(periods: Sequence[Period]) -> tuple[Period, ...]:
    """The periods that a regular series of these would also have; `periods` are in order."""
    if len(periods) < 3:
        return ()
    rhythm = rhythm_of(periods)
    line = [_month(one) for one in periods] if rhythm.day else list(periods)
    there = {one.at for one in line}
    return tuple(
        Period(line[0].kind, at)
        for at in range(line[0].at, line[-1].at, rhythm.step)
        if at not in there
    )


def spacing(periods: Sequence[Period]) -> str:
    """How far apart a series' periods stand, where these are not consecutive (nor days or weeks):
    "every second month"; nothing where they are. `periods` are in order and have no gaps."""
    if len(periods) < 3:
        return ""
    rhythm = rhythm_of(periods)
    usual = (1, 7) if rhythm.kind == "date" else (1,)
    if rhythm.step in usual:
        return ""
    return f"every {_ORDINALS.get(rhythm.step, f'{rhythm.step}th')} {_ONE[rhythm.kind]}"


def usually_apart(periods: Sequence[Period]) -> str:
    """How far apart most of a series' periods stand, where some are nearer: "2 months"."""
    if len(periods) < 2:
        return ""
    rhythm = rhythm_of(periods)
    most = mode(rhythm.place(after) - rhythm.place(before) for before, after in pairwise(periods))
    return f"{most} {_ONE[rhythm.kind]}s" if most > rhythm.step else ""


def _month(period: Period) -> Period:
    day = date.fromordinal(period.at)
    return Period("month", day.year * 12 + day.month - 1)


def _day(periods: Sequence[Period]) -> int | None:
    """The day of the month on which all dates are, 31 for its last; None where they are not."""
    if periods[0].kind != "date" or len(periods) < 2:
        return None
    days = [date.fromordinal(one.at) for one in periods]
    if all((day + timedelta(days=1)).day == 1 for day in days):
        return 31
    return days[0].day if len({day.day for day in days}) == 1 else None
