"""The write path with ten writers: at 20 commands a second together, and as fast as it goes.

    python benchmarks/write_path.py [--seconds 20] [--saturated 10] [--engine sqlite|postgresql]

Through HTTP (`opendcr serve`, a kept connection for each writer) and in the process, on SQLite and
on PostgreSQL, both with commits on the disk before they are acknowledged. A command is read,
decided on, sealed into the chain and answered; the answer is kept for replays. The peer, in the same
run at the same rates, is a plain Django insert in a transaction of its own: one row as long as a
fact, without decision, chain, answer, sign-in or middleware. At a rate, a command's time runs from
when it fell due.
"""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable

from rig.client import Connection
from rig.stays import Stay
from rig.stores import ENGINES, Store, installed, opendcr, peer, store
from rig.times import HEADINGS, Pace, Taken, machine, sent_by_all

WRITERS, RATE = 10, 20.0
Sender = Callable[[], Awaitable[None]]


def ours(connection: Connection) -> Sender:
    """One writer of the room."""
    stay = Stay()

    async def send() -> None:
        status, said = await connection.post("/api/commands", stay.command())
        if status != 200:
            raise SystemExit(f"a command was answered with {status}: {said}")
        stay.answered(said["facts"])

    return send


def plain(connection: Connection) -> Sender:
    """One writer of the peer."""

    async def send() -> None:
        status, _ = await connection.post("/", {})
        if status != 200:
            raise SystemExit(f"the peer answered with {status}")

    return send


async def through_http(
    url: str, token: str, sender: Callable[[Connection], Sender], pace: Pace
) -> Taken:
    """Ten writers, each on a connection of its own."""
    connections = [Connection(url, token) for _ in range(pace.writers)]
    senders = [sender(connection) for connection in connections]
    for send in senders:
        await send()  # opens the connection
    taken = await sent_by_all(pace, lambda writer, _: senders[writer]())
    for connection in connections:
        await connection.close()
    return taken


def in_process(of: Store, what: str, pace: Pace) -> Taken:
    """Ten threads of a process that writes to the store; the peer's owns its table."""
    said = of.python("writers", what, str(pace.rate or 0), str(pace.seconds), owner=what == "plain")
    return Taken(**json.loads(said))


def measure(engine: str, paces: list[Pace]) -> None:
    with store(engine) as of:
        for pace in paces:
            print(in_process(of, "ours", pace).line(f"{engine}, in process, {pace.words}"))
            print(in_process(of, "plain", pace).line(f"  peer: plain insert, {pace.words}"))
        for server, sender, name in (
            (opendcr(of), ours, f"{engine}, HTTP, "),
            (peer(of, "plain"), plain, "  peer: plain insert, HTTP, "),
        ):
            with server as url:
                for pace in paces:
                    taken = asyncio.run(through_http(url, of.token, sender, pace))
                    print(taken.line(name + pace.words), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="The write path, ten writers.")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--saturated", type=float, default=10)
    parser.add_argument("--engine", choices=ENGINES)
    chosen = parser.parse_args()
    print(machine())
    print(HEADINGS)
    for engine in [chosen.engine] if chosen.engine else ENGINES:
        if not installed(engine):
            print(f"{engine}: not installed")
            continue
        measure(
            engine, [Pace(WRITERS, RATE, chosen.seconds), Pace(WRITERS, None, chosen.saturated)]
        )


if __name__ == "__main__":
    main()
