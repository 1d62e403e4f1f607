"""Keys of texts to come: stored before they are needed, so that a text is sealed in memory alone.

Whoever taps an emergency must not wait for the keys' database, which a backup may hold, and what is
seen of a body is taken with its words while it does.
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock

from django.db import OperationalError, connections

from opendcr.web.store.keyring.keys import make_keys, stands
from opendcr.web.store.trouble import TROUBLE

AHEAD = 128  # keys
FOR_BODIES = 64  # of them, those that only a report on a body takes
AGAIN_AFTER = 5.0  # seconds without a try after the keys' database failed

Key = tuple[str, bytes]  # a text's id and the key that it will be sealed under


@dataclass
class _Stock:
    """The keys that nobody has used yet, the oldest first."""

    keys: deque[Key] = field(default_factory=deque)
    using: Lock = field(default_factory=Lock)
    failed: tuple[float, str] = (float("-inf"), "")

    def check(self) -> None:
        """Lets the keys go where the database is not the one that they were stored in: a backup was
        restored, and what is sealed under them could never be read."""
        if self.keys and not stands(self.keys[-1][0]):
            self.keys.clear()

    def fill(self) -> None:
        """Makes as many keys as are missing."""
        self.check()
        if len(self.keys) < AHEAD:
            self.keys.extend(make_keys(AHEAD - len(self.keys), datetime.now(UTC)))

    def tried(self, work: Callable[[], None]) -> None:
        """Does what needs the database; for a while after it failed, fails at once."""
        with self.using:
            since, words = self.failed
            if time.monotonic() - since < AGAIN_AFTER:
                raise OperationalError(words)
            try:
                work()
            except TROUBLE as error:
                self.failed = time.monotonic(), str(error)
                raise


_stocks: dict[str, _Stock] = {}


def _stock() -> _Stock:
    return _stocks.setdefault(str(connections["keys"].settings_dict["NAME"]), _Stock())


def make_ahead() -> None:
    """Fills the stock; raises DatabaseError where the keys' database takes nothing now."""
    stock = _stock()
    stock.tried(stock.fill)


def ready_for(texts: int, *, body: bool) -> None:
    """Makes sure that so many texts can be sealed; raises DatabaseError where they cannot.

    Nothing that waits for a database may stand inside a room's lock: this comes before.
    """
    if not texts:
        return
    stock = _stock()
    with suppress(*TROUBLE):
        stock.tried(stock.check)
    if len(stock.keys) < texts + (0 if body else FOR_BODIES):
        stock.tried(stock.fill)


def take() -> Key:
    """A key that is stored already, for one text; raises DatabaseError where none is left."""
    try:
        return _stock().keys.popleft()
    except IndexError:
        raise OperationalError("no key is left: the keys' database is locked") from None
