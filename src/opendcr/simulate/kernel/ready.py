"""Compiles the fast room before it is needed, and says so where that takes a while."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np

from opendcr.compiling import compiled, kept_in, telling
from opendcr.room.policy import DEFAULT, Place
from opendcr.simulate.comers import days
from opendcr.simulate.kernel.counts import WEEK_HOURS, spread_open
from opendcr.simulate.kernel.replications import by_hour, replications
from opendcr.simulate.kernel.tables import assumed
from opendcr.simulate.scenario import Arrivals, Duration, Scenario

WORDS = (
    "Compiling the simulation for this machine; this happens once and takes about half a minute."
)
_A_WHILE = 1.5  # seconds


def ready(say: Callable[[str], None]) -> None:
    """Returns when the compiled room can run; `say` hears of it where it has to be compiled, and that
    takes a while.

    Raises OSError, naming the folder, where what is compiled cannot be kept for want of room.
    """
    soon = threading.Timer(_A_WHILE, say, [WORDS])
    soon.daemon = True
    # In a thread of its own: an interrupt that falls into the compiler would be lost.
    failed: list[BaseException] = []
    compiling = threading.Thread(target=_run_once, args=(failed,), daemon=True)
    try:
        with telling(soon.start):
            compiling.start()
            compiling.join()
    finally:
        soon.cancel()
    for error in failed:
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, kept_in()) from error
        raise error


def _run_once(failed: list[BaseException]) -> None:
    """Everything that is compiled, once, in the smallest of rooms; `failed` takes what goes wrong."""
    try:
        _smallest()  # first: where nothing can be kept, nobody waits half a minute to hear of it
        _smallest_room()
    except BaseException as error:
        failed.append(error)


@compiled
def _smallest() -> int:
    return 0


def _smallest_room() -> None:
    policy = replace(DEFAULT, places=(Place("booth-1", "injecting", "1"),))
    scenario = Scenario("ready", date(2025, 1, 1), 1, "UTC", policy, Arrivals((1.0,) * 24),
                        Duration("deterministic", 5.0))  # fmt: skip
    room = assumed(scenario)
    list(days(scenario, 0))
    replications(room, 0, 0, 1)
    by_hour(room, 0, 0)
    spread_open(room.days, room.spans, np.zeros((WEEK_HOURS, 1), dtype=np.int64), 0)
