"""Which cells of a panel a plan means: those of a ring, those inside opening hours."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.panel import one_of, some
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
_METRES = {
    r"km|kms|kilomet(?:re|er)s?": 1000.0,
    r"m|mtrs?|met(?:re|er)s?": 1.0,
    r"mi|miles?": 1609.344,
    r"yds?|yards?": 0.9144,
    r"ft|foot|feet": 0.3048,
}
_UNIT = rf"(?:{'|'.join(_METRES)})(?![a-z])"
_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_EXTENT = re.compile(rf"({_NUMBER})\s*({_UNIT})?(?:\s*(?:[-–—−]|to)\s*({_NUMBER})\s*({_UNIT})?)?")
_UNDER = re.compile(r"(?:[<≤]|under|below|within|up to|less than)\s*$")
_BARE_EXTENT = re.compile(rf"(?:ring|band|zone|buffer)?\s*{_EXTENT.pattern}")
_FRACTION = re.compile(r"\d\s*/\s*\d|[½¼¾⅓⅔]|\d,\d{1,2}(?!\d)")  # that is not read, nor guessed
_NEARLY = 1.01  # rings whose ends were rounded apart, in yards and metres, do not overlap


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


@dataclass(frozen=True)
class Outwards:
    """How rings stand, from the room outwards: as a plan has `named` them under a key (`where`), or
    by the distances in their names."""

    where: str
    named: tuple[str, ...] = ()

    @classmethod
    def read(cls, table: Table, key: str) -> "Outwards":
        """The order under a key; InputError where a ring stands in it twice."""
        named = table.names(key)
        if len(set(named)) < len(named):
            raise table.fail(key, "each ring once")
        return cls(f"{table.where}, {table.key(key)}", named)

    def of(self, rings: Sequence[str], near: Sequence[str], far: Sequence[str]) -> tuple[str, ...]:
        """Some rings in their order, without those that the plan leaves out of it. One that alone is
        not near is the farthest, whatever its name. InputError where the plan leaves out one that is
        near or far, or has one that is none, and where neither it nor their names give an order."""
        unique = tuple(dict.fromkeys(rings))
        if self.named:
            return self._as_named(unique, (*near, *far))
        try:
            return self._by_distance(unique)
        except InputError:
            others = [one for one in unique if one not in near]
            if len(others) > 1:
                raise
            return (*(one for one in unique if one in near), *others)

    def _as_named(self, rings: Sequence[str], used: Sequence[str]) -> tuple[str, ...]:
        for one in self.named:
            if one not in rings:
                raise InputError(self.where, f"no ring '{one}'", one_of(one, rings))
        missing = [one for one in used if one not in self.named]
        if missing:
            found = f"no place of '{missing[0]}', which is near or compared with"
            raise InputError(self.where, found, f"an order of {some(list(dict.fromkeys(used)))}")
        return self.named

    def _by_distance(self, rings: Sequence[str]) -> tuple[str, ...]:
        extents = {one: _extent(one) for one in rings}
        read = {one: extent for one, extent in extents.items() if extent is not None}
        if len(read) < len(rings) or len({one.in_units for one in read.values()}) > 1:
            found = f"rings whose names do not say how far out they lie ({some(rings)})"
            raise InputError(self.where, found, _THEIR_ORDER)
        order = tuple(sorted(read, key=lambda one: read[one].begins))
        for one, other in pairwise(order):
            if (
                read[other].begins == read[one].begins
                or read[one].ends > _NEARLY * read[other].begins
            ):
                found = f"'{one}' and '{other}', which overlap by their names"
                raise InputError(self.where, found, f"rings of which none holds another, or {_THEIR_ORDER}")  # fmt: skip
        return order


_THEIR_ORDER = 'their order from the room outwards, as rings = ["nearest", "next", "farthest"]'


class _Extent(NamedTuple):
    """From where to where a ring lies: in metres where its name has a unit. One of which the name
    says no end ends where it begins."""

    begins: float
    ends: float
    in_units: bool


@lru_cache(maxsize=1024)
def _extent(ring: str) -> _Extent | None:
    """The distances that a name holds ("500yd-1mi", "under 1 km", "ring 2"); None where it has none,
    or has numbers that may be something else."""
    name = ring.casefold()
    found = next((one for one in _EXTENT.finditer(name) if one[2] or one[4]), None)
    bare = None if found else _BARE_EXTENT.fullmatch(name)
    said = found or bare
    if said is None or _FRACTION.search(name):
        return None
    first, unit, last, of = said.groups()
    begins = _metres(first, unit or of)
    if last is None and _UNDER.search(name[: said.start()]):
        return _Extent(0.0, begins, True)
    ends = _metres(last, of or unit) if last else begins
    if last and ends <= begins:  # "500-1km" is of 500 m, and "500-0m" of nothing
        return None
    return _Extent(begins, ends, found is not None)


def _metres(number: str, unit: str | None) -> float:
    size = next((size for one, size in _METRES.items() if re.fullmatch(one, unit or "")), 1.0)
    return float(number.replace(",", "")) * size
