"""What a plan could not be run with is told before it is locked."""

from pathlib import Path

import pytest

from opendcr.errors import InputError
from opendcr.evaluate.findings import run_study, sources_of
from opendcr.evaluate.plan import read_plan
from opendcr.evaluate.readiness import ready
from tests.support.planned import PLAN, rows, written

DATA = rows(effect=-0.4, areas=22)
NEEDLES = '\n[outcomes.needles]\ntitle = "Needles"\noutcome = "needles"\n'
CONTROL = "\n[designs.synthetic_control]\n"


def tried(folder: Path, plan: str, data=DATA) -> None:
    made = read_plan(written(folder, data, plan))
    ready(made, sources_of(made))


def test_a_plan_that_can_be_run_is_ready(tmp_path: Path) -> None:
    tried(tmp_path, PLAN + CONTROL)
    tried(tmp_path, PLAN, [row for row in DATA if row["year"] < 2018])


WAIT = """
[question]
outcome = "events"
time = "year"
start = 2020

[data]
path = "panel.csv"

[designs.interrupted_time_series]
family = "poisson"

[outcomes.wait]
outcome = "wait"
"""


def test_an_outcome_that_is_no_count_is_named_with_its_file_and_column(tmp_path: Path) -> None:
    data = [{"year": row["year"], "events": row["events"], "wait": row["events"] + 0.45}
            for row in DATA if row["area"] == "area 1"]  # fmt: skip
    plan = read_plan(written(tmp_path, data, WAIT))
    for tell in (lambda: run_study(plan), lambda: ready(plan, sources_of(plan))):
        with pytest.raises(InputError) as caught:
            tell()
        said = str(caught.value)
        assert (
            f"panel.csv, wait (designs.interrupted_time_series) (outcomes.wait): found {data[0]['wait']} in 2009, which"
            in said
        )
        assert "or a `design` or `family` of other values" in said


@pytest.mark.parametrize("periods", [11, 12, 22])
@pytest.mark.parametrize("design", ["difference_in_differences", "event_study",
                                    "synthetic_difference_in_differences"])  # fmt: skip
def test_as_many_periods_may_be_planned_as_there_were(
    tmp_path: Path, design: str, periods: int
) -> None:
    made = PLAN.replace("difference_in_differences", design)
    made = made.replace("to = 2023", f"to = {2019 + periods}")
    tried(tmp_path, made, [row for row in DATA if 2009 <= row["year"] < 2020])


def test_areas_are_not_matched_on_what_is_to_come(tmp_path: Path) -> None:
    later = 'predictors = [{column = "events", from = 2021, to = 2022}]\n'
    with pytest.raises(InputError, match="'events' from the start on, as a predictor of itself"):
        tried(tmp_path, PLAN + CONTROL + later)


def test_no_outcome_from_the_start_on_is_read(tmp_path: Path) -> None:
    tried(tmp_path, PLAN, [row | {"events": "?"} if row["year"] >= 2020 else row for row in DATA])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (NEEDLES, "no column 'needles'"),
        (NEEDLES + 'path = "needles.csv"\n', r"needles\.csv"),
        (CONTROL + 'predictors = [{column = "wealth", from = 2010, to = 2018}]\n', "'wealth'"),
        (CONTROL + 'donors = ["area 2"]\n', "donor"),
        ('\n[nowcast]\npath = "editions.csv"\nmost = 3\n', r"editions\.csv"),
    ],
)
def test_it_is_refused_as_a_run_would_be(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as locked:
        tried(tmp_path, PLAN + more)
    with pytest.raises(InputError, match=said) as run:
        run_study(read_plan(tmp_path / "plan.toml"))
    assert str(locked.value) == str(run.value)


@pytest.mark.parametrize(
    ("editions", "said"),
    [
        ("period,edition\n2015,2016\n", "no column of areas, and 22 areas"),
        ("area,period,edition\narea 1,2015,2016\narea 2,2015,2016\narea 3,2015,2016\n", "count"),
        (
            "area,period,edition,count\narea 1,2015,2014,3\narea 2,2015,2016,3\narea 3,2015,2016,3\n",
            "edition of 2014",
        ),
        (
            "area,period,edition,count\narea 1,2015,2016,3\n",
            "no edition of 'area 2', 'area 3', while",
        ),
        ("area,period,edition,count\narea 1,2015,2016,3\narea 90,2015,2016,3\n", "area 90"),
    ],
)
def test_a_triangle_that_cannot_be_read(tmp_path: Path, editions: str, said: str) -> None:
    (tmp_path / "editions.csv").write_text(editions)
    unit = 'unit = "area"\n' if "area" in editions else ""
    with pytest.raises(InputError, match=said):
        plan = PLAN if "22" in said else f'{PLAN}donors = ["area 2", "area 3"]\n'
        tried(tmp_path, f'{plan}\n[nowcast]\npath = "editions.csv"\nmost = 3\n{unit}')


def test_a_triangle_may_hold_areas_of_another_outcome(tmp_path: Path) -> None:
    """They are taken out of the panel, and out of the triangle."""
    printed = [
        f"{year},{edition},3,{area}"
        for area in dict.fromkeys(row["area"] for row in DATA)
        for edition in range(2015, 2020)
        for year in range(2012, edition + 1)
    ]
    (tmp_path / "editions.csv").write_text("\n".join(["period,edition,count,area", *printed]))
    near = '\n[outcomes.near]\noutcome = "events"\ntreated = ["area 2"]\n'
    nowcast = '\n[nowcast]\npath = "editions.csv"\nmost = 1\nunit = "area"\n'
    tried(tmp_path, PLAN + near + nowcast)


EVERY_SECOND = [row for row in DATA if row["year"] % 2 == 0]


def test_data_of_every_second_year(tmp_path: Path) -> None:
    tried(tmp_path, PLAN, EVERY_SECOND)
    with pytest.raises(InputError, match=r"no period 2021, the start; expected .* 2020 or 2022"):
        tried(tmp_path, PLAN.replace("start = 2020", "start = 2021"), EVERY_SECOND)
    reviews = "\n[reviews]\nafter = [2022, 2025]\n"
    with pytest.raises(InputError, match=r"review after 2025; expected .* 2024 or 2026"):
        tried(tmp_path, PLAN + reviews, EVERY_SECOND)


def test_what_a_design_refuses_says_which_design_it_is(tmp_path: Path) -> None:
    """Of several, another could answer."""
    treated = 'treated = ["area 1", "area 2", "area 3"]'
    designs = "[designs.ratio_of_ratios]\n[designs.difference_in_differences]\n"
    made = PLAN.replace('treated = ["area 1"]', treated)
    made = made.replace("[designs.difference_in_differences]\n", designs)
    plan = read_plan(written(tmp_path, rows(areas=5), made))
    for tell in (lambda: run_study(plan), lambda: ready(plan, sources_of(plan))):
        with pytest.raises(
            InputError, match=r"panel\.csv \(designs\.difference_in_differences\): "
        ):
            tell()
