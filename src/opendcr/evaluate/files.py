"""Files of data: what is in a table of text, and what is said of one that is none."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from opendcr.errors import InputError
from opendcr.keyed import decoded, one_line, shown

A_TABLE = "a table in CSV, with a line of headings"
_HEADED = "a heading for each column, in the first line of the file and nowhere else"
_BEGINS = {
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"%PDF": "a PDF",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}
_SPACES = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_GROUPED = re.compile(rf"[-+]?\d{{1,3}}([ ,'’{_SPACES}])\d{{3}}(?:\1\d{{3}})*(?:\.\d+)?")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}\.\d{3}")
_DOTTED = re.compile(r"[-+]?\d{1,3}(\.\d{3}){2,}")
_LONG = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?", re.IGNORECASE)
_COMMA = re.compile(r"[-+]?[\d.]*\d,\d+")
_MOST = 1e15  # no count and no exposure is as large
_DASHES = ("-", "–", "—")
_SUPPRESSED = re.compile(
    r"\*+|[<≤]\s*\d+|\[[a-z]\]|\.\.+|[:~#cxz]|suppressed|redacted|confidential", re.IGNORECASE
)


def read_table(path: Path) -> tuple[pl.DataFrame, tuple[int, ...]]:
    """The rows of a CSV file (or Parquet, by its name) as text, and the line on which each ends.

    Raises InputError, in one line, for what is no such table.
    """
    if path.is_dir():
        raise InputError(str(path), "a folder", "a file: a table in CSV")
    if path.suffix == ".parquet":
        frame = _parquet(path)
        return frame, tuple(range(1, frame.height + 1))
    text = _text(path)
    heading = text.partition("\n")[0]
    for mark, name in ((";", "semicolons"), ("\t", "tabs")):
        if mark in heading and "," not in heading:
            raise InputError(
                str(path), f"columns apart by {name}", "commas: save it as CSV (UTF-8)"
            )
    try:
        headings, records, lines = _records(str(path), text)
    except csv.Error as error:
        raise InputError(str(path), f"'{one_line(str(error))}'", A_TABLE) from error
    columns = zip(*records, strict=True) if records else [()] * len(headings)
    data = {name: pl.Series(list(cells), dtype=pl.String)
            for name, cells in zip(headings, columns, strict=True)}  # fmt: skip
    return pl.DataFrame(data), lines


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path).cast(pl.String)
    except OSError as error:
        raise InputError(str(path), error.strerror or "no file", "a table in Parquet") from error
    except pl.exceptions.PolarsError as error:
        raise InputError(str(path), "what is no table", "a table in Parquet") from error


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), error.strerror or "no file", "a table in CSV") from error
    for begins, name in _BEGINS.items():
        if content.startswith(begins):
            raise InputError(str(path), name, "a table in CSV: save it as CSV (UTF-8)")
    text = decoded(content, f"{path}, row", "UTF-8: save it as CSV (UTF-8)")
    if not text.strip():
        raise InputError(str(path), "an empty file", A_TABLE)
    return text


def _records(
    where: str, text: str
) -> tuple[Sequence[str], list[list[str | None]], tuple[int, ...]]:
    """Headings, the cells of each row (None where one is empty), and the line of each; without the
    columns that have no heading, which nothing can name, and rows of nothing."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    headings = [one.strip() for one in next(reader)]
    pairs = list(_rows(where, ((row, reader.line_num) for row in reader), headings))
    named = [at for at, name in enumerate(headings) if name]
    headings = [headings[at] for at in named]
    if len(set(headings)) < len(headings):
        twice = next(one for one in headings if headings.count(one) > 1)
        raise InputError(where, f"two columns of one name, {shown(twice)}", "each name once")
    return headings, [[row[at] for at in named] for row, _ in pairs], tuple(one for _, one in pairs)


def _rows(
    where: str, rows: Iterable[tuple[list[str], int]], headings: Sequence[str]
) -> Iterator[tuple[list[str | None], int]]:
    many = len(headings)
    for row, line in rows:
        if sum(map(bool, headings)) < 2 <= sum(map(bool, row)):
            found = f"{shown(' '.join(headings).strip())} alone in the first line, as a title is"
            raise InputError(where, found, _HEADED)
        if len(row) > many:
            found = f"{len(row)} cells under {many} headings"
            expected = (
                "one for each; numbers with a decimal point and no separator of thousands, and "
                "texts that hold a comma in quotes"
            )
            raise InputError(f"{where}, row {line}", found, expected)
        if any(row):
            yield [one or None for one in row] + [None] * (many - len(row)), line


def number_of(cell: str, where: str) -> float:
    """What a cell says; NaN where it is empty. Raises InputError, saying what stands there instead:
    nothing is guessed."""
    if cell in ("", "NA", "NaN", "nan"):
        return float("nan")
    try:
        value = float(cell)
    except ValueError:
        value = float("inf")
    if abs(value) >= _MOST or "_" in cell:
        raise InputError(where, *_instead(cell))
    return value


def three_decimals(cells: Iterable[str]) -> str:
    """The first of some cells that could all be thousands with a dot (600.000) as well as numbers with
    three decimals; empty where one could not."""
    known = [one for one in cells if one]
    return known[0] if known and all(map(_THOUSANDS.fullmatch, known)) else ""


def dot_of_thousands(cells: Sequence[str]) -> int | None:
    """Which of a column's cells shows that its dots are separators of thousands, as in 950 and 1.050:
    nobody who writes 950 without decimals writes the last zero of 1.05. None where none does."""
    known = [(at, one) for at, one in enumerate(cells) if one]
    shows = [at for at, one in known if "." in one and one.endswith("0")]
    whole = [one for _, one in known if "." not in one]
    if not shows or not any(one.strip("0") for one in whole):
        return None
    like = all(_THOUSANDS.fullmatch(one) or (len(one) <= 3 and one.isdigit()) for _, one in known)
    return shows[0] if like else None


def _instead(cell: str) -> tuple[str, str]:
    """What a cell that is no number is, and what it should be."""
    if cell in _DASHES:
        expected = "a number: 0 if it means none; if suppressed, coarser periods or areas"
        return f"{shown(cell)}, which may mean none or suppressed", expected
    if _SUPPRESSED.fullmatch(cell):
        expected = (
            "a number: what is suppressed is not guessed; take coarser periods or areas, of which "
            "counts are published, or leave the area out"
        )
        return f"{shown(cell)}, a count that is suppressed", expected
    if grouped := _GROUPED.fullmatch(cell):
        plain = cell.replace(grouped[1], "")
        or_decimal = f" ({cell.replace(',', '.')} if the comma is a decimal one)"
        expected = f"{plain}{or_decimal if cell.count(',') == 1 else ''}"
        return f"{shown(cell)}, with a separator of thousands", expected
    if _COMMA.fullmatch(cell):
        expected = f"a decimal point: {cell.replace('.', '').replace(',', '.')}"
        return f"{shown(cell)}, with a decimal comma", expected
    if _DOTTED.fullmatch(cell):
        return f"{shown(cell)}, with a separator of thousands", cell.replace(".", "")
    return shown(cell), f"a number below {_MOST:.0e}" if _LONG.fullmatch(cell) else "a number"
