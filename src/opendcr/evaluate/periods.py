"""Periods: years and other whole numbers, months, quarters, dates."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
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
_ORDINALS = {2: "second", 3: "third"}


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

    def after(self, steps: int) -> "Period":
        """The period so many of its own units later."""
        return Period(self.kind, self.at + steps)


def no_period(text: str) -> tuple[str, str]:
    """What a text that is no period is, and what it should be."""
    if _OTHER.fullmatch(text):
        return f"{shown(text)}, a date of another form", "YYYY-MM-DD, or YYYY-MM for a month"
    return shown(text), EXPECTED


def kinds(periods: Iterable[Period]) -> str:
    """The kinds of some periods, in words."""
    return " and ".join(sorted({_WRITES[one.kind] for one in periods}))


def absent(periods: Sequence[Period]) -> tuple[Period, ...]:
    """The periods that a regular series of these would also have; `periods` are in order.

    Dates on one day of the month, or on its last, are a series of months; the step of any other
    series is the greatest that all its steps are multiples of, so that fortnights are not taken for
    days with gaps.
    """
    line = _line(periods)
    step, there = _step(line), {one.at for one in line}
    if not step:
        return ()
    return tuple(
        Period(line[0].kind, at) for at in range(line[0].at, line[-1].at, step) if at not in there
    )


def spacing(periods: Sequence[Period]) -> str:
    """How far apart a series' periods stand, where these are not consecutive (nor days or weeks):
    "every second month"; nothing where they are. `periods` are in order and have no gaps."""
    line = _line(periods)
    step = _step(line)
    usual = (0, 1, 7) if line[0].kind == "date" else (0, 1)
    return "" if step in usual else f"every {_ORDINALS.get(step, f'{step}th')} {_ONE[line[0].kind]}"


def usually_apart(periods: Sequence[Period]) -> str:
    """How far apart most of a series' periods stand, where some are nearer: "2 months"."""
    line = _line(periods)
    steps = [after.at - before.at for before, after in pairwise(line)]
    most = mode(steps) if steps else 0
    return f"{most} {_ONE[line[0].kind]}s" if most > _step(line) else ""


def _step(line: Sequence[Period]) -> int:
    """The greatest step of which all are multiples; 0 where there are too few to tell."""
    return gcd(*(after.at - before.at for before, after in pairwise(line))) if len(line) > 2 else 0


def _line(periods: Sequence[Period]) -> list[Period]:
    return [_month(one) for one in periods] if _monthly(periods) else list(periods)


def _month(period: Period) -> Period:
    day = date.fromordinal(period.at)
    return Period("month", day.year * 12 + day.month - 1)


def _monthly(periods: Sequence[Period]) -> bool:
    if periods[0].kind != "date":
        return False
    days = [date.fromordinal(one.at) for one in periods]
    last = all((day + timedelta(days=1)).day == 1 for day in days)
    return last or len({day.day for day in days}) == 1
