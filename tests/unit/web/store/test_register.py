"""Names, codes and free text: encrypted, found again, erased."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opendcr.web.store.directory import directory
from opendcr.web.store.erasing import apply_erasures
from opendcr.web.store.keyring.keys import _master, forget, keys_of, seal
from opendcr.web.store.keyring.models import WrappedKey
from opendcr.web.store.models import Entry, Secret
from opendcr.web.store.register import words_of
from tests.support import acting
from tests.support.engines import RoomDatabase

PERSON = "p-1f0c"


@pytest.fixture
def room(room_database: RoomDatabase) -> str:
    room = acting.opened()
    acting.arrived(room, PERSON, "Zebedee Quill")
    return room


def test_a_person_is_found_by_the_beginning_of_a_name(room: str) -> None:
    assert directory().find("zebe", 5) == [PERSON]
    assert directory().find("  QUILL ", 5) == [PERSON]
    assert directory().find("ebedee", 5) == []
    assert directory().find(" ", 5) == []


def test_a_new_name_replaces_the_old(room: str) -> None:
    acting.send(room, "Register", {"tier": "1", "name": "Zed"}, person=PERSON)
    assert directory().find("quill", 5) == []
    assert directory().find("zed", 5) == [PERSON]


def test_the_database_holds_no_name(room: str, room_database: RoomDatabase) -> None:
    for secret in Secret.objects.all():
        assert b"Quill" not in bytes(secret.sealed)
    if room_database.engine == "sqlite":
        for file in room_database.home.glob("*.sqlite3*"):
            assert b"Quill" not in file.read_bytes(), file


def test_the_master_key_is_its_owners_alone(room: str) -> None:
    from django.conf import settings

    assert Path(settings.OPENDCR_MASTER_KEY).stat().st_mode & 0o777 == 0o600
    assert len(_master()) == 32


def test_erasing_takes_the_name_and_every_text_of_a_person(room: str) -> None:
    acting.send(room, "AddNote", {"note": "about Zebedee"}, person=PERSON)
    acting.send(room, "AddNote", {"note": "about nobody"})
    texts = list(Secret.objects.values_list("text", flat=True))
    assert len(words_of(texts)) == 3
    assert acting.send(room, "Erase", role="manager", person=PERSON).status == 200
    assert directory().find("zebe", 5) == []
    assert list(words_of(texts).values()) == ["about nobody"]


def test_an_erasure_is_applied_again_after_the_keys_are_restored(room: str) -> None:
    backup = list(WrappedKey.objects.all())
    acting.send(room, "Erase", role="manager", person=PERSON)
    for key in backup:
        key.save()
    apply_erasures()
    assert keys_of(Secret.objects.values_list("owner", flat=True)) == {}


def test_who_comes_back_after_an_erasure_has_a_new_key(room: str) -> None:
    acting.send(room, "Erase", role="manager", person=PERSON)
    acting.send(room, "Register", {"tier": "1", "name": "Nova"}, person=PERSON)
    apply_erasures()
    assert directory().find("nova", 5) == [PERSON]
    assert directory().find("zebe", 5) == []
    assert Entry.objects.filter(kind="Erased").count() == 1


def test_the_same_words_have_another_hash_each_time(room: str) -> None:
    notes = [acting.send(room, "AddNote", {"note": "the same"}).facts[0]["data"]["note"]
             for _ in range(2)]  # fmt: skip
    assert len({note["sha256"] for note in notes}) == 2


def test_words_whose_key_was_erased_and_made_anew_hide_no_others(room: str) -> None:
    notes = [
        acting.send(room, "AddNote", {"note": "words"}).facts[0]["data"]["note"]["text"]
        for _ in range(8)
    ]
    forget(notes[::2])
    for text in notes[::2]:
        wrapped = seal(_master(), secrets.token_bytes(32), text)
        WrappedKey.objects.create(owner=text, wrapped=wrapped, made=datetime.now(UTC))
    assert words_of(notes) == dict.fromkeys(notes[1::2], "words")
