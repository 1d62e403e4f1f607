"""The triple difference against a regression, and what was planted near, far and by the hour."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendcr.errors import InputError
from opendcr.evaluate.decision import between
from opendcr.evaluate.designs.triple_difference import TripleDifference
from opendcr.evaluate.displacement import NEAR, NET, NET_INSIDE, risen, ruled_out, sentence, told
from opendcr.evaluate.estimate import Check
from opendcr.evaluate.panel import Panel, Real
from opendcr.evaluate.periods import Period
from opendcr.evaluate.report.words import NBSP, percents
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

LABELS = {
    "ring": tuple(
        ring for ring in ("0-500m", "500-1000m", "1000-2000m", "2000-5000m") for _ in "12"
    ),
    "hours": ("open", "closed") * 4,
}
BEFORE, MONTHS = 48, 72
MEANS = np.array([20.0, 15.0, 30.0, 30.0, 60.0, 50.0, 160.0, 150.0])  # events a month, by cell


def read(**keys: object) -> TripleDifference:
    usual = {"near": "ring == '0-500m'", "inside_hours": "open"}
    return TripleDifference.read(Table("plan.toml", "designs.it", usual | keys))


PLAIN = read()


def study_of(counts: Real, exposure: Real | None = None) -> Study:
    names = tuple(map(" ".join, zip(LABELS["ring"], LABELS["hours"], strict=True)))
    periods = tuple(Period("month", 24_200 + at) for at in range(counts.shape[1]))
    panel = Panel(names, periods, counts, exposure, {}, LABELS)
    return Study(panel, PLAIN.treated_cells(LABELS), BEFORE)


def means(ratios: dict[int, float], rng: np.random.Generator | None = None) -> Real:
    """Means by cell and month, with shocks near and shocks by the hour, and ratios after."""
    made = np.tile(MEANS[:, None], (1, MONTHS))
    if rng is not None:
        near, hour = np.exp(rng.normal(0, 0.15, (2, MONTHS)))
        made[:2] *= near
        made[::2] *= hour
    for cell, ratio in ratios.items():
        made[cell, BEFORE:] *= ratio
    return made


@given(st.floats(0.2, 2.0), st.integers(0, 10_000), st.floats(0.001, 1))
def test_what_happens_near_and_what_happens_by_the_hour_is_taken_out(
    ratio: float, seed: int, size: float
) -> None:
    near, hour, everywhere = np.exp(np.random.default_rng(seed).normal(0, size, (3, MONTHS)))
    counts = means({0: ratio}) * 1e9 * everywhere
    counts[:2] *= near
    counts[::2] *= hour
    assert PLAIN.fit(study_of(counts)).relative_effect == pytest.approx(ratio - 1, abs=1e-5)


def test_it_names_the_rings_that_it_compares_with() -> None:
    far = [one for one in dict.fromkeys(LABELS["ring"]) if one != "0-500m"]
    study = study_of(means({}) * (1 + np.arange(MONTHS) % 3))
    assert list(PLAIN.rings_compared(study)) == far


def test_residuals_of_nothing_are_no_error() -> None:
    """Where far rings move exactly alike, there is no dispersion and no correlation to be had."""
    study = study_of(means({}) * 1e9 * (1 + np.arange(MONTHS) % 3))
    assert np.isfinite([one.ratio for one in PLAIN.fit(study).placebos]).all()


def test_as_poisson_regression_with_all_its_terms() -> None:
    """The maximum likelihood by Newton's steps on the whole design matrix: four groups of cells."""
    rng = np.random.default_rng(1)
    study = study_of(rng.poisson(means({0: 0.7}, rng) * 20).astype(float))
    first, months = BEFORE - 12, 24
    study = replace(study, panel=study.panel.during(first, first + months), start=12)
    counts = study.panel.outcome
    groups = np.vstack([counts[0], counts[1], counts[2::2].sum(0), counts[3::2].sum(0)])
    near, inside = np.array([1, 1, 0, 0]), np.array([1, 0, 1, 0])
    time = np.eye(months)
    columns = [
        *(np.kron(np.eye(4)[:, [at]], np.ones((months, 1))) for at in range(4)),
        *(np.kron(one[:, None], time[:, 1:]) for one in (np.ones(4), near, inside)),
        np.kron((near * inside)[:, None], (np.arange(months) >= 12).astype(float)[:, None]),
    ]
    x, y = np.hstack(columns), groups.ravel()
    beta = np.linalg.lstsq(x, np.log(y), rcond=None)[0]
    for _ in range(30):
        mean = np.exp(x @ beta)
        beta += np.linalg.solve((x.T * mean) @ x, x.T @ (y - mean))
    error = float(np.sqrt(np.linalg.inv((x.T * np.exp(x @ beta)) @ x)[-1, -1]))
    found = np.log1p(PLAIN.fit(study).relative_effect)
    assert found == pytest.approx(beta[-1], abs=error / 3)
    quasi = read(inference="quasi_poisson").cells(study)
    series = quasi.triple(quasi.near.mask, quasi.far)
    assert series.error[0] == pytest.approx(error, rel=0.35)


