"""Which cells of a panel a plan means: those of a ring, those inside opening hours."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.panel import some
from opendcr.keyed import Table, shown

Mask = NDArray[np.bool_]
Labels = Mapping[str, tuple[str, ...]]
YES, NO = ("yes", "true", "1"), ("no", "false", "0")
EXPECTED = (
    "a comparison such as ring == '0-500m', ring != '0-500m' or ring in ['0-500m', '500-1000m']"
)
_COMPARISON = re.compile(r"\s*([^\s=!'\"]+)\s*(==|!=|\bin\b)\s*(.+?)\s*")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_BARE = re.compile(r"[\w.-]+")  # a word or number without quotes
_LIST = re.compile(r"\[\s*(?:'[^']*'|\"[^\"]*\")(?:\s*,\s*(?:'[^']*'|\"[^\"]*\"))*\s*\]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_UNIT = re.compile(r"\d\s*(km|kilomet|mi|m)")
_METRES = {"m": 1.0, "km": 1000.0, "kilomet": 1000.0, "mi": 1609.344}


@dataclass(frozen=True)
class Chosen:
    """The cells that a selection means: of `column`, those of certain `values`."""

    column: str
    values: tuple[str, ...]
    mask: Mask


@dataclass(frozen=True)
class Selection:
    """A plan's words for some cells: a comparison; the name of a column of yes and no; or a value
    that stands in one column alone. Of a comparison the parts are in `column`, `values`, and
    whether it is `negated`."""

    where: str
    text: str
    column: str | None = None
    values: tuple[str, ...] = ()
    negated: bool = False

    @classmethod
    def read(cls, table: Table, key: str, default: str | None = None) -> "Selection":
        """The selection under a key; InputError where it cannot be read."""
        text, where = table.text(key, default), f"{table.where}, {table.key(key)}"
        found = _COMPARISON.fullmatch(text)
        if found is None:
            if any(one in text for one in "=!'\"[]"):
                raise table.fail(key, EXPECTED)
            return cls(where, text.strip())
        column, sign, right = found.groups()
        if sign != "in" and _BARE.fullmatch(right):
            return cls(where, text, column, (right,), sign == "!=")
        if not (_LIST if sign == "in" else _QUOTED).fullmatch(right):
            raise table.fail(key, EXPECTED)
        values = tuple(one or two for one, two in _QUOTED.findall(right))
        return cls(where, text, column, values, sign == "!=")

    @property
    def in_words(self) -> str:
        """What it chooses: "ring 0-500m"."""
        if self.column is None:
            return self.text
        values = " or ".join(self.values)
        return f"{self.column.replace('_', ' ')} {'not ' if self.negated else ''}{values}"

    def of(self, labels: Labels) -> Chosen:
        """The cells of a panel with these labels; InputError where they are none or all."""
        column, values = self._among(labels)
        mask = np.isin(np.array(labels[column]), values) ^ self.negated
        if mask.all() or not mask.any():
            found = "all cells" if mask.any() else "no cell"
            raise InputError(self.where, found, "some cells and not all")
        return Chosen(column, tuple(dict.fromkeys(np.array(labels[column])[mask].tolist())), mask)

    def _among(self, labels: Labels) -> tuple[str, tuple[str, ...]]:
        if self.column is not None:
            return self._compared(self.column, labels)
        if self.text in labels:
            return self.text, self._yes(labels[self.text])
        columns = [name for name, cells in labels.items() if self.text in cells]
        if len(columns) != 1:
            found = f"{shown(self.text)}, a value in {len(columns)} columns and no column's name"
            raise InputError(self.where, found, f"one of the columns {some(list(labels))}, a value of "
                             f"one of them, or {EXPECTED}")  # fmt: skip
        return columns[0], (self.text,)

    def _compared(self, column: str, labels: Labels) -> tuple[str, tuple[str, ...]]:
        if column not in labels:
            raise InputError(self.where, f"no column '{column}'", f"one of {some(list(labels))}")
        missing = [one for one in self.values if one not in labels[column]]
        if missing:
            known = some(list(dict.fromkeys(labels[column])))
            raise InputError(self.where, f"no cell with {column} '{missing[0]}'", f"one of {known}")
        return column, self.values

    def _yes(self, cells: Sequence[str]) -> tuple[str, ...]:
        odd = [one for one in cells if one.lower() not in (*YES, *NO)]
        if odd:
            found = f"{shown(odd[0])} in column '{self.text}'"
            raise InputError(self.where, found, f"{', '.join(YES)} or {', '.join(NO)}")
        return tuple({one for one in cells if one.lower() in YES})


def outwards(rings: Sequence[str]) -> tuple[str, ...]:
    """Rings by the distance that their names begin with (500-1000m, 1-2km, 2 miles); as they come
    where one has none."""
    unique = list(dict.fromkeys(rings))
    distances = [_distance(one) for one in unique]
    if any(one is None for one in distances):
        return tuple(unique)
    return tuple(sorted(unique, key=lambda one: _distance(one) or 0.0))


def _distance(ring: str) -> float | None:
    """Metres, where the name has a unit; the unit of a range is that of its end."""
    number, unit = _NUMBER.search(ring), _UNIT.search(ring.lower())
    return float(number[0]) * (_METRES[unit[1]] if unit else 1.0) if number else None
