"""Synthetic control: Proposition 99, predictors, inference, checks, and plans that cannot be."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.designs.augmented_synthetic_control import AugmentedSyntheticControl
from opendcr.evaluate.designs.synthetic_control import SyntheticControl
from opendcr.evaluate.kernel.predictor_weights import LEAST, given, searched, sloped
from opendcr.evaluate.panel import Columns, Panel, read_rows, wide_panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

PROP99 = Path(__file__).parents[3] / "examples" / "studies" / "prop99" / "prop99.csv"
PUBLISHED = {  # the optimum of the outcome-only problem, by two general solvers to three digits
    "Utah": 0.394,
    "Montana": 0.232,
    "Nevada": 0.205,
    "Connecticut": 0.109,
    "New Hampshire": 0.045,
    "Colorado": 0.015,
}


@pytest.fixture(scope="module")
def california() -> Study:
    panel = wide_panel(read_rows(PROP99), Columns("cigsale", "Year"))
    panel = replace(panel, columns={"cigsale": panel.outcome})
    return Study(panel, (panel.at("California"),), panel.periods.index(Period("number", 1989)))


def design(**data):
    return SyntheticControl.read(Table("plan.toml", "designs.synthetic_control", data))


def augmented(**data):
    return AugmentedSyntheticControl.read(Table("plan.toml", "designs.augmented", data))


def made(donors=12, before=20, after=5, effect=0.0, seed=1) -> Study:
    """A factor model: donors and a treated area within their hull, with an effect after."""
    rng = np.random.default_rng(seed)
    factors = np.cumsum(rng.normal(size=(3, before + after)), axis=1)
    loads = rng.dirichlet(np.ones(3), donors)
    outcome = 50 + 5 * loads @ factors + rng.normal(size=(donors, before + after))
    series = outcome[:3].mean(axis=0) + rng.normal(size=before + after)
    series[before:] += effect
    units = ("here", *(f"area {one}" for one in range(donors)))
    periods = tuple(Period("number", one) for one in range(before + after))
    outcome = np.vstack([series, outcome])
    return Study(Panel(units, periods, outcome, columns={"y": outcome}), (0,), before)


def test_proposition_99_on_outcomes_alone(california):
    found = design(inference="none").fit(california)
    # The figures are printed to three digits (weights), four (sum of squares) and two (gaps).
    assert found.weights == pytest.approx(PUBLISHED, abs=6e-4)
    assert 19 * found.pre_rmspe**2 == pytest.approx(52.1296, abs=5e-5)
    assert found.pre_rmspe == pytest.approx(1.656, abs=5e-4)
    assert found.average_effect == pytest.approx(-19.51, abs=5e-3)
    assert found.effect[-1].effect == pytest.approx(-26.60, abs=5e-3)
    assert found.post_rmspe / found.pre_rmspe == pytest.approx(12.44, abs=5e-3)
    assert found.p_value == pytest.approx(3 / 39)
    assert found.p_floor == pytest.approx(1 / 39)
    assert len(found.placebos) == 38


def test_proposition_99_conformal_intervals_exclude_zero_and_blocks_have_their_floor(california):
    found = design().fit(california)
    low, high = found.interval
    assert low < found.average_effect < high < 0
    low, high = found.relative_interval
    assert low < found.relative_effect < high < 0
    assert found.effect[-1].low < found.effect[-1].effect < found.effect[-1].high < 0
    blocks = design(placebos="time", inference="none").fit(california)
    assert blocks.p_floor == pytest.approx(1 / 31)
    assert blocks.p_value >= blocks.p_floor
    assert len(blocks.placebos) == 30


def test_every_check_of_proposition_99_says_something(california):
    chosen = design(inference="none")
    checks = {one.name: one for one in chosen.checks(california, chosen.fit(california))}
    assert "rank 3 of 39" in checks["placebo areas"].detail
    assert checks["placebo areas"].passed is None
    assert checks["fit before the start"].passed
    assert checks["only these weights"].passed
    assert checks["within the donors' hull"].passed is None
    assert max(checks["donors left out"].effects) < -0.1
    assert max(checks["starts a little earlier"].effects) < -0.1
    assert checks["starts when nothing happened"].passed  # none is as great
    assert len(checks) == 8


def test_other_weights_may_fit_as_well_where_donors_are_more_than_what_is_matched():
    study = made(donors=30, before=4, after=3)
    chosen = design(inference="none")
    checks = {one.name: one for one in chosen.checks(study, chosen.fit(study))}
    inside = checks["within the donors' hull"].passed
    assert checks["only these weights"].passed is (not inside)


@pytest.mark.parametrize("seed", range(3))
def test_predictors_searched_are_no_worse_than_counted_alike(seed):
    rng = np.random.default_rng(seed)
    near, gaps = rng.normal(size=(4, 10)) + 1.0, rng.normal(size=(15, 10))
    alike = searched(near, gaps, 0.0, np.zeros((1, 4)), LEAST)
    starts = np.concatenate([np.zeros((1, 4)), -rng.exponential(3, (30, 4))])
    counted, weights, error = searched(near, gaps, 0.0, starts, LEAST)
    assert counted.sum() == pytest.approx(1)
    assert weights.sum() == pytest.approx(1)
    assert error <= alike[2] + 1e-12
    assert error == pytest.approx(((gaps @ weights) ** 2).mean())


def test_predictors_that_donors_match_entirely_leave_the_choice_to_the_outcome():
    rng = np.random.default_rng(4)
    near, gaps = rng.normal(size=(1, 20)), rng.normal(size=(15, 20)) + 1.0
    counted, weights, error = searched(near, gaps, 0.0, np.zeros((1, 1)), LEAST)
    assert abs(near @ weights)[0] < 1e-4
    others = [np.array([1.0]), *rng.dirichlet(np.ones(20), 0)]
    assert counted == pytest.approx(others[0])
    pair = np.zeros(20)  # any other match: two donors on either side of the treated area
    left, right = int(np.argmin(near[0])), int(np.argmax(near[0]))
    pair[left], pair[right] = near[0, right], -near[0, left]
    pair /= pair.sum()
    assert error < ((gaps @ pair) ** 2).mean()


def test_a_predictor_that_is_the_same_everywhere_changes_nothing():
    study = made()
    same = replace(
        study.panel, columns={**study.panel.columns, "c": np.ones_like(study.panel.outcome)}
    )
    study = replace(study, panel=same)
    y = {"column": "y", "from": 0, "to": 19}
    alone = design(predictors=[y], inference="none").fit(study)
    both = design(predictors=[y, {"column": "c", "at": [3]}], inference="none").fit(study)
    assert both.pre_rmspe == pytest.approx(alone.pre_rmspe, rel=1e-3)
    assert len(both.predictor_weights) == 2


def test_an_intercept_makes_a_shift_of_the_treated_area_nothing():
    study = made()
    shifted = study.panel.outcome.copy()
    shifted[0] += 40
    other = replace(study, panel=study.panel.with_outcome(shifted))
    chosen = design(intercept=True, inference="none", placebos="none")
    assert chosen.fit(other).average_effect == pytest.approx(chosen.fit(study).average_effect)
    assert abs(design(inference="none").fit(other).average_effect) > 10


def test_no_seed_is_better_than_another():
    chosen = design(predictors=[{"column": "y", "from": 0, "to": 9}, {"column": "y", "at": [19]}])
    assert chosen.fit(replace(made(), seed=2)) == chosen.fit(made())


def test_too_few_periods_give_no_interval_and_say_why():
    found = design().fit(made(before=10, after=3))
    assert found.interval is None
    assert "13 periods" in found.inference


@pytest.mark.parametrize("make", [design, augmented])
def test_with_an_intercept_a_half_of_the_periods_ties_with_the_other(make):
    half = made(before=12, after=12, effect=-30.0)
    asked = make(intercept=True, placebos="time", inference="conformal")
    found = asked.fit(half)
    assert found.p_value == pytest.approx(found.p_floor) == pytest.approx(2 / 24)
    assert asked.floor(half) == found.p_floor and found.relative_interval is None
    assert make(placebos="time", inference="none").fit(half).p_floor == pytest.approx(1 / 24)


@pytest.mark.parametrize("make", [design, augmented])
def test_a_null_is_seldom_rejected_and_a_large_effect_always_is(make):
    values = [
        make(placebos="time", inference="none").fit(made(seed=one)).p_value for one in range(40)
    ]
    # 40 nulls at 20%: more than 16 rejections have a probability under 0.003.
    assert sum(one <= 0.2 for one in values) <= 16
    large = make(placebos="time", inference="none").fit(made(effect=-30.0))
    assert large.p_value == pytest.approx(large.p_floor)


def test_intervals_hold_the_effect_that_was_planted():
    holds = 0
    for seed in range(20):
        low, high = design(placebos="none").fit(made(effect=-6.0, seed=seed)).interval
        holds += low <= -6.0 <= high
    assert holds >= 16  # of 20 at 95%: fewer have a probability under 0.003


def test_a_ridge_fits_better_before_and_none_is_the_synthetic_control():
    study = made()
    plain = design(inference="none", placebos="none").fit(study)
    closer = augmented(ridge=1.0, inference="none", placebos="none").fit(study)
    same = augmented(ridge=1e14, inference="none", placebos="none").fit(study)
    assert closer.pre_rmspe < plain.pre_rmspe
    assert same.average_effect == pytest.approx(plain.average_effect, abs=1e-6)
    assert sum(closer.weights.values()) == pytest.approx(1, abs=1e-6)


def test_the_ridge_is_the_authors_formula():
    study = made(donors=5)
    found = augmented(ridge=3.0, inference="none", placebos="none").fit(study)
    plain = design(inference="none", placebos="none").fit(study).weights
    weights = np.array([plain.get(name, 0.0) for name in study.panel.units[1:]])
    x0, x1 = study.panel.outcome[1:, :20], study.panel.outcome[0, :20]
    centred = x0 - x0.mean(axis=0)
    inverse = np.linalg.inv(centred.T @ centred + 3.0 * np.eye(20))
    wanted = weights + (x1 - x0.T @ weights) @ inverse @ centred.T
    got = [found.weights.get(name, 0.0) for name in study.panel.units[1:]]
    assert got == pytest.approx(wanted, abs=1e-7)


def left_out_errors(study: Study, ridge: float) -> list[float]:
    """Squared errors in each period before of the fit to the others, whose means alone it knows."""
    found = []
    for out in range(study.start):
        kept = np.delete(np.arange(study.start), out)
        outcome = study.panel.outcome - study.panel.outcome[:, kept].mean(axis=1, keepdims=True)
        panel = replace(study.panel, outcome=np.column_stack([outcome[:, kept], outcome[:, out]]),
                        periods=study.panel.periods[: study.start], columns={})  # fmt: skip
        alone = replace(study, panel=panel, start=study.start - 1)
        fit = augmented(intercept=True, ridge=ridge, inference="none", placebos="none").fit(alone)
        found.append(fit.effect[-1].effect ** 2)
    return found


@pytest.mark.parametrize("donors", [6, 40])
def test_the_ridge_is_chosen_by_periods_that_are_wholly_left_out(donors):
    """With an intercept and more donors than periods a period would follow from the others, had its
    own outcome a part in the mean: the least ridge would be taken, and the weights fit noise."""
    study = made(donors=donors, before=15)
    found = augmented(intercept=True, inference="none", placebos="none").fit(study)
    ridge = float(found.inference.split()[-1])
    outcome = study.panel.outcome[1:, :15]
    centred = outcome - outcome.mean(axis=1, keepdims=True)
    centred = centred - centred.mean(axis=0)
    grid = np.linalg.eigvalsh(centred.T @ centred)[-1] * 1e-8 ** (np.arange(20) / 19)
    errors = np.array([left_out_errors(study, one) for one in grid])
    least = int(np.argmin(errors.mean(axis=1)))
    within = errors[least].mean() + errors[least].std(ddof=1) / np.sqrt(15)
    assert ridge == pytest.approx(grid[errors.mean(axis=1) <= within].max(), rel=1e-3)
    assert ridge > 100 * grid[-1]


def test_the_jackknife_has_an_interval_about_the_estimate_and_a_reason_where_it_has_none():
    found = augmented(placebos="space").fit(made(effect=-6.0))
    assert found.interval[0] < found.average_effect < found.interval[1]
    assert found.p_floor == pytest.approx(1 / 13)
    few = augmented().fit(made(before=10))
    assert few.interval is None
    assert "too few" in few.inference


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"donors": ["area 1"]}, "two donors"),
        ({"fit": {"from": 0, "to": 22}}, "fit periods from 0 to 19"),
        ({"fit": {"from": -5, "to": 10}}, "fit periods from 0 to 19"),
        ({"predictors": [{"column": "z", "at": [1]}]}, "no column 'z'"),
        ({"predictors": [{"column": "y", "at": [99]}]}, "no period 99"),
        ({"predictors": [{"column": "y", "from": 50, "to": 60}]}, "in 50 to 60"),
    ],
)
def test_a_plan_that_the_panel_does_not_allow_is_an_error_in_one_line(data, said):
    with pytest.raises(InputError, match=said):
        design(**data).fit(made())


@pytest.mark.parametrize(
    "data",
    [
        {"donor": []},
        {"donors": "all"},
        {"placebos": "maybe"},
        {"penalty": -1},
        {"fit": {"from": 3}},
        {"fit": {"from": 3, "to": 2}},
        {"predictors": [{"column": "y"}]},
        {"predictors": [{"column": "y", "at": [1], "op": "mode"}]},
    ],
)
def test_a_key_that_cannot_be_is_named(data):
    with pytest.raises(InputError, match=f"designs.synthetic_control.*{next(iter(data))[:5]}"):
        design(**data)


def test_with_predictors_no_interval_is_of_another_estimate(california):
    """Conformal intervals are of weights on outcomes: West Germany's excluded its own estimate."""
    predictors = [{"column": "cigsale", "at": [1975]}, {"column": "cigsale", "at": [1988]}]
    assert design(predictors=predictors).inference == "placebos"
    with pytest.raises(InputError, match=r"inference.*placebos or none with predictors"):
        design(predictors=predictors, inference="conformal")
    few = replace(california, panel=california.panel.of(range(15)), treated=(2,))
    found = design(inference="placebos").fit(few)
    assert found.relative_interval is None and "no interval: a rank among 14" in found.inference


