"""`opendcr serve` as a process of its own, on a free port of 127.0.0.1."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.postgres import free_port

START = 60  # seconds that a server may take until it answers
Serve = Callable[..., "Served"]


@dataclass(frozen=True)
class Served:
    """A running server: its address, its process, and the file with what it prints."""

    url: str
    process: subprocess.Popen[bytes]
    printed: Path

    def output(self) -> str:
        """What it has printed until now, standard error included."""
        return self.printed.read_text()


@pytest.fixture
def served_room(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers: `served_room("--demo")`, or `served_room(environment=database.environment)`."""
    started: list[Served] = []

    def start(*options: str, environment: Mapping[str, str] | None = None) -> Served:
        own = {**os.environ, "OPENDCR_HOME": str(tmp_path / "home")}
        server = launch(options, environment or own, tmp_path / f"served-{len(started)}.log")
        started.append(server)
        wait(server)
        return server

    yield start
    for server in started:
        stop(server)


def launch(options: tuple[str, ...], environment: Mapping[str, str], printed: Path) -> Served:
    """A server that has just been started and may not answer yet."""
    port = free_port()
    program = Path(sys.executable).with_name("opendcr")
    command = [program, "serve", "--port", str(port), *options]
    with open(printed, "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=dict(environment))
    return Served(f"http://127.0.0.1:{port}", process, printed)


def stop(server: Served) -> None:
    """End the server as a system would: asked first, then by force."""
    server.process.terminate()
    try:
        server.process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()


def wait(server: Served) -> None:
    """Return when the server is live; fail with what it printed where it ends or takes too long."""
    until = time.monotonic() + START
    while time.monotonic() < until and server.process.poll() is None:
        try:
            with urllib.request.urlopen(server.url + "/healthz", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"the server did not come up:\n{server.output()}")
