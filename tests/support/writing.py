"""A process of its own that writes to a room: `python -m tests.support.writing ROOM COUNT [PLACE]`.

Without a place, it records arrivals; with one, it seats the visits named on standard input there.
One line for each acknowledged command: the last `seq`, or the refusal's code.
"""

import sys

from opendcr.web.config.setup import configure

configure()

from tests.support import acting  # noqa: E402  (after Django's set-up)


def main(room: str, count: int) -> None:
    """Records that many arrivals, and says of each when it is acknowledged."""
    for _ in range(count):
        _say(acting.send(room, "Arrive").facts[-1]["seq"])


def seat(room: str, place: str) -> None:
    """Seats each visit of standard input in the place."""
    for visit in map(str.strip, sys.stdin):
        answer = acting.send(room, "Seat", {"place": place}, visit=visit)
        _say("seated" if answer.status == 200 else answer.refusal)


def _say(words: object) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) > 3:
        seat(sys.argv[1], sys.argv[3])
    else:
        main(sys.argv[1], int(sys.argv[2]))
