"""One visit as people read it: every fact in order, what was struck through, and by whom."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from opendcr.ledger.codec import instant
from opendcr.ledger.effective import ABOUT_FACTS, amend, amendments, attributions
from opendcr.ledger.facts import UNATTRIBUTED, Fact
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Json


@dataclass(frozen=True)
class Amendment:
    """A correction or retraction, and whether it changes anything."""

    fact: Fact
    has_effect: bool


@dataclass(frozen=True)
class Entry:
    """A fact of a visit as it was written and as its corrections have it.

    `amended_by` are the corrections and retractions that name it, in `seq` order; `attributed` is who
    was named since as the author of what came without one.
    """

    visit: str
    original: Fact
    corrected: Fact
    retracted: bool
    amended_by: tuple[Amendment, ...]
    attributed: str | None = None

    @property
    def corrections(self) -> list[Fact]:
        """Its corrections, in `seq` order."""
        return [one.fact for one in self.amended_by if one.fact.kind == "Corrected"]

    @property
    def moved(self) -> bool:
        """Whether it was corrected into another visit, or into none."""
        return not self.retracted and self.corrected.visit != self.visit

    @property
    def standing(self) -> Fact | None:
        """The fact as it stands in the visit; None where it was retracted or moved."""
        return None if self.retracted or self.moved else self.corrected


def timeline(facts: Callable[[], Iterable[Fact]], visit: str) -> list[Entry]:
    """The visit's facts in the order in which they happened.

    `facts` gives the ledger's facts each time that it is called: they are read twice, so that a
    long ledger need not be held.
    """
    speaking = [fact for fact in facts() if fact.kind in {*ABOUT_FACTS, "Attributed"}]
    about, authors = [one for one in speaking if one.kind in ABOUT_FACTS], attributions(speaking)
    moved_here = {
        fact.data["target"]
        for fact in about
        if fact.kind == "Corrected" and fact.data["changes"].get("visit") == visit
    }
    named = [
        fact
        for fact in facts()
        if fact.kind not in ABOUT_FACTS and (fact.visit == visit or fact.id in moved_here)
    ]
    out, corrected = amendments([*named, *about])
    entries = [_entry(fact, about, out, corrected, visit) for fact in named]
    return sorted((_with_author(one, authors) for one in entries if one), key=_when)


def _entry(
    fact: Fact, about: list[Fact], out: set[str], corrected: dict[str, list[Fact]], visit: str
) -> Entry | None:
    amended = amend(fact, corrected.get(fact.id, ()))
    if visit not in (fact.visit, amended.visit):
        return None
    return Entry(visit, fact, amended, fact.id in out, tuple(_amendments(fact, about, out)))


def _with_author(entry: Entry, authors: Mapping[str, str]) -> Entry:
    if entry.original.author != UNATTRIBUTED:
        return entry
    return replace(entry, attributed=authors.get(entry.original.id))


def _amendments(fact: Fact, about: list[Fact], out: set[str]) -> Iterator[Amendment]:
    """A retraction has effect unless it was retracted, a correction if it changes the fact further."""
    for one in (one for one in about if one.data["target"] == fact.id):
        if one.kind == "Retracted":
            yield Amendment(one, one.id not in out)
        else:
            before, fact = fact, amend(fact, [one])
            yield Amendment(one, fact != before)


def _when(entry: Entry) -> tuple[object, int]:
    return ((entry.standing or entry.original).happened, entry.original.seq)


def document_of(entry: Entry) -> dict[str, Json]:
    """The entry as JSON."""
    return {
        "fact": entry.original.id,
        "seq": entry.original.seq,
        "kind": entry.original.kind,
        "words": _words(entry.original),
        "attributed": entry.attributed,
        "struck": entry.standing is None,
        "original": _document(entry.original),
        "standing": _document(entry.standing) if entry.standing else None,
        "moved_to": entry.corrected.visit if entry.moved else None,
        "amended_by": [_amendment(one) for one in entry.amended_by],
    }


def _document(fact: Fact) -> dict[str, Json]:
    return {
        "happened": instant(fact.happened),
        "recorded": instant(fact.recorded),
        "person": fact.person,
        "visit": fact.visit,
        "author": fact.author,
        "data": fact.data,
    }


def _amendment(one: Amendment) -> dict[str, Json]:
    fact = one.fact
    return {
        "fact": fact.id,
        "kind": fact.kind,
        "author": fact.author,
        "recorded": instant(fact.recorded),
        "reason": fact.data["reason"],
        "has_effect": one.has_effect,
    }


def text_of(entry: Entry, zone: str) -> str:
    """The entry in a line or two, in local time; what no longer stands is between `~~`."""
    original = _line(entry.original, zone)
    lines = [original if entry.standing == entry.original else f"~~{original}~~"]
    if entry.attributed:
        lines.append(f"  done by {entry.attributed}, as was named since")
    if not entry.retracted and entry.corrected != entry.original:
        lines.append(f"  now {_line(entry.corrected, zone)}{_of_others(entry)}")
    lines += [_amended(one) for one in entry.amended_by]
    return "\n".join(lines)


def _of_others(entry: Entry) -> str:
    """What a line of a fact does not show: another person, another visit."""
    before, now = entry.original, entry.corrected
    told = {"person": (before.person, now.person), "visit": (before.visit, now.visit)}
    return "".join(
        f", {what} {new or 'none'} instead of {old or 'none'}"
        for what, (old, new) in told.items()
        if old != new
    )


def _amended(one: Amendment) -> str:
    told = f"  {_words(one.fact)} by {one.fact.author}: {one.fact.data['reason']}"
    return told if one.has_effect else f"{told}, without effect"


def _line(fact: Fact, zone: str) -> str:
    at = fact.happened.astimezone(ZoneInfo(zone))
    said = ", ".join(f"{key} {_value(value)}" for key, value in fact.data.items() if key != "clock")
    return f"{at:%Y-%m-%d %H:%M:%S}  {_words(fact)}{': ' if said else ''}{said}  ({fact.author})"


def _value(value: Json) -> str:
    if isinstance(value, list):
        return " + ".join(map(_value, value))
    if isinstance(value, dict):
        return " ".join(f"{key} {_value(one)}" for key, one in value.items())
    return str(value)


def _words(fact: Fact) -> str:
    return KINDS[fact.kind].words
