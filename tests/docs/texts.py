"""The files of the project, as a reader or a machine finds them."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDORED = "src/opendcr/web/config/static/vendor/"


def files() -> list[Path]:
    """Every file of the project: tracked, or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file()]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def own_texts() -> dict[str, str]:
    """The text of each file that is written here, by its name; pictures and vendored files apart."""
    texts = {}
    for path in files():
        content = path.read_bytes()
        if b"\0" not in content and not name(path).startswith(VENDORED):
            texts[name(path)] = content.decode("utf-8")
    return texts


def markdown() -> dict[str, str]:
    """The documents, by name."""
    return {name: text for name, text in own_texts().items() if name.endswith(".md")}


def found(pattern: re.Pattern[str], texts: dict[str, str]) -> list[str]:
    """Each line in which a pattern occurs, with its place."""
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
