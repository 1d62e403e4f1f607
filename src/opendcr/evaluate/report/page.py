"""A report as a page: one file that loads nothing, by day and by night, for eyes and for ears."""

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib.resources import files
from unicodedata import category

from opendcr.evaluate.report.blocks import Block, Drawing, Grid, Heading, Points, Terms, Text
from opendcr.evaluate.report.content import Report
from opendcr.evaluate.report.document import document
from opendcr.evaluate.report.words import NBSP

_SPACES = re.compile(r"[^\S\u00a0]+")  # what keeps a number and its unit together stays
_UNIT = re.compile(r"(?<=\d) (?=%)")


def page_of(report: Report) -> str:
    """The page."""
    title = _text(report.question.title)
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>",
            f"<style>{_style()}</style></head><body><main>",
            f"<h1>{title}</h1>",
            *(part for block in document(report) for part in _block(block)),
            "</main></body></html>",
            "",
        ]
    )


def _block(block: Block) -> Iterable[str]:
    match block:
        case Heading(text, level):
            name = f' id="{_name(text)}"' if level == 2 else ""
            yield f"<h{level}{name}>{_text(text)}</h{level}>"
        case Text(text, kind):
            yield f'<p class="{kind}">{_text(text)}</p>'
        case Points(items):
            yield f"<ul>{''.join(f'<li>{_text(item)}</li>' for item in items)}</ul>"
        case Terms(rows):
            each = (
                f"<div><dt>{_text(term)}</dt><dd>{_text(said)}</dd></div>" for term, said in rows
            )
            yield f"<dl>{''.join(each)}</dl>"
        case Drawing(figure, caption, table, folded):
            if folded:
                yield f"<details><summary>{_text(figure.title)}</summary>"
            yield f'<figure><div class="wide" tabindex="0" role="group" aria-label="{_text(figure.title)}">'
            yield f"{shown(figure.svg)}</div>"
            yield f"<figcaption><b>{_text(figure.title)}.</b> {_text(caption)}</figcaption></figure>"
            yield from _block(table)
            if folded:
                yield "</details>"
        case Grid():
            yield from _grid(block)


def _grid(grid: Grid) -> Iterable[str]:
    heading, *rows = grid.rows
    if grid.folded:
        yield f"<details><summary>{_text(grid.caption)}</summary>"
    yield f'<div class="wide" tabindex="0" role="group" aria-label="{_text(grid.caption)}">'
    again = ' class="again"' if grid.folded else ""
    yield f"<table><caption{again}>{_text(grid.caption)}</caption><thead><tr>"
    yield "".join(_cell(grid, at, text, "th", "col") for at, text in enumerate(heading))
    yield "</tr></thead><tbody>"
    for row in rows:
        cells = (_cell(grid, at, text, "td" if at else "th", "row") for at, text in enumerate(row))
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"
    if grid.folded:
        yield "</details>"


def _cell(grid: Grid, at: int, text: str, tag: str, scope: str) -> str:
    scoped = f' scope="{scope}"' if tag == "th" else ""
    number = ' class="number"' if at in grid.numbers else ""
    return f"<{tag}{scoped}{number}>{_text(text)}</{tag}>"


def _text(text: str) -> str:
    return escape(shown(text))


def shown(text: str) -> str:
    """A text in one line, without marks that only steer how others are shown; what cannot be shown
    (controls, halves of pairs) is replaced by a sign."""
    joined = _UNIT.sub(NBSP, _SPACES.sub(" ", text).strip(" "))
    return "".join(_shown(one) for one in joined)


def _shown(one: str) -> str:
    if one.isprintable() or one == NBSP:
        return one
    return "" if category(one) == "Cf" else "\N{REPLACEMENT CHARACTER}"


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


@cache
def _style() -> str:
    return files(__package__).joinpath("report.css").read_text(encoding="utf-8")
