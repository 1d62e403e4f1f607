"""What the compiled room counts: whole numbers, so that sums do not depend on their order."""

import math
from typing import Any

import numpy as np

from opendcr.compiling import compiled, helper
from opendcr.simulate.kernel.tables import (
    CLOCK,
    CLOSES,
    DAY_BEGINS,
    FIRST_SPAN,
    HOUR,
    LENGTH,
    OFFSET,
    OPENS,
    SPANS,
    WEEKDAY,
)

# The figures of a run of days, of the people who come on them; times in milliseconds. `balked` are
# those of `left_waiting` who did not join the queue at all. Of those who do not start at once,
# `short_of_staff` find a place but not the staff to open it with, `held_up` would have found both
# if no emergency ran, and `not_fitting` find none but such as do not fit their need; the others find
# no place. `for_chair` is the time in which people have used, and keep the place until a chair is
# free: a part of `not_ready`.
FIGURES = ("arrivals", "served", "left_waiting", "balked", "turned_away", "waiting_at_close",
           "waited", "short_of_staff", "held_up", "emergencies", "wait", "wait_served", "used",
           "not_ready", "held", "not_fitting", "for_chair")  # fmt: skip
(ARRIVALS, SERVED, LEFT, BALKED, TURNED_AWAY, SENT_AWAY, WAITED, SHORT_OF_STAFF, HELD_UP,
 EMERGENCIES, WAIT, WAIT_SERVED, USED, NOT_READY, HELD, NOT_FITTING, FOR_CHAIR) = range(len(FIGURES))  # fmt: skip

# By weekday and clock hour, a row each (`week_hour`): of those who came in it, how many did not start
# at once, how long all of them waited, who gave up; and of the hour itself, the time that people
# waited in it, used, that places were not ready, and that staff were held by emergencies.
BY_HOUR = ("arrivals", "waited", "wait", "left_waiting", "turned_away", "waiting_at_close",
           "queue", "used", "not_ready", "held")  # fmt: skip
(H_ARRIVALS, H_WAITED, H_WAIT, H_LEFT, H_TURNED_AWAY, H_SENT_AWAY, H_QUEUE, H_USED, H_NOT_READY,
 H_HELD) = range(len(BY_HOUR))  # fmt: skip

# The visit table's columns, a row for each person who comes to use. `V_READY` is when the place
# that they used could be used again, `V_UNTIL` when a wait without a place ended; 0 where neither.
# `V_OBSTACLE` is why they did not start at once: 1 no place, 2 too few staff, 3 an emergency, 4 no
# place that fits their need.
(V_NUMBER, V_ARRIVED, V_END, V_STARTED, V_FINISHED, V_READY, V_UNTIL, V_PLACE, V_EMERGENCY,
 V_OBSTACLE, V_BALKED) = range(11)  # fmt: skip
V_COLUMNS = 11
ENDS = ("served", "left_waiting", "turned_away", "waiting_at_close")
(END_SERVED, END_LEFT, END_TURNED_AWAY, END_SENT_AWAY) = range(len(ENDS))

# Waits are counted in bins: each millisecond its own up to 1,024, then 1,024 bins to each doubling,
# so that a quantile read from them is right to a thousandth.
FINE = 1024
_FINE_BITS = FINE.bit_length() - 1
DOUBLINGS = 32
BINS = FINE * (DOUBLINGS + 1)


@helper
def bin_of(wait: Any) -> Any:
    """The bin of a wait in milliseconds."""
    if wait < FINE:
        return wait
    over = math.frexp(np.float64(wait))[1] - _FINE_BITS - 1  # bits beyond those of the finest
    return min((over + 1) * FINE + (wait >> over) - FINE, np.int64(BINS - 1))


WEEK_HOURS = 7 * 24


@helper
def week_hour(days, spans, day, span):
    """The row, by weekday and clock hour, of a span of a day."""
    return 24 * days[day, WEEKDAY] + spans[span, CLOCK]


@helper
def within(days, day, since, until):
    """Milliseconds of opening hours in a span that does not begin before a day's opening."""
    if until <= days[day, CLOSES]:
        return until - since
    total = np.int64(0)
    while day < len(days) and days[day, OPENS] < until:
        total += max(np.int64(0), min(until, days[day, CLOSES]) - max(since, days[day, OPENS]))
        day += 1
    return total


@helper
def spread(
    days: Any, spans: Any, day: int, since: int, until: int, by_hour: Any, figure: int
) -> None:
    """Adds a span's opening time to the clock hours in which it lies; it does not begin before
    the day does."""
    while day < len(days) and days[day, OPENS] < until:
        begin = max(since, days[day, OPENS])
        end = min(until, days[day, CLOSES])
        if begin < end:
            # The hour in which it begins, or one before it where the clocks have changed.
            at = max(np.int64(0), (begin - days[day, DAY_BEGINS]) // HOUR - 1)
            while at < days[day, SPANS]:
                span = days[day, FIRST_SPAN] + at
                start = days[day, DAY_BEGINS] + spans[span, OFFSET]
                if start >= end:
                    break
                lies = min(end, start + spans[span, LENGTH]) - max(begin, start)
                if lies > 0:
                    by_hour[week_hour(days, spans, day, span), figure] += lies
                at += 1
        day += 1


@compiled
def spread_open(days: Any, spans: Any, by_hour: Any, figure: int) -> None:
    """Adds the opening time of every day to the clock hours in which it lies."""
    for day in range(len(days)):
        spread(days, spans, day, days[day, OPENS], days[day, CLOSES], by_hour, figure)
