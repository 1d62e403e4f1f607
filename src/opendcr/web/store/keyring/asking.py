"""Asking the keys' database for what a screen can be without: nobody waits long for a name.

A board without names shows who needs help; none at all would hide it.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connections

from opendcr.web.store.trouble import TROUBLE

T = TypeVar("T")

AGAIN_AFTER = 1.0  # seconds after a failure until the database is asked again
WAITS = 10  # it is left alone for so many times as long as it took to fail

_again: dict[str, float] = {}  # by database: when it may be asked again, after it failed


def asked(question: Callable[[], T]) -> T | None:
    """The answer of the keys' database; None where it gives none now, or gave none just before."""
    database, began = str(connections["keys"].settings_dict["NAME"]), time.monotonic()
    if began < _again.get(database, 0.0):
        return None
    try:
        return question()
    except TROUBLE:
        connections["keys"].close()  # the next question opens a new one
        failed = time.monotonic()
        _again[database] = failed + max(AGAIN_AFTER, WAITS * (failed - began))
        return None
