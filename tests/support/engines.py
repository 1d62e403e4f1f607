"""An empty store for each test, on either engine.

Migrating takes seconds, copying does not: each engine is migrated once, and each test gets a copy.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.postgres import SERVING, Cluster


@dataclass(frozen=True)
class RoomDatabase:
    """A migrated store: its engine and the addresses of its two databases.

    `url` is the address for serving: on PostgreSQL with a role that owns nothing. `owner_url` is
    the owner's; on SQLite they are one.
    """

    engine: str
    url: str
    owner_url: str
    keys_url: str
    home: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment in which a process of its own meets this store."""
        own = {
            "OPENDCR_HOME": str(self.home),
            "OPENDCR_DATABASE": self.url,
            "OPENDCR_KEYS": self.keys_url,
            "OPENDCR_TRAINING": "1",
        }
        return {**os.environ, **own}


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """Both engines, one after the other."""
    return str(request.param)


@pytest.fixture
def room_database(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[RoomDatabase]:
    """An empty store of its own on the engine, and Django's connections with it."""
    keys = request.getfixturevalue("migrated_keys")
    migrated = request.getfixturevalue(f"migrated_{engine}")
    keys_url = _copied(keys, tmp_path / "keys.sqlite3")
    if engine == "sqlite":
        url = owner_url = _copied(migrated, tmp_path / "room.sqlite3")
    else:
        server: Cluster = request.getfixturevalue("cluster")
        name = server.create(migrated)
        url, owner_url = server.url(name, SERVING), server.url(name)
    connect(url, keys_url)
    yield RoomDatabase(engine, url, owner_url, keys_url, tmp_path)
    close()
    if engine == "postgresql":
        server.drop(name)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that nobody uses."""
    path = tmp_path_factory.mktemp("migrated") / "room.sqlite3"
    _migrate("default", f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file for the keys that nobody uses."""
    path = tmp_path_factory.mktemp("migrated") / "keys.sqlite3"
    _migrate("keys", f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(cluster: Cluster) -> str:
    """The name of a migrated PostgreSQL database that nobody uses, owned by the owner's role."""
    name = cluster.create()
    _migrate("default", cluster.url(name))
    return name


def connect(url: str, keys_url: str) -> None:
    """Lead Django's connections, in every thread that opens one from now on, to this store."""
    _use("default", url)
    _use("keys", keys_url)


def tamper(database: RoomDatabase, statement: str) -> None:
    """Somebody with the owner's rights takes the triggers away and changes what was recorded."""
    from django.db import connection

    connect(database.owner_url, database.keys_url)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER store_entry_no_update")
            cursor.execute("DROP TRIGGER store_entry_no_delete")
        else:
            cursor.execute("ALTER TABLE store_entry DISABLE TRIGGER USER")
        cursor.execute(statement)


def close() -> None:
    """Close this thread's connections, those that it has opened."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        if connection.connection is not None:
            connection.close()


def _migrate(alias: str, url: str) -> None:
    from django.core.management import call_command
    from django.db import connection

    from opendcr.web.store.prepare import grant

    def work() -> None:
        try:
            call_command("migrate", database=alias, verbosity=0)
            if alias == "default" and connection.vendor == "postgresql":
                grant(SERVING)
        finally:
            close()

    _use(alias, url)
    # In a thread of its own: beside a browser this one has an event loop, where Django refuses.
    with ThreadPoolExecutor(1) as apart:
        apart.submit(work).result()


def _use(alias: str, url: str) -> None:
    if "tests.support.site" not in sys.modules:
        pytest.fail("the folder's conftest.py lacks `import tests.support.site  # noqa: F401`")
    from django.db import connections

    from opendcr.web.config.places import database, keys_database

    earlier = connections[alias]
    if earlier.connection is not None:
        earlier.close()
    del connections[alias]
    settings = keys_database(url) if alias == "keys" else database(url)
    configured = connections.configure_settings({"default": {}, alias: settings})
    connections.settings[alias] = configured[alias]


def _copied(original: Path, copy: Path) -> str:
    """The address of a copy of a SQLite file that nobody has open."""
    shutil.copyfile(original, copy)
    return f"sqlite:///{copy}"
