"""The public names are listed, and the example runs as it is printed."""

import re

import opendcr
from tests.docs.texts import ROOT

PAGE = (ROOT / "docs/python.md").read_text()


def test_every_public_name_is_listed_and_no_other() -> None:
    listed = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.+?) \|", PAGE, re.MULTILINE)))
    assert sorted(listed) == sorted(set(opendcr.__all__) - {"__version__"})


def test_every_public_name_is_there() -> None:
    assert all(getattr(opendcr, name) is not None for name in opendcr.__all__)


def test_the_example_runs() -> None:
    (example,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/python.md", "exec"), {})
