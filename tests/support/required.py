"""What a machine must have for a test to run."""

import os
from typing import NoReturn

import pytest


def missing(what: str, package: str) -> NoReturn:
    """Skip the test aloud; under CI=true fail it, so that a green run has run everything."""
    words = f"{what} is missing: install it (Debian: apt-get install {package}), then `make test`"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)
