"""Pictures of a simulated room by clock hour and weekday: what each shows, its numbers, and the
drawing (SVG).

A drawing takes its colours from its classes (`picture`, `bar bar-1` and so on), which whoever shows
it sets, in light and dark; its numbers stand beside it in a table.
"""

import calendar
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from opendcr.simulate.kernel import counts
from opendcr.simulate.kernel.replications import by_hour
from opendcr.simulate.kernel.tables import Assumed, Whole, assumed
from opendcr.simulate.results import reach_of
from opendcr.simulate.scenario import MINUTE, Scenario
from opendcr.simulate.uncertain import Assumptions

REPLICATIONS = 20  # from which the hours are read
DRAWS = 60  # of inputs that are not known, from which they are read
WIDTH, HEIGHT = 960, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 40, 36
STEPS = 4  # of the upright axis, at most
WEEKDAYS = tuple(calendar.day_name)

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Parts:
    """A room by the parts of a day or of a week: what was counted in each (replication × part ×
    `counts.BY_HOUR`), and how long the room was open in it in one replication (milliseconds)."""

    names: tuple[str, ...]
    counted: Whole
    open: Real

    def each(self, figure: int) -> Real:
        """A sum by part, for one replication."""
        return np.asarray(self.counted[:, :, figure].mean(axis=0))

    @property
    def seen(self) -> list[int]:
        """The parts in which the room is open."""
        return [int(part) for part in np.flatnonzero(self.open)]


@dataclass(frozen=True)
class Hours:
    """Sums by weekday and clock hour of each replication (replication × weekday × hour ×
    `counts.BY_HOUR`), and how long the room was open in each in one of them (milliseconds,
    weekday × hour). `drawn` says that each replication is of another draw of the inputs."""

    counted: Whole
    open: Real
    drawn: bool = False

    @property
    def of_day(self) -> Parts:
        """By clock hour."""
        names = tuple(f"{hour}:00" for hour in range(24))
        return Parts(names, self.counted.sum(axis=1), self.open.sum(axis=0))

    @property
    def of_week(self) -> Parts:
        """By weekday."""
        return Parts(WEEKDAYS, self.counted.sum(axis=2), self.open.sum(axis=1))

    @property
    def origin(self) -> str:
        """What the numbers are means of, in words."""
        count = len(self.counted)
        if self.drawn:
            return f"mean of {count} draws of the inputs, a replication of each"
        return f"mean of {count} replications"


def hours_of(scenario: Scenario, seed: int, replications: int = REPLICATIONS) -> Hours:
    """The hours of a room."""
    room = assumed(scenario)
    each = [by_hour(room, seed, number) for number in range(replications)]
    return Hours(np.stack(each), _opened(room))


def hours_of_draws(assumptions: Assumptions, seed: int, draws: int = DRAWS) -> Hours:
    """The hours of a room whose inputs are not all known: a replication of each of so many draws."""
    rooms = [assumed(assumptions.drawn(seed, draw)) for draw in range(draws)]
    each = [by_hour(room, seed, draw) for draw, room in enumerate(rooms)]
    opened = np.mean([_opened(room) for room in rooms], axis=0)
    return Hours(np.stack(each), opened, drawn=True)


def _opened(room: Assumed) -> Real:
    """How long a room is open by weekday and clock hour, in one replication (milliseconds)."""
    opened = np.zeros((counts.WEEK_HOURS, 1), dtype=np.int64)
    counts.spread_open(room.days, room.spans, opened, 0)
    return opened.reshape(7, 24).astype(np.float64)


@dataclass(frozen=True)
class Picture:
    """Bars by the parts of a day or a week, of one or several things that stand on each other.

    `reach` is how far the 95 % interval of the whole bar goes to each side; none where it is empty.
    """

    title: str
    unit: str
    by: str  # what the parts are
    parts: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    reach: tuple[float, ...] = ()

    @property
    def wholes(self) -> tuple[float, ...]:
        """How high each bar is."""
        return tuple(sum(values) for values in zip(*(one for _, one in self.series), strict=True))

    @property
    def top(self) -> float:
        """The highest bar, with its interval."""
        reach = self.reach or (0.0,) * len(self.wholes)
        return max((one + more for one, more in zip(self.wholes, reach, strict=True)), default=0.0)


WITHOUT = (
    ("gave up waiting", counts.H_LEFT),
    ("found the queue full", counts.H_TURNED_AWAY),
    ("sent away at closing", counts.H_SENT_AWAY),
)


