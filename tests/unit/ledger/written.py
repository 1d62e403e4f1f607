"""A small ledger for tests that need its exact words: one visit, a correction, a retraction."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.ledger.files import LedgerWriter

HEADER = Header("glasgow", "Europe/London", Origin("recorded"))
START = datetime(2025, 7, 1, 9, 0, tzinfo=UTC)
PLAN = [
    ("Arrived", {"reasons": ["use"]}),
    ("Seated", {"place": "booth-3"}),
    ("Corrected", {"target": "f-2", "changes": {"data": {"place": "booth-4"}}, "reason": "slip"}),
    ("ConcernRaised", {"concern": "watch"}),
    ("Retracted", {"target": "f-4", "reason": "wrong_person"}),
    ("Departed", {"how": "well"}),
]


def facts(header: Header = HEADER) -> tuple[Fact, ...]:
    """The facts of PLAN, a minute apart, sealed under the header."""
    first = Fact("f-0", "c-0", "Arrived", 1, header.room, "v-1", None, START, START, "s-1", None,
                 "worker", "t-1", "tap", {})  # fmt: skip
    unsealed = [
        _at(replace(first, kind=kind, data=data), n) for n, (kind, data) in enumerate(PLAN, 1)
    ]
    return seal(unsealed, 0, first_link(header))


def _at(fact: Fact, number: int) -> Fact:
    moment = START + timedelta(minutes=number)
    return replace(fact, id=f"f-{number}", command=f"c-{number}", happened=moment, recorded=moment)


def write(path: Path, header: Header = HEADER) -> Path:
    """The ledger in a file; the path."""
    with LedgerWriter(path, header) as writer:
        writer.write(facts(header))
    return path
