"""Each program of benchmarks/ runs to its end, on small counts: their numbers are for people."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.browser import chromium
from tests.support.required import missing

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
SMALL = {
    "board.py": ("--loads", "1"),
    "fold.py": ("--facts", "3000"),
    "interrupted.py": ("--repeats", "3"),
    "measures.py": ("--rooms", "1", "--years", "1", "--days", "20"),
    "power.py": ("--panels", "4", "--slow", "1"),
    "room.py": (
        "--days",
        "10",
        "--replications",
        "4",
        "--repeats",
        "1",
        "--starts",
        "1",
        "--warm",
    ),
    "screens.py": ("--taps", "4", "--streams", "2", "--engine", "sqlite"),
    "simulate.py": ("--days", "2"),
    "structural.py": ("--seeds", "1", "--without", "peers"),
    "synthetic_control.py": ("--without", "peers"),
    "verification.py": ("--facts", "1000"),
    "write_path.py": ("--seconds", "0.5", "--saturated", "0.5", "--engine", "sqlite"),
}


def test_every_program_is_among_them_and_in_the_readme() -> None:
    programs = {program.name for program in BENCHMARKS.glob("*.py")}
    assert programs == set(SMALL)
    readme = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert {name for name in programs if f"| `{name}` |" in readme} == programs


@pytest.mark.soak
@pytest.mark.parametrize("program", SMALL)
def test_it_runs_to_its_end(program: str) -> None:
    if program == "board.py" and chromium() is None:
        missing("Chromium", "chromium-headless-shell")
    done = subprocess.run(
        [sys.executable, BENCHMARKS / program, *SMALL[program]],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