def shocked(rng: np.random.Generator, effect: float) -> Real:
    """Counts with shocks of each cell's own that last (sd 0.15 of the log, 0.5 a month later)."""
    own = rng.normal(0, 0.15, (8, MONTHS))
    for at in range(1, MONTHS):
        own[:, at] = 0.5 * own[:, at - 1] + np.sqrt(0.75) * own[:, at]
    return rng.poisson(means({0: 1 + effect}, rng) * np.exp(own)).astype(float)


@pytest.mark.parametrize("effect", [0.0, -0.4])
def test_intervals_hold_under_shocks_of_each_cell_s_own(effect: float) -> None:
    """200 panels: three standard errors are 0.046."""
    rng, held, seen, found = np.random.default_rng(4), [], [], []
    for _ in range(200):
        cells = PLAIN.cells(study_of(shocked(rng, effect)))
        series = cells.triple(cells.near.mask, cells.far)
        p, interval = PLAIN.ranked(series, 0.05)
        assert interval is not None
        held.append(interval[0] <= effect <= interval[1])
        seen.append(p <= 0.05)
        found.append(series.relative)
    assert np.mean(held) > 0.95 - 0.046
    assert np.mean(found) == pytest.approx(effect, abs=0.03)
    assert np.mean(seen) < 0.096 if effect == 0 else np.mean(seen) > 0.5


def test_displacement_is_read_from_the_rings() -> None:
    rng = np.random.default_rng(6)
    counts = rng.poisson(means({0: 0.4, 2: 1.5}, rng) * 4).astype(float)
    study = study_of(counts)
    found = PLAIN.fit(study)
    assert found.parts is not None
    assert set(found.parts) == {
        NEAR, NET, NET_INSIDE, "0-500m, outside hours",
        *(f"{ring}, inside hours" for ring in ("0-500m", "500-1000m", "1000-2000m")),
    }  # fmt: skip
    moved = found.parts["500-1000m, inside hours"]
    assert moved.risen and moved.level == 0.025  # of two rings that share the level
    assert moved.relative_effect == pytest.approx(0.5, abs=0.15)
    after = counts[:, BEFORE:].sum(axis=1)
    assert moved.observed_count == after[2] and moved.expected_count is not None
    assert moved.relative_effect == pytest.approx(after[2] / moved.expected_count - 1)
    assert found.parts["0-500m, inside hours"].relative_effect == pytest.approx(-0.6, abs=0.08)
    assert found.parts[NET_INSIDE].observed_count == after[[0, 2, 4]].sum()
    check = displaced(study)
    assert check.passed is False and check.detail.startswith("a rise in another ring is shown; ")
    # The ring that people moved to makes the effect look larger, and left out it does not.
    left_out = read(far="ring in ['1000-2000m', '2000-5000m']").fit(study)
    assert found.relative_effect < left_out.relative_effect
    assert left_out.relative_effect == pytest.approx(-0.6, abs=0.08)
    assert left_out.parts == found.parts  # what came there is still read
    gap = replace(study.panel, outcome=np.where(np.arange(8)[:, None] == 2, np.nan, counts))
    parts = read(far="ring in ['1000-2000m', '2000-5000m']").fit(replace(study, panel=gap)).parts
    assert parts and "500-1000m, inside hours" not in parts and NET_INSIDE not in parts
    named = read(near="ring in ['0-500m', '2000-5000m']").fit(replace(study, treated=(0, 6)))
    assert named.untold[NET_INSIDE].why.startswith("a near ring lies beyond the farthest")


