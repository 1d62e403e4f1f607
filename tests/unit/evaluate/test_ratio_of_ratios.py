"""The ratio of ratios: exact distributions by others, coverage by enumeration, and a plan's table."""

import os
from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nchypergeom_fisher
from scipy.stats.contingency import odds_ratio

from opendcr.errors import InputError
from opendcr.evaluate.designs.ratio_of_ratios import RatioOfRatios
from opendcr.evaluate.findings import run_study, settled
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.plan import read_plan
from opendcr.evaluate.regressions.conditional import Cell, Conditional
from opendcr.evaluate.study import Study
from opendcr.keyed import Table
from opendcr.streams import stream

SOAK = os.environ.get("OPENDCR_SOAK") == "1"
COUNTS = st.integers(0, 40)


def table(before: int, after: int, beside: int, later: int, part: float = 1.0) -> Conditional:
    return Conditional(Cell(before, after, 1, 1), Cell(beside, later, 1, 1), part)


@given(st.integers(1, 40), COUNTS, st.integers(1, 40), st.integers(1, 40))
def test_exact_intervals_are_those_of_scipy(
    before: int, after: int, beside: int, later: int
) -> None:
    theirs = odds_ratio([[after, before], [later, beside]], kind="conditional")
    low, high = theirs.confidence_interval(0.95)
    ours = table(before, after, beside, later).interval(0.05)
    assert ours == pytest.approx((low, high), rel=1e-6)


@given(st.integers(1, 40), COUNTS, st.integers(1, 40), st.integers(1, 40), st.floats(0.05, 20))
def test_tails_are_those_of_scipy(
    before: int, after: int, beside: int, later: int, ratio: float
) -> None:
    known = nchypergeom_fisher(
        before + after + beside + later, before + after, after + later, ratio
    )
    ours = table(before, after, beside, later, 0.5)
    half = known.pmf(after) / 2
    assert ours.at_most(ratio) == pytest.approx(known.cdf(after) - half, rel=1e-6, abs=1e-9)
    assert ours.at_least(ratio) == pytest.approx(known.sf(after) + half, rel=1e-6, abs=1e-9)


def test_fisher_s_lady_tasting_tea() -> None:
    # R's documentation of fisher.test: 3 of 4 right each way; p = 0.4857, interval 0.3136 to 309.
    found = table(1, 3, 3, 1)
    assert found.p_value() == pytest.approx(0.4857, abs=5e-5)
    assert found.interval(0.10)[0] == pytest.approx(0.3136, abs=5e-5)


def coverage(part: float, treated: int, comparison: int, after: int, ratio: float) -> float:
    """How often the interval would hold this ratio, over all that could be seen in these margins."""
    seen = range(max(0, after - comparison), min(treated, after) + 1)
    chances = nchypergeom_fisher(treated + comparison, treated, after, ratio)
    total = 0.0
    for one in seen:
        low, high = table(treated - one, one, comparison - after + one, after - one, part).interval(
            0.05
        )
        total += float(chances.pmf(one)) * (low <= ratio <= high)
    return total


MARGINS = [(12, 40, 20), (30, 30, 30), (25, 200, 90)]
RATIOS = [0.3, 0.7, 1.0, 1.6]


@pytest.mark.parametrize("margins", MARGINS)
def test_exact_intervals_never_hold_less_than_they_say(margins: tuple[int, int, int]) -> None:
    assert min(coverage(1.0, *margins, ratio) for ratio in RATIOS) >= 0.95


def test_mid_p_intervals_hold_about_what_they_say() -> None:
    held = [coverage(0.5, *margins, ratio) for margins in MARGINS for ratio in RATIOS]
    assert min(held) >= 0.92
    assert 0.94 <= np.mean(held) <= 0.97
    assert np.mean(held) < np.mean(
        [coverage(1.0, *one, ratio) for one in MARGINS for ratio in RATIOS]
    )


def test_overdispersion_divides_z_by_its_root() -> None:
    plain = table(400, 300, 4000, 4100, 0.5)
    wide = replace(plain, dispersion=4.0)
    low, high = np.log(plain.interval(0.05))
    wide_low, wide_high = np.log(wide.interval(0.05))
    assert (wide_high - wide_low) / (high - low) == pytest.approx(2, rel=0.01)
    assert plain.p_value() < wide.p_value() < 1


@pytest.mark.parametrize("dispersion", [1.0, 2.5])
@pytest.mark.parametrize("part", [0.5, 1.0])
def test_the_p_value_at_an_interval_s_ends_is_its_level(dispersion: float, part: float) -> None:
    found = replace(table(40, 22, 310, 290, part), dispersion=dispersion)
    low, high = found.interval(0.05)
    assert found.p_value(low) == pytest.approx(0.05, rel=1e-6)
    assert found.p_value(high) == pytest.approx(0.05, rel=1e-6)
    assert found.p_value(low * 0.9) < 0.05 < found.p_value(low * 1.1)


def test_the_ends_are_open_where_nothing_more_extreme_could_be_seen() -> None:
    assert table(5, 0, 9, 9).interval(0.05)[0] == 0
    assert table(0, 5, 9, 9).interval(0.05)[1] == inf


