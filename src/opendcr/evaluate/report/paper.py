"""A report as a paper: PDF/UA-1 by typst, which refuses a figure without words.

The words go to typst as data and never as its markup. A character that its typefaces do not have is
written by its number ([U+4E2D]): fonts of the machine are not asked, so that the same report is the
same bytes everywhere.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from statistics import fmean
from typing import Any
from unicodedata import category

import typst

from opendcr.evaluate.report.blocks import Block, Drawing, Grid, Heading, Points, Terms, Text
from opendcr.evaluate.report.content import Report, Rows
from opendcr.evaluate.report.document import document
from opendcr.evaluate.report.page import shown

_LINE = 100  # characters of a table in one line of the paper
_WIDE, _HEADING = (
    36,
    14,
)  # characters of a word that needs a line for itself, and of a heading in one, at most
_PROBE = """#set document(title: "-")
#set text(lang: "en", font: "Libertinus Serif")
#sys.inputs.text #text(weight: "bold", sys.inputs.text)
"""


def paper_of(report: Report) -> bytes:
    """The paper (PDF); the same bytes for the same report, which has its day."""
    return compiled(inputs_of(report))


def inputs_of(report: Report) -> dict[str, str]:
    """What typst is given beside its file: the report's blocks, as JSON."""
    made, blocks = report.made, document(report)
    data = {
        "title": spelled(report.question.title),
        "date": {"year": made.year, "month": made.month, "day": made.day},
        "blocks": [one for block in blocks for one in _blocks(block)] + _numbers(blocks),
    }
    return {"report": json.dumps(data, ensure_ascii=False)}


def compiled(inputs: dict[str, str]) -> bytes:
    """The paper of what `inputs_of` gives; TypstError where a figure has no words."""
    return _compile(_file("paper.typ"), inputs)


def _blocks(block: Block) -> Iterator[dict[str, Any]]:
    match block:
        case Heading(text, level):
            yield {"kind": "heading", "text": spelled(text), "level": level}
        case Text(text, kind):
            yield {"kind": kind, "text": spelled(text)}
        case Points(items):
            yield {"kind": "points", "items": [spelled(one) for one in items]}
        case Terms(rows):
            yield {"kind": "terms", "rows": _cells(rows)}
        case Grid():
            yield _grid(block)
        case Drawing(figure, caption):
            yield {
                "kind": "drawing",
                "title": spelled(figure.title),
                "caption": spelled(f"{caption} Its numbers stand at the end."),
                "alt": spelled(figure.alt),
                "svg": _printed(figure.svg),
            }


def _numbers(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """The tables behind the figures, last: they are long."""
    heading = {"kind": "heading", "text": "The numbers behind the figures", "level": 2}
    return [heading, *(_grid(one.table) for one in blocks if isinstance(one, Drawing))]


def _grid(grid: Grid) -> dict[str, Any]:
    columns = list(zip(*grid.rows, strict=True))
    widths = [_width(column) for column in columns]
    fills = sum(widths) > _LINE
    return {
        "kind": "grid",
        "caption": spelled(grid.caption),
        "rows": _cells(grid.rows),
        "numbers": sorted(grid.numbers),
        "widths": _shared(columns) if fills else widths,
        "fills": fills,
    }


def _cells(rows: Rows) -> list[list[str]]:
    return [[spelled(cell) for cell in row] for row in rows]


def _width(column: Sequence[str]) -> int:
    """How wide a column would be, in characters: its longest cell, under the longest word of its
    heading and so much of that as is short."""
    heading, *cells = column
    words = (len(word) for cell in column for word in cell.split(" "))
    return 2 + max(*words, max(map(len, cells), default=0), min(len(heading), _HEADING))


def _shared(columns: Sequence[Sequence[str]]) -> list[float]:
    """The widths of columns that fill the line: of each its longest word, and of what is left a part
    by how much there is to be read in it."""
    words = [max(len(word) for cell in column for word in cell.split(" ")) for column in columns]
    least = [2 + min(one, _WIDE) for one in words]
    text = [fmean(map(len, column[1:])) if column[1:] else 0.0 for column in columns]
    wanted = [max(one - word, 0.1) for one, word in zip(text, least, strict=True)]
    spare = max(_LINE - sum(least), 0) / sum(wanted)
    return [word + spare * more for word, more in zip(least, wanted, strict=True)]


def _printed(svg: str) -> str:
    """A drawing with the colours of paper in itself."""
    return spelled(re.sub(r">", f"><style>{_file('print.css')}</style>", svg, count=1))


def spelled(text: str) -> str:
    """A text with what no typeface of the paper has written by its number."""
    return "".join(one if has(one) else f"[U+{ord(one):04X}]" for one in shown(text))


@cache
def has(character: str) -> bool:
    """Whether the typefaces of the paper have a character; one that joins another is tried on one."""
    if character.isascii():
        return True
    joined = "0" if category(character).startswith("M") else ""
    try:
        _compile(_PROBE, {"text": joined + character})
    except typst.TypstError:
        return False
    return True


def _compile(source: str, inputs: dict[str, str]) -> bytes:
    made = typst.compile(
        source.encode(), sys_inputs=inputs, font_paths=_fonts(), format="pdf", pdf_standards="ua-1"
    )
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    """The typefaces that come with typst, and no others."""
    return typst.Fonts(include_system_fonts=False)


@cache
def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
