"""Peers of the studies, in an environment of their own.

They need older versions than ours of what both use, and take gigabytes: nothing but a benchmark
should have to install them. A program of `benchmarks/peers/` is a peer's side of one benchmark: it
reads one JSON object from its input, and the last line that it prints is its answer, another.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PLACE = ROOT / ".venv" / "peers"
LOCK = ROOT / "requirements" / "peers.lock"
PYTHON = PLACE / "bin" / "python"
_MADE_FROM = PLACE / "made-from"  # the digest of the lock that the environment was made from
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore", "MPLBACKEND": "agg"}


def peer(program: str, payload: dict[str, Any]) -> dict[str, Any]:
    """What `benchmarks/peers/PROGRAM.py` answers; its own times are in there, start-up apart.

    The environment is made where it is not there. Raises CalledProcessError where the program
    fails, after what it said on its standard error.
    """
    made()
    path = ROOT / "benchmarks" / "peers" / f"{program}.py"
    ran = subprocess.run([PYTHON, path], input=json.dumps(payload), text=True,
                         capture_output=True, env=os.environ | _QUIET)  # fmt: skip
    if ran.returncode:
        print(ran.stderr, file=sys.stderr)
    ran.check_returncode()
    answer: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return answer


def made() -> Path:
    """The Python of the peers' environment, which is made anew when its lock has changed."""
    digest = hashlib.blake2b(LOCK.read_bytes()).hexdigest()
    if not _MADE_FROM.exists() or _MADE_FROM.read_text() != digest:
        _make()
        _MADE_FROM.write_text(digest)
    return PYTHON


def _make() -> None:
    print(
        "Installing the peers of the studies: once, some 3 GB, a minute or more.", file=sys.stderr
    )
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", PLACE], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes",
                    "--requirement", LOCK],
                   check=True, env=os.environ | {"UV_COMPILE_BYTECODE": "1"})  # fmt: skip


if __name__ == "__main__":
    print(made())
