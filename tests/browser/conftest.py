"""A served room for browsers, and what a test does in it by commands and by hand."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import tests.support.site  # noqa: F401  (Django, before what needs it)
from tests.support.acting import PASSWORD, body
from tests.support.browser import AMPLE, browser, new_page, page  # noqa: F401
from tests.support.served import Served, launch, stop

if TYPE_CHECKING:
    from playwright.sync_api import Page

SOON = 10_000  # ms within which a tap must be seen on another screen, on a busy machine
SignIn = Callable[..., "Page"]


@dataclass(frozen=True)
class Room:
    """The served room, a token of the lead's, and the file that the room is kept in."""

    served: Served
    token: str
    database: Path

    @property
    def url(self) -> str:
        return self.served.url

    def send(self, kind: str, data: Mapping[str, Any] | None = None, **fields: Any) -> Any:
        """The facts of a command that must be taken."""
        return self._ask("/api/commands", body(kind, data, **fields))["facts"]

    def board(self) -> Any:
        """The board as the interface gives it."""
        return self._ask("/api/board")

    def facts(self, kind: str) -> list[Any]:
        """All facts of a kind, oldest first."""
        found: list[Any] = []
        after = 0
        while True:
            some = self._ask(f"/api/facts?after={after}")
            found += some["facts"]
            if not some["more"]:
                return [fact for fact in found if fact["kind"] == kind]
            after = some["facts"][-1]["seq"]

    def _ask(self, path: str, sent: Any = None) -> Any:
        request = urllib.request.Request(
            self.url + path, json.dumps(sent).encode() if sent else None
        )
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def arrive(self, name: str) -> str:
        """Somebody with a name, at reception; returns the visit."""
        person = f"p-{name.encode().hex()}"
        self.send("Register", {"tier": "1", "name": name}, person=person)
        visit = self.send("Arrive", {"reasons": ["consume"]}, person=person)[0]["visit"]
        self.send("AcceptTerms", {"terms": "terms-1"}, person=person, visit=visit)
        return str(visit)

    def wait(self, name: str) -> str:
        """Somebody who waits for a booth, after the talk."""
        visit = self.arrive(name)
        use = {"outcome": "proceed", "substances": ["heroin"], "route": "intravenous"}
        self.send("Assess", use, visit=visit)
        self.send("Queue", {}, visit=visit)
        return visit

    def seat(self, name: str, place: str) -> str:
        """Somebody who uses in a booth."""
        visit = self.wait(name)
        self.send("Seat", {"place": place}, visit=visit)
        use = {"place": place, "substances": ["heroin"], "route": "intravenous"}
        self.send("StartConsumption", use, visit=visit)
        return visit


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The files of a quiet room in which nothing has happened yet, and its token."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    command = [sys.executable, "-m", "tests.browser.quiet_room"]
    token = subprocess.run(command, env=_at(home), check=True, capture_output=True, text=True)
    return home, token.stdout.split()[-1]


@pytest.fixture(scope="module")
def room(prepared: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """One quiet room for a file of tests."""
    folder = tmp_path_factory.mktemp("room")
    files, token = prepared
    home = shutil.copytree(files, folder / "home")
    served = launch((), _at(home), folder / "served.log")
    _await(served)
    yield Room(served, token, home / "room.sqlite3")
    stop(served)


def _at(home: Path) -> dict[str, str]:
    """The environment of a recorded room in a folder."""
    environment = {**os.environ, "OPENDCR_HOME": str(home), "OPENDCR_TRAINING": "0"}
    for chosen in ("OPENDCR_DATABASE", "OPENDCR_KEYS", "OPENDCR_MASTER_KEY"):
        environment.pop(chosen, None)
    return environment


def _await(served: Served) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and served.process.poll() is None:
        try:
            with urllib.request.urlopen(served.url + "/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not come up:\n{served.output()}")


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """Cookies by role: checking a password takes long on purpose, so once is enough."""
    return {}


@pytest.fixture
def sign_in(
    room: Room,
    new_page: Callable[..., "Page"],  # noqa: F811
    sessions: dict[str, Any],
) -> SignIn:
    """Signs somebody in on a tablet of their own: `sign_in("nurse", scheme="dark")`."""

    def enter(role: str = "lead", **tablet: Any) -> "Page":
        tab = new_page(**tablet)
        tab.set_default_timeout(AMPLE)
        tab.context.add_cookies(sessions.get(role, []))
        tab.goto(room.url + "/")
        if role not in sessions:
            tab.fill("#username", role)
            tab.fill("#password", PASSWORD)
            tab.get_by_role("button", name="Sign in").click()
        tab.wait_for_selector(".tile")
        sessions[role] = tab.context.cookies()
        return tab

    return enter
