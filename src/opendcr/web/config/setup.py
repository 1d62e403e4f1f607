"""Setting Django up for a command: which databases, and what is wrong with them in one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

from opendcr.errors import InputError
from opendcr.web.config.places import database as settings_of
from opendcr.web.config.places import room_database


def configure(
    database: str | None = None, keys: str | None = None, *, existing: bool = False
) -> None:
    """Leads Django to the databases of the options or the environment, and sets it up.

    Raises InputError for an address that leads nowhere; with `existing`, also for a SQLite file
    that is not there: to look into it would make it.
    """
    for name, url in (("OPENDCR_DATABASE", database), ("OPENDCR_KEYS", keys)):
        if url:
            os.environ[name] = url
        if os.environ.get(name):
            _has_folder(settings_of(os.environ[name]))
    if existing:
        _is_there(database)  # first, since the settings leave a key behind
    os.environ["DJANGO_SETTINGS_MODULE"] = "opendcr.web.config.settings"
    try:
        django.setup()
    except OSError as error:
        found = f"{error.filename}: {(error.strerror or 'unusable').lower()}"
        raise InputError("the data folder", found, "a folder that can be written to") from error


def _has_folder(settings: dict[str, Any]) -> None:
    folder = Path(settings["NAME"]).absolute().parent
    if settings["ENGINE"].endswith("sqlite3") and not folder.is_dir():
        raise InputError("--database", f"no folder {folder}", "a path in an existing folder")


def _is_there(database: str | None) -> None:
    main = room_database()
    if main["ENGINE"].endswith("sqlite3") and not Path(main["NAME"]).exists():
        option = f" --database {database}" if database else ""
        expected = f"one that `opendcr migrate{option}` has prepared"
        raise InputError("--database", f"no database at {main['NAME']}", expected)


@contextmanager
def database_trouble() -> Iterator[None]:
    """Says in one line what is wrong with a database. Django must be set up."""
    from opendcr.web.store.trouble import TROUBLE, words_for

    try:
        yield
    except TROUBLE as error:
        raise InputError("--database", words_for(error), "a database that can be used") from error
