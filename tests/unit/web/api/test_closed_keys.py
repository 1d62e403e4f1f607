"""While the keys' database is gone or held, everything is shown and taken but names and words."""

import asyncio
import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from opendcr.web.api import hub as hubs
from opendcr.web.api.hub import events
from opendcr.web.store import directory as directories
from opendcr.web.store.keyring import asking
from tests.support import acting
from tests.support.engines import RoomDatabase, connect
from tests.unit.web.api.conftest import Ask

Closed = Callable[[RoomDatabase], AbstractContextManager[None]]


def _file(database: RoomDatabase) -> Path:
    return Path(database.keys_url.removeprefix("sqlite:///"))


@contextmanager
def _moved_away(database: RoomDatabase) -> Iterator[None]:
    connections["keys"].close()
    file, away = _file(database), _file(database).with_name("away")
    file.rename(away)
    yield
    connections["keys"].close()
    for made in file.parent.glob("keys.sqlite3*"):
        made.unlink()
    away.rename(file)


@contextmanager
def _no_file(database: RoomDatabase) -> Iterator[None]:
    """Something else stands where the file was."""
    with _moved_away(database):
        _file(database).mkdir()
        yield
        _file(database).rmdir()


@contextmanager
def _held_whole(database: RoomDatabase) -> Iterator[None]:
    """Another program has the file for itself."""
    connections["keys"].close()
    held = sqlite3.connect(_file(database), isolation_level=None)
    held.execute("PRAGMA locking_mode=EXCLUSIVE")
    held.execute("BEGIN EXCLUSIVE")
    held.execute("DELETE FROM keyring_wrappedkey WHERE owner = 'nobody'")
    yield
    held.close()


