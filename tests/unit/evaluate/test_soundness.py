"""What is known of a plan before it is locked: floors, intervals, slips."""

from pathlib import Path

import pytest

from opendcr.errors import InputError
from opendcr.evaluate.findings import sources_of
from opendcr.evaluate.plan import PRIMARY, read_plan
from opendcr.evaluate.reading import study_before
from opendcr.evaluate.soundness import floor_refused, foreseen
from tests.support.planned import PLAN, RINGS, rows, written

DESIGN = "[designs.difference_in_differences]\n"
BEFORE = [row for row in rows(first=2003) if row["year"] < 2020]  # 17 years


def control(to: int, placebos: str) -> str:
    made = PLAN.replace(DESIGN, f'[designs.synthetic_control]\nplacebos = "{placebos}"\n')
    return made.replace("to = 2023", f"to = {to}")


def warned(path: Path) -> str:
    plan = read_plan(path)
    sources = sources_of(plan)
    before = study_before(sources[PRIMARY], plan.designs[plan.primary])
    return " ".join(foreseen(plan, before, sources, 0).warnings)


def test_a_floor_is_that_of_the_plan_s_end(tmp_path: Path) -> None:
    """A p-value of shifts in time can be 1 in as many as there will be periods: 22 are enough for a
    level of 5 %, 19 are not."""
    plan = read_plan(written(tmp_path, BEFORE, control(2024, "time")))
    floor_refused(plan, sources_of(plan))
    plan = read_plan(written(tmp_path, BEFORE, control(2021, "time")))
    found = r"designs\.synthetic_control: found a least p-value of 0\.0526 .* expected a design that has"
    with pytest.raises(InputError, match=found):  # more areas would change nothing
        floor_refused(plan, sources_of(plan))


@pytest.mark.parametrize("design", ["", 'design = "synthetic_control"'])
def test_a_refusal_names_no_key_that_the_plan_does_not_have(tmp_path: Path, design: str) -> None:
    """The harm's level is half the plan's, and 1/24 above it."""
    harm = '[outcomes.harm]\noutcome = "events"\nmargin = 0.2\n'
    other = (
        '[outcomes.other]\noutcome = "events"\nmargin = 0.2\n[multiplicity]\nrule = "bonferroni"\n'
    )
    read = read_plan(
        written(tmp_path, BEFORE, f"{control(2024, 'space')}\n{harm}{design}\n{other}")
    )
    key = r"outcomes\.harm\.design:" if design else r"outcomes\.harm:"
    with pytest.raises(InputError, match=rf"{key} found a least p-value of 0\.0417"):
        floor_refused(read, sources_of(read))


def test_a_floor_is_held_to_what_reviews_leave_of_the_level(tmp_path: Path) -> None:
    """Of 24 areas the least p-value is 1/24: at the last of three looks less than that is left."""
    looks = '\n[reviews]\nspending = "pocock"\nafter = [2021, 2022, 2023]\n'
    plan = read_plan(written(tmp_path, BEFORE, PLAN))
    floor_refused(plan, sources_of(plan))
    plan = read_plan(written(tmp_path, BEFORE, PLAN + looks))
    with pytest.raises(
        InputError, match=r"0\.0417 for difference_in_differences, above the level 0"
    ):
        floor_refused(plan, sources_of(plan))


def test_a_floor_that_equals_the_level_can_be_reached(tmp_path: Path) -> None:
    said = PLAN.replace("start = 2020", f"start = 2020\nlevel = {1 / 24!r}")
    plan = read_plan(written(tmp_path, BEFORE, said))
    floor_refused(plan, sources_of(plan))


def test_a_design_that_could_give_no_interval_is_told(tmp_path: Path) -> None:
    """The rank among areas can be below the level while the interval, which is of shifts in time,
    has too few periods."""
    said = warned(written(tmp_path, BEFORE, control(2021, "space")))
    assert "designs.synthetic_control: synthetic_control gave no interval at the level 0.05" in said
    assert "17 periods before the start and 2 from it on" in said
    assert "no interval" not in warned(written(tmp_path, BEFORE, control(2024, "space")))


def test_benefits_that_share_no_level_are_told(tmp_path: Path) -> None:
    one = '\n[outcomes.{}]\noutcome = "events"\nkind = "benefit"\nmargin = 0\n'
    three = PLAN + "".join(one.format(name) for name in ("a", "b", "c"))
    said = warned(written(tmp_path, BEFORE, three))
    assert "3 further outcomes are tested" in said and "in up to 7 of 100 such plans" in said
    assert "benefit" not in warned(written(tmp_path, BEFORE, PLAN + one.format("a")))
    shared = three + '\n[multiplicity]\nrule = "bonferroni"\n'
    assert "benefit" not in warned(written(tmp_path, BEFORE, shared))


def test_a_plan_that_looks_at_nothing_else_is_told_what_it_leaves_open(tmp_path: Path) -> None:
    of = '\n[outcomes.{0}]\noutcome = "events"\nkind = "{0}"\n'
    kinds = {"harm": "harm or displacement", "negative_control": "negative control"}
    said = warned(written(tmp_path, BEFORE, PLAN))
    assert all(f"no outcome of the plan is a {words}" in said for words in kinds.values())
    for kind, words in kinds.items():
        said = warned(written(tmp_path, BEFORE, PLAN + of.format(kind)))
        assert f"is a {words}" not in said and "no outcome of the plan is a" in said
    moved = PLAN + of.format("displacement") + of.format("negative_control")
    assert "no outcome of the plan" not in warned(written(tmp_path, BEFORE, moved))


