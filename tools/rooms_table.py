"""What the room model says of other rooms, as the tables of docs/methods/rooms.md.

    python -m tools.rooms_table            print both tables
    python -m tools.rooms_table --write    put them into the document

The first table is arithmetic from published figures alone. The second simulates the files of
examples/rooms, with seed 1, 200 draws of what is not known and 4 replications of each: about a minute.
"""

import argparse
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from opendcr.published import room_figure
from opendcr.published.rooms import DUBLIN, MELBOURNE, SYDNEY, VANCOUVER
from opendcr.simulate.kernel import counts
from opendcr.simulate.kernel.replications import by_hour
from opendcr.simulate.kernel.tables import assumed
from opendcr.simulate.simulated import Simulated, simulated
from opendcr.simulate.uncertain import Assumptions, read_assumptions

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "methods" / "rooms.md"
SEED, DRAWS, REPLICATIONS = 1, 200, 4
HOURS_SEEN = 20  # replications from which the hours are read
NORMAL = 1.96  # standard errors to each side of a 95 % interval
AS_ELSEWHERE = (15.0, 45.0)  # minutes of the mean time in the booth, where no source bounds them

_BLOCK = re.compile(
    r"(?P<open><!-- made by tools.rooms_table: (?P<name>\w+) -->\n)(?P<body>.*?)"
    r"(?P<close><!-- end: (?P=name) -->)",
    re.DOTALL,
)

Lines = list[str]


@dataclass(frozen=True)
class Load:
    """A room in a period, from published figures alone: `hours` and `visits` are of a day."""

    room: str
    period: str
    places: float
    hours: float
    visits: float

    @property
    def minutes(self) -> float:
        """Of one place for each visit: the most that a visit can hold a place for on average, the
        time to make it ready included, if all who come are served in opening hours."""
        return self.places * self.hours * 60 / self.visits

    @property
    def each(self) -> float:
        """Places in use on average for each minute that a visit holds one."""
        return self.places / self.minutes


def loads() -> tuple[Load, ...]:
    """Each room and period of which places, hours and visits were found."""
    found = room_figure
    seats = found(SYDNEY, "injecting_booths").value
    injections = found(SYDNEY, "injections").value / 6023  # 6 May 2001 to 31 October 2017
    small = found(MELBOURNE, "injecting_places", "2018-06-30").value
    large = found(MELBOURNE, "injecting_places", "2019-07-07").value
    first = found(MELBOURNE, "visits", until="2019-06-30").value
    second = found(MELBOURNE, "visits", until="2019-12-31").value - first
    booths = found(VANCOUVER, "injecting_places", "2015-07-20").value
    open_hours = found(VANCOUVER, "opening_hours").open_hours
    years = [(year, _of_insite(year)) for year in ("2012", "2016", "2017")]
    dublin = found(DUBLIN, "consumption_episodes").value / 182  # 22 December 2024 to 21 June 2025
    return (
        Load("Sydney, one at a booth, 8 h", "2001 to 2017", seats, 8, injections),
        Load("Sydney, two at a booth, 16 h", "2001 to 2017", 2 * seats, 16, injections),
        Load("Melbourne", "first year", small, week(MELBOURNE, "2019-02-22") / 7, first / 365),
        Load("Melbourne", "April 2019", small, week(MELBOURNE, "2019-02-22") / 7,
             found(MELBOURNE, "visits_per_day").value),
        Load("Melbourne, larger room", "July to December 2019", large,
             week(MELBOURNE, "2019-07-07") / 7, second / 184),
        *(Load("Vancouver", year, booths, open_hours, visits) for year, visits in years),
        Load("Dublin", "first six months", found(DUBLIN, "injecting_places").value,
             week(DUBLIN, "2024-12-22") / 7, dublin),
    )  # fmt: skip


def week(site: str, since: str) -> float:
    """Open hours in a week."""
    weekday, weekend = (
        room_figure(site, f"opening_hours_{days}", since).open_hours
        for days in ("weekday", "weekend")
    )
    return 5 * weekday + 2 * weekend


def _of_insite(year: str) -> float:
    return room_figure(VANCOUVER, "injection_room_visits_per_day", f"{year}-01-01").value


def arithmetic() -> Lines:
    """What the published figures leave for each visit."""
    head = ("room", "period", "places", "open a day", "visits a day", "minutes of a place for each",
            "in use if a visit holds one 20 min")  # fmt: skip
    rows = (
        (one.room, one.period, f"{one.places:.0f}", f"{one.hours:.1f} h", f"{one.visits:.0f}",
         f"{one.minutes:.1f}", f"{20 * one.each:.1f} of {one.places:.0f}")
        for one in loads()
    )  # fmt: skip
    return _table(head, rows)


@dataclass(frozen=True)
class Room:
    """A column of the second table: a scenario, what was published beside it, and by how many hours
    its clock is early."""

    title: str
    read: Assumptions
    places: str
    hours: str
    visits: str
    overdoses: str
    early: int = 0


