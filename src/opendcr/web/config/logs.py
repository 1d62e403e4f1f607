"""Log lines that can be shown to anybody.

A record's arguments and an exception's words may hold a name, a code or free text: of a request
only the method and the view's place remain, of an exception its type and where it was raised.
"""

import logging
import traceback
from datetime import UTC, datetime

_OWN = "opendcr"


class Plain(logging.Formatter):
    """One line: time, level, logger, and words that hold nothing from outside."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds")
        words = f"{moment} {record.levelname} {record.name}: {self._words(record)}"
        return words + (_raised(record.exc_info[1]) if record.exc_info else "")

    def _words(self, record: logging.LogRecord) -> str:
        # Our own messages carry codes and counts; the words of others are kept without values.
        return record.getMessage() if record.name.startswith(_OWN) else str(record.msg)


def _raised(error: BaseException | None) -> str:
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    path = " < ".join(f"{frame.filename.split('/')[-1]}:{frame.lineno}" for frame in frames[::-1])
    return f" [{type(error).__name__} at {path}]"
