"""Random numbers that belong to a person and a purpose: compiled, and drawn in any order.

A stream is one purpose of one replication. Its number for a person is the person's place in the
sequence of a SplittableRandom (Steele, Lea and Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014) whose start and step are the stream's own; nobody's number depends on what
was drawn for others, so two worlds that differ in one thing differ only by it. Where one number is
not enough (a rejection), the person's own sequence goes on from it.

Exponentials and normals are drawn by the ziggurat (Marsaglia and Tsang, Journal of Statistical
Software 5:8, 2000) with 256 layers, gammas by Marsaglia and Tsang (ACM Transactions on Mathematical
Software 26:3, 2000). All are a scale times a number that does not depend on the scale, so that the
same person with a longer mean stays longer.
"""

import math

import numpy as np
from numpy.typing import NDArray

from opendcr.compiling import helper
from opendcr.streams import digest

STEP = np.uint64(0x9E3779B97F4A7C15)  # the golden ratio's, for a person's own sequence
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_LAYER = np.uint64(0xFF)
_TO_UNIT = 1.0 / 2**53

MINUTE = 60_000.0
LONGEST = 1e12  # milliseconds, some thirty years: where a duration is cut
EXPONENTIAL, LOGNORMAL, GAMMA, DETERMINISTIC, EMPIRICAL = range(5)


def stream(seed: int, *name: object) -> tuple[np.uint64, np.uint64]:
    """A stream's start and its step, which is odd and has bits that change often enough."""
    said = digest(seed, name)
    start, step = int.from_bytes(said[:8], "big"), int.from_bytes(said[8:], "big") | 1
    if (step ^ (step >> 1)).bit_count() < 24:
        step ^= 0xAAAAAAAAAAAAAAAA
    return np.uint64(start), np.uint64(step)


@helper
def number_of(start, step, person):
    """The 64 random bits of a person (a number from 0) in a stream."""
    return mixed(start + np.uint64(person) * step)


@helper
def mixed(bits):
    """The mixing function of SplittableRandom's generator (Stafford's thirteenth)."""
    bits = (bits ^ (bits >> _30)) * _FIRST
    bits = (bits ^ (bits >> _27)) * _SECOND
    return bits ^ (bits >> _31)


@helper
def following(bits):
    """The next 64 bits of the person's own sequence."""
    return mixed(bits + STEP)


@helper
def unit(bits):
    """A number from 0 up to 1, without 1."""
    return np.float64(bits >> _11) * _TO_UNIT


_LAYERS = 256


