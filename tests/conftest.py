"""Hypothesis profiles: few examples by default, many with OPENDCR_SOAK=1, the same ones in CI."""

import os

from hypothesis import HealthCheck, settings

SOAK = os.environ.get("OPENDCR_SOAK") == "1"

settings.register_profile(
    "few",
    max_examples=30,
    deadline=None,  # two cores are shared with browsers and servers: a slow example is no fault
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.register_profile("soak", settings.get_profile("few"), max_examples=500)
settings.load_profile("soak" if SOAK else "few")
if SOAK:
    os.environ.setdefault("PYTEST_TIMEOUT", "1800")  # seconds a test: large counts take long
