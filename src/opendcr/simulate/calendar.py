"""The calendar of a simulation: what falls due, and in which order."""

import heapq
from collections.abc import Callable
from enum import IntEnum

Act = Callable[[int], None]


class Turn(IntEnum):
    """The order of what falls on the same millisecond; then the person's number."""

    EMERGENCY_END = 0
    COMPLETION = 1
    RELEASE = 2
    CLOSING = 3
    OPENING = 4
    SHIFT = 5
    PATIENCE = 6
    ARRIVAL = 7
    CARE = 8
    ROUND = 9


class Calendar:
    """Acts by when they fall due, in milliseconds since 1970; an act takes its own moment."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, int, int, Act]] = []
        self._count = 0

    def at(self, moment: int, turn: Turn, number: int, act: Act) -> None:
        """Puts an act on the calendar; of two alike in all else, the first put comes first."""
        self._count += 1
        heapq.heappush(self._due, (moment, turn, number, self._count, act))

    def run_until(self, until: int | None = None) -> None:
        """Lets everything happen that falls due by `until`; everything, where that is None."""
        while self._due and (until is None or self._due[0][0] <= until):
            moment, _, _, _, act = heapq.heappop(self._due)
            act(moment)
