"""Texts are sealed under keys that are stored already, whatever the keys' database does meanwhile."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError

from opendcr.web.store.keyring.ahead import AHEAD, FOR_BODIES
from opendcr.web.store.keyring.models import WrappedKey
from opendcr.web.store.models import Secret
from opendcr.web.store.register import words_of
from tests.support import acting
from tests.support.engines import RoomDatabase


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    room = acting.opened()
    _note(room, "the first")
    return room


def _note(room: str, words: str) -> acting.Answer:
    return acting.send(room, "AddNote", {"note": words})


def _seen(room: str, words: str) -> acting.Answer:
    return acting.send(room, "Observe", {"response": "voice", "note": words})


def _words() -> set[str]:
    return set(words_of(Secret.objects.values_list("text", flat=True)).values())


@contextmanager
def _busy(database: RoomDatabase) -> Iterator[None]:
    """The keys' database, held for writing by another program, such as a backup."""
    held = sqlite3.connect(database.keys_url.removeprefix("sqlite:///"), isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    yield
    held.close()


def test_a_busy_keys_database_holds_nobody_up(room: str, room_database: RoomDatabase) -> None:
    began = time.monotonic()
    with _busy(room_database):
        assert _note(room, "said while busy").status == 200
        assert _seen(room, "seen while busy").status == 200
        assert acting.send(room, "StartEmergency").status == 200
    assert time.monotonic() - began < 5
    assert _words() >= {"said while busy", "seen while busy"}


def test_the_last_keys_are_for_what_is_seen_of_a_body(
    room: str, room_database: RoomDatabase
) -> None:
    with _busy(room_database):
        for number in range(AHEAD - FOR_BODIES - 1):
            assert _note(room, f"note {number}").status == 200
        began = time.monotonic()
        for _ in range(5):
            with pytest.raises(OperationalError, match="locked"):
                _note(room, "too many")
        assert _seen(room, "seen after all").status == 200
        assert acting.send(room, "StartEmergency").status == 200
        assert time.monotonic() - began < 5
    assert "seen after all" in _words()
    assert "too many" not in _words()


def test_no_words_are_sealed_under_a_key_that_a_restored_backup_does_not_hold(room: str) -> None:
    used = set(Secret.objects.values_list("owner", flat=True))
    WrappedKey.objects.exclude(owner__in=used).delete()
    assert _note(room, "after the restore").status == 200
    assert _words() == {"the first", "after the restore"}
