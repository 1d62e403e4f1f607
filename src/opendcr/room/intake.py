"""What comes in from a device, sorted: what a fact can hold, and what it cannot.

An ask that does not fit is sent back with what is wrong. A report is never sent back: what fits
goes on to `decide`; the rest goes to the register, whole, and is flagged.
"""

import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from opendcr.catalogue.people import WHY
from opendcr.errors import InputError
from opendcr.ledger.codec import outline
from opendcr.ledger.facts import Mode, Source
from opendcr.ledger.kinds import KINDS, Kind, kind_named
from opendcr.ledger.shapes import (
    Document,
    Json,
    Shape,
    Text,
    is_ident,
    parse_instant,
    whole_numbers,
)
from opendcr.room.policy import Policy


@dataclass(frozen=True)
class Intake:
    """A command's body after sorting.

    `texts` are the words by their key of `data`, for the register; `data` is the rest that a fact
    can hold. `impossible` and `missing` name keys; `unreadable` holds what no fact could.
    """

    id: str
    kind: str
    mode: Mode
    visit: str | None
    person: str | None
    data: Mapping[str, Json]
    texts: Mapping[str, str]
    tapped: datetime | None
    offset_ms: int | None
    offset_age_ms: int | None
    because: str | None
    source: Source = "tap"
    impossible: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unreadable: Mapping[str, Json] = field(default_factory=dict)


T = TypeVar("T")

_KNOWN = {"id", "room", "kind", "mode", "visit", "person", "data", "tapped", "offset_ms",
          "offset_age_ms", "because", "entered_by", "source", "author", "proof"}  # fmt: skip


def intake(body: Json) -> Intake:
    """Sorts the JSON body of a command.

    Raises InputError for a body without an id and a kind, and for an ask that does not fit; never
    for a report that has its id and kind, even a kind that nobody knows.
    """
    if not isinstance(body, Mapping):
        raise InputError("the body", "no object", "a command: a JSON object")
    for key in ("id", "kind"):
        if not isinstance(body.get(key), str) or not is_ident(body[key]):
            raise InputError(key, "nothing usable", f"the command's {key}")
    kind = kind_named(body["kind"])
    mode = _mode(body, kind)
    if kind is None:
        if mode == "ask":
            raise InputError("kind", f"'{body['kind']}'", "the name of a command")
        return _unknown(body)
    taken = _Sorter(kind, body).intake(mode)
    if mode == "ask":
        _must_fit(taken, kind)
    return taken


def _mode(body: Mapping[str, Json], kind: Kind | None) -> Mode:
    """A body's mode: the kind's name says it where the body does not."""
    if kind is not None and kind.body:
        return "report"
    if body.get("mode") in ("ask", "report"):
        return "report" if body["mode"] == "report" else "ask"
    told = kind is not None and body["kind"] == kind.fact
    if body.get("mode") is not None and not told:
        raise InputError("mode", outline(body["mode"]), "ask or report")
    return "report" if told else "ask"


def _unknown(body: Mapping[str, Json]) -> Intake:
    sorter = _Sorter(None, body)
    return sorter.intake("report")


def _must_fit(taken: Intake, kind: Kind) -> None:
    for key, value in taken.unreadable.items():
        raise InputError(key, outline(value), _expected(kind, key))
    for key in taken.missing:
        raise InputError(f"data.{key}", "nothing", kind.required[key].expects())
    for key in taken.impossible:
        raise InputError(f"data.{key}", outline(taken.data[key]), kind.fields[key].expects())


def _expected(kind: Kind, key: str) -> str:
    changed = key.removeprefix("data.changes.")
    if changed == key:
        shape = kind.fields.get(key.removeprefix("data.")) if key.startswith("data.") else None
        return shape.expects() if shape else _EXPECTED.get(key, "a key that this kind has")
    if changed in _CHANGES or changed == "data":
        return _EXPECTED[changed]
    shapes = _changeable_shapes(changed.removeprefix("data.")) if "." in changed else []
    words = " or ".join(dict.fromkeys(shape.expects() for shape in shapes))
    return words or "happened, person, visit, or a key of data that can be corrected"


# Where a command may say that it comes from. An import takes another way.
SOURCES: Mapping[str, Source] = {
    "tap": "tap", "paper": "paper", "device": "device", "simulation": "simulation"
}  # fmt: skip

# What devices number, told from names and words by its form: hexadecimal digits behind a letter.
_VISIT = re.compile("v-[0-9a-f-]{1,61}")
_PERSON = re.compile("p-[0-9a-f-]{1,61}")
_COMMAND = re.compile("([a-z]-)?[0-9a-f-]{1,61}")

_EXPECTED = {
    "visit": "the id of a visit, such as v-0194f3e2",
    "person": "the id of a person, such as p-7c1b",
    "data": "an object",
    "happened": "a time such as 2025-02-01T10:03:22.120Z",
    "tapped": "a time such as 2025-02-01T10:03:22.120Z",
    "offset_ms": "whole milliseconds",
    "offset_age_ms": "whole milliseconds",
    "mode": "ask or report",
    "source": f"one of {', '.join(SOURCES)}",
    "because": f"one of {', '.join(WHY.codes)}",
}


