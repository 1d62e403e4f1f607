"""The plans that ship: each can be read, and a lock beside one is of that plan and its data."""

from pathlib import Path

import pytest

from opendcr.errors import InputError
from opendcr.evaluate.findings import run_study, sources_of
from opendcr.evaluate.held import differences
from opendcr.evaluate.lock import lock_path, read_lock
from opendcr.evaluate.plan import PRIMARY, read_plan
from opendcr.evaluate.reading import study_before
from opendcr.evaluate.soundness import floor_refused
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


def test_simulated_calls_say_that_they_are() -> None:
    plan = read_plan(GLASGOW / "calls_simulated.toml")
    assert plan.data.simulated and "simulated" in plan.question.title