@contextmanager
def _refused(database: RoomDatabase) -> Iterator[None]:
    """The keys are in a PostgreSQL that does not answer."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        connect(database.url, f"postgresql://keys@127.0.0.1:{taken.getsockname()[1]}/keys")
        yield
    connect(database.url, database.keys_url)


WAYS = [_moved_away, _no_file, _held_whole, _refused]


@pytest.fixture(autouse=True)
def _asked_again_soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(asking, "AGAIN_AFTER", 0.05)
    monkeypatch.setattr(asking, "WAITS", 0)
    monkeypatch.setattr(directories, "LOOK_EVERY", 0.0)
    yield


def _board(ask: Ask) -> Any:
    answer = ask("GET", "/api/board", "lead")
    assert answer.status_code == 200, answer.content
    return answer.json()


def _soon(told: Callable[[], Any]) -> Any:
    """What is told once it is anything, within some seconds."""
    until = time.monotonic() + 5
    while not (answer := told()) and time.monotonic() < until:
        time.sleep(0.05)
    return answer


def _begun(room: str) -> str:
    """Somebody with a name, an alert with words, and a new name that nobody has read yet."""
    alert = {"alert": "a-1", "substances": ["heroin"], "note": "strong blue pills"}
    assert acting.send(room, "RaiseDrugAlert", alert).status == 200
    return acting.arrived(room, "p-01", "Craig")


@pytest.mark.parametrize("closed", WAYS)
def test_a_board_is_made_without_the_words_that_cannot_be_read_and_has_them_again_by_itself(
    room: str, room_database: RoomDatabase, ask: Ask, closed: Closed
) -> None:
    visit = _begun(room)
    with closed(room_database):
        assert acting.send(room, "StartEmergency", {"emergency": "e-1"}, visit=visit).status == 200
        shown = _board(ask)
        assert [one["id"] for one in shown["emergencies"]] == ["e-1"]
        assert [one["alert"] for one in shown["alerts"]] == ["a-1"]
        assert (shown["labels"], shown["alert_words"], shown["names_closed"]) == ({}, {}, True)
    shown = _soon(lambda: not (board := _board(ask))["names_closed"] and board)
    assert shown["labels"] == {visit: "Craig"}
    assert shown["alert_words"] == {"a-1": "strong blue pills"}


def test_names_that_are_known_stay_beside_one_that_cannot_be_read(
    room: str, room_database: RoomDatabase, ask: Ask
) -> None:
    first = acting.arrived(room, "p-01", "Craig")
    assert _board(ask)["labels"] == {first: "Craig"}
    second = acting.arrived(room, "p-02", "Moira")
    with _refused(room_database):
        shown = _board(ask)
        assert (shown["labels"], shown["names_closed"]) == ({first: "Craig"}, True)
    shown = _soon(lambda: not (board := _board(ask))["names_closed"] and board)
    assert shown["labels"] == {first: "Craig", second: "Moira"}


@pytest.mark.parametrize("closed", WAYS)
def test_a_story_the_lists_a_search_and_what_is_seen_of_a_body_need_no_keys(
    room: str, room_database: RoomDatabase, ask: Ask, closed: Closed
) -> None:
    visit = _begun(room)
    gone = acting.arrived(room, "p-02", "Moira")
    assert acting.send(room, "Depart", {"how": "well"}, visit=gone, mode="report").status == 200
    with closed(room_database):
        story = ask("GET", f"/api/visits/{visit}/story", "lead").json()
        assert story["lines"] and story["label"] not in ("", "Craig")
        [left] = ask("GET", "/api/visits/left", "lead").json()["visits"]
        assert left["label"] == left["code"]
        seen = {"response": "voice", "breaths": 900}
        assert acting.send(room, "Observe", seen, visit=visit).status == 200
        assert ask("GET", "/api/reviews", "lead").json()["reviews"]
        found = ask("POST", "/people/search", "lead", {"words": "craig"})
        assert (found.status_code, found.json()) == (200, [])
        assert "keys" in ask("GET", "/readyz").json()["failing"]
    assert _soon(lambda: "keys" not in ask("GET", "/readyz").json()["failing"])
    [found] = _soon(lambda: ask("POST", "/people/search", "lead", {"words": "craig"}).json())
    assert found["person"] == "p-01"


def test_a_stream_tells_the_names_when_the_keys_are_back(
    room: str, room_database: RoomDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "AGAIN_AFTER", 0.1)
    visit = _begun(room)

    async def story() -> list[Any]:
        told = events(room, "nurse", None)
        boards = (
            orjson.loads(one.split("data: ")[1]) async for one in told if "event: board" in one
        )
        with _refused(room_database):
            began = await anext(boards)
            started = sync_to_async(acting.send, thread_sensitive=False)
            await started(room, "StartEmergency", {"emergency": "e-1"}, visit=visit)
            seen = await anext(boards)
            while not seen["emergencies"]:
                seen = await anext(boards)
        back = await anext(boards)
        while back["names_closed"]:
            back = await anext(boards)
        await told.aclose()  # type: ignore[attr-defined]
        return [began, seen, back]

    began, seen, back = asyncio.run(asyncio.wait_for(story(), 20))
    assert began["names_closed"] and seen["names_closed"]
    assert back["labels"] == {visit: "Craig"}
    assert [one["id"] for one in back["emergencies"]] == ["e-1"]


def test_a_keys_database_that_is_slow_to_fail_is_not_waited_for_each_time(
    room: str, room_database: RoomDatabase, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "WAITS", 10)
    _begun(room)
    with _held_whole(room_database):
        _board(ask)
        began = time.monotonic()
        for _ in range(5):
            assert _board(ask)["names_closed"]
        assert time.monotonic() - began < 1
    monkeypatch.setattr(asking, "_again", {})


def test_a_keys_server_that_says_nothing_holds_a_board_up_for_a_moment_alone(
    room: str, room_database: RoomDatabase, ask: Ask
) -> None:
    _begun(room)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silence = f"postgresql://keys@127.0.0.1:{silent.getsockname()[1]}/keys"
        connect(room_database.url, silence)
        began = time.monotonic()
        assert _board(ask)["names_closed"]
        assert time.monotonic() - began < 4.5
    connect(room_database.url, room_database.keys_url)
