"""The shapes of values in a fact's data, and what is wrong with a value that does not fit.

A value can be wrong in two ways, and they are treated differently. One of the wrong *type* could
not be read later, so it never enters a fact. One of the right type that cannot be true (a pulse of
900) is what somebody entered: it is kept, and flagged for review.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any, Protocol

from opendcr.catalogue import Catalogue

Json = Any  # what json.loads returns


class Shape(Protocol):
    """What a value must look like."""

    def expects(self) -> str:
        """Words for a person: what was expected."""

    def readable(self, value: Json) -> bool:
        """Whether the value has the right type, so that every reader can use it."""

    def plausible(self, value: Json) -> bool:
        """Whether a readable value can be true."""

    def holdable(self, value: Json) -> bool:
        """Whether a readable value may stand in a new fact even if it cannot be true.

        A number may. Words may not: an unknown code could be somebody's name.
        """

    def schema(self) -> dict[str, Json]:
        """The JSON Schema of a plausible value."""


@dataclass(frozen=True)
class Code:
    """A code of a catalogue. A code that we do not know is readable: a newer ledger may hold it."""

    catalogue: Catalogue[Any]

    def expects(self) -> str:
        # A code of digits alone is a text all the same.
        codes = [f'"{code}"' if code.isdigit() else code for code in self.catalogue.codes]
        return f"one of the {self.catalogue.name}: {', '.join(codes)}"

    def readable(self, value: Json) -> bool:
        return isinstance(value, str)

    def plausible(self, value: Json) -> bool:
        return value in self.catalogue

    def holdable(self, value: Json) -> bool:
        return value in self.catalogue

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "enum": list(self.catalogue.codes)}


@dataclass(frozen=True)
class Number:
    """A whole number in a unit, between bounds beyond which it is an error of entry."""

    low: int
    high: int
    unit: str

    def expects(self) -> str:
        return f"a whole number of {self.unit} from {self.low} to {self.high}"

    def readable(self, value: Json) -> bool:
        # Beyond 2**53 a JSON number loses digits in other readers (RFC 7493).
        return type(value) is int and abs(value) < 2**53

    def plausible(self, value: Json) -> bool:
        return bool(self.low <= value <= self.high)

    def holdable(self, value: Json) -> bool:
        return True

    def schema(self) -> dict[str, Json]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Flag:
    """Yes or no."""

    def expects(self) -> str:
        return "true or false"

    def readable(self, value: Json) -> bool:
        return isinstance(value, bool)

    def plausible(self, value: Json) -> bool:
        return True

    def holdable(self, value: Json) -> bool:
        return True

    def schema(self) -> dict[str, Json]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Ident:
    """A short name that a machine or a policy gave: of a place, a fact, an emergency, a batch.

    No spaces and at most 64 characters, so that no sentence and no full name fits in. Where devices
    make such ids, `letter` is what they begin with; a new one has only hexadecimal digits and
    dashes behind it, so that no word fits in. Others have a `form`, a regular expression that keeps
    names out as far as one can, and an example that is `like` them.
    """

    of: str
    letter: str | None = None
    form: str | None = None
    like: str = ""

    def expects(self) -> str:
        if self.form is not None:
            return f"the id of {self.of}, such as {self.like}"
        if self.letter is not None:
            return f"the id of {self.of}: '{self.letter}-' and up to 61 hexadecimal digits or '-'"
        return f"the id of {self.of}: up to 64 letters, digits, '-', '_', '.', ':'"

    def readable(self, value: Json) -> bool:
        return isinstance(value, str) and is_ident(value)

    def plausible(self, value: Json) -> bool:
        return re.fullmatch(self._form(), value) is not None

    def holdable(self, value: Json) -> bool:
        return self.plausible(value)

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "pattern": f"^{self._form()}$"}

    def _form(self) -> str:
        if self.form is not None:
            return f"(?:{self.form})"
        return f"{self.letter}-[0-9a-f-]{{1,61}}" if self.letter else "[A-Za-z0-9._:-]{1,64}"


@dataclass(frozen=True)
class Instant:
    """A moment: ISO 8601 with its offset from UTC."""

    def expects(self) -> str:
        return "a time such as 2025-02-01T10:03:22.120Z"

    def readable(self, value: Json) -> bool:
        return isinstance(value, str) and parse_instant(value) is not None

    def plausible(self, value: Json) -> bool:
        return True

    def holdable(self, value: Json) -> bool:
        return True

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True)
class Text:
    """Free text, of which a fact holds only the register's id and a hash that proves it.

    In a command it is the words themselves; the store puts them into the register and this in
    their place: `{"text": id, "sha256": hex}`, the hash of 32 random bytes and the words.
    """

    def expects(self) -> str:
        return "words"

    def readable(self, value: Json) -> bool:
        return (
            isinstance(value, Mapping)
            and set(value) == {"text", "sha256"}
            and all(isinstance(part, str) and is_ident(part) for part in value.values())
        )

    def plausible(self, value: Json) -> bool:
        return True

    def holdable(self, value: Json) -> bool:
        return True

    def schema(self) -> dict[str, Json]:
        return {"type": "string", "maxLength": 4000}


@dataclass(frozen=True)
class Many:
    """A list of values of one shape."""

    each: Shape

    def expects(self) -> str:
        return f"a list, each {self.each.expects()}"

    def readable(self, value: Json) -> bool:
        return isinstance(value, list | tuple) and all(self.each.readable(one) for one in value)

    def plausible(self, value: Json) -> bool:
        return all(self.each.plausible(one) for one in value)

    def holdable(self, value: Json) -> bool:
        return all(self.each.holdable(one) for one in value)

    def schema(self) -> dict[str, Json]:
        return {"type": "array", "items": self.each.schema(), "maxItems": 50}


@dataclass(frozen=True)
class Counts:
    """How many of each entry of a catalogue."""

    catalogue: Catalogue[Any]
    high: int

    def expects(self) -> str:
        return f"counts from 0 to {self.high} by {self.catalogue.name}"

    def readable(self, value: Json) -> bool:
        return isinstance(value, Mapping) and all(
            isinstance(code, str) and is_ident(code) and type(count) is int and abs(count) < 2**53
            for code, count in value.items()
        )

    def plausible(self, value: Json) -> bool:
        return all(
            code in self.catalogue and 0 <= count <= self.high for code, count in value.items()
        )

    def holdable(self, value: Json) -> bool:
        return all(code in self.catalogue for code in value)

    def schema(self) -> dict[str, Json]:
        count = {"type": "integer", "minimum": 0, "maximum": self.high}
        return {"type": "object", "properties": dict.fromkeys(self.catalogue.codes, count)}


@dataclass(frozen=True)
class Document:
    """A whole JSON object, such as a policy or the changes of a correction.

    `parts` are the shapes of keys that every reader takes as they stand; other keys are read by
    whoever knows them.
    """

    of: str
    parts: Mapping[str, Shape] = field(default_factory=dict)

    def expects(self) -> str:
        return f"an object: {self.of}"

    def readable(self, value: Json) -> bool:
        return (
            isinstance(value, Mapping)
            and _comes_back(value)
            and all(shape.readable(value[key]) for key, shape in self.parts.items() if key in value)
        )

    def plausible(self, value: Json) -> bool:
        return True

    def holdable(self, value: Json) -> bool:
        return True

    def schema(self) -> dict[str, Json]:
        return {"type": "object"}


@dataclass(frozen=True)
class Clock:
    """How a device's clock stood at a tap: `{"tapped": time, "offset_ms": n, "age_ms": n}`, what it
    last measured and how old that was, each null where unknown."""

    def expects(self) -> str:
        return "an object: tapped (a time), offset_ms and age_ms (whole numbers or null)"

    def readable(self, value: Json) -> bool:
        return (
            isinstance(value, Mapping)
            and {"tapped", "offset_ms", "age_ms"} <= value.keys()
            and Instant().readable(value["tapped"])
            and all(_whole_or_null(value[key]) for key in ("offset_ms", "age_ms"))
        )

    def plausible(self, value: Json) -> bool:
        return True

    def holdable(self, value: Json) -> bool:
        return True

    def schema(self) -> dict[str, Json]:
        return {"type": "object"}


def _whole_or_null(value: Json) -> bool:
    return value is None or (type(value) is int and abs(value) < 2**53)


_DEEPEST = 64  # levels of a document


def _comes_back(value: Json, depth: int = 0) -> bool:
    """Whether a JSON value comes back from its RFC 8785 text as it was, wherever it is read.

    A number from 2**53 to 10**21 is written out in digits that other readers do not all keep.
    """
    if isinstance(value, Mapping):
        inner = [*value, *value.values()]
        return depth < _DEEPEST and all(_comes_back(one, depth + 1) for one in inner)
    if isinstance(value, list | tuple):
        return depth < _DEEPEST and all(_comes_back(one, depth + 1) for one in value)
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= each <= "\udfff" for each in value)
    if isinstance(value, float):
        return abs(value) < 2**53 or 1e21 <= abs(value) < float("inf")
    return value is None or (isinstance(value, int) and abs(value) < 2**53)


def whole_numbers(value: Json) -> Json:
    """A JSON value with each whole number as an integer: `180.0` and `180` are one number, and have
    one RFC 8785 form, so that a chain holds whichever stands in a file."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, dict):
        return {key: whole_numbers(one) for key, one in value.items()}
    if isinstance(value, list):
        return [whole_numbers(one) for one in value]
    return value


_IDENT = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def is_ident(value: str) -> bool:
    """Whether a string is an id (see `Ident`)."""
    return _IDENT.fullmatch(value) is not None


def parse_instant(value: str) -> datetime | None:
    """The moment that a string names, in UTC, or None where it names none or leaves out its offset."""
    try:
        moment = datetime.fromisoformat(value)
        utc = moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # no time, or one beyond the calendar
        return None
    # At the calendar's edge no local time and no waiting time could be worked out.
    return utc if utc is not None and MINYEAR < utc.year < MAXYEAR else None