PERIODS = tuple(Period("number", 2000 + at) for at in range(10))


def panel(
    treated: list[int], others: list[list[int]], exposure: list[float] | None = None
) -> Panel:
    counts = np.array([treated, *others], dtype=float)
    names = ("near", *(f"far{at}" for at in range(len(others))))
    known = None if exposure is None else np.array(exposure)[:, None] * np.ones(10)
    return Panel(names, PERIODS, counts, known, where="deaths.csv")


NEAR = [8, 11, 9, 12, 10, 10, 5, 6, 4, 5]
FAR = [[50, 52, 47, 51, 49, 50, 55, 54, 56, 57], [20, 19, 22, 18, 21, 20, 22, 23, 21, 20]]


def test_the_answer_is_the_ratio_of_ratios() -> None:
    study = Study(panel(NEAR, FAR, [1000.0, 5000.0, 2000.0]), (0,), 6)
    found = RatioOfRatios().fit(study)
    ratio = (20 / 60) / ((222 + 86) / (299 + 120))
    assert found.relative_effect == pytest.approx(ratio - 1)
    assert found.cumulative == pytest.approx(20 - 20 / ratio)
    assert found.relative_interval is not None
    low, high = found.relative_interval
    assert low < found.relative_effect < high < 0
    assert found.p_value is not None and found.p_value < 0.05
    exact = RatioOfRatios(interval="exact").fit(study).relative_interval
    assert exact is not None and exact[0] < low and exact[1] > high


def test_exposures_that_grow_on_one_side_are_taken_out() -> None:
    plain = panel(NEAR, FAR, [1000.0, 5000.0, 2000.0])
    assert plain.exposure is not None
    grown = plain.exposure.copy()
    grown[1:, 6:] *= 1.5
    base = RatioOfRatios().fit(Study(plain, (0,), 6)).relative_effect
    found = RatioOfRatios().fit(Study(replace(plain, exposure=grown), (0,), 6)).relative_effect
    # The comparison's areas are pooled: its rates, and with them its ratio, are 1.5 times lower.
    assert 1 + found == pytest.approx((1 + base) * 1.5)


def test_named_comparison_and_areas_left_out() -> None:
    study = Study(panel(NEAR, FAR), (0,), 6)
    named = RatioOfRatios(comparison=("far1",)).fit(study)
    assert named.relative_effect == RatioOfRatios(exclude=("far0",)).fit(study).relative_effect
    assert named.relative_effect != RatioOfRatios().fit(study).relative_effect


def test_no_event_after_still_has_an_upper_end() -> None:
    study = Study(panel([*NEAR[:6], 0, 0, 0, 0], FAR), (0,), 6)
    found = RatioOfRatios().fit(study)
    assert found.relative_effect == -1
    assert found.relative_interval is not None
    assert found.relative_interval[0] == -1 < found.relative_interval[1] < -0.8


def checks(study: Study, design: RatioOfRatios) -> dict[str, bool | None]:
    found = design.fit(study)
    made = settled(replace(found, checks=design.checks(study, found)), study.level, (0.0,))
    return {one.name: one.passed for one in made.checks}


def test_checks_see_overdispersion_and_drift() -> None:
    plain = Study(panel(NEAR, FAR), (0,), 6)
    found = checks(plain, RatioOfRatios())
    assert found.pop("other starts") is True
    assert found.pop("donors left out") is True
    assert found == {"counts": True, "overdispersion": True, "drift": True}
    wild = Study(panel([1, 30, 2, 25, 3, 28, 1, 20, 2, 22], FAR), (0,), 6)
    assert checks(wild, RatioOfRatios())["overdispersion"] is False
    assert checks(wild, RatioOfRatios(overdispersion=20))["overdispersion"] is True
    falling = Study(panel([30, 28, 27, 12, 10, 9, 9, 8, 9, 8], FAR), (0,), 6)
    assert checks(falling, RatioOfRatios())["drift"] is False


def test_without_each_area_it_is_the_answer_of_the_others() -> None:
    both = Study(panel(NEAR, FAR), (0,), 6)
    design = RatioOfRatios()
    (check,) = [
        one for one in design.checks(both, design.fit(both)) if one.name == "donors left out"
    ]
    for kept, left in ((0, "far1"), (1, "far0")):
        alone = design.fit(Study(panel(NEAR, [FAR[kept]]), (0,), 6)).relative_effect
        assert f"{alone:+.1%} (without {left})" in check.detail


@pytest.mark.parametrize(
    ("treated", "others", "said"),
    [
        (NEAR, [[0] * 6 + [1] * 4], "no event in the comparison before the start"),
        (NEAR, [[1] * 6 + [0] * 4], "no event in the comparison after"),
        (NEAR, [], "no area to compare with"),
    ],
)
def test_bad_panels(treated: list[int], others: list[list[int]], said: str) -> None:
    with pytest.raises(InputError, match=said):
        RatioOfRatios().fit(Study(panel(treated, others), (0,), 6))


