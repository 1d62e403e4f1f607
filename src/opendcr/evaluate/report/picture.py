"""Figures of a study (SVG): observed beside expected, the gap between them, the rank of placebos.

Drawn here and not by a library: a figure must follow the page's light and dark, be said in words,
stand with its table, and cost no dependency of 80 MB.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from statistics import fmean
from textwrap import shorten

from opendcr.evaluate.decision import inside
from opendcr.evaluate.estimate import Estimate, PeriodEffect, Placebo
from opendcr.evaluate.panel import some
from opendcr.evaluate.periods import Kind, Period
from opendcr.evaluate.report import words
from opendcr.evaluate.report.content import Answer, Figure, Rows
from opendcr.evaluate.report.words import Scale

WIDTH, HEIGHT = 760, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 104, 44, 36
STEPS = 5  # of an axis, about
TICKS = 9  # periods named on the lower axis, at most
UNIT = 90  # characters of a unit in a drawing, whose caption has it whole
APART = 20  # px between two labels at the end of lines
FROM_ZERO = 0.5  # a least value under this share of the greatest: the axis begins at zero
_EQUAL = 1e-9  # in a rank: what arithmetic alone tells apart is alike
CLEAR = 14  # px between the middle of a word and a line
WORD = 48  # px to either side of the middle of a name in a drawing
STRIP, DOT = 34, 6.0  # height of the axis of a strip, and the radius of its dots

Values = Sequence[float | None]
_STEPS: dict[Kind, tuple[int, ...]] = {
    "number": (1, 2, 5, 10, 20, 50, 100, 200, 500),
    "month": (1, 3, 6, 12, 24, 60, 120, 240),
    "quarter": (1, 2, 4, 8, 20, 40, 80),
    "date": (),
}


@dataclass(frozen=True)
class Line:
    """A line of a chart: its class, and its name, which stands at its end."""

    kind: str
    values: Values
    name: str = ""


@dataclass(frozen=True)
class Chart:
    """Lines over periods, in the order in which they are drawn. `bands` bound what is not certain
    (None where that is not known); `start` is the index of the first period after, `nowcast` those
    of periods of which reports were still to come: hollow points of the last line."""

    unit: str
    times: tuple[str, ...]
    start: int
    lines: tuple[Line, ...]
    band: tuple[Values, Values] | None = None
    nowcast: tuple[int, ...] = ()

    @property
    def numbers(self) -> list[float]:
        """Everything that must be seen."""
        each = [line.values for line in self.lines] + list(self.band or ())
        return [one for values in each for one in values if one is not None]


@dataclass(frozen=True)
class Axis:
    """Values on a line of the drawing, from `low` at `begins` to `high` at `ends` (px)."""

    low: float
    high: float
    step: float
    begins: float
    ends: float

    @classmethod
    def over(cls, values: Iterable[float], begins: float, ends: float) -> "Axis":
        """An axis with round steps over some values; from zero unless all are far from it."""
        known = list(values)
        least, most = min(known), max(known)
        if 0 < least < FROM_ZERO * most or least == most > 0:
            least = 0.0
        elif FROM_ZERO * least < most < 0 or least == most < 0:
            most = 0.0
        step = _round_step((most - least) / STEPS)
        low = step * math.floor(least / step + 1e-9)
        return cls(low, max(step * math.ceil(most / step - 1e-9), low + step), step, begins, ends)

    @property
    def levels(self) -> list[float]:
        """Where its lines stand."""
        return [
            self.low + at * self.step for at in range(round((self.high - self.low) / self.step) + 1)
        ]

    def at(self, value: float) -> float:
        """Where a value stands (px)."""
        share = (value - self.low) / (self.high - self.low)
        return self.begins + (self.ends - self.begins) * share


def expected_figure(answer: Answer, start: str, scale: Scale, level: float) -> Figure:
    """What was observed beside what was expected, with the interval of the latter where known."""
    rows = answer.estimate.effect
    times = tuple(one.time for one in rows)
    observed = [one.observed * scale.factor for one in rows]
    expected = [one.expected * scale.factor for one in rows]
    least = 0.0 if min(*observed, *expected) >= 0 else -math.inf  # no fewer than none are expected
    low = [
        None if one.high is None else max((one.observed - one.high) * scale.factor, least)
        for one in rows
    ]
    high = [None if one.low is None else (one.observed - one.low) * scale.factor for one in rows]
    lines = (Line("expected", expected, "expected"), Line("observed", observed, "observed"))
    known = any(one is not None for one in low)
    first = times.index(start)
    late = _late(answer.estimate)
    chart = Chart(scale.words, times, first, lines, (low, high) if known else None, late)
    title = f"Observed and expected: {scale.words}"
    said = (
        f"{title}, by {answer.title}. Line chart from {times[0]} to {times[-1]}, with a line at the start, "
        f"{start}. Observed: {_course(observed, first)}; expected: {_course(expected, first)}."
    )
    band = (
        f" The band is the {words.confidence(level)} interval of what was expected.{_open(chart)}"
    )
    none = " No interval by period is known."
    return Figure(title, _svg(chart, said), said, _by_period(answer.estimate, scale),
                  f"By {inside(answer.title)}.{band if known else none}{_cut(chart)}{_hollow(chart)}")  # fmt: skip


def gap_figure(answer: Answer, start: str, scale: Scale, level: float) -> Figure:
    """Observed less expected, with the gaps of placebos as thin lines where they are given."""
    rows = answer.estimate.effect
    times = tuple(one.time for one in rows)
    gap = [one.effect * scale.factor for one in rows]
    others = _placebo_lines(answer, scale)
    band = ([_scaled(one.low, scale) for one in rows], [_scaled(one.high, scale) for one in rows])
    known = any(one is not None for one in band[0])
    first = times.index(start)
    lines = (*others, Line("observed", gap, "gap"))
    late = _late(answer.estimate)
    chart = Chart(scale.words, times, first, lines, band if known else None, late)
    title = f"Observed less expected: {scale.words}"
    count = len(others)
    said = (
        f"{title}, by {answer.title}. Line chart from {times[0]} to {times[-1]}, with lines at zero and at "
        f"the start, {start}. The gap: {_course(gap, first)}."
        + (f" Thin lines: the same of {count} placebos." if count else "")
    )
    caption = f"By {inside(answer.title)}; under zero is fewer than expected."
    caption += (
        f" The band is the {words.confidence(level)} interval.{_open(chart)}" if known else ""
    )
    caption += (
        f" Thin lines are the gaps of {count} placebos, where nothing happened; those of areas with few "
        "events are wider by chance alone, so that ranks are not read from this figure."
        if count
        else ""
    )
    caption += _hollow(chart)
    return Figure(title, _svg(chart, said), said, _gap_rows(answer, scale), caption)


def _placebo_lines(answer: Answer, scale: Scale) -> list[Line]:
    """The gaps of placebos; the one that ends farthest from the answer's has the name of all."""
    lines = [
        Line("placebo", [_scaled(one, scale) for one in values]) for values in answer.gaps.values()
    ]
    end = answer.estimate.effect[-1].effect * scale.factor
    lines.sort(key=lambda line: abs(_last(line) - end))
    return [*lines[:-1], *(replace(line, name="placebos") for line in lines[-1:])]