def _ziggurat(
    edge: float, area: float, height: object, inverse: object
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The right edges of the layers, widest first, and the heights at them.

    The first is the base: as wide as its area asks for at the height of the edge, tail included.
    """
    edges, heights = np.zeros(_LAYERS + 1), np.zeros(_LAYERS + 1)
    edges[0], edges[1] = area / height(edge), edge  # type: ignore[operator]
    heights[0], heights[1] = 0.0, height(edge)  # type: ignore[operator]
    for layer in range(2, _LAYERS):
        heights[layer] = heights[layer - 1] + area / edges[layer - 1]
        edges[layer] = inverse(heights[layer])  # type: ignore[operator]
    heights[_LAYERS] = 1.0
    return edges, heights


def _inverse_normal(height: float) -> float:
    return math.sqrt(-2 * math.log(height))


_EXP_EDGE, _NORMAL_EDGE = 7.69711747013104972, 3.6541528853610088
_EXP_EDGES, _EXP_HEIGHTS = _ziggurat(
    _EXP_EDGE, 3.949659822581572e-3, lambda x: math.exp(-x), lambda y: -math.log(y)
)
_NORMAL_EDGES, _NORMAL_HEIGHTS = _ziggurat(
    _NORMAL_EDGE, 4.92867323399e-3, lambda x: math.exp(-x * x / 2), _inverse_normal
)
_EXP_WIDTHS = _EXP_EDGES[:-1] * _TO_UNIT
_NORMAL_WIDTHS = _NORMAL_EDGES[:-1] * _TO_UNIT
# The layer above is as wide as what of this layer lies wholly under the curve.
_EXP_UNDER = (np.r_[_EXP_EDGES[1:-1], 0.0] / _EXP_EDGES[:-1] * 2**53).astype(np.uint64)
_NORMAL_UNDER = (np.r_[_NORMAL_EDGES[1:-1], 0.0] / _NORMAL_EDGES[:-1] * 2**53).astype(np.uint64)


@helper
def exponential(bits):
    """An exponential number of mean 1."""
    layer = bits & _LAYER
    across = bits >> _11
    if across < _EXP_UNDER[layer]:
        return np.float64(across) * _EXP_WIDTHS[layer]
    return _rare_exponential(bits)


@helper
def _rare_exponential(bits):
    while True:
        layer = np.int64(bits & _LAYER)
        across = bits >> _11
        found = np.float64(across) * _EXP_WIDTHS[layer]
        if across < _EXP_UNDER[layer]:
            return found
        bits = following(bits)
        if layer == 0:  # the tail of an exponential is one
            return _EXP_EDGE - math.log(1.0 - unit(bits))
        low, high = _EXP_HEIGHTS[layer], _EXP_HEIGHTS[layer + 1]
        if low + (high - low) * unit(bits) < math.exp(-found):
            return found
        bits = following(bits)


@helper
def normal(bits):
    """A normal number of mean 0 and variance 1, and bits to go on from."""
    while True:
        layer = np.int64(bits & _LAYER)
        sign = -1.0 if (bits >> np.uint64(8)) & np.uint64(1) else 1.0
        across = bits >> _11
        found = np.float64(across) * _NORMAL_WIDTHS[layer]
        if across < _NORMAL_UNDER[layer]:
            return sign * found, following(bits)
        bits = following(bits)
        if layer == 0:
            return sign * _normal_tail(bits), following(bits)
        low, high = _NORMAL_HEIGHTS[layer], _NORMAL_HEIGHTS[layer + 1]
        if low + (high - low) * unit(bits) < math.exp(-found * found / 2):
            return sign * found, following(bits)
        bits = following(bits)


@helper
def _normal_tail(bits):
    """Beyond the base layer's edge, by Marsaglia's method for the tail."""
    while True:
        beyond = -math.log(1.0 - unit(bits)) / _NORMAL_EDGE
        bits = following(bits)
        if -2.0 * math.log(1.0 - unit(bits)) > beyond * beyond:
            return _NORMAL_EDGE + beyond
        bits = following(bits)


@helper
def gamma(bits, shape):
    """A gamma number of this shape and scale 1."""
    raised = shape if shape >= 1.0 else shape + 1.0
    wide = raised - 1.0 / 3.0
    narrow = 1.0 / math.sqrt(9.0 * wide)
    while True:
        found, bits = normal(bits)
        cubed = 1.0 + narrow * found
        if cubed <= 0.0:
            continue
        cubed = cubed * cubed * cubed
        chance = 1.0 - unit(bits)  # never 0, whose logarithm is asked for
        bits = following(bits)
        square = found * found
        if chance < 1.0 - 0.0331 * square * square:
            break
        if math.log(chance) < 0.5 * square + wide * (1.0 - cubed + math.log(cubed)):
            break
    if shape >= 1.0:
        return wide * cubed
    return wide * cubed * math.exp(math.log(1.0 - unit(bits)) / shape)


@helper
def whole(milliseconds):
    """Milliseconds, whole."""
    return np.int64(min(milliseconds, LONGEST) + 0.5)


# The columns of a law of durations, a row of numbers: its kind, its parameters, and where the values
# of an empirical one stand and how many they are.
KIND, FIRST, SECOND, BEGINS, COUNT = range(5)
NEVER = -1.0  # the kind where there is no such duration


@helper
def duration(laws, values, row, bits):
    """A duration by one of the laws, in whole milliseconds."""
    if laws[row, KIND] == EMPIRICAL:
        at = laws[row, BEGINS] + np.floor(unit(bits) * laws[row, COUNT])
        return whole(values[np.int64(at)])
    return whole(_of_law(laws[row, KIND], laws[row, FIRST], laws[row, SECOND], bits))


@helper
def _of_law(kind, first, second, bits):
    if kind == EXPONENTIAL:
        return exponential(bits) * first
    if kind == DETERMINISTIC:
        return first
    if kind == LOGNORMAL:
        found, _ = normal(bits)
        return math.exp(first + second * found)
    return gamma(bits, first) * second
