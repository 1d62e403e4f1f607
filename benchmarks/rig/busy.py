"""People in the room, so that the board is as long as on a busy afternoon."""

import asyncio
from typing import Any

from rig.client import Connection
from rig.stays import body

SEATED, WAITING = 6, 5
NAMES = (
    "Robin", "Sparrow", "Tam", "Jo", "Shona", "Ash", "Rab", "Mags", "Kit", "Fin", "Bear",
)  # fmt: skip
USE = {"substances": ["heroin"], "route": "intravenous"}


def fill(url: str, token: str) -> None:
    """Six people use, five wait; each by the commands of a tablet."""
    asyncio.run(_fill(Connection(url, token)))


async def _fill(connection: Connection) -> None:
    for at, name in enumerate(NAMES[: SEATED + WAITING], 1):
        visit = await _waiting(connection, name)
        if at <= SEATED:
            place = {"place": f"booth-{at}"}
            await _send(connection, "Seat", place, visit=visit)
            await _send(connection, "StartConsumption", {**place, **USE}, visit=visit)
    await connection.close()


async def _waiting(connection: Connection, name: str) -> str:
    person = f"p-{name.encode().hex()}"
    await _send(connection, "Register", {"tier": "1", "name": name}, person=person)
    arrived = await _send(connection, "Arrive", {"reasons": ["consume"]}, person=person)
    visit = str(arrived[0]["visit"])
    await _send(connection, "AcceptTerms", {"terms": "terms-1"}, person=person, visit=visit)
    await _send(connection, "Assess", {"outcome": "proceed", **USE}, visit=visit)
    await _send(connection, "Queue", {}, visit=visit)
    return visit


async def _send(connection: Connection, kind: str, data: dict[str, Any], **fields: Any) -> Any:
    status, said = await connection.post("/api/commands", body(kind, data, **fields))
    if status != 200:
        raise SystemExit(f"{kind} was answered with {status}: {said}")
    return said["facts"]
