"""Where hardly anybody waits: intervals that still hold the truth, and plans that are not called safe.

A room of eight places to which four people an hour come: one in two thousand gives up. Ten weeks of
it may see nobody do so, which is no proof that nobody does.
"""

import os
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binom

from opendcr.simulate.kernel.replications import in_runs, replications
from opendcr.simulate.kernel.tables import assumed
from opendcr.simulate.plan import Plan, compared
from opendcr.simulate.results import Estimate
from opendcr.simulate.scenario import Arrivals, Duration, Emergencies
from opendcr.simulate.simulated import simulated
from opendcr.simulate.uncertain import Assumptions, Input
from tests.simulated import plain

SOAK = os.environ.get("OPENDCR_SOAK") == "1"
TRIES = 1000 if SOAK else 40
QUIET = plain(
    8,
    days=28,
    arrivals=Arrivals((4.0,) * 24),
    episode=Duration("exponential", 35.0),
    patience=Duration("exponential", 20.0),
    emergencies=Emergencies(5.0, minutes=Duration("exponential", 25.0), staff=1),
)
COUNTS = ("left_waiting", "waiting_at_close", "probability_wait", "probability_leave")
TIMES = ("mean_wait_minutes", "mean_wait_served_minutes", "mean_queue_length", "mean_staff_held")


@pytest.fixture(scope="module")
def truth() -> dict[str, float]:
    figures = replications(assumed(QUIET), 999, 0, 8000 if SOAK else 4000).figures()
    return {name: float(one.mean or 0) for name, one in figures.items()}


@pytest.mark.parametrize("of", [1, 10])
def test_intervals_of_few_events_hold_the_truth(truth, of):
    """At least as often as 19 in 20, but for what chance allows in so many tries (1 in 10,000)."""
    room = assumed(QUIET)
    held = dict.fromkeys(COUNTS + TIMES, 0)
    for seed in range(TRIES):
        found = in_runs(room, seed) if of == 1 else replications(room, seed, 0, of)
        for name, one in found.figures().items():
            if name in held:
                low, high = one.interval
                held[name] += low <= truth[name] <= high
    # Of some tens of events t is slightly short, and of times slightly more so.
    for names, often in ((COUNTS, 0.93), (TIMES, 0.92)):
        least = binom.ppf(1e-4, TRIES, often)
        assert all(held[name] >= least for name in names), held


@pytest.mark.parametrize("of", [1, 10])
def test_where_nobody_waits_the_interval_of_waits_is_not_nothing(of):
    """Two days on which a person comes in an hour: nobody waited, which is no proof."""
    room = assumed(replace(QUIET, days=2, arrivals=Arrivals((1.0,) * 24)))
    figures = (in_runs(room, 5) if of == 1 else replications(room, 5, 0, of)).figures()
    assert figures["probability_wait"].mean == 0
    most = figures["mean_wait_minutes"].interval[1]
    stay = 35.0  # minutes, on average
    assert most == pytest.approx(figures["probability_wait"].interval[1] * stay, rel=0.3)


def test_an_interval_of_no_event_ends_where_a_poisson_count_does():
    """3.689 events is the most of which none is seen with a chance of 2.5 in 100."""
    low, high = Estimate(0.0, 0.0, 10, events=0.0, each=1 / 2000).interval
    assert (low, high) == (0.0, pytest.approx(3.689 / 2000, rel=1e-3))
    low, high = Estimate(0.5, 0.1, 10, events=10, each=0.05).interval
    assert low == pytest.approx(0.05 * 4.795, rel=0.01)  # Garwood's for a count of 10
    assert high == pytest.approx(0.05 * 18.39, rel=0.01)


@pytest.mark.parametrize(
    ("over", "chance"),
    [
        (1.0, 0.03),
        pytest.param(1.5, 0.005, marks=pytest.mark.soak),
        pytest.param(3.0, 0.002, marks=pytest.mark.soak),
    ],
)
def test_a_plan_that_is_over_the_target_is_hardly_ever_called_under(truth, over, chance):
    """However often it is looked at; at the target itself, as seldom as a verdict may be wrong."""
    tries, wrong = TRIES // 2, 0
    target = truth["probability_unserved"] / over
    known = Assumptions(Path(), {}, (), QUIET)
    for seed in range(tries):
        found = compared(known, [Plan()], target, seed, first=10, most=160)
        wrong += found.plans[0].verdict == "under"
    assert wrong <= binom.isf(1e-4, tries, chance), wrong


# Memory: what is kept of many is no more than of few.


def peak(act) -> int:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_many_replications_take_no_more_memory_than_few():
    room = assumed(replace(QUIET, days=1))
    replications(room, 1, 0, 2)
    few, many = (peak(lambda count=count: replications(room, 1, 0, count)) for count in (5, 500))
    assert many < 2 * few + 2**20


def test_many_draws_keep_little_of_each():
    unknown = Input(("arrivals", "factor"), "uniform", (0.5, 1.5))
    raw = {"room": {"places": 2, "days": 1}, "arrivals": {"per_hour": 2.0, "factor": 1.0},
           "episode": {"distribution": "exponential", "mean": 20.0}}  # fmt: skip
    known = Assumptions(Path("room.toml"), raw, (unknown,), replace(QUIET, days=1))
    few, many = (peak(lambda draws=draws: simulated(known, 1, 4, draws)) for draws in (40, 240))
    assert many - few < 200 * 40_000  # bytes; the bins of one draw's waits alone are 270,000
