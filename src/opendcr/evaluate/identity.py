"""Which code runs a study: the project's own sources, and the libraries that compute."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from opendcr import __version__

LIBRARIES = ("numba", "numpy", "scipy")
SOURCES = "sources"
RECOVERED = "docs/studies.md, “The code of a lock”, says how to run it"


@cache
def code() -> str:
    """The version and a digest of what would be run: the sources of the studies and of what they
    share with others, and the versions of the libraries that compute."""
    digest = _of_sources()
    for library in LIBRARIES:
        digest.update(f"{library} {version(library)}".encode())
    return f"{__version__}/{digest.hexdigest()[:16]}"


@cache
def code_parts() -> dict[str, str]:
    """What `code` is a digest of: that of the sources alone, and the libraries' versions."""
    parts = {SOURCES: _of_sources().hexdigest()[:16]}
    return parts | {library: version(library) for library in LIBRARIES}


def _of_sources() -> "hashlib._Hash":
    package = Path(__file__).parents[1]
    shared = [package / f"{name}.py" for name in ("compiling", "keyed", "streams")]
    digest = hashlib.sha256()
    for path in sorted([*shared, *Path(__file__).parent.rglob("*.py")]):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest


def differing(then: Mapping[str, str]) -> str:
    """What is no longer as it was in the code by which a plan was locked, as a clause; `then` are
    its parts, empty in locks that do not hold them."""
    if not then:
        now = ", ".join(libraries(code_parts()))
        return (
            "which part is another, the project's own code or a library (now "
            f"{now}), is not in this lock, which is older than that locks say it"
        )
    return "; ".join(_differing(then, code_parts()))


def _differing(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    if then[SOURCES] != now[SOURCES]:
        yield f"the project's own code is another (sources {then[SOURCES]} then, {now[SOURCES]} now)"
    for name in LIBRARIES:
        if then[name] != now[name]:
            yield f"{name} was {then[name]} then and is {now[name]} now"


def libraries(parts: Mapping[str, str]) -> list[str]:
    """The libraries with their versions, in words."""
    return [f"{name} {parts[name]}" for name in LIBRARIES if name in parts]
