"""Where the system keeps what is its own: the data folder, the database's address, the keys."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from opendcr.errors import InputError

_EXPECTED = "sqlite:///PATH or postgresql://USER@HOST/NAME"

# One write at a time takes the file at once (IMMEDIATE), is on the disk when it is acknowledged
# (FULL), and a REPLACE meets the triggers against deletion too (recursive_triggers).
_SQLITE: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    " PRAGMA recursive_triggers=ON;",
}

# A connection that carries nothing any more is known for it within some seconds, at both ends: the
# server's would otherwise keep the room's lock. Nothing waits longer for a lock than a tablet does.
_POSTGRESQL = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 8000,
    "options": "-c lock_timeout=8s -c statement_timeout=60s"
    " -c idle_in_transaction_session_timeout=20s -c tcp_keepalives_idle=5"
    " -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=8000",
}


def data_folder() -> Path:
    """The user's data folder for OpenDCR, by the XDG rules; OPENDCR_HOME names another."""
    own = os.environ.get("OPENDCR_HOME")
    shared = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(own) if own else Path(shared) / "opendcr"


def room_database() -> dict[str, Any]:
    """Django's settings for the database that is configured: OPENDCR_DATABASE, or a file of ours."""
    return database(
        os.environ.get("OPENDCR_DATABASE") or f"sqlite:///{data_folder() / 'room.sqlite3'}"
    )


def database(url: str) -> dict[str, Any]:
    """Django's settings for the database at an address; raises InputError for an unknown one."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        return _settings("sqlite3", unquote(parts.path[1:]), OPTIONS=dict(_SQLITE))
    if parts.scheme in ("postgresql", "postgres") and len(parts.path) > 1:
        host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
        return _settings(
            "postgresql",
            unquote(parts.path[1:]),
            USER=unquote(parts.username or ""),
            PASSWORD=unquote(parts.password or ""),
            HOST=host,
            PORT=str(parts.port or ""),
            OPTIONS=dict(_POSTGRESQL),
        )
    raise InputError("--database", f"the address '{_without_password(url)}'", _EXPECTED)


def keys_database(url: str) -> dict[str, Any]:
    """The same for the database of the keys, which nobody waits for longer than a moment."""
    settings = database(url)
    if settings["ENGINE"].endswith("sqlite3"):
        settings["OPTIONS"]["timeout"] = 1
    else:
        settings["OPTIONS"]["options"] += " -c lock_timeout=1s"
        settings["OPTIONS"]["connect_timeout"] = 2  # the least that it takes
    return settings


def _settings(engine: str, name: str, **more: Any) -> dict[str, Any]:
    return {"ENGINE": f"django.db.backends.{engine}", "NAME": name, "ATOMIC_REQUESTS": False} | more


def _without_password(url: str) -> str:
    before, at, after = url.rpartition("@")
    return f"{before.split(':')[0]}:…@{after}" if at else url


def make_folder(folder: Path) -> None:
    """Makes a folder that is not there, for its owner only; one that is there stays as it is."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)


def make_database_file(settings: Mapping[str, Any]) -> None:
    """Makes the empty file of a SQLite database that is not there, for its owner only.

    SQLite would let everybody read it; its other files follow this one.
    """
    if settings["ENGINE"].endswith("sqlite3") and not Path(settings["NAME"]).exists():
        with suppress(OSError):  # what is wrong with the place, SQLite says by itself
            os.close(os.open(settings["NAME"], os.O_WRONLY | os.O_CREAT, 0o600))


def secret_file(path: Path, size: int) -> bytes:
    """The random bytes that a file holds, made on the first call and readable by its owner only."""
    make_folder(path.parent)
    if not path.exists():
        _make(path, secrets.token_bytes(size))
    held = path.read_bytes()
    if len(held) != size:
        raise InputError(str(path), f"{len(held)} bytes", f"a key of {size} bytes")
    return held


def _make(path: Path, content: bytes) -> None:
    """Makes a whole file or none: another process may be making it too, and the first one wins."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
