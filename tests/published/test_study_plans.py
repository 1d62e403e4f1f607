"""The plans that ship: each can be read, and a lock beside one is of that plan and its data."""

import csv
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.findings import run_study, sources_of
from opendcr.evaluate.held import differences
from opendcr.evaluate.lock import lock_path, read_lock
from opendcr.evaluate.plan import PRIMARY, Plan, read_plan
from opendcr.evaluate.reading import data_checks, panel_from, study_before, study_from
from opendcr.evaluate.soundness import floor_refused
from opendcr.streams import stream
from tests.docs.texts import ROOT

GLASGOW = ROOT / "examples" / "glasgow" / "studies"
PLANS = sorted({*GLASGOW.glob("*.toml"), *(ROOT / "examples" / "studies").glob("*/*.toml")})
LOCKED = ["deaths_by_council", "suspected_deaths_by_division"]


@pytest.mark.parametrize("path", PLANS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_plan_that_ships_can_be_read(path: Path) -> None:
    plan = read_plan(path)
    source = sources_of(plan)[PRIMARY]
    for design in plan.designs.values():
        study_before(source, design)
    if path.parent == GLASGOW:  # others are of published studies, some of which could never reject
        floor_refused(plan, sources_of(plan))


@pytest.mark.parametrize("name", LOCKED)
def test_glasgow_s_plans_are_locked_as_they_stand(name: str) -> None:
    plan = read_plan(GLASGOW / f"{name}.toml")
    lock, source = read_lock(lock_path(plan.path)), sources_of(plan)[PRIMARY]
    assert lock.hash == plan.hash
    assert not list(differences(PRIMARY, lock.data[PRIMARY], source))
    assert lock.data[PRIMARY]["already_public"] == []


@pytest.mark.parametrize("name", LOCKED)
def test_nothing_is_claimed_of_glasgow_yet(name: str) -> None:
    with pytest.raises(InputError, match="before the start 2025"):
        run_study(read_plan(GLASGOW / f"{name}.toml"))


QUARTERS = [f"{year}-Q{at}" for year in range(2024, 2030) for at in range(1, 5)][:-2]
Growth = Callable[
    [int, str], float
]  # of an area's people from the period before, by its place there


def with_later(folder: Path, name: str, periods: Sequence[str], grows: Growth) -> Plan:
    """A plan that ships beside its lock and its file, to which made-up counts were added: about as
    many as in the area's last period."""
    for kind in ("toml", "lock.json", "csv"):
        shutil.copy(GLASGOW / f"{name}.{kind}", folder)
    path, random = folder / f"{name}.csv", stream(1, "made up")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    area, time, count, people = list(rows[0])[:4]
    latest = {row[area]: {**row, count: row[count] or "3"} for row in rows}
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        for period in periods:
            for at, row in enumerate(latest.values()):
                row[people] = f"{float(row[people]) * (1 + grows(at, period)):.0f}"
                writer.writerow({**row, time: period, count: random.poisson(float(row[count]))})
    return read_plan(folder / f"{name}.toml")


def councils(mean: float, **also: float) -> Growth:
    """Populations that were rebased in 2020 and grow since then by so much a year, more or less;
    `also` says by what else they change, by y2026 and its like."""
    random = stream(2, "councils")

    def grows(at: int, year: str) -> float:
        if year == "2020":
            return random.normal(-0.004, 0.01)
        return mean + random.normal(0, 0.004) + also.get(f"y{year}", 0.0)

    return grows


def said_of_exposure(plan: Plan) -> list[str]:
    study = study_from(sources_of(plan)[PRIMARY], plan.designs[plan.primary])
    checks = data_checks(study.panel, plan.data, plan.designs)
    return [one.detail for one in checks if one.name == "exposure is one series"]


YEARS = [str(year) for year in range(2020, 2030)]


@pytest.mark.parametrize("mean", [0.003, 0.005, 0.008])
def test_deaths_by_council_go_on_as_they_were_locked(tmp_path: Path, mean: float) -> None:
    """Every council's population grows from 2021 on, which for ten years had one figure."""
    for last in (2025, 2027):
        early = with_later(
            tmp_path, LOCKED[0], [one for one in YEARS if int(one) <= last], councils(mean)
        )
        assert said_of_exposure(early) == []
    plan = with_later(tmp_path, LOCKED[0], YEARS, councils(mean))
    assert said_of_exposure(plan) == []
    design = plan.designs[plan.primary]
    panel = panel_from(sources_of(plan)[PRIMARY], design)
    assert panel.exposure is not None
    grown = np.median(np.diff(np.log(panel.exposure[:, -10:]), axis=1))  # none is linked away
    assert grown == pytest.approx(mean, abs=0.001)


def test_the_locked_plan_of_deaths_runs_to_an_answer(tmp_path: Path) -> None:
    """With the design that decides alone: the others take their time. The lock is of another code
    where the code was changed since, which makes exploratory; nothing else does."""
    plan = with_later(tmp_path, LOCKED[0], YEARS, councils(0.005))
    found = run_study(replace(plan, designs={plan.primary: plan.designs[plan.primary]}))
    assert found.standing.locked and not found.standing.changed and not found.standing.differing
    assert all(one.startswith("the code is ") for one in found.standing.against)
    assert found.leading.estimate.relative_effect is not None
    assert found.leading.verdict == "undetermined"
    linked = next(one.detail for one in found.checks if one.name == "linked exposure")
    assert " in 2019 and by " in linked and " from 2020 on" in linked


def test_a_rebasing_that_the_locked_plan_does_not_name_is_found(tmp_path: Path) -> None:
    plan = with_later(tmp_path, LOCKED[0], YEARS, councils(0.005, y2026=-0.03))
    with pytest.raises(InputError, match=r"a step of the exposure at 2026 in \d+ of 32 areas"):
        said_of_exposure(plan)


def test_suspected_deaths_by_division_go_on_as_they_were_locked(tmp_path: Path) -> None:
    """With the population of mid-2019 throughout, as the plan says, and with later ones of the same
    series in each year's quarters."""
    plan = with_later(tmp_path, LOCKED[1], QUARTERS, lambda at, quarter: 0.0)
    assert said_of_exposure(plan) == []
    later = with_later(
        tmp_path,
        LOCKED[1],
        QUARTERS,
        lambda at, quarter: 0.004 + 0.0005 * at if quarter.endswith("Q1") else 0.0,
    )
    assert all(one.startswith("it changes once a year") for one in said_of_exposure(later))


def test_simulated_calls_say_that_they_are() -> None:
    plan = read_plan(GLASGOW / "calls_simulated.toml")
    assert plan.data.simulated and "simulated" in plan.question.title
