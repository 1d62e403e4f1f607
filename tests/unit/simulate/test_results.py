"""What is made of counts: errors, intervals of few events, quantiles and runs, by hand."""

import math

import numpy as np
import pytest
from scipy.stats import chi2, t

from opendcr.simulate.kernel import counts
from opendcr.simulate.results import (
    COLUMNS,
    RATIOS,
    Estimate,
    Moments,
    _wait_of,
    quantile,
    runs,
    without_chance,
)

MINUTE = 60_000
# Three replications of ten hours in which much happens, and one in which next to nothing does.
BUSY = {
    "arrivals": [200, 220, 240], "served": [150, 160, 170], "left_waiting": [40, 50, 55],
    "turned_away": [5, 6, 10], "waiting_at_close": [5, 4, 5], "waited": [150, 160, 190],
    "short_of_staff": [110, 120, 130], "held_up": [101, 120, 140], "not_fitting": [105, 102, 107],
    "emergencies": [101, 110, 120], "wait": [9e6, 10e6, 12e6], "wait_served": [6e6, 7e6, 8e6],
    "used": [3e8, 3.1e8, 3.2e8], "held": [2e6, 3e6, 2.5e6], "for_chair": [1e6, 2e6, 3e6],
    "unserved": [50, 60, 70], "open": [3.6e7] * 3, "place_open": [2.8e8, 2.9e8, 2.85e8],
    "days": [1] * 3, "replications": [1] * 3,
}  # fmt: skip


def moments(columns):
    rows = np.zeros((len(columns["arrivals"]), len(COLUMNS)))
    for name, values in columns.items():
        rows[:, COLUMNS.index(name)] = values
    return Moments.counted(rows, np.zeros((len(rows), counts.BINS), dtype=np.int64))


def delta(above, below):
    """A ratio of totals and its standard error, written out."""
    above, below = np.array(above, float), np.array(below, float)
    ratio = above.sum() / below.sum()
    return ratio, np.std(above - ratio * below, ddof=1) / math.sqrt(len(above)) / below.mean()


@pytest.mark.parametrize("name", RATIOS)
def test_each_ratio_is_of_what_it_says_with_the_error_of_the_delta_method(name):
    above, below, scale, _ = RATIOS[name]
    ratio, error = delta(BUSY[above], BUSY[below])
    found = moments(BUSY).figures()[name]
    assert found.mean == pytest.approx(ratio / scale)
    assert found.se == pytest.approx(error / scale)
    low, high = found.interval
    reach = t(2).ppf(0.975) * error / scale  # at least a hundred events: Student's and no more
    assert high == pytest.approx(ratio / scale + reach)
    assert low == pytest.approx(max(ratio / scale - reach, 0))


MADE_BY = dict.fromkeys(("probability_wait", "mean_wait_minutes", "mean_wait_served_minutes", "mean_queue_length"), "waited") | {
    "probability_leave": "left_waiting", "probability_unserved": "unserved",
    "probability_short_of_staff": "short_of_staff", "probability_held_up": "held_up",
    "probability_not_fitting": "not_fitting", "mean_staff_held": "emergencies",
}  # fmt: skip


@pytest.mark.parametrize("name", MADE_BY)
def test_each_ratio_rests_on_the_events_that_make_it(name):
    events = MADE_BY[name]
    found = moments(BUSY | {events: [1, 1, 2]}).figures()[name]
    assert found.events == pytest.approx(4)
    assert found.alike == (events == RATIOS[name][0])


def test_places_in_use_are_not_rare():
    assert moments(BUSY).figures()["occupancy"].events is None


COUNTED = ("probability_wait", "probability_leave", "probability_unserved",
           "probability_short_of_staff", "probability_held_up", "probability_not_fitting")  # fmt: skip


@pytest.mark.parametrize("name", COUNTED)
def test_of_something_counted_that_was_not_seen_the_interval_ends_at_3_7_of_those_who_came(name):
    nothing = {name: [0] * 3 for name in BUSY} | {
        key: BUSY[key] for key in ("arrivals", "served", "used", "open", "days", "replications")
    }
    low, high = moments(nothing).figures()[name].interval
    assert (low, high) == (0, pytest.approx(-math.log(0.025) / 660))


