"""What OPENDCR_SOAK=1 (make soak) adds: many examples of each property, and tests marked `soak`.

Without it there are few examples, the same ones in CI.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

SOAK = os.environ.get("OPENDCR_SOAK") == "1"

settings.register_profile(
    "few",
    max_examples=20,
    deadline=None,  # two cores are shared with browsers and servers: a slow example is no fault
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.register_profile("soak", settings.get_profile("few"), max_examples=500)
settings.load_profile("soak" if SOAK else "few")
if SOAK:
    os.environ.setdefault("PYTEST_TIMEOUT", "1800")  # seconds a test: large counts take long


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    later = [] if SOAK else [item for item in items if item.get_closest_marker("soak")]
    config.hook.pytest_deselected(items=later)
    items[:] = [item for item in items if item not in later]
