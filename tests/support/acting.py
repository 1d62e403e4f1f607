"""Doing things in a stored room: every test's world is made by commands, never by rows.

room = acting.opened()                        a room with three booths, terms and a lead on shift
visit = acting.arrived(room)                  somebody has come in, accepted terms, been assessed
acting.send(room, "Seat", {"place": "booth-1"}, visit=visit, role="worker")
"""

import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from opendcr.ledger.facts import Header, Origin
from opendcr.web.store.accounts import Account, create
from opendcr.web.store.ledgers import begin
from opendcr.web.store.proof import Sender
from opendcr.web.store.write import write

ROOM = "glasgow"
PASSWORD = "a long enough password"
POLICY = {
    "room": {"title": "Calton room", "opens": "00:00", "closes": "24:00"},
    "places": [
        {"id": "booth-1", "kind": "injecting", "words": "1"},
        {"id": "booth-2", "kind": "injecting", "words": "2"},
        {"id": "booth-3", "kind": "accessible", "words": "3"},
    ],
}


@dataclass(frozen=True)
class Answer:
    """An answer: its status, and what its JSON says."""

    status: int
    said: dict[str, Any]

    @property
    def facts(self) -> list[dict[str, Any]]:
        assert self.status == 200, self.said
        return list(self.said["facts"])

    @property
    def flags(self) -> list[str]:
        assert self.status == 200, self.said
        return list(self.said["flags"])

    @property
    def refusal(self) -> str:
        assert self.status == 409, self.said
        return str(self.said["refusal"]["code"])


def uuid7() -> str:
    """An id as a device makes it at the tap."""
    milliseconds, random = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80 | random) & ~(0xF << 76) | 7 << 76
    return str(uuid.UUID(int=number & ~(0b11 << 62) | 0b10 << 62))


def body(kind: str, data: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A command's body."""
    return {"id": uuid7(), "kind": kind, "data": dict(data or {}), **fields}


def sender(role: str = "lead", staff: str | None = None) -> Sender:
    """Somebody signed in."""
    return Sender(staff or f"s-{role}", role, "t-1", "session")


def sent(
    room: str, command: dict[str, Any], by: Sender | None = None, now: datetime | None = None
) -> Answer:
    """The answer to a body."""
    clock = (lambda: now) if now else (lambda: datetime.now(UTC))
    answered = write(room, command, by or sender(), clock)
    return Answer(answered.status, orjson.loads(answered.body))


def send(
    room: str, kind: str, data: Mapping[str, Any] | None = None, role: str = "lead",
    now: datetime | None = None, **fields: Any,
) -> Answer:  # fmt: skip
    """The answer to a new command."""
    return sent(room, body(kind, data, **fields), sender(role), now)


def begun(room: str = ROOM) -> str:
    """A recorded room in which nothing has happened."""
    begin(Header(room, "Europe/London", Origin("recorded")))
    return room


def opened(now: datetime | None = None) -> str:
    """A room that is open: policy adopted, terms published, staff on shift."""
    room = begun()
    for role, kind, data in (
        ("manager", "AdoptPolicy", {"policy": POLICY}),
        ("manager", "PublishTerms", {"terms": "terms-1"}),
        ("lead", "SignOnStaff", {"staff": "s-lead", "role": "lead"}),
        ("lead", "OpenRoom", {}),
    ):
        assert send(room, kind, data, role, now).status == 200
    return room


def arrived(
    room: str, person: str | None = None, name: str | None = None, now: datetime | None = None
) -> str:
    """The visit of somebody who has come in, is registered where named, and has been assessed."""
    if name is not None:
        registered = {"tier": "1", "name": name}
        assert send(room, "Register", registered, now=now, person=person).status == 200
    visit = send(room, "Arrive", {"reasons": ["consume"]}, now=now, person=person).facts[0]["visit"]
    terms = send(room, "AcceptTerms", {"terms": "terms-1"}, now=now, person=person, visit=visit)
    assert terms.status == 200, terms.said
    use = {"outcome": "proceed", "substances": ["heroin"], "route": "intravenous"}
    assert send(room, "Assess", use, now=now, visit=visit).status == 200
    return str(visit)


def account(role: str) -> Account:
    """The account of a role's member of staff."""
    return Account(role, f"s-{role}", role, role[:2].upper(), role.title())


def accounts(*roles: str) -> None:
    """Accounts, one for each role, to which nobody signs in: hashing a password takes long."""
    for role in roles:
        create(account(role), None)


def signs_in(role: str) -> None:
    """An account that can sign in with PASSWORD."""
    create(account(role), PASSWORD)
