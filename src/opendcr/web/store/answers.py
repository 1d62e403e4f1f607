"""The answer to a command: the first one is what every replay gets."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import orjson

from opendcr.errors import InputError
from opendcr.ledger.codec import encode
from opendcr.ledger.facts import UNATTRIBUTED, Fact, Refusal
from opendcr.ledger.shapes import Json
from opendcr.room.intake import Intake
from opendcr.web.store.archive import facts_of
from opendcr.web.store.models import Answer
from opendcr.web.store.proof import UNKNOWN_DEVICE, Author, NoProof


@dataclass(frozen=True)
class Answered:
    """The answer to a command: an HTTP status (200, 409, 422) and a JSON text."""

    status: int
    body: str


def recorded(facts: Sequence[Fact]) -> Answered:
    """What a command made happen."""
    flags = [fact.data["reason"] for fact in facts if fact.kind == "ReviewFlagged"]
    answer = {"facts": [encode(fact) for fact in facts], "flags": flags}
    return Answered(200, orjson.dumps(answer).decode())


def refused(refusal: Refusal) -> Answered:
    """A rule's no."""
    answer = {"refusal": {"code": refusal.code, "words": refusal.words}}
    return Answered(409, orjson.dumps(answer).decode())


def unacceptable(problem: InputError) -> Answered:
    """What is wrong with a command that could not be taken in."""
    parts = {"where": problem.where, "found": problem.found, "expected": problem.expected}
    if isinstance(
        problem, NoProof
    ):  # the one that a program mends by itself, once somebody signs in
        parts["code"] = problem.code
    return Answered(422, orjson.dumps({"problem": parts}).decode())


USED = unacceptable(InputError("id", "an id that was used before", "a new command's own id"))


def hash_of(room: str, body: Mapping[str, Json]) -> str:
    """What makes a body the same again: all that it says, and the room that it was for.

    A signature is left out: signing again makes another.
    """
    plain = {key: value for key, value in body.items() if key != "proof"} | {"room": room}
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()


def given_before(room: str, taken: Intake, author: Author, body_hash: str) -> Answered | None:
    """The answer that a command got before; None for a new one.

    For another body, room or author it is an id that was used: they learn nothing of the answer.
    """
    earlier = Answer.objects.filter(command=taken.id).first()
    if earlier is not None:
        same = earlier.body_hash == body_hash and _answers(earlier, author)
        return Answered(earlier.status, earlier.body) if same else USED
    facts = facts_of(taken.id)
    if not facts:
        return None
    # An imported ledger brings facts without answers; what the body said is not known any more.
    return recorded(facts) if _made(facts[0], room, taken, author) else USED


def _answers(earlier: Answer, author: Author) -> bool:
    if earlier.author == author.staff:
        return True
    facts = orjson.loads(earlier.body)["facts"] if earlier.status == 200 else []
    return _one_tablet(earlier.author, {fact["device"] for fact in facts}, author)


def _made(fact: Fact, room: str, taken: Intake, author: Author) -> bool:
    """Whether the first fact of a command is what this author's would have made, on this device."""
    kinds = (fact.kind, fact.data.get("kind"))  # the second of a report that a flag holds
    if fact.room != room or taken.kind not in kinds or fact.device != author.device:
        return False
    return fact.author == author.staff or _one_tablet(fact.author, {fact.device}, author)


def _one_tablet(earlier: str, devices: Collection[str], author: Author) -> bool:
    """Whether one tablet sends again what it sent, with and without somebody signed in: whoever
    did has signed out since, or signed in."""
    alone = UNATTRIBUTED in (earlier, author.staff)
    return alone and set(devices) == {author.device} and author.device != UNKNOWN_DEVICE
