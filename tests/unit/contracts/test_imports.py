"""The directions of import: each contract has a sentence, and each sentence a contract."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "opendcr"
# What reaches people through a browser; all else is the domain or the command line to it.
WEB = {"web", "cli"}
SENTENCES = [
    "The domain knows nothing of the web",
    "Facts do not know what is made of them",
    "Screens do not know each other",
    "A simulation makes facts, not tables",
]


def contracts() -> list[dict[str, object]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return list(settings["tool"]["importlinter"]["contracts"])


def domain_modules() -> list[str]:
    """Every module outside the web and the command line, by its whole name."""
    files = (path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py"))
    return sorted(
        ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        for path in files
        if path.parts[1] not in WEB
    )


def test_each_direction_is_named_by_its_sentence() -> None:
    assert [contract["name"] for contract in contracts()] == SENTENCES


def test_the_contracts_hold() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout


def test_a_forbidden_import_breaks_its_contract(tmp_path: Path) -> None:
    package = tmp_path / "opendcr"
    for name in ("room", "ledger", "catalogue", "tables", "published", "simulate"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").write_text("")
    for name in ("__init__", "errors", "keyed", "compiling", "streams", "whole"):
        (package / f"{name}.py").write_text("")
    (package / "web" / "store").mkdir(parents=True)
    (package / "web" / "__init__.py").write_text("")
    (package / "web" / "store" / "__init__.py").write_text("")
    (package / "room" / "__init__.py").write_text("import django\n")
    (package / "catalogue" / "__init__.py").write_text("import opendcr.room\n")
    command = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run(
        [command, "--no-cache", "--config", ROOT / "pyproject.toml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 1
    assert f"{SENTENCES[0]} BROKEN" in answer.stdout
    assert f"{SENTENCES[1]} BROKEN" in answer.stdout


def test_the_domain_imports_where_there_is_no_django() -> None:
    program = """
import importlib, sys

class NoDjango:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "ninja", "csp", "psycopg", "uvicorn", "whitenoise"}:
            raise ModuleNotFoundError(f"{name} is of the web")

sys.meta_path.insert(0, NoDjango())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""
    answer = subprocess.run(
        [sys.executable, "-c", program, *domain_modules()], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_domain_installs_and_imports_without_the_web_extra(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, tmp_path / "venv"], check=True)
    subprocess.run([uv, "pip", "install", "-q", "--python", python, ROOT], check=True)
    check = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    answer = subprocess.run(
        [python, "-c", check, *domain_modules()], capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    django = subprocess.run([python, "-c", "import django"], capture_output=True)
    assert django.returncode != 0
