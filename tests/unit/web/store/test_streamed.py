"""Rows in several answers, and a server that dies between two of them."""

import threading

import pytest
from django.db import OperationalError, connection

from opendcr.web.store import chunks
from opendcr.web.store.archive import records_after
from opendcr.web.store.trouble import TROUBLE
from tests.support import acting
from tests.support.engines import RoomDatabase, close


def _cut() -> None:
    """Ends every other connection to the database, as a server that dies does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    close()


# Nobody can close a cursor whose server has died under it, and the driver remarks on it.
@pytest.mark.filterwarnings("ignore:.*was deleted while still open:ResourceWarning")
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_server_that_dies_between_two_answers_is_trouble_like_any_other(
    room_database: RoomDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "AT_ONCE", 2)
    room = acting.opened()
    records = records_after(room, 0)
    assert next(records)["seq"] == 1
    other = threading.Thread(target=_cut)
    other.start()
    other.join()
    with pytest.raises(TROUBLE) as raised:
        list(records)
    assert raised.type is OperationalError
    connection.close()
    assert [record["seq"] for record in records_after(room, 0)][:3] == [1, 2, 3]
