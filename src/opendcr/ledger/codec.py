"""Facts to records and back. A record is the JSON object that a ledger file holds on one line.

What is hashed and stored is the record. Decoding upgrades an old version's data, and reads a whole
number as an integer however it is written; the record stays.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from opendcr.errors import LedgerError
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.ledger.kinds import KINDS, Kind, shapes_of
from opendcr.ledger.shapes import Json, Shape, Text, is_ident, parse_instant, whole_numbers

Record = dict[str, Json]

_LONGEST_ZONE = 64
SOURCES = ("tap", "paper", "device", "import", "simulation")


def instant(moment: datetime) -> str:
    """A moment as a record writes it: UTC, whole milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def whole_milliseconds(moment: datetime) -> datetime:
    """The moment in UTC, cut to the millisecond that a record can hold."""
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def encode(fact: Fact) -> Record:
    """The record of a fact, `seq` and `chain` included."""
    return {
        "id": fact.id,
        "command": fact.command,
        "kind": fact.kind,
        "version": fact.version,
        "room": fact.room,
        "visit": fact.visit,
        "person": fact.person,
        "happened": instant(fact.happened),
        "recorded": instant(fact.recorded),
        "author": fact.author,
        "entered_by": fact.entered_by,
        "role": fact.role,
        "device": fact.device,
        "source": fact.source,
        "data": fact.data,
        "seq": fact.seq,
        "chain": fact.chain,
    }


def decode(record: Json, where: str, kinds: Mapping[str, Kind] = KINDS) -> Fact:
    """The fact of a record.

    Unknown keys and codes that no catalogue holds pass: a newer ledger may have them. Whatever
    passes can be folded, shown and counted: here alone a fact's form is judged.
    Raises LedgerError, naming `where` and the key, for what no reader could use.
    """
    enveloped = check_envelope(record, where)
    kind = kinds.get(enveloped["kind"])
    if kind is None:
        raise LedgerError(f"{where}, kind", shown(enveloped["kind"]), "a kind of fact")
    known = {key: enveloped[key] for key in ENVELOPE}
    return Fact(**(known | _converted(known, kind, where)))


def check_envelope(record: Json, where: str) -> Record:
    """The record, if it has every key that all facts have, each of the right type.

    Keys beside them pass: a newer ledger may have them. Raises LedgerError, naming the key.
    """
    if not isinstance(record, dict):
        raise LedgerError(where, shown(record), "a fact: a JSON object")
    for key, (expected, fits) in _CHECKS.items():
        if key not in record:
            raise LedgerError(f"{where}, {key}", "nothing", expected)
        if not fits(record[key]):
            raise LedgerError(f"{where}, {key}", shown(record[key]), expected)
    return record


def _converted(record: Record, kind: Kind, where: str) -> Record:
    return {
        "happened": parse_instant(record["happened"]),
        "recorded": parse_instant(record["recorded"]),
        "data": current_data(record["data"], record["version"], kind, where),
        "version": kind.version,
    }


def current_data(
    data: Mapping[str, Json], version: int, kind: Kind, where: str
) -> Mapping[str, Json]:
    """The data of a record of a kind, brought up to date from its version.

    Raises LedgerError, naming `where` and the key, for what no reader could use.
    """
    data = whole_numbers(data)
    if version > kind.version:
        found, known = f"version {version} of {kind.fact}", f"version {kind.version} or older"
        raise LedgerError(f"{where}, version", found, known)
    for older in range(version, kind.version):
        data = kind.upgrades[older](data)
    for key, value in data.items():
        shapes = shapes_of(kind, key)
        if shapes and not any(shape.readable(value) for shape in shapes):
            expected = " or ".join(dict.fromkeys(map(_expected, shapes)))
            raise LedgerError(f"{where}, data.{key}", outline(value), expected)
    for key in kind.required:
        if key not in data:
            raise LedgerError(f"{where}, data.{key}", "nothing", _expected(kind.required[key]))
    return data


def _expected(shape: Shape) -> str:
    """What was expected in a record, where words are in the register."""
    words = '{"text": id, "sha256": hash} of words in the register'
    return words if isinstance(shape, Text) else shape.expects()


def encode_header(header: Header) -> Record:
    """The first line of a ledger file."""
    origin = header.origin
    named = {
        "kind": origin.kind,
        "from": origin.source,
        "scenario": origin.scenario,
        "seed": origin.seed,
        "version": origin.version,
    }
    return {
        "opendcr": "ledger",
        "version": header.version,
        "room": header.room,
        "timezone": header.timezone,
        "origin": {key: value for key, value in named.items() if value is not None},
    }


