"""The first test that needs a compiled design waits for the compiler, on a busy machine for minutes."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS))
