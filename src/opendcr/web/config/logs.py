"""Log lines that can be shown to anybody.

A record's arguments and an exception's words may hold a name, a code or free text: of a request
only the answer's status, the method and the view's name remain, of an exception its type and where
it was raised.
"""

import logging
import traceback
from datetime import UTC, datetime

from django.http import HttpRequest

_OWN = "opendcr"
_SECURITY = "django.security"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Plain(logging.Formatter):
    """One line: time, level, logger, and words that hold nothing from outside."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        words = f"{moment} {record.levelname} {record.name}: {self._words(record)}"
        return words + (_raised(record.exc_info[1]) if record.exc_info else "")

    def _words(self, record: logging.LogRecord) -> str:
        # Our own messages carry codes and counts; the words of others are kept without values.
        if record.name.startswith(_OWN):
            return record.getMessage()
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest):
            return _answered(request, getattr(record, "status_code", None))
        # Such as a host that is not ours: what was sent is already in the words.
        return "a request was refused" if record.name.startswith(_SECURITY) else str(record.msg)


def _answered(request: HttpRequest, status: int | None) -> str:
    """An answer's status, the method, and the view by its name: an address can hold anything."""
    method = request.method if request.method in _METHODS else "another method"
    match = request.resolver_match
    view = match.view_name if match is not None else "no view"
    return f"{status or 'no answer'} {method} {view}"


def _raised(error: BaseException | None) -> str:
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    path = " < ".join(f"{frame.filename.split('/')[-1]}:{frame.lineno}" for frame in frames[::-1])
    return f" [{type(error).__name__} at {path}]"
