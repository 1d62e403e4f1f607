"""Who may read what: by resource, and by field. What is not named here is not shown.

An analyst reads pseudonymous facts and unreleased measures, never a name or a text; an
administrator keeps accounts and reads nothing about people; a device alone reads nothing.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from opendcr.ledger.codec import Record
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Json, Text

_ROOM = frozenset({"board", "facts", "stream", "people"})

VISIBLE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "reception": _ROOM,
        "worker": _ROOM,
        "nurse": _ROOM,
        "lead": _ROOM | {"evidence", "planning"},
        "manager": _ROOM | {"evidence", "measures", "planning"},
        "analyst": frozenset({"facts", "evidence", "measures", "planning"}),
        "administrator": frozenset(),
        "device": frozenset(),
    }
)

SEE_ALL = frozenset({"worker", "nurse", "lead", "manager"})  # every field of every fact

# Reception sees who is here, where and since when; not what they use nor what a body shows.
_DOOR_DATA = frozenset(
    {"tier", "terms", "reason", "reasons", "needs", "how", "place", "scope", "until", "items",
     "takeaway", "emergency", "area", "incident", "alert", "staff", "role", "rule", "subject", "due",
     "target", "flag", "exclusion", "concern", "clock", "because", "other", "observer", "ready"}
)  # fmt: skip
_DOOR_WHOLE = frozenset({"DrugAlertRaised"})  # about what is sold outside, and nobody here
_DOOR_HIDES_IN_VISITS = ("substances", "glyphs", "substance_words", "route", "naloxone", "not_before",
                         "assessed", "looked")  # fmt: skip
# Of an emergency the door needs that it runs, where, and whom to let in.
_DOOR_HIDES_IN_EMERGENCIES = (
    "type", "breathing_checked", "breaths", "response", "spo2", "spo2_at", "oxygen", "naloxone",
    "interventions", "timeline",
)  # fmt: skip
_DOOR_HIDES_NOTICES = frozenset({"assessment_review"})  # its moment was agreed in the talk
_EMPTY: Mapping[str, Json] = MappingProxyType(
    {"substances": [], "naloxone": [], "interventions": {}, "timeline": [], "glyphs": "",
     "substance_words": ""}
)  # fmt: skip


def may_read(role: str, resource: str) -> bool:
    """Whether a role may read a resource at all."""
    return resource in VISIBLE.get(role, frozenset())


def fact_for(role: str, record: Record) -> Record:
    """A fact's record with the data that a role may see."""
    data = record["data"]
    if role == "reception" and record["kind"] not in _DOOR_WHOLE:
        data = {key: value for key, value in data.items() if key in _DOOR_DATA}
    elif role == "analyst":
        data = _without_texts(record["kind"], data)
    return {**record, "data": data}


def answer_for(role: str, facts: Sequence[Record], sent: Json) -> list[Record]:
    """The facts of an answer as whoever sent the command may see them: as a read would show them,
    and to a role that reads none, what it said itself."""
    if may_read(role, "facts"):
        return [fact_for(role, record) for record in facts]
    said = sent if isinstance(sent, Mapping) else {}
    return [_as_sent(record, said) for record in facts]


def _as_sent(record: Record, said: Mapping[str, Json]) -> Record:
    data = said.get("data")
    named = set(data) if isinstance(data, Mapping) else set()
    # Whom it is about is filled in by the room, and so is where they are.
    known = {key: record[key] for key in ("visit", "person") if said.get(key) != record[key]}
    shown = {key: one for key, one in record["data"].items() if key in named | _OF_THE_ANSWER}
    return {**record, **dict.fromkeys(known), "data": shown}


_OF_THE_ANSWER = frozenset({"emergency", "reason", "about", "kind", "fields", "clock", "because"})


def board_for(role: str, board: Record) -> Record:
    """The board as a role may see it."""
    if role != "reception":
        return board
    return {
        **board,
        "visits": [_without(visit, _DOOR_HIDES_IN_VISITS) for visit in board["visits"]],
        "emergencies": [
            _without(emergency, _DOOR_HIDES_IN_EMERGENCIES) for emergency in board["emergencies"]
        ],
        "attention": [
            notice for notice in board["attention"] if notice["rule"] not in _DOOR_HIDES_NOTICES
        ],
    }


def _without(row: Record, hidden: tuple[str, ...]) -> Record:
    # The keys stay, emptied: screens are drawn alike for every role.
    emptied = {key: _EMPTY.get(key) for key in hidden if key in row}
    if "naloxone" in emptied and not isinstance(row["naloxone"], list):
        emptied["naloxone"] = None
    return {**row, **emptied}


def _without_texts(kind: str, data: Mapping[str, Json]) -> Record:
    # `report` and `changes` hold what somebody sent, sorted by no shape.
    shapes = KINDS[kind].fields if kind in KINDS else {}
    texts = {key for key, shape in shapes.items() if isinstance(shape, Text)}
    return {key: value for key, value in data.items() if key not in texts | {"report", "changes"}}
