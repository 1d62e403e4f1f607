"""The paper: PDF/UA, the same bytes each time, and no name that typst would read as markup."""

import json
import re
from dataclasses import replace
from importlib.resources import files

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as some

from opendcr.evaluate.estimate import Check
from opendcr.evaluate.forest import forest_svg, parts, rows, table
from opendcr.evaluate.report.content import Figure, Report
from opendcr.evaluate.report.paper import compiled, has, inputs_of, paper_of, spelled
from opendcr.published.effects import effects_of_rooms
from tests.conftest import SOAK
from tests.support.studied import figure, report
from tests.unit.evaluate.report.test_page import named

FILE = files("opendcr.evaluate.report").joinpath("paper.typ").read_bytes()
CM = 72 / 2.54  # points
WIDE, TOP, BOTTOM = 17 * CM, 2.2 * CM, (29.7 - 2.2) * CM  # what the margins of an A4 page leave
VIEW = re.compile(r'viewBox="0 0 (\S+) (\S+)"')
TEXTS = some.text(min_size=1, max_size=25) | some.sampled_from(
    ["#import \"x\": *", "$x$ *a* _b_ @c <d>", "= h", "- a", "/* b", "// c", "\\u{41}", "`raw`", "#panic()", "]", "[#",
     "東京", "Zürich–Łódź", "e\u0338\u0301", "\u202eabc", "👩‍🚀"]
)  # fmt: skip

NAMES = TEXTS.filter(lambda text: bool(spelled(text).strip()))


def of_kind(inputs: dict[str, str], selector: str, more: str = "") -> str:
    """What typst made of a kind of element, as JSON."""
    fonts = typst.Fonts(include_system_fonts=False)
    return str(typst.query(FILE + more.encode(), selector, sys_inputs=inputs, font_paths=fonts))


def short(made: Report) -> dict[str, str]:
    """What typst is given of a report, without the tables that no name of a test is in."""
    data = json.loads(inputs_of(made)["report"])
    long = [at for at, one in enumerate(data["blocks"]) if len(one.get("rows", ())) > 20]
    data["blocks"] = [one for at, one in enumerate(data["blocks"]) if at not in long]
    return {"report": json.dumps(data)}


@settings(max_examples=200 if SOAK else 5)
@given(NAMES, NAMES)
def test_any_name_compiles_and_appears_as_it_is(title: str, area: str) -> None:
    inputs = short(named(title, area))
    assert compiled(inputs).startswith(b"%PDF")
    (heading,) = json.loads(of_kind(inputs, "heading.where(level: 1)"))
    assert heading["body"]["text"] == spelled(title)
    assert f'"text": {json.dumps(spelled(area), ensure_ascii=False)}' in of_kind(inputs, "table")


def test_what_no_typeface_has_is_written_by_its_number() -> None:
    assert spelled("Łódź 東") == "Łódź [U+6771]"
    assert spelled("0\u20e3") == "0[U+20E3]"  # alone it is drawn, and on another character not
    assert has("−") and has("ź") and has("\u0301") and not has("東")


def test_the_paper_says_that_it_is_accessible_and_has_a_title() -> None:
    made = paper_of(report(effects=(figure(),)))
    assert b"pdfuaid:part>1<" in made and b"Drug deaths after a room opened in Northbank" in made


def test_a_figure_without_words_is_refused() -> None:
    data = json.loads(inputs_of(report())["report"])
    for one in data["blocks"]:
        if one["kind"] == "drawing":
            one["alt"] = None
    with pytest.raises(typst.TypstError, match=r"(?i)alt"):
        compiled({"report": json.dumps(data)})


def test_the_column_with_most_to_read_is_the_widest() -> None:
    said = "what was found of it, at a length that no line of a paper holds; " * 4
    made = report(checks=(Check("a check of some name", None, said),))
    blocks = json.loads(inputs_of(made)["report"])["blocks"]
    (checks,) = [one for one in blocks if one["kind"] == "grid" and one["rows"][0][0] == "result"]
    assert checks["fills"] and sum(checks["widths"]) == pytest.approx(100)
    text = [sum(map(len, column)) for column in zip(*checks["rows"], strict=True)]
    assert max(zip(checks["widths"], text, strict=True))[1] == max(text)
    for width, column in zip(checks["widths"], zip(*checks["rows"], strict=True), strict=True):
        assert width > max(len(word) for cell in column for word in cell.split(" "))


def test_every_drawing_lies_within_its_page_however_many_families_of_effects_there_are() -> None:
    own = replace(rows([], effects_of_rooms())[0], here=True, ratio=0.5)
    found = rows([own], effects_of_rooms())
    effects = tuple(
        Figure(name, forest_svg(part, found), name, tuple(table(part)), "Said. " * 40)
        for name, part in parts(found).items()
    )
    inputs = inputs_of(report(effects=effects))
    blocks = json.loads(inputs["report"])["blocks"]
    boxes = [VIEW.search(one["svg"]) for one in blocks if one["kind"] == "drawing"]
    at = "#context [#metadata(query(image).map(one => one.location().position().y)) <at>]"
    (places,) = json.loads(of_kind(inputs, "<at>", at))
    assert len(places["value"]) == len(boxes) == 4 + len(effects)
    for top, box in zip(places["value"], boxes, strict=True):
        assert box is not None
        height = WIDE * float(box[2]) / float(box[1])
        assert TOP <= float(top.removesuffix("pt")) <= BOTTOM - height


def test_page_and_paper_hold_the_same_tables() -> None:
    data = json.loads(inputs_of(report(effects=(figure(),)))["report"])
    captions = [one["caption"] for one in data["blocks"] if one["kind"] == "grid"]
    assert len(captions) == len(set(captions)) == 12
    assert sum(one["kind"] == "drawing" for one in data["blocks"]) == 5
