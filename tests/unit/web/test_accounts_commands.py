"""The commands that make accounts, devices and tokens, and the whole way from an empty folder."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

import pytest

from tests.support.acting import body
from tests.support.served import Serve

PASSWORD = "five quiet herons over water"
POLICY = Path(__file__).parents[3] / "examples" / "glasgow" / "policy.toml"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return _own() | {"OPENDCR_HOME": str(tmp_path / "home")}


@pytest.fixture
def opendcr(environment: dict[str, str]) -> Run:
    """The command as a process of its own, in an empty folder."""
    return _in(environment)


@pytest.fixture(scope="module")
def without_staff(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The command where a database is ready, for tests that leave it as it is."""
    run = _in(_own() | {"OPENDCR_HOME": str(tmp_path_factory.mktemp("ready") / "home")})
    _done(run, "migrate")
    return run


def _own() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("OPENDCR")}


def _in(environment: dict[str, str]) -> Run:
    def run(*arguments: object, said: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", "from opendcr.cli import main; main()"]
        return subprocess.run(
            [*command, *map(str, arguments)],
            input=said, capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip

    return run


def _done(run: Run, *arguments: object, said: str = "") -> Any:
    done = run(*arguments, "--json", said=said)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def _wrong(done: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    for word in words:
        assert word in done.stderr


class Browser:
    """A browser with its cookies, at a served room."""

    def __init__(self, url: str) -> None:
        self.url, self.cookies = url, CookieJar()
        self._open = build_opener(HTTPCookieProcessor(self.cookies)).open

    def page(self, path: str, form: dict[str, str] | None = None) -> str:
        """A page, or what a form is answered with."""
        sent = None
        if form is not None:
            found = re.search(r'name="csrf" content="(\w+)"', self.page(path))
            assert found is not None
            sent = urlencode({**form, "csrfmiddlewaretoken": found[1]}).encode()
        with self._open(self._request(path, sent)) as answer:
            return str(answer.read().decode())

    def send(self, kind: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """The answer to a command, sent as a page does."""
        found = re.search(r'name="csrf" content="(\w+)"', self.page("/emergency/"))
        assert found is not None
        headers = {"Content-Type": "application/json", "X-CSRFToken": found[1]}
        sent = json.dumps(body(kind, data, **more)).encode()
        with self._open(self._request("/api/commands", sent, headers)) as answer:
            return json.load(answer)

    def status(self, path: str) -> int:
        try:
            with self._open(self._request(path)) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    def _request(
        self, path: str, sent: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Request:
        return Request(self.url + path, sent, {"Origin": self.url, **(headers or {})})


def test_from_an_empty_folder_to_a_room_that_is_open(
    opendcr: Run, environment: dict[str, str], served_room: Serve
) -> None:
    _done(opendcr, "migrate")
    policy = ("policy", "adopt", POLICY)
    _done(opendcr, *policy, "--room", "calton", "--timezone", "Europe/London")
    manager = ("staff", "add", "morgan", "--role", "manager", "--initials", "mg")
    added = _done(opendcr, *manager, "--password-stdin", said=PASSWORD + "\n")
    assert re.fullmatch("s-[0-9a-f]{10}", added["staff"])

    server = served_room(environment=environment)
    assert "Before anybody" not in server.output()
    tablet = Browser(server.url)
    tablet.page("/sign-in", {"username": "morgan", "password": PASSWORD})
    for kind, data in (
        ("PublishTerms", {"terms": "2026-11"}),
        ("SignOnStaff", {"staff": added["staff"], "role": "manager"}),
        ("OpenRoom", {}),
    ):
        assert tablet.send(kind, data)["facts"][0]["author"] == added["staff"]
    board = json.loads(tablet.page("/api/board"))
    assert (board["room"], board["state"], board["terms"]) == ("calton", "open", "2026-11")
    assert board["staff_labels"] == {added["staff"]: "MG"}

    _done(opendcr, "staff", "remove", "morgan")
    assert tablet.status("/api/board") == 401
    assert json.loads(tablet_free(server.url)) == {"problem": "nobody"}


def tablet_free(url: str) -> str:
    """What a stranger's browser gets from the board."""
    try:
        with urlopen(url + "/api/board"):
            return "{}"
    except HTTPError as error:
        return json.dumps({"problem": "nobody" if error.code == 401 else error.code})


def test_a_tablet_is_enrolled_by_a_manager_alone_and_revoked_at_once(
    opendcr: Run, environment: dict[str, str], served_room: Serve
) -> None:
    _done(opendcr, "migrate")
    for name, role in (("morgan", "manager"), ("nour", "nurse")):
        add = ("staff", "add", name, "--role", role, "--initials", "XY", "--password-stdin")
        _done(opendcr, *add, said=PASSWORD)
    server = served_room(environment=environment)
    assert "opendcr policy adopt policy.toml" in server.output()
    tablet = Browser(server.url)
    seen = {"visit": "v-1", "mode": "report"}

    tablet.page("/sign-in", {"username": "nour", "password": PASSWORD})
    assert "can enrol it here" in tablet.page("/device")
    with pytest.raises(HTTPError, match="403"):
        tablet.page("/device", {"name": "Nour's own telephone"})
    _signed_out(tablet)
    with pytest.raises(HTTPError, match="401"):  # to have signed in once is not enough
        tablet.send("Observed", {"response": "alert"}, **seen)

    tablet.page("/sign-in", {"username": "morgan", "password": PASSWORD})
    assert "enrolled as <strong>Tablet 3" in tablet.page("/device", {"name": " Tablet  3 "})
    _signed_out(tablet)
    [fact, *_] = tablet.send("Observed", {"response": "alert"}, **seen)["facts"]
    [device] = _done(opendcr, "device", "list")["devices"]
    assert (fact["author"], fact["device"]) == ("unattributed", device["device"])
    assert (device["name"], device["revoked"]) == ("Tablet 3", None)

    tablet.page("/sign-in", {"username": "morgan", "password": PASSWORD})
    assert tablet.status("/api/board") == 200
    _done(opendcr, "device", "revoke", device["device"])
    assert tablet.status("/api/board") == 401
    with pytest.raises(HTTPError, match="401"):
        tablet.send("Observed", {"response": "alert"}, **seen)


def _signed_out(tablet: Browser) -> None:
    for cookie in [one for one in tablet.cookies if one.name == "opendcr_session"]:
        tablet.cookies.clear(cookie.domain, cookie.path, cookie.name)


def test_tokens_and_devices_open_what_they_should_until_they_are_revoked(
    opendcr: Run, environment: dict[str, str], served_room: Serve
) -> None:
    _done(opendcr, "migrate")
    _add(opendcr, "ali", "analyst")
    issued = _done(opendcr, "token", "issue", "--staff", "ali", "--days", "7")
    server = served_room(environment=environment)

    def status() -> int:
        held = {"Authorization": f"Bearer {issued['token']}"}
        try:
            with urlopen(Request(server.url + "/api/facts", headers=held)) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    assert status() == 200
    _done(opendcr, "token", "revoke", issued["id"])
    assert status() == 401
    [listed] = _done(opendcr, "token", "list")["tokens"]
    assert listed["revoked"] and "token" not in listed
    enrolled = _done(opendcr, "device", "enrol", "oxygen monitor")
    assert enrolled["token"].startswith("dev_")
    assert enrolled["token"] not in opendcr("device", "list").stdout
    _wrong(opendcr("token", "revoke", "token-99"), "token-99")
    _wrong(opendcr("device", "revoke", "t-none"), "t-none")


def _add(run: Run, name: str, role: str = "nurse", password: str = PASSWORD) -> Any:
    add = ("staff", "add", name, "--role", role, "--initials", "XY", "--password-stdin")
    return _done(run, *add, said=password)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "too short"),
        ("", "too short"),
        ("1q2w3e4r5t6y7u8i9o0p", "too common"),
        ("7359174628301957", "entirely numeric"),
        ("passwordpassword", "again and again"),
        ("jo-the-night-nurse-1", "too similar"),
        ("x y" * 200, "600 characters"),
    ],
)
def test_passwords_that_are_guessed_are_not_taken(
    without_staff: Run, password: str, why: str
) -> None:
    add = ("staff", "add", "jo-the-night-nurse", "--role", "nurse", "--initials", "JN")
    _wrong(without_staff(*add, "--password-stdin", said=password), "the password", why)
    assert _done(without_staff, "staff", "list") == {"staff": []}


def test_a_password_is_never_asked_for_where_nobody_can_type_it(without_staff: Run) -> None:
    add = ("staff", "add", "jo", "--role", "nurse", "--initials", "JN")
    _wrong(without_staff(*add, said=PASSWORD), "--password-stdin")


def test_a_removed_name_stays_its_owners(opendcr: Run) -> None:
    _done(opendcr, "migrate")
    jo = _add(opendcr, "jo")
    _done(opendcr, "staff", "remove", "jo")
    add = ("staff", "add", "jo", "--role", "nurse", "--initials", "XY", "--password-stdin")
    _wrong(opendcr(*add, said=PASSWORD), "'jo'", "another name")
    change = ("staff", "password", "jo", "--password-stdin")
    _wrong(opendcr(*change, said=PASSWORD), "removed")
    _wrong(opendcr("token", "issue", "--staff", "jo"), "removed")
    assert _done(opendcr, "staff", "list")["staff"] == [{**jo, "active": False}]


def test_what_cannot_be_is_one_line(opendcr: Run) -> None:
    staff = ("staff", "add", "jo", "--role", "nurse", "--password-stdin")
    _wrong(opendcr(*staff, "--initials", "JN", said=PASSWORD), "opendcr migrate")
    _done(opendcr, "migrate")
    _wrong(opendcr(*staff, "--initials", "J", said=PASSWORD), "--initials")
    _wrong(opendcr("staff", "remove", "nobody"), "'nobody'", "staff list")
    _wrong(opendcr("policy", "adopt", POLICY), "--room NAME --timezone ZONE")
    _wrong(opendcr("policy", "adopt", POLICY, "--timezone", "Europe/London"), "--room")
    new = ("policy", "adopt", POLICY, "--room", "calton", "--timezone")
    _wrong(opendcr(*new, "Europe/Nowhere"), "--timezone")
    _done(opendcr, *new, "Europe/London")
    _wrong(opendcr(*new, "Europe/Paris"), "another ledger")
    _done(opendcr, "policy", "adopt", POLICY)
    other = ("policy", "adopt", POLICY, "--room", "gorbals", "--timezone", "Europe/London")
    _wrong(opendcr(*other), "calton")
