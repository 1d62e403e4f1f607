"""Facts and commands: the two values of which everything here is made."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from opendcr.ledger.shapes import Json

Source = Literal["tap", "paper", "device", "import", "simulation"]
Mode = Literal["ask", "report"]

UNATTRIBUTED = "unattributed"  # the author of what an unlocked device or an unproven hand sent


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened.

    `happened` is when, `recorded` when the ledger took it in (both UTC, whole milliseconds).
    `seq` numbers a room's facts from 1 without gaps and `chain` seals them; both are 0 and empty
    until the fact is sealed. `data` follows the kind's shapes and is never changed.
    """

    id: str
    command: str
    kind: str
    version: int
    room: str
    visit: str | None
    person: str | None
    happened: datetime
    recorded: datetime
    author: str
    entered_by: str | None
    role: str
    device: str
    source: Source
    data: Mapping[str, Json]
    seq: int = 0
    chain: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """An ask (may this be done?) or a report (this has happened).

    `kind` is the fact's name; `id` a UUIDv7 that the device made at the tap. `tapped` is the
    device's own clock, `offset_ms` what it last measured server time to be ahead of it, and
    `offset_age_ms` how old that measurement is; None where unknown. `because` is the reason for
    an entry made long after the event. `target` is the fact that `data["target"]` names, as the
    store found it. `decide` finds out three things: `known_visit` says that the ledger has facts of
    the visit that an arrival names, `runs` that the emergency named was running at that moment, and
    `hides` that one which runs would be part of one that is over. `impossible` names the keys of
    `data`, or of a correction's changes (`decide` finds those out), whose values cannot be true,
    `missing` the required ones that are absent, and `unreadable` is the register's text of what no fact could hold (see
    `opendcr.room.intake`); reports only.
    """

    id: str
    kind: str
    mode: Mode
    room: str
    author: str
    role: str
    device: str
    source: Source
    data: Mapping[str, Json]
    visit: str | None = None
    person: str | None = None
    tapped: datetime | None = None
    offset_ms: int | None = None
    offset_age_ms: int | None = None
    entered_by: str | None = None
    because: str | None = None
    target: Fact | None = None
    known_visit: bool = False
    runs: bool = False
    hides: bool = False
    impossible: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unreadable: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule's no. `code` is stable; `words` say what stands in the way and who may decide."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a ledger's facts come from: `recorded`, `imported` (from) or `simulated`."""

    kind: Literal["recorded", "imported", "simulated"]
    source: str | None = None
    scenario: str | None = None
    seed: int | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What stands at the head of a ledger and under its chain: one room, one zone, one origin."""

    room: str
    timezone: str
    origin: Origin
    version: int = 1
