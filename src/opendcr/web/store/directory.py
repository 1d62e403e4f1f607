"""Chosen names and codes by person, decrypted once per process, so that a search is quick.

What counts is what stands in the ledger: a name comes from a `Registered` fact that was permitted,
was not taken back, and is from after the person's last erasure. A name whose key is gone is left
out within a second, whoever deleted it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from threading import Lock
from time import monotonic

from django.db import connection

from opendcr.ledger.effective import ABOUT_FACTS, effective
from opendcr.ledger.facts import Fact
from opendcr.web.store.archive import StoredArchive
from opendcr.web.store.erasing import TELLING, by_person, erasures
from opendcr.web.store.held import rooms
from opendcr.web.store.keyring.asking import asked
from opendcr.web.store.keyring.keys import having_keys
from opendcr.web.store.register import words_now

LOOK_EVERY = 1.0  # seconds between looks at whether the keys of the names are still there

_TELLING = TELLING | {"Registered"}


@dataclass(frozen=True)
class _Read:
    """What was read of a room's ledger: the facts that tell of names, and the last that could have."""

    last: Fact | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Directory:
    """What people are called. `words` are the register's, by text."""

    names: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False  # whether words are missing because the keys cannot be asked for now
    read: Mapping[str, _Read] = field(default_factory=dict)
    until: float = 0.0  # when the keys of the words are asked for again

    def find(self, words: str, limit: int) -> list[str]:
        """The people whose name or code begins with the words, or has a word that does."""
        wanted = _plain(words)
        if not wanted:
            return []
        coded = [person for person, code in self.codes.items() if _plain(code) == wanted]
        named = [
            person for person, name in self.names.items() if f" {wanted}" in f" {_plain(name)}"
        ]
        return list(dict.fromkeys([*coded, *sorted(named, key=self.names.__getitem__)]))[:limit]


_directories: dict[str, Directory] = {}
_reading = Lock()


def directory() -> Directory:
    """The directory as the ledgers have it by now, without anybody who was erased."""
    database = str(connection.settings_dict["NAME"])
    with _reading:
        known = _directories.get(database, Directory())
        read = {room: _further(room, known.read.get(room, _Read())) for room in rooms()}
        if read != known.read:
            known = _called(replace(known, read=read))
        if monotonic() >= known.until:
            known = _called(known) if known.closed else _still_held(known)
            known = replace(known, until=monotonic() + LOOK_EVERY)
        _directories[database] = known
    return known


def _further(room: str, read: _Read) -> _Read:
    last, archive = read.last, StoredArchive(room)
    fresh = archive.after(last.seq - 1 if last else 0, _TELLING | ABOUT_FACTS)
    if last is not None:
        if fresh[:1] != [last]:
            return _further(room, _Read())  # a backup was restored under this process
        fresh = fresh[1:]
    if not fresh:
        return read
    known = {fact.id for fact in read.facts}
    added: list[Fact] = []
    for fact in fresh:
        if fact.kind in _TELLING or fact.data["target"] in known:
            known.add(fact.id)
            added.append(fact)
    return _Read(fresh[-1], (*read.facts, *added))


def _called(known: Directory) -> Directory:
    """The directory of what was read; words that are not needed any more are forgotten. While the
    keys cannot be asked for, it goes without the words that are new."""
    registered = _registered(known.read.values())
    texts = {
        key: {fact.person: fact.data[key]["text"] for fact in registered if key in fact.data}
        for key in ("name", "code")
    }
    wanted = {text for by_person in texts.values() for text in by_person.values()}
    words = {text: known.words[text] for text in wanted if text in known.words}
    fresh = words_now(wanted - words.keys())
    words |= fresh or {}
    names, codes = (
        {str(person): words[text] for person, text in texts[key].items() if text in words}
        for key in ("name", "code")
    )
    return replace(known, names=names, codes=codes, words=words, closed=fresh is None, until=0.0)


def _still_held(known: Directory) -> Directory:
    """The directory without the words whose keys are gone. While the keys cannot be asked for, it
    stays as the ledgers have it: a board without names would help nobody."""
    held = asked(lambda: having_keys(known.words)) if known.words else set()
    if held is None or len(held) == len(known.words):
        return known
    return _called(replace(known, words={text: known.words[text] for text in held}))


def _registered(read: Iterable[_Read]) -> list[Fact]:
    """The facts by which people are called what they are called, the latest last."""
    told = list(chain.from_iterable(one.facts for one in read))
    erased = by_person(erasures(told))
    standing = [
        fact
        for fact in effective(told)
        if fact.kind == "Registered"
        and fact.person is not None
        and not any(erasure.takes(fact) for erasure in erased.get(fact.person, ()))
    ]
    return sorted(standing, key=lambda fact: (fact.happened, fact.recorded, fact.seq))


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())
