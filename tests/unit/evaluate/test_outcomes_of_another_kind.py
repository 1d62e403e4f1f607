"""A triple difference of calls by ring and hours, with litter and deaths beside it that nobody counts
so: in one plan, lock, table and report. The series are simulated."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from opendcr import cli
from opendcr.cli.output import run
from opendcr.errors import InputError
from opendcr.evaluate.findings import run_study, sources_of
from opendcr.evaluate.plan import read_plan
from opendcr.evaluate.readiness import ready
from opendcr.evaluate.reading import study_from
from opendcr.evaluate.report.page import page_of
from opendcr.evaluate.reporting import report_of
from opendcr.streams import stream
from tests.support.planned import RINGS, written

MONTHS = [f"{year}-{month:02}" for year in range(2022, 2026) for month in range(1, 13)]
SERIES = "\n[designs.interrupted_time_series]\n"
LITTER = """
[outcomes.litter]
title = "Drug litter"
outcome = "bags"
kind = "harm"
margin = 0.25
path = "litter.csv"
design = "interrupted_time_series"
"""
AREAS = "\n[designs.difference_in_differences]\n"
DEATHS = """
[outcomes.deaths]
title = "Deaths"
outcome = "deaths"
kind = "benefit"
path = "deaths.csv"
unit = "area"
treated = ["area 1"]
exposure = "people"
breaks = []
design = "difference_in_differences"
"""


def counts(*names: object, mean: float, after: float) -> list[int]:
    """Poisson counts by month; from 2025 on so many times as many are expected."""
    draw = stream(1, "another kind", *map(str, names))
    return [int(draw.poisson(mean * (after if month >= "2025" else 1))) for month in MONTHS]


def by_month(column: str, drawn: list[int], **more: Any) -> list[dict[str, Any]]:
    return [{**more, "month": month, column: one} for month, one in zip(MONTHS, drawn, strict=True)]


def world(folder: Path, plan: str) -> Path:
    """Calls near the room fall by half in its hours, litter of the city rises by 80 %, and deaths of
    twelve areas do as they did."""
    calls = [
        row
        for ring in ("0-500m", "500-1000m", "1-2km")
        for hours in ("inside", "outside")
        for row in by_month(
            "calls",
            counts(ring, hours, mean=80, after=0.5 if (ring, hours) == ("0-500m", "inside") else 1),
            ring=ring,
            hours=hours,
        )
    ]
    litter = by_month("bags", counts("litter", mean=200, after=1.8))
    deaths = [
        row
        for at in range(1, 13)
        for row in by_month("deaths", counts(at, mean=20, after=1), area=f"area {at}", people=9000)
    ]
    for name, rows in (("litter", litter), ("deaths", deaths)):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return written(folder, calls, plan)


@pytest.fixture
def answered(capsys: pytest.CaptureFixture[str]):
    """The JSON of a command of `opendcr study` that must succeed."""

    def answer(command: str, *arguments: object) -> dict[str, Any]:
        status = run(cli.opendcr, ["study", command, *map(str, arguments), "--json"])
        said = capsys.readouterr()
        assert status == 0, said.err
        return json.loads(said.out)

    return answer


def test_outcomes_of_other_data_stand_beside_a_triple_difference(answered, tmp_path: Path) -> None:
    """Each is answered by its own design on its own file; the primary one by its own alone."""
    path = world(tmp_path, RINGS + SERIES + AREAS + LITTER + DEATHS)
    lock = json.loads(Path(answered("lock", path, "--panels", 0)["lock"]).read_text())
    assert set(lock["data"]) == {"primary", "litter", "deaths"}
    assert len(lock["data"]["litter"]["periods"]) == len(lock["data"]["deaths"]["periods"]) == 36
    result = answered("run", path)
    assert result["plan"]["locked"] and not result["plan"]["changed"]
    assert result["primary"] == "triple_difference" and set(result["designs"]) == {
        "triple_difference"
    }
    litter, deaths = result["outcomes"]["litter"], result["outcomes"]["deaths"]
    assert (litter["design"], litter["verdict"]) == ("interrupted_time_series", "shown")
    assert litter["relative_effect"] == pytest.approx(0.8, abs=0.2)
    assert deaths["design"] == "difference_in_differences" and deaths["treated"] == ["area 1"]
    assert len(deaths["compared_with"]) == 11 and deaths["effect"][0]["observed_count"] > 5
    assert "A harm is shown: a rise of 25 % or more in Drug litter" in result["sentence"]
    claims = answered("rehearse", path)["claims"]
    assert {one["design"] for one in claims} == {"triple_difference"}


def test_the_report_says_for_what_each_design_answers(tmp_path: Path) -> None:
    found = run_study(read_plan(world(tmp_path, RINGS + SERIES + AREAS + LITTER + DEATHS)))
    report = report_of(found)
    said = [text for name, text in report.declared if name == "Design"]
    assert "for Drug litter alone, whose data are of another kind" in said[1]
    assert "for Deaths alone" in said[2] and "compared with the cells of" in said[0]
    assert [one.name for one in report.designs] == ["triple_difference"]
    page = page_of(report)
    assert "Drug litter" in page and "compared with 11 areas: area 2" in page.lower()


def test_a_triple_difference_stands_beside_a_series(tmp_path: Path) -> None:
    """The other way round: its cells are those of its own table, and no area of the plan's."""
    plan = RINGS.replace('"calls"', '"bags"', 1).replace("panel.csv", "litter.csv")
    first, cells = plan.split("[designs.triple_difference]")
    made = read_plan(
        world(
            tmp_path,
            f"{first}{SERIES}[designs.triple_difference]{cells}\n[outcomes.calls]\noutcome = "
            '"calls"\npath = "panel.csv"\ndesign = "triple_difference"\nkind = "benefit"\n',
        )
    )
    found = run_study(made)
    assert set(found.answers) == {"interrupted_time_series"}
    assert found.further[0].answer.estimate.relative_effect == pytest.approx(-0.5, abs=0.15)


