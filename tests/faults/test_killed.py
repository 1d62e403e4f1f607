"""A writer that dies at once, in the middle of whatever it does, loses nothing it acknowledged."""

import os
import signal
import time

import pytest

from opendcr.web.store.archive import records_after
from opendcr.web.store.upkeep import verify
from tests.conftest import SOAK
from tests.faults.test_many_writers import writers
from tests.support import acting
from tests.support.engines import RoomDatabase

ROUNDS = 20 if SOAK else 2


@pytest.mark.timeout(900)
def test_what_was_acknowledged_survives_kill_9(room_database: RoomDatabase) -> None:
    room = acting.opened()
    acknowledged: set[int] = set()
    for moment in range(ROUNDS):
        with writers(2, room_database, room, 100_000) as two:
            for one in two:
                assert one.stdout is not None
                acknowledged.add(int(one.stdout.readline()))
            time.sleep(0.2 + 0.07 * moment)
            for one in two:
                os.kill(one.pid, signal.SIGKILL)
                # A last line may be cut: it was not acknowledged.
                said = one.communicate()[0].splitlines(keepends=True)
                acknowledged |= {int(line) for line in said if line.endswith("\n") and line.strip()}
    kept = {record["seq"] for record in records_after(room, 0)}
    assert len(acknowledged) > 2 * ROUNDS
    assert acknowledged <= kept
    assert kept == set(range(1, len(kept) + 1))
    assert verify(room) is None
    assert acting.send(room, "Arrive").status == 200
