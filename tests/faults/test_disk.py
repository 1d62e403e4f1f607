"""A full disk and a database that can only be read: a clear answer, and nothing half-written."""

import pytest
from django.db import connection
from django.test import Client

from opendcr.errors import InputError
from opendcr.web.config.serving import make_ready
from opendcr.web.config.setup import database_trouble
from opendcr.web.store.access import new_token
from opendcr.web.store.held import header_of
from opendcr.web.store.models import Answer, Entry, Secret, Staff
from opendcr.web.store.trouble import TROUBLE, words_for
from opendcr.web.store.upkeep import verify
from tests.support import acting
from tests.support.engines import RoomDatabase, close


def _fill_disk() -> None:
    """No page more than now: what SQLite meets on a full disk."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        [pages] = cursor.fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")


def _counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Entry, Answer, Secret))


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_full_disk_loses_nothing_and_says_so(room_database: RoomDatabase) -> None:
    room = acting.opened()
    _fill_disk()
    acknowledged, before = 4, _counts()
    with pytest.raises(TROUBLE) as raised:
        for _ in range(1000):
            before = _counts()
            answer = acting.send(room, "AddNote", {"note": "words " * 500})
            acknowledged = int(answer.facts[-1]["seq"])
    assert "disk is full" in words_for(raised.value)
    assert _counts() == before
    assert Entry.objects.order_by("-seq").values_list("seq", flat=True).first() == acknowledged
    assert verify_chain(room)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1000000")
    assert acting.send(room, "Arrive").facts[0]["seq"] == acknowledged + 1


def verify_chain(room: str) -> bool:
    """Whether the chain holds; without anchoring, for which a full disk has no room."""
    from opendcr.ledger.chain import first_link, link
    from opendcr.web.store.archive import records_after
    from opendcr.web.store.held import header_of

    head = first_link(header_of(room))
    for record in records_after(room, 0):
        head = link(head, record)
        if head != record["chain"]:
            return False
    return True


def test_a_database_that_can_only_be_read_is_told_over_http(room_database: RoomDatabase) -> None:
    room = acting.opened()
    acting.accounts("nurse")
    token = new_token(Staff.objects.get())
    before = _counts()
    with _read_only(room_database):
        answer = Client(raise_request_exception=False).post(
            "/api/commands",
            acting.body("Arrive"),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )
    assert answer.status_code == 503
    assert "can only be read" in answer.json()["problem"]["found"]
    assert _counts() == before
    assert verify(room) is None


def test_whoever_signs_in_meanwhile_is_told_so_too(room_database: RoomDatabase) -> None:
    acting.signs_in("nurse")
    form = {"username": "nurse", "password": acting.PASSWORD}
    close()  # what this thread opened can still write
    with _read_only(room_database):
        answer = Client(raise_request_exception=False).post("/sign-in", form)
    assert answer.status_code == 503
    assert b"can only be read" in answer.content


def test_it_is_not_served(room_database: RoomDatabase) -> None:
    header = header_of(acting.opened())
    close()
    told = pytest.raises(InputError, match="can only be read")
    with _read_only(room_database), told, database_trouble():
        make_ready(header, training=False)


class _read_only:
    """The database, as every new connection meets it, takes no writes for a while."""

    def __init__(self, database: RoomDatabase) -> None:
        self.database = database

    def __enter__(self) -> None:
        from django.db import connections

        settings = connections.settings["default"]
        self.before = dict(settings["OPTIONS"])
        if self.database.engine == "sqlite":
            command = self.before["init_command"] + " PRAGMA query_only=ON;"
            settings["OPTIONS"] = {**self.before, "init_command": command}
        else:
            readonly = "-c default_transaction_read_only=on"
            settings["OPTIONS"] = {**self.before, "options": readonly}

    def __exit__(self, *_: object) -> None:
        from django.db import connections

        connections.settings["default"]["OPTIONS"] = self.before