@pytest.mark.parametrize("name", ["mean_wait_minutes", "mean_queue_length"])
def test_of_a_wait_that_was_not_seen_it_ends_at_3_7_of_a_stay(name):
    columns = BUSY | {key: [0] * 3 for key in ("wait", "wait_served", "waited", "left_waiting")}
    _, high = moments(columns).figures()[name].interval
    stay = sum(BUSY["used"]) / sum(BUSY["served"])
    below = {"mean_wait_minutes": 660 * MINUTE, "mean_queue_length": 3 * 3.6e7}[name]
    assert high == pytest.approx(-math.log(0.025) * stay / below)


def test_emergencies_that_hold_nobody_hold_nobody_for_certain():
    columns = BUSY | {"held": [0] * 3, "emergencies": [5, 6, 7]}
    assert moments(columns).figures()["mean_staff_held"].interval == (0, 0)


def garwood(events):
    return chi2(2 * events).ppf(0.025) / 2, chi2(2 * events + 2).ppf(0.975) / 2


def test_events_that_come_four_at_a_time_are_a_quarter_as_many():
    """16 events whose mean has an error of half of it, by very many replications: as four."""
    low, high = Estimate(1.0, 0.5, 100_000, events=16, each=1 / 16).interval
    _, most = garwood(4)
    assert low == pytest.approx(1 - 1.96 * 0.5, abs=1e-3)  # Student's reaches lower
    assert high == pytest.approx(most / 4, rel=1e-3)
    low, high = Estimate(1.0, 0.1, 100_000, events=16, each=1 / 16).interval
    assert (low, high) == (
        pytest.approx(garwood(16)[0] / 16, rel=1e-3),
        pytest.approx(garwood(16)[1] / 16, rel=1e-3),
    )


def test_times_are_never_of_more_than_a_quarter_as_many_events():
    low, high = Estimate(1.0, 0.0, 100_000, events=50, each=1, alike=False).interval
    fewest, most = garwood(12.5)
    assert (low, high) == (pytest.approx(fewest / 12.5), pytest.approx(most / 12.5))
    assert Estimate(1.0, 0.0, 10, events=99, each=1).interval[0] < 1  # no point
    assert Estimate(1.0, 0.0, 10, events=100, each=1).interval == (1, 1)


def test_the_error_of_a_quantile_is_that_of_a_mean():
    bins = np.zeros(counts.BINS, dtype=np.int64)
    bins[5] = 10
    one = Moments(4, np.zeros(len(COLUMNS)), np.zeros((len(COLUMNS),) * 2), bins, (4, 1.0, 12.0))
    assert one.figures()["wait_p95_minutes"].se == pytest.approx(math.sqrt(12 / 3 / 4))


def test_a_wait_in_a_wide_bin_is_taken_to_be_in_its_middle():
    assert _wait_of(1023) == 1023
    assert _wait_of(counts.bin_of(2048)) == 2048.5  # of 2048 and 2049
    assert _wait_of(counts.bin_of(5000)) == pytest.approx(5001.5)
    bins = np.zeros(counts.BINS, dtype=np.int64)
    bins[[0, 600]] = 3, 1
    assert quantile(bins, 0.5) == 0 and quantile(bins, 1.0) == pytest.approx(600 / MINUTE)


def test_days_are_parted_into_twenty_runs_of_days_that_follow_each_other():
    found = runs(365)
    assert len(set(found.tolist())) == 20 and (np.diff(found) >= 0).all()
    assert runs(3).tolist() == [0, 1, 2]


def test_values_without_chance_have_the_spread_that_chance_leaves():
    values = np.array([1.0, 3.0, 5.0])
    drawn, between = without_chance(values, 1.0)
    assert between == pytest.approx(3.0) and drawn.var(ddof=1) == pytest.approx(3.0)
    assert drawn.mean() == pytest.approx(3.0)
    drawn, between = without_chance(values, 9.0)
    assert between == 0 and (drawn == 3.0).all()
