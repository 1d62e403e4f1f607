"""What tests share. The fixtures are there for every test, by name:

    cluster, postgres_url                 a private PostgreSQL server      postgres.py
    engine, room_database                 a store on both engines          engines.py
    served_room                           `opendcr serve`, as a process    served.py
    browser, new_page, page               the system's Chromium            browser.py

- A test that takes `room_database` runs twice, on SQLite and on PostgreSQL, each time in an empty,
  migrated store of its own; Django's connections are that store's, in every thread. A process of
  its own gets the same store by `env=room_database.environment`. On PostgreSQL `url` is a role
  that owns nothing; `connect(room_database.owner_url, room_database.keys_url)` of engines.py makes
  this process the owner. For one engine alone:
  `@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)`.
- A folder whose tests import anything of `opendcr.web` has a conftest.py with the one line
  `import tests.support.site  # noqa: F401`, which sets Django up in a folder of its own. Tests of
  the domain need no Django.
- `postgres_url` is the address of an empty database as its owner; `postgres_url.serving()` makes a
  role that owns nothing and gives the address with it.
- Where PostgreSQL or Chromium is missing, the tests that need it are skipped with the reason; under
  CI=true they fail.
- Servers run as processes, never in a thread of the test's: Playwright's synchronous interface runs
  an event loop, in which Django refuses its database.
- Tests import what they share by its whole name: `from tests.spec.measures.drawn import ...`.
"""
