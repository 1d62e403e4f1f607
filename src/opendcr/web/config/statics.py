"""Static files, compressed once when the server starts: a board opens quickly over poor radio."""

import atexit
import gzip
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]
from whitenoise.responders import StaticFile  # type: ignore[import-untyped]

TEXTS = {".css", ".js", ".svg"}  # pictures and fonts are compressed already


class CompressedStatics(WhiteNoiseMiddleware):  # type: ignore[misc]  # has no types
    """Static files, and a compressed twin of each text in a folder that goes with the process."""

    def get_static_file(
        self, path: str, url: str, stat_cache: dict[str, Any] | None = None
    ) -> StaticFile:
        """The file with its headers, and its twin for browsers that take one."""
        plain = super().get_static_file(path, url, stat_cache)
        if Path(path).suffix not in TEXTS:
            return plain
        headers = dict(plain.alternatives[0][2])
        return StaticFile(path, list(headers.items()), encodings={"gzip": _twin(path, url)})


@cache
def _folder() -> Path:
    folder = tempfile.mkdtemp(prefix="opendcr-static-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _twin(path: str, url: str) -> str:
    """The address of a text's compressed copy, made once per process."""
    twin = _folder() / url.strip("/").replace("/", "-")
    twin.write_bytes(gzip.compress(Path(path).read_bytes(), mtime=0))
    return str(twin)
