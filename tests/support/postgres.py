"""A private PostgreSQL server: its own folder, its own free port on 127.0.0.1, ended afterwards.

PostgreSQL refuses to run as root; as root, the server runs as the user `postgres`.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.support.required import missing

# Tests start thousands of transactions and lose nothing that matters with the machine.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# As a site runs it: a commit is on the disk before it is acknowledged.
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")
OWNER, SERVING = "opendcr_owner", "opendcr_serving"

_names = count(1)


@dataclass
class Cluster:
    """A server: its programs, folder, settings, port and process."""

    programs: Path
    folder: Path
    settings: tuple[str, ...]
    port: int
    server: subprocess.Popen[bytes]

    @property
    def pid(self) -> int:
        return self.server.pid

    def kill(self) -> None:
        """The server ends at once and puts nothing in order, as when its machine stops."""
        _stop(self.server)

    def start(self) -> None:
        """It begins again where it was killed."""
        self.server = _start(self.programs, self.folder, self.settings, self.port)

    def url(self, database: str, role: str = OWNER) -> str:
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as the superuser; raises CalledProcessError with the server's words."""
        address = self.url(database, "postgres")
        command = [self.programs / "psql", "-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, address]
        subprocess.run(command, check=True, capture_output=True, text=True)

    def create(self, template: str = "template1") -> str:
        """The name of a new database of the owner's, a copy of another that nobody is using."""
        name = f"room_{next(_names)}"
        self.sql(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template}"')
        return name

    def drop(self, name: str) -> None:
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


class Address(str):
    """A database's address as its owner."""

    cluster: Cluster

    def serving(self, role: str = SERVING) -> str:
        """The same database's address with a role that owns nothing, made where it is not there."""
        self.cluster.sql(
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')"
            f" THEN CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE; END IF; END $$"
        )
        return self.replace(f"{OWNER}@", f"{role}@", 1)


def programs() -> Path | None:
    """The folder of the newest PostgreSQL server's programs, if there is one."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3])
    )
    found = debian[-1] if debian else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def running(settings: tuple[str, ...] = FAST) -> Iterator[Cluster]:
    """A new server with these settings; FileNotFoundError where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        raise FileNotFoundError("PostgreSQL's initdb, neither in /usr/lib/postgresql nor on PATH")
    with tempfile.TemporaryDirectory(prefix="opendcr-postgres-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        _initialise(found, folder)
        port = free_port()
        cluster = Cluster(found, folder, settings, port, _start(found, folder, settings, port))
        try:
            cluster.sql(f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE")
            yield cluster
        finally:
            _stop(cluster.server)


def _user() -> str | None:
    return "postgres" if os.geteuid() == 0 else None


def _initialise(found: Path, folder: Path) -> None:
    options = ["-U", "postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"]
    subprocess.run(
        [found / "initdb", "-D", folder / "data", *options],
        check=True,
        capture_output=True,
        cwd=folder,
        user=_user(),
    )


def _start(
    found: Path, folder: Path, settings: tuple[str, ...], port: int
) -> subprocess.Popen[bytes]:
    wanted = (
        *settings,
        f"port={port}",
        "listen_addresses=127.0.0.1",
        f"unix_socket_directories={folder}",
    )
    command = [str(found / "postgres"), "-D", str(folder / "data")]
    command += [part for setting in wanted for part in ("-c", setting)]
    with open(folder / "log", "ab") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, user=_user())
    for _ in range(300):
        ready = subprocess.run(
            [found / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False
        )
        if ready.returncode == 0:
            return server
        if server.poll() is not None:
            break
        time.sleep(0.05)
    _stop(server)
    raise RuntimeError("PostgreSQL did not start:\n" + (folder / "log").read_text())


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server: at once, without waiting for those who are still connected."""
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=20)


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One server for the whole run."""
    if programs() is None:
        missing("PostgreSQL", "postgresql")
    with running() as server:
        yield server


@pytest.fixture
def postgres_url(cluster: Cluster) -> Iterator[Address]:
    """An empty database of its own, as its owner."""
    name = cluster.create()
    address = Address(cluster.url(name))
    address.cluster = cluster
    yield address
    cluster.drop(name)
