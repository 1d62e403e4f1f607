"""Plans of cells: breaks in their exposure, and treated areas that a plan names beside its cells."""

from pathlib import Path

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.findings import sources_of
from opendcr.evaluate.plan import read_plan
from opendcr.evaluate.reading import links_of, study_before, study_from
from opendcr.evaluate.study import Study
from tests.support.planned import RINGS, written


def study(folder: Path, data: list[dict], plan: str) -> Study:
    read = read_plan(written(folder, data, plan))
    return study_from(sources_of(read)["primary"], read.designs[read.primary])


def refused(folder: Path, data: list[dict], plan: str) -> str:
    with pytest.raises(InputError) as caught:
        study(folder, data, plan)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def cells(near: int = 900, inside: int = 900) -> list[dict]:
    """Calls by ring and hours in 48 months; from 2024 on the exposure is another in the near ring,
    or inside hours."""
    return [
        {
            "ring": ring,
            "hours": hours,
            "zone": "A" if ring == "0-500m" else "B",
            "month": f"{2022 + at // 12}-{at % 12 + 1:02}",
            "calls": 20 + 7 * at % 5 + len(ring) + len(hours),
            "people": 900 if at < 24 else near if ring == "0-500m" else inside if hours == "inside" else 900,
        }
        for ring in ("0-500m", "500-1000m", "1-2km")
        for hours in ("inside", "outside")
        for at in range(48)
    ]  # fmt: skip


LINKED = RINGS.replace('"panel.csv"', '"panel.csv"\nexposure = "people"\nbreaks = ["2024-01"]')


def test_breaks_that_the_plan_names_are_linked_in_cells_too(tmp_path: Path) -> None:
    plan = read_plan(written(tmp_path, cells(near=1125), LINKED))
    source = sources_of(plan)["primary"]
    design = plan.designs[plan.primary]
    assert (study_from(source, design).panel.exposure == 900).all()
    assert (study_before(source, design).panel.exposure == 900).all()
    assert "that of the cells near (ring 0-500m) and inside hours (hours inside) is multiplied here by 0.8" in (
        links_of(source)
    )  # fmt: skip


def test_a_step_of_cells_that_the_plan_does_not_name_is_told(tmp_path: Path) -> None:
    """It may be of opening hours that were extended."""
    unnamed = LINKED.replace('\nbreaks = ["2024-01"]', "")
    plan = read_plan(written(tmp_path, cells(near=1125, inside=1125), unnamed))
    source = sources_of(plan)["primary"]
    study = study_from(source, plan.designs[plan.primary])
    assert set(np.unique(study.panel.people)) == {900, 1125}
    assert links_of(source) == ""


def test_a_break_of_cells_that_is_no_period_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, cells(), LINKED.replace('["2024-01"]', '["2020-01"]'))
    assert "found a break at 2020-01; expected a period from 2022-02 on" in said


@pytest.mark.parametrize(
    "named",
    [
        'unit = "ring"',
        'unit = "ring"\ntreated = ["0-500m"]',
        'unit = "zone"\ntreated = ["A"]',
        'treated = ["A"]',
        'treated = ["0-500m"]',
        'treated = ["0-500m, inside"]',
    ],
)
def test_treated_areas_may_be_those_that_a_design_of_cells_looks_at(
    tmp_path: Path, named: str
) -> None:
    made = study(tmp_path, cells(), RINGS.replace("[question]", f"[question]\n{named}"))
    assert made.names(made.treated) == ("0-500m, inside",)


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ('unit = "ring"\ntreated = ["Nowhere"]', "`treated` 'Nowhere', where the design looks at"),
        ('unit = "ring"\ntreated = ["1-2km"]', "expected no `treated` under [question], or 0-500m"),
        (
            'unit = "zone"\ntreated = ["A", "B"]',
            "'A', 'B', where the design looks at the cells near",
        ),
        ('treated = ["Nowhere"]', "no `treated` under [question], or 0-500m"),
        ('unit = "area"', "question.unit"),
    ],
)
def test_treated_areas_that_a_design_of_cells_does_not_look_at_are_refused(
    tmp_path: Path, named: str, said: str
) -> None:
    plan = RINGS.replace("[question]", f"[question]\n{named}")
    assert said in refused(tmp_path, cells(), plan)
