"""Scotland's published deaths: what the series say, in sentences computed from them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from opendcr.published import (
    Change,
    Figure,
    Source,
    change,
    lowest_since,
    registered_deaths,
    source,
    suspected_deaths,
)
from opendcr.published.figures import HALF_YEAR
from opendcr.published.series import figure
from opendcr.web.insight.chart import Chart, line_chart
from opendcr.web.insight.wording import count, count_more, linked

TURNING_POINT = "2022"  # the year of which the news said that it was the lowest since 2017
HALVES = ("2022H1", "2023H1")


@dataclass(frozen=True)
class PublishedRow:
    """One row of a published table: a period, its figure, the change, a note, where it is from."""

    period: str
    value: str
    change: str | None
    note: str
    source: SafeString


@dataclass(frozen=True)
class Registered:
    """The yearly series of registered deaths: what it says, its chart, and the table behind it."""

    title: str
    chart: Chart
    rows: tuple[PublishedRow, ...]
    source: Source

    @property
    def described(self) -> str:
        """The chart in words, for whoever does not see it."""
        first, last = self.rows[0], self.rows[-1]
        highest = max(registered_deaths(), key=lambda one: one.value)
        return (
            f"A line by year from {first.period} ({first.value}) to {last.period} ({last.value}); "
            f"the highest is {highest.period}, with {count(highest.value)}. "
            "Every figure is in the table below."
        )


@dataclass(frozen=True)
class Suspected:
    """Two half-years of suspected deaths: another series, in words of its own."""

    sentence: str
    rows: tuple[PublishedRow, ...]
    source: Source


def registered() -> Registered:
    """Deaths registered in Scotland, by year."""
    series = registered_deaths()
    values = {int(one.period): one.value for one in series}
    first, last = min(values), max(values)
    peak = max(values, key=lambda year: values[year])
    turn = int(TURNING_POINT)
    base = int(lowest_since(series, TURNING_POINT) or first)
    return Registered(
        title=title_of(series),
        chart=line_chart(values, {first, base, peak, turn, last}),
        rows=_by_year(series),
        source=source("nrs_drug_deaths_scotland"),
    )


def suspected() -> Suspected:
    """Suspected deaths in the first halves of two years."""
    series = suspected_deaths(HALF_YEAR)
    moved = change(series, *HALVES)
    return Suspected(half_years(moved), _of_halves(moved), source("suspected_drug_deaths"))


def title_of(series: Sequence[Figure]) -> str:
    """What the series says of the turning point and of its latest year."""
    latest = max(series, key=lambda one: one.period).period
    told = [_lowest(series, period) for period in dict.fromkeys((TURNING_POINT, latest))]
    return "Drug misuse deaths registered in Scotland: " + "; ".join(told)


def half_years(moved: Change) -> str:
    """What changed from one half-year to the next, in words."""
    more = "more" if moved.difference >= 0 else "fewer"
    percent = f" ({abs(moved.percent):.0f} percent)" if moved.percent is not None else ""
    return (
        f"{count(moved.later.value)} suspected deaths in {half(moved.later.period)}: "
        f"{count(abs(moved.difference))} {more}{percent} than the {count(moved.earlier.value)} in "
        f"{half(moved.earlier.period)}."
    )


def half(period: str) -> str:
    """January to June 2023, of `2023H1`."""
    months = "January to June" if period.endswith("H1") else "July to December"
    return f"{months} {period[:4]}"


def _lowest(series: Sequence[Figure], period: str) -> str:
    since = lowest_since(series, period)
    value = count(figure(series, period).value)
    return f"{period} ({value}) was the lowest " + (f"since {since}" if since else "on record here")


def _by_year(series: Sequence[Figure]) -> tuple[PublishedRow, ...]:
    before = [None, *series][: len(series)]
    return tuple(
        _row(one.period, one, count_more(one.value - earlier.value) if earlier else None)
        for one, earlier in zip(series, before, strict=True)
    )


def _of_halves(moved: Change) -> tuple[PublishedRow, ...]:
    earlier, later = moved.earlier, moved.later
    return (
        _row(half(earlier.period), earlier, None),
        _row(half(later.period), later, count_more(moved.difference)),
    )


def _row(period: str, one: Figure, moved: str | None) -> PublishedRow:
    return PublishedRow(period, count(one.value), moved, one.note, linked(one.source_url))
