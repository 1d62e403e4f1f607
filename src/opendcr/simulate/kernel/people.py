"""What people bring, drawn from their own streams: compiled.

A person's number for random streams is made of the day, the clock hour and the order within it, so
that a room that opens an hour longer sees the same people in the hours that it had.
"""

from typing import Any

import numpy as np

from opendcr.compiling import compiled, helper
from opendcr.simulate.kernel.bare import bare
from opendcr.simulate.kernel.numbers import KIND, duration, exponential, number_of, unit
from opendcr.simulate.kernel.tables import (
    BALKING,
    CARE,
    CARE_LAW,
    CLOCK,
    CLOSES,
    CONSUMES,
    DAY_BEGINS,
    DAY_KEYS,
    EMERGENCY,
    EPISODE,
    EPISODE_LAW,
    FIRST_SPAN,
    GAP,
    HOUR,
    HOUR_KEYS,
    LENGTH,
    MONTH,
    NALOXONE,
    NEED,
    OFFSET,
    ONSET,
    OPENS,
    ORDINAL,
    PATIENCE,
    PATIENCE_LAW,
    RECOVERY,
    RECOVERY_LAW,
    SPANS,
    SUBSTANCES,
    TURNOVER,
    TURNOVER_LAW,
    least_care,
)

NOT = -1  # a time or a duration of something that does not happen
# 10,865 of 41,538 overdoses in Canada's rooms needed naloxone (Health Canada, supervised
# consumption sites; its page does not make clear from which date it counts).
NALOXONE_SHARE = 10_865 / 41_538
_LEAST_CARE = least_care()


@helper
def bits_of(streams, purpose, person):
    """A person's random bits for a purpose."""
    return number_of(streams[purpose, 0], streams[purpose, 1], person)


@helper
def first_person(ordinal, hour):
    """The number, for random streams, of the first person who may come in an hour of a day."""
    return (ordinal * DAY_KEYS + hour) * HOUR_KEYS


@helper
def gap(streams, person, mean):
    """Milliseconds from the last person, or the hour's begin, until this one."""
    return exponential(bits_of(streams, GAP, person)) * mean


@helper
def consumes(streams, share, person):
    """Whether a person comes to use."""
    return share >= 1.0 or unit(bits_of(streams, CONSUMES, person)) < share


@helper
def class_of(streams, mix, month, person):
    """The class of the substances that a person brings."""
    found, at = unit(bits_of(streams, SUBSTANCES, person)), 0
    while at < mix.shape[1] - 1 and found >= mix[month, at]:
        at += 1
    return at


@helper
def need_of(streams, needs, person):
    """The need of a person."""
    found, at = unit(bits_of(streams, NEED, person)), 0
    while at < len(needs) - 1 and found >= needs[at]:
        at += 1
    return at


@helper
def episode_of(streams, laws, values, drawn, person):
    """How long a person with a class of substances uses."""
    return duration(laws, values, EPISODE_LAW + drawn, bits_of(streams, EPISODE, person))


@helper
def patience_of(streams, laws, values, person):
    """How long a person waits, NOT where without end."""
    if laws[PATIENCE_LAW, KIND] < 0:
        return np.int64(NOT)
    return duration(laws, values, PATIENCE_LAW, bits_of(streams, PATIENCE, person))


@helper
def turnover_of(streams, laws, values, person):
    """How long the place that a person leaves is made ready."""
    if laws[TURNOVER_LAW, KIND] < 0:
        return np.int64(0)
    return duration(laws, values, TURNOVER_LAW, bits_of(streams, TURNOVER, person))


@helper
def recovery_of(streams, laws, values, person):
    """How long a person rests."""
    if laws[RECOVERY_LAW, KIND] < 0:
        return np.int64(0)
    return duration(laws, values, RECOVERY_LAW, bits_of(streams, RECOVERY, person))


@helper
def onset_of(streams, chance, episode, person):
    """How long after the start of an episode an emergency begins, NOT where none does.

    Between a tenth and nine tenths of the episode.
    """
    if chance <= 0.0 or unit(bits_of(streams, EMERGENCY, person)) >= chance:
        return np.int64(NOT)
    return np.int64(episode * (0.1 + 0.8 * unit(bits_of(streams, ONSET, person))))


