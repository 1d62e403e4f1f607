"""Many names in several questions: a database takes only so many in one."""

from collections.abc import Iterable, Iterator
from itertools import islice

NAMES = 400


def chunks(names: Iterable[str]) -> Iterator[list[str]]:
    """The names, so many at once as a question may hold."""
    remaining = iter(names)
    while some := list(islice(remaining, NAMES)):
        yield some
