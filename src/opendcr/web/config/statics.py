"""Static files, compressed once when the server starts: a board opens quickly over poor radio."""

import gzip
import tempfile
from pathlib import Path
from typing import Any

from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]
from whitenoise.responders import StaticFile  # type: ignore[import-untyped]

TEXTS = {".css", ".js", ".svg"}  # pictures and fonts are compressed already


class CompressedStatics(WhiteNoiseMiddleware):  # type: ignore[misc]  # has no types
    """Static files, and a compressed twin of each text in a folder that goes with the process."""

    def __init__(self, get_response: Any) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="opendcr-static-")
        super().__init__(get_response)

    def get_static_file(
        self, path: str, url: str, stat_cache: dict[str, Any] | None = None
    ) -> StaticFile:
        """The file with its headers, and its twin for browsers that take one."""
        plain = super().get_static_file(path, url, stat_cache)
        if Path(path).suffix not in TEXTS:
            return plain
        headers = dict(plain.alternatives[0][2])
        return StaticFile(path, list(headers.items()), encodings={"gzip": self._twin(path, url)})

    def _twin(self, path: str, url: str) -> str:
        twin = Path(self._folder.name) / url.strip("/").replace("/", "-")
        twin.write_bytes(gzip.compress(Path(path).read_bytes(), mtime=0))
        return str(twin)
