"""Figures read back with a ruler give the numbers that they are drawn from."""

import re
from dataclasses import replace
from importlib.resources import files
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as some

from opendcr.evaluate.estimate import PeriodEffect
from opendcr.evaluate.report import words
from opendcr.evaluate.report.content import Answer, Figure
from opendcr.evaluate.report.picture import (
    APART,
    expected_figure,
    gap_figure,
    rank_figure,
)
from tests.support.studied import report

SVG = "{http://www.w3.org/2000/svg}"
PLAIN = words.Scale(1, "events")


def drawn(figure: Figure) -> ElementTree.Element:
    return ElementTree.fromstring(figure.svg)


def of(root: ElementTree.Element, tag: str, kind: str) -> list[ElementTree.Element]:
    return [one for one in root.iter(SVG + tag) if kind in one.attrib["class"].split()]


def points(path: ElementTree.Element) -> list[tuple[float, float]]:
    pairs = re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.attrib["d"])
    return [(float(x), float(y)) for x, y in pairs]


def ruler(root: ElementTree.Element) -> tuple[float, float]:
    """What the upright axis says: the value at y = 0, and what a pixel is worth."""
    ticks = [one for one in of(root, "text", "tick") if one.attrib.get("text-anchor") == "end"]
    first, last = ticks[0], ticks[-1]
    values = [float((one.text or "").replace("−", "-").replace(",", "")) for one in (first, last)]
    places = [float(one.attrib["y"]) - 5 for one in (first, last)]
    worth = (values[1] - values[0]) / (places[1] - places[0])
    return values[0] - worth * places[0], worth


def answer(observed: list[float], expected: list[float], low: float | None = None) -> Answer:
    rows = tuple(
        PeriodEffect(str(2001 + at), one, other, one - other,
                     None if low is None or at < 2 else one - other - low,
                     None if low is None or at < 2 else one - other + low)
        for at, (one, other) in enumerate(zip(observed, expected, strict=True))
    )  # fmt: skip
    base = report().leading
    return replace(base, gaps={}, estimate=replace(base.estimate, effect=rows))


VALUES = some.lists(some.floats(-1e4, 1e4).map(lambda one: round(one, 2)), min_size=4, max_size=30)


@given(VALUES)
def test_a_line_read_with_a_ruler_gives_its_values(values: list[float]) -> None:
    root = drawn(expected_figure(answer(values, values[::-1]), "2003", PLAIN, 0.05))
    origin, worth = ruler(root)
    for kind, truth in (("observed", values), ("expected", values[::-1])):
        (path,) = of(root, "path", kind)
        read = [origin + worth * y for _, y in points(path)]
        assert read == pytest.approx(truth, abs=max(0.06 * abs(worth), 1e-9) + 1e-6)


def test_a_band_is_drawn_only_where_the_interval_is_known() -> None:
    bounded = answer([10.0, 12, 11, 9, 8], [10.0, 11, 11, 12, 12], low=2)
    root = drawn(expected_figure(bounded, "2003", PLAIN, 0.05))
    (band,) = of(root, "path", "band")
    origin, worth = ruler(root)
    read = [origin + worth * y for _, y in points(band)]
    assert read == pytest.approx([9, 10, 10, 14, 14, 13], abs=0.01)  # expected − 2, and back by + 2

    bare = expected_figure(answer([10.0, 12, 11, 9], [10.0, 11, 11, 12]), "2003", PLAIN, 0.05)
    assert of(drawn(bare), "path", "band") == []
    assert "No interval by period is known." in bare.caption


def test_the_line_at_the_start_stands_before_the_first_period_after() -> None:
    root = drawn(gap_figure(answer([10.0, 12, 11, 9], [10.0, 11, 11, 12]), "2003", PLAIN, 0.05))
    across = [x for x, _ in points(of(root, "path", "observed")[0])]
    (start,) = of(root, "line", "start")
    assert across[1] < float(start.attrib["x1"]) < across[2]


@pytest.mark.parametrize("gap", [-1.0, 1.0])
def test_the_name_of_a_nowcast_stands_clear_of_its_point(gap: float) -> None:
    made = report().leading
    *others, last = made.estimate.effect[:6]
    effect = (
        *others,
        replace(last, effect=gap, low=None, high=None, nowcast=True),
    )
    answer = replace(made, gaps={}, estimate=replace(made.estimate, effect=effect))
    root = drawn(gap_figure(answer, effect[3].time, PLAIN, 0.05))
    (point,) = of(root, "circle", "hollow")
    (name,) = [one for one in of(root, "text", "label") if one.text == "nowcast"]
    assert 10 < abs(float(name.attrib["y"]) - float(point.attrib["cy"])) < 30


def figures_ending(whole: Answer, **last: object) -> tuple[Figure, Figure]:
    """Both figures over time of an answer whose last period is changed so."""
    *others, end = whole.estimate.effect
    effect = (*others, replace(end, **last))
    made = replace(whole, estimate=replace(whole.estimate, effect=effect))
    return (
        expected_figure(made, "2003", PLAIN, 0.05),
        gap_figure(made, "2003", PLAIN, 0.05),
    )


def test_where_a_band_has_holes_the_caption_says_so() -> None:
    whole = answer([10.0, 12, 11, 9, 8], [10.0, 11, 11, 12, 12], low=2)
    assert "left out" not in gap_figure(whole, "2003", PLAIN, 0.05).caption
    for figure in figures_ending(whole, high=None):
        assert "interval" in figure.caption
        assert "It is left out in 2005, where it has no end." in figure.caption


