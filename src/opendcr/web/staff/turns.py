"""When an attempt to sign in has its turn: one after the other for a name, and never a crowd.

An enrolled tablet is apart from strangers: they can neither take its place nor make it wait longer
by guessing at the names of its people.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address

STRANGERS = 32  # attempts at once from all that are not enrolled
EACH = 4  # attempts at once from one tablet, or from one address of strangers
FOR_A_NAME = 4  # attempts at once under one name


class Crowded(Exception):
    """Too many attempts at once: this one is to be made again."""


@dataclass(frozen=True)
class Attempt:
    """An attempt under a name, from an enrolled tablet or from a stranger's address."""

    name: str
    tablet: str | None
    address: str

    @property
    def lane(self) -> str:
        """What waits for what: a name's attempts, those of each tablet apart."""
        return self.name if self.tablet is None else f"{self.name} at {self.tablet}"

    def bounds(self) -> dict[str, int]:
        """Of what it is one, and how many there may be."""
        if self.tablet is not None:
            return {f"tablet {self.tablet}": EACH, f"lane {self.lane}": FOR_A_NAME}
        bounds = {"strangers": STRANGERS, f"lane {self.lane}": FOR_A_NAME}
        # From this machine comes a front server, with everybody behind it.
        return bounds if _is_here(self.address) else bounds | {f"address {self.address}": EACH}


@dataclass
class _Lane:
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


_counts: Counter[str] = Counter()
_lanes: dict[str, _Lane] = {}


@asynccontextmanager
async def turn(attempt: Attempt) -> AsyncIterator[None]:
    """Waits for the attempt's turn; raises Crowded at once where too many wait already."""
    with _counted(attempt.bounds()), _in_lane(attempt.lane) as lane:
        async with lane.turn:
            yield


@contextmanager
def _counted(bounds: dict[str, int]) -> Iterator[None]:
    if any(_counts[one] >= most for one, most in bounds.items()):
        raise Crowded
    _counts.update(bounds.keys())
    try:
        yield
    finally:
        _counts.subtract(bounds.keys())
        for one in bounds:
            if not _counts[one]:
                del _counts[one]


@contextmanager
def _in_lane(name: str) -> Iterator[_Lane]:
    lane = _lanes.setdefault(name, _Lane())
    lane.waiting += 1
    try:
        yield lane
    finally:
        lane.waiting -= 1
        if not lane.waiting:
            del _lanes[name]


def _is_here(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
