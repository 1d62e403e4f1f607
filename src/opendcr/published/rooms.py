"""What other rooms printed about themselves: places, hours, visits, overdoses.

Rooms count differently: a visit may be one without an injection, an overdose any intervention.
Read a figure's note before setting it beside another's.
"""

import re
from dataclasses import dataclass
from functools import cache

from opendcr.published.figures import rows_of

FILE = "other_rooms"
SYDNEY = "Sydney MSIC (Kings Cross)"
MELBOURNE = "Melbourne MSIR (North Richmond)"
VANCOUVER = "Vancouver Insite"
DUBLIN = "Dublin Merchants Quay Ireland (Riverbank)"

_SPAN = re.compile(r"(\d{2}):(\d{2})-(\d{2}):(\d{2})")


@dataclass(frozen=True)
class RoomFigure:
    """One thing that a room, or somebody about it, printed.

    `since` and `until` are dates, empty where they are not known or not over. `printed` is a
    number, or a text such as the opening hours (`08:30-12:30 15:00-19:00`).
    """

    site: str
    country: str
    since: str
    until: str
    measure: str
    printed: str
    unit: str
    note: str
    source_url: str

    @property
    def value(self) -> float:
        """The number; ValueError where a text was printed."""
        return float(self.printed)

    @property
    def open_hours(self) -> float:
        """How long opening hours last, one that ends after midnight included; ValueError where
        none were printed."""
        spans = self.printed.split()
        found = [_SPAN.fullmatch(one) for one in spans]
        if not spans or None in found:
            raise ValueError(f"{self.site}, {self.measure}: '{self.printed}' is no opening hours")
        return sum(_length(*map(int, one.groups())) for one in found if one) / 60


@cache
def other_rooms() -> tuple[RoomFigure, ...]:
    """Every figure of Sydney, Melbourne, Vancouver and Dublin that ships, room by room."""
    return tuple(
        RoomFigure(
            row["site"],
            row["country"],
            row["period_start"],
            row["period_end"],
            row["measure"],
            row["value"],
            row["unit"],
            row["note"],
            row["source_url"],
        )
        for row in rows_of(FILE)
    )


def room_figure(
    site: str, measure: str, since: str | None = None, until: str | None = None
) -> RoomFigure:
    """The one figure of a room that fits; KeyError where there is none, or more than one."""
    found = [
        one
        for one in other_rooms()
        if (one.site, one.measure) == (site, measure)
        and since in (None, one.since)
        and until in (None, one.until)
    ]
    if len(found) != 1:
        raise KeyError(f"{site}, {measure}, {since or 'any'} to {until or 'any'}: {len(found)}")
    return found[0]


def _length(hour: int, minute: int, until_hour: int, until_minute: int) -> int:
    """Minutes from one clock time to the next such time."""
    return (60 * (until_hour - hour) + until_minute - minute) % (24 * 60)
