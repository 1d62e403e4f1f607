"""Facts to records and back. A record is the JSON object that a ledger file holds on one line.

What is hashed and stored is the record. Decoding upgrades an old version's data; the record stays.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from opendcr.errors import LedgerError
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.ledger.kinds import KINDS, Kind
from opendcr.ledger.shapes import Json, is_ident, parse_instant

Record = dict[str, Json]

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

    Unknown keys of `data` and codes that no catalogue holds pass: a newer ledger may have them.
    Raises LedgerError, naming `where` and the key, for what no reader could use.
    """
    if not isinstance(record, dict):
        raise LedgerError(where, _shown(record), "a fact: a JSON object")
    for key, (expected, fits) in _ENVELOPE.items():
        if key not in record:
            raise LedgerError(f"{where}, {key}", "nothing", expected)
        if not fits(record[key]):
            raise LedgerError(f"{where}, {key}", _shown(record[key]), expected)
    kind = kinds.get(record["kind"])
    if kind is None:
        raise LedgerError(f"{where}, kind", _shown(record["kind"]), "a kind of fact")
    return Fact(**(record | _converted(record, kind, where)))


def _converted(record: Record, kind: Kind, where: str) -> Record:
    return {
        "happened": _moment(record["happened"]),
        "recorded": _moment(record["recorded"]),
        "data": _current(record["data"], record["version"], kind, where),
        "version": kind.version,
    }


def _current(data: Mapping[str, Json], version: int, kind: Kind, where: str) -> Mapping[str, Json]:
    if version > kind.version:
        found, known = f"version {version} of {kind.fact}", f"version {kind.version} or older"
        raise LedgerError(f"{where}, version", found, known)
    for older in range(version, kind.version):
        data = kind.upgrades[older](data)
    for key, shape in kind.fields.items():
        if key in data and not shape.readable(data[key]):
            raise LedgerError(f"{where}, data.{key}", _shown(data[key]), shape.expects())
    for key in kind.required:
        if key not in data:
            raise LedgerError(f"{where}, data.{key}", "nothing", kind.required[key].expects())
    return data


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
        raise LedgerError(where, _shown(record), 'a header: {"opendcr":"ledger","version":1,…}')
    if record.get("version") != 1:
        raise LedgerError(f"{where}, version", _shown(record.get("version")), "1")
    for key in ("room", "timezone"):
        if not isinstance(record.get(key), str) or not record[key]:
            raise LedgerError(f"{where}, {key}", _shown(record.get(key)), f"the {key}'s name")
    return Header(record["room"], record["timezone"], _origin(record.get("origin"), where))


def _origin(origin: Json, where: str) -> Origin:
    kinds = ("recorded", "imported", "simulated")
    if not isinstance(origin, dict) or origin.get("kind") not in kinds:
        raise LedgerError(f"{where}, origin", _shown(origin), f"a kind: {', '.join(kinds)}")
    return Origin(
        kind=origin["kind"],
        source=origin.get("from"),
        scenario=origin.get("scenario"),
        seed=origin.get("seed"),
        version=origin.get("version"),
    )


def _moment(value: str) -> datetime:
    moment = parse_instant(value)
    assert moment is not None  # the envelope's check came first
    return moment.astimezone(UTC)


def _shown(value: Json) -> str:
    """A value for an error message: its type where its content could be somebody's name."""
    if isinstance(value, str):
        return f"'{value}'" if is_ident(value) else f"a text of {len(value)} characters"
    if value is None or isinstance(value, bool | int | float):
        return {None: "null", True: "true", False: "false"}.get(value, str(value))
    return f"a JSON {'list' if isinstance(value, list) else 'object'}"


def _an_ident(value: Json) -> bool:
    return isinstance(value, str) and is_ident(value)


def _an_ident_or_null(value: Json) -> bool:
    return value is None or _an_ident(value)


def _an_instant(value: Json) -> bool:
    return isinstance(value, str) and parse_instant(value) is not None


def _a_count(value: Json) -> bool:
    return type(value) is int and value >= 0


_ENVELOPE: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
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
