"""From a tap to the other screens: 50 open streams, taps as in a busy room.

    python benchmarks/screens.py [--taps 150] [--streams 50] [--engine sqlite|postgresql]

Each tap is a POST of a command to `opendcr serve`, two to five a second at random. The time runs from
its start until it is answered, until each stream has its `fact` event, and until it has a `board` that shows the fact. Two
peers, in the same run: screens that fetch the board each second instead, and the floor, a bare
uvicorn application that sends the same events from memory to the same 50 streams. The streams are
read by this one process: what it costs to read 50 boards a tap is in every number.
"""

import argparse
import asyncio
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rig.busy import fill
from rig.client import Connection
from rig.stays import Stay
from rig.stores import ENGINES, installed, opendcr, peer, store
from rig.times import HEADINGS, Taken, machine

AIM = 0.100  # seconds
GAPS = (0.2, 0.5)  # seconds between taps
_SEQ = re.compile(rb'"seq": ?(\d+)')


class Screens:
    """What screens were told, and when: by stream, the moment of each `seq` as fact and as board."""

    def __init__(self, count: int) -> None:
        self.facts: list[dict[int, float]] = [{} for _ in range(count)]
        self.boards: list[list[tuple[int, float]]] = [[] for _ in range(count)]

    def listener(self, screen: int) -> Callable[[float, str, bytes], None]:
        """What a screen does with an event."""

        def told(moment: float, event: str, data: bytes) -> None:
            found = _SEQ.search(data)
            if found and event == "fact":
                self.facts[screen][int(found[1])] = moment
            elif found and event == "board":
                self.boards[screen].append((int(found[1]), moment))

        return told

    def saw_fact(self, seq: int) -> Iterator[float | None]:
        """When each screen had the fact; None where it never had."""
        return (screen.get(seq) for screen in self.facts)

    def saw_board(self, seq: int) -> Iterator[float | None]:
        """When each screen first had a board with the fact."""
        return (next((at for shown, at in one if shown >= seq), None) for one in self.boards)


@dataclass(frozen=True)
class Taps:
    """When each tap was begun and when it was answered, by the last `seq` of its answer."""

    begun: dict[int, float]
    answered: dict[int, float]

    def taken(self, saw: Callable[[int], Iterable[float | None]], what: str) -> Taken:
        """The time of every tap on every screen; a screen that never saw one ends the program."""
        seconds: list[float] = []
        for seq, moment in self.begun.items():
            for at in saw(seq):
                if at is None:
                    raise SystemExit(f"a screen never saw {what} {seq}")
                seconds.append(at - moment)
        # So that "a second" is what one screen sees.
        lasted = max(self.begun.values()) - min(self.begun.values())
        return Taken(seconds, lasted * len(seconds) / len(self.begun))


async def tapped(connection: Connection, count: int) -> Taps:
    """Sends taps, one after the other, at random moments."""
    stay, taps = Stay(), Taps({}, {})
    draw = random.Random(1)
    for _ in range(count):
        await asyncio.sleep(draw.uniform(*GAPS))
        moment = time.perf_counter()
        status, said = await connection.post("/api/commands", stay.command())
        if status != 200:
            raise SystemExit(f"a tap was answered with {status}: {said}")
        stay.answered([{"visit": "v", **said["facts"][0]}])
        seq = said["facts"][-1]["seq"]
        taps.begun[seq], taps.answered[seq] = moment, time.perf_counter()
    return taps


async def streamed(url: str, token: str, streams: int, count: int) -> tuple[Screens, Taps]:
    """Taps while streams are open."""
    screens = Screens(streams)
    listening = [
        asyncio.create_task(Connection(url, token).listen("/api/stream", screens.listener(one)))
        for one in range(streams)
    ]
    while not all(screens.boards):
        await asyncio.sleep(0.05)
        _raise_from(listening)
    taps = await tapped(Connection(url, token), count)
    await asyncio.sleep(1)
    _raise_from(listening)
    for one in listening:
        one.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    return screens, taps


def _raise_from(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            raise SystemExit(f"a stream ended: {task.exception()}")


async def polled(url: str, token: str, streams: int, count: int) -> tuple[Screens, Taps]:
    """The same taps while screens fetch the board each second, each at its own moment."""
    screens, done = Screens(streams), asyncio.Event()

    async def fetch(screen: int) -> None:
        connection, told = Connection(url, token), screens.listener(screen)
        await asyncio.sleep(screen / streams)
        while not done.is_set():
            start = time.perf_counter()
            _, board = await connection.get("/api/board")
            told(time.perf_counter(), "board", b'"seq": %d' % board["seq"])
            await asyncio.sleep(max(0.0, start + 1 - time.perf_counter()))

    fetching = [asyncio.create_task(fetch(one)) for one in range(streams)]
    taps = await tapped(Connection(url, token), count)
    await asyncio.sleep(1.5)
    done.set()
    await asyncio.gather(*fetching)
    return screens, taps


def report(name: str, screens: Screens, taps: Taps, *, facts: bool = True) -> Taken:
    """Prints what came of it; what is returned is the board's."""
    if facts:
        print(taps.taken(lambda seq: [taps.answered[seq]], "answer").line(f"{name}, answer"))
        print(taps.taken(screens.saw_fact, "fact").line(f"{name}, fact"))
    board = taps.taken(screens.saw_board, "board")
    print(board.line(f"{name}, board"), flush=True)
    return board


def measure(engine: str, streams: int, taps: int) -> None:
    with store(engine) as of:
        with opendcr(of) as url:
            fill(url, of.token)
            ours = asyncio.run(streamed(url, of.token, streams, taps))
            board = report(engine, *ours)
            report(
                "  peer: board each second",
                *asyncio.run(polled(url, of.token, streams, max(taps // 4, 2))),
                facts=False,
            )
        with peer(of, "echo") as url:
            report("  floor: bare uvicorn", *asyncio.run(streamed(url, "", streams, taps)))
    late = sum(one > AIM for one in board.seconds) / len(board.seconds)
    print(f"  {engine}: {100 * late:.2f} % of boards after {1000 * AIM:.0f} ms (aim: under 1 %)")


def main() -> None:
    parser = argparse.ArgumentParser(description="From a tap to the other screens.")
    parser.add_argument("--taps", type=int, default=150)
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--engine", choices=ENGINES)
    chosen = parser.parse_args()
    print(machine())
    print(f"{chosen.streams} streams, {chosen.taps} taps, one count for each tap on each screen")
    print(HEADINGS)
    for engine in [chosen.engine] if chosen.engine else ENGINES:
        if installed(engine):
            measure(engine, chosen.streams, chosen.taps)
        else:
            print(f"{engine}: not installed")


if __name__ == "__main__":
    main()
