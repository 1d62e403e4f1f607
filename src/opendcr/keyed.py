"""Reads a table of a TOML file key by key, so that an error can name the file and the key."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from opendcr.errors import InputError

_LINE = re.compile(r"at line (\d+)")
_CURLY = re.compile("[\N{LEFT SINGLE QUOTATION MARK}-\N{DOUBLE LOW-9 QUOTATION MARK}]")
_ALIKE = str.maketrans("oil", "011")  # letters that are taken for figures
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")


def read_toml(path: Path, of: str) -> dict[str, Any]:
    """The content of a TOML file; InputError where it is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(str(path), error.strerror or "no file", f"{of} in TOML") from error
    text = decoded(content, f"{path}, line", "UTF-8: save it as UTF-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InputError(str(path), "an empty file", f"{of} in TOML")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(path, text, str(error), of) from error


def decoded(content: bytes, where: str, expected: str) -> str:
    """The text in UTF-8, without the mark that some programs begin it with; InputError where it is
    none, with the number of the line after `where`."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found = "a character that is not in UTF-8"
        raise InputError(f"{where} {line}", found, expected) from error


def _no_toml(path: Path, text: str, said: str, of: str) -> InputError:
    """The error for a text that is no TOML; quotes that a word processor wrote are named."""
    line = int(at[1]) if (at := _LINE.search(said)) else 1
    lines = text.split("\n")
    curly = _CURLY.search(lines[min(line, len(lines)) - 1])
    if curly is None:
        return InputError(str(path), said, f"{of} in TOML")
    found = f"{curly[0]}, a quotation mark that a word processor wrote"
    return InputError(f"{path}, line {line}", found, 'straight ones: "')


@dataclass(frozen=True)
class Table:
    """One table: `where` is the file, `name` the table's own key, `known` the keys it may have."""

    where: str
    name: str
    data: Mapping[str, Any]

    @classmethod
    def of(cls, where: str, name: str, data: Any, known: Iterable[str] | None = None) -> "Table":
        """The table, after a look at its type and its keys."""
        if not isinstance(data, Mapping):
            raise InputError(f"{where}, {name or 'the whole'}", shown(data), "a table")
        table = cls(where, name, data)
        for key in data:
            if known is not None and key not in known:
                expected = f"one of {', '.join(sorted(known))}{meant(str(key), tuple(known))}"
                named = one_line(table.key(key))
                raise InputError(f"{where}, {named}", "a key that is not known", expected)
        return table

    def key(self, key: str) -> str:
        """A key's whole name."""
        return f"{self.name}.{key}" if self.name else key

    def fail(self, key: str, expected: str) -> InputError:
        """The error for a key whose value is not what was expected."""
        found = shown(self.data[key]) if key in self.data else "nothing"
        return InputError(f"{self.where}, {one_line(self.key(key))}", found, expected)

    def table(self, key: str, known: Iterable[str] | None = None) -> "Table":
        """A table within; an empty one where it is left out."""
        return Table.of(self.where, self.key(key), self.data.get(key, {}), known)

    def tables(self, key: str, known: Iterable[str]) -> tuple["Table", ...]:
        """The tables of a list; none where it is left out."""
        values = self.data.get(key, [])
        if not isinstance(values, list):
            raise self.fail(key, "a list")
        named = [f"{self.key(key)}[{at}]" for at in range(1, len(values) + 1)]
        rows = zip(named, values, strict=True)
        return tuple(Table.of(self.where, name, value, known) for name, value in rows)

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """A number between bounds."""
        value = self.data.get(key, default)
        if not is_number(value) or not low <= value <= high:
            raise self.fail(key, f"a number from {low:g} to {high:g}")
        return float(value)

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """A whole number between bounds."""
        value = self.data.get(key, default)
        if type(value) is not int or not low <= value <= high:
            raise self.fail(key, f"a whole number from {low} to {high}")
        return value

    def numbers(self, key: str, count: int, low: float, high: float) -> tuple[float, ...]:
        """So many numbers between bounds."""
        values = self.data.get(key)
        fits = isinstance(values, list) and len(values) == count
        if not fits or not all(is_number(one) and low <= one <= high for one in values or ()):
            raise self.fail(key, f"{count} numbers from {low:g} to {high:g}")
        return tuple(float(one) for one in values or ())

    def by_key(self, key: str, low: float, high: float) -> dict[str, float]:
        """A table of numbers between bounds."""
        inner = self.table(key)
        return {name: inner.number(name, low, high) for name in inner.data}

    def text(self, key: str, default: str | None = None, most: int = 200) -> str:
        """A text in one line that is not empty and has at most so many characters."""
        value = self.data.get(key, default)
        if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
            raise self.fail(key, f"up to {most} characters in one line")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Yes or no."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.fail(key, "true or false")
        return value

    def clock(self, key: str, default: str) -> str:
        """A local time."""
        value = self.data.get(key, default)
        if not isinstance(value, str) or not _CLOCK.fullmatch(value):
            raise self.fail(key, 'a local time from "00:00" to "24:00"')
        return value

    def codes(self, key: str, codes: Iterable[str], default: Iterable[str]) -> tuple[str, ...]:
        """A list of some codes."""
        values, codes = self.data.get(key, list(default)), tuple(codes)
        if not isinstance(values, list) or any(value not in codes for value in values):
            raise self.fail(key, f"a list of some of {_listed(codes)}")
        return tuple(values)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of names of areas; none where it is left out."""
        values = self.data.get(key, [])
        if not isinstance(values, list) or not all(isinstance(one, str) for one in values):
            raise self.fail(key, "a list of names of areas")
        return tuple(values)

    def one_of(self, key: str, codes: Iterable[str], default: str | None = None) -> str:
        """One of some codes."""
        value = self.data.get(key, default)
        if value not in tuple(codes):
            raise self.fail(key, f"one of {_listed(codes)}")
        return str(value)


def meant(name: str, names: Sequence[str]) -> str:
    """A question for an error about a name that is not there: whether the one that it is like was
    meant; empty where none is like it."""
    plain = {_plain(one): one for one in reversed(names)}
    like = get_close_matches(_plain(name), plain, 1, cutoff=0.8)
    return f"; did you mean '{plain[like[0]]}'?" if like else ""


def _listed(codes: Iterable[str]) -> str:
    """Codes for an error, those of several words in quotes: one must see where each ends."""
    return ", ".join(f"'{one}'" if " " in one else one for one in codes)


def _plain(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum()).translate(_ALIKE)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number and not a yes or no."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15


def shown(value: Any) -> str:
    """A value for an error message."""
    if value is None:
        return "nothing"
    return one_line(f"'{value}'" if isinstance(value, str) else str(value))


def one_line(text: str) -> str:
    """The beginning of a text, in one line."""
    return " ".join(text.split())[:80]
