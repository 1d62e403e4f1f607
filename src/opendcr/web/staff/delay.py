"""After wrong passwords the next answer takes longer. Nobody is ever locked out: there may be an
emergency behind the sign-in."""

import time

FREE = 3  # wrong passwords that cost nothing
LONGEST = 8.0  # seconds
FORGOTTEN = 300.0  # seconds after which wrong passwords no longer count

_wrong: dict[str, tuple[int, float]] = {}


def seconds_for(name: str) -> float:
    """How long an attempt under this name must wait before it is answered. One follows the other
    (see `turns`): several at once would all wait for what only the last of them had to."""
    count, last = _wrong.get(name, (0, 0.0))
    if time.monotonic() - last > FORGOTTEN:
        return 0.0
    return min(2.0 ** (count - FREE), LONGEST) if count >= FREE else 0.0


def note(name: str, *, right: bool) -> None:
    """Remembers how an attempt ended."""
    if right:
        _wrong.pop(name, None)
        return
    if len(_wrong) > 10_000:  # an attacker who invents names must not fill the memory
        _wrong.clear()
    count = _wrong.get(name, (0, 0.0))[0] if seconds_for(name) or name in _wrong else 0
    _wrong[name] = (count + 1, time.monotonic())
