"""Facts out of the database: the archive that a room refolds from, and the ledger in order."""

from collections.abc import Collection, Iterable, Iterator, Sequence

import orjson
from django.db.models import QuerySet

from opendcr.errors import LedgerError
from opendcr.ledger.codec import Record, decode
from opendcr.ledger.effective import ABOUT_FACTS
from opendcr.ledger.facts import Fact
from opendcr.ledger.ids import first_ids
from opendcr.room.standing import STANDING_KINDS
from opendcr.web.store.chunks import chunks, streamed
from opendcr.web.store.models import Entry


class StoredArchive:
    """A room's archive in the database (see `opendcr.room.room.Archive`)."""

    def __init__(self, room: str) -> None:
        self._entries = Entry.objects.filter(room=room)

    def fact(self, id: str) -> Fact | None:
        return next(iter(_facts(self._entries.filter(fact=id))), None)

    def amended(self, id: str) -> Sequence[Fact]:
        return self._with_amendments(self._entries.filter(fact=id))

    def thread(self, name: str, id: str) -> Sequence[Fact]:
        column = "fact" if name == "dose" else name
        return self._with_amendments(self._entries.filter(**{column: id}))

    def standing(self) -> Sequence[Fact]:
        return self._with_amendments(self._entries.filter(kind__in=STANDING_KINDS))

    def recorded_since(self, kind: str, seq: int) -> Sequence[Fact]:
        """The facts of a kind after `seq`, each with all that corrects or retracts it."""
        return self._with_amendments(self._entries.filter(kind=kind, seq__gt=seq))

    def matching(self, **columns: object) -> Sequence[Fact]:
        """The facts whose columns are so, each with all that corrects or retracts it."""
        return self._with_amendments(self._entries.filter(**columns))

    def among(self, column: str, names: Iterable[str]) -> Sequence[Fact]:
        """The facts that have one of these names in a column, however many, with the same."""
        questions = (self._entries.filter(**{f"{column}__in": some}) for some in chunks(names))
        return [fact for question in questions for fact in self._with_amendments(question)]

    def after(self, seq: int, kinds: Collection[str]) -> Sequence[Fact]:
        """The facts of these kinds after `seq`, in order, and nothing else."""
        return list(_facts(self._entries.filter(seq__gt=seq, kind__in=kinds)))

    def _with_amendments(self, entries: QuerySet[Entry]) -> list[Fact]:
        """The facts, and what corrects or retracts them, to any depth, in `seq` order."""
        found = {fact.id: fact for fact in _facts(entries)}
        newest = list(found)
        while newest:
            amending = [
                fact
                for some in chunks(newest)
                for fact in _facts(self._entries.filter(target__in=some, kind__in=ABOUT_FACTS))
                if fact.id not in found
            ]
            found |= {fact.id: fact for fact in amending}
            newest = [fact.id for fact in amending]
        return sorted(found.values(), key=lambda fact: fact.seq)


def records_after(room: str, seq: int, limit: int | None = None) -> Iterator[Record]:
    """The records of a room's facts after `seq`, in order."""
    entries = Entry.objects.filter(room=room, seq__gt=seq).order_by("seq")
    rows = entries.values_list("seq", "record", "chain")[:limit]
    for number, record, chain in streamed(rows):
        yield _record(number, record, chain)


def facts_after(room: str, seq: int) -> list[Fact]:
    """The same, decoded."""
    return [decode(record, "the database") for record in records_after(room, seq)]


def facts_since(room: str, seq: int, chain: str) -> list[Fact] | None:
    """The facts after one that was read before; None where the ledger does not hold that one."""
    facts = facts_after(room, seq - 1)
    if not facts or (facts[0].seq, facts[0].chain) != (seq, chain):
        return None
    return facts[1:]


def facts_of(command: str) -> list[Fact]:
    """What a command made happen, in whichever room; nothing for one that no ledger knows."""
    found = Entry.objects.filter(fact__in=first_ids(command), command=command)
    first = found.values_list("room", "seq").first()
    if first is None:
        return []
    room, seq = first
    return list(_facts(Entry.objects.filter(room=room, seq__gte=seq, command=command)))


def head_of(room: str) -> tuple[int, str] | None:
    """The last `seq` and chain value, read from the database; None where there is no fact."""
    entries = Entry.objects.filter(room=room).order_by("-seq")
    return entries.values_list("seq", "chain").first()


def _facts(entries: QuerySet[Entry]) -> Iterator[Fact]:
    for number, record, chain in entries.order_by("seq").values_list("seq", "record", "chain"):
        yield decode(_record(number, record, chain), "the database")


def _record(seq: int, text: str, chain: str) -> Record:
    """A row's record; raises LedgerError for a text that somebody changed into none."""
    try:
        return {**orjson.loads(text), "chain": chain}
    except (orjson.JSONDecodeError, TypeError) as error:
        raise LedgerError(f"the database, fact {seq}", "no JSON object", "a record") from error
