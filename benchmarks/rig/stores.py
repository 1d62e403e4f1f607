"""A prepared room on either engine, durable as a site runs it, and servers on it.

All of it lives in a temporary folder and on free ports of 127.0.0.1, and ends with the block.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rig import BENCHMARKS, ROOT
from tests.support.postgres import DURABLE, SERVING, free_port, programs, running
from tests.support.served import Served, launch, stop, wait

ENGINES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Store:
    """An open room: its engine, the environment for serving it and for owning it, a lead's token."""

    engine: str
    environment: Mapping[str, str]
    owner: Mapping[str, str]
    token: str
    folder: Path

    def python(self, program: str, *options: str, owner: bool = False) -> str:
        """What a program of this folder prints, run beside the store in a process of its own."""
        command = [sys.executable, "-m", f"rig.{program}", *options]
        return _run(command, self.owner if owner else self.environment)


@contextmanager
def store(engine: str) -> Iterator[Store]:
    """A room that is open, with a policy, terms, staff, and nobody in it."""
    with tempfile.TemporaryDirectory(prefix="opendcr-benchmark-") as name:
        folder = Path(name)
        if engine == "sqlite":
            url = f"sqlite:///{folder / 'room.sqlite3'}"
            yield _prepared(engine, url, url, folder)
        else:
            with running(DURABLE) as cluster:
                database = cluster.create()
                yield _prepared(
                    engine, cluster.url(database, SERVING), cluster.url(database), folder
                )


def installed(engine: str) -> bool:
    """Whether the engine is there."""
    return engine == "sqlite" or programs() is not None


@contextmanager
def opendcr(of: Store) -> Iterator[str]:
    """The address of `opendcr serve` on the store."""
    server = launch((), of.environment, of.folder / "opendcr.log")
    yield from _until_done(server)


@contextmanager
def peer(of: Store, program: str) -> Iterator[str]:
    """The address of a peer's server: a program of this folder that takes a port."""
    port, log = free_port(), of.folder / f"{program}.log"
    command = [sys.executable, "-m", f"rig.{program}", str(port)]
    with open(log, "wb") as printed:
        process = subprocess.Popen(command, stdout=printed, stderr=printed, env=dict(of.owner))
    yield from _until_done(Served(f"http://127.0.0.1:{port}", process, log))


def _until_done(server: Served) -> Iterator[str]:
    try:
        wait(server)
        yield server.url
    finally:
        stop(server)


def _prepared(engine: str, url: str, owner_url: str, folder: Path) -> Store:
    owner, serving = (_environment(one, folder) for one in (owner_url, url))
    opendcr_program = Path(sys.executable).with_name("opendcr")
    as_role = ["--serve-as", SERVING] if engine == "postgresql" else []
    _run([opendcr_program, "migrate", *as_role], owner)
    token = _run([sys.executable, "-m", "rig.open_room"], serving)
    return Store(engine, serving, owner, token.split()[-1], folder)


def _environment(url: str, folder: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "OPENDCR_HOME": str(folder / "home"),
        "OPENDCR_DATABASE": url,
        "OPENDCR_KEYS": f"sqlite:///{folder / 'keys.sqlite3'}",
        "OPENDCR_TRAINING": "0",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{BENCHMARKS}",
    }


def _run(command: list[str | Path], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command} failed:\n{done.stderr}")
    return done.stdout
