"""The order of what falls on one millisecond, and the calendar that keeps it: compiled.

The order is that of `opendcr.simulate.calendar.Turn`, which the reference engine goes by.
"""

import numpy as np

from opendcr.compiling import helper
from opendcr.simulate.calendar import Turn

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


# A calendar has a leaf for whatever has one thing at most due at a time (a seat, a chair), in a
# tournament: the parent of two nodes holds what is due first of theirs, so that node 1 holds what is
# due next of all. Of two things due at once the one of the person with the lower number comes first.


@helper
def calendar(leaves):
    """One with so many leaves and nothing due: by node, its keys and the leaf each is of; by leaf,
    the number of the person."""
    half = 1
    while half < leaves:
        half *= 2
    return np.full(2 * half, LATEST), np.arange(2 * half) % half, np.zeros(half, dtype=np.int64)


@helper
def plan(keys, leaf_of, numbers, leaf, key, number):
    """What is due of a leaf from now on; LATEST where nothing is."""
    numbers[leaf] = number
    node, first = (len(keys) >> 1) + leaf, leaf
    keys[node] = key
    while node > 1:
        other, rival = keys[node ^ 1], leaf_of[node ^ 1]
        if other < key or (other == key and numbers[rival] < numbers[first]):
            key, first = other, rival
        node >>= 1
        keys[node], leaf_of[node] = key, first
