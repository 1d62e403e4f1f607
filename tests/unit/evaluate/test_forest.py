"""The forest plot: who stands beside whom, who apart and why, and a drawing that says it all."""

import math
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendcr.errors import InputError
from opendcr.evaluate.estimate import Estimate
from opendcr.evaluate.forest import (
    BEFORE,
    EXPECTED,
    FOOT,
    HERE,
    LEFT,
    PEOPLE,
    RIGHT,
    TALLEST,
    TOP,
    TRENDS,
    WIDTH,
    forest_svg,
    held,
    here,
    parts,
    rows,
    table,
)
from opendcr.published import effects_of_rooms
from tests.conftest import SOAK
from tests.docs.texts import ROOT

OWN = here(
    "overdose deaths", "overdose deaths", "synthetic control",
    Estimate((), 0.0, -0.08, -4.0, "placebos", relative_interval=(-0.24, 0.08)),
)  # fmt: skip


def tree(svg):
    return ElementTree.fromstring(svg)


def texts(svg):
    return ["".join(one.itertext()) for one in tree(svg).iter("text")]


def drawn(found):
    """What is written of each row, by its label and outcome."""
    groups = tree(forest_svg(found)).iter("g")
    said = (" ".join("".join(one.itertext()) for one in group.iter("text")) for group in groups)
    return {(row.label, row.outcome): one for row, one in zip(found, said, strict=True)}


def test_this_room_comes_first_and_what_has_no_comparison_in_a_group_of_its_own():
    found = rows([OWN], effects_of_rooms())
    assert found[0].label == HERE and found[0].figures == "0.92 (0.76 to 1.08)"
    family = [(one.label.split(" ")[0], one.kind) for one in found if one.family == OWN.family]
    assert family[:3] == [("This", EXPECTED), ("Marshall", BEFORE), ("Rammohan", BEFORE)]


def test_an_interval_is_rounded_outwards_as_in_the_sentence():
    """0.277 to 0.503, of which the sentence says a fall of between 49.7 % and 72.3 %."""
    found = Estimate((), 0.0, -0.54, -4.0, "", relative_interval=(-0.723, -0.497))
    assert here("calls", "calls", "a design", found).figures == "0.46 (0.27 to 0.51)"


def test_hazards_of_people_never_stand_with_rates_of_areas():
    published = effects_of_rooms()
    people = next(one for one in published if one.study == "Kennedy")
    hazard = replace(people, measure="hazard_ratio", estimate=0.5)  # an invented figure
    found = rows([OWN], [*(one for one in published if one is not people), hazard])
    kinds = {one.label.split(" ")[0]: one.kind for one in found if not one.apart}
    assert (kinds["Kennedy"], kinds["Marshall"]) == (PEOPLE, BEFORE)
    assert (kinds["Panagiotoglou"], OWN.kind) == (TRENDS, EXPECTED)


def test_what_is_no_ratio_has_its_line_in_words_with_the_reason():
    found = rows([], effects_of_rooms())
    apart = [one for one in found if one.apart]
    assert {one.label.split(" ")[0] for one in apart} >= {"Roux", "Robinson,"}
    assert all(one.ratio is None for one in apart)
    lines, said = table(found), drawn(found)
    for one in apart:
        assert f"{one.printed} ({one.apart})" in said[one.label, one.outcome]
        assert any(line[2] == one.label and one.apart in line[-1] for line in lines)


def test_nothing_is_pooled_and_every_estimate_has_its_row():
    found = rows([OWN], effects_of_rooms())
    groups = list(tree(forest_svg(found)).iter("g"))
    assert len(groups) == len(found)
    for row, one in zip(found, groups, strict=True):
        marks = [mark for mark in one if mark.get("class", "").startswith("point")]
        assert len(marks) == row.drawn
        assert all(("hollow" in mark.get("class")) == (row.interval is None) for mark in marks)
    assert len(table(found)) == len(found) + 1 == len(effects_of_rooms()) + 2


def test_each_drawing_is_of_one_family_and_this_room_stands_in_its_own_alone():
    """Of another family over 1 may be the good side."""
    found = rows([OWN], effects_of_rooms())
    drawings = parts(found)
    for name, part in drawings.items():
        assert {one.family for one in part} == {name.split(",")[0]}
        assert (part[0] is OWN) is (name == "overdose deaths") and OWN not in part[1:]
    assert [one for part in drawings.values() for one in part] == list(found)
    assert "overdoses and emergency care, 2 of 2" in drawings
    apart = replace(OWN, family="litter")
    first, *others = parts(rows([apart], effects_of_rooms())).items()
    assert first == (HERE, (apart,)) and all(apart not in part for _, part in others)


def test_a_family_without_a_ratio_is_drawn_in_words_beside_the_axis_of_the_others():
    found = rows([OWN], effects_of_rooms())
    words = [one for one in found if not one.drawn]
    assert "ratios of 0" in forest_svg(words, found)


@settings(max_examples=200 if SOAK else 20)
@given(st.lists(st.sampled_from(effects_of_rooms()), min_size=1, max_size=40))
def test_no_drawing_is_higher_than_a_page_holds(effects):
    found = rows([OWN], effects)
    for part in parts(found).values():
        height = float(tree(forest_svg(part, found)).get("viewBox").split(" ")[3])
        assert height <= TALLEST