def test_a_near_ring_farther_than_all_others_tells_nothing_of_displacement() -> None:
    """A slip where the plan says the order; where names do they may be numbers of districts."""
    turned = ["2000-5000m", "1000-2000m", "500-1000m", "0-500m"]
    with pytest.raises(InputError, match=r"near: found '.*', farther out than every ring that is"):
        read(rings=turned).treated_cells(LABELS)
    outer = read(near="ring == '2000-5000m'")
    study = replace(study_of(ALL_MOVED), treated=outer.treated_cells(LABELS))
    assert "farther out than every ring" in outer.fit(study).untold[NET_INSIDE].why


def test_a_ring_left_out_of_the_order_rules_nothing_out() -> None:
    """All that fell went into the one that is left out."""
    design = read(rings=["0-500m", "1000-2000m", "2000-5000m"], far="ring == '2000-5000m'")
    found = design.fit(study_of(ALL_MOVED))
    assert ruled_out(found) is None
    assert "was not looked at: 500-1000m is left out of `rings`" in sentence(found)


def displaced(study: Study, design: TripleDifference = PLAIN) -> Check:
    found = {one.name: one for one in design.checks(study, design.fit(study))}
    return found["displacement"]


ALL_MOVED = np.random.default_rng(33).poisson(means({0: 0.4, 2: 1.8}) * 4).astype(float)


@pytest.mark.parametrize("cell", range(2, 8))
@pytest.mark.parametrize("inference", ["shifts", "quasi_poisson"])
def test_a_ring_without_a_cell_inside_or_outside_hours_is_left_out_with_its_reason(
    cell: int, inference: str
) -> None:
    study, design = study_of(ALL_MOVED), read(inference=inference)
    study = replace(study, panel=study.panel.of([at for at in range(8) if at != cell]))
    with np.errstate(all="raise"):
        found, check = design.fit(study), displaced(study, design)
    why = f"{LABELS['ring'][cell]} has no cell {'outside' if cell % 2 else 'inside'} hours"
    assert check.passed is (False if cell in (4, 5) else None) and why in check.detail
    assert found.untold[NET_INSIDE].why == why and NET not in (found.parts or {})
    assert all(np.isfinite(one.relative_effect) for one in (found.parts or {}).values())
    assert "no ring lies between" not in sentence(found) and f"not looked at: {why}" in sentence(
        found
    )


def test_where_one_column_holds_rings_and_hours_displacement_is_not_told() -> None:
    labels = {"cell": tuple(map(" ".join, zip(LABELS["ring"], LABELS["hours"], strict=True)))}
    open_cells = ", ".join(f"'{one}'" for one in labels["cell"][::2])
    design = read(near="cell in ['0-500m open', '0-500m closed']",
                  inside_hours=f"cell in [{open_cells}]")  # fmt: skip
    study = study_of(ALL_MOVED)
    study = replace(study, panel=replace(study.panel, labels=labels))
    with np.errstate(all="raise"):
        found, check = design.fit(study), displaced(study, design)
    assert found.relative_effect == PLAIN.fit(study_of(ALL_MOVED)).relative_effect < -0.5
    assert check.passed is None and "does not tell rings from hours" in check.detail
    assert sentence(found).endswith(
        "was not looked at: near and inside hours are chosen in one column, which does not tell rings from hours."
    )


def test_the_ring_taken_as_the_farthest_is_told() -> None:
    assert displaced(study_of(ALL_MOVED)).detail.endswith(
        "2000-5000m is taken as the farthest ring"
    )
    names = dict(zip(dict.fromkeys(LABELS["ring"]), ("near", "next", "far", "beyond"), strict=True))
    labels = {**LABELS, "ring": tuple(names[one] for one in LABELS["ring"])}
    study = study_of(ALL_MOVED)
    study = replace(study, panel=replace(study.panel, labels=labels))
    unordered = read(near="near")
    assert "there are rings whose names do not say how far out they lie" in sentence(
        unordered.fit(study)
    )
    assert displaced(study, unordered).passed is None
    with pytest.raises(InputError, match=r"designs\.it\.rings: found no place of 'beyond'"):
        read(near="near", rings=["near", "next", "far"]).treated_cells(labels)
    outwards = read(near="near", rings=["near", "next", "far", "beyond"])
    assert risen(outwards.fit(study)) and displaced(study, outwards).passed is False
    assert displaced(study, outwards).detail.endswith("beyond is taken as the farthest ring")


