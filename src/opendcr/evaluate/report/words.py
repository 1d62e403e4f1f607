"""Numbers of a report in words: per cent, counts, rates on a readable scale, intervals, p-values."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, inf, isclose, isfinite, log10
from statistics import median

from opendcr.evaluate.decision import holds, outwards
from opendcr.evaluate.estimate import Estimate, Interval, p_figure

UNKNOWN, NOT_GIVEN = "not known", "not given"
NBSP = "\N{NO-BREAK SPACE}"  # between a number and its unit, and within an interval
NONE = f"no{NBSP}interval"
_NEGATIVE = re.compile(r"(?<![\w.)-])-(?=[\d.])")
_NOTHING = 1e-12  # what arithmetic leaves of nothing
_SMALL, _PER_CENT = 0.01, 0.01
_POPULATION = 10_000  # from this exposure on, people read rates per 100,000
_FACTORS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)


@dataclass(frozen=True)
class Scale:
    """What rates are multiplied by to be read, and the unit then, in words."""

    factor: float
    words: str

    def figure(self, value: float | None) -> str:
        """A rate or another outcome on this scale."""
        return UNKNOWN if value is None else figure(value * self.factor)

    def signed(self, value: float | None) -> str:
        """A difference on this scale."""
        return UNKNOWN if value is None else signed(value * self.factor)

    def between(self, bounds: Interval | None) -> str:
        """An interval of differences on this scale."""
        return counts(
            None if bounds is None else (bounds[0] * self.factor, bounds[1] * self.factor)
        )


def scale_of(estimate: Estimate, outcome: str, exposure: str | None = None) -> Scale:
    """The scale on which an estimate's rates are read.

    The outcome as it is where there is no exposure, or for each cell where cells are counted; per
    100,000 of a population, or more where that is hardly one event in ten; else the least power of ten at which a usual rate is at least one.
    """
    known = [one for one in estimate.effect if one.observed_count and one.observed > 0]
    if not known:
        return Scale(1, outcome)
    rate = median(one.observed for one in known)
    sizes = [(one.observed_count or 0) / one.observed for one in known]
    if exposure is None and all(isclose(one, 1) for one in sizes):
        return Scale(1, outcome)  # counts of one cell
    size = median(sizes)
    least, enough = (100_000, 0.1) if size >= _POPULATION else (1, 1.0)
    fitting = (one for one in _FACTORS if one >= least and one * rate >= enough)
    factor = next(fitting, _FACTORS[-1])
    per = f"{factor:,} " if factor > 1 else ""
    return Scale(factor, f"{outcome} per {per}{exposure or 'cell'}")


def figure(value: float) -> str:
    """A number for people: about three figures, thousands with commas."""
    size = abs(value)
    if size < _NOTHING:
        return "0"
    text = f"{value:,.{_digits(size)}f}" if size >= _SMALL else f"{value:#.2g}"
    return _minus(text)


def _digits(size: float) -> int:
    """The decimals of a number for people."""
    if size < _SMALL:
        return 1 - floor(log10(size))
    return 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3


def _outer(value: float, way: Callable[[float], int]) -> float:
    """An end of an interval as `figure` writes it, rounded the way that it lies (floor or ceil)."""
    if abs(value) < _NOTHING or not isfinite(value):
        return value
    step = 10.0 ** -_digits(abs(value))
    # What stands a hair beside a step by the arithmetic alone stays on it.
    inwards = 1e-9 if way is floor else -1e-9
    return way(value / step + inwards) * step


def in_text(value: float) -> str:
    """A number in a sentence: as it is where it is whole, else for people."""
    return count(value) if value == round(value) else figure(value)


def signed(value: float) -> str:
    """A difference, with its sign."""
    text = figure(value)
    return f"+{text}" if value > 0 else text


def count(value: float | None) -> str:
    """A count: whole where it is, else to one decimal."""
    if value is None:
        return UNKNOWN
    return _minus(f"{value:,.0f}" if value == round(value) else f"{value:,.1f}")


def percent(share: float) -> str:
    """A relative effect in per cent, with its sign."""
    return "no bound" if share == inf else _minus(f"{100 * share:+.1f}{NBSP}%")


def percents(bounds: Interval | None) -> str:
    """An interval of a relative effect, rounded outwards, as sentences have it."""
    return NONE if bounds is None else _between(*map(percent, outwards(bounds)))


def fine_percents(share: float, bounds: Interval | None) -> str:
    """A relative change and its interval: finer than in tenths of a per cent, which may not tell it
    from none, where all of it is under one per cent."""
    if max(abs(one) for one in (share, *(bounds or ()))) >= _PER_CENT:
        return f"{percent(share)} ({percents(bounds)})"
    each = [signed(100 * share), *(_ends((100 * bounds[0], 100 * bounds[1])) if bounds else ())]
    point, *ends = [f"{one}{NBSP}%" for one in each]
    return f"{point} ({_between(*ends) if ends else NONE})"


def counts(bounds: Interval | None) -> str:
    """An interval of differences, rounded outwards."""
    return NONE if bounds is None else _between(*_ends(bounds))


def _ends(bounds: Interval) -> tuple[str, str]:
    return signed(_outer(bounds[0], floor)), signed(_outer(bounds[1], ceil))


def confidence(level: float) -> str:
    """What an interval holds, by two figures of what it leaves out: "95 %", "99.69 %"."""
    return holds(level).replace(" ", NBSP)


def p_words(estimate: Estimate) -> str:
    """A p-value, never without the least that it could have been."""
    if estimate.p_value is None:
        return NOT_GIVEN
    value, floor = p_figure(estimate.p_value), estimate.p_floor
    if floor is None:
        return f"{value} (no{NBSP}floor)"
    return f"{value} (floor{NBSP}{p_figure(floor)})"


def minuses(text: str) -> str:
    """A text with minus signs before its negative numbers, as tables have them, and hyphens left in
    dates and ranges."""
    return _NEGATIVE.sub("−", text)


def _between(low: str, high: str) -> str:
    return f"{low} to {high}".replace(" ", NBSP)


def _minus(text: str) -> str:
    return text.replace("-", "−")
