"""Which texts an erasure takes: those of every fact that is, as corrected, about the person.

A text written before anybody knew whose it is, or under another of their names, is among them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from opendcr.ledger.effective import amendments, effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.shapes import Json
from opendcr.room.standing import fold_standing
from opendcr.web.store.about import About, people_near
from opendcr.web.store.archive import StoredArchive, head_of
from opendcr.web.store.held import rooms
from opendcr.web.store.keyring.keys import forget
from opendcr.web.store.models import Entry

# What says who was erased, and who else they are known to be.
TELLING = frozenset({"Erased", "Linked", "Unlinked"})


@dataclass(frozen=True)
class Erasure:
    """That a person was erased, by whatever pseudonym, with all that was recorded of them until
    then or had happened by then."""

    people: frozenset[str]
    room: str
    seq: int
    recorded: datetime

    def takes(self, fact: Fact) -> bool:
        """Whether a fact of the person was there to be erased. Who comes back begins anew."""
        if fact.room == self.room:
            return fact.seq <= self.seq or fact.happened < self.recorded
        return fact.happened <= self.recorded


def apply_erasures(people: Collection[str] | None = None) -> None:
    """Deletes the keys of every text that an erasure takes, in every room; harmless when repeated.
    With `people`, looks at the erasures of these alone.

    A restored database of keys may hold them again, and whose a text is may be told only later.
    """
    known = rooms()
    told = (StoredArchive(room).matching(kind__in=TELLING) for room in known)
    standing = [
        erasure
        for erasure in erasures(fact for facts in told for fact in facts)
        if people is None or erasure.people.intersection(people)
    ]
    if standing:
        for room in known:
            forget(texts_taken(room, standing))


class LookingAgain:
    """Applies the erasures that new facts can touch: a correction, a link or a late fact may tell
    only after an erasure whose a text is. Each look begins where the last ended."""

    def __init__(self) -> None:
        self._seen = _heads()

    def __call__(self) -> None:
        heads = _heads()
        fresh = {room for room, seq in heads.items() if seq > self._seen.get(room, 0)}
        if fresh and Entry.objects.filter(room__in=heads, kind="Erased").exists():
            near = (people_near(room, self._seen.get(room, 0)) for room in fresh)
            apply_erasures(set().union(*near))
        self._seen = heads


def _heads() -> dict[str, int]:
    heads = {room: head_of(room) for room in rooms()}
    return {room: head[0] for room, head in heads.items() if head is not None}


def erasures(told: Iterable[Fact]) -> list[Erasure]:
    """The erasures that stand among facts of every room, which come with their amendments."""
    stated = list(told)
    _, corrected = amendments(stated)
    same = fold_standing(stated).same_person
    return [
        _erasure(fact, same(fact.person), corrected.get(fact.id, ()))
        for fact in effective(stated)
        if fact.kind == "Erased" and fact.person is not None
    ]


def _erasure(fact: Fact, people: frozenset[str], corrections: Iterable[Fact]) -> Erasure:
    # Who is named only later was erased only then.
    named = (one for one in corrections if "person" in one.data["changes"])
    last = max([fact, *named], key=lambda one: one.seq)
    return Erasure(people, fact.room, last.seq, last.recorded)


def by_person(standing: Iterable[Erasure]) -> Mapping[str | None, list[Erasure]]:
    """The erasures of each pseudonym."""
    found: dict[str | None, list[Erasure]] = defaultdict(list)
    for erasure in standing:
        for person in erasure.people:
            found[person].append(erasure)
    return found


def texts_taken(room: str, standing: Sequence[Erasure]) -> set[str]:
    """The ids of the texts in a room's facts that these erasures take: those of the facts that
    they take, and of whatever speaks of these."""
    of = by_person(standing)
    about = About(room, {person for person in of if person is not None})
    taken = {
        fact.id
        for fact in about.facts.values()
        for person in about.people(fact)
        if any(one.takes(fact) or one.takes(about.shown(fact)) for one in of.get(person, ()))
    }
    return {
        text
        for fact in about.facts.values()
        for text in _texts(fact.data)
        if any(one.id in taken for one in about.spoken_of(fact))
    }


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
