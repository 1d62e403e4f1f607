"""A line chart as numbers for a template to draw: points, ticks, labels. No library, no script."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from opendcr.web.insight.wording import count

WIDTH, HEIGHT = 960, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 130, 40, 44
TICKS = 5  # steps of the upright axis, at most


@dataclass(frozen=True)
class Mark:
    """A place in the drawing, and the words that stand there; `anchor` as SVG names it."""

    x: float
    y: float
    words: str = ""
    anchor: str = "middle"


@dataclass(frozen=True)
class Chart:
    """A line with its axes. `labels` stand at the points that they tell of, instead of a legend."""

    line: str
    points: tuple[Mark, ...]
    labels: tuple[Mark, ...]
    ticks: tuple[Mark, ...]
    years: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


def line_chart(series: Mapping[int, float], labelled: Collection[int]) -> Chart:
    """A chart of values by year, from nothing up, with the values of some years written out."""
    step = round_step(max(series.values()) / TICKS)
    frame = _Frame(min(series), max(series), step * math.ceil(max(series.values()) / step))
    points = {year: frame.place(year, value) for year, value in sorted(series.items())}
    levels = [step * number for number in range(round(frame.top / step) + 1)]
    return Chart(
        line=" ".join(f"{x:.1f},{y:.1f}" for x, y in points.values()),
        points=tuple(Mark(*points[year]) for year in points if year in labelled),
        labels=tuple(frame.label(series, year) for year in points if year in labelled),
        ticks=tuple(Mark(LEFT - 10, frame.y(level), count(level), "end") for level in levels),
        years=tuple(
            Mark(frame.x(year), HEIGHT - 12, str(year)) for year in series if year % 4 == 0
        ),
    )


def round_step(least: float) -> float:
    """The least of 1, 2, 5, 10, 20, 50 and so on that is not under `least`."""
    power = 10 ** math.floor(math.log10(least))
    return float(next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least))


@dataclass(frozen=True)
class _Frame:
    """From years and values to places in the drawing."""

    first: int
    last: int
    top: float

    def x(self, year: int) -> float:
        span = max(self.last - self.first, 1)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (year - self.first) / span, 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top, 1)

    def place(self, year: int, value: float) -> tuple[float, float]:
        return self.x(year), self.y(value)

    def label(self, series: Mapping[int, float], year: int) -> Mark:
        """The words beside a point, on the side where the line is not."""
        x, y = self.place(year, series[year])
        words = f"{year}: {count(series[year])}"
        before, after = (series.get(year + step, series[year]) for step in (-1, 1))
        if year == self.last:
            return Mark(x + 10, y + 6, words, "start")
        if before > series[year] < after:
            return Mark(x + 4, y + 26, words, "end")
        if before < series[year] < after:
            return Mark(x + 8, y + 22, words, "start")
        return Mark(x, y - 14, words)
