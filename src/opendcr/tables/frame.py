"""A ledger as a frame: the few kinds of fact, and the few of their keys, that tables are made of.

A frame has these columns. A key that a fact does not have is null.

    seq         the room's order
    id, kind, visit, person
    happened    when it was, UTC, milliseconds
    recorded    when the ledger took it in, UTC, milliseconds; never falls with seq
    place, substances, emergency, gender, other, target    keys of the fact's data
    documents   of a correction and a policy: an object with `changes` or `policy`, as JSON text
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson
import polars as pl

from opendcr.errors import LedgerError
from opendcr.ledger.codec import ENVELOPE, Record, check_envelope, decode, shown
from opendcr.ledger.facts import Fact, Header
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.parquet import MOMENT
from opendcr.ledger.shapes import Json, parse_instant, whole_numbers

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
WITH_DOCUMENTS = ("Corrected", "PolicyAdopted")

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
        "documents": pl.String(),
    }
)
STAMPS = pl.Schema(
    {**{name: type for name, type in FACTS.items() if name in ENVELOPE}, "chain": pl.String()}
)


@dataclass(frozen=True)
class Ledger:
    """One room's ledger, read lazily.

    `facts` holds the kinds in NEEDED, and `decoded` gives them the columns of FACTS once they are
    read; `stamps` has what every fact has, of whatever kind, in the columns of STAMPS, numbered from
    1 without a gap: from them the head at a date is known, and who was named in a visit. `where`
    names it in errors.
    """

    header: Header
    facts: pl.LazyFrame
    stamps: pl.LazyFrame
    where: str
    decoded: Callable[[pl.DataFrame], pl.DataFrame] = lambda facts: facts

    def needed(self) -> pl.DataFrame:
        """The facts of the kinds in NEEDED; raises LedgerError where no reader could use one."""
        return self.decoded(self.facts.collect())

    @cached_property
    def span(self) -> tuple[datetime, datetime]:
        """When the first and the last fact were recorded; raises LedgerError where there is none."""
        recorded = pl.col("recorded")
        ends = self.stamps.select(recorded.min().alias("first"), recorded.max().alias("last"))
        first, last = ends.collect().row(0)
        if first is None:
            raise LedgerError(self.where, "no facts", "a ledger with at least one fact")
        return first, last


def ledger_of(
    header: Header,
    records: Iterable[Record],
    where: str = "ledger",
    place: Callable[[int], str] = "fact {}".format,
) -> Ledger:
    """The ledger of records in `seq` order, as a file or a database holds them.

    Raises LedgerError, naming `where`, the record's `place` and the key, for a record that no
    reader could use.
    """
    facts: list[tuple[Json, ...]] = []
    stamps: list[tuple[Json, ...]] = []
    for number, record in enumerate(records, 1):
        at = f"{where}, {place(number)}"
        stamps.append(_stamp(record, at))
        if record["kind"] in NEEDED:
            facts.append(row(decode(record, at)))
    return Ledger(
        header,
        pl.LazyFrame(facts, FACTS, orient="row"),
        pl.LazyFrame(stamps, STAMPS, orient="row"),
        where,
    )


def row(fact: Fact) -> tuple[Any, ...]:
    """A fact as a row of a frame."""
    documents = {key: fact.data[key] for key in DOCUMENTS if key in fact.data}
    return (
        fact.seq, fact.id, fact.kind, fact.visit, fact.person, fact.happened, fact.recorded,
        *(fact.data.get(key) for key in DATA),
        orjson.dumps(documents).decode() if documents else None,
    )  # fmt: skip


def document(documents: str | None, key: str) -> Json:
    """One of a fact's documents; None where it has no such one."""
    return whole_numbers(orjson.loads(documents)).get(key) if documents else None


def _stamp(record: Record, at: str) -> tuple[Json, ...]:
    check_envelope(record, at)
    if record["kind"] not in KINDS:
        raise LedgerError(f"{at}, kind", shown(record["kind"]), "a kind of fact")
    moments = {key: parse_instant(record[key]) for key in ("happened", "recorded")}
    return tuple((record | moments)[key] for key in STAMPS)
