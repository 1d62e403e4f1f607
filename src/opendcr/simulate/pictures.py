"""Pictures of a simulated room by clock hour: what each shows, its numbers, and the drawing (SVG).

A drawing takes its colours from its classes (`picture`, `bar bar-1` and so on), which whoever shows
it sets, in light and dark; its numbers stand beside it in a table.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from opendcr.simulate.kernel import counts
from opendcr.simulate.kernel.replications import by_hour
from opendcr.simulate.kernel.tables import CLOSES, OPENS, Whole, assumed
from opendcr.simulate.scenario import MINUTE, Scenario

REPLICATIONS = 20  # from which the hours are read
WIDTH, HEIGHT = 960, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 40, 36
STEPS = 4  # of the upright axis, at most

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Hours:
    """Sums by clock hour of each replication (replication × hour × `counts.BY_HOUR`), and how long
    the room was open in each hour of one of them (milliseconds)."""

    counted: Whole
    open: Whole

    @property
    def replications(self) -> int:
        """How many replications they are of."""
        return len(self.counted)

    @property
    def sums(self) -> Whole:
        """The sums of all replications: hour × `counts.BY_HOUR`."""
        return np.asarray(self.counted.sum(axis=0))

    def each(self, figure: int) -> Real:
        """A sum by hour, for one replication."""
        return np.asarray(self.sums[:, figure] / self.replications)

    @property
    def seen(self) -> list[int]:
        """The clock hours in which the room is open."""
        return [int(hour) for hour in np.flatnonzero(self.open)]


def hours_of(scenario: Scenario, seed: int, replications: int = REPLICATIONS) -> Hours:
    """The hours of a room."""
    room = assumed(scenario)
    each = [by_hour(room, seed, number) for number in range(replications)]
    opened = np.zeros((24, 1), dtype=np.int64)
    for day in range(len(room.days)):
        counts.spread(room.days, room.spans, day, room.days[day, OPENS], room.days[day, CLOSES],
                      opened, 0)  # fmt: skip
    return Hours(np.stack(each), opened[:, 0])


@dataclass(frozen=True)
class Picture:
    """Bars by clock hour, of one or several things that stand on each other."""

    title: str
    unit: str
    hours: tuple[int, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]

    @property
    def top(self) -> float:
        """The highest bar."""
        return max(
            (sum(values) for values in zip(*(one for _, one in self.series), strict=True)),
            default=0.0,
        )


def pictures(hours: Hours, places: int) -> tuple[Picture, ...]:
    """Waiting, places in use, who goes without a place and when, staff held by emergencies."""
    came = np.maximum(hours.each(counts.H_ARRIVALS), 1e-12)
    opened = np.maximum(hours.open.astype(np.float64), 1e-12)
    seen = tuple(hours.seen)

    def picture(title: str, unit: str, *series: tuple[str, Real]) -> Picture:
        named = tuple(
            (name, tuple(float(values[hour]) for hour in seen)) for name, values in series
        )
        return Picture(title, unit, seen, named)

    return (
        picture(
            "Mean wait, by the hour of arrival",
            "minutes",
            ("wait of all who come to use", hours.each(counts.H_WAIT) / came / MINUTE),
        ),
        picture(
            f"Places in use, of {places}",
            "places, on average in the hour",
            ("in use", hours.each(counts.H_USED) / opened),
            ("not ready", hours.each(counts.H_NOT_READY) / opened),
        ),
        picture(
            "Who goes without a place, by the hour of arrival",
            "percent of those who come then",
            ("gave up waiting", 100 * hours.each(counts.H_LEFT) / came),
            ("found the queue full", 100 * hours.each(counts.H_TURNED_AWAY) / came),
            ("sent away at closing", 100 * hours.each(counts.H_SENT_AWAY) / came),
        ),
        picture(
            "Staff held by emergencies",
            "staff, on average in the hour",
            ("held", hours.each(counts.H_HELD) / opened),
        ),
    )


def svg(picture: Picture) -> str:
    """The drawing of a picture; it names itself, and its table says the same."""
    step = _round_step(picture.top / STEPS)
    top = step * max(1, math.ceil(picture.top / step - 1e-9))
    across = (WIDTH - LEFT - RIGHT) / max(len(picture.hours), 1)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / top

    parts = [
        f'<svg class="picture" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(picture.title)}, {escape(picture.unit)}">'
    ]
    for level in range(round(top / step) + 1):
        value = level * step
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
            f'<text class="tick" x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
        )
    for at, hour in enumerate(picture.hours):
        x, base = LEFT + at * across, 0.0
        for number, (name, values) in enumerate(picture.series, 1):
            if values[at] > 0:
                high = y(base) - y(base + values[at])
                parts.append(
                    f'<rect class="bar bar-{number}" x="{x + across * 0.12:.1f}" '
                    f'y="{y(base + values[at]):.1f}" width="{across * 0.76:.1f}" height="{high:.1f}">'
                    f"<title>{hour}:00, {escape(name)}: {figure(values[at])}</title></rect>"
                )
            base += values[at]
        parts.append(
            f'<text class="tick" x="{x + across / 2:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{hour}</text>'
        )
    parts.append(_labels(picture))
    return "".join([*parts, "</svg>"])


def _labels(picture: Picture) -> str:
    """What each colour is, in a row over the bars; nothing where there is one."""
    if len(picture.series) < 2:
        return ""
    parts, x = [], float(LEFT)
    for number, (name, _) in enumerate(picture.series, 1):
        parts.append(
            f'<rect class="bar bar-{number}" x="{x:.0f}" y="12" width="14" height="14"/>'
            f'<text class="label" x="{x + 20:.0f}" y="24">{escape(name)}</text>'
        )
        x += 44 + 8.5 * len(name)
    return "".join(parts)


def figure(value: float) -> str:
    """A number of a picture for people."""
    if value == 0:
        return "0"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.01 else "< 0.01"


def _round_step(least: float) -> float:
    """The least of 1, 2, 5, 10 and so on (and their parts) that is not under `least`."""
    if least <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(least))
    return float(next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least))


def table(picture: Picture) -> Sequence[tuple[str, ...]]:
    """The numbers of a picture: a heading, and a row for each hour."""
    heading = ("hour", *(name for name, _ in picture.series))
    rows = [
        (f"{hour}:00", *(figure(values[at]) for _, values in picture.series))
        for at, hour in enumerate(picture.hours)
    ]
    return [heading, *rows]