class _Sorter:
    """Sorts one body; what it leaves aside gathers in `unreadable`."""

    def __init__(self, kind: Kind | None, body: Mapping[str, Json]) -> None:
        self.kind, self.body = kind, body
        self.unreadable: dict[str, Json] = {
            key: value for key, value in body.items() if key not in _KNOWN
        }
        if body.get("mode") not in ("ask", "report", None):
            self.unreadable["mode"] = body["mode"]

    def intake(self, mode: Mode) -> Intake:
        data, texts, impossible = self._data()
        required = self.kind.required if self.kind else {}
        tapped = self._take("tapped", str, parse_instant)
        return Intake(
            id=_command_id(self.body["id"]),
            kind=self.kind.fact if self.kind else "ReviewFlagged",
            mode=mode,
            visit=self._take("visit", str, _VISIT.fullmatch),
            person=self._take("person", str, _PERSON.fullmatch),
            data=data,
            texts=texts,
            tapped=parse_instant(tapped) if tapped else None,
            offset_ms=self._take("offset_ms", int, _fits_clock),
            offset_age_ms=self._take("offset_age_ms", int, _fits_clock),
            because=self._take("because", str, WHY.__contains__),
            source=SOURCES[self._take("source", str, SOURCES.__contains__) or "tap"],
            impossible=impossible,
            missing=tuple(key for key in required if key not in data and key not in texts),
            unreadable=self.unreadable,
        )

    def _take(self, key: str, type_: type[T], fits: Callable[[T], object]) -> T | None:
        value = whole_numbers(self.body.get(key))
        if value is None:
            return None
        if type(value) is type_ and fits(value):
            return value
        self.unreadable[key] = value
        return None

    def _data(self) -> tuple[dict[str, Json], dict[str, str], tuple[str, ...]]:
        given = self.body.get("data", {})
        if not isinstance(given, Mapping):
            self.unreadable["data"] = given
            given = {}
        if self.kind is None:
            # Its name could be anybody's words.
            self.unreadable |= {"kind": self.body["kind"], **({"data": given} if given else {})}
            return {"reason": "unknown_kind"}, {}, ()
        data: dict[str, Json] = {}
        texts: dict[str, str] = {}
        impossible: list[str] = []
        for key, value in given.items():
            self._sort(key, whole_numbers(value), data, texts, impossible)
        self._fill(data)
        return data, texts, tuple(impossible)

    def _sort(
        self,
        key: str,
        value: Json,
        data: dict[str, Json],
        texts: dict[str, str],
        impossible: list[str],
    ) -> None:
        shape = self.kind.fields.get(key) if self.kind else None
        if value is None:
            return  # an answer left open
        if isinstance(shape, Text) and isinstance(value, str):
            texts |= {key: value} if value.strip() else {}
        elif isinstance(shape, Document):
            data |= self._document(key, value)
        elif shape is None or isinstance(shape, Text) or not shape.readable(value):
            self.unreadable[f"data.{key}"] = value
        elif shape.plausible(value):
            data[key] = value
        elif shape.holdable(value):
            data[key] = value
            impossible.append(key)
        else:
            self.unreadable[f"data.{key}"] = value

    def _document(self, key: str, value: Json) -> dict[str, Json]:
        """The part of a whole object that a fact may hold: no words can hide in it."""
        if key == "changes" and isinstance(value, Mapping):
            return {key: self._changes(value)}
        if key == "policy" and _is_policy(value):
            return {key: value}
        self.unreadable[f"data.{key}"] = value  # a report within a report is ours alone to make
        return {}

    def _changes(self, given: Mapping[str, Json]) -> dict[str, Json]:
        """Of a correction's changes, those of a known form."""
        changes: dict[str, Json] = {}
        for key, value in given.items():
            if key == "data" and isinstance(value, Mapping):
                fitting = {name: one for name, one in value.items() if _changeable(name, one)}
                rest = {name: one for name, one in value.items() if name not in fitting}
                changes[key] = fitting
                self.unreadable |= {f"data.changes.data.{name}": one for name, one in rest.items()}
            elif key in _CHANGES and _CHANGES[key](value):
                changes[key] = value
            else:
                self.unreadable[f"data.changes.{key}"] = value
        return changes

    def _fill(self, data: dict[str, Json]) -> None:
        """An emergency's name that no fact can hold gives way to one made of it, the same in every
        command; a start without any gets its command's: nothing may stop it from starting."""
        if self.kind is None or "emergency" not in self.kind.fields or "emergency" in data:
            return
        given = str(self.unreadable.get("data.emergency") or "").strip()
        if not given and self.kind.fact == "EmergencyStarted":
            given = self.body["id"]
        if given:
            name = hashlib.sha256(given.encode(errors="backslashreplace")).hexdigest()[:32]
            data["emergency"] = f"e-{name}"


# What a correction may change beside data, and when its new value can be held.
_CHANGES: Mapping[str, Callable[[Json], bool]] = {
    "happened": lambda value: isinstance(value, str) and parse_instant(value) is not None,
    "visit": lambda value: value is None or _matches(_VISIT, value),
    "person": lambda value: value is None or _matches(_PERSON, value),
}


def _command_id(given: str) -> str:
    """A command's id; one that could be words gives way to a number that always is the same."""
    return given if _COMMAND.fullmatch(given) else str(uuid.uuid5(uuid.NAMESPACE_OID, given))


def _matches(form: re.Pattern[str], value: Json) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _changeable(key: str, value: Json) -> bool:
    """Whether some kind of fact could hold this; which kind it is, the rules judge."""
    return any(shape.readable(value) and shape.holdable(value) for shape in _changeable_shapes(key))


def _changeable_shapes(key: str) -> list[Shape]:
    shapes = [kind.fields[key] for kind in KINDS.values() if key in kind.fields]
    return [shape for shape in shapes if not isinstance(shape, Text | Document)]


def _is_policy(value: Json) -> bool:
    try:
        Policy.from_data(value, "the policy")
    except InputError:
        return False
    return True


def _fits_clock(value: int) -> bool:
    return abs(value) < 2**53