def rooms() -> tuple[Room, ...]:
    """The files of examples/rooms; and Vancouver as if its booths took what others are assumed to."""
    sydney, melbourne, vancouver, dublin = (
        read_assumptions(ROOT / "examples" / "rooms" / f"{name}.toml")
        for name in ("sydney", "melbourne", "vancouver", "dublin")
    )
    insite = ("12", "18 a day", "514", "1,781 in 2016")
    return (
        Room("Sydney", sydney, "8 booths of 2 seats", "not found (8 to 16 assumed)", "166",
             "7,428 in 16.5 years"),
        Room("Melbourne, first year", melbourne, "11", "71 a week", "169", "1,232 in the year"),
        Room("Vancouver, 2016", vancouver, *insite, early=3),
        Room("Dublin, six months", dublin, "7", "54 a week", "22", "59 in the six months"),
        Room("Vancouver, if as assumed elsewhere", _elsewhere(vancouver), *insite, early=3),
    )  # fmt: skip


def _elsewhere(read: Assumptions) -> Assumptions:
    """A scenario with the time in the booth that is assumed where no source bounds it."""
    inputs = tuple(
        replace(one, numbers=AS_ELSEWHERE) if one.key == ("episode", "mean") else one
        for one in read.inputs
    )
    return replace(read, inputs=inputs)


def simulation() -> Lines:
    """What the model makes of them: a mean, ± what chance would do, and (what the inputs may do)."""
    columns = [_column(room) for room in rooms()]
    head = ("", *(room.title for room in rooms()))
    return _table(head, ((name, *(one[name] for one in columns)) for name in columns[0]))


def _column(room: Room) -> Mapping[str, str]:
    found = simulated(room.read, SEED, REPLICATIONS, DRAWS)
    days = found.moments.mean("days") / found.moments.mean("replications")
    used = found.moments.mean("used") / found.moments.mean("open")
    return {
        "published: places": room.places,
        "published: open, hours": room.hours,
        "published: visits a day": room.visits,
        "published: overdoses": room.overdoses,
        "people who come a day": _cell(
            found, "arrivals", lambda one: f"{one / days:.1f}", 1 / days
        ),
        "of them start to use": _cell(found, "served", lambda one: f"{one / days:.1f}", 1 / days),
        "emergencies, in as many days": _cell(found, "emergencies", lambda one: f"{one:,.0f}"),
        "places in use on average": f"{used:.1f}",
        "of the places, in use, %": _cell(found, "occupancy", _figures, 100),
        "do not start at once, %": _cell(found, "probability_wait", _figures, 100),
        "give up, %": _cell(found, "probability_leave", _figures, 100),
        "mean wait, minutes": _cell(found, "mean_wait_minutes", lambda one: f"{one:.2g}"),
        "hour with most waits (of its people, %)": _hour(room),
    }


def _cell(found: Simulated, name: str, shown: Callable[[float], str], scale: float = 1.0) -> str:
    """A mean, the half-width of its Monte Carlo interval, and the range of the inputs."""
    mean, part = found.figures[name].mean or 0.0, found.parts[name]
    reach = f"{scale * NORMAL * part.monte_carlo_se:.1g}"
    low, high = (shown(max(one, 0.0)) for one in (part.low, part.high))
    return f"{shown(mean)} ± {reach} ({low} to {high})"


def _hour(room: Room) -> str:
    """The hour in which the largest share does not start at once, every input at its mean."""
    kept = assumed(room.read.expected)
    sums = np.sum([by_hour(kept, SEED, number) for number in range(HOURS_SEEN)], axis=0)
    came, waited = sums[:, counts.H_ARRIVALS], sums[:, counts.H_WAITED]
    share = np.divide(waited, came, out=np.zeros(len(came)), where=came > 0)
    hour = int(share.argmax())
    begins = (hour + room.early) % 24
    return f"{begins:02}:00 ({_figures(float(share[hour]))})"


def _figures(share: float) -> str:
    """A share in percent, with two figures where it is small."""
    percent = 100 * share
    if 0 < percent < 0.01:
        return "< 0.01"
    return f"{percent:.2g}" if percent < 10 else f"{percent:.0f}"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Lines:
    return ["| " + " | ".join(line) + " |" for line in (head, ("---",) * len(head), *rows)]


BLOCKS: Mapping[str, Callable[[], Lines]] = {"arithmetic": arithmetic, "simulation": simulation}


def rendered(text: str, blocks: Mapping[str, Callable[[], Lines]] = BLOCKS) -> str:
    """The text with each of these parts made anew."""
    return _BLOCK.sub(
        lambda block: (
            block["open"] + "\n".join(blocks[block["name"]]()) + "\n" + block["close"]
            if block["name"] in blocks
            else block[0]
        ),
        text,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The tables of docs/methods/rooms.md.")
    parser.add_argument("--write", action="store_true", help="put them into the document")
    if parser.parse_args().write:
        DOCUMENT.write_text(rendered(DOCUMENT.read_text()))
    else:
        print("\n".join([*arithmetic(), "", *simulation()]))
