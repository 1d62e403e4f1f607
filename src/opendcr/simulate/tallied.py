"""What the reference engine's stays amount to: the counts of the compiled room, taken one by one."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from opendcr.simulate.comers import Day
from opendcr.simulate.kernel import counts
from opendcr.simulate.results import COLUMNS, Moments
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.stays import Stay

_OBSTACLES = {"staff": "short_of_staff", "emergency": "held_up", "kind": "not_fitting"}


class Hours:
    """When the room was open: days in order, apart or following on."""

    def __init__(self, days: Sequence[Day]) -> None:
        self._days, self._opens = days, [day.opens for day in days]

    def within(self, since: int, until: int) -> int:
        """Milliseconds of opening hours in a span; the span may cross closing times."""
        at, total = max(0, bisect_right(self._opens, since) - 1), 0
        while at < len(self._days) and self._opens[at] < until:
            day = self._days[at]
            total += max(0, min(until, day.closes) - max(since, day.opens))
            at += 1
        return total


def moments(scenario: Scenario, days: Sequence[Day], stays: Sequence[Stay]) -> Moments:
    """The moments of one replication."""
    hours = Hours(days)
    counted = dict.fromkeys(COLUMNS, 0)
    bins = np.zeros((1, counts.BINS), dtype=np.int64)
    comers = {comer.number: comer for day in days for comer in day.comers}
    places = scenario.seats
    counted["replications"], counted["days"] = 1, len(days)
    counted["open"] = sum(day.closes - day.opens for day in days)
    counted["place_open"] = counted["open"] * places
    for stay in stays:
        if stay.end == "care":
            continue
        wait = _wait(stay)
        bins[0, counts.bin_of(wait)] += 1
        add = {stay.end: 1, "arrivals": 1, "wait": wait}
        if stay.balked:
            add["balked"] = 1
        if stay.started != stay.arrived:
            add["waited"] = 1
            if stay.obstacle in _OBSTACLES:
                add[_OBSTACLES[stay.obstacle]] = 1
        if stay.started is not None and stay.finished is not None:
            ready = stay.ready or stay.finished
            not_ready = hours.within(stay.finished, ready)
            left = ready - comers[stay.number].turnover
            add |= {
                "wait_served": wait,
                "used": hours.within(stay.started, stay.finished),
                "not_ready": not_ready,
                "place_open": -not_ready,
                "for_chair": hours.within(stay.finished, left) if left > stay.finished else 0,
                "emergencies": int(stay.emergency),
            }
            if stay.emergency:
                ill = comers[stay.number]
                begins = stay.started + (ill.emergency or 0)
                held = hours.within(begins, begins + ill.care)
                add["held"] = scenario.emergencies.staff * held
        for name, value in add.items():
            counted[name] += value
    counted["unserved"] = counted["arrivals"] - counted["served"]
    return Moments.counted(np.array([list(counted.values())], dtype=np.float64), bins)


def _wait(stay: Stay) -> int:
    """Milliseconds waited; up to giving up or closing; none for somebody turned away."""
    until = stay.started if stay.started is not None else stay.until
    return until - stay.arrived if until is not None else 0
