"""Ten threads of one process that write to a store: `python -m rig.writers ours|plain RATE|0 SECONDS`.

Prints JSON: the seconds that each command took, and how long all of it lasted.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from opendcr.web.config.setup import configure

configure()

from django.db import connections  # noqa: E402

from opendcr.web.store.held import look  # noqa: E402
from rig import plain  # noqa: E402
from rig.stays import Stay  # noqa: E402
from rig.times import Pace  # noqa: E402
from tests.support import acting  # noqa: E402

Send = Callable[[], None]


def ours() -> Send:
    """One writer of a room: the next command of somebody's stay, through the write path."""
    stay, sender = Stay(), acting.sender()

    def send() -> None:
        stay.answered(acting.sent(acting.ROOM, stay.command(), sender).facts)

    return send


def write(send: Send, pace: Pace, writer: int, start: float) -> list[float]:
    """The seconds that each of one writer's commands took."""
    taken, turn = [], 0
    while True:
        due = pace.due(writer, turn)
        began = start + due if due is not None else time.perf_counter()
        if began - start >= pace.seconds:
            connections.close_all()
            return taken
        time.sleep(max(0.0, began - time.perf_counter()))
        send()
        taken.append(time.perf_counter() - began)
        turn += 1


def main(what: str, rate: float, seconds: float) -> None:
    pace = Pace(10, rate or None, seconds)
    if what == "plain":
        plain.make_table()
        senders: list[Send] = [plain.insert] * pace.writers
    else:
        look(acting.ROOM)
        senders = [ours() for _ in range(pace.writers)]
    with ThreadPoolExecutor(pace.writers) as threads:
        start = time.perf_counter()
        jobs = [threads.submit(write, send, pace, at, start) for at, send in enumerate(senders)]
        taken = [seconds for job in jobs for seconds in job.result()]
    print(json.dumps({"seconds": taken, "lasted": time.perf_counter() - start}))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
