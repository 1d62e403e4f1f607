"""The order of what falls on one millisecond, and the calendar that keeps it: compiled.

The order is that of `opendcr.simulate.calendar.Turn`, which the reference engine goes by.
"""

import numpy as np

from opendcr.simulate.calendar import Turn
from opendcr.simulate.kernel.compiling import helper
from opendcr.simulate.kernel.people import P_NUMBER

EMERGENCY_END = int(Turn.EMERGENCY_END)
COMPLETION = int(Turn.COMPLETION)
RELEASE = int(Turn.RELEASE)
CLOSING = int(Turn.CLOSING)
OPENING = int(Turn.OPENING)
SHIFT = int(Turn.SHIFT)
PATIENCE = int(Turn.PATIENCE)
ARRIVAL = int(Turn.ARRIVAL)
CARE = int(Turn.CARE)

_TURN_BITS = 4
LATEST = np.int64(2**62)


@helper
def due(moment, turn):
    """A moment and a turn as one number, which orders as they do."""
    return (moment << _TURN_BITS) | turn


@helper
def moment_of(key):
    """The moment of a due number."""
    return key >> _TURN_BITS


@helper
def turn_of(key):
    """The turn of a due number."""
    return key & ((1 << _TURN_BITS) - 1)


# A calendar is a heap: `keys` are due numbers, `who` the slots of people. Of two things due at once
# the one of the person with the lower number (a column of `slots`) comes first.


@helper
def push(keys, who, slots, size, key, slot):
    """Puts something of a person on the calendar; the new size."""
    at, number = size, slots[slot, P_NUMBER]
    while at > 0:
        above = (at - 1) >> 1
        if keys[above] < key or (keys[above] == key and slots[who[above], P_NUMBER] <= number):
            break
        keys[at], who[at] = keys[above], who[above]
        at = above
    keys[at], who[at] = key, slot
    return size + 1


@helper
def pop(keys, who, slots, size):
    """Takes the first thing off the calendar; the new size."""
    size -= 1
    key, slot = keys[size], who[size]
    number, at, below = slots[slot, P_NUMBER], 0, 1
    while below < size:
        other = below + 1
        if other < size and (
            keys[other] < keys[below]
            or (
                keys[other] == keys[below]
                and slots[who[other], P_NUMBER] < slots[who[below], P_NUMBER]
            )
        ):
            below = other
        if key < keys[below] or (key == keys[below] and number <= slots[who[below], P_NUMBER]):
            break
        keys[at], who[at] = keys[below], who[below]
        at = below
        below = 2 * at + 1
    keys[at], who[at] = key, slot
    return size
