"""Effective facts: what the ledger says once its corrections and retractions are read.

`Corrected` names an original fact and may change `happened`, `person`, `visit` and keys of `data`;
of each of these the latest correction that changes it wins. `Retracted` takes a fact out; retracting the retraction puts it back.
Corrections and retractions that name no earlier fact, or one that they may not name, have no effect.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from opendcr.ledger.codec import whole_milliseconds
from opendcr.ledger.facts import Fact
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Json, is_ident, parse_instant

ABOUT_FACTS = frozenset({"Corrected", "Retracted"})
CHANGEABLE = ("happened", "person", "visit", "data")


def effective(facts: Iterable[Fact]) -> list[Fact]:
    """The facts that stand, as corrected, in `seq` order; corrections themselves are left out."""
    stated = sorted(facts, key=lambda fact: fact.seq)
    retracted, corrected = amendments(stated)
    return [
        amend(fact, corrected.get(fact.id, ()))
        for fact in stated
        if fact.kind not in ABOUT_FACTS and fact.id not in retracted
    ]


def attributions(facts: Iterable[Fact]) -> dict[str, str]:
    """Who was named since as the author, by fact: the first that was named and still stands."""
    named: dict[str, str] = {}
    for fact in effective(facts):
        if fact.kind == "Attributed":
            named.setdefault(fact.data["target"], fact.data["staff"])
    return named


def amendments(facts: Iterable[Fact]) -> tuple[set[str], dict[str, list[Fact]]]:
    """The ids of what is retracted, and the corrections of each fact in `seq` order, by its id."""
    stated = sorted(facts, key=lambda fact: fact.seq)
    seqs = {fact.id: fact.seq for fact in stated}
    about = [
        fact
        for fact in stated
        if fact.kind in ABOUT_FACTS and seqs.get(fact.data["target"], 0) < fact.seq
    ]
    out: set[str] = set()
    # Latest first: a retraction that was itself retracted has no say.
    for fact in reversed(about):
        if fact.kind == "Retracted" and fact.id not in out:
            out.add(fact.data["target"])
    corrected: dict[str, list[Fact]] = {}
    for fact in about:
        if fact.kind == "Corrected":
            corrected.setdefault(fact.data["target"], []).append(fact)
    return out, corrected


def amend(fact: Fact, corrections: Iterable[Fact]) -> Fact:
    """The fact as its corrections, in `seq` order, have it.

    Each changes what it names and leaves the rest: two tablets that add to one line lose nothing of
    each other's. Changes that no reader could use are left aside.
    """
    for correction in corrections:
        changes = readable_changes(fact.kind, fact.data, correction.data["changes"])
        fact = replace(fact, **changes)
    return fact


def readable_changes(
    kind: str, data: Mapping[str, Json], changes: Mapping[str, Json]
) -> dict[str, Any]:
    """Of proposed changes, those that can be made, as keyword arguments for the fact."""
    made: dict[str, Any] = {}
    moment = parse_instant(changes["happened"]) if _is_text(changes.get("happened")) else None
    if moment is not None:
        made["happened"] = whole_milliseconds(moment)
    for key in ("person", "visit"):
        value = changes.get(key)
        if key in changes and (value is None or (_is_text(value) and is_ident(value))):
            made[key] = value
    if isinstance(changes.get("data"), Mapping):
        made["data"] = {**data, **_readable(kind, changes["data"])}
    return made


def changed_data(changes: Json) -> Mapping[str, Json]:
    """The keys of data that a correction's changes name; none where they have no such form."""
    data = changes.get("data") if isinstance(changes, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def _readable(kind: str, data: Mapping[str, Json]) -> dict[str, Json]:
    shapes = KINDS[kind].fields
    return {
        key: value for key, value in data.items() if key in shapes and shapes[key].readable(value)
    }


def _is_text(value: Json) -> bool:
    return isinstance(value, str)