@pytest.mark.parametrize("sheet", ["report.css", "print.css"])
def test_placebos_can_be_told_from_the_page_and_from_a_band(sheet: str) -> None:
    """WCAG 2.2, 1.4.11: graphics that are read have 3:1 beside what they lie on, in every mode."""
    text = files("opendcr.evaluate.report").joinpath(sheet).read_text()
    if sheet == "print.css":
        names = [r"\.line\.placebo { stroke", r"\.hollow { fill", r"^\.band { fill"]
    else:
        names = ["--faint", "--page", "--band"]
    modes = [*zip(*(re.findall(f"{one}: (#\\w+)", text, re.M) for one in names), strict=False)]
    assert len(modes) == (3 if sheet == "report.css" else 1)
    for faint, *beside in modes:
        assert all(contrast(faint, one) >= 3 for one in beside)


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_what_is_nowcast_is_hollow_and_named_in_figure_caption_and_table() -> None:
    made = answer([10.0, 12, 11, 9, 8], [10.0, 11, 11, 12, 12])
    assert "nowcast" not in gap_figure(made, "2003", PLAIN, 0.05).svg
    for figure in figures_ending(made, nowcast=True):
        root = drawn(figure)
        (point,) = of(root, "circle", "hollow")
        x, y = points(of(root, "path", "observed")[0])[-1]
        assert (float(point.attrib["cx"]), float(point.attrib["cy"])) == (x, y)
        assert [one.text for one in of(root, "text", "label")].count("nowcast") == 1
        assert figure.caption.endswith("still to come: 2005.")
        assert [row[-1] for row in figure.rows] == ["reports", *["as printed"] * 4, "nowcast"]


def test_zero_shows_over_the_band() -> None:
    made = answer([10.0, 12, 11, 9, 8], [10.0, 11, 11, 12, 12], low=2)
    svg = gap_figure(made, "2003", PLAIN, 0.05).svg
    assert svg.index('class="band"') < svg.index('class="zero"')


def test_names_at_the_ends_of_lines_do_not_cover_each_other() -> None:
    root = drawn(expected_figure(answer([5.0, 6, 7, 8], [5.0, 6, 7, 8]), "2003", PLAIN, 0.05))
    names = [one for one in of(root, "text", "label") if one.text in ("observed", "expected")]
    places = [float(one.attrib["y"]) for one in names]
    assert len(places) == 2 and abs(places[0] - places[1]) >= APART


def test_an_axis_that_does_not_begin_at_zero_is_said() -> None:
    far = expected_figure(
        answer([100.0, 101, 102, 99], [100.0, 101, 101, 101]), "2003", PLAIN, 0.05
    )
    near = expected_figure(answer([10.0, 101, 102, 99], [10.0, 101, 101, 101]), "2003", PLAIN, 0.05)
    assert "not at zero" in far.caption and "not at zero" not in near.caption


def test_every_placebo_that_is_given_is_a_thin_line() -> None:
    made = report()
    figure = gap_figure(made.leading, made.question.start, words.Scale(1e5, "x"), 0.05)
    assert len(of(drawn(figure), "path", "placebo")) == len(made.leading.gaps) == 8
    assert "8 placebos" in figure.alt


def test_the_answer_stands_among_its_placebos_at_its_own_size() -> None:
    leading = report().leading
    figure = rank_figure(leading)
    assert figure is not None
    assert len(of(drawn(figure), "circle", "dot")) == 11
    assert figure.rows[1][:2] == ("1", "the answer") and len(figure.rows) == 13

    assert leading.estimate.size is not None
    assert f"Each dot is {leading.estimate.size.scale}." in figure.caption
    assert "not this rank" not in figure.caption

    other = rank_figure(replace(leading, estimate=replace(leading.estimate, p_value=0.5)))
    assert other is not None and "P-value, which is not this rank alone: 0.500" in other.caption
    for lacks in ({"placebos": ()}, {"size": None}):
        assert rank_figure(replace(leading, estimate=replace(leading.estimate, **lacks))) is None


def test_a_drawing_says_itself_in_words() -> None:
    made = report()
    for figure in (
        expected_figure(made.leading, "2021-07", PLAIN, 0.05),
        gap_figure(made.leading, "2021-07", PLAIN, 0.05),
        rank_figure(made.leading),
    ):
        assert figure is not None
        root = drawn(figure)
        assert root.attrib["role"] == "img" and root.attrib["aria-label"] == figure.alt
        assert len({len(row) for row in figure.rows}) == 1


ANY = some.floats(-1e12, 1e12) | some.sampled_from([0.0, 1e-9, -1e-9, 5e-324])
ROWS = some.lists(
    some.tuples(ANY, ANY, some.none() | ANY, some.none() | ANY), min_size=1, max_size=20
)


@given(ROWS, some.data())
def test_whatever_the_values_a_drawing_can_be_made(
    values: list[tuple[float, float, float | None, float | None]], draw: some.DataObject
) -> None:
    rows = tuple(
        PeriodEffect(f"{2001 + at // 4}-Q{at % 4 + 1}", one, other, one - other, low, high)
        for at, (one, other, low, high) in enumerate(values)
    )
    base = report().leading
    made = replace(base, gaps={}, estimate=replace(base.estimate, effect=rows))
    start = draw.draw(some.sampled_from([one.time for one in rows]))
    for figure in (expected_figure(made, start, PLAIN, 0.05), gap_figure(made, start, PLAIN, 0.05)):
        root = drawn(figure)
        assert "nan" not in figure.svg and "inf" not in figure.svg
        places = [y for path in root.iter(SVG + "path") for _, y in points(path)]
        assert all(0 <= y <= 360 for y in places)
