"""Studies under a nowcast: the mixture is the single fit where nothing is uncertain, and wider where
something is."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from opendcr.errors import InputError
from opendcr.evaluate.delays.delayed import drawn, widened
from opendcr.evaluate.delays.nowcast import Delays, Nowcast, nowcast
from opendcr.evaluate.estimate import Estimate
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.streams import stream
from tests.unit.evaluate.test_nowcast import reported

PERIODS = tuple(Period("month", at) for at in range(6))
PANEL = Panel(("here", "there"), PERIODS, np.full((2, 6), 100.0), np.full((2, 6), 1e4))
NONE = Delays(1, np.zeros((1, 2)), np.zeros((1, 2)), 1.0, 0.0)


def of(draws):
    return Nowcast(PERIODS[-2:], np.full(2, 90.0), np.asarray(draws, dtype=float), NONE, 0.05)


def study(se=0.1, tilt=1.0):
    """A stand-in for a design: the mean after against 100, with a known error of its logarithm."""

    def fit(panel):
        effect = panel.outcome[0, -2:].mean() / 100
        ends = effect * math.exp(-1.96 * se) - 1, effect * math.exp(1.96 * se * tilt) - 1
        return Estimate((), 0.0, effect - 1, 0.0, "a stand-in", relative_interval=ends)

    return fit


def test_draws_stand_where_the_counts_were_and_nowhere_else():
    made = drawn(PANEL, {"here": of([[1, 2], [3, 4]])}, 1)
    assert made.outcome.tolist() == [[100] * 4 + [3, 4], [100] * 6]
    assert PANEL.outcome[0, -1] == 100


@pytest.mark.parametrize("tilt", [1.0, 2.5])
def test_draws_that_are_all_alike_widen_nothing(tilt):
    made = widened(PANEL, {"here": of([[80, 90]] * 20)}, study(tilt=tilt), 20)
    alone = study(tilt=tilt)(drawn(PANEL, {"here": of([[80, 90]])}, 0))
    assert made.relative_effect == pytest.approx(alone.relative_effect)
    assert made.relative_interval == pytest.approx(alone.relative_interval, rel=1e-4)
    assert made.from_nowcast == pytest.approx(0)


def test_normal_draws_and_a_normal_study_add_their_variances():
    """The mixture of N(θ, s²) over θ ~ N(μ, b²) is N(μ, s² + b²): Rubin's total variance."""
    logs = stream(1, "logs").standard_normal(4000) * 0.08
    counts = 80 * np.exp(logs)
    made = widened(PANEL, {"here": of(np.column_stack([counts, counts]))}, study(0.06), 4000)
    reach = norm.isf(0.025) * math.hypot(0.06, 0.08)
    expected = [0.8 * math.exp(-reach) - 1, 0.8 * math.exp(reach) - 1]
    assert made.relative_interval == pytest.approx(expected, abs=0.008)
    assert made.from_nowcast == pytest.approx(0.64, abs=0.03)


def test_an_interval_without_a_bound_stays_one():
    def fit(panel):
        return replace(study()(panel), relative_interval=(-1.0, math.inf))

    low, high = widened(PANEL, {"here": of([[80, 90]] * 3)}, fit, 3).relative_interval
    assert low < -0.999_99 and high > 1e6


def test_what_cannot_be_widened_is_said():
    with pytest.raises(InputError, match="5 fits of 3 draws"):
        widened(PANEL, {"here": of([[80, 90]] * 3)}, study(), 5)
    with pytest.raises(InputError, match="as many draws"):
        widened(PANEL, {}, study(), 5)
    with pytest.raises(InputError, match="no area named 'nowhere'"):
        widened(PANEL, {"nowhere": of([[80, 90]])}, study(), 1)
    short = PANEL.during(0, 5)
    with pytest.raises(InputError, match="no 0000-06"):
        widened(short, {"here": of([[80, 90]])}, study(), 1)
    with pytest.raises(InputError, match="gives no interval"):
        widened(PANEL, {"here": of([[80, 90]])}, lambda panel: Estimate((), 0, 0, 0, ""), 1)


def before_and_after(panel):
    """A plain design: the last six months against the others, Poisson."""
    before, after = panel.outcome[0, :-6], panel.outcome[0, -6:]
    effect = after.mean() / before.mean()
    reach = 1.96 * math.sqrt(1 / after.sum() + 1 / before.sum())
    ends = effect * math.exp(-reach) - 1, effect * math.exp(reach) - 1
    return Estimate((), 0.0, effect - 1, 0.0, "Poisson", relative_interval=ends)


def test_what_is_found_where_nothing_happened_is_found_no_more_under_a_nowcast():
    """The first prints show a fall in most series in which nothing happened."""
    many, found = 80, {"printed": 0, "nowcast": 0}
    for seed in range(many):
        triangle, _ = reported(40, seed=seed)
        printed = np.where(np.isnan(triangle.counts).all(axis=1), 0, triangle.last)
        made = nowcast(triangle, 40, seed)
        printed[-len(made.periods) :] = made.reported
        panel = Panel(("here",), triangle.periods, printed[None, :])
        ends = {
            "printed": before_and_after(panel).relative_interval,
            "nowcast": widened(panel, {"here": made}, before_and_after, 40).relative_interval,
        }
        for name, (low, high) in ends.items():
            found[name] += not low <= 0 <= high
    assert found["printed"] > 0.4 * many
    assert found["nowcast"] <= 0.1 * many
