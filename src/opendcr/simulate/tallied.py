"""What the reference engine's stays amount to: the counts of the compiled room, taken one by one."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from opendcr.simulate.comers import Day
from opendcr.simulate.kernel import counts
from opendcr.simulate.results import COLUMNS, Moments, runs
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.stays import Stay

_OBSTACLES = {"staff": "short_of_staff", "emergency": "held_up"}


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


def moments(
    scenario: Scenario, days: Sequence[Day], stays: Sequence[Stay], batches: int = 1
) -> Moments:
    """The moments of one replication, by so many runs of its days.

    What happens to a person counts for the run in which they came.
    """
    hours, of_day = Hours(days), runs(len(days), batches)
    opens = [day.opens for day in days]
    rows = np.zeros((int(of_day[-1]) + 1, len(COLUMNS)))
    bins = np.zeros((len(rows), counts.BINS), dtype=np.int64)
    care = {comer.number: comer.care for day in days for comer in day.comers}
    onset = {comer.number: comer.emergency for day in days for comer in day.comers}
    places = sum(place.capacity for place in scenario.booths)
    for number, day in enumerate(days):
        row = rows[of_day[number]]
        row[COLUMNS.index("days")] += 1
        row[COLUMNS.index("open")] += day.closes - day.opens
        row[COLUMNS.index("place_open")] += (day.closes - day.opens) * places
    of_days = rows[:, COLUMNS.index("days")]
    rows[:, COLUMNS.index("replications")] = of_days / len(days)
    for stay in stays:
        if stay.end == "care":
            continue
        run = of_day[bisect_right(opens, stay.arrived) - 1]
        wait = _wait(stay)
        bins[run, counts.bin_of(wait)] += 1
        add = {stay.end: 1, "arrivals": 1, "wait": wait}
        if stay.balked:
            add["balked"] = 1
        if stay.started != stay.arrived:
            add["waited"] = 1
            if stay.obstacle in _OBSTACLES:
                add[_OBSTACLES[stay.obstacle]] = 1
        if stay.started is not None and stay.finished is not None:
            not_ready = hours.within(stay.finished, stay.ready or stay.finished)
            add |= {
                "wait_served": wait,
                "used": hours.within(stay.started, stay.finished),
                "not_ready": not_ready,
                "place_open": -not_ready,
                "emergencies": int(stay.emergency),
            }
            if stay.emergency:
                begins = stay.started + (onset[stay.number] or 0)
                held = hours.within(begins, begins + care[stay.number])
                add["held"] = scenario.emergencies.staff * held
        for name, value in add.items():
            rows[run, COLUMNS.index(name)] += value
    return Moments.counted(rows, bins)


def _wait(stay: Stay) -> int:
    """Milliseconds waited; up to giving up or closing; none for somebody turned away."""
    until = stay.started if stay.started is not None else stay.until
    return until - stay.arrived if until is not None else 0
