"""What goes wrong when a server starts is one line, and exit status 2."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from opendcr.web.store.access import new_token
from opendcr.web.store.models import Heartbeat, Staff
from opendcr.web.store.register import words_of
from tests.support import acting
from tests.support.engines import RoomDatabase, close
from tests.support.postgres import free_port
from tests.support.served import Serve


def _command(*options: object, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    program = "import sys; from opendcr.cli import main; sys.argv[0] = 'opendcr'; main()"
    command = [sys.executable, "-c", program, *map(str, options)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=dict(environment), check=False
    )


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "OPENDCR_HOME": str(tmp_path), "OPENDCR_DATABASE": "", "OPENDCR_KEYS": ""}


def _is_one_line(said: subprocess.CompletedProcess[str], *words: str) -> None:
    assert said.returncode == 2, said
    assert said.stdout == ""
    assert len(said.stderr.strip().splitlines()) == 1, said.stderr
    for word in words:
        assert word in said.stderr


@pytest.mark.parametrize(
    "url", ["mysql://here/room", "room.sqlite3", "sqlite://", "postgresql://secret:pass@host", "x"]
)
def test_an_unknown_address(home: dict[str, str], url: str) -> None:
    said = _command("serve", "--database", url, environment=home)
    _is_one_line(said, "--database", "sqlite:///PATH")
    assert "pass" not in said.stderr


def test_a_port_in_use(home: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        _is_one_line(_command("serve", "--port", port, environment=home), str(port), "in use")


def test_a_folder_that_is_not_there(home: dict[str, str], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nowhere' / 'room.sqlite3'}"
    _is_one_line(_command("serve", "--database", url, environment=home), "no folder")


def test_a_file_that_is_no_database(home: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 1000)
    said = _command(
        "serve", "--port", free_port(), "--database", f"sqlite:///{path}", environment=home
    )
    _is_one_line(said, "not a database")
    assert path.read_text().startswith("Dear reader")


def test_no_server_at_the_address(home: dict[str, str]) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/room"
    _is_one_line(
        _command("serve", "--port", free_port(), "--database", url, environment=home),
        "no database server",
    )


@pytest.mark.parametrize("option", [("--timezone", "Mars/Olympus"), ("--room", "two words")])
def test_a_name_that_cannot_be(home: dict[str, str], option: tuple[str, str]) -> None:
    said = _command("serve", "--port", free_port(), *option, environment=home)
    _is_one_line(said, option[0])


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_the_owner_of_the_ledger_does_not_serve(room_database: RoomDatabase) -> None:
    said = _command(
        "serve", "--port", free_port(), "--database", room_database.owner_url,
        environment=room_database.environment,
    )  # fmt: skip
    _is_one_line(said, "owns the ledger", "opendcr migrate")


def test_a_policy_with_a_typo(room_database: RoomDatabase, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[room]\nminimum_agee = 18\n")
    said = _command("policy", "adopt", path, environment=room_database.environment)
    _is_one_line(said, "policy.toml, room.minimum_agee")


A_PLACE = '[[places]]\nid = "booth-1"\nkind = "injecting"\nwords = "1"\n'


def test_a_policy_without_a_place_is_not_adopted(
    room_database: RoomDatabase, tmp_path: Path
) -> None:
    path = tmp_path / "empty.toml"
    path.write_text("[room]\n")
    said = _command("policy", "adopt", path, environment=room_database.environment)
    _is_one_line(said, "empty.toml, places", "at least one")


def test_a_policy_is_adopted(room_database: RoomDatabase, tmp_path: Path) -> None:
    from opendcr.web.store.held import look
    from tests.support import acting

    room = acting.begun()
    path = tmp_path / "policy.toml"
    path.write_text("[room]\nminimum_age = 25\n" + A_PLACE)
    said = _command("policy", "adopt", path, "--json", environment=room_database.environment)
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["facts"][0]["kind"] == "PolicyAdopted"
    assert look(room).room.policy.minimum_age == 25


def test_an_empty_database_is_migrated_and_served(served_room: Serve) -> None:
    server = served_room("--room", "calton")
    with urllib.request.urlopen(server.url + "/readyz") as answer:
        assert json.load(answer)["ready"]
    assert "Sign in as" not in server.output()


def test_a_server_looks_again_at_whose_a_text_is(
    room_database: RoomDatabase, served_room: Serve
) -> None:
    room = acting.opened()
    came = acting.send(room, "Arrive", {"reasons": ["shower"]}).facts[0]
    noted = acting.send(room, "AddNote", {"note": "a sister in Govan"}, visit=came["visit"])
    text = noted.facts[0]["data"]["note"]["text"]
    acting.send(room, "Erase", role="manager", person="p-1f0c")
    served_room(environment=room_database.environment)
    _until(Heartbeat.objects.exists)
    assert words_of([text])
    whose = {"target": came["id"], "changes": {"person": "p-1f0c"}, "reason": "mistake"}
    acting.send(room, "Correct", whose)
    _until(lambda: not words_of([text]))


def _until(so: Callable[[], bool]) -> None:
    """Waits for what a server does by itself, for less than the minute between its upkeeps."""
    deadline = time.monotonic() + 40
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_first_steps_can_be_pasted_and_name_the_new_room(
    home: dict[str, str], tmp_path: Path, served_room: Serve
) -> None:
    url = f"sqlite:///{tmp_path / 'my room.sqlite3'}"
    said = served_room("--database", url, "--timezone", "Europe/Lisbon").output()
    assert "The room 'room' (Europe/Lisbon) is new and keeps this name and time zone" in said
    adopting = next(line for line in said.splitlines() if "policy adopt" in line)
    (tmp_path / "policy.toml").write_text(A_PLACE)
    pasted = subprocess.run(
        adopting, shell=True, capture_output=True, text=True, env=home, cwd=tmp_path, check=False
    )
    assert pasted.returncode == 0, pasted.stderr


def test_the_demonstration_says_who_can_sign_in_and_leaves_nothing(served_room: Serve) -> None:
    server = served_room("--demo", "--json")
    [line] = server.output().splitlines()
    said = json.loads(line)
    assert {one["role"] for one in said["sign_ins"]} >= {"reception", "nurse", "lead", "analyst"}
    assert said["training"]
    page = urllib.request.urlopen(server.url + "/sign-in").read().decode()
    assert "Training room" in page


def test_a_server_that_is_told_to_stop_ends_its_streams_and_leaves_nothing(
    home: dict[str, str], tmp_path: Path, served_room: Serve
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    server = served_room("--demo", environment={**home, "TMPDIR": str(folder)})
    assert list(folder.glob("opendcr-training-*"))
    server.process.terminate()
    assert server.process.wait(10) == 0
    assert list(folder.iterdir()) == []


def test_a_training_database_is_served_for_training_only(
    home: dict[str, str], tmp_path: Path, served_room: Serve
) -> None:
    url = f"sqlite:///{tmp_path / 'training.sqlite3'}"
    server = served_room("--demo", "--database", url)
    server.process.terminate()
    server.process.wait(10)
    said = _command("serve", "--port", free_port(), "--database", url, environment=home)
    _is_one_line(said, "simulated room", "--demo")
    with sqlite3.connect(tmp_path / "training.sqlite3") as held:
        assert held.execute("SELECT count(*) FROM store_entry").fetchone()[0] > 20
    held.close()


PLAN = """
[room]
places = 2
days = 2
[arrivals]
per_hour = 2.0
[episode]
distribution = "exponential"
mean = 20.0
"""


def test_a_simulated_ledger_is_looked_at_as_training_and_gains_nothing(
    home: dict[str, str], tmp_path: Path, served_room: Serve
) -> None:
    (tmp_path / "small.toml").write_text(PLAN)
    (tmp_path / "policy.toml").write_text('[room]\ntitle = "Small"\n' + A_PLACE)
    url, ledger = f"sqlite:///{tmp_path / 'small.sqlite3'}", tmp_path / "small.jsonl"
    for command in (
        ("simulate", "room", tmp_path / "small.toml", "--ledger", ledger),
        ("migrate", "--database", url),
        ("ledger", "import", ledger, "--database", url),
    ):
        assert _command(*command, environment=home).returncode == 0
    adopted = ("policy", "adopt", tmp_path / "policy.toml", "--database", url)
    _is_one_line(_command(*adopted, environment=home), "simulated room 'small'", "--room")
    server = served_room("--demo", "--database", url)
    assert urllib.request.urlopen(server.url + "/readyz").status == 200
    with sqlite3.connect(tmp_path / "small.sqlite3") as held:
        stored = held.execute("SELECT count(*) FROM store_entry").fetchone()[0]
    held.close()
    assert stored == len(ledger.read_text().splitlines()) - 2


@pytest.mark.parametrize("command", [("ledger", "verify"), ("measure",), ("staff", "list")])
def test_a_database_that_is_not_there_is_not_made_by_looking(
    home: dict[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "nowhere.sqlite3"
    said = _command(*command, "--database", f"sqlite:///{path}", environment=home)
    _is_one_line(said, "no database", "opendcr migrate --database")
    assert not path.exists()


def test_a_room_is_served_while_its_keys_are_away_and_has_its_names_when_they_are_back(
    room_database: RoomDatabase, served_room: Serve
) -> None:
    acting.accounts("lead")
    visit = acting.arrived(acting.opened(), "p-01", "Craig")
    token = new_token(Staff.objects.get(role="lead"))
    close()
    own = {**room_database.environment, "OPENDCR_MASTER_KEY": str(settings.OPENDCR_MASTER_KEY)}
    keys = Path(room_database.keys_url.removeprefix("sqlite:///"))
    away = keys.rename(keys.with_name("away"))
    for _ in range(2):  # what a first start made in the keys' place is no keys either
        server = served_room(environment=own)
        shown = _asked(server.url, "/api/board", token)
        assert (shown["names_closed"], shown["labels"], shown["building"]) == (True, {}, 1)
        assert "the keys' database cannot be used" in server.output()
    for made in keys.parent.glob("keys.sqlite3*"):
        made.unlink()
    away.rename(keys)
    until = time.monotonic() + 20
    while (shown := _asked(server.url, "/api/board", token))["names_closed"]:
        assert time.monotonic() < until
        time.sleep(0.5)
    assert shown["labels"] == {visit: "Craig"}


def _asked(url: str, path: str, token: str) -> Any:
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
