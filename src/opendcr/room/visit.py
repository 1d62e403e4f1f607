"""One visit, folded from its facts: where the person stands and what was last seen of them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opendcr.ledger.effective import ABOUT_FACTS, effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.kinds import KINDS
from opendcr.room.changed import changed
from opendcr.room.stages import IN_PLACE, STEPS

Changes = dict[str, Any]
Key = tuple[datetime, int]

# What is said of the record, or of a person wherever they are: it shows nobody in the building.
ABOUT_PEOPLE = frozenset(kind.fact for kind in KINDS.values() if kind.about == "person")
BESIDE = ABOUT_PEOPLE | {"ReviewFlagged", "ReviewResolved", "Acknowledged", "Attributed", "NoteAdded",
                         "ReferralUpdated", "IncidentReported"}  # fmt: skip


def order(fact: Fact) -> Key:
    """Facts apply by when they happened, then by `seq`."""
    return (fact.happened, fact.seq)


@dataclass(frozen=True)
class Visit:
    """One stay, from arrival to leaving. All times are UTC.

    `facts` are those of the visit as the ledger has them, corrections included, in `seq` order.
    `person` is whom its arrival names, or else the first fact that names somebody. `assessed` is the
    last assessment's outcome; `checked` the last look at the person; `naloxone` the last dose of the
    visit, and `dosed` whom its doses were for when they were given, which a name that was put right
    since does not undo; `acknowledged` the due time by rule and subject.
    """

    id: str
    facts: tuple[Fact, ...] = ()
    last: Key | None = None
    person: str | None = None
    stage: str = "arrived"
    since: datetime | None = None
    arrived: datetime | None = None
    reasons: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    terms: str | None = None
    assessed: str | None = None
    review: datetime | None = None
    place: str | None = None
    substances: tuple[str, ...] = ()
    route: str | None = None
    seated: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    queued: datetime | None = None
    observer: str | None = None
    observed: tuple[Fact, ...] = ()  # the looks, in order; concern is judged by policy on reading
    checked: datetime | None = None
    naloxone: datetime | None = None
    dosed: Mapping[str, datetime] = field(default_factory=dict)
    acknowledged: Mapping[tuple[str, str], str] = field(default_factory=dict)

    @property
    def here(self) -> bool:
        """Whether the person is still in the building, as far as the facts say."""
        return self.since is not None and self.stage != "left"

    @property
    def wants_to_use(self) -> bool:
        """Whether the visit is for consumption; said, or shown by an assessment."""
        return "consume" in self.reasons or not self.reasons or bool(self.substances)


def fold_visit(id: str, facts: Iterable[Fact]) -> Visit:
    """The visit of these facts, which may include some that were since moved elsewhere."""
    stated = tuple(sorted(facts, key=lambda fact: fact.seq))
    visit = Visit(id, facts=stated)
    for fact in sorted(effective(stated), key=order):
        if fact.visit == id:
            visit = _apply(visit, fact)
    return visit


def step_visit(visit: Visit, fact: Fact) -> Visit:
    """The visit after one more fact; refolded where the fact is late or amends another."""
    if fact.kind in ABOUT_FACTS or (visit.last is not None and order(fact) < visit.last):
        return fold_visit(visit.id, (*visit.facts, fact))
    return changed(_apply(visit, fact), facts=(*visit.facts, fact))


def _apply(visit: Visit, fact: Fact) -> Visit:
    changes: Changes = {"last": order(fact)}
    if visit.person is None and fact.person is not None:
        changes["person"] = fact.person
    if visit.since is None and fact.kind not in BESIDE:
        changes["since"] = fact.happened
    handler = _HANDLERS.get(fact.kind)
    if handler is not None:
        changes |= handler(visit, fact)
    step = STEPS.get(fact.kind)
    if step is not None:
        changes |= {"stage": step.after, "since": fact.happened}
        if step.after not in IN_PLACE:
            changes["place"] = None
    return changed(visit, **changes)


def _arrived(visit: Visit, fact: Fact) -> Changes:
    said: Changes = {
        "arrived": visit.arrived or fact.happened,
        "reasons": tuple(fact.data.get("reasons", visit.reasons)),
        "needs": tuple(fact.data.get("needs", visit.needs)),
    }
    if visit.arrived is None and fact.person is not None:
        said["person"] = fact.person  # whatever name was given before: as the tables have it
    if visit.stage != "left":
        return said
    # Another visit by rights, and perhaps another person's. It begins again: nothing from before
    # counts, but for a dose that this person may have had.
    fresh = Visit(visit.id, person=fact.person, since=fact.happened, arrived=fact.happened)
    same = fact.person in (None, visit.person)
    kept = {"id", "facts", "last", "dosed", *(("naloxone", "person") if same else ())}
    anew = {name: value for name, value in vars(fresh).items() if name not in kept}
    return anew | {"reasons": said["reasons"], "needs": said["needs"]}


def _assessed(visit: Visit, fact: Fact) -> Changes:
    review = fact.data.get("review")
    return {
        "assessed": fact.data["outcome"],
        "substances": tuple(fact.data.get("substances", visit.substances)),
        "route": fact.data.get("route", visit.route),
        "review": datetime.fromisoformat(review) if review else None,
    }


def _queued(visit: Visit, fact: Fact) -> Changes:
    return {
        "needs": tuple(fact.data.get("needs", visit.needs)),
        "queued": visit.queued or fact.happened,
    }


def _seated(visit: Visit, fact: Fact) -> Changes:
    return {
        "place": fact.data["place"],
        "seated": fact.happened,
        "started": None,
        "ended": None,
        "queued": None,
        "checked": fact.happened,
    }


def _started(visit: Visit, fact: Fact) -> Changes:
    return {
        "place": fact.data["place"],
        "substances": tuple(fact.data["substances"]),
        "route": fact.data["route"],
        "started": fact.happened,
        "ended": None,
        "seated": visit.seated or fact.happened,
        "checked": fact.happened,
    }


def _ended(visit: Visit, fact: Fact) -> Changes:
    return {"ended": fact.happened}


def _to_recovery(visit: Visit, fact: Fact) -> Changes:
    # A second stay in a booth needs a new assessment: much can have changed since the first.
    # Who had naloxone is looked at when that was due: a move is no look.
    checked = visit.checked if visit.naloxone is not None else None
    return {"place": fact.data.get("place"), "checked": checked or fact.happened, "assessed": None}


def _looked(visit: Visit, fact: Fact) -> Changes:
    return {"observed": (*visit.observed, fact), "checked": fact.happened}


def _intervened(visit: Visit, fact: Fact) -> Changes:
    given: Changes = {"checked": fact.happened}
    if fact.data["intervention"] == "naloxone":
        at, whose = surely(fact), fact.person or visit.person
        given["naloxone"] = max(at, visit.naloxone or at)
        if whose is not None:
            given["dosed"] = {**visit.dosed, whose: max(at, visit.dosed.get(whose, at))}
    return given


def surely(fact: Fact) -> datetime:
    """When a stay counts from: of a clock that nobody can vouch for, from when it was recorded."""
    clock = fact.data.get("clock")
    vouched = clock is None or clock["offset_ms"] is not None or fact.source == "paper"
    return fact.happened if vouched else fact.recorded


def _acknowledged(visit: Visit, fact: Fact) -> Changes:
    name = (fact.data["rule"], fact.data["subject"])
    return {"acknowledged": {**visit.acknowledged, name: fact.data["due"]}}


_HANDLERS: Mapping[str, Callable[[Visit, Fact], Changes]] = {
    "Arrived": _arrived,
    "TermsAccepted": lambda visit, fact: {"terms": fact.data["terms"]},
    "Assessed": _assessed,
    "Queued": _queued,
    "Seated": _seated,
    "ConsumptionStarted": _started,
    "ConsumptionEnded": _ended,
    "MovedToRecovery": _to_recovery,
    "Allocated": lambda visit, fact: {"observer": fact.data["observer"]},
    "Observed": _looked,
    "ConcernRaised": _looked,
    "InterventionGiven": _intervened,
    "Acknowledged": _acknowledged,
}