def pictures(hours: Hours, places: int) -> tuple[Picture, ...]:
    """Waiting, places in use, who goes without a place and when, staff held by emergencies."""
    day, week = hours.of_day, hours.of_week
    used = (("in use", counts.H_USED), ("not ready", counts.H_NOT_READY))
    come = counts.H_ARRIVALS
    return (
        _picture(day, "Mean wait, by the hour of arrival", "minutes", "hour",
                 (("wait of all who come to use", counts.H_WAIT),), come, 1 / MINUTE),
        _picture(day, f"Places in use, of {places}", "places, on average in the hour", "hour", used),
        _picture(day, "Who goes without a place, by the hour of arrival",
                 "percent of those who come then", "hour", WITHOUT, come, 100),
        _picture(week, "Who goes without a place, by weekday", "percent of those who come then",
                 "weekday", WITHOUT, come, 100),
        _picture(day, "Staff held by emergencies", "staff, on average in the hour", "hour",
                 (("held", counts.H_HELD),)),
    )  # fmt: skip


def _picture(
    parts: Parts,
    title: str,
    unit: str,
    by: str,
    series: Sequence[tuple[str, int]],
    per: int | None = None,
    scale: float = 1.0,
) -> Picture:
    """Totals over another figure `per` part, or over its opening time where that is None."""
    seen = parts.seen
    rows = parts.counted[:, seen].astype(np.float64)
    below = rows[:, :, per] if per is not None else np.tile(parts.open[seen], (len(rows), 1))
    mean = np.maximum(below.mean(axis=0), 1e-12)
    named = tuple(
        (name, tuple((scale * rows[:, :, figure].mean(axis=0) / mean).tolist()))
        for name, figure in series
    )
    whole = rows[:, :, [figure for _, figure in series]].sum(axis=2)
    apart = (whole - whole.mean(axis=0) / mean * below) / mean  # the delta method
    count = len(rows)
    reach: tuple[float, ...] = ()
    if count > 1:
        error = apart.std(axis=0, ddof=1) / math.sqrt(count)
        reach = tuple(scale * reach_of(float(one), count) for one in error)
    return Picture(title, unit, by, tuple(parts.names[at] for at in seen), named, reach)


def svg(picture: Picture) -> str:
    """The drawing of a picture; it names itself, and its table says the same."""
    step = _round_step(picture.top / STEPS)
    top = step * max(1, math.ceil(picture.top / step - 1e-9))
    across = (WIDTH - LEFT - RIGHT) / max(len(picture.parts), 1)

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
    for at, part in enumerate(picture.parts):
        x, base = LEFT + at * across, 0.0
        for number, (name, values) in enumerate(picture.series, 1):
            if values[at] > 0:
                high = y(base) - y(base + values[at])
                parts.append(
                    f'<rect class="bar bar-{number}" x="{x + across * 0.12:.1f}" '
                    f'y="{y(base + values[at]):.1f}" width="{across * 0.76:.1f}" height="{high:.1f}">'
                    f"<title>{escape(part)}, {escape(name)}: {figure(values[at])}</title></rect>"
                )
            base += values[at]
        middle = x + across / 2
        if picture.reach and picture.reach[at] > 0:
            low, high = max(base - picture.reach[at], 0.0), base + picture.reach[at]
            parts.append(
                f'<path class="interval" d="M{middle:.1f} {y(low):.1f}V{y(high):.1f}'
                f'M{middle - 4:.1f} {y(low):.1f}h8M{middle - 4:.1f} {y(high):.1f}h8"/>'
            )
        parts.append(
            f'<text class="tick" x="{middle:.1f}" y="{HEIGHT - 12}" text-anchor="middle">'
            f"{escape(part.removesuffix(':00'))}</text>"
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
    """The numbers of a picture: a heading, and a row for each part."""
    heading = [picture.by, *(name for name, _ in picture.series)]
    if picture.reach:
        heading.append("95 % interval")
    rows = []
    for at, part in enumerate(picture.parts):
        row = [part, *(figure(values[at]) for _, values in picture.series)]
        if picture.reach:
            whole, reach = picture.wholes[at], picture.reach[at]
            row.append(f"{figure(max(whole - reach, 0.0))} to {figure(whole + reach)}")
        rows.append(tuple(row))
    return [tuple(heading), *rows]
