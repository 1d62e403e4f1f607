"""A room to do things in, for tests: every fact of it came through `intake` and `decide`.

    world = World()
    world.arrive("Robin")
    world.seat("Robin", "booth-1")
    world.wait(5)
    world.report("Departed", "Robin", how="well")

A name stands for one person with one open visit. `ask` and `report` take any kind; the verbs are
the usual way through the room. The small room has two booths, an inhalation booth, one recovery
room for two, and nobody who must be on shift.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from opendcr.errors import InputError
from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.codec import instant
from opendcr.ledger.facts import Command, Fact, Header, Origin, Refusal
from opendcr.room.attention import Notice, attention
from opendcr.room.board import board
from opendcr.room.decide import decide
from opendcr.room.intake import Intake, intake
from opendcr.room.room import MemoryArchive, Room, advance, fold
from opendcr.room.visit import Visit

HEADER = Header("calton", "Europe/London", Origin("recorded"))

SMALL: dict[str, Any] = {
    "room": {"title": "Small", "routes": ["intravenous", "intramuscular", "inhaled"]},
    "places": [
        {"id": "booth-1", "kind": "injecting", "words": "1"},
        {"id": "booth-2", "kind": "accessible", "words": "2"},
        {"id": "smoke-1", "kind": "inhalation", "words": "3"},
        {"id": "recovery", "kind": "recovery_chair", "words": "Recovery", "capacity": 2},
        {"id": "health-1", "kind": "health_room", "words": "Health room"},
    ],
    "concern": [
        {"level": "watch", "key": "signs", "value": "drowsy"},
        {"level": "intervene", "key": "breaths", "at_most": 8},
    ],
}

Answer = tuple[Fact, ...] | Refusal | InputError


class World:
    """A room in memory. `answers` are all answers so far, `facts` the sealed ledger."""

    def __init__(
        self,
        policy: Mapping[str, Any] | None = SMALL,
        now: str = "2025-02-03T10:00:00+00:00",
        timezone: str = "Europe/London",
    ) -> None:
        self.now = datetime.fromisoformat(now).astimezone(UTC)
        self.room = Room(HEADER.room, timezone)
        self.facts: list[Fact] = []
        self.archive = MemoryArchive()
        self.answers: list[Answer] = []
        self._head, self._sent = first_link(HEADER), 0
        if policy is not None:
            self.ask("PolicyAdopted", policy=policy)
            self.ask("TermsPublished", terms="terms-1")
            self.ask("RoomOpened")

    # Any command

    def send(self, body: Mapping[str, Any], **of: Any) -> Answer:
        """The answer to a body, from a manager unless `of` says another role, device or author."""
        try:
            command = self.command(intake(body), **of)
            answer = decide(self.room, command, self.now, self.archive)
        except InputError as problem:
            answer = problem
        if isinstance(answer, tuple):
            self._keep(answer)
        self.answers.append(answer)
        return answer

    def command(self, taken: Intake, **of: Any) -> Command:
        """The command of a sorted body; its words sheltered, as the store does."""
        texts = {key: _sheltered(words) for key, words in taken.texts.items()}
        said = {"author": "s-1", "role": "manager", "device": "t-1", "source": "tap"} | of
        target = self.archive.fact(str(taken.data.get("target")))
        return Command(
            id=taken.id, kind=taken.kind, mode=taken.mode, room=self.room.name,
            visit=taken.visit, person=taken.person, data={**taken.data, **texts},
            tapped=taken.tapped, offset_ms=taken.offset_ms, offset_age_ms=taken.offset_age_ms,
            because=taken.because, target=target, impossible=taken.impossible,
            missing=taken.missing,
            unreadable=_sheltered(str(taken.unreadable)) if taken.unreadable else None, **said,
        )  # fmt: skip

    def ask(self, kind: str, name: str | None = None, **data: Any) -> Answer:
        """May this be done now?"""
        return self.send(self.body(kind, name, data, mode="ask"))

    def report(self, kind: str, name: str | None = None, ago: float = 0, **data: Any) -> Answer:
        """This has happened, `ago` minutes before now."""
        tapped = instant(self.now - timedelta(minutes=ago))
        return self.send(self.body(kind, name, data, mode="report", tapped=tapped, offset_ms=0))

    def body(
        self, kind: str, name: str | None, data: Mapping[str, Any], **of: Any
    ) -> dict[str, Any]:
        """A body about the open visit of `name`, or about the person where there is none."""
        self._sent += 1
        visit = self.visit(name) if name else None
        about = {"visit": visit.id if visit else None, "person": person(name) if name else None}
        id = str(uuid.UUID(int=self._sent))
        return {"id": id, "kind": kind, "data": dict(data), **about, **of}

    # The usual way through the room

    def arrive(self, name: str, **data: Any) -> Answer:
        return self.ask("Arrived", name, **data)

    def talk(self, name: str) -> Answer:
        """The terms and the talk before using."""
        self.ask("TermsAccepted", name, terms=self.room.standing.current_terms)
        return self.ask("Assessed", name, outcome="proceed", substances=["heroin"])

    def seat(self, name: str, place: str) -> Answer:
        """Arrives and talks with the person where nobody has, and asks for the place."""
        if self.visit(name) is None:
            self.arrive(name)
        if self.seen(name).assessed != "proceed":
            self.talk(name)
        return self.ask("Seated", name, place=place)

    def use(self, name: str, place: str, route: str = "intravenous") -> Answer:
        self.seat(name, place)
        said = {"place": place, "substances": ["heroin"], "route": route}
        return self.ask("ConsumptionStarted", name, **said)

    def depart(self, name: str, how: str = "well") -> Answer:
        return self.ask("Departed", name, how=how)

    def correct(self, fact: Fact, **changes: Any) -> Answer:
        """`changes` are `happened`, `person`, `visit` or keys of data."""
        own = {key: changes.pop(key) for key in ("happened", "person", "visit") if key in changes}
        data = {"data": changes} if changes else {}
        return self.ask("Corrected", target=fact.id, changes={**own, **data}, reason="mistake")

    def retract(self, fact: Fact) -> Answer:
        return self.ask("Retracted", target=fact.id, reason="mistake")

    def wait(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)

    # What there is to see

    def visit(self, name: str) -> Visit | None:
        return self.room.visit_of(person(name))

    def seen(self, name: str) -> Visit:
        visit = self.visit(name)
        assert visit is not None, f"{name} is not here"
        return visit

    def last(self, kind: str) -> Fact:
        return next(fact for fact in reversed(self.facts) if fact.kind == kind)

    def board(self) -> dict[str, Any]:
        return board(self.room, self.now)

    def on_board(self, name: str) -> dict[str, Any]:
        return next(one for one in self.board()["visits"] if one["id"] == self.seen(name).id)

    def place(self, id: str) -> dict[str, Any]:
        return next(one for one in self.board()["places"] if one["id"] == id)

    def notices(self, rule: str | None = None) -> list[Notice]:
        found = attention(self.room, self.now)
        return [notice for notice in found if rule is None or notice.rule == rule]

    def flags(self) -> list[str]:
        """The reasons of the open reviews, oldest first."""
        return [flag.data["reason"] for flag in self.room.standing.open_reviews()]

    def folded(self) -> Room:
        """The same room, folded from its whole ledger."""
        return fold(self.facts, self.room.name, self.room.timezone)

    def _keep(self, facts: Sequence[Fact]) -> None:
        sealed = seal(facts, self.room.seq, self._head)
        self._head = sealed[-1].chain
        self.facts += sealed
        self.archive.add(sealed)
        self.room = advance(self.room, sealed, self.archive)


def person(name: str) -> str:
    """The pseudonym of a name: no letters but those of a number."""
    return f"p-{name.lower().encode().hex()}"


def code(answer: Answer) -> str | None:
    """The code of a refusal; None for facts."""
    assert not isinstance(answer, InputError), answer
    return answer.code if isinstance(answer, Refusal) else None


def _sheltered(words: str) -> dict[str, str]:
    return {"text": f"x-{len(words)}", "sha256": "0" * 64}