def test_a_fall_that_all_moved_is_not_told_alone() -> None:
    """40 panels in which all that fell near came up in the next ring: a fall of all rings together
    is wrongly shown in 0.025, and in 6 or more of 40 with a probability of 0.0005."""
    rng, said = np.random.default_rng(31), []
    made = means({0: 0.6, 2: 1 + 0.4 * MEANS[0] / MEANS[2]})
    for _ in range(40):
        found = PLAIN.fit(study_of(rng.poisson(made).astype(float)))
        if found.relative_interval is not None and found.relative_interval[1] < 0:
            said.append(sentence(found))
            known = (
                "" if said[-1] == "" else "is shown" if risen(found) else "cannot be told: in all"
            )
            assert known in said[-1] and ruled_out(found) is _KNOWN[known]
    assert len(said) > 20 and said.count("") < 6


_KNOWN = {"": True, "is shown": False, "cannot be told: in all": None}


def test_where_displacement_is_shown_it_is_told_that_all_of_the_fall_may_be_in_it() -> None:
    rng, doubt = (
        np.random.default_rng(33),
        "Whether anything of the fall is left cannot be told: in",
    )
    for moved, known in ((1.0, False), (0.25, True)):
        made = means({0: 0.4, 2: 1 + moved * 0.6 * MEANS[0] / MEANS[2]}) * 10
        found = PLAIN.fit(study_of(rng.poisson(made).astype(float)))
        assert risen(found) and (doubt in sentence(found)) is not known
        assert (
            "In all rings but the farthest together, inside hours: a fall" in sentence(found)
        ) is known


def test_nothing_is_said_of_where_a_rise_went() -> None:
    rng = np.random.default_rng(32)
    study = study_of(rng.poisson(means({0: 2.0}) * 4).astype(float))
    found = PLAIN.fit(study)
    assert found.relative_effect > 0.5 and not sentence(found)
    both = PLAIN.fit(study_of(rng.poisson(means({0: 1.5, 2: 1.5}) * 10).astype(float)))
    for said in (sentence(both), told(both, "calls")):
        assert "isplacement" not in said and "ise" in said and "500-1000m, inside hours" in said
    check = displaced(study)
    assert check.passed is None and check.detail.startswith("whether events went to other rings")


def test_why_the_answer_and_its_own_cells_differ_is_told() -> None:
    """Displacement into the cells compared with makes the fall look larger, and not beside the
    farthest ring alone; where that is what was compared with, the two are one."""
    rng = np.random.default_rng(6)
    study = study_of(rng.poisson(means({0: 0.4, 2: 1.5}, rng) * 4).astype(float))
    why = "also those into which events may have moved; with the farthest ring alone it is"
    for said in (sentence(found := PLAIN.fit(study)), told(found, "calls")):
        assert f"{why} a fall of between" in said
    alone = read(far="ring == '2000-5000m'").fit(study)
    assert "is shown" in sentence(alone) and why not in told(alone, "calls")


def test_of_several_near_rings_the_answer_s_own_cells_are_one_part() -> None:
    rng = np.random.default_rng(8)
    near = read(near="ring in ['0-500m', '500-1000m']")
    counts = rng.poisson(means({0: 0.4, 2: 0.4, 4: 1.6}, rng) * 10).astype(float)
    found = near.fit(replace(study_of(counts), treated=near.treated_cells(LABELS)))
    assert found.parts is not None
    both = found.parts["near, inside hours"]
    assert both.relative_effect == pytest.approx(-0.6, abs=0.08) and not both.displacement
    assert "with the farthest ring alone it is a fall of between" in sentence(found)