def test_donors_of_which_all_but_two_are_constant_are_no_trouble():
    study = made()
    flat = study.panel.outcome.copy()
    flat[3:] = 50.0
    study = replace(study, panel=study.panel.with_outcome(flat))
    for chosen in (design(), design(intercept=True), augmented()):
        assert np.isfinite(chosen.fit(study).average_effect)


@pytest.mark.parametrize(("year", "known"), [(1985, True), (1990, False)])
def test_a_predictor_from_after_the_start_is_told(california, year, known):
    asked = design(predictors=[{"column": "cigsale", "from": 1980, "to": 1988}, {"column": "cigsale", "at": [year]}],
                   placebos="none", inference="none")  # fmt: skip
    checks = {one.name: one.passed for one in asked.checks(california, asked.fit(california))}
    assert checks["predictors known before the start"] is known


def test_donors_brought_to_one_level_follow_what_multiplies_rates():
    """Donors whose rates are twice and half the treated area's, with the same movements."""
    shared = 20 + 3 * np.sin(np.arange(25.0))
    panel_of = np.vstack([shared, 2 * shared, 0.5 * shared, 3 * shared])
    periods = tuple(Period("number", 2000 + at) for at in range(25))
    study = Study(Panel(("here", "a", "b", "c"), periods, panel_of), (0,), 20)
    exact = design(scaled=True, placebos="none", inference="none").fit(study)
    assert abs(exact.relative_effect) < 1e-12 and exact.pre_rmspe == pytest.approx(0, abs=1e-9)
    zero = replace(study, panel=study.panel.with_outcome(np.vstack([panel_of[:3], 0 * shared])))
    with pytest.raises(InputError, match="a mean of 'c'"):
        design(scaled=True).fit(zero)


