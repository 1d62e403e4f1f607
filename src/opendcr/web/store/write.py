"""The one way to write. Every fact comes through `write`: taps, programs, simulated people."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import RLock

import orjson
from django.db import connection, transaction

from opendcr.errors import InputError
from opendcr.ledger.chain import canonical, seal
from opendcr.ledger.codec import encode, whole_milliseconds
from opendcr.ledger.facts import Command, Fact, Refusal
from opendcr.ledger.kinds import BODY_KINDS
from opendcr.ledger.shapes import Json
from opendcr.room.decide import by_wrong_clock, decide
from opendcr.room.intake import Intake
from opendcr.room.known import known_only, places_of
from opendcr.room.room import Room
from opendcr.web.store.addressed import taken_in
from opendcr.web.store.answers import (
    Answered,
    given_before,
    hash_of,
    recorded,
    refused,
    unacceptable,
)
from opendcr.web.store.archive import StoredArchive
from opendcr.web.store.erasing import apply_erasures
from opendcr.web.store.held import Held, current, keep, look
from opendcr.web.store.keyring.ahead import ready_for
from opendcr.web.store.models import Answer, Entry, Secret
from opendcr.web.store.proof import Author, Sender, author_of
from opendcr.web.store.register import shelter

log = logging.getLogger("opendcr.write")


def write(
    room: str,
    body: Json,
    sender: Sender,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    guessed: bool = False,
) -> Answered:
    """Answers a command with facts, which are then in the ledger, or with a refusal. `guessed` says
    that nobody knows whether the room is the right one.

    What the answer says is on the disk when it is given, and what an erasure takes cannot be read
    any more. The first answer is kept: the same command again, however often, gets it again and
    changes nothing.
    """
    try:
        taken = known_only(taken_in(room, body, guessed), places_of(look(room).room))
        author = author_of(body, taken, sender)
        ready_for(len(taken.texts) + bool(taken.unreadable), body=taken.kind in BODY_KINDS)
    except InputError as problem:
        return unacceptable(problem)
    body_hash = hash_of(room, body)
    moved: Held | None = None
    with turn(room):
        answered = given_before(room, taken, author, body_hash)
        if answered is None:
            answered, moved = _first_answer(room, taken, author, body_hash, clock)
    if moved is not None:
        keep(moved)
        for announce in ON_COMMIT:
            announce(room)
    # For a replay too: the database of the keys may have failed the first time.
    if taken.kind == "Erased":
        apply_erasures(_erased(answered))
    return answered


def _first_answer(
    room: str, taken: Intake, author: Author, body_hash: str, clock: Callable[[], datetime]
) -> tuple[Answered, Held]:
    """Decides, and writes down what was decided; the room after it."""
    held = current(room)
    now = whole_milliseconds(clock())
    command, secrets = _command(taken, author, held.room)
    decided = decide(held.room, command, now, StoredArchive(room))
    facts: tuple[Fact, ...] = ()
    if isinstance(decided, Refusal):
        answered = refused(decided)
    else:
        if decided[0].recorded - now > AHEAD:
            log.error("the last fact of room %s is recorded ahead of the server's clock", room)
            decided = by_wrong_clock(decided, command)
        facts = seal(decided, held.room.seq, held.head)
        answered = recorded(facts)
        Secret.objects.bulk_create(secrets)
        Entry.objects.bulk_create(map(row, facts))
    Answer.objects.create(
        command=taken.id, author=author.staff, body_hash=body_hash,
        status=answered.status, body=answered.body,
    )  # fmt: skip
    return answered, held.after(list(facts))


AHEAD = timedelta(minutes=1)  # a ledger further ahead of the server's clock than this is flagged
ON_COMMIT: list[Callable[[str], None]] = []  # told the room's name after each commit

_turns = RLock()


@contextmanager
def turn(room: str) -> Iterator[None]:
    """A transaction in which nobody else writes to the room.

    Threads of this process queue here in order: the database's own waiting is not fair.
    """
    with _turns, transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock_number(room)])
        yield


def lock_number(room: str) -> int:
    """The number of a room's lock: the same in every process and version."""
    digest = hashlib.sha256(b"opendcr room " + room.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def erases(body: Json) -> bool:
    """Whether a command's body asks to erase somebody, for which it may wait a while."""
    return isinstance(body, Mapping) and body.get("kind") in ("Erase", "Erased")


def _erased(answered: Answered) -> set[str]:
    """Whom this answer says to be erased."""
    facts = orjson.loads(answered.body).get("facts", ())
    return {fact["person"] for fact in facts if fact["kind"] == "Erased" and fact["person"]}


def row(fact: Fact) -> Entry:
    """The row of a sealed fact: the text that was hashed, and the columns to find it by."""
    record = encode(fact)
    chain = record.pop("chain")
    return Entry(
        room=fact.room, seq=fact.seq, fact=fact.id, command=fact.command, kind=fact.kind,
        visit=fact.visit, person=fact.person, emergency=fact.data.get("emergency"),
        target=fact.data.get("target"), recorded=fact.recorded,
        record=canonical(record).decode(), chain=chain,
    )  # fmt: skip


def _command(taken: Intake, author: Author, room: Room) -> tuple[Command, list[Secret]]:
    """The command that `decide` gets, and the register's rows for its texts."""
    target = _target(room.name, taken.data)
    texts = dict(taken.texts)
    if taken.unreadable:
        texts["unreadable"] = orjson.dumps(dict(taken.unreadable)).decode()
    kept = {key: shelter(words, key) for key, words in texts.items()}
    references = {key: reference for key, (reference, _) in kept.items()}
    command = Command(
        id=taken.id, kind=taken.kind, mode=taken.mode, room=room.name,
        author=author.staff, role=author.role, device=author.device,
        source=taken.source, entered_by=author.entered_by,
        visit=taken.visit, person=taken.person,
        tapped=taken.tapped, offset_ms=taken.offset_ms, offset_age_ms=taken.offset_age_ms,
        because=taken.because, target=target, impossible=taken.impossible, missing=taken.missing,
        unreadable=references.pop("unreadable", None), data={**taken.data, **references},
    )  # fmt: skip
    return command, [secret for _, secret in kept.values()]


def _target(room: str, data: Mapping[str, Json]) -> Fact | None:
    return StoredArchive(room).fact(data["target"]) if "target" in data else None
