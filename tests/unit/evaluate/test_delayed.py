"""Studies under a nowcast: the mixture is the single fit where nothing is uncertain, and wider where
something is."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from opendcr.errors import InputError
from opendcr.evaluate.decision import span
from opendcr.evaluate.delays.delayed import at_middle, carried, drawn, from_nowcast, nowcasts_of
from opendcr.evaluate.delays.mixture import Figure, mixed
from opendcr.evaluate.delays.nowcast import Delays, Nowcast, nowcast
from opendcr.evaluate.estimate import Coefficient, Estimate, Part, bounds_of_ratio, estimate_of
from opendcr.evaluate.panel import Panel, read_rows
from opendcr.evaluate.periods import Period
from opendcr.evaluate.plan import Delayed
from opendcr.evaluate.reviews import Review
from opendcr.evaluate.study import Study
from tests.unit.evaluate.test_nowcast import EXAMPLES, reported

PERIODS = tuple(Period("month", at) for at in range(6))
COUNTS = np.array([[100.0, 99, 101, 100, 100, 100], [100] * 6])
PANEL = Panel(("here", "there"), PERIODS, COUNTS, np.full((2, 6), 1e4))
STUDY = Study(PANEL, (0,), 4)
NONE = Delays(1, np.zeros((1, 2)), np.zeros((1, 2)), 1.0, 0.0, 1.0)


def of(draws):
    return Nowcast(PERIODS[-2:], np.full(2, 90.0), np.asarray(draws, dtype=float), NONE, 0.05)


def normal(se=0.1, tilt=1.0, p_value=True):
    """A stand-in for a design: the counts after the start against 100, with a known error of its
    logarithm."""

    def fit(study):
        after = study.series.outcome[study.start :]
        log = math.log(after.mean() / 100)
        expected = np.full(6, 100 / 1e4)
        ends = math.exp(log - 1.96 * se) - 1, math.exp(log + 1.96 * se * tilt) - 1
        bounds = bounds_of_ratio(study, expected, ends, (np.full(6, ends[0]), np.full(6, ends[1])))
        share = (
            float(2 * norm.sf(abs(log) / (se * (tilt if log < 0 else 1.0)))) if p_value else None
        )
        level = Coefficient(log, se, log - 1.96 * se, log + 1.96 * se * tilt)
        wide = (math.expm1(log + side * 2.576 * se) for side in (-1, 1))
        part = {
            "half": Part(math.expm1(log), *ends),
            "share": Part(math.expm1(log), *wide, level=0.01),
        }
        return estimate_of(
            study, expected, bounds, "a stand-in", p_value=share, coefficients={"level": level}, parts=part
        )  # fmt: skip

    return fit


def bare(study):
    """A stand-in for a design without an interval."""
    return replace(normal()(study), relative_interval=None, interval=None, cumulative_interval=None)


def test_draws_stand_where_the_counts_were_and_nowhere_else():
    made = drawn(PANEL, {"here": of([[1, 2], [3, 4]])}, 1)
    assert made.outcome.tolist() == [[100, 99, 101, 100, 3, 4], [100] * 6]
    assert PANEL.outcome[0, -1] == 100


@pytest.mark.parametrize("tilt", [1.0, 2.5])
def test_draws_that_are_all_alike_change_nothing(tilt):
    made = carried(STUDY, {"here": of([[80, 90]] * 20)}, normal(tilt=tilt), fits=20)
    alone = normal(tilt=tilt)(replace(STUDY, panel=drawn(PANEL, {"here": of([[80, 90]])}, 0)))
    assert [row.nowcast for row in made.effect] == [False] * 4 + [True] * 2
    assert "0% of the variance" in made.checks[0].detail
    effect = tuple(replace(row, nowcast=False) for row in made.effect)
    same = replace(made, effect=effect, checks=(), inference=alone.inference)
    assert numbers(same.to_data()) == pytest.approx(numbers(alone.to_data()))


def numbers(data):
    """The numbers in a result, in order."""
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        return [number for one in data for number in numbers(one)]
    return [data] if isinstance(data, float) else []


def spread_of(between, many):
    """Normal quantiles as the logarithms of counts about 80."""
    logs = norm.ppf((np.arange(many) + 0.5) / many) * between
    return of(np.repeat(80 * np.exp(logs)[:, None], 2, axis=1))


def test_normal_draws_and_a_normal_study_add_their_variances():
    """The mixture of N(θ, s²) over θ ~ N(μ, b²) is N(μ, s² + b²): Rubin's total variance. All that
    the answer has follows it: intervals, the p-value, coefficients, parts."""
    found = carried(STUDY, {"here": spread_of(0.08, 150)}, normal(0.06), fits=150)
    total, log = math.hypot(0.06, 0.08), math.log(0.8)
    low, high = (math.exp(log + side * 1.96 * total) - 1 for side in (-1, 1))
    assert found.relative_interval == pytest.approx((low, high), abs=0.003)
    assert found.p_value == pytest.approx(2 * norm.sf(-log / total), rel=0.03)
    level = found.coefficients["level"]
    assert level.se == pytest.approx(total, rel=0.01)
    assert (level.low, level.high) == pytest.approx(
        (log - 1.96 * total, log + 1.96 * total), abs=0.004
    )
    assert found.parts["half"].interval == pytest.approx((low, high), abs=0.003)
    share = tuple(math.exp(log + side * 2.576 * total) - 1 for side in (-1, 1))
    assert found.parts["share"].interval == pytest.approx(share, abs=0.006)  # its own level is 1 %
    after = found.effect[-1]
    alone = normal(0.06)(at_middle(STUDY, {"here": spread_of(0.08, 150)}))
    width = (after.high - after.low) / (alone.effect[-1].high - alone.effect[-1].low)
    assert width > 1.2
    assert np.ptp(found.interval) > 1.2 * np.ptp(alone.interval)
    assert from_nowcast([normal(0.06)(replace(STUDY, panel=drawn(PANEL, {"here": spread_of(0.08, 150)}, at)))
                         for at in range(150)], 0.05) == pytest.approx(0.64, abs=0.01)  # fmt: skip


@settings(max_examples=EXAMPLES)
@given(st.floats(60, 140), st.floats(0.0, 0.2), st.floats(0.02, 0.2), st.floats(0.6, 2.0))
def test_interval_and_p_value_are_of_one_distribution(middle, between, se, tilt):
    """Whatever the draws: the interval leaves out no effect exactly where p is under the level, and
    the intervals of sum and mean say the same."""
    logs = norm.ppf((np.arange(9) + 0.5) / 9) * between
    draws = of(np.repeat(middle * np.exp(logs)[:, None], 2, axis=1))
    found = carried(STUDY, {"here": draws}, normal(se, tilt), fits=9)
    assume(abs(found.p_value - 0.05) > 1e-4)
    for low, high in (found.relative_interval, found.interval, found.cumulative_interval):
        assert (low > 0 or high < 0) == (found.p_value < 0.05)


def test_a_p_value_never_falls_under_what_each_draw_could_give():
    def ranked(study):
        return replace(normal()(study), p_value=1 / 20, p_floor=1 / 20)

    found = carried(STUDY, {"here": spread_of(0.02, 30)}, ranked, fits=30)
    assert found.p_value == pytest.approx(1 / 20)
    mixed_signs = carried(STUDY, {"here": of([[50, 50], [200, 200]] * 5)}, ranked, fits=10)
    assert mixed_signs.p_value == pytest.approx(1.0)


def test_an_interval_without_a_bound_stays_one():
    def fit(study):
        return replace(
            normal()(study), relative_interval=(-1.0, math.inf), interval=(-1.0, math.inf)
        )

    found = carried(STUDY, {"here": of([[80, 90]] * 2 + [[81, 90]])}, fit, fits=3)
    low, high = found.relative_interval
    assert low < -0.999_99 and high == math.inf and found.interval is None
    assert found.to_data()["relative_interval"][1] is None
    assert span(found.relative_interval).endswith("any size")
    assert "interval with two ends" in found.checks[0].detail


@pytest.mark.parametrize(("without", "open_end"), [(100, True), (99, True), (6, True), (2, False)])
def test_fits_without_an_upper_end_leave_the_mixture_none_unless_they_are_few(without, open_end):
    """Half of each such fit lies at no finite value: of six in a hundred that is 3 %, more than the
    2.5 % that an interval of 95 % leaves out above. So too of a part, and at every look at once."""
    alone = normal(p_value=False)(STUDY)
    low, high = alone.relative_interval
    none = replace(
        alone, relative_interval=(low, math.inf), parts={**alone.parts, "half": Part(0.0, low)}
    )
    found = mixed(alone, [none] * without + [alone] * (100 - without), 0.05)
    assert found.relative_interval[0] == pytest.approx(low, abs=1e-6)
    ends = (found.relative_interval[1], found.parts["half"].interval[1])
    ends += (Review(0.05, fraction=1.0).of(found, 0.05).relative_interval[1],)
    assert [one == math.inf for one in ends] == [open_end] * 3
    assert min(ends) > high


def test_a_part_that_some_fits_do_not_have_the_mixture_has_not():
    alone = normal()(STUDY)
    without = replace(alone, parts={"share": alone.parts["share"]})
    found = mixed(alone, [alone, without], 0.05)
    assert list(found.parts) == ["share"] and list(found.untold) == ["half"]


@settings(max_examples=EXAMPLES)
@given(st.floats(-1, 1), st.floats(0.02, 0.5), st.floats(1e-4, 0.99), st.integers(1, 9))
def test_a_mixture_never_ends_below_what_a_far_end_would_give(middle, se, p_value, without):
    """An infinite end is the limit of one that is ever farther."""
    ends = np.array([[middle - 1.96 * se, middle, middle + 1.96 * se]] * 10)
    p_values = np.full(10, p_value)

    def upper(end):
        far = ends.copy()
        far[:without, 2] = end
        return Figure(far, 0.05, p_values).quantile(0.975)

    assert upper(math.inf) >= upper(1e4) * (1 - 1e-9) - 1e-9


def test_a_design_without_an_interval_carries_its_p_value_and_says_what_is_nowcast():
    found = carried(STUDY, {"here": spread_of(0.08, 40)}, bare, fits=40)
    assert found.relative_interval is None and found.effect[-1].nowcast
    assert found.p_value > bare(at_middle(STUDY, {"here": spread_of(0.08, 40)})).p_value
    (said,) = found.checks
    assert "there is no interval with two ends" in said.detail and "90 printed, 79.8" in said.detail


def test_counts_that_the_last_edition_did_not_print_are_named():
    """The panel has 100 in both months, of which 90 were printed; then 100 were."""
    draws = of([[80, 90]] * 2)
    (said,) = carried(STUDY, {"here": draws}, normal(), fits=2).checks
    months = "100 of 'here' in 0000-05 in the panel, 100 of 'here' in 0000-06 in the panel"
    assert said.passed is None
    assert said.detail.endswith(f"not used, and not what the last edition printed: {months}")
    (one,) = carried(
        STUDY, {"here": replace(draws, reported=COUNTS[0, 4:])}, normal(), fits=2
    ).checks
    assert "not used" not in one.detail


def test_what_cannot_be_carried_is_said():
    with pytest.raises(InputError, match="5 fits of 3 draws"):
        carried(STUDY, {"here": of([[80, 90]] * 3)}, normal(), fits=5)
    with pytest.raises(InputError, match="no area named 'nowhere'"):
        carried(STUDY, {"nowhere": of([[80, 90]])}, normal(), fits=1)
    with pytest.raises(InputError, match="no 0000-06"):
        carried(
            replace(STUDY, panel=PANEL.during(0, 5)), {"here": of([[80, 90]])}, normal(), fits=1
        )


def nowcast_of_areas(folder, count="count", treated=(0,)):
    """The nowcasts of two areas whose triangles are alike, from the file of a plan."""
    triangle, _ = reported(100, shock=0.1)
    rows = [
        f"{area},{period},{triangle.periods[at + delay]},{triangle.counts[at, delay]:.0f}"
        for area in ("here", "there")
        for at, period in enumerate(triangle.periods)
        for delay in range(min(5, len(triangle.periods) - at))
    ]
    path = folder / "editions.csv"
    path.write_text("\n".join([f"area,period,edition,{count}", *rows]) + "\n")
    panel = Panel(("here", "there"), triangle.periods, np.tile(triangle.last, (2, 1)))
    study = Study(panel, treated, len(panel.periods) - 4)
    return nowcasts_of(read_rows(path), Delayed(path, 4, count=count, unit="area"), study, [1])


def test_areas_and_outcomes_have_draws_of_their_own(tmp_path):
    """Two areas err apart, so that the variance of a difference is the sum of theirs."""
    made = nowcast_of_areas(tmp_path)
    here, there = (one.draws.sum(axis=1) for one in made.values())
    assert abs(np.corrcoef(here, there)[0, 1]) < 0.1
    assert np.var(here - there) == pytest.approx(np.var(here) + np.var(there), rel=0.1)
    other = nowcast_of_areas(tmp_path, "calls")["here"].draws.sum(axis=1)
    assert abs(np.corrcoef(here, other)[0, 1]) < 0.1
    assert np.array_equal(nowcast_of_areas(tmp_path)["here"].draws, made["here"].draws)


def test_areas_that_are_treated_both_err_together(tmp_path):
    """Their triangles are alike, and their series is the sum: its variance is that of one, times 4."""
    made = nowcast_of_areas(tmp_path, treated=(0, 1))
    here, there = (one.draws.sum(axis=1) for one in made.values())
    assert np.var(here + there) == pytest.approx(4 * np.var(here), rel=0.15)


def before_and_after(study):
    """A plain design: the last six months against the others, Poisson."""
    before, after = study.panel.outcome[0, :-6], study.panel.outcome[0, -6:]
    effect = after.mean() / before.mean()
    reach = 1.96 * math.sqrt(1 / after.sum() + 1 / before.sum())
    ends = effect * math.exp(-reach) - 1, effect * math.exp(reach) - 1
    p_value = float(2 * norm.sf(abs(math.log(effect)) * 1.96 / reach))
    return Estimate((), 0.0, effect - 1, 0.0, "Poisson", relative_interval=ends, p_value=p_value)


def test_what_is_found_where_nothing_happened_is_found_no_more_under_a_nowcast():
    """The first prints show a fall in most series in which nothing happened."""
    many, found = 40, {"printed": 0, "nowcast": 0}
    for seed in range(many):
        triangle, _ = reported(40, seed=seed)
        printed = np.where(np.isnan(triangle.counts).all(axis=1), 0, triangle.last)
        made = nowcast(triangle, 30, seed)
        printed[-len(made.periods) :] = made.reported
        panel = Panel(("here",), triangle.periods, printed[None, :])
        study = Study(panel, (0,), len(panel.periods) - 6)
        answers = {
            "printed": before_and_after(study),
            "nowcast": carried(study, {"here": made}, before_and_after, fits=30),
        }
        for name, one in answers.items():
            low, high = one.relative_interval
            found[name] += not low <= 0 <= high
            assert (one.p_value < 0.05) == (not low <= 0 <= high)
    assert found["printed"] > 0.4 * many
    assert found["nowcast"] <= 0.125 * many
