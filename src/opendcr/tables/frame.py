"""A ledger as a frame: the few kinds of fact, and the few of their keys, that tables are made of.

A frame has these columns. A key that a fact does not have is null.

    seq         the room's order
    id, kind, visit, person
    happened    when it was, UTC, milliseconds
    recorded    when the ledger took it in, UTC, milliseconds; never falls with seq
    place, substances, emergency, gender, other, target    keys of the fact's data
    changes, policy                                        whole documents, as JSON text
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import orjson
import polars as pl

from opendcr.ledger.codec import Record, decode
from opendcr.ledger.facts import Fact, Header
from opendcr.ledger.shapes import Json, parse_instant

NEEDED = (
    "Registered",
    "Linked",
    "Unlinked",
    "PolicyAdopted",
    "Arrived",
    "Queued",
    "SteppedOut",
    "Seated",
    "ConsumptionStarted",
    "ConsumptionEnded",
    "MovedToRecovery",
    "EmergencyStarted",
    "Corrected",
    "Retracted",
)
DATA = ("place", "substances", "emergency", "gender", "other", "target")
DOCUMENTS = ("changes", "policy")
MOMENT = pl.Datetime("ms", "UTC")

FACTS = pl.Schema(
    {
        "seq": pl.Int64(),
        "id": pl.String(),
        "kind": pl.String(),
        "visit": pl.String(),
        "person": pl.String(),
        "happened": MOMENT,
        "recorded": MOMENT,
        **{key: pl.List(pl.String()) if key == "substances" else pl.String() for key in DATA},
        **{key: pl.String() for key in DOCUMENTS},
    }
)
STAMPS = pl.Schema({"seq": pl.Int64(), "recorded": MOMENT, "chain": pl.String()})


@dataclass(frozen=True)
class Ledger:
    """One room's ledger, read lazily.

    `facts` holds the kinds in NEEDED with the columns of FACTS; `stamps` every fact's seq, time of
    recording and chain value, from which the head at a date is known. `where` names it in errors.
    """

    header: Header
    facts: pl.LazyFrame
    stamps: pl.LazyFrame
    where: str


def ledger_of(header: Header, records: Iterable[Record], where: str = "ledger") -> Ledger:
    """The ledger of records in `seq` order, as a file or a database holds them.

    Raises LedgerError, naming `where` and the key, for a needed fact that no reader could use.
    """
    facts: list[tuple[Json, ...]] = []
    stamps: list[tuple[Json, ...]] = []
    for record in records:
        at = f"{where}, fact {record.get('seq')}"
        stamps.append((record.get("seq"), _recorded(record), record.get("chain")))
        if record.get("kind") in NEEDED:
            facts.append(row(decode(record, at)))
    return Ledger(
        header,
        pl.LazyFrame(facts, FACTS, orient="row"),
        pl.LazyFrame(stamps, STAMPS, orient="row"),
        where,
    )


def row(fact: Fact) -> tuple[Json, ...]:
    """A fact as a row of a frame."""
    return (fact.seq, fact.id, fact.kind, fact.visit, fact.person, fact.happened, fact.recorded,
            *(fact.data.get(key) for key in DATA), *_documents(fact))  # fmt: skip


def _documents(fact: Fact) -> Iterator[str | None]:
    for key in DOCUMENTS:
        yield orjson.dumps(fact.data[key]).decode() if key in fact.data else None


def _recorded(record: Record) -> datetime | None:
    recorded = record.get("recorded")
    return parse_instant(recorded) if isinstance(recorded, str) else None
