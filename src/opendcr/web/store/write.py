"""The one way to write. Every fact comes through `write`: taps, programs, simulated people."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock

import orjson
from django.db import connection, transaction

from opendcr.errors import InputError
from opendcr.ledger.chain import canonical, seal
from opendcr.ledger.codec import encode, whole_milliseconds
from opendcr.ledger.facts import UNATTRIBUTED, Command, Fact, Refusal
from opendcr.ledger.shapes import Json
from opendcr.room.decide import by_wrong_clock, decide
from opendcr.room.intake import Intake, intake
from opendcr.room.room import Room
from opendcr.web.store.archive import StoredArchive
from opendcr.web.store.erasing import apply_erasures
from opendcr.web.store.held import Held, current, keep
from opendcr.web.store.models import Answer, Entry, Secret
from opendcr.web.store.proof import UNKNOWN_DEVICE, Author, NoProof, Sender, author_of
from opendcr.web.store.register import shelter

log = logging.getLogger("opendcr.write")


@dataclass(frozen=True)
class Answered:
    """The answer to a command: an HTTP status (200, 409, 422) and a JSON text."""

    status: int
    body: str


def write(
    room: str, body: Json, sender: Sender, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Answered:
    """Answers a command with facts, which are then in the ledger, or with a refusal.

    What the answer says is on the disk when it is given. The first answer is kept: the same
    command again, however often, gets it again and changes nothing.
    """
    try:
        taken = intake(body)
        author = author_of(body, taken, sender)
    except InputError as problem:
        return unacceptable(problem)
    body_hash = _hash_of(body)
    with turn(room):
        earlier = Answer.objects.filter(command=taken.id).first()
        moved: Held | None = None
        if earlier is not None:
            answered = _again(earlier, author, body_hash)
        else:
            answered, moved = _first_answer(room, taken, author, body_hash, clock)
    if moved is not None:
        keep(moved)
        for announce in ON_COMMIT:
            announce(room)
    # For a replay too: the database of the keys may have failed the first time.
    if taken.kind in ERASING:
        apply_erasures()
    return answered


def _first_answer(
    room: str, taken: Intake, author: Author, body_hash: str, clock: Callable[[], datetime]
) -> tuple[Answered, Held]:
    """Decides, and writes down what was decided; the room after it."""
    held = current(room)
    now = whole_milliseconds(clock())
    command, secrets = _command(taken, author, held.room, now)
    decided = decide(held.room, command, now, StoredArchive(room))
    facts: tuple[Fact, ...] = ()
    if isinstance(decided, Refusal):
        answered = _refused(decided)
    else:
        if decided[0].recorded - now > AHEAD:
            log.error("the last fact of room %s is recorded ahead of the server's clock", room)
            decided = by_wrong_clock(decided, command)
        facts = seal(decided, held.room.seq, held.head)
        answered = _recorded(facts)
        Secret.objects.bulk_create(secrets)
        Entry.objects.bulk_create(map(row, facts))
    Answer.objects.create(
        command=taken.id, author=author.staff, body_hash=body_hash,
        status=answered.status, body=answered.body,
    )  # fmt: skip
    return answered, held.after(list(facts))


AHEAD = timedelta(minutes=1)  # a ledger further ahead of the server's clock than this is flagged
ERASING = frozenset({"Erased", "Corrected", "Retracted"})  # what can change whose texts are erased
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


def unacceptable(problem: InputError) -> Answered:
    """What is wrong with a command that could not be taken in."""
    parts = {"where": problem.where, "found": problem.found, "expected": problem.expected}
    if isinstance(
        problem, NoProof
    ):  # the one that a program mends by itself, once somebody signs in
        parts["code"] = problem.code
    return Answered(422, orjson.dumps({"problem": parts}).decode())


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


def _hash_of(body: Mapping[str, Json]) -> str:
    """What makes a body the same again. A signature is left out: signing again makes another."""
    plain = {key: value for key, value in body.items() if key != "proof"}
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _again(earlier: Answer, author: Author, body_hash: str) -> Answered:
    same = earlier.author == author.staff or _same_device(earlier, author)
    if same and earlier.body_hash == body_hash:
        return Answered(earlier.status, earlier.body)
    return unacceptable(InputError("id", "an id that was used before", "a new command's own id"))


def _same_device(earlier: Answer, author: Author) -> bool:
    """Whether a device alone sends again what was sent from it: whoever did has signed out since."""
    if author.staff != UNATTRIBUTED or earlier.status != 200:
        return False
    devices = {fact["device"] for fact in orjson.loads(earlier.body)["facts"]}
    return devices == {author.device} and author.device != UNKNOWN_DEVICE


def _command(
    taken: Intake, author: Author, room: Room, now: datetime
) -> tuple[Command, list[Secret]]:
    """The command that `decide` gets, and the register's rows for its texts."""
    target = _target(room.name, taken.data)
    texts = dict(taken.texts)
    if taken.unreadable:
        texts["unreadable"] = orjson.dumps(dict(taken.unreadable)).decode()
    kept = {key: shelter(words, key, now) for key, words in texts.items()}
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


def _refused(refusal: Refusal) -> Answered:
    answer = {"refusal": {"code": refusal.code, "words": refusal.words}}
    return Answered(409, orjson.dumps(answer).decode())


def _recorded(facts: Sequence[Fact]) -> Answered:
    flags = [fact.data["reason"] for fact in facts if fact.kind == "ReviewFlagged"]
    answer = {"facts": [encode(fact) for fact in facts], "flags": flags}
    return Answered(200, orjson.dumps(answer).decode())
