"""Whom a room's facts are about: by name, by visit, by emergency, or by the fact they speak of.

What was retracted is read too: its words are still there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from opendcr.ledger.effective import ABOUT_FACTS, amend, amendments, effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.shapes import Json
from opendcr.room.emergency import fold_emergency
from opendcr.room.visit import fold_visit
from opendcr.web.store.archive import StoredArchive

# The keys by which a fact speaks of another, and the kinds that do so beside amendments.
SPEAKING = ("target", "about", "flag", "exclusion")
FOLLOWING = ("Attributed", "ReferralUpdated", "ReviewFlagged", "ReviewResolved", "ExclusionLifted")


def people_near(room: str, seq: int) -> set[str]:
    """Whom the facts after `seq` may be about, or may have made others to be about: who is named
    in them, in what they speak of, or in the visits and emergencies of either."""
    read = _Read(room)
    read.add(read.archive.matching(seq__gt=seq))
    read.add_spoken_of()
    for name in ("visit", "emergency", "visit"):  # an emergency's visit may be another
        read.add_named(name)
    return {person for fact in read.facts.values() for person in _people(fact)}


class About:
    """A room's facts about some people: those that name them, those of their visits and
    emergencies, and whatever speaks of any of these."""

    def __init__(self, room: str, people: Collection[str]) -> None:
        read = _Read(room)
        read.add_of("person", people)
        read.add_named("visit")
        read.add_named("emergency")
        read.add_following()
        self.facts = read.facts
        _, self._corrected = amendments(self.facts.values())
        self._referred = _by_thread(self.facts.values(), "referral")
        standing = effective(self.facts.values())
        self._visits = {
            visit: fold_visit(visit, facts).person
            for visit, facts in _by_thread(standing, "visit").items()
        }
        self._emergencies = {
            emergency: self._person_of(emergency, facts)
            for emergency, facts in _by_thread(standing, "emergency").items()
        }

    def shown(self, fact: Fact) -> Fact:
        """The fact as its corrections have it, retracted or not."""
        return amend(fact, self._corrected.get(fact.id, ()))

    def people(self, fact: Fact) -> set[str | None]:
        """Whom a fact itself is about. Who was named by a correction counts alone."""
        shown = self.shown(fact)
        if fact.kind in ABOUT_FACTS or shown.person != fact.person:
            return {shown.person}
        if shown.visit is not None:
            return {shown.person, self._visits.get(shown.visit)}
        emergencies = (self._emergencies.get(id) for id in _said(shown, "emergency"))
        return {shown.person, *emergencies}

    def spoken_of(self, fact: Fact) -> Iterator[Fact]:
        """The fact, and those that it speaks of, to any depth; none of these where a correction
        has said by name whom it is about."""
        yield fact
        if self.shown(fact).person != fact.person:
            return
        for before in self._before(fact):
            yield from self.spoken_of(before)

    def _before(self, fact: Fact) -> Iterator[Fact]:
        for key in SPEAKING:
            found = (self.facts.get(id) for id in _said(fact, key))
            yield from (one for one in found if one is not None and one.seq < fact.seq)
        if fact.kind != "Referred":
            for referral in _said(self.shown(fact), "referral"):
                yield from (one for one in self._referred[referral] if one.kind == "Referred")

    def _person_of(self, emergency: str, facts: Iterable[Fact]) -> str | None:
        shown = fold_emergency(emergency, facts)
        if shown.visit is not None and shown.visit in self._visits:
            return self._visits[shown.visit]
        return next((fact.person for fact in shown.standing if fact.person is not None), None)


class _Read:
    """What was read of a room's ledger so far; each way to read more begins at these facts."""

    def __init__(self, room: str) -> None:
        self.archive = StoredArchive(room)
        self.facts: dict[str, Fact] = {}
        self._moves = self.archive.after(0, {"Corrected"})

    def add(self, facts: Iterable[Fact]) -> None:
        self.facts |= {fact.id: fact for fact in facts}

    def add_named(self, name: str) -> None:
        """Adds all facts of the visits, or emergencies, that these name or were moved between."""
        self.add_of(name, {id for fact in self.facts.values() for id in _threads(fact, name)})

    def add_of(self, name: str, ids: Collection[str]) -> None:
        """Adds the facts that name one of these, as they were recorded or as they were corrected."""
        wanted = set(ids)
        self.add(self.archive.among(name, wanted))
        moved = {one.data["target"] for one in self._moves if _changed(one, name) in wanted}
        self.add(self.archive.among("fact", moved))

    def add_spoken_of(self) -> None:
        """Adds what these speak of, to any depth, and the referrals that they name."""
        newest = set(self.facts)
        while newest:
            known = set(self.facts)
            said = {id for one in newest for key in SPEAKING for id in _said(self.facts[one], key)}
            self.add(self.archive.among("fact", said - known))
            newest = self.facts.keys() - known
        referrals = {id for fact in self.facts.values() for id in _said(fact, "referral")}
        if referrals:
            referred = self.archive.matching(kind="Referred")
            self.add(fact for fact in referred if referrals.intersection(_said(fact, "referral")))

    def add_following(self) -> None:
        """Adds what speaks of these, which comes after them, and what became of their referrals."""
        names = ("referral", "emergency")
        begun = {(key, id) for fact in self.facts.values() for key in names
                 for id in _said(fact, key)}  # fmt: skip
        for fact in self.archive.matching(kind__in=FOLLOWING):
            speaks = any(id in self.facts for key in SPEAKING for id in _said(fact, key))
            if speaks or any((key, id) in begun for key in names for id in _said(fact, key)):
                self.add([fact])


def _by_thread(facts: Iterable[Fact], name: str) -> Mapping[str, list[Fact]]:
    """The facts by what they name: a visit, an emergency, a referral."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        for id in [fact.visit] if name == "visit" and fact.visit else _said(fact, name):
            found[id].append(fact)
    return found


def _threads(fact: Fact, name: str) -> set[str]:
    """The visits, or emergencies, that a fact names: as recorded, and as it corrects another."""
    named = {fact.visit} if name == "visit" else set(_said(fact, name))
    changed = {_changed(fact, name)} if fact.kind == "Corrected" else set()
    return {id for id in named | changed if isinstance(id, str)}


def _people(fact: Fact) -> Iterator[str]:
    named = (fact.person, fact.data.get("other"))
    changed = (_changed(fact, "person"),) if fact.kind == "Corrected" else ()
    return (one for one in (*named, *changed) if isinstance(one, str))


def _changed(correction: Fact, name: str) -> Json:
    """What a correction says of a person, a visit or an emergency, if it says it."""
    changes = correction.data["changes"]
    data = changes.get("data")
    inside = data.get(name) if isinstance(data, Mapping) else None
    return inside if name == "emergency" else changes.get(name)


def _said(fact: Fact, key: str) -> Iterator[str]:
    """What a fact says under a key of its data, or of the report that it holds."""
    report = fact.data.get("report")
    held = report.get("data") if isinstance(report, Mapping) else None
    for data in (fact.data, held):
        if isinstance(data, Mapping) and isinstance(data.get(key), str):
            yield data[key]
