"""Where a simulation acts: something that answers commands and shows the room as it is."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.facts import Command, Fact, Header, Refusal
from opendcr.room.decide import decide
from opendcr.room.room import MemoryArchive, Room, advance


class World(Protocol):
    """A room to act in: a ledger in memory, or the room that a server keeps."""

    @property
    def room(self) -> Room:
        """The room as it is now."""

    def send(self, command: Command, at: int) -> Sequence[Fact] | Refusal:
        """The answer to a command at a moment (milliseconds since 1970)."""


def moment(milliseconds: int) -> datetime:
    """The moment of milliseconds since 1970, exactly."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).replace(
        microsecond=milliseconds % 1000 * 1000
    )


class LedgerWorld:
    """A room without a server: the real `decide`, the real chain, and `write` for each answer."""

    def __init__(self, header: Header, write: Callable[[Sequence[Fact]], None]) -> None:
        self._room = Room(header.room, header.timezone)
        self._head, self._write = first_link(header), write
        self._archive = MemoryArchive()

    @property
    def room(self) -> Room:
        return self._room

    def send(self, command: Command, at: int) -> Sequence[Fact] | Refusal:
        answer = decide(self._room, command, moment(at), self._archive)
        if isinstance(answer, Refusal):
            return answer
        facts = seal(answer, self._room.seq, self._head)
        self._archive.add(facts)
        self._room = advance(self._room, facts, self._archive)
        self._head = facts[-1].chain
        self._write(facts)
        return facts

    def forget(self) -> None:
        """Lets go of the facts so far, where nothing of them will be corrected: the room itself
        holds those of open visits and emergencies."""
        self._archive = MemoryArchive()
