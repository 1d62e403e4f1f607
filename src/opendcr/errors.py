"""What can be wrong with input, said to the person who meets it.

OpenDCRError
└── InputError          bad input: what was found, what was expected, where
    └── LedgerError     a ledger that cannot be read
"""

from collections.abc import Iterator
from contextlib import contextmanager


class OpenDCRError(Exception):
    """The base of every error that is meant for a person."""


class InputError(OpenDCRError):
    """Bad input, in one line: where it stands, what was found and what was expected."""

    def __init__(self, where: str, found: str, expected: str) -> None:
        self.where, self.found, self.expected = where, found, expected
        super().__init__(f"{where}: found {found}; expected {expected}")


@contextmanager
def concerning(what: str) -> Iterator[None]:
    """Whatever input is bad within is told with what it concerns beside where it stands."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{error.where} ({what})", error.found, error.expected) from error


class LedgerError(InputError):
    """A ledger line that cannot be read."""
