"""A store for each test, on both engines: empty, apart, and the same in every thread."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from playwright.sync_api import Page

from tests.support.engines import RoomDatabase, connect


def _tables() -> set[str]:
    try:
        return set(connection.introspection.table_names())
    finally:
        connection.close()


def test_the_store_is_migrated_and_of_the_engine(room_database: RoomDatabase) -> None:
    assert connection.vendor == room_database.engine
    assert "store_entry" in _tables()


def test_every_thread_meets_the_same_store(room_database: RoomDatabase) -> None:
    connect(room_database.owner_url, room_database.keys_url)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE of_this_test (seq int)")
    with ThreadPoolExecutor(1) as other:
        assert "of_this_test" in other.submit(_tables).result()


def test_the_next_test_meets_an_empty_store(room_database: RoomDatabase) -> None:
    assert "of_this_test" not in _tables()


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_test_may_ask_for_one_engine(room_database: RoomDatabase) -> None:
    assert room_database.engine == "postgresql"


def test_a_page_and_a_store_go_together(room_database: RoomDatabase, page: Page) -> None:
    page.set_content("<p>a board</p>")
    assert room_database.url.startswith(room_database.engine)
