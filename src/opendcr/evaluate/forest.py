"""This room's estimate beside published ones: the rows of a forest plot, its table and its drawing.

Nothing is pooled. Only ratios stand on the axis, in groups of one family of outcomes and one kind of
ratio: the hazard of a person who comes is not the rate of an area, and a rate over that of the time
before not one over what was expected. What is no ratio has a line of its own too, with what was
printed in place of a mark: a plot of ratios alone would leave out the studies that found nothing.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from opendcr.errors import InputError
from opendcr.evaluate.estimate import Estimate, Interval
from opendcr.evaluate.report.words import confidence
from opendcr.published.effects import Concern, Effect, Measure

HERE = "This room"
EXPECTED = "rates of areas, over what was expected"
BEFORE = "rates of areas, over the time before alone"
PEOPLE = "hazards of people, over those of others"
TRENDS = "trends of areas, over what was expected"
NO_RATIO = "no ratio"
KINDS = (EXPECTED, BEFORE, PEOPLE, TRENDS, NO_RATIO)  # in this order
APART: dict[Measure, str] = {
    "coefficient": "a coefficient of a probit model is no ratio",
    "rate_difference": "a difference of rates is no ratio",
    "direction": "only a direction was read",
}
ROUNDED = "rounded in the source"  # an interval of no width
USUAL = 0.05  # what the intervals of published effects leave out
WIDTH, TOP, HEAD, FOOT = 1000, 22, 36, 56  # TOP holds the numbers of the axis, as FOOT does
TALLEST = 1200  # px: what one page of paper holds with its heading and caption
LEFT, RIGHT = 430, 170  # of the axis: the labels, and the figures
SAID = 66  # characters in a line of what stands in place of a mark
LINE, GAP = 18, 14  # between two lines of a label, and between two rows
CLOSEST = 1e-3  # a ratio nearer to zero is drawn as this one


@dataclass(frozen=True)
class Row:
    """One estimate: a ratio and its interval (None where there is none), or what stands apart with
    the reason (`apart`). `comparison` is what it is compared with and `concerns` what speaks against
    it. Intervals hold 1 − `level`, which is said where it is not what published ones hold."""

    label: str
    outcome: str
    family: str
    kind: str
    ratio: float | None
    interval: Interval | None
    printed: str
    design: str
    comparison: str = ""
    concerns: tuple[Concern, ...] = ()
    apart: str = ""
    here: bool = False
    level: float = USUAL

    @property
    def figures(self) -> str:
        """The ratio and its interval in figures."""
        if self.ratio is None:
            return self.printed
        if self.interval is None:
            return f"{self.ratio:.2f} (no interval)"
        low, high = _outwards(self.interval)
        holds = "" if self.level == USUAL else f", {confidence(self.level)}"
        return f"{self.ratio:.2f} ({low} to {high}{holds})"

    @property
    def drawn(self) -> bool:
        """Whether it stands on the axis."""
        return self.ratio is not None

    @property
    def words(self) -> list[str]:
        """What stands in place of a mark: what was printed, and the reason."""
        said = f"{self.printed} ({self.apart})" if self.apart else self.printed
        return [] if self.drawn else wrap(said, SAID)

    @property
    def lines(self) -> list[str]:
        """What stands beside it in the drawing: who, of what, by which design, against what, and what
        may bias it."""
        domains = ", ".join(dict.fromkeys(one.domain for one in self.concerns))
        rest = [
            self.outcome,
            f"design: {self.design}",
            f"against: {self.comparison}",
            *([f"concerns: {domains}"] if domains else []),
        ]
        return [*wrap(self.label, 46), *(line for one in rest for line in wrap(one, 58))]

    @property
    def height(self) -> int:
        """Of the row in the drawing, in px."""
        return LINE * max(len(self.lines), len(self.words)) + GAP


def _outwards(interval: Interval) -> tuple[str, str]:
    """The ends of an interval of a ratio to two decimals, rounded outwards."""
    low, high = interval
    # What stands a hair beside a step by the arithmetic alone stays on it.
    least = f"{math.floor(100 * low + 1e-9) / 100:.2f}"
    most = "no bound" if high == math.inf else f"{math.ceil(100 * high - 1e-9) / 100:.2f}"
    return least, most


def held(found: Sequence[Row]) -> str:
    """What the intervals of some rows hold, in a sentence."""
    own = next((one for one in found if one.here), None)
    if own is None or own.interval is None or own.level == USUAL:
        return f"Intervals hold {confidence(USUAL)}."
    return f"Published intervals hold {confidence(USUAL)}, this room's {confidence(own.level)}."


def here(family: str, outcome: str, design: str, estimate: Estimate, level: float = USUAL) -> Row:
    """This room's row: observed over expected, with the interval of the relative effect, which holds
    1 − `level`."""
    ends = estimate.relative_interval
    interval = None if ends is None else (1 + ends[0], 1 + ends[1])
    printed = f"relative effect {100 * estimate.relative_effect:.1f} %"
    return Row(HERE, outcome, family, EXPECTED, 1 + estimate.relative_effect, interval,
               printed, design, "what was expected without the change", here=True, level=level)  # fmt: skip


def published(effect: Effect) -> Row:
    """A published estimate's row."""
    return Row(
        f"{effect.study} {effect.year}, {effect.place}",
        effect.outcome,
        effect.family,
        _kind(effect),
        effect.ratio,
        effect.ratio_interval,
        effect.printed,
        effect.design,
        effect.comparison,
        effect.concerns,
        _apart(effect),
    )