def rank_figure(answer: Answer) -> Figure | None:
    """Where the answer stands among its placebos, on the scale by which its design ranks; None where
    it has none, or no size on that scale."""
    estimate = answer.estimate
    size, others = estimate.size, estimate.placebos
    if size is None or not others:
        return None
    ratio = size.ratio
    above = sum(one.ratio >= ratio * (1 - _EQUAL) for one in others)
    title = "How extreme, among placebos"
    said = (
        f"{title}, by {answer.title}. Dots on a line: the answer at {words.figure(ratio)}, "
        f"and {len(others)} placebos, of which {above or 'none'} are at least as extreme."
    )
    caption = (
        f"By {inside(answer.title)}. Each dot is {size.scale}. Of {len(others)} placebos {above or 'none'} "
        f"are at least as extreme. {_rank_told(estimate, above)}"
    )
    return Figure(title, _strip(ratio, others, said), said, _rank_rows(ratio, others), caption)


def _rank_told(estimate: Estimate, above: int) -> str:
    """The p-value beside the rank, and that it is another where it is: of sets of areas, or over
    draws of a nowcast."""
    if estimate.p_value is None:
        return "No p-value is given."
    rank = (1 + above) / (1 + len(estimate.placebos))
    is_rank = math.isclose(rank, estimate.p_value, abs_tol=1e-9)
    return (
        f"P-value{'' if is_rank else ', which is not this rank alone'}: {words.p_words(estimate)}."
    )


