"""What becomes of the people who come to a simulated room."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stay:
    """What became of one comer; times in milliseconds since 1970.

    `end` says how: `served`, `left_waiting`, `turned_away`, `waiting_at_close`, or `care` for
    those who did not come to use. `until` is when the wait ended without a place.
    """

    number: int
    arrived: int
    end: str
    started: int | None = None
    finished: int | None = None
    until: int | None = None
    emergency: bool = False