@helper
def care_of(streams, laws, values, person):
    """How long the emergency of a person lasts."""
    drawn = duration(laws, values, CARE_LAW, bits_of(streams, CARE, person))
    return max(drawn, np.int64(_LEAST_CARE))


@helper
def naloxone_of(streams, opioid, drawn, person):
    """Whether a person with a class of substances has naloxone in their emergency."""
    return opioid[drawn] and unit(bits_of(streams, NALOXONE, person)) < NALOXONE_SHARE


@helper
def balks_at(streams, chances, person):
    """How many must wait for a person not to join them, NOT where they join however many do."""
    if len(chances) > 0:
        found = unit(bits_of(streams, BALKING, person))
        for waiting in range(len(chances)):
            if found < chances[waiting]:
                return np.int64(waiting)
    return np.int64(NOT)


# The columns of a table of people, a row each, in the order in which they come. Durations that do
# not happen are NOT.
(P_NUMBER, P_AT, P_CONSUMES, P_NEED, P_CLASS, P_EPISODE, P_PATIENCE, P_TURNOVER, P_RECOVERY,
 P_ONSET, P_CARE, P_NALOXONE, P_BALKS_AT, P_KEY) = range(14)  # fmt: skip
P_COLUMNS = 14  # P_KEY is the person's number for random streams


@compiled
def draw_day(room: Any, streams: Any, day: int, number: int, table: Any) -> Any:
    """The people of one day, numbered from after `number`: their table, and how many they are.

    The table is the one that was given, or a larger one where they are too many for it.
    """
    days, spans, laws, values = room.days, room.spans, bare(room.laws), bare(room.values)
    mix, needs, opioid, streams = bare(room.mix), bare(room.needs), room.opioid, bare(streams)
    opens, closes, month = days[day, OPENS], days[day, CLOSES], days[day, MONTH]
    share, chance = room.consuming[day], room.emergency[day]
    chances = bare(room.balking)
    several, kinds = mix.shape[1] > 1, len(needs) > 1
    count = 0
    for hour in range(days[day, SPANS]):
        span = days[day, FIRST_SPAN] + hour
        start = days[day, DAY_BEGINS] + spans[span, OFFSET]
        length = spans[span, LENGTH]
        rate = room.per_hour[spans[span, CLOCK]] * room.factor[day]
        if rate <= 0.0 or start + length <= opens or start >= closes:
            continue
        person, mean = first_person(days[day, ORDINAL], hour), HOUR / rate
        since = gap(streams, person, mean)
        while since < length and start + np.int64(since) < closes:
            at = start + np.int64(since)
            if at >= opens:
                if count == len(table):
                    larger = np.empty((2 * count + 64, P_COLUMNS), dtype=np.int64)
                    larger[:count] = table
                    table = larger
                drawn = class_of(streams, mix, month, person) if several else 0
                episode = episode_of(streams, laws, values, drawn, person)
                onset = onset_of(streams, chance, episode, person)
                table[count, P_NUMBER] = number + count + 1
                table[count, P_AT] = at
                table[count, P_CONSUMES] = consumes(streams, share, person)
                table[count, P_NEED] = need_of(streams, needs, person) if kinds else 0
                table[count, P_CLASS] = drawn
                table[count, P_EPISODE] = episode
                table[count, P_PATIENCE] = patience_of(streams, laws, values, person)
                table[count, P_TURNOVER] = turnover_of(streams, laws, values, person)
                table[count, P_RECOVERY] = recovery_of(streams, laws, values, person)
                table[count, P_ONSET] = onset
                table[count, P_CARE] = care_of(streams, laws, values, person) if onset >= 0 else 0
                table[count, P_NALOXONE] = onset >= 0 and naloxone_of(
                    streams, opioid, drawn, person
                )
                table[count, P_BALKS_AT] = balks_at(streams, chances, person)
                table[count, P_KEY] = person
                count += 1
            person += 1
            since += gap(streams, person, mean)
    return table, count
