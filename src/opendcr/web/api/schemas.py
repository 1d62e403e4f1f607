"""The shapes of answers, for the OpenAPI document."""

from typing import Any, Literal

from ninja import Schema


class ProblemParts(Schema):
    where: str
    found: str
    expected: str
    code: Literal["no_proof", "unknown_sender"] | None = None


class Problem(Schema):
    """What is wrong with a request: where, what was found, what was expected."""

    problem: ProblemParts


class RefusalParts(Schema):
    code: str
    words: str


class Refused(Schema):
    """A rule's no to an ask."""

    refusal: RefusalParts


class Recorded(Schema):
    """The facts of a command, and the reasons for which some were flagged for review."""

    facts: list[dict[str, Any]]
    flags: list[str]


class Facts(Schema):
    """Facts after a `seq`, in order; `more` where another call would give more."""

    facts: list[dict[str, Any]]
    more: bool


class Review(Schema):
    """An entry to look at again. `words` say why; `kind_words` of what; `fields` are its keys that
    are missing or cannot be true, `values` what they hold. `note` is what was sent and is kept in the register: null where
    there is none, and where it is `withheld` from the sender's role."""

    flag: str
    reason: str
    words: str
    kind: str | None
    kind_words: str | None
    fields: list[str]
    values: dict[str, Any]
    about: str | None
    visit: str | None
    person: str | None
    code: str | None
    label: str | None
    at: str
    author: str
    attributed: str | None
    note: str | None
    withheld: bool


class Reviews(Schema):
    """Open reviews, oldest first, and the initials of staff by id."""

    reviews: list[Review]
    staff_labels: dict[str, str]


class Line(Schema):
    """A line of a story: a fact as it was recorded, or as it stands. `struck` where it does not;
    `attributed` who was named since as the author of what came without one;
    `correctable` where the sender's role may correct or retract it. `note` is what somebody wrote;
    null where nobody did, for a role that may not read it, and where it was struck out or erased."""

    fact: str
    at: str
    kind: str
    words: str
    author: str
    attributed: str | None
    witness: str | None
    person: str | None
    data: dict[str, Any]
    note: str | None
    struck: bool
    correctable: bool


class Story(Schema):
    """A visit's lines in the order in which they happened; `here` while the visit is open."""

    visit: str
    person: str | None
    label: str
    here: bool
    lines: list[Line]
    staff_labels: dict[str, str]


class Gone(Schema):
    """A visit that ended today."""

    visit: str
    code: str
    label: str
    at: str
    how: str


class Left(Schema):
    """Visits that ended today, the last first."""

    visits: list[Gone]


class PublicKey(Schema):
    """A public key as WebCrypto exports it (JWK, P-256)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str


class Key(Schema):
    """A registered key: its id for proofs, and until when it counts."""

    key: str
    staff: str
    device: str
    until: str


COMMAND = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": "string", "description": "UUIDv7, made by the device at the tap"},
        "kind": {"type": "string", "description": "a command's name or a fact's"},
        "mode": {"type": "string", "enum": ["ask", "report"]},
        "visit": {"type": ["string", "null"]},
        "person": {"type": ["string", "null"]},
        "data": {"type": "object"},
        "tapped": {"type": ["string", "null"], "description": "the device's clock at the tap"},
        "offset_ms": {"type": ["integer", "null"]},
        "offset_age_ms": {"type": ["integer", "null"]},
        "because": {"type": ["string", "null"]},
        "source": {"type": "string", "enum": ["tap", "paper", "device", "simulation"]},
        "author": {
            "type": ["string", "null"],
            "description": "who did it; left out: whoever is signed in; null: nobody was signed in "
            "where it was tapped, so that a report on a body is recorded as unattributed",
        },
        "proof": {
            "type": "object",
            "properties": {"key": {"type": "string"}, "signature": {"type": "string"}},
        },
        "room": {"type": "string"},
    },
}
