"""The documents say what there is: no line is missing, none is no longer true."""

import re
from pathlib import Path

import pytest

from tests.docs.texts import ROOT, markdown
from tools import documents
from tools.inventory import BLOCKS, apps, folders


@pytest.mark.parametrize("path", documents.documents(), ids=lambda path: path.name)
def test_what_is_made_from_the_code_is_current(path: Path) -> None:
    assert list(documents.differences(path)) == [], "write it again with: make docs"


def test_every_part_stands_in_a_document() -> None:
    texts = "".join(path.read_text() for path in documents.documents())
    assert {name for name in BLOCKS if f"made from the code: {name} " not in texts} == set()


def test_a_missing_line_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (ROOT / "ARCHITECTURE.md").read_text()
    line = next(line for line in whole.splitlines() if line.startswith("| `Seated` |"))
    (tmp_path / "ARCHITECTURE.md").write_text(whole.replace(line + "\n", ""))
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    said = list(documents.differences(tmp_path / "ARCHITECTURE.md"))
    assert f"ARCHITECTURE.md, kinds: missing: {line}" in said


def _glossary() -> dict[str, str]:
    """Each word with the module beside it."""
    rows = re.findall(r"^\| (.+?) \| `(opendcr[\w.]*)` \|", markdown()["GLOSSARY.md"], re.MULTILINE)
    return dict(rows)


@pytest.mark.parametrize(("word", "module"), _glossary().items())
def test_each_word_has_its_module(word: str, module: str) -> None:
    path = ROOT / "src" / module.replace(".", "/")
    assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), (
        f"the glossary has {word} in {module}, which is not there"
    )


def test_each_package_says_what_it_holds() -> None:
    silent = [row for row in [*folders(), *apps()] if row.endswith("|  |")]
    assert silent == []
