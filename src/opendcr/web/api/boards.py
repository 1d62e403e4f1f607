"""Boards as text: made once for each role and change, however many screens show them."""

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from opendcr.room.board import board
from opendcr.web.api.departed import left_today
from opendcr.web.api.labels import labelled
from opendcr.web.store.held import look
from opendcr.web.store.visible import board_for


@dataclass(frozen=True)
class Boards:
    """Boards by role, the last fact that they show, and whether they lack names or words."""

    seq: int
    texts: dict[str, str]
    lacking: bool = False


def board_text(room: str, role: str) -> str:
    """The board as a role may see it now."""
    return boards(room, [role]).texts[role]


def boards(room: str, roles: list[str]) -> Boards:
    """The same for several roles, from one look at the room."""
    held = look(room)
    now = datetime.now(UTC)
    whole = labelled(board(held.room, now), held.room.policy.title)
    whole["left_today"] = left_today(held.room, now)
    texts = {role: orjson.dumps(board_for(role, whole)).decode() for role in roles}
    return Boards(held.room.seq, texts, lacking=whole["names_closed"])
