"""One medical emergency, folded from its facts; several can run at once and never mix."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opendcr.catalogue.places import elsewhere
from opendcr.ledger.effective import ABOUT_FACTS, amendments, changed_data, effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.ids import was_said
from opendcr.room.changed import changed
from opendcr.room.visit import Key, order


@dataclass(frozen=True)
class Emergency:
    """An emergency's timeline. `standing` are the effective facts in order; `facts` all of them.

    `visit` is the one that a start named last, else the first that was named; None while nobody has
    said whose it is, and then `person` is the first who was named. `place` and `area` are where it was
    said to be last, and `placed` is when; a booth and an area without booths are never both.
    `ended` is when it was last declared over.
    """

    id: str
    facts: tuple[Fact, ...] = ()
    standing: tuple[Fact, ...] = ()
    last: Key | None = None
    visit: str | None = None
    person: str | None = None
    place: str | None = None
    area: str | None = None
    placed: datetime | None = None
    type: str = "unknown"
    started: datetime | None = None
    ended: datetime | None = None
    breathing_checked: datetime | None = None
    naloxone: tuple[Fact, ...] = field(default=())

    @property
    def open(self) -> bool:
        """Whether it runs: begun, or shown by its facts, and not declared over."""
        return self.last is not None and self.ended is None


def fold_emergency(id: str, facts: Iterable[Fact]) -> Emergency:
    """The emergency of these facts, which may include some that were since moved elsewhere."""
    stated = tuple(sorted(facts, key=lambda fact: fact.seq))
    emergency = Emergency(id, facts=stated)
    for fact in sorted(effective(stated), key=order):
        if fact.data.get("emergency") == id:
            emergency = _apply(emergency, fact)
    return changed(emergency, **_whereabouts(stated, emergency.standing))


def step_emergency(emergency: Emergency, fact: Fact) -> Emergency:
    """The emergency after one more fact; refolded where the fact is late or amends another."""
    late = emergency.last is not None and order(fact) < emergency.last
    if fact.kind in (*ABOUT_FACTS, "EmergencyStarted") or late:
        return fold_emergency(emergency.id, (*emergency.facts, fact))
    return changed(_apply(emergency, fact), facts=(*emergency.facts, fact))


def _apply(emergency: Emergency, fact: Fact) -> Emergency:
    changes: dict[str, Any] = {
        "last": order(fact),
        "standing": (*emergency.standing, fact),
        "started": emergency.started or fact.happened,
    }
    if fact.visit is not None and (emergency.visit is None or fact.kind == "EmergencyStarted"):
        changes["visit"] = fact.visit
    if emergency.person is None and fact.person is not None:
        changes["person"] = fact.person
    match fact.kind:
        case "EmergencyStarted":
            # A start after an end opens it again: it was not over.
            changes |= {"ended": None} | _kept(fact, "type")
        case "EmergencyEnded":
            changes |= {"ended": fact.happened} | _kept(fact, "type")
        case "Observed" if "breaths" in fact.data or fact.data.get("breathing"):
            changes["breathing_checked"] = fact.happened
        case "InterventionGiven" if fact.data["intervention"] == "naloxone":
            changes["naloxone"] = (*emergency.naloxone, fact)
    return changed(emergency, **changes)


def _whereabouts(stated: Iterable[Fact], standing: Iterable[Fact]) -> dict[str, Any]:
    """Where an emergency is, by the start of which it was said last, at once or by a correction."""
    _, corrected = amendments(stated)
    said = []
    for fact in standing:
        where = _kept(fact, "place", "area") if fact.kind == "EmergencyStarted" else {}
        if where:
            later = [one.happened for one in corrected.get(fact.id, ()) if _says_where(one)]
            said.append((max([fact.happened, *later]), fact.seq, where))
    found: dict[str, Any] = {}
    for at, _, where in sorted(said, key=lambda one: one[:2]):
        area = where.get("area")
        kept = None if elsewhere(area) else where.get("place", found.get("place"))
        found = {"place": kept, "area": area, "placed": at}
    return found


def _says_where(correction: Fact) -> bool:
    return bool({"place", "area"} & changed_data(correction.data["changes"]).keys()) and was_said(
        correction
    )


def _kept(fact: Fact, *keys: str) -> dict[str, Any]:
    return {key: fact.data[key] for key in keys if key in fact.data}
