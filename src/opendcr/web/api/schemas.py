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
        "author": {"type": "string"},
        "proof": {
            "type": "object",
            "properties": {"key": {"type": "string"}, "signature": {"type": "string"}},
        },
        "room": {"type": "string"},
    },
}
