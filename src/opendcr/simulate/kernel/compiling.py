"""How the fast room is compiled, and where what is compiled is kept.

Kept by the content of all of this folder's sources: a compiled function holds those that it calls,
and would not notice by itself that one of them has changed.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from numba import config, njit

F = TypeVar("F", bound=Callable[..., Any])


def sources_digest() -> str:
    """A digest of this folder's sources."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    whole = hashlib.blake2b(b"".join(one.read_bytes() for one in sources), digest_size=8)
    return whole.hexdigest()


def _folder() -> Path:
    said = config.CACHE_DIR or os.environ.get("XDG_CACHE_HOME")
    base = Path(said) if said else Path.home() / ".cache"
    return base / "opendcr" / "compiled" / sources_digest()


config.CACHE_DIR = str(_folder())


def compiled(function: F) -> F:
    """Compiled when it is first called, and kept; it lets go of the interpreter while it runs.

    Where nothing can be kept, it is compiled anew in each process.
    """
    try:
        return cast(F, njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no folder that can be written
        return cast(F, njit(nogil=True)(function))


def helper(function: F) -> F:
    """Compiled into whatever compiled function calls it."""
    return cast(F, njit(function))


def inlined(function: F) -> F:
    """Written out in whatever compiled function calls it: where the call would cost more."""
    return cast(F, njit(inline="always")(function))