def test_an_outcome_that_is_no_count() -> None:
    rates = panel(NEAR, FAR)
    with pytest.raises(InputError, match="no count"):
        RatioOfRatios().fit(Study(rates.with_outcome(rates.outcome / 3), (0,), 6))


@pytest.mark.parametrize(("mean", "said"), [(0.1, False), (3.0, True)])
def test_only_counts_that_a_chi_square_can_refuse_are_called_too_narrow(
    mean: float, said: bool
) -> None:
    """Five periods hold far more than the others: of few events that is no proof."""
    draw = stream(4, "narrow")
    counts = draw.poisson(np.array([mean, 5.0])[:, None] * np.ones((2, 72))) * 1.0
    counts[0, 10:60:10] = round(4 + 5 * mean)
    periods = tuple(Period("month", 24_200 + at) for at in range(72))
    study = Study(Panel(("near", "far"), periods, counts), (0,), 48)
    checks = {one.name: one for one in RatioOfRatios().checks(study, RatioOfRatios().fit(study))}
    assert checks["overdispersion"].passed is False
    assert bool(checks["overdispersion"].narrow) is said


def test_a_plan_s_table() -> None:
    def read(**keys: object) -> RatioOfRatios:
        return RatioOfRatios.read(Table("plan.toml", "designs.ratio_of_ratios", keys))

    assert read() == RatioOfRatios()
    said = read(comparison=["far1"], interval="exact", overdispersion=1.5)
    assert said == RatioOfRatios(("far1",), (), "exact", 1.5)
    for keys in ({"comparison": "far1"}, {"interval": "wald"}, {"overdispersion": 0.5}, {"phi": 1}):
        with pytest.raises(InputError, match=next(iter(keys))):
            read(**keys)


@pytest.mark.parametrize(("dispersion", "least"), [(1.0, 0.94), (2.0, 0.92)])
def test_intervals_of_panels_hold_what_they_say(dispersion: float, least: float) -> None:
    draw, held, repeats = stream(3, "coverage", dispersion), 0, 20_000 if SOAK else 600
    design = RatioOfRatios(overdispersion=dispersion)
    mean = np.array([12.0, 60.0])[:, None] * np.where(np.arange(10) < 6, 1.0, 1.3)
    mean[0, 6:] *= 0.7
    for _ in range(repeats):
        size = mean if dispersion == 1 else draw.gamma(mean / (dispersion - 1), dispersion - 1)
        study = Study(panel(NEAR, FAR[:1]).with_outcome(draw.poisson(size) * 1.0), (0,), 6)
        found = design.fit(study).relative_interval
        assert found is not None
        held += found[0] <= -0.3 <= found[1]
    assert least <= held / repeats <= 0.975


@pytest.mark.parametrize("dispersion", [1.0, 9.0])
def test_large_counts_are_as_exact_though_only_their_neighbours_are_looked_at(
    dispersion: float,
) -> None:
    found = replace(table(9000, 7000, 40000, 41000), dispersion=dispersion)
    low, high = found.interval(0.05)
    tail = 0.025 if dispersion == 1 else 2.05e-9  # Φ(−1.96 × 3)
    assert found.at_least(low) == pytest.approx(tail, rel=0.01)
    assert found.at_most(high) == pytest.approx(tail, rel=0.01)


def test_four_counts_are_enough_and_need_not_vary(tmp_path: Path) -> None:
    """Overdose deaths within 500 m of Insite and in the rest of Vancouver, counts made from the rates
    that Marshall and others printed (The Lancet 377:9775, 2011, table 2): 0.7175 = (165.1 / 253.8) /
    (6.9 / 7.6)."""
    header = "area,period,deaths,person_years\n"
    near, far = ("within 500 m", "the rest"), ((56, 22066, 33, 19991), (113, 1479792, 88, 1271246))
    whole = "".join(f"{area},1,{a},{b}\n{area},2,{c},{d}\n"
                    for area, (a, b, c, d) in zip(near, far, strict=True))  # fmt: skip
    halves = "".join(f"{near[0]},{row}\n" for row in ("1,28,11033", "2,28,11033", "3,33,19991"))
    halves += "".join(
        f"{near[1]},{row}\n" for row in ("1,56,739896", "2,57,739896", "3,88,1271246")
    )
    found = []
    for rows, start in ((whole, 2), (halves, 3)):
        (tmp_path / "d.csv").write_text(header + rows, encoding="utf-8")
        (tmp_path / "p.toml").write_text(FOUR.format(start=start), encoding="utf-8")
        one = run_study(read_plan(tmp_path / "p.toml")).answers["ratio_of_ratios"].estimate
        found.append((one.relative_effect, *(one.relative_interval or ())))
    assert found[0] == pytest.approx(found[1])
    assert 1 + found[0][0] == pytest.approx((165.1 / 253.8) / (6.9 / 7.6), rel=0.01)


FOUR = """
[question]
title = "Deaths near the room"
outcome = "deaths"
unit = "area"
time = "period"
treated = ["within 500 m"]
start = {start}
[data]
path = "d.csv"
exposure = "person_years"
breaks = []
[designs.ratio_of_ratios]
"""