def test_intervals_from_the_donors_errors_hold_no_effect_and_see_a_large_one():
    null, large = (
        design(inference="placebos").fit(made(donors=24)),
        design(inference="placebos").fit(made(donors=24, effect=-30.0)),
    )
    assert null.relative_interval[0] < 0 < null.relative_interval[1]
    assert large.relative_interval[1] < 0 and large.interval[1] < 0
    assert "by rank among 24 donors" in large.inference
    few = design(inference="placebos").fit(made(donors=12))
    assert few.relative_interval is None  # of 12 none can be extreme enough


def test_a_ridge_that_corrects_nothing_is_told():
    study = made()
    for ridge, passed in ((1.0, None), (1e14, False)):
        one = augmented(ridge=ridge, inference="none", placebos="none")
        (found,) = [
            check for check in one.checks(study, one.fit(study)) if check.name.startswith("correc")
        ]
        assert found.passed is passed
        assert ("without correction" in found.detail) == (passed is False)


def test_a_ridge_by_its_share_does_not_depend_on_the_outcome_s_unit():
    study = made()
    scaled = replace(
        study, panel=replace(study.panel, outcome=study.panel.outcome * 1000, columns={})
    )
    one, other = (
        augmented(ridge_share=0.1, placebos="none", inference="none").fit(at)
        for at in (study, scaled)
    )
    assert one.relative_effect == pytest.approx(other.relative_effect, rel=1e-9)
    with pytest.raises(InputError, match="either a ridge or a share"):
        augmented(ridge=1.0, ridge_share=0.1)