def _apart(effect: Effect) -> str:
    """Why a published estimate is no ratio; and that its figures are rounded, where they say nothing
    else. Empty where it is one."""
    reason = APART.get(effect.measure, "")
    rounded = reason and effect.interval is not None and effect.interval[0] == effect.interval[1]
    return f"{reason}; {ROUNDED}" if rounded else reason


def _kind(effect: Effect) -> str:
    """What a published estimate is a ratio of."""
    if effect.measure in APART:
        return NO_RATIO
    if effect.measure == "hazard_ratio":
        return PEOPLE
    if effect.measure == "trend_ratio":
        return TRENDS
    return EXPECTED if effect.expected else BEFORE


def rows(own: Sequence[Row], effects: Iterable[Effect]) -> tuple[Row, ...]:
    """All rows by family and kind, the families in the order in which they are met, this room's
    first in its group and what stands apart last in its family. Raises InputError where there are
    none."""
    found = [*own, *map(published, effects)]
    if not found:
        raise InputError("the forest plot", "no estimate", "one or more")
    families = list(dict.fromkeys(one.family for one in found))
    return tuple(sorted(
        found, key=lambda one: (families.index(one.family), KINDS.index(one.kind), not one.here),
    ))  # fmt: skip


def parts(found: Sequence[Row]) -> dict[str, tuple[Row, ...]]:
    """The rows of each drawing by its name: of one family, with this room's first where it is of that
    family; where it is of none of them it stands by itself. A family that a page of paper does not
    hold has several drawings."""
    own = tuple(one for one in found if one.here)
    others = [one for one in found if not one.here]
    families = list(dict.fromkeys(one.family for one in others))
    apart = tuple(one for one in own if one.family not in families)
    made: dict[str, tuple[Row, ...]] = {HERE: apart} if apart else {}
    for name in families:
        pages = _pages(*([one for one in some if one.family == name] for some in (own, others)))
        numbered = [f"{name}, {at} of {len(pages)}" for at in range(1, len(pages) + 1)]
        made.update(zip(numbered if len(pages) > 1 else [name], pages, strict=True))
    return made


def _pages(own: Sequence[Row], family: Sequence[Row]) -> list[tuple[Row, ...]]:
    """The rows of a family, as many at a time as a page of paper holds beside this room's."""
    pages: list[tuple[Row, ...]] = []
    for one in family:
        if pages and _height([*pages[-1], one]) <= TALLEST:
            pages[-1] += (one,)
        else:
            pages.append((*own, one))
    return pages