def _svg(chart: Chart, said: str) -> str:
    """The drawing of a chart."""
    upright = Axis.over(chart.numbers, HEIGHT - BOTTOM, TOP)
    across = [_across(at, len(chart.times)) for at in range(len(chart.times))]
    parts = [
        _head(HEIGHT, said),
        f'<text class="tick" x="8" y="18">{escape(shorten(chart.unit, UNIT))}</text>',
    ]
    parts += [_band(chart.band, across, upright)] if chart.band else []
    parts += [_level(upright, value) for value in upright.levels]  # over the band: zero must show
    parts += [_period(x, chart.times[at]) for at, x in _named(chart.times, across)]
    parts += [_line(line, across, upright) for line in chart.lines]
    parts += _points(chart, across, upright)
    between = (across[chart.start - 1] + across[chart.start]) / 2 if chart.start else across[0]
    parts.append(_started(between, chart.times[chart.start]))
    parts += _ends([line for line in chart.lines if line.name], upright)
    return "".join([*parts, "</svg>"])


def _head(height: float, said: str) -> str:
    return (
        f'<svg class="picture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'role="img" aria-label="{escape(said)}">'
    )


def _across(at: int, count: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (at / (count - 1) if count > 1 else 0.5)


def _level(upright: Axis, value: float) -> str:
    kind, y = "zero" if abs(value) < 1e-12 else "grid", upright.at(value)
    return (
        f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{LEFT - 8}" y="{y + 5:.1f}" text-anchor="end">{_tick(value, upright.step)}</text>'
    )


def _tick(value: float, step: float) -> str:
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return f"{0.0 if abs(value) < step / 2 else value:,.{digits}f}".replace("-", "−")


def _period(x: float, name: str) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle">{escape(name)}</text>'


def _started(x: float, time: str) -> str:
    side, by = ("end", -6) if x > WIDTH / 2 else ("start", 6)
    return (
        f'<line class="start" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 14}" y2="{HEIGHT - BOTTOM}"/>'
        f'<text class="label" x="{x + by:.1f}" y="{TOP - 6}" text-anchor="{side}">start {escape(time)}</text>'
    )


def _line(line: Line, across: Sequence[float], upright: Axis) -> str:
    runs = [
        "M" + "L".join(f"{across[at]:.1f} {upright.at(value):.1f}" for at, value in run)
        for run in _runs(line.values)
    ]
    return f'<path class="line {line.kind}" d="{"".join(runs)}"/>'


def _points(chart: Chart, across: Sequence[float], upright: Axis) -> list[str]:
    """The points that are nowcast, hollow, and their name close over or under them, where no other
    line passes, or else where most room is left."""
    values = chart.lines[-1].values
    known = [(across[at], one) for at in chart.nowcast if (one := values[at]) is not None]
    if not known:
        return []
    x = fmean(x for x, _ in known)
    near = [
        upright.at(one)
        for line in chart.lines
        if line.kind != "placebo"  # thin, and many
        for at, one in enumerate(line.values)
        if one is not None and abs(across[at] - x) < WORD
    ]
    places = [upright.at(value) for _, value in known]
    y = _room(near, (min(places) - 12, max(places) + 22))
    label = f'<text class="label" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">nowcast</text>'
    dots = [
        f'<circle class="hollow" cx="{x:.1f}" cy="{y:.1f}" r="{DOT - 1}"/>'
        for (x, _), y in zip(known, places, strict=True)
    ]
    return [*dots, label]


def _room(near: Sequence[float], wanted: Sequence[float]) -> float:
    """The height of a word: the first that is wanted, within the drawing and clear of what is near,
    else the one at the foot or the head that is farther from it."""

    def clear(y: float) -> float:
        return min((abs(y - 5 - one) for one in near), default=math.inf)

    held = (y for y in wanted if TOP + 12 <= y <= HEIGHT - BOTTOM - 4 and clear(y) >= CLEAR)
    return next(held, max((HEIGHT - BOTTOM - 8.0, TOP + 16.0), key=clear))


def _band(band: tuple[Values, Values], across: Sequence[float], upright: Axis) -> str:
    low, high = band
    both = [None if one is None or high[at] is None else one for at, one in enumerate(low)]
    shapes = []
    for run in _runs(both):
        under = [f"{across[at]:.1f} {upright.at(value):.1f}" for at, value in run]
        over = [f"{across[at]:.1f} {upright.at(high[at] or 0.0):.1f}" for at, _ in reversed(run)]
        shapes.append(f"M{'L'.join(under + over)}Z")
    return f'<path class="band" d="{"".join(shapes)}"/>'


def _runs(values: Values) -> list[list[tuple[int, float]]]:
    """The stretches in which values are known."""
    known = groupby(enumerate(values), key=lambda pair: pair[1] is not None)
    return [[(at, one) for at, one in run if one is not None] for there, run in known if there]


def _ends(lines: Sequence[Line], upright: Axis) -> list[str]:
    """The names of lines at their ends, in the order of their values, apart from each other."""
    ends = sorted(((upright.at(_last(line)), line) for line in lines), key=lambda pair: pair[0])
    texts, under = [], -math.inf
    for y, line in ends:
        y = max(y, under + APART)
        texts.append(
            f'<text class="label {line.kind}" x="{WIDTH - RIGHT + 8}" y="{y + 5:.1f}">{line.name}</text>'
        )
        under = y
    return texts


def _last(line: Line) -> float:
    return next((one for one in reversed(line.values) if one is not None), 0.0)


def _named(times: Sequence[str], across: Sequence[float]) -> list[tuple[int, float]]:
    """The periods that are named on the axis: round ones."""
    periods = [Period.of(time) for time in times]
    kind = periods[0].kind if periods[0] else "date"
    for step in _STEPS[kind]:
        round_ones = [at for at, one in enumerate(periods) if one and one.at % step == 0]
        if len(round_ones) <= TICKS and len(times) / step <= TICKS + 1:
            return [(at, across[at]) for at in round_ones]
    every = math.ceil(len(times) / TICKS)
    return [(at, across[at]) for at in range(0, len(times), every)]


def _round_step(least: float) -> float:
    """The least of 1, 2, 5, 10 and so on (and their parts) that is not under `least`."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least * (1 - 1e-9))


def _strip(ratio: float, others: Sequence[Placebo], said: str) -> str:
    """Dots on one axis, piled where they would cover each other; the answer's is named."""
    across = Axis.over([0.0, ratio, *(one.ratio for one in others)], LEFT, WIDTH - RIGHT)
    placed = _piled([across.at(one.ratio) for one in others])
    deep = 1 + max((level for _, level in placed), default=0)
    base = TOP + 26 + 2 * DOT * deep
    parts = [_head(base + STRIP, said)]
    for value in across.levels:
        parts.append(
            f'<line class="grid" x1="{across.at(value):.1f}" x2="{across.at(value):.1f}" y1="{TOP}" y2="{base:.1f}"/>'
            f'<text class="tick" x="{across.at(value):.1f}" y="{base + 20:.1f}" text-anchor="middle">'
            f"{_tick(value, across.step)}</text>"
        )
    parts += [
        f'<circle class="dot" cx="{x:.1f}" cy="{base - DOT - 2 * DOT * level:.1f}" r="{DOT - 0.5}"/>'
        for x, level in placed
    ]
    x = across.at(ratio)
    parts.append(
        f'<line class="start" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 10}" y2="{base:.1f}"/>'
        f'<text class="label observed" x="{x:.1f}" y="{TOP - 18}" text-anchor="middle">the answer, {words.figure(ratio)}</text>'
    )
    return "".join([*parts, "</svg>"])


def _piled(places: Sequence[float]) -> list[tuple[float, int]]:
    """Each place with the least level at which it covers none before it."""
    taken: list[tuple[float, int]] = []
    for x in sorted(places):
        near = {level for other, level in taken if x - other < 2 * DOT}
        taken.append((x, next(level for level in range(len(places) + 1) if level not in near)))
    return taken


def _late(estimate: Estimate) -> tuple[int, ...]:
    return tuple(at for at, one in enumerate(estimate.effect) if one.nowcast)


def _hollow(chart: Chart) -> str:
    if not chart.nowcast:
        return ""
    named = some([chart.times[at] for at in chart.nowcast])
    return f" Hollow points are nowcast, since reports of them were still to come: {named}."


def _course(values: Sequence[float], first: int) -> str:
    """A line in words."""
    before = f"mean {words.in_text(fmean(values[:first]))} before the start, " if first else ""
    return f"{before}{words.in_text(fmean(values[first:]))} from it on, {words.in_text(values[-1])} at the end"


def _cut(chart: Chart) -> str:
    low = Axis.over(chart.numbers, 1, 0).low
    return f" The upright axis begins at {words.in_text(low)}, not at zero." if low > 0 else ""


def _open(chart: Chart) -> str:
    """Where a band has holes from the start on."""
    if chart.band is None:
        return ""
    ends = [*zip(chart.times, *chart.band, strict=True)][chart.start :]
    holes = [time for time, *both in ends if None in both]
    return f" It is left out in {some(holes)}, where it has no end." if holes else ""


def _scaled(value: float | None, scale: Scale) -> float | None:
    return None if value is None else value * scale.factor


def _by_period(estimate: Estimate, scale: Scale) -> Rows:
    counted = any(one.observed_count is not None for one in estimate.effect)
    heading = ["period", "observed", "expected", "observed less expected", "interval"]
    heading += ["observed, count", "expected, count"] if counted else []
    late = bool(_late(estimate))
    heading += ["reports"] if late else []
    rows = [tuple(heading)]
    for one in estimate.effect:
        bounds = None if one.low is None or one.high is None else (one.low, one.high)
        row = [one.time, scale.figure(one.observed), scale.figure(one.expected),
               scale.signed(one.effect), scale.between(bounds)]  # fmt: skip
        row += [words.count(one.observed_count), words.count(one.expected_count)] if counted else []
        row += [_reports(one)] if late else []
        rows.append(tuple(row))
    return tuple(rows)


def _gap_rows(answer: Answer, scale: Scale) -> Rows:
    others: tuple[str, ...] = ()
    others += ("least of the placebos", "greatest of the placebos") if answer.gaps else ()
    others += ("reports",) if _late(answer.estimate) else ()
    return (
        ("period", "gap", "interval", *others),
        *(_gap_row(answer, scale, at) for at in range(len(answer.estimate.effect))),
    )


def _gap_row(answer: Answer, scale: Scale, at: int) -> tuple[str, ...]:
    one = answer.estimate.effect[at]
    bounds = None if one.low is None or one.high is None else (one.low, one.high)
    others = [gap[at] for gap in answer.gaps.values()]
    known = [value for value in others if value is not None]
    row = [one.time, scale.signed(one.effect), scale.between(bounds)]
    if answer.gaps:
        ends = (min(known, default=None), max(known, default=None))
        row += [scale.signed(end) for end in ends]
    row += [_reports(one)] if _late(answer.estimate) else []
    return tuple(row)


def _reports(one: PeriodEffect) -> str:
    """Whether what is shown of a period was reported or is still to be."""
    return "nowcast" if one.nowcast else "as printed"


def _rank_rows(ratio: float, others: Sequence[Placebo]) -> Rows:
    named = [(ratio, "the answer", "")] + [
        (one.ratio, one.unit or one.start or "a placebo",
         "" if one.relative_effect is None else words.percent(one.relative_effect))
        for one in others
    ]  # fmt: skip
    ordered = sorted(named, key=lambda one: -one[0])
    rows = [
        (str(at), name, words.figure(value), claimed)
        for at, (value, name, claimed) in enumerate(ordered, 1)
    ]
    return (("rank", "where", "how extreme", "what it would have claimed"), *rows)
