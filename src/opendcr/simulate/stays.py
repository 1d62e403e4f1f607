"""What becomes of the people who come to a simulated room."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stay:
    """What became of one comer; times in milliseconds since 1970.

    `end` says how: `served`, `left_waiting`, `turned_away`, `waiting_at_close`, or `care` for
    those who did not come to use. `place` is where they used, `ready` when it could be used again;
    `until` when the wait ended without a place. `obstacle` is why they did not start at once:
    `place` (none was free), `kind` (none that fits), `staff` (too few for one more booth), or
    `emergency` (staff would have been enough without it). `balked` says that they did not join the queue at all.
    """

    number: int
    arrived: int
    end: str
    started: int | None = None
    finished: int | None = None
    until: int | None = None
    emergency: bool = False
    place: str | None = None
    ready: int | None = None
    obstacle: str | None = None
    balked: bool = False
