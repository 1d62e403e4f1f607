"""Several processes write to one room at once."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from opendcr.ledger.chain import first_link, link
from opendcr.web.api.hub import rows_after
from opendcr.web.store.archive import records_after
from opendcr.web.store.held import header_of, look
from tests.conftest import SOAK
from tests.support import acting
from tests.support.engines import RoomDatabase

EACH = 200 if SOAK else 12
ROUNDS = 50 if SOAK else 3


@contextmanager
def writers(
    count: int, database: RoomDatabase, *arguments: object
) -> Iterator[list[subprocess.Popen[str]]]:
    """So many processes that write; none is left when the block ends."""
    with ExitStack() as stack:
        started = [stack.enter_context(_writer(database, *arguments)) for _ in range(count)]
        try:
            yield started
        finally:
            for one in started:
                one.kill()


def _writer(database: RoomDatabase, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.writing", *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(database.environment),
    )


@pytest.fixture
def room(room_database: RoomDatabase) -> Iterator[str]:
    yield acting.opened()


def test_a_feed_by_seq_skips_nothing_while_eight_write(
    room: str, room_database: RoomDatabase
) -> None:
    before = look(room).room.seq
    read, writing, seen = before, True, []
    with writers(8, room_database, room, EACH) as eight:
        while writing:
            writing = any(one.poll() is None for one in eight)
            for seq, _ in rows_after(room, read):
                seen.append(seq)
                read = seq
        acknowledged = [int(line) for one in eight for line in one.communicate()[0].split()]
    assert seen == list(range(before + 1, before + 8 * EACH + 1))
    assert sorted(acknowledged) == seen
    head = first_link(header_of(room))
    for record in records_after(room, 0):
        head = link(head, record)
        assert record["chain"] == head


def test_of_two_who_are_seated_in_one_booth_at_once_one_is(
    room: str, room_database: RoomDatabase
) -> None:
    with writers(2, room_database, room, 0, "booth-1") as staff:
        for _ in range(ROUNDS):
            visits = [acting.arrived(room) for _ in staff]
            assert _seated_at_once(staff, visits) == ["place_taken", "seated"]
            assert len(look(room).room.in_place("booth-1")) == 1
            for visit in visits:
                acting.send(room, "Depart", {"how": "well"}, visit=visit, mode="report")


def _seated_at_once(staff: list[subprocess.Popen[str]], visits: list[str]) -> list[str]:
    """Both are told before either has answered."""
    for one, visit in zip(staff, visits, strict=True):
        assert one.stdin is not None
        one.stdin.write(visit + "\n")
        one.stdin.flush()
    return sorted(one.stdout.readline().strip() for one in staff if one.stdout is not None)