def test_areas_that_are_matched_on_what_comes_later_are_told(tmp_path: Path) -> None:
    rich = [row | {"wealth": row["year"] * 1.5} for row in BEFORE]
    made = (
        PLAN
        + '\n[designs.synthetic_control]\npredictors = [{{column = "{}", from = 2015, to = {}}}]\n'
    )
    said = "matches areas on wealth from the start 2020 on too"
    assert said in warned(written(tmp_path, rich, made.format("wealth", 2021)))
    assert "matches areas" not in warned(written(tmp_path, rich, made.format("wealth", 2019)))


def test_a_margin_that_was_meant_in_per_cent_is_told(tmp_path: Path) -> None:
    calls = '\n[outcomes.calls]\noutcome = "events"\nmargin = {}\n'
    said = warned(written(tmp_path, BEFORE, PLAN + calls.format(10)))
    assert "outcomes.calls.margin = 10 is 1,000 %; if 10 % is meant, it is 0.1." in said
    assert "margin" not in warned(written(tmp_path, BEFORE, PLAN + calls.format(0.1)))


@pytest.mark.parametrize(
    ("end", "told"), [('after = [2021, 2022]\n', True), ('after = [2021, 2023]\n', False),
                      ('after = [2021, 2022]\nspending = "anytime"\n', False)]
)  # fmt: skip
def test_data_that_end_after_the_last_review_are_told(tmp_path: Path, end: str, told: bool) -> None:
    """The plan's data end in 2023; run with all of them it would confirm nothing."""
    said = warned(written(tmp_path, BEFORE, f"{PLAN}\n[reviews]\n{end}"))
    assert ("data.to is 2023, after the last review, 2022: " in said) is told


@pytest.mark.parametrize(("most", "small"), [(-0.1, "falls of 10 %"), (-0.2, "falls of 10, 20 %")])
def test_effects_that_no_data_could_show_are_told_once(
    tmp_path: Path, most: float, small: str
) -> None:
    """However many panels: success asks for more than what is asked of power."""
    success = f"\n[success]\nrelative_effect_at_most = {most}\n"
    path = written(tmp_path, BEFORE, PLAN + success)
    assert warned(path).count(f"{small} can be shown at no length") == 1
    plan = read_plan(path)
    sources = sources_of(plan)
    found = foreseen(plan, study_before(sources[PRIMARY], plan.designs[plan.primary]), sources, 4)
    assert all(", the most that its interval allows." in one for one in found.power[:3])
    assert not [one for one in found.warnings if "A fall of 10 %" in one]
    assert "A fall of 10 % cannot be shown at any length" in found.power[0]


def test_rings_in_no_known_order_are_told_to_tell_nothing_of_displacement(tmp_path: Path) -> None:
    data = [
        {"ring": ring, "hours": hours, "month": f"{at // 12}-{at % 12 + 1:02}", "calls": 9 + at % 7}
        for ring in ("near", "next", "far")
        for hours in ("inside", "outside")
        for at in range(2020 * 12, 2025 * 12)
    ]
    plan, told = (
        RINGS.replace("0-500m", "near"),
        "whether events went to other rings is not looked at",
    )
    assert f"{told}: there are rings whose names do not say" in warned(
        written(tmp_path, data, plan)
    )
    ordered = plan.replace("near = ", 'rings = ["near", "next", "far"]\nnear = ')
    assert told not in warned(written(tmp_path, data, ordered))


def test_effects_beyond_the_threshold_are_no_slip(tmp_path: Path) -> None:
    assert "at no length" not in warned(written(tmp_path, BEFORE, PLAN))


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ('[reviews]\nafter = ["2025-06", "2025-12", "2026-12"]\n', "2025-06"),
        ('[reviews]\nafter = ["2025-06", "2026-09"]\n', "2025-06, 2026-09"),
        ('to = "2025-06"', "2025-06"),
        ('to = "2026-12"', ""),
        ('[reviews]\nspending = "anytime"\nafter = ["2025-12"]\n', ""),
        ("", ""),
    ],
)
def test_a_design_of_cells_that_ends_within_a_year_is_told_of_seasons(
    tmp_path: Path, ends: str, said: str
) -> None:
    data = [
        {"ring": ring, "hours": hours, "month": f"{at // 12}-{at % 12 + 1:02}", "calls": 9 + at % 7}
        for ring in ("0-500m", "1-2km")
        for hours in ("inside", "outside")
        for at in range(2020 * 12, 2025 * 12)
    ]
    plan = RINGS + ends if ends.startswith("[") else RINGS.replace('csv"\n', f'csv"\n{ends}\n')
    season = "are no whole years: a season of the treated cells alone"
    found = warned(written(tmp_path, data, plan))
    assert ("at any time are mostly not after whole years" in found) is ("anytime" in ends)
    if said:
        assert f"from the start 2025-01 to {said} {season}" in found
    else:
        assert season not in found
