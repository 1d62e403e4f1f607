"""The floor under the compiled room: the random numbers of the same people, and nothing else."""

import numpy as np

from opendcr.compiling import compiled
from opendcr.simulate.kernel.numbers import FIRST, exponential, whole
from opendcr.simulate.kernel.people import P_COLUMNS, bits_of, draw_day, first_person, gap
from opendcr.simulate.kernel.tables import (
    CLOCK,
    CLOSES,
    DAY_BEGINS,
    EPISODE,
    EPISODE_LAW,
    FIRST_SPAN,
    HOUR,
    LENGTH,
    OFFSET,
    OPENS,
    ORDINAL,
    PATIENCE,
    PATIENCE_LAW,
    SPANS,
)


@compiled
def drawn_whole(room, streams):
    """How many people the whole room draws in one replication."""
    table, people = np.empty((256, P_COLUMNS), dtype=np.int64), 0
    for day in range(len(room.days)):
        table, count = draw_day(room, streams, day, people, table)
        people += count
    return people


@compiled
def drawn(room, streams, waits):
    """How many people come in one replication, and the sum of what is drawn for them: a gap and an
    episode for each, patience for a share of them, at even distances."""
    days, spans, laws = room.days, room.spans, room.laws
    mean_episode, mean_patience = laws[EPISODE_LAW, FIRST], laws[PATIENCE_LAW, FIRST]
    people, total, waiting = 0, np.int64(0), 0.0
    for day in range(len(days)):
        opens, closes = days[day, OPENS], days[day, CLOSES]
        for hour in range(days[day, SPANS]):
            span = days[day, FIRST_SPAN] + hour
            start = days[day, DAY_BEGINS] + spans[span, OFFSET]
            if start < opens or start >= closes:  # this room opens and closes on the hour
                continue
            length = spans[span, LENGTH]
            person = first_person(days[day, ORDINAL], hour)
            mean = HOUR / (room.per_hour[spans[span, CLOCK]] * room.factor[day])
            since = gap(streams, person, mean)
            while since < length:
                people += 1
                total += whole(exponential(bits_of(streams, EPISODE, person)) * mean_episode)
                waiting += waits
                if waiting >= 1.0:
                    waiting -= 1.0
                    bits = bits_of(streams, PATIENCE, person)
                    total += whole(exponential(bits) * mean_patience)
                person += 1
                since += gap(streams, person, mean)
    return people, total
