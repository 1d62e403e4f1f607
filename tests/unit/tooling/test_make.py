"""`make` hands on what it was asked, and what a machine lacks is said, or fails where it must."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.required import missing

ROOT = Path(__file__).parents[3]


# What a `make` that started these tests hands on to another.
INHERITED = {"MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", "ARGS", "HOST", "PORT"}


def _own_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in INHERITED}


def _would_run(target: str, **environment: str) -> list[str]:
    answer = subprocess.run(
        ["make", "-n", target],
        cwd=ROOT,
        env={**_own_environment(), **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return answer.stdout.splitlines()


def test_run_honours_host_and_port() -> None:
    assert _would_run("run", HOST="127.0.0.9", PORT="8123")[-1] == (
        ".venv/bin/opendcr serve --demo --host 127.0.0.9 --port 8123"
    )


def test_soak_runs_the_same_tests_as_test() -> None:
    assert _would_run("soak")[-1] == "OPENDCR_SOAK=1 " + _would_run("test")[-1]


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "uv.txt").write_text("")
    answer = subprocess.run(
        ["make", "-f", ROOT / "Makefile", ".venv/.uv", f"PY={old}"],
        cwd=tmp_path,
        env=_own_environment(),
        capture_output=True,
        text=True,
    )
    assert answer.returncode != 0
    assert "Python 3.11 or later is needed" in answer.stdout


def test_a_machine_without_something_skips_aloud_and_ci_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="PostgreSQL is missing: install it"):
        missing("PostgreSQL", "postgresql")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="PostgreSQL is missing: install it"):
        missing("PostgreSQL", "postgresql")


def test_the_system_packages_are_there_or_named() -> None:
    script = ROOT / "tools" / "system_packages.sh"
    environment = {**os.environ, "CHROMIUM": "/nowhere/chromium", "PATH": "/nowhere"}
    for ci, status in (("", 0), ("true", 1)):
        answer = subprocess.run(
            ["/bin/bash", script],
            env={**environment, "CI": ci},
            capture_output=True,
            text=True,
        )
        assert answer.returncode == status
        assert "chromium" in answer.stderr