def test_predictors_that_count_as_the_plan_says():
    data = [
        {"column": "y", "at": [4], "weight": 3.0},
        {"column": "y", "at": [12], "weight": 1.0},
    ]
    found = design(predictors=data, placebos="none", inference="none").fit(made())
    assert found.predictor_weights == pytest.approx((0.75, 0.25))


@pytest.mark.parametrize("weights", [(1.0, None), (0.0, 0.0)])
def test_weights_of_predictors_stand_on_all_of_them_or_on_none(weights):
    data = [
        {"column": "y", "at": [at]} | ({} if one is None else {"weight": one})
        for at, one in enumerate(weights)
    ]
    with pytest.raises(InputError, match="predictors"):
        design(predictors=data)


def test_no_predictor_counts_less_than_its_share():
    data = [{"column": "y", "at": [at]} for at in (2, 9, 17)]
    options = {"predictors": data, "placebos": "none", "inference": "none"}
    free = design(**options).fit(made(seed=3))
    bound = design(**options, predictors_count_at_least=0.2).fit(made(seed=3))
    counted = bound.predictor_weights or ()
    assert min(counted) >= 0.2 * max(counted) * (1 - 1e-9)
    assert (free.pre_rmspe or 0) <= (bound.pre_rmspe or 0) + 1e-9


