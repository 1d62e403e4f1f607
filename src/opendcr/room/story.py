"""The story of an emergency: a line for each thing that was recorded of it, in order."""

from opendcr.catalogue.care import INTERVENTIONS, NALOXONE_ROUTES, RESPONSES
from opendcr.ledger.codec import instant
from opendcr.ledger.effective import ABOUT_FACTS, effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Json
from opendcr.room.emergency import Emergency
from opendcr.room.policy import Policy
from opendcr.room.visit import order

Line = dict[str, Json]


def story(emergency: Emergency, policy: Policy) -> list[Line]:
    """The story: originals as they were recorded, struck through where they no longer stand.

    A line to which something was only added later was never wrong: it stands once, completed.
    """
    standing = {fact.id: fact for fact in effective(emergency.facts)}
    recorded = [
        fact
        for fact in emergency.facts
        if fact.kind not in (*ABOUT_FACTS, "ReviewFlagged", "Acknowledged")
    ]
    lines = []
    for fact in sorted(recorded, key=order):
        now = standing.get(fact.id)
        here = fact.data.get("emergency") == emergency.id
        if here and not (now and _completes(now, fact)):
            lines.append(_line(fact, policy, struck=True))
        if now is not None and now.data.get("emergency") == emergency.id:
            lines.append(_line(now, policy, struck=False))
    return lines


def _completes(now: Fact, first: Fact) -> bool:
    """Whether a fact still says all that it said at first."""
    return now.happened == first.happened and all(
        now.data.get(key) == value for key, value in first.data.items()
    )


def _line(fact: Fact, policy: Policy, struck: bool) -> Line:
    return {
        "fact": fact.id,
        "at": instant(fact.happened),
        "kind": fact.kind,
        "words": told(fact, policy),
        "author": fact.author,
        "struck": struck,
    }


_PARTS = {
    "micrograms": "{} micrograms",
    "litres": "{} L",
    "breaths": "breathing {} a minute",
    "spo2": "SpO₂ {} %",
    "pulse": "pulse {}",
    "skin": "skin {}",
}


def told(fact: Fact, policy: Policy) -> str:
    """A fact in a few words, as a timeline tells it."""
    data = fact.data
    words = [INTERVENTIONS.words(data["intervention"])] if "intervention" in data else []
    if not words and fact.kind != "Observed":
        words = [KINDS[fact.kind].words.capitalize()]
    if data.get("breathing") and "breaths" not in data:
        words.append("breathing checked")
    words += [shape.format(data[key]) for key, shape in _PARTS.items() if key in data]
    if "place" in data:
        place = policy.place(data["place"])
        words.append(place.spoken if place else data["place"])
    if "response" in data:
        words.append(RESPONSES.words(data["response"]))
    if fact.kind == "InterventionGiven" and "route" in data:
        words.append(NALOXONE_ROUTES.words(data["route"]))
    if data.get("stopped"):
        words.append("stopped")
    said = ", ".join(words) or "looked at"
    return said[:1].upper() + said[1:]
