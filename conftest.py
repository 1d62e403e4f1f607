"""The fixtures that any test can name; tests/support/__init__.py describes them."""

pytest_plugins = [
    "tests.support.postgres",  # first: the others build on it
    "tests.support.engines",
    "tests.support.served",
    "tests.support.browser",
]
