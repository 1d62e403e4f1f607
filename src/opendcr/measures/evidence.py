"""A room's months beside Glasgow's published ones: exact differences, and what chance allows.

What can be concluded: whether a simulated room behaves like the published one, as far as chance
lets us tell; for a recorded room, how its figures compare with what Glasgow printed, month by month.

What cannot: that either room prevented a death. Evidence of effect needs a study with a plan locked
beforehand and areas to compare with; figures side by side are none.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import sqrt

from opendcr.measures.measured import RoomMeasured
from opendcr.published import Figure, thistle_months

COUNTS = ("times_accessed", "injecting_episodes", "medical_emergencies")

# One comparison in a thousand falls outside its bounds by chance alone: about 2 % for a page of 24.
OUTSIDE_BY_CHANCE = 0.001
NORMAL = 3.2905  # the standard normal deviate with 0.0005 beyond it


@dataclass(frozen=True)
class Beside:
    """One month's figure of a room beside Glasgow's. `difference` is exact: ours less theirs.

    `low` and `high`, for a simulated room alone, are what ours may be if both were draws of one
    rate; `within` says whether it is. None where nothing can be compared.
    """

    measure: str
    period: str
    unit: str
    ours: float | None
    published: float
    difference: float | None
    low: float | None
    high: float | None
    within: bool | None
    source_url: str


def beside_glasgow(room: RoomMeasured) -> tuple[Beside, ...]:
    """Glasgow's months, each with the room's figure of the same month, in the published order.

    Bounds of a count: both Poisson of one mean, so that ours given their sum is binomial at one
    half (the conditional test). Of a share: the difference of two proportions, the published one
    taken over the month's injecting episodes, since the page does not say over what. Bounds hold
    for a simulated room, whose arrivals are independent by construction; a real room's visits come
    in runs by the same people, and for it none are given.
    """
    ours = dict(_figures(room))
    episodes = {one.period: one.value for one in _published("injecting_episodes")}
    simulated = room.header.origin.kind == "simulated"
    return tuple(
        _beside(figure, ours.get((figure.measure, figure.period)), episodes, simulated)
        for figure in thistle_months()
    )


def _figures(room: RoomMeasured) -> Iterator[tuple[tuple[str, str], tuple[float | None, int]]]:
    """By published measure and period: the value, and what it rests on."""
    for row in room.rows:
        if row.measure in COUNTS:
            yield (row.measure, row.period), (row.value, row.numerator)
        elif row.measure == "substance_share" and row.denominator is not None:
            name = f"substance_share_{row.group['substance']}"
            yield (name, row.period), (row.value, row.denominator)


def _published(measure: str) -> list[Figure]:
    return [figure for figure in thistle_months() if figure.measure == measure]


def _beside(
    figure: Figure,
    found: tuple[float | None, int] | None,
    episodes: dict[str, float],
    simulated: bool,
) -> Beside:
    ours, of = found or (None, 0)
    low, high = None, None
    if simulated and ours is not None:
        low, high = _bounds(figure, int(episodes[figure.period]), of)
    return Beside(
        measure=figure.measure,
        period=figure.period,
        unit=figure.unit,
        ours=ours,
        published=figure.value,
        difference=None if ours is None else ours - figure.value,
        low=low,
        high=high,
        within=None if ours is None or low is None or high is None else low <= ours <= high,
        source_url=figure.source_url,
    )


def _bounds(figure: Figure, episodes: int, ours: int) -> tuple[float, float]:
    if figure.measure in COUNTS:
        return count_bounds(int(figure.value))
    return share_bounds(figure.value, episodes, ours)


@cache
def count_bounds(published: int) -> tuple[int, int]:
    """The counts that are not improbable beside a published one, if both have the same mean."""
    least = OUTSIDE_BY_CHANCE / 2
    low = bisect_left(range(published), True, key=lambda one: _tail(one, published) >= least)
    beyond = range(published + 1, 2 * published + 50)
    more = bisect_left(beyond, True, key=lambda one: _tail(published, one) < least)
    return low, published + more


def _tail(fewer: int, more: int) -> float:
    """The chance that of all events of two equal rates, so few or fewer fall to the first."""
    events = fewer + more
    ways = total = 1
    for number in range(1, fewer + 1):
        ways = ways * (events - number + 1) // number
        total += ways
    return float(total / (1 << events))


def share_bounds(published: float, episodes: int, ours: int) -> tuple[float, float]:
    """The percents that are not improbable beside a published one of so many episodes."""
    share = published / 100
    spread = 100 * NORMAL * sqrt(share * (1 - share) * (1 / episodes + 1 / ours))
    return max(0.0, published - spread), min(100.0, published + spread)