def test_a_file_of_the_same_kind_may_have_another_column_of_areas(tmp_path: Path) -> None:
    """The treated area is the plan's."""
    first = RINGS.split("[designs.triple_difference]")[0]
    plan = first.replace("panel.csv", "deaths.csv").replace('"calls"', '"deaths"')
    plan = plan.replace("[question]", '[question]\nunit = "area"\ntreated = ["area 1"]')
    more = DEATHS.replace("deaths.csv", "councils.csv").replace('"area"', '"council"')
    path = world(tmp_path, plan + AREAS + more.replace('treated = ["area 1"]\n', ""))
    there = (tmp_path / "deaths.csv").read_text()
    (tmp_path / "councils.csv").write_text(there.replace("area", "council", 1))
    read = read_plan(path)
    source = sources_of(read)["deaths"]
    assert study_from(source, read.designs[read.primary]).treated == (0,)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (SERIES, "by triple_difference alone: other designs beside it answer for outcomes with a"),
        (SERIES + LITTER.replace('path = "litter.csv"\n', ""), "found two rows for 2022-01"),
        (SERIES + AREAS + LITTER, "found two rows for 2022-01"),  # which no outcome names
        (AREAS + DEATHS.replace('unit = "area"\n', ""), "treated areas and no column of areas"),
        (AREAS + DEATHS.replace("area 1", "area 77"), "area 77"),
        (
            LITTER.replace("interrupted_time_series", "triple_difference") + 'unit = "area"\n',
            "another design: the cells of triple_difference say where it looks",
        ),
    ],
)
def test_what_cannot_be_read_by_its_design_is_refused_when_it_is_locked(
    tmp_path: Path, more: str, said: str
) -> None:
    with pytest.raises(InputError) as caught:
        plan = read_plan(world(tmp_path, RINGS + more))
        ready(plan, sources_of(plan))
    assert said in str(caught.value)
