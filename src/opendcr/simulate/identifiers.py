"""Identifiers of simulated facts and commands, from random streams of their own."""

from opendcr.ledger import uuid7 as ids
from opendcr.streams import digest


def uuid7(milliseconds: int, seed: int, *name: object) -> str:
    """A UUIDv7 (RFC 9562) of a moment, in milliseconds since 1970, with the name's random bits."""
    return ids.uuid7(milliseconds, int.from_bytes(digest(seed, name), "big"))
