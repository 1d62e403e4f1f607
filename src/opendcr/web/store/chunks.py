"""Many names in several questions, many rows in several answers: a database takes and gives only so
many at once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import connections
from django.db.models import QuerySet

NAMES = 400
AT_ONCE = 2000  # rows


def chunks(names: Iterable[str]) -> Iterator[list[str]]:
    """The names, so many at once as a question may hold."""
    remaining = iter(names)
    while some := list(islice(remaining, NAMES)):
        yield some


def streamed(rows: QuerySet[Any]) -> Iterator[Any]:
    """The rows of a question, so many at once as memory should hold.

    Raises what Django raises for any trouble: where a server dies between two answers, the driver's
    own error would come through.
    """
    with connections[rows.db].wrap_database_errors:
        yield from rows.iterator(AT_ONCE)