def test_displacement_in_time_is_read_near_outside_hours_and_nets_out() -> None:
    rng = np.random.default_rng(7)
    # 20 × 0.5 fewer events inside hours, as many more outside: 15 → 25 of a month.
    counts = rng.poisson(means({0: 0.5, 1: 25 / 15}, rng) * 20).astype(float)
    study = study_of(counts)
    found = PLAIN.fit(study)
    assert found.parts is not None
    outside = found.parts["0-500m, outside hours"]
    assert outside.low is not None and outside.low > 0 and outside.displacement
    assert found.relative_effect < -0.6  # 0.5 / (25 / 15): what moved counts twice here
    assert found.parts[NET].relative_effect == pytest.approx(0, abs=0.06)
    # It rests on rings that move alike, which the design does not ask for, and decides nothing.
    assert not outside.risen and found.parts[NET].assumes
    assert found.parts[NEAR].relative_effect == pytest.approx(0, abs=0.08)
    check = displaced(study)  # what fell inside hours came up in no other ring, but in the same one
    assert check.passed is None and "outside hours" in check.detail
    assert "went to other rings" not in (said := sentence(found))
    assert (
        "may have gone to other hours, which makes the fall look larger: in 0-500m, outside" in said
    )


@pytest.mark.parametrize("inference", ["shifts", "quasi_poisson"])
def test_displacement_is_seldom_seen_where_rings_and_hours_wander(inference: str) -> None:
    """60 panels in which nothing moved from ring to ring: the level and three errors."""
    rng, design, shown = np.random.default_rng(21), read(inference=inference), []
    for _ in range(60):
        rings, hours = (np.cumsum(rng.normal(0, 0.05, (n, MONTHS)), axis=1) for n in (4, 1))
        made = means({}) * np.exp(np.repeat(rings, 2, axis=0))
        made[::2] *= np.exp(hours)
        study = study_of(rng.poisson(made).astype(float))
        shown.append(bool(risen(design.fit(study))))
    assert np.mean(shown) < 0.05 + 0.084


def test_an_interval_is_printed_alike_in_the_check_and_in_words() -> None:
    rng = np.random.default_rng(6)
    study = study_of(rng.poisson(means({2: 1.5}, rng)).astype(float))
    found = PLAIN.fit(study)
    one = (found.parts or {})["500-1000m, inside hours"]
    assert one.interval is not None
    said = between(one.interval)
    assert said in displaced(study).detail
    table = percents(one.interval).replace(NBSP, " ").replace(" %", "%")
    assert table.replace("\N{MINUS SIGN}", "-") == said


def test_few_periods_leave_displacement_untold() -> None:
    rng = np.random.default_rng(1)
    study = study_of(rng.poisson(means({})).astype(float))
    short = replace(study, panel=study.panel.during(BEFORE - 18, BEFORE + 12), start=18)
    found = PLAIN.fit(short)  # one in 30 shifts is more than a share of the level
    assert displaced(short).passed is None
    assert "not to be told in 500-1000m" in told(found, "calls")


def test_one_far_ring_leaves_displacement_untold_and_time_alone_to_be_read() -> None:
    rng = np.random.default_rng(1)
    study = study_of(rng.poisson(means({1: 2.0}, rng)).astype(float))
    study = replace(study, panel=study.panel.of([0, 1, 6, 7]))
    found = PLAIN.fit(study)
    assert list(found.parts or {}) == ["0-500m, inside hours", "0-500m, outside hours", NEAR]
    assert displaced(study).passed is None
    assert "no ring lies between" in told(found, "calls") and not risen(found)
    assert (
        "to other rings was not looked at: no ring lies between the near ones and the farthest that is compared with."
    ) in sentence(found)


def test_quasi_poisson_errors_are_called_too_narrow_where_shocks_last() -> None:
    rng, wave = np.random.default_rng(3), np.zeros(MONTHS)
    for at in range(1, MONTHS):
        wave[at] = 0.9 * wave[at - 1] + rng.normal(0, 0.2)
    made = means({}) * 10
    made[0] *= np.exp(wave)
    study = study_of(rng.poisson(made).astype(float))
    for inference, said in (("quasi_poisson", True), ("shifts", False)):
        design = read(inference=inference)
        found = {one.name: one for one in design.checks(study, design.fit(study))}
        lasts = found["residual autocorrelation"]
        assert lasts.passed is False and bool(lasts.narrow) is said


