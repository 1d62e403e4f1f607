"""Files that are written whole or not at all."""

from pathlib import Path
from secrets import token_hex


def write_whole(path: Path, content: str | bytes) -> None:
    """Writes a file, whole or not at all; an OSError names the file, not the one on the way to it."""
    data = content.encode() if isinstance(content, str) else content
    written = path.with_name(f".{path.name}.{token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with written.open("xb") as file:  # readable to whom a new file of this user's is
                file.write(data)
            written.replace(path)
        except BaseException:
            written.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