def table(found: Sequence[Row]) -> list[tuple[str, ...]]:
    """All rows in words: a heading, and a line for each."""
    lines: list[tuple[str, ...]] = [("outcomes", "kind", "study", "outcome", "ratio", "printed", "design", "to be read beside it")]  # fmt: skip
    for one in found:
        concerns = (f"{concern.domain}: {concern.reason}" for concern in one.concerns)
        compared = f"compared with: {one.comparison}"
        beside = "; ".join((*([one.apart] if one.apart else []), compared, *concerns))
        ratio = one.figures if one.ratio is not None else ""
        lines.append((one.family, one.kind, one.label, one.outcome, ratio, one.printed, one.design, beside))  # fmt: skip
    return lines


@dataclass(frozen=True)
class _Axis:
    """A scale of logarithms from one ratio to another; what lies beyond is drawn at its end."""

    low: float
    high: float

    def x(self, ratio: float) -> float:
        held = min(max(ratio, self.low), self.high)
        part = math.log(held / self.low) / math.log(self.high / self.low)
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def beyond(self, ratio: float) -> bool:
        return not self.low <= ratio <= self.high


def forest_svg(found: Sequence[Row], scaled: Sequence[Row] = ()) -> str:
    """The drawing of the rows; colours come from its classes. Drawings that are to be read beside
    each other have the axis of all of their rows, `scaled`.

    A square is an estimate, a diamond this room's, hollow where it has no interval; an arrow goes on
    beyond the axis. What stands apart, or was not read in a source, has words in place of a mark.
    """
    scaling = [one for one in scaled or found if one.drawn]
    if not scaling:
        raise InputError("the forest plot", "no estimate that is a ratio", "one or more")
    height = _height(found)
    axis, bottom = _axis(scaling), height - FOOT
    drawing = [
        f'<svg class="picture forest" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{len(found)} estimates: ratios of {sum(one.drawn for one in found)}, with intervals where there are '
        f'any (under 1 is fewer), and the others in words. The table says the same.">',
        *_grid(axis, bottom),
    ]
    y = float(TOP)
    for family, kind in _groups(found):
        said = f"{kind}, and so in words" if kind == NO_RATIO else kind
        heading = escape(f"{family[0].upper()}{family[1:]}: {said}")
        drawing.append(_clear(0, y, HEAD))  # a heading may be longer than the labels
        drawing.append(f'<text class="heading" x="0" y="{y + HEAD - 12:.0f}">{heading}</text>')
        y += HEAD
        for one in found:
            if (one.family, one.kind) == (family, kind):
                drawing.append(_row(one, axis, y))
                y += one.height
    drawing.append(_foot(bottom))
    return "".join([*drawing, "</svg>"])


def _groups(found: Sequence[Row]) -> list[tuple[str, str]]:
    """What stands under one heading: a family and a kind."""
    return list(dict.fromkeys((one.family, one.kind) for one in found))


def _height(found: Sequence[Row]) -> int:
    """Of a drawing, in px."""
    return TOP + sum(one.height for one in found) + len(_groups(found)) * HEAD + FOOT


def _axis(drawn: Sequence[Row]) -> _Axis:
    """From a round ratio at or under all ends to one at or over, 1 within; no end at 0 or ∞."""
    ends = [end for one in drawn for end in (one.ratio, *(one.interval or ())) if end is not None]
    finite = [one for one in ends if CLOSEST <= one < math.inf]
    least, most = min([*finite, 0.5]), max([*finite, 2.0])
    return _Axis(
        max(one for one in _round_steps(least) if one <= least),
        min(one for one in _round_steps(most) if one >= most),
    )


def _round_steps(value: float) -> list[float]:
    """The round ratios about a value: 1, 2, 5 and 10 times its power of ten, and 5 of the one below,
    since the logarithm of what is a hair under a power may be that of the power."""
    power = 10.0 ** math.floor(math.log10(value))
    return [digit * power for digit in (0.5, 1, 2, 5, 10)]


