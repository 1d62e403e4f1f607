"""Times: commands on a schedule, and what to print of how long they took."""

import asyncio
import math
import os
import platform
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HEADINGS = (
    f"{'':34}{'count':>7}{'a second':>10}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}"
)


@dataclass(frozen=True)
class Taken:
    """Seconds that each of some commands took, and how long all of it lasted."""

    seconds: Sequence[float]
    lasted: float

    def line(self, name: str) -> str:
        """One line under HEADINGS."""
        shares = "".join(
            f"{1000 * percentile(self.seconds, share):9.1f}" for share in (50, 95, 99, 100)
        )
        return f"{name:34}{len(self.seconds):7,}{len(self.seconds) / self.lasted:10.1f}{shares}"


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that so many percent are at or under."""
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * share / 100) - 1]


@dataclass(frozen=True)
class Pace:
    """When writers send: together `rate` a second for some seconds, or (no rate) one upon the other."""

    writers: int
    rate: float | None
    seconds: float

    def due(self, writer: int, turn: int) -> float | None:
        """Seconds after the start at which a writer's next command falls due; None: at once."""
        return None if self.rate is None else (turn * self.writers + writer) / self.rate

    @property
    def words(self) -> str:
        return f"{self.rate:g}/s" if self.rate else "saturated"


async def sent_by_all(pace: Pace, send: Callable[[int, int], Awaitable[None]]) -> Taken:
    """Runs `send(writer, turn)` at the pace.

    On a schedule, a command's time runs from when it fell due: one that had to wait for the one
    before it, because that was slow, has waited.
    """
    start = time.perf_counter()
    taken: list[float] = []

    async def write(writer: int) -> None:
        turn = 0
        while True:
            due = pace.due(writer, turn)
            if (due if due is not None else time.perf_counter() - start) >= pace.seconds:
                return
            began = time.perf_counter() if due is None else start + due
            await asyncio.sleep(max(0.0, began - time.perf_counter()))
            await send(writer, turn)
            taken.append(time.perf_counter() - began)
            turn += 1

    await asyncio.gather(*(write(writer) for writer in range(pace.writers)))
    return Taken(taken, time.perf_counter() - start)


def machine() -> str:
    """One line about the machine that measured."""
    cpu = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith("model name")),
        platform.processor() or "unknown processor",
    )  # fmt: skip
    return (
        f"{cpu}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start; "
        f"{platform.system()}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