def test_a_far_ring_that_falls_silent_with_the_start_is_told() -> None:
    rng = np.random.default_rng(14)
    counts = rng.poisson(means({0: 0.7})).astype(float)
    assert not _silent(counts)
    for cells, first in ((slice(6, 8), BEFORE), (7, BEFORE), (slice(6, 8), BEFORE + 5)):
        late = counts.copy()
        late[cells, first:] = 0
        assert _silent(late)


def _silent(counts: Real) -> bool:
    study = study_of(counts)
    checks = {one.name: one for one in PLAIN.checks(study, PLAIN.fit(study))}
    said = checks["events far away"]
    assert said.passed is not ("none in the last ones" in said.detail)
    return "2000-5000m had events in every period before" in said.detail


def test_nothing_displaced_is_not_seen() -> None:
    rng = np.random.default_rng(12)
    few = PLAIN.fit(study_of(rng.poisson(means({0: 0.5}) * 4).astype(float)))
    assert sentence(few).startswith(
        "Whether what fell inside hours came up in other rings at other "
    )
    study = study_of(rng.poisson(means({0: 0.5}) * 40).astype(float))
    found = PLAIN.fit(study)
    checks = {one.name: one for one in PLAIN.checks(study, found)}
    assert set(checks) == {
        "trend before", "earlier starts", "other starts", "placebo rings",
        "each far ring left out", "events far away", "overdispersion", "residual autocorrelation", "displacement",
    }  # fmt: skip
    assert not sentence(found) and checks["displacement"].detail.startswith("a fall is left in all")
    narrow = Check("errors", False, "-", narrow="they last")
    assert ruled_out(found) is True and ruled_out(replace(found, checks=(narrow,))) is None
    assert checks["displacement"].passed and max(checks["each far ring left out"].effects) < -0.4
    assert "at least 0.25" in checks["placebo rings"].detail


def test_few_events_far_away_are_told() -> None:
    rng = np.random.default_rng(13)
    study = study_of(rng.poisson(np.tile([[9.0]] * 2 + [[1]] * 6, (1, MONTHS))).astype(float))
    found = {one.name: one for one in PLAIN.checks(study, PLAIN.fit(study))}
    assert found["events far away"].passed is False  # three a month
    many = study_of(rng.poisson(means({})).astype(float))
    found = {one.name: one for one in PLAIN.checks(many, PLAIN.fit(many))}
    assert found["events far away"].passed is True


def test_by_period_what_is_expected_moves_as_the_other_cells_do() -> None:
    counts = np.tile([[8.0], [6], [4], [3], [4], [3], [4], [2]], (1, MONTHS))
    counts[1, ::2] = 12  # twice as many near outside hours
    counts[3, ::2] = 12  # of all far rings 17, not 8
    counts[0] = counts[1] + 2
    counts[0, BEFORE:] = 5
    found = PLAIN.fit(study_of(counts))
    one, other = found.effect[BEFORE].expected, found.effect[BEFORE + 1].expected
    assert one == pytest.approx(other * 2 * (8 + 1) / (17 + 1))
    before = [each.expected for each in found.effect[:BEFORE]]
    assert sum(before) == pytest.approx(counts[0, :BEFORE].sum())
    months = found.effect[BEFORE:]
    ratio = sum(each.observed for each in months) / sum(each.expected for each in months)
    assert found.relative_effect == pytest.approx(ratio - 1)


def test_a_trend_of_the_cell_s_own_is_seen() -> None:
    rng = np.random.default_rng(9)
    drifting = means({}, rng)
    drifting[0] *= np.exp(-0.02 * np.arange(MONTHS))
    study = study_of(rng.poisson(drifting).astype(float))
    checks = {one.name: one for one in PLAIN.checks(study, PLAIN.fit(study))}
    assert checks["trend before"].passed is False
    assert checks["earlier starts"].passed is False


def test_a_season_of_the_near_cells_alone_is_not_told_as_harmless() -> None:
    rng = np.random.default_rng(14)
    season = means({})
    season[0] *= np.exp(0.5 * np.sin(np.arange(MONTHS) * np.pi / 6))
    for made, passes in ((season, False), (means({}), True)):
        study = study_of(rng.poisson(made * 4).astype(float))
        checks = {one.name: one for one in PLAIN.checks(study, PLAIN.fit(study))}
        found = checks["residual autocorrelation"]
        assert found.passed is passes
        assert ("no whole years" in found.detail and "hold less" in found.detail) is not passes


