"""Which texts an erasure takes: those of every fact that is, as corrected, about the person.

A text written before anybody knew whose it is, or under another's name, is among them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from opendcr.ledger.effective import ABOUT_FACTS, amend, amendments, effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.shapes import Json
from opendcr.room.emergency import fold_emergency
from opendcr.room.visit import fold_visit
from opendcr.web.store.archive import StoredArchive
from opendcr.web.store.held import rooms
from opendcr.web.store.keyring.keys import forget

AT_ONCE = 400


@dataclass(frozen=True)
class Erasure:
    """That a person was erased, with all that was recorded of them until then."""

    person: str
    room: str
    seq: int
    recorded: datetime

    def takes(self, fact: Fact) -> bool:
        """Whether a fact of the person was there to be erased. Who comes back begins anew."""
        if fact.room == self.room:
            return fact.seq <= self.seq
        return fact.recorded <= self.recorded


def apply_erasures() -> None:
    """Deletes the keys of every text that an erasure takes, in every room; harmless when repeated.

    Runs after each such fact and by itself, since a restored key database may hold them again, and
    since a correction may tell only later whose a text is.
    """
    known = rooms()
    standing = [
        erasure
        for room in known
        for erasure in erasures(StoredArchive(room).matching(kind="Erased"))
    ]
    if standing:
        for room in known:
            forget(texts_taken(room, standing))


def erasures(facts: Iterable[Fact]) -> list[Erasure]:
    """The erasures that stand among facts that come with their amendments."""
    stated = list(facts)
    _, corrected = amendments(stated)
    return [
        _erasure(fact, fact.person, corrected.get(fact.id, ()))
        for fact in effective(stated)
        if fact.kind == "Erased" and fact.person is not None
    ]


def _erasure(fact: Fact, person: str, corrections: Iterable[Fact]) -> Erasure:
    # Who is named only later was erased only then.
    named = (one for one in corrections if "person" in one.data["changes"])
    last = max([fact, *named], key=lambda one: one.seq)
    return Erasure(person, fact.room, last.seq, last.recorded)


def texts_taken(room: str, standing: Sequence[Erasure]) -> set[str]:
    """The ids of the texts in a room's facts that these erasures take."""
    about = _About(room, {erasure.person for erasure in standing})
    return {
        text
        for fact in about.facts.values()
        for erasure in standing
        if erasure.takes(fact) and erasure.person in about.whose(fact)
        for text in _texts(fact.data)
    }


class _About:
    """A room's facts about some people: those that name them, and those of their visits and
    emergencies. What was retracted is among them: its words are still there."""

    def __init__(self, room: str, people: Collection[str]) -> None:
        self._archive = StoredArchive(room)
        self._moves = self._archive.matching(kind="Corrected")
        self.facts: dict[str, Fact] = {}
        self._visits: dict[str, str | None] = {}
        self._emergencies: dict[str, str | None] = {}
        self._read("person", people)
        for visit in self._named("visit"):
            self._visits[visit] = fold_visit(visit, self.facts.values()).person
        for emergency in self._named("emergency"):
            self._emergencies[emergency] = self._person_of(emergency)

    def whose(self, fact: Fact) -> set[str | None]:
        """Whom a fact is about. Who was said by name counts alone; else a fact, and what amends
        it, is about whomever its visit or its emergency is."""
        if fact.kind in ABOUT_FACTS:
            target = self.facts.get(fact.data["target"])
            known = target is not None and target.seq < fact.seq
            return {fact.person} | (self.whose(target) if target is not None and known else set())
        shown = self._shown(fact)
        if shown.person != fact.person:
            return {shown.person}
        if shown.visit is not None:
            return {shown.person, self._visits.get(shown.visit)}
        return {shown.person, self._emergencies.get(shown.data.get("emergency", ""))}

    def _shown(self, fact: Fact) -> Fact:
        return amend(fact, self._corrected.get(fact.id, ()))

    def _named(self, name: str) -> set[str]:
        """The visits, or emergencies, of the facts so far; theirs are then among the facts."""
        found = (_thread(self._shown(fact), name) for fact in list(self.facts.values()))
        named = {id for id in found if id is not None}
        self._read(name, named)
        return named

    def _read(self, name: str, ids: Collection[str]) -> None:
        """Adds the facts that name one of these, as they were recorded or as they were corrected."""
        moved = {
            one.data["target"] for one in self._moves if _thread_in_changes(one, name) in set(ids)
        }
        for some in _chunks(ids):
            self._add(self._archive.matching(**{f"{name}__in": some}))
        for some in _chunks(moved):
            self._add(self._archive.matching(fact__in=some))
        _, self._corrected = amendments(self.facts.values())

    def _add(self, facts: Iterable[Fact]) -> None:
        self.facts |= {fact.id: fact for fact in facts}

    def _person_of(self, emergency: str) -> str | None:
        shown = fold_emergency(emergency, self.facts.values())
        if shown.visit is not None and shown.visit in self._visits:
            return self._visits[shown.visit]
        named = (fact.person for fact in shown.standing if fact.person is not None)
        return next(named, None)


def _thread(fact: Fact, name: str) -> str | None:
    id = fact.visit if name == "visit" else fact.data.get("emergency")
    return id if isinstance(id, str) else None


def _thread_in_changes(fact: Fact, name: str) -> Json:
    changes = fact.data["changes"]
    data = changes.get("data")
    inside = data.get("emergency") if isinstance(data, Mapping) else None
    found = inside if name == "emergency" else changes.get(name)
    return found if isinstance(found, str) else None


def _texts(value: Json) -> Iterator[str]:
    """The ids of the register's texts in a value, at any depth: a held report holds some inside."""
    if isinstance(value, Mapping):
        if set(value) == {"text", "sha256"}:
            yield str(value["text"])
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _chunks(ids: Collection[str]) -> Iterator[list[str]]:
    remaining = iter(ids)
    while some := list(islice(remaining, AT_ONCE)):
        yield some
