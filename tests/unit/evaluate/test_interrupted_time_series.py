"""Interrupted time series: a published study, planted effects, coverage, and what is refused."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from opendcr.errors import InputError
from opendcr.evaluate.designs.interrupted_time_series import InterruptedTimeSeries
from opendcr.evaluate.panel import Columns, Panel, panel_of, read_rows
from opendcr.evaluate.periods import Period
from opendcr.evaluate.regressions import checks as segmented
from opendcr.evaluate.regressions.covariance import autoregressive
from opendcr.evaluate.regressions.segments import Seasonality
from opendcr.evaluate.study import Study
from opendcr.keyed import Table, read_toml
from opendcr.streams import stream

Real = NDArray[np.float64]
SOAK = os.environ.get("OPENDCR_SOAK") == "1"
SICILY = Path(__file__).parents[3] / "examples" / "studies" / "sicily"


def sicily() -> Study:
    rows = read_rows(SICILY / "sicily.csv")
    return Study(panel_of(rows, Columns("aces", "time", exposure="stdpop")), (0,), 36)


def design(**more: Any) -> InterruptedTimeSeries:
    return InterruptedTimeSeries(**{"terms": ("level",), "covariance": "model"} | more)


def normal_interval(study: Study, asked: InterruptedTimeSeries) -> tuple[float, float, float]:
    """The step's rate ratio, and its interval by the normal's quantile, as published."""
    found = (asked.fit(study).coefficients or {})["level"]
    assert found.se is not None
    return tuple(float(np.exp(found.estimate + z * found.se)) for z in (0, -1.959964, 1.959964))  # type: ignore[return-value]


# Lopez Bernal, Cummins and Gasparrini 2017 (their code, corrected): rate ratios of the ban.
def test_sicily_by_poisson_regression() -> None:
    found = normal_interval(sicily(), design(family="poisson"))
    assert found == pytest.approx((0.8944, 0.8647, 0.9251), abs=5e-5)


def test_sicily_by_quasi_poisson_regression() -> None:
    asked = design(family="quasi_poisson")
    assert normal_interval(sicily(), asked)[1:] == pytest.approx((0.8392, 0.9532), abs=5e-5)
    assert asked.contrast(sicily()).fit.dispersion == pytest.approx(3.559, abs=5e-4)


def test_sicily_with_seasons_as_its_plan_says() -> None:
    plan = read_toml(SICILY / "plan.toml", "a plan")["designs"]["interrupted_time_series"]
    asked = InterruptedTimeSeries.read(Table("plan.toml", "designs.interrupted_time_series", plan))
    assert normal_interval(sicily(), asked) == pytest.approx((0.8851, 0.8394, 0.9332), abs=1e-4)
    assert asked.contrast(sicily()).fit.dispersion == pytest.approx(2.262, abs=5e-4)
    found = asked.fit(sicily())
    assert np.exp((found.coefficients or {})["trend"].estimate) == pytest.approx(1.00540, abs=5e-6)
    assert found.relative_effect == pytest.approx(0.8851 - 1, abs=5e-5)


def test_sicily_s_change_of_slope() -> None:
    asked = design(terms=("level", "slope"), seasonality=Seasonality(12, 2))
    found = asked.fit(sicily()).coefficients or {}
    slope = found["slope"]
    assert slope.se is not None
    assert np.exp(slope.estimate) == pytest.approx(1.00148, abs=5e-6)
    assert 2 * norm.sf(abs(slope.estimate) / slope.se) == pytest.approx(0.424, abs=0.005)


def test_the_interval_of_a_step_is_that_of_its_coefficient() -> None:
    found = design().fit(sicily())
    step = (found.coefficients or {})["level"]
    assert step.low is not None and step.high is not None
    assert found.relative_interval == pytest.approx((np.expm1(step.low), np.expm1(step.high)))
    assert found.relative_effect == pytest.approx(np.expm1(step.estimate))


PERIODS = tuple(Period.of("2015-01").after(at) for at in range(72))  # type: ignore[union-attr]


def study(outcome: Real, start: int = 48, exposure: Real | None = None, **columns: Real) -> Study:
    periods = len(outcome)
    rows = {name: one[None] for name, one in columns.items()}
    known = None if exposure is None else exposure[None]
    panel = Panel(("near",), PERIODS[:periods], outcome[None], known, rows, where="calls.csv")
    return Study(panel, (0,), start)


AFTER = np.arange(72) >= 48
SINCE = np.maximum(np.arange(72) - 48.0, 0)


def counts(effect: Real, seed: int = 1, mean: float = 4000.0) -> Real:
    """Large counts, so that a planted effect shows."""
    draw = stream(seed, "planted")
    return draw.poisson(mean * np.exp(0.002 * np.arange(72) + effect)) * 1.0


@pytest.mark.parametrize("family", ["poisson", "quasi_poisson", "negative_binomial", "gaussian"])
def test_a_planted_step_and_slope_are_found(family: str) -> None:
    asked = InterruptedTimeSeries(family=family)  # type: ignore[arg-type]
    effect = np.where(AFTER, -0.2, 0) - 0.01 * SINCE
    found = asked.fit(study(counts(effect)))
    if family != "gaussian":
        terms = found.coefficients or {}
        assert terms["level"].estimate == pytest.approx(-0.2, abs=0.03)
        assert terms["slope"].estimate == pytest.approx(-0.01, abs=0.002)
    truth = np.exp(0.002 * np.arange(72))[AFTER] @ np.exp(effect[AFTER])
    truth /= np.exp(0.002 * np.arange(72))[AFTER].sum()
    assert found.relative_effect == pytest.approx(truth - 1, abs=0.02)
    assert found.p_value is not None and found.p_value < 1e-6


def test_a_planted_dose_is_found_and_without_it_is_what_is_expected() -> None:
    hours = np.where(AFTER, 100 + 50 * np.sin(np.arange(72)), 0.0)
    asked = InterruptedTimeSeries(terms=("dose",), dose="booth_hours")
    found = asked.fit(study(counts(-0.002 * hours), booth_hours=hours))
    assert (found.coefficients or {})["dose"].estimate == pytest.approx(-0.002, abs=1e-4)
    last = found.effect[-1]
    assert last.observed / last.expected == pytest.approx(np.exp(-0.002 * hours[-1]), abs=0.05)
    assert asked.columns == ("booth_hours",)


def test_a_level_that_is_reached_in_steps() -> None:
    grown = np.clip((np.arange(72) - 47) / 6, 0, 1)
    found = InterruptedTimeSeries(terms=("level",), ramp=6).fit(study(counts(-0.3 * grown)))
    assert (found.coefficients or {})["level"].estimate == pytest.approx(-0.3, abs=0.02)


def test_counts_are_told_from_other_outcomes() -> None:
    whole = counts(np.zeros(72))
    assert "quasi-Poisson" in InterruptedTimeSeries().fit(study(whole)).inference
    assert "linear" in InterruptedTimeSeries().fit(study(whole / 3)).inference


def test_the_effect_by_period_stands_in_its_interval() -> None:
    for family in ("quasi_poisson", "gaussian"):
        found = design(family=family).fit(study(counts(np.zeros(72), mean=9.0)))
        inside = [one.low <= 0 <= one.high for one in found.effect
                  if one.low is not None and one.high is not None]  # fmt: skip
        assert len(inside) == 72 and 0.88 <= np.mean(inside) <= 1
        assert all(one.low <= one.effect <= one.high for one in found.effect)  # type: ignore[operator]


def test_intervals_of_the_mean_effect_are_those_of_simulated_coefficients() -> None:
    asked = InterruptedTimeSeries("quasi_poisson", covariance="model")
    exposure = 1000 + 5.0 * np.arange(72)
    there = study(counts(-0.01 * SINCE, mean=200.0), exposure=exposure)
    contrast = asked.contrast(there)
    draws = stream(2, "coefficients").multivariate_normal(
        contrast.fit.coefficients, contrast.covariance, 40_000
    )
    with_terms = np.exp(draws @ contrast.segments.matrix.T + np.log(exposure))[:, 48:]
    without = np.exp(draws @ contrast.segments.without.T + np.log(exposure))[:, 48:]
    bounds = replace(contrast, freedom=1e6).bounds()
    ratios = with_terms.sum(axis=1) / without.sum(axis=1) - 1
    assert bounds.relative == pytest.approx(np.quantile(ratios, [0.025, 0.975]), abs=0.004)
    # Of what happened, so much is the start's doing.
    rates = (with_terms / exposure[48:]).sum(axis=1) / (without / exposure[48:]).sum(axis=1)
    happened = (contrast.fit.mean / exposure)[48:].mean()
    gaps = happened * (1 - 1 / rates)
    assert bounds.interval == pytest.approx(np.quantile(gaps, [0.025, 0.975]), abs=2e-4)


def test_fieller_s_interval_is_where_a_linear_contrast_is_not_significant() -> None:
    contrast = design(family="gaussian").contrast(
        study(counts(np.where(AFTER, -0.1, 0), mean=30.0))
    )
    bounds = contrast.bounds()
    assert bounds.relative is not None
    for end in bounds.relative:
        line = (contrast.segments.matrix - (1 + end) * contrast.segments.without)[48:].sum(axis=0)
        error = np.sqrt(line @ contrast.covariance @ line)
        assert abs(line @ contrast.fit.coefficients) / error == pytest.approx(contrast.quantile)


def held(asked: InterruptedTimeSeries, draw: Any, repeats: int) -> float:
    """How often the relative interval holds a planted −20 %, in 60 months of 40 events."""
    mean = 40 * np.exp(0.004 * np.arange(60)) * np.where(np.arange(60) >= 40, 0.8, 1.0)
    inside = 0
    for _ in range(repeats):
        found = asked.fit(study(draw(mean) * 1.0, start=40)).relative_interval
        inside += found is None or found[0] <= -0.2 <= found[1]  # None: it has no ends
    return inside / repeats


def noisy(name: str) -> Any:
    draw = stream(8, "coverage", name)

    def alike(mean: Real, rho: float = 0.6, spread: float = 0.25) -> Real:
        wave = np.zeros(len(mean))
        wave[0] = draw.normal()
        for at in range(1, len(mean)):
            wave[at] = rho * wave[at - 1] + np.sqrt(1 - rho**2) * draw.normal()
        return draw.poisson(mean * np.exp(spread * wave - spread**2 / 2))

    makes = {
        "poisson": draw.poisson,
        "overdispersed": lambda mean: draw.poisson(mean * draw.gamma(10, 0.1, len(mean))),
        "alike": alike,
    }
    return makes[name]


@pytest.mark.parametrize(
    ("family", "covariance", "noise", "least", "most"),
    [
        ("poisson", "model", "poisson", 0.93, 0.975),
        ("quasi_poisson", "autoregressive", "poisson", 0.93, 0.985),
        ("quasi_poisson", "model", "overdispersed", 0.92, 0.975),
        ("quasi_poisson", "autoregressive", "overdispersed", 0.92, 0.98),
        ("negative_binomial", "model", "overdispersed", 0.90, 0.975),
        ("quasi_poisson", "autoregressive", "alike", 0.88, 0.975),
        ("gaussian", "autoregressive", "alike", 0.87, 0.975),
        # What makes the default: these are what they would be without it.
        ("poisson", "model", "overdispersed", 0.0, 0.75),
        ("quasi_poisson", "model", "alike", 0.0, 0.86),
    ],
)
def test_intervals_hold_what_they_say(
    family: Any, covariance: Any, noise: str, least: float, most: float
) -> None:
    asked = InterruptedTimeSeries(family, ("level",), covariance=covariance)
    assert least <= held(asked, noisy(noise), 5000 if SOAK else 350) <= most


@given(
    st.integers(0, 10_000),
    st.sampled_from(["quasi_poisson", "negative_binomial", "gaussian"]),
    st.sampled_from(["model", "autoregressive"]),
    st.sampled_from([("level",), ("slope",), ("level", "slope")]),
)
def test_the_interval_whose_level_is_the_p_value_ends_at_no_effect(
    seed: int, family: Any, covariance: Any, terms: Any
) -> None:
    draw = stream(seed, "ends")
    outcome = draw.poisson(20 * np.exp(draw.normal(0, 0.2, 30))) * 1.0
    there = study(outcome, 18, exposure=np.linspace(10.0, 20, 30))
    asked = InterruptedTimeSeries(family, terms, covariance=covariance)
    p_value = asked.fit(there).p_value
    assert p_value is not None
    if not 1e-4 < p_value < 0.9999:
        return
    ends = asked.fit(replace(there, level=p_value)).relative_interval
    if ends is None:  # Fieller's set of this level has no two ends
        return
    assert min(abs(one) for one in ends) == pytest.approx(0, abs=1e-6)


def test_the_p_value_is_that_of_statsmodels() -> None:
    there = study(counts(np.where(AFTER, -0.05, 0), mean=30.0)[40:60], start=8)
    asked = InterruptedTimeSeries("gaussian", covariance="model")
    contrast = asked.contrast(there)
    theirs = sm.OLS(there.panel.outcome[0], contrast.segments.matrix).fit()
    after = contrast.segments.matrix[8:].copy()
    after[:, :2] = 0
    tested = theirs.t_test(after.sum(axis=0))
    assert asked.fit(there).p_value == pytest.approx(float(tested.pvalue), rel=1e-8)
    counted = replace(asked, family="poisson", terms=("level",))
    regression = counted.contrast(there).segments.matrix
    fit = sm.GLM(there.panel.outcome[0], regression, family=sm.families.Poisson()).fit()
    t = fit.params[2] / fit.bse[2]
    assert counted.fit(there).p_value == pytest.approx(2 * student.sf(abs(t), 17), rel=1e-6)


def test_a_single_observation_varies_as_its_family_says() -> None:
    draw = stream(6, "single")
    there = study(draw.poisson(50 * draw.gamma(4, 0.25, 72)) * 1.0)
    contrast = design(family="negative_binomial").contrast(there)
    mean, seen = contrast.expected[0], there.panel.outcome[0, 0]
    line, alpha = contrast.segments.matrix[0], contrast.fit.extra
    variance = mean**2 * (line @ contrast.covariance @ line) + mean + alpha * mean**2
    low = contrast.bounds().low
    assert alpha > 0.1 and low is not None
    assert seen - low[0] - mean == pytest.approx(student.ppf(0.975, 69) * np.sqrt(variance))


def test_no_effect_is_rejected_as_often_as_the_level_says() -> None:
    draw, repeats = stream(9, "size"), 4000 if SOAK else 500
    asked = InterruptedTimeSeries()
    rejected = 0
    for _ in range(repeats):
        p_value = asked.fit(study(draw.poisson(30, 60) * 1.0, start=40)).p_value
        assert p_value is not None
        rejected += p_value < 0.05
    assert 0.02 <= rejected / repeats <= 0.075


def checks(there: Study, asked: InterruptedTimeSeries) -> dict[str, bool | None]:
    return {one.name: one.passed for one in asked.checks(there, asked.fit(there))}


def test_checks_of_a_clean_series_pass() -> None:
    found = checks(study(counts(np.where(AFTER, -0.3, 0), seed=4, mean=60.0)), design())
    wrong = {name for name, passed in found.items() if passed is False}
    assert not wrong - {"start"}
    assert set(found) == {"periods", "overdispersion", "autocorrelation", "influence", "start",
                          "placebo starts", "trend"}  # fmt: skip


def test_checks_see_overdispersion_autocorrelation_and_drift() -> None:
    draw = stream(5, "drift")
    drifting = draw.poisson(500 * np.exp(np.cumsum(draw.normal(size=72)) * 0.1)) * 1.0
    found = checks(study(drifting), design(family="poisson"))
    assert found["overdispersion"] is False
    assert found["autocorrelation"] is False
    assert found["placebo starts"] is False


@pytest.mark.parametrize(("rho", "passed"), [(0.0, True), (0.95, False)])
def test_errors_that_allow_for_autocorrelation_do_not_suffice_where_it_is_strong(
    rho: float, passed: bool
) -> None:
    draw, wave = stream(1, "strong"), np.zeros(72)
    for at in range(1, 72):
        wave[at] = rho * wave[at - 1] + draw.normal()
    there = study(draw.poisson(400 * np.exp(0.2 * wave)) * 1.0)
    contrast = InterruptedTimeSeries().contrast(there)
    found = segmented.autocorrelation(contrast.fit, True)
    assert found.passed is passed and bool(found.narrow) is not passed
    assert "allow for it" in found.detail
    alike = autoregressive(contrast.fit)
    assert contrast.freedom == pytest.approx(max(2, 68 * (1 - alike.rho) / (1 + alike.rho)))
    assert contrast.covariance == pytest.approx(alike.covariance)


def test_checks_see_one_period_that_makes_the_answer() -> None:
    outcome = counts(np.zeros(72), seed=2, mean=60.0)
    outcome[-1] = 1000
    assert checks(study(outcome), design(family="poisson"))["influence"] is False


@pytest.mark.filterwarnings("error")
def test_a_period_without_which_nothing_would_be_expected_is_seen() -> None:
    there = study(np.array([2.0, 2, 10, 50, 0, 0, 10, 50, 0, 1]), start=6)
    assert checks(there, design(family="gaussian"))["influence"] is False


def test_checks_of_short_series_say_that_they_are_short() -> None:
    short = study(np.array([9.0, 12, 8, 11, 13, 10, 6, 7]), start=5)
    found = checks(short, design())
    assert found["periods"] is False
    assert found["placebo starts"] is None


def test_checks_of_a_dose_and_of_a_gaussian() -> None:
    hours = np.where(AFTER, 100 + 50 * np.sin(np.arange(72)), 0.0)
    asked = InterruptedTimeSeries("gaussian", ("dose",), dose="hours")
    found = checks(study(counts(-0.002 * hours, mean=50.0), hours=hours), asked)
    assert found["start"] is None and found["overdispersion"] is None
    assert found["placebo starts"] is not None


GOOD = np.array([9.0, 12, 8, 11, 13, 10, 6, 7, 5, 6])


@pytest.mark.parametrize(
    ("outcome", "start", "more", "said"),
    [
        (np.array([9.0, 12, 8, 11, 13, 10, 0, 0, 0, 0]), 6, {}, "no finite estimate of 'level'"),
        (GOOD[:4], 2, {"terms": ("level", "slope")}, "4 periods and 4 coefficients"),
        (GOOD, 9, {"terms": ("level", "slope")}, "'slope' cannot be told"),
        (GOOD - 8, 6, {"family": "poisson"}, "counts, zero or more"),
        (np.arange(10.0) / 7, 6, {"family": "gaussian"}, "describe exactly"),
    ],
)
def test_bad_series(outcome: Real, start: int, more: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        design(**more).fit(study(outcome, start=start))
    assert str(error.value).startswith("calls.csv") and "\n" not in str(error.value)


def test_one_period_after_is_enough_for_a_level_and_its_interval_is_finite() -> None:
    wild = np.array([3.0, 900, 2, 700, 1, 800, 4, 600, 5, 2])
    for outcome in (GOOD, wild):
        found = InterruptedTimeSeries(terms=("level",)).fit(study(outcome, start=9))
        assert found.relative_interval is not None and found.cumulative_interval is not None
        assert np.isfinite([*found.relative_interval, *found.cumulative_interval]).all()
        assert found.relative_interval[0] < found.relative_effect < found.relative_interval[1]


@pytest.mark.parametrize(
    "dose", [np.ones(10), np.zeros(10), np.array([0.0] * 6 + [1, np.nan, 1, 1])]
)
def test_bad_doses(dose: Real) -> None:
    with pytest.raises(InputError, match=r"calls\.csv, hours"):
        design(terms=("dose",), dose="hours").fit(study(GOOD, start=6, hours=dose))


def read(**keys: object) -> InterruptedTimeSeries:
    return InterruptedTimeSeries.read(Table("plan.toml", "designs.interrupted_time_series", keys))


def test_a_plan_s_table() -> None:
    assert read() == InterruptedTimeSeries()
    assert read(dose="hours").terms == ("dose",)
    said = read(family="negative_binomial", terms=["slope", "level"], covariance="model", ramp=3,
                seasonality={"period": 12})  # fmt: skip
    assert said == InterruptedTimeSeries("negative_binomial", ("level", "slope"), Seasonality(12, 2),
                                         "model", 3)  # fmt: skip


@pytest.mark.parametrize(
    "keys",
    [
        {"family": "binomial"},
        {"terms": []},
        {"terms": ["level", "level"]},
        {"terms": ["level", "trend"]},
        {"dose": "hours", "terms": ["level"]},
        {"seasonality": {"period": 12, "harmonics": 6}},
        {"seasonality": {"period": 2}},
        {"covariance": "hac"},
        {"ramp": 0},
        {"phase": 3},
    ],
)
def test_bad_tables(keys: dict[str, Any]) -> None:
    with pytest.raises(
        InputError, match=f"plan.toml, designs.interrupted_time_series.{next(iter(keys))}"
    ):
        read(**keys)
    with pytest.raises(InputError, match="dose"):
        read(terms=["dose"])


@given(
    st.lists(st.sampled_from([0, 0, 1, 2, 3, 10, 50, 2000]), min_size=5, max_size=40),
    st.integers(2, 39),
    st.sampled_from([None, "poisson", "negative_binomial", "gaussian"]),
    st.sampled_from(["autoregressive", "model"]),
    st.sampled_from([("level",), ("slope",), ("level", "slope")]),
    st.booleans(),
)
def test_any_series_has_an_answer_in_numbers_or_an_error_in_words(
    outcome: list[int], start: int, family: Any, covariance: Any, terms: Any, exposed: bool
) -> None:
    asked = InterruptedTimeSeries(family, terms, covariance=covariance)
    exposure = np.linspace(1e3, 2e3, len(outcome)) if exposed else None
    try:
        there = study(np.array(outcome, dtype=float), min(start, len(outcome) - 1), exposure)
        found = asked.fit(there)
    except InputError as error:
        assert "\n" not in str(error)
        return
    numbers = [found.relative_effect, found.average_effect, found.cumulative, found.p_value,
               *(found.interval or ()), *(found.relative_interval or ()),
               *(found.cumulative_interval or ())]  # fmt: skip
    numbers += [value for one in (found.coefficients or {}).values() for value in (one.se, one.low)]
    numbers += [value for one in found.effect for value in (one.expected, one.low, one.high)]
    assert np.isfinite(np.array(numbers, dtype=float)).all()
    assert len(asked.checks(there, found)) == 7


def test_coefficients_are_the_family_s_with_robust_errors_beside() -> None:
    there = study(counts(np.zeros(len(AFTER)), seed=4, mean=60.0))
    plain = InterruptedTimeSeries("poisson", covariance="model").fit(there)
    robust = InterruptedTimeSeries("poisson").fit(there)
    assert plain.coefficients is not None and robust.coefficients is not None
    for name, one in robust.coefficients.items():
        assert (one.se, one.low, one.high) == (plain.coefficients[name].se, plain.coefficients[name].low,
                                               plain.coefficients[name].high)  # fmt: skip
        assert one.robust_se not in (None, one.se)
        assert plain.coefficients[name].robust_se is None
    assert robust.relative_interval != plain.relative_interval
