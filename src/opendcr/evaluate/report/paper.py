"""A report as a paper: PDF/UA-1 by typst, which refuses a figure without words.

The words go to typst as data and never as its markup. A character that its typefaces do not have is
written by its number ([U+4E2D]): fonts of the machine are not asked, so that the same report is the
same bytes everywhere.
"""

import json
import re
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import typst

from opendcr.evaluate.report.blocks import Block, Drawing, Grid, Heading, Points, Terms, Text
from opendcr.evaluate.report.content import Report
from opendcr.evaluate.report.document import document
from opendcr.evaluate.report.page import shown

UNLOCKED = date(2000, 1, 1)  # the date of a paper of which no lock says when
_NARROW, _WIDE = 4, 40  # the least and greatest weight of a column's width, in characters
_PROBE = """#set document(title: "-")
#set text(lang: "en", font: "Libertinus Serif")
#sys.inputs.text #text(weight: "bold", sys.inputs.text)
"""


def paper(report: Report) -> bytes:
    """The paper (PDF); the same bytes for the same report."""
    data = json.dumps(_data(report), ensure_ascii=False)
    return _compile(_file("paper.typ"), {"report": data})


def _data(report: Report) -> dict[str, Any]:
    made = _made(report)
    return {
        "title": spelled(report.question.title),
        "date": {"year": made.year, "month": made.month, "day": made.day},
        "blocks": [_block(one) for one in document(report)],
    }


def _made(report: Report) -> date:
    """The day of the lock: a paper's own day would change its bytes."""
    try:
        return date.fromisoformat(report.lock.locked[:10]) if report.lock else UNLOCKED
    except ValueError:
        return UNLOCKED


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Heading(text, level):
            return {"kind": "heading", "text": spelled(text), "level": level}
        case Text(text, kind):
            return {"kind": kind, "text": spelled(text)}
        case Points(items):
            return {"kind": "points", "items": [spelled(one) for one in items]}
        case Terms(rows):
            return {"kind": "terms", "rows": _cells(rows)}
        case Grid():
            return _grid(block)
        case Drawing(figure, caption, table):
            return {
                "kind": "drawing",
                "title": spelled(figure.title),
                "caption": spelled(caption),
                "alt": spelled(figure.alt),
                "svg": _printed(figure.svg),
                "table": _grid(table),
            }


def _grid(grid: Grid) -> dict[str, Any]:
    return {
        "kind": "grid",
        "caption": spelled(grid.caption),
        "rows": _cells(grid.rows),
        "numbers": sorted(grid.numbers),
        "widths": [_width(column) for column in zip(*grid.rows, strict=True)],
    }


def _cells(rows: tuple[tuple[str, ...], ...]) -> list[list[str]]:
    return [[spelled(cell) for cell in row] for row in rows]


def _width(column: tuple[str, ...]) -> int:
    """How wide a column is beside the others: by its longest word and its longest cell."""
    return max(_NARROW, *(min(len(cell), _WIDE) for cell in column))


def _printed(svg: str) -> str:
    """A drawing with the colours of paper in itself."""
    return spelled(re.sub(r">", f"><style>{_file('print.css')}</style>", svg, count=1))


def spelled(text: str) -> str:
    """A text with what no typeface of the paper has written by its number."""
    return "".join(one if has(one) else f"[U+{ord(one):04X}]" for one in shown(text))


@cache
def has(character: str) -> bool:
    """Whether the typefaces of the paper have a character."""
    if character.isascii():
        return True
    try:
        _compile(_PROBE, {"text": character})
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
