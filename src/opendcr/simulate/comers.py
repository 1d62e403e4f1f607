"""Who comes to a simulated room, when, and what they bring with them: drawn before the day begins.

The compiled room draws the same people from the same streams.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from opendcr.catalogue.care import SERVICES
from opendcr.simulate.kernel import people, tables
from opendcr.simulate.scenario import ANY, MINUTE, Scenario
from opendcr.streams import stream

HOUR = 60 * MINUTE


@dataclass(frozen=True, slots=True)
class Comer:
    """One person's coming. Times are milliseconds: `at` since 1970, the others as they last.

    `need` is the kind of place that they need. `patience` is None for somebody who waits as long as
    it takes. `emergency` is when in the episode one begins, None where none does; `care` how long
    it lasts, `naloxone` whether they are given it. Somebody who cannot start at once and finds
    `balks_at` people waiting does not join them; None joins however many do.
    """

    number: int
    at: int
    consumes: bool
    substances: tuple[str, ...]
    service: str
    episode: int
    patience: int | None
    turnover: int
    recovery: int
    emergency: int | None
    care: int = 0
    naloxone: bool = False
    balks_at: int | None = None
    need: str = ANY


@dataclass(frozen=True, slots=True)
class Day:
    """One day's opening: from `opens` to `closes`, milliseconds since 1970, and who comes.

    A room that never closes has days that follow on from the day before and run on into the next.
    """

    opens: int
    closes: int
    comers: tuple[Comer, ...]
    follows_on: bool = False
    runs_on: bool = False


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def days(scenario: Scenario, seed: int, replication: int = 0) -> Iterator[Day]:
    """The days of one replication, in order; people are numbered through."""
    room, streams = tables.assumed(scenario), tables.streams(seed, replication)
    classes = tables.classes_of(scenario)
    needs = [need for need, _ in tables.needs_of(scenario)]
    drawn = np.empty((64, people.P_COLUMNS), dtype=np.int64)
    number = 0
    for at, day in enumerate(room.days):
        drawn, count = people.draw_day(room, streams, at, number, drawn)
        number += count
        follows_on = at > 0 and room.days[at - 1, tables.SHUTS] != room.days[at - 1, tables.CLOSES]
        yield Day(
            int(day[tables.OPENS]),
            int(day[tables.CLOSES]),
            tuple(_comer(row, classes, needs, seed, replication) for row in drawn[:count].tolist()),
            follows_on=bool(follows_on),
            runs_on=bool(day[tables.SHUTS] != day[tables.CLOSES]),
        )


def _comer(
    row: list[int],
    classes: tuple[tuple[str, ...], ...],
    needs: list[str],
    seed: int,
    replication: int,
) -> Comer:
    service = stream(seed, replication, row[people.P_KEY], "service")
    return Comer(
        number=row[people.P_NUMBER],
        at=row[people.P_AT],
        consumes=bool(row[people.P_CONSUMES]),
        substances=classes[row[people.P_CLASS]],
        service=SERVICES.codes[int(service.integers(len(SERVICES)))],
        episode=row[people.P_EPISODE],
        patience=_unless_not(row[people.P_PATIENCE]),
        turnover=row[people.P_TURNOVER],
        recovery=row[people.P_RECOVERY],
        emergency=_unless_not(row[people.P_ONSET]),
        care=row[people.P_CARE],
        naloxone=bool(row[people.P_NALOXONE]),
        balks_at=_unless_not(row[people.P_BALKS_AT]),
        need=needs[row[people.P_NEED]],
    )


def _unless_not(value: int) -> int | None:
    return None if value == people.NOT else value
