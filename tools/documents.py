"""Writes the parts of the Markdown documents that are made from the code, or checks them.

    python -m tools.documents            write
    python -m tools.documents --check    name each line that is missing or too much; exit status 1

Such a part stands between two comments:

    <!-- made from the code: kinds -->
    <!-- end: kinds -->
"""

import argparse
import re
import sys
from collections.abc import Iterator
from difflib import ndiff
from pathlib import Path

from tools.inventory import BLOCKS, ROOT

_BLOCK = re.compile(
    r"(?P<open><!-- made from the code: (?P<name>[\w-]+) -->\n)"
    r"(?P<body>.*?)"
    r"(?P<close><!-- end: (?P=name) -->)",
    re.DOTALL,
)


def documents() -> list[Path]:
    """The Markdown files with parts that are made from the code."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def rendered(text: str) -> str:
    """The text with each such part made anew; raises KeyError for a part that nobody makes."""
    return _BLOCK.sub(
        lambda block: block["open"] + "\n".join(BLOCKS[block["name"]]()) + "\n" + block["close"],
        text,
    )


def differences(path: Path) -> Iterator[str]:
    """One line for each line that is missing from a document or no longer true."""
    for block in _BLOCK.finditer(path.read_text()):
        there, made = block["body"].splitlines(), BLOCKS[block["name"]]()
        for line in ndiff(there, made):
            if line[0] in "+-":
                found = "missing" if line[0] == "+" else "no longer true"
                yield f"{path.relative_to(ROOT)}, {block['name']}: {found}: {line[2:]}"


def check() -> int:
    """Print what is out of date; 1 if anything is."""
    found = [line for path in documents() for line in differences(path)]
    if found:
        print("\n".join(found), "write them again with: make docs", sep="\n", file=sys.stderr)
    return 1 if found else 0


def write() -> int:
    """Make every part anew, touching only the files that change."""
    for path in documents():
        text = path.read_text()
        made = rendered(text)
        if made != text:
            path.write_text(made)
            print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The parts of the documents made from the code.")
    parser.add_argument("--check", action="store_true", help="change nothing, name what differs")
    sys.exit(check() if parser.parse_args().check else write())
