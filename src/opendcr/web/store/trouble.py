"""What a database's error means to a person."""

from django.db import DatabaseError, InterfaceError

TROUBLE = (DatabaseError, InterfaceError)

_WORDS = (
    ("full", "the disk is full: make room on it"),
    ("no space", "the disk is full: make room on it"),
    ("disk i/o", "the disk fails or is full: make room on it"),
    ("readonly", "the database can only be read: give this user the right to write to it"),
    ("read-only", "the database can only be read: give this user the right to write to it"),
    ("permission denied", "this database user may not do that: run `opendcr migrate` as the owner"),
    ("unable to open", "the database file cannot be opened: check its folder and its rights"),
    ("not a database", "the file is not a database"),
    ("malformed", "the database file is damaged: restore a backup"),
    ("locked", "the database is busy with another program"),
    ("no such table", "the database is not prepared: run `opendcr migrate`"),
    ("undefinedtable", "the database is not prepared: run `opendcr migrate`"),
    ("authentication failed", "the database does not accept this user or password"),
    ("does not exist", "there is no such database or user"),
    ("refused", "no database server answers at this address"),
    ("no such file", "no database server answers at this address"),
)


def words_for(error: Exception) -> str:
    """What is wrong and what to do, without anything that a row could hold."""
    said = f"{type(error.__cause__).__name__} {error}".lower()
    found = (words for sign, words in _WORDS if sign in said)
    return next(found, f"the database failed ({type(error).__name__})")
