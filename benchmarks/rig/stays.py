"""What writers send: stays of people who give no name, command by command."""

import os
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

LOOKS = 3


def body(kind: str, data: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A command's body, with an id as a device makes it at the tap (UUIDv7)."""
    milliseconds, random = time.time_ns() // 1_000_000, int.from_bytes(os.urandom(10), "big")
    number = (milliseconds << 80 | random) & ~(0xF << 76) | 7 << 76
    made = uuid.UUID(int=number & ~(0b11 << 62) | 0b10 << 62)
    return {"id": str(made), "kind": kind, "data": dict(data), **fields}


class Stay:
    """Somebody arrives, is looked at three times and leaves; then somebody else does."""

    def __init__(self) -> None:
        self._visit: str | None = None
        self._looks = 0

    def command(self) -> dict[str, Any]:
        """The next command's body."""
        if self._visit is None:
            return body("Arrive", {"reasons": ["shower"]})
        if self._looks < LOOKS:
            seen = {"response": "alert", "breaths": 14}
            return body("Observe", seen, visit=self._visit, mode="report")
        return body("Depart", {"how": "well"}, visit=self._visit)

    def answered(self, facts: Sequence[dict[str, Any]]) -> None:
        """Moves on by the facts of the answer."""
        if self._visit is None:
            self._visit, self._looks = facts[0]["visit"], 0
        elif self._looks < LOOKS:
            self._looks += 1
        else:
            self._visit = None
