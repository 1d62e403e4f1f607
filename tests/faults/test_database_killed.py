"""A database server that dies at once under load loses nothing that was acknowledged."""

import gc
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from opendcr.web.store import prepare
from opendcr.web.store.archive import records_after
from opendcr.web.store.trouble import TROUBLE
from opendcr.web.store.upkeep import verify
from tests.conftest import SOAK
from tests.support import acting
from tests.support.engines import close, connect
from tests.support.postgres import DURABLE, SERVING, Cluster, programs, running
from tests.support.required import missing

ROUNDS = 10 if SOAK else 1
WRITERS = 3


@pytest.fixture
def durable() -> Iterator[Cluster]:
    """A server as a site runs it, for this test alone: it is killed."""
    if programs() is None:
        missing("PostgreSQL", "postgresql")
    with running(DURABLE) as server:
        yield server


@pytest.fixture
def room(durable: Cluster, migrated_keys: Path, tmp_path: Path) -> Iterator[str]:
    keys = f"sqlite:///{shutil.copyfile(migrated_keys, tmp_path / 'keys.sqlite3')}"
    name = durable.create()
    connect(durable.url(name), keys)
    prepare.migrate()
    prepare.grant(SERVING)
    connect(durable.url(name, SERVING), keys)
    yield acting.opened()
    close()


# Nobody can close a cursor whose server has died under it, and the driver remarks on it.
@pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")
def test_what_was_acknowledged_survives_a_server_that_dies(durable: Cluster, room: str) -> None:
    acknowledged: list[int] = []  # each writer appends what it was told, and only that
    for moment in range(ROUNDS):
        before = len(acknowledged)
        writers = [
            threading.Thread(target=_until_it_fails, args=(room, acknowledged))
            for _ in range(WRITERS)
        ]
        for one in writers:
            one.start()
        time.sleep(0.5 + 0.07 * moment)
        durable.kill()
        for one in writers:
            one.join(timeout=30)
            assert not one.is_alive()
        assert len(acknowledged) > before
        connection.close()
        durable.start()
    kept = {record["seq"] for record in records_after(room, 0)}
    assert set(acknowledged) <= kept
    assert kept == set(range(1, len(kept) + 1))
    assert verify(room) is None
    assert acting.send(room, "Arrive").status == 200


@pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")
def test_a_server_that_dies_after_its_last_answer_is_trouble_like_any_other(
    durable: Cluster, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = connection.chunked_cursor

    def cursor() -> Any:
        reading = opened()
        fetch = reading.fetchmany

        def killed_at_the_end(size: int) -> Any:
            rows = fetch(size)
            if not rows:
                durable.kill()
            return rows

        reading.fetchmany = killed_at_the_end
        return reading

    monkeypatch.setattr(connection, "chunked_cursor", cursor)
    with pytest.raises(TROUBLE):  # closing its cursor asks a server that is not there any more
        list(records_after(room, 0))
    monkeypatch.undo()
    gc.collect()  # the cursor goes while the remark on it is let pass
    connection.close()
    durable.start()
    assert [record["seq"] for record in records_after(room, 0)][:3] == [1, 2, 3]


def _until_it_fails(room: str, acknowledged: list[int]) -> None:
    try:
        while True:
            acknowledged.append(acting.send(room, "Arrive").facts[-1]["seq"])
    except TROUBLE:
        close()
