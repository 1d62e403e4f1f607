"""What is said while the room is compiled is not what these tests are about: it is compiled first."""

import pytest

from opendcr.simulate.kernel.ready import ready


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    ready(lambda words: None)
