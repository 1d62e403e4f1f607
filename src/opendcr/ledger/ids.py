"""The ids that an answer to a command makes: of the command's own, so the same each time."""

import uuid

from opendcr.ledger.facts import Fact


def _namespace(id: str) -> uuid.UUID:
    """The UUID that a command's id is, or one made of it where it is none, or is made like those:
    no two commands make the same facts."""
    named = _uuid(id)
    if named is not None and named.version != 5:
        return named
    return uuid.uuid5(uuid.NAMESPACE_OID, id)


def _uuid(id: str) -> uuid.UUID | None:
    try:
        named = uuid.UUID(id)
    except ValueError:
        return None
    return named if str(named) == id else None  # the same number written otherwise is another id


def fact_id(command: str, at: int) -> str:
    """The id of the fact at this place in the answer to a command."""
    return str(uuid.uuid5(_namespace(command), str(at)))


def visit_id(command: str) -> str:
    """The id of the visit that an arrival begins, where it names none."""
    return f"v-{uuid.uuid5(_namespace(command), 'visit').hex[:16]}"


def first_ids(command: str) -> list[str]:
    """The ids that the first fact of a command may have: an earlier version took every UUID as it is."""
    named = _uuid(command)
    before = [str(uuid.uuid5(named, "0"))] if named is not None and named.version == 5 else []
    return [fact_id(command, 0), *before]


def was_said(fact: Fact) -> bool:
    """Whether a fact is what somebody said, and not what followed from it."""
    return fact.id in first_ids(fact.command)