def test_every_drawing_has_one_axis_with_its_numbers_at_the_head_and_at_the_foot():
    found = rows([OWN], effects_of_rooms())
    axes = []
    for part in parts(found).values():
        root = tree(forest_svg(part, found))
        foot = float(root.get("viewBox").split(" ")[3]) - FOOT
        ticks = [one for one in root.iter("text") if one.get("text-anchor") == "middle"]
        head = [(one.get("x"), one.text) for one in ticks if float(one.get("y")) < TOP]
        assert head == [(one.get("x"), one.text) for one in ticks if float(one.get("y")) > foot]
        axes.append(head)
    assert axes[0] and all(one == axes[0] for one in axes)


def test_an_interval_of_no_width_is_said_to_be_rounded():
    one = next(row for row in rows([], effects_of_rooms()) if "0.00 (0.00" in row.printed)
    assert one.apart.endswith("; rounded in the source")


def test_a_figure_that_was_not_read_has_a_line_without_one():
    found = rows([], effects_of_rooms())
    (said,) = (one for (label, _), one in drawn(found).items() if label.startswith("Kennedy"))
    assert "no figure was read" in said
    (line,) = (one for one in table(found) if one[2].startswith("Kennedy"))
    assert line[4] == "" and "only a direction was read" in line[-1]


def test_the_drawing_names_itself_and_leaves_colours_to_its_classes():
    svg = forest_svg(rows([OWN], effects_of_rooms()))
    root = tree(svg)
    assert root.get("role") == "img" and "estimates" in root.get("aria-label")
    for one in root.iter():
        assert not {"fill", "stroke", "style", "color"} & set(one.attrib)
    assert all(one.find("title") is not None for one in root.iter("g"))


@given(st.floats(0.02, 20), st.floats(0, 1), st.floats(1, 30) | st.just(math.inf))
def test_points_stand_where_the_scale_of_logarithms_puts_them(ratio, below, above):
    row = replace(OWN, ratio=ratio, interval=(ratio * below, ratio * above))
    other = replace(OWN, ratio=1.0, interval=None, here=False)
    half = replace(OWN, ratio=0.5, interval=None, here=False)
    svg = forest_svg([row, other, half])
    marks = (rect for rect in tree(svg).iter("rect") if rect.get("class").startswith("point"))
    one, half_way = (float(mark.get("x")) + 4 for mark in marks)
    (path,) = (path for path in tree(svg).iter("path") if path.get("class") == "point here")
    x = float(path.get("d").split(" ")[0].removeprefix("M"))
    assert (x - one) / (one - half_way) == pytest.approx(math.log2(ratio), abs=0.02)
    assert LEFT - 0.1 <= x <= WIDTH - RIGHT + 0.1


def test_an_end_a_hair_under_a_power_of_ten_has_its_axis():
    low = math.nextafter(0.01, 0)
    svg = forest_svg([replace(OWN, interval=(low, 1.0))])
    assert ">0.005<" in svg and ">0.01<" in svg


def test_an_interval_without_a_bound_ends_in_an_arrow():
    svg = forest_svg([replace(OWN, interval=(0.0, math.inf))])
    (path,) = (one for one in tree(svg).iter("path") if one.get("class") == "interval")
    assert path.get("d").count("L") == 4 and "0.92 (0.00 to no bound)" in svg


def test_names_are_escaped_and_long_ones_wrapped_and_not_cut():
    svg = forest_svg([replace(OWN, label="<b>&" + " long" * 30)])
    assert "&lt;b&gt;&amp;" in svg and sum(one.count("long") for one in texts(svg)) == 30


def test_beside_each_row_stand_its_design_what_it_is_compared_with_and_what_may_bias_it():
    found = rows([], effects_of_rooms())
    said = drawn(found)
    for one in found:
        beside = said[one.label, one.outcome]
        assert f"against: {one.comparison}" in beside and f"design: {one.design}" in beside
        assert all(concern.domain in one.lines[-1] for concern in one.concerns)


def test_an_interval_of_another_level_than_published_ones_says_what_it_holds():
    other = replace(OWN, level=0.1)
    assert other.figures.endswith(", 90\N{NO-BREAK SPACE}%)") and "%" not in OWN.figures
    assert "this room's 90" in held([other]) and "this room" not in held([OWN])


def test_there_must_be_something_to_draw():
    with pytest.raises(InputError, match="no estimate"):
        rows([], [])
    apart = [one for one in effects_of_rooms() if one.measure == "coefficient"]
    with pytest.raises(InputError, match="no estimate that is a ratio"):
        forest_svg(rows([], apart))


def test_a_design_without_an_interval_is_a_point_alone():
    row = here("deaths", "deaths", "a design", Estimate((), 0.0, -0.1, -1.0, ""))
    assert row.interval is None and row.figures == "0.90 (no interval)"
    assert 'class="interval"' not in forest_svg([row])


def test_the_document_has_every_estimate_as_it_ships():
    text = (ROOT / "docs/methods/studies/published_effects.md").read_text(encoding="utf-8")
    for one in rows([], effects_of_rooms()):
        assert f"| {one.label} | {one.outcome} | {one.kind} | {one.printed} |" in text


def test_the_table_says_what_is_compared():
    for line in table(rows([], effects_of_rooms()))[1:]:
        assert "compared with: " in line[-1]


def test_no_line_of_the_axis_runs_through_words():
    found = rows([], effects_of_rooms())
    groups = tree(forest_svg(found)).iter("g")
    cleared = [any(one.get("class") == "clear" for one in group) for group in groups]
    assert cleared == [bool(row.words) for row in found] and any(cleared) and not all(cleared)