def test_small_areas_within_a_cell_are_added_up() -> None:
    rng = np.random.default_rng(10)
    whole = study_of(rng.poisson(means({0: 0.6}, rng)).astype(float))
    counts = whole.panel.outcome
    part = rng.binomial(counts.astype(int), 0.4).astype(float)
    labels = {name: one * 2 for name, one in LABELS.items()}
    names = tuple(f"{name} {side}" for side in "ab" for name in whole.panel.units)
    panel = replace(
        whole.panel, units=names, outcome=np.vstack([part, counts - part]), labels=labels
    )
    split = Study(panel, PLAIN.treated_cells(labels), BEFORE)
    one, other = PLAIN.fit(whole), PLAIN.fit(split)
    assert other.relative_effect == pytest.approx(one.relative_effect)
    assert other.relative_interval == pytest.approx(one.relative_interval)


COUNTS = np.random.default_rng(11).poisson(means({0: 0.6})).astype(float)
FOUND = PLAIN.fit(study_of(COUNTS))


@given(st.lists(st.floats(0.1, 10), min_size=8, max_size=8), st.floats(0.01, 100))
def test_constant_exposures_of_cells_do_not_matter(by_cell: list[float], unit: float) -> None:
    exposure = np.tile(np.array(by_cell)[:, None] * unit, (1, MONTHS))
    one, other = FOUND, PLAIN.fit(study_of(COUNTS, exposure))
    far = len({by_cell[2], by_cell[4], by_cell[6]}) == 1
    assert other.relative_effect == pytest.approx(one.relative_effect)
    assert other.p_value == one.p_value
    assert far or other.cumulative == pytest.approx(one.cumulative)


def test_floors_and_few_periods_are_said() -> None:
    rng = np.random.default_rng(1)
    study = study_of(rng.poisson(means({})).astype(float))
    assert PLAIN.floor(study) == PLAIN.fit(study).p_floor == pytest.approx(1 / MONTHS)
    assert read(inference="quasi_poisson").floor(study) is None
    short = replace(study, panel=study.panel.during(BEFORE - 6, BEFORE + 6), start=6)
    found = PLAIN.fit(short)
    assert found.relative_interval is None and "no interval" in found.inference
    assert read(inference="quasi_poisson").fit(short).relative_interval is not None


def test_what_cannot_be_answered_is_an_error() -> None:
    study = study_of(means({}) + np.arange(MONTHS) % 2)
    with pytest.raises(InputError, match="other treated cells"):
        PLAIN.fit(replace(study, treated=(2,)))
    with pytest.raises(InputError, match="no cell far and inside hours"):
        read(far="ring == '0-500m'").fit(study)
    with pytest.raises(InputError, match=r"designs\.it\.nera"):
        read(nera="ring")
    with pytest.raises(InputError, match="inference"):
        read(inference="cluster")
    counts = study.panel.outcome.copy()
    counts[1] = 0
    with pytest.raises(InputError, match="no event in the cells compared with before the start"):
        PLAIN.fit(replace(study, panel=study.panel.with_outcome(counts)))
    counts = study.panel.outcome.copy()
    counts[3::2, BEFORE:] = 0
    with pytest.raises(InputError, match="no period after with events both near inside"):
        PLAIN.fit(replace(study, panel=study.panel.with_outcome(counts)))
    counts = study.panel.outcome.copy()
    counts[4:6] = 0  # a ring where nothing ever happens is no ring to read displacement from
    found = PLAIN.fit(replace(study, panel=study.panel.with_outcome(counts)))
    assert found.parts is not None and "1000-2000m, inside hours" not in found.parts


def test_what_crosses_in_cells() -> None:
    assert PLAIN.crossed(LABELS) == LABELS
    one = {"cell": ("near, open", "near, closed", "far, open", "far, closed")}
    both = read(
        near="cell in ['near, open', 'near, closed']",
        inside_hours="cell in ['near, open', 'far, open']",
    ).crossed(one)
    assert [len(set(labels)) for labels in both.values()] == [2, 2]
    assert len(set(zip(*both.values(), strict=True))) == 4