def _grid(axis: _Axis, bottom: float) -> list[str]:
    """Upright lines at round ratios, that at 1 apart from the others, and their numbers at both ends."""
    parts = []
    first, last = math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high))
    for power in range(first, last + 1):
        for tick in (digit * 10.0**power for digit in (1, 2, 5)):
            if axis.low <= tick * (1 + 1e-9) and tick <= axis.high * (1 + 1e-9):
                x, name = axis.x(tick), "grid one" if abs(tick - 1) < 1e-9 else "grid"
                parts.append(
                    f'<line class="{name}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom:.0f}"/>'
                )
                parts += [
                    f'<text class="tick" x="{x:.1f}" y="{y:.0f}" text-anchor="middle">{tick:g}</text>'
                    for y in (TOP - 6, bottom + 18)
                ]
    return parts


def _row(row: Row, axis: _Axis, top: float) -> str:
    """One row: its name and what is to be known of it, its mark or what is said instead; and all in a
    title."""
    said = row.figures if row.drawn else " ".join(row.words)
    title = escape(f"{row.label}, {row.outcome}: {said}; {row.design}")
    parts = [f'<g class="row{" here" if row.here else ""}"><title>{title}</title>']
    named = len(wrap(row.label, 46))
    for at, line in enumerate(row.lines):
        kind, under = ("label" if at < named else "tick"), top + LINE * (at + 1) - 4
        parts.append(f'<text class="{kind}" x="0" y="{under:.1f}">{escape(line)}</text>')
    parts += _mark(row, axis, top + (row.height - GAP) / 2) if row.drawn else _words(row, top)
    return "".join([*parts, "</g>"])


def _mark(row: Row, axis: _Axis, y: float) -> list[str]:
    """Its interval and point, and its figures."""
    assert row.ratio is not None
    parts = [] if row.interval is None else [_interval(row.interval, axis, y)]
    figures = f'<text class="label" x="{WIDTH}" y="{y + 4:.1f}" text-anchor="end">{escape(row.figures)}</text>'
    return [*parts, _point(row, axis.x(row.ratio), y), figures]


def _words(row: Row, top: float) -> Iterator[str]:
    """What is said in place of a mark, in the middle of the row, where no line of the axis runs."""
    yield _clear(LEFT - 2, top, row.height)
    first = top + (row.height - GAP - LINE * len(row.words)) / 2 - 4
    for at, line in enumerate(row.words, start=1):
        y = first + LINE * at
        yield f'<text class="said" x="{LEFT + 12}" y="{y:.1f}">{escape(line)}</text>'


def _clear(x: int, top: float, height: int) -> str:
    """A stretch from `x` to the end of the axis where no line of it runs."""
    width = WIDTH - RIGHT + 2 - x
    return f'<rect class="clear" x="{x}" y="{top:.1f}" width="{width}" height="{height}"/>'


def _interval(interval: Interval, axis: _Axis, y: float) -> str:
    """A line with a bar at each end, or an arrow where it goes on beyond the axis."""
    ends = ""
    for ratio, way in zip(interval, (1, -1), strict=True):
        x = axis.x(ratio)
        ends += (
            f"M{x + 7 * way:.1f} {y - 5:.1f}L{x:.1f} {y:.1f}L{x + 7 * way:.1f} {y + 5:.1f}"
            if axis.beyond(ratio)
            else f"M{x:.1f} {y - 4:.1f}v8"
        )
    low, high = map(axis.x, interval)
    return f'<path class="interval" d="M{low:.1f} {y:.1f}H{high:.1f}{ends}"/>'


def _point(row: Row, x: float, y: float) -> str:
    hollow = " hollow" if row.interval is None else ""
    if row.here:
        return f'<path class="point here{hollow}" d="M{x:.1f} {y - 7:.1f}l7 7l-7 7l-7 -7z"/>'
    return f'<rect class="point{hollow}" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"/>'


def _foot(bottom: float) -> str:
    """What the axis is, and what a mark is."""
    said = "ratio (scale of logarithms); left of 1: fewer; hollow: no interval"
    return f'<text class="tick" x="{WIDTH}" y="{bottom + 42:.0f}" text-anchor="end">{said}</text>'
