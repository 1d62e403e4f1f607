"""The store as a world for simulated people: their acts take the one way in, like everybody's."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import orjson

from opendcr.ledger.codec import decode
from opendcr.ledger.facts import Command, Fact, Refusal
from opendcr.ledger.shapes import Json
from opendcr.room.room import Room
from opendcr.web.store.held import look
from opendcr.web.store.proof import Sender
from opendcr.web.store.write import write

START = datetime(1970, 1, 1, tzinfo=UTC)


class StoreWorld:
    """A room of the store as `opendcr.simulate.world.World`. `name_for` invents people's names."""

    def __init__(self, room: str, name_for: Callable[[str], str]) -> None:
        self._name, self._name_for = room, name_for

    @property
    def room(self) -> Room:
        return look(self._name).room

    def send(self, command: Command, at: int) -> Sequence[Fact] | Refusal:
        sender = Sender(command.author, command.role, command.device, "token")
        moment = START + timedelta(milliseconds=at)
        answered = write(self._name, self._body(command), sender, lambda: moment)
        answer = orjson.loads(answered.body)
        if answered.status == 200:
            return [decode(record, "the answer") for record in answer["facts"]]
        parts = answer.get("refusal") or {"code": "problem", "words": str(answer["problem"])}
        return Refusal(parts["code"], parts["words"])

    def _body(self, command: Command) -> Json:
        data = dict(command.data)
        if command.kind == "Registered" and command.person is not None:
            data["name"] = self._name_for(command.person)
        return {
            "id": command.id,
            "kind": command.kind,
            "mode": command.mode,
            "visit": command.visit,
            "person": command.person,
            "data": data,
            "source": command.source,
        }
