"""The story of an emergency or of a visit: a line for each thing that was recorded, in order."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from opendcr.catalogue import Catalogue, care, people
from opendcr.catalogue.places import AREAS, ROUTES, elsewhere
from opendcr.catalogue.substances import SUBSTANCES
from opendcr.ledger.codec import instant
from opendcr.ledger.effective import ABOUT_FACTS, amend, amendments
from opendcr.ledger.facts import Fact
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Json
from opendcr.ledger.timeline import Entry
from opendcr.room.emergency import Emergency
from opendcr.room.policy import Policy
from opendcr.room.standing import Standing
from opendcr.room.visit import order

Line = dict[str, Json]


def story(emergency: Emergency, standing: Standing) -> list[Line]:
    """The story: originals as they were recorded, struck through where they no longer stand.

    A line to which something was only added later was never wrong: it stands once, completed. `own`
    is the emergency under which a line was recorded, which was found to be this one.
    """
    policy = standing.policy
    struck, corrected = amendments(emergency.facts)
    recorded = [
        fact
        for fact in emergency.facts
        if fact.kind not in (*ABOUT_FACTS, "ReviewFlagged", "Acknowledged")
    ]
    lines = []
    for fact in sorted(recorded, key=order):
        own, named = fact.data.get("emergency"), standing.attributed_to(fact)
        *before, now = versions(fact, corrected.get(fact.id, ()))
        here = now.data.get("emergency") == emergency.id
        if not here and own != emergency.id:
            continue
        told = [(one, True) for one in before] + [(now, not here or fact.id in struck)]
        lines += [_line(one, policy, named, struck=out) | {"own": own} for one, out in told]
    return lines


def versions(fact: Fact, corrections: Iterable[Fact]) -> list[Fact]:
    """The fact as it was said at first, each time that it was said otherwise, and as it is now last.

    What was only added to was never wrong: it counts with what was added.
    """
    found = [fact]
    for correction in corrections:
        now = amend(found[-1], [correction])
        if _completes(now, found[-1]):
            found[-1] = now
        else:
            found.append(now)
    return found


def _completes(now: Fact, first: Fact) -> bool:
    """Whether a fact still says all that it said at first. In which emergency it was is no part of what
    happened: one that was begun twice is made one."""
    return now.happened == first.happened and all(
        now.data.get(key) == value for key, value in first.data.items() if key != "emergency"
    )


def _line(fact: Fact, policy: Policy, attributed: str | None, struck: bool) -> Line:
    return {
        "fact": fact.id,
        "at": instant(fact.happened),
        "kind": fact.kind,
        "words": told(fact, policy),
        "author": fact.author,
        "attributed": attributed,
        "witness": fact.data.get("witness"),
        "struck": struck,
    }


# What is said about the record itself is no part of what happened.
_ASIDE = frozenset({"ReviewFlagged", "ReviewResolved", "Acknowledged", "Attributed"})


def visit_lines(
    entries: Iterable[Entry], policy: Policy, seen: Callable[[Fact], Fact]
) -> list[Line]:
    """The lines of a visit's timeline, each also with whom it is about and its data.

    `seen` gives a fact as its reader may see it.
    """
    return [
        _line(shown, policy, entry.attributed, struck)
        | {"person": shown.person, "data": dict(shown.data)}
        for entry in entries
        if entry.original.kind not in _ASIDE
        for fact, struck in _versions(entry)
        for shown in [seen(fact)]
    ]


def _versions(entry: Entry) -> Iterator[tuple[Fact, bool]]:
    """What was said and no longer stands as it was, and what stands."""
    first, standing = entry.original, entry.standing
    *before, now = versions(first, entry.corrections)
    others = standing is not None and first.person not in (None, standing.person)
    for one in before or ([first] if others or entry.moved else []):
        yield one, True
    if not entry.moved:
        yield now, entry.retracted


_PARTS = {
    "micrograms": "{} micrograms",
    "litres": "{} L",
    "breaths": "breathing {} a minute",
    "spo2": "SpO₂ {} %",
    "pulse": "pulse {}",
    "skin": "skin {}",
    "batch": "batch {}",
    "kits": "kits: {}",
    "terms": "version {}",
}

# Codes that are told by their catalogue's words, by kind and key.
_CODED: Mapping[tuple[str, str], Catalogue[Any]] = {
    ("Arrived", "reasons"): care.REASONS,
    ("Arrived", "needs"): people.NEEDS,
    ("Queued", "needs"): people.NEEDS,
    ("TurnedAway", "reason"): people.TURNED_AWAY,
    ("Assessed", "outcome"): people.ASSESSMENTS,
    ("Assessed", "substances"): SUBSTANCES,
    ("Assessed", "route"): ROUTES,
    ("ConsumptionStarted", "substances"): SUBSTANCES,
    ("ConsumptionStarted", "route"): ROUTES,
    ("Observed", "response"): care.RESPONSES,
    ("Observed", "concern"): care.CONCERNS,
    ("ConcernRaised", "concern"): care.CONCERNS,
    ("InterventionGiven", "route"): care.NALOXONE_ROUTES,
    ("EmergencyEnded", "outcome"): care.EMERGENCY_OUTCOMES,
    ("ServiceProvided", "service"): care.SERVICES,
    ("IncidentReported", "incident"): people.INCIDENTS,
}


def told(fact: Fact, policy: Policy) -> str:
    """A fact in a few words, as a timeline tells it. A member of staff is not among them: who reads
    it knows staff by initials, which are not in the ledger."""
    data = fact.data
    words = _head(fact)
    if data.get("breathing") and "breaths" not in data:
        words.append("breathing checked")
    words += [shape.format(data[key]) for key, shape in _PARTS.items() if key in data]
    if elsewhere(data.get("area")):
        words.append(AREAS.words(data["area"]))
    elif "place" in data:
        place = policy.place(data["place"])
        words.append(place.spoken if place else data["place"])
    words += _coded(fact)
    if data.get("stopped"):
        words.append("stopped")
    said = ", ".join(words) or "looked at"
    return said[:1].upper() + said[1:]


def _head(fact: Fact) -> list[str]:
    """What a line begins with."""
    if "intervention" in fact.data:
        return [care.INTERVENTIONS.words(fact.data["intervention"])]
    if fact.kind == "Departed" and "how" in fact.data:
        return [people.DEPARTURES.words(fact.data["how"])]
    return [] if fact.kind == "Observed" else [KINDS[fact.kind].words.capitalize()]


def _coded(fact: Fact) -> Iterator[str]:
    for (kind, key), catalogue in _CODED.items():
        if kind == fact.kind and key in fact.data:
            value = fact.data[key]
            codes = value if isinstance(value, list) else [value]
            if codes:
                yield " + ".join(catalogue.words(code) for code in codes)
