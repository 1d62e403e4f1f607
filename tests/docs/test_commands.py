"""Commands in the documents can be typed: each exists, with each option that is shown."""

import re
from pathlib import Path

import click
import pytest

from opendcr.cli import opendcr
from tests.docs.texts import ROOT, markdown

# In code spans and blocks; a command ends with its line, its span, or what joins another to it.
SHOWN = re.compile(r"(?:^|[`$] ?)opendcr ([a-z][^`\n|;>]*)", re.MULTILINE)
MAKE = re.compile(r"(?:^|[`$] ?)make ([a-z]+)", re.MULTILINE)


def problem(line: str) -> str | None:
    """What is wrong with a command line without `opendcr`, if anything."""
    command: click.Command = opendcr
    words = line.split()
    while isinstance(command, click.Group):
        word = words.pop(0) if words else ""
        if not re.fullmatch(r"[a-z][a-z-]*", word):
            return None  # a whole group is spoken of
        found = command.get_command(click.Context(command), word)
        if found is None:
            return f"no command {word}"
        command = found
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    unknown = [word for word in re.findall(r"--[a-z-]+", " ".join(words)) if word not in known]
    return f"no option {unknown[0]}" if unknown else None


@pytest.mark.parametrize("document", markdown())
def test_commands_exist(document: str) -> None:
    shown = SHOWN.findall((ROOT / document).read_text())
    assert {line: problem(line) for line in shown if problem(line)} == {}


def test_a_command_that_does_not_exist_is_found() -> None:
    assert problem("serve --demo") is None
    assert problem("serve --no-such-option") == "no option --no-such-option"
    assert problem("ledger no-such-command FILE") == "no command no-such-command"


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_targets_of_make_exist(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(MAKE.findall((ROOT / document).read_text())) - targets == set()


def test_tests_that_are_named_exist() -> None:
    named = re.findall(r"tests/[a-z_/]+", (ROOT / "CONTRIBUTING.md").read_text())
    assert [path for path in named if not list(ROOT.glob(f"{path.rstrip('/')}*"))] == []


def test_ci_runs_what_the_readme_says() -> None:
    steps = (ROOT / ".ci" / "run").read_text().splitlines()
    assert [line for line in steps if line.startswith("make ")] == ["make check", "make test"]
    assert "\nmake test\n" in Path(ROOT / "README.md").read_text()