def decode_header(record: Json, where: str) -> Header:
    """The header of a record; raises LedgerError where it is not one of a ledger of version 1."""
    if not isinstance(record, dict) or record.get("opendcr") != "ledger":
        raise LedgerError(where, shown(record), 'a header: {"opendcr":"ledger","version":1,…}')
    if not _a_count(record.get("version")) or record["version"] != 1:
        raise LedgerError(f"{where}, version", shown(record.get("version")), "1")
    if not _an_ident(record.get("room")):
        raise LedgerError(f"{where}, room", shown(record.get("room")), "the name of a room")
    if not _a_zone(record.get("timezone")):
        found = _named(record.get("timezone"))
        raise LedgerError(f"{where}, timezone", found, "a time zone such as Europe/London")
    header = Header(record["room"], record["timezone"], _origin(record.get("origin"), where))
    # The header is hashed, and must come back from a database as it was.
    if encode_header(header) != record:
        others = ", ".join(map(shown, _beside(record, encode_header(header))))
        found = f"keys that a header has not: {others}"
        raise LedgerError(where, found, ", ".join(encode_header(header)))
    return header


def _beside(record: Record, header: Record) -> list[str]:
    """The keys of a record, those of its origin after a dot, that the header has not."""
    origin = [f"origin.{key}" for key in record["origin"].keys() - header["origin"].keys()]
    return sorted([*(record.keys() - header.keys()), *origin])


def _named(zone: Json) -> str:
    """A time zone for an error message: what may be a mistyped name, no other text."""
    fits = isinstance(zone, str) and all(map(is_ident, re.split("[/+]", zone)))
    return f"'{zone}'" if fits and len(zone) <= _LONGEST_ZONE else outline(zone)


def _origin(origin: Json, where: str) -> Origin:
    kinds = ("recorded", "imported", "simulated")
    if not isinstance(origin, dict):
        raise LedgerError(f"{where}, origin", shown(origin), "an object with a kind")
    if origin.get("kind") not in kinds:
        found = shown(origin.get("kind"))
        raise LedgerError(f"{where}, origin.kind", found, f"one of {', '.join(kinds)}")
    for key in ("from", "scenario", "version"):
        if not isinstance(origin.get(key, ""), str):
            raise LedgerError(f"{where}, origin.{key}", shown(origin[key]), "a text")
    if not _a_count(origin.get("seed", 0)) or origin.get("seed", 0) >= 2**53:
        raise LedgerError(f"{where}, origin.seed", shown(origin["seed"]), "0 to 2**53 - 1")
    return Origin(
        kind=origin["kind"],
        source=origin.get("from"),
        scenario=origin.get("scenario"),
        seed=origin.get("seed"),
        version=origin.get("version"),
    )


def shown(value: Json) -> str:
    """A value of the envelope for an error message: an id as it is, no other text."""
    return f"'{value}'" if isinstance(value, str) and is_ident(value) else outline(value)


def outline(value: Json) -> str:
    """A value for an error message without its words, which could be somebody's name."""
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(value)
    return f"a JSON {'list' if isinstance(value, list | tuple) else 'object'}"


def _an_ident(value: Json) -> bool:
    return isinstance(value, str) and is_ident(value)


def _an_ident_or_null(value: Json) -> bool:
    return value is None or _an_ident(value)


def _an_instant(value: Json) -> bool:
    return isinstance(value, str) and parse_instant(value) is not None


def _a_zone(value: Json) -> bool:
    try:
        return isinstance(value, str) and bool(ZoneInfo(value))
    except (KeyError, ValueError, OSError):  # no such zone; a name that leads outside; a folder
        return False


def _a_count(value: Json) -> bool:
    return type(value) is int and value >= 0


_CHECKS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "id": ("an id", _an_ident),
    "command": ("the id of a command", _an_ident),
    "kind": ("a kind of fact", _an_ident),
    "version": ("a whole number from 1", lambda value: _a_count(value) and value > 0),
    "room": ("the name of a room", _an_ident),
    "visit": ("the id of a visit, or null", _an_ident_or_null),
    "person": ("the id of a person, or null", _an_ident_or_null),
    "happened": ("a time such as 2025-02-01T10:03:22.120Z", _an_instant),
    "recorded": ("a time such as 2025-02-01T10:03:22.480Z", _an_instant),
    "author": ("the id of an author", _an_ident),
    "entered_by": ("the id of a member of staff, or null", _an_ident_or_null),
    "role": ("a role", _an_ident),
    "device": ("the id of a device", _an_ident),
    "source": (f"one of {', '.join(SOURCES)}", lambda value: value in SOURCES),
    "data": ("an object", lambda value: isinstance(value, dict)),
    "seq": ("a whole number from 1", lambda value: _a_count(value) and value > 0),
    "chain": ("a SHA-256 in hexadecimal", _an_ident),
}

ENVELOPE = tuple(_CHECKS)  # the keys of a record, in the order in which ledger files write them
