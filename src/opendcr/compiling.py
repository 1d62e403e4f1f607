"""How the fast parts are compiled, and where what is compiled is kept.

They stand in folders named `kernel`. What is compiled is kept by the content of all of their
sources: a compiled function holds those that it calls, and would not notice by itself that one of
them has changed.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.core.event import Listener, install_listener

F = TypeVar("F", bound=Callable[..., Any])


def sources_digest(of: str = "*") -> str:
    """A digest of the sources that are compiled: of one package's kernel, or of all."""
    sources = sorted(Path(__file__).parent.glob(f"{of}/kernel/*.py"))
    whole = hashlib.blake2b(b"".join(one.read_bytes() for one in sources), digest_size=8)
    return whole.hexdigest()


def _folder() -> Path:
    said = config.CACHE_DIR or os.environ.get("XDG_CACHE_HOME")
    base = Path(said) if said else Path.home() / ".cache"
    return base / "opendcr" / "compiled" / sources_digest()


config.CACHE_DIR = str(_folder())


def kept_in() -> str:
    """The folder in which what is compiled is kept."""
    return str(config.CACHE_DIR)


class _Told(Listener):  # type: ignore[misc]
    """Tells once that something is being compiled, and not taken from what is kept."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell: Callable[[], None] | None = tell

    def on_start(self, event: Any) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()

    def on_end(self, event: Any) -> None:
        """Nothing is told of the end."""


@contextmanager
def telling(tell: Callable[[], None]) -> Iterator[None]:
    """Within this, `tell` is called once as soon as anything has to be compiled."""
    with install_listener("numba:compile", _Told(tell)):
        yield


def _has_room() -> bool:
    """Whether what is compiled fits on the disk: a file that is cut off would be an error."""
    folder = Path(kept_in())
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free > _TAKES


_TAKES = 64 * 2**20  # bytes, amply
_KEEPS = _has_room()


def compiled(function: F) -> F:
    """Compiled when it is first called, and kept; it lets go of the interpreter while it runs.

    Where nothing can be kept, it is compiled anew in each process.
    """
    if _KEEPS:
        with suppress(RuntimeError):  # no folder that can be written
            return cast(F, njit(cache=True, nogil=True)(function))
    return cast(F, njit(nogil=True)(function))


def helper(function: F) -> F:
    """Compiled into whatever compiled function calls it."""
    return cast(F, njit(function))


def inlined(function: F) -> F:
    """Written out in whatever compiled function calls it: where the call would cost more."""
    return cast(F, njit(inline="always")(function))