@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_the_slope_of_the_error_is_that_of_differences(penalty):
    rng = np.random.default_rng(5)
    near, gaps = rng.normal(size=(5, 12)) + 1.0, rng.normal(size=(15, 12))
    begun, logs, slope = np.full(12, 1 / 12), -rng.exponential(1, 5), np.empty(5)

    def error(at):
        counted = np.exp(at - at.max())
        return np.log(((gaps @ given(near, penalty, counted)) ** 2).mean())

    problem = (near, gaps, penalty, np.log(LEAST), begun)
    assert sloped(problem, logs, begun.copy(), slope) == pytest.approx(error(logs))
    steps = 1e-6 * np.eye(5)
    between = [(error(logs + one) - error(logs - one)) / 2e-6 for one in steps]
    assert slope == pytest.approx(between, abs=1e-6)


def test_a_large_area_is_ranked_by_its_error_and_not_by_small_areas_noise():
    """Counts of one rate in areas of 40 to 4000 events a year: the largest is rejected as seldom as
    the level says by errors; by the ratio of errors after and before far more often."""
    rng, periods = np.random.default_rng(11), tuple(Period("number", 2000 + at) for at in range(14))
    people = np.repeat(np.concatenate([[4e6], np.geomspace(4e4, 4e5, 29)])[:, None], 14, axis=1)
    found = {"space": 0, "errors": 0}
    for _ in range(120):
        growth = np.exp(np.cumsum(rng.normal(0.03, 0.05, 14)))
        counts = rng.poisson(1e-3 * growth * people * np.exp(rng.normal(0, 0.02, people.shape)))
        study = Study(
            Panel(tuple(map(str, range(30))), periods, counts.astype(float), people), (0,), 10
        )
        for kind in found:
            found[kind] += design(placebos=kind, inference="none").fit(study).p_value <= 0.05
    assert found["errors"] <= 12  # 6 expected at most; 12 or more has probability .02
    assert found["space"] > found["errors"]


def test_weights_that_expect_less_than_nothing_are_no_error():
    """A ridge may lead below zero where donors fall far; what is expected of counts is then none."""
    periods = tuple(Period("number", 2000 + at) for at in range(12))
    people = np.full((25, 12), 1e5)
    rng = np.random.default_rng(2)
    counts = rng.poisson(40, people.shape).astype(float)
    counts[1:, 10:] = rng.poisson(400, (24, 2))
    counts[0] = np.arange(12) % 3 + np.where(np.arange(12) < 10, 20, 0)
    found = augmented(ridge=0.0, placebos="errors", inference="placebos").fit(
        Study(Panel(tuple(map(str, range(25))), periods, counts, people), (0,), 10)
    )
    assert found.p_value is not None and 0 < found.p_value <= 1
