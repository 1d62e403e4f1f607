"""The parts of a report as a page and a paper both show them."""

import re
from dataclasses import dataclass
from typing import Literal

from opendcr.evaluate.report.content import Figure, Rows

# A number, with its unit, what it is within or what it reaches to; or that there is none.
_NUMBER = re.compile(r"([−+]?\d[\d.,]*\s?%?( \(.*\)|\sto\s.*)?)?|no\sinterval|not known|not given")


@dataclass(frozen=True)
class Heading:
    """A heading of a section, or of a part of one (level 3)."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Text:
    """A paragraph; `answer` is the sentence that counts, `badge` a status, `note` what is read last."""

    text: str
    kind: Literal["plain", "answer", "badge", "note"] = "plain"


@dataclass(frozen=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Terms:
    """What is named, and what it is."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Grid:
    """A table: its first row is the heading, its first column names the rows. What is `folded` is
    opened by whoever wants it, on a screen."""

    caption: str
    rows: Rows
    folded: bool = False

    @property
    def numbers(self) -> frozenset[int]:
        """The columns that hold numbers."""
        columns = enumerate(zip(*self.rows[1:], strict=True))
        return frozenset(at for at, cells in columns if at and all(map(_is_number, cells)))


@dataclass(frozen=True)
class Drawing:
    """A figure, its caption, and the table behind it; `folded` as a table is."""

    figure: Figure
    caption: str
    table: Grid
    folded: bool = False


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))


Block = Heading | Text | Points | Terms | Grid | Drawing
