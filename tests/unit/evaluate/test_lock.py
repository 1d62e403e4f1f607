"""Locks: what they keep, and what makes results exploratory."""

import json
from datetime import UTC, datetime
from importlib.metadata import version
from os import environ
from pathlib import Path
from subprocess import check_output
from sys import executable
from textwrap import dedent

import pytest
from click.testing import CliRunner

from opendcr.cli.study import lock_command
from opendcr.errors import InputError
from opendcr.evaluate.findings import sources_of
from opendcr.evaluate.identity import RECOVERED
from opendcr.evaluate.lock import (
    later_known,
    lock_path,
    locked,
    read_lock,
    rivals,
    seal_of,
    standing,
    write_lock,
)
from opendcr.evaluate.plan import PRIMARY, read_plan
from opendcr.evaluate.soundness import beside, unreported
from tests.support.planned import PLAN, RINGS, rows, written

ROOT = Path(__file__).parents[3]
NOW = datetime(2025, 1, 2, tzinfo=UTC)
FORESEEN = {"warnings": [], "panels": 0, "power": []}
BEFORE = [row for row in rows() if row["year"] < 2020]


def lock(path: Path, again: bool = False):
    plan = read_plan(path)
    return write_lock(lock_path(path), locked(plan, sources_of(plan), FORESEEN, NOW), again=again)


def stands(path: Path):
    plan = read_plan(path)
    return standing(plan, sources_of(plan))


def test_a_lock_that_is_there_is_left_as_it_is_and_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    done = CliRunner().invoke(lock_command, [str(path)])
    assert "Locked already, and nothing was changed:" in done.stdout
    done = CliRunner().invoke(lock_command, [str(path), "--registered", "osf.io/abcde"])
    assert "nothing was changed but where it is registered:" in done.stdout


def corrected(path: Path, plan: str = PLAN) -> Path:
    """A count of before the start is another than it was; nothing else is."""
    wrong = ("area 3", 2018)
    data = [row | {"events": 7} if (row["area"], row["year"]) == wrong else row for row in BEFORE]
    return written(path.parent, data, plan)


def again(path: Path, *options: str):
    return CliRunner().invoke(lock_command, [str(path), "--panels", "0", *options])


def test_corrected_data_are_told_and_can_be_locked_again(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    first = lock(path)
    was = lock_path(path).read_bytes()
    corrected(path)
    told = again(path)
    assert "nothing was changed" in told.stdout and lock_path(path).read_bytes() == was
    assert "not those that were locked (in 2018 of 'area 3'): results with these" in told.stderr
    done = again(path, "--again")
    assert f"Locked: {lock_path(path)}" in done.stdout and "not those that were" not in done.stderr
    assert read_lock(lock_path(path)).replaces == [first["seal"]]
    kept = tmp_path / f"plan.lock.{first['seal'][:12]}.json"
    assert kept.read_bytes() == was and kept.name in done.stdout
    found = stands(path)
    assert found.differing == {} and found.rivals == ()  # the lock that is kept is in force nowhere
    assert any(first["seal"][:12] in one for one in (*found.told, *found.against))


def test_what_is_the_same_is_not_locked_again(tmp_path: Path) -> None:
    """Nor where figures from the start on have come: the lock of before knew nothing of them."""
    path = written(tmp_path, BEFORE)
    lock(path)
    was = {one.name: one.read_bytes() for one in tmp_path.glob("*.json")}
    written(tmp_path)
    done = again(path, "--again", "--json")
    assert json.loads(done.stdout)["replaces"] == []
    assert again(path, "--again").stdout.startswith("Locked already, this plan with these data")
    assert {one.name: one.read_bytes() for one in tmp_path.glob("*.json")} == was


def test_without_a_lock_nothing_is_confirmed(tmp_path: Path) -> None:
    found = stands(written(tmp_path))
    assert not found.locked and found.status == "exploratory"


def test_locked_before_the_outcome_was_known(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    written(tmp_path)  # the rows from the start on arrive
    found = stands(path)
    assert found.locked and found.status == "confirmatory" and found.changed == ()


def by_other_code(path: Path, **parts: str) -> str:
    """What a lock says that was written by code of other parts; of none, as locks were before."""
    lock(path)
    content = json.loads(lock_path(path).read_text())
    content["code"] = "0.1.0/00000000"
    known = content.pop("code_parts")
    content |= {"code_parts": known | parts} if parts else {}
    lock_path(path).write_text(json.dumps(content | {"seal": seal_of(content)}))
    with pytest.raises(InputError, match="--again") as refused:
        lock(path)
    (said,) = stands(path).against
    assert ", by other code: " + said.split(": ")[1].split(" (docs")[0] in refused.value.found
    assert "((" not in str(refused.value) and RECOVERED in refused.value.expected
    return said


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"numba": "0.1.2"}, f": numba was 0.1.2 then and is {version('numba')} now (docs"),
        ({"sources": "feed"}, ": the project's own code is another (sources feed then"),
        (
            {},
            f": which part is another, the project's own code or a library (now numba {version('numba')}",
        ),
    ],
)
def test_other_code_is_told_by_what_differs(
    tmp_path: Path, parts: dict[str, str], said: str
) -> None:
    told = by_other_code(written(tmp_path, BEFORE), **parts)
    assert said in told and "0.1.0/00000000" in told
    assert "The code of a lock" in (ROOT / "docs/studies.md").read_text()


def test_the_code_of_a_lock_is_found_before_it_and_in_the_commit_that_holds_both(
    tmp_path: Path,
) -> None:
    """A commit that brings a lock and the code that made it is younger than the lock."""
    here = tmp_path / "repo"
    for at, hour in enumerate((1, 3, 5)):
        committed(here, f"0.1.0/{at}", f"2026-01-01T0{hour}:00:00Z")
    text = (ROOT / "docs/studies.md").read_text(encoding="utf-8")
    loop = dedent(
        text[text.index("    for one in $(") : text.index("    done\n") + len("    done\n")]
    )
    loop = loop.replace("LOCKED_AT", "2026-01-01T02:00:00Z").replace(" python ", f" {executable} ")
    for wanted, tried in ((0, [1, 2, 0]), (1, [1])):
        said = shell(here, "bash", "-c", loop.replace("CODE", f"0.1.0/{wanted}"))
        assert [line.split()[1] for line in said.splitlines()] == [f"0.1.0/{at}" for at in tried]


def committed(here: Path, made_by: str, when: str) -> None:
    """A commit of sources that call themselves so."""
    sources = here / "src/opendcr/evaluate"
    sources.mkdir(parents=True, exist_ok=True)
    for package in (sources, sources.parent):
        (package / "__init__.py").touch()
    (sources / "lock.py").write_text(f"def code(): return '{made_by}'\n")
    dates = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    shell(here, "git", "init", "-q")
    shell(here, "git", "add", ".")
    shell(
        here,
        "git",
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.org",
        "commit",
        "-qm",
        "x",
        **dates,
    )


def shell(here: Path, *command: str, **environment: str) -> str:
    return check_output(command, cwd=here, text=True, env=environ | environment)


def test_comments_are_no_change(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    written(tmp_path, plan="# a remark\n" + PLAN)
    assert stands(path).status == "confirmatory"


def test_a_plan_that_was_edited_says_where(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    written(tmp_path, plan=PLAN.replace("start = 2020", "start = 2021"))
    found = stands(path)
    assert (
        not found.locked and found.status == "exploratory" and found.changed == ("question.start",)
    )


def test_a_design_that_was_added_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    written(tmp_path, plan=PLAN + "[designs.synthetic_difference_in_differences]\n")
    assert stands(path).changed == ("designs.synthetic_difference_in_differences",)


def test_an_outcome_that_was_public_confirms_nothing(tmp_path: Path) -> None:
    path = written(tmp_path)
    content = lock(path)
    assert content["data"]["primary"]["already_public"] == ["2020", "2021", "2022", "2023"]
    found = stands(path)
    assert found.locked and "was already in the file for 2020 to 2023" in found.against[0]


def test_data_from_before_that_changed(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    written(tmp_path, [row | {"events": row["events"] + 1} for row in rows()])
    assert "not those that were locked" in stands(path).against[0]


def test_what_an_outcome_does_not_use_accuses_nothing(tmp_path: Path) -> None:
    """Another column, another order, numbers as a spreadsheet writes them."""
    path = written(tmp_path, BEFORE)
    lock(path)
    written(
        tmp_path,
        [
            row | {"events": f"{row['events']}.0", "dogs": at}
            for at, row in enumerate(reversed(rows()))
        ],
    )
    assert stands(path).status == "confirmatory"


def test_data_that_changed_are_named(tmp_path: Path) -> None:
    """One outcome was revised in one area and year: it alone is accused, of that."""
    calls = '\n[outcomes.calls]\noutcome = "calls"\n'
    every = [row | {"calls": 7} for row in rows()]
    path = written(tmp_path, [row for row in every if row["year"] < 2020], PLAN + calls)
    lock(path)
    revised = [
        row | {"calls": 8} if (row["area"], row["year"]) == ("area 3", 2018) else row
        for row in every
    ]
    written(tmp_path, revised, PLAN + calls)
    found = stands(path)
    assert list(found.differing) == ["calls"]
    assert found.against == (
        "the data of calls from before the start are not those that were locked"
        " (in 2018 of 'area 3')",
    )


def test_areas_of_other_outcomes_are_no_data_of_this_one(tmp_path: Path) -> None:
    near = '\n[outcomes.near]\noutcome = "events"\ntreated = ["area 2"]\n'
    path = written(tmp_path, BEFORE, PLAN + near)
    lock(path)
    written(
        tmp_path,
        [row | {"events": 1} if row["area"] == "area 2" else row for row in rows()],
        PLAN + near,
    )
    assert list(stands(path).differing) == ["near"]


def test_code_that_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    monkeypatch.setattr("opendcr.evaluate.lock.code", lambda: "0.2.0/other")
    assert "0.2.0/other" in stands(path).against[0]


def test_a_lock_that_was_edited_is_none(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    content = json.loads(lock_path(path).read_text())
    content["locked_at"] = "2024-01-01T00:00:00Z"
    lock_path(path).write_text(json.dumps(content))
    with pytest.raises(InputError, match="a seal that does not hold"):
        stands(path)


def test_a_lock_of_another_form_says_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    content = json.loads(lock_path(path).read_text())
    for known in content["data"].values():
        known["already_public"] = ["2020"]
        del known["public_earlier"], known["open"], known["periods"], known["areas"]
    old = {**content, "version": 1, "code": "0.0.9/0123456789abcdef"}
    lock_path(path).write_text(json.dumps(old))
    with pytest.raises(InputError, match=r"which OpenDCR 0\.0\.9/\S+ wrote; .* --again"):
        stands(path)
    with pytest.raises(InputError, match=r"0\.0\.9"):
        lock(path)
    again = lock(path, again=True)
    assert again["replaces"] == [old["seal"]]
    assert any("for 2020 when an earlier lock" in one for one in stands(path).against)


def test_locking_anew_does_not_change_what_was_public_at_first(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    written(tmp_path, plan=PLAN + "[designs.ratio_of_ratios]\n")  # with the outcome, and anew
    lock(path, again=True)
    said = [one for one in stands(path).against if "already in the file" in one]
    assert said == ["events was already in the file for 2020 to 2023 when the plan was locked anew"]


def test_periods_that_come_before_the_start_are_no_change(tmp_path: Path) -> None:
    path = written(tmp_path, [row for row in rows() if row["year"] < 2018])
    lock(path)
    written(tmp_path)  # the years until the start, and after it
    found = stands(path)
    assert found.status == "confirmatory"
    assert found.to_data()["not_held"] == {"primary": ["2018", "2019"]}
    assert found.told[1].startswith("The lock does not hold events of 2018 to 2019")


def test_which_design_decides_is_part_of_the_plan(tmp_path: Path) -> None:
    """Without [success] the first table decides: its place in the file is part of the plan."""
    two = PLAN + "[designs.ratio_of_ratios]\n"
    path = written(tmp_path, BEFORE, two)
    lock(path)
    head, tail = PLAN.split("[designs.difference_in_differences]")
    written(
        tmp_path,
        plan=head + "[designs.ratio_of_ratios]\n[designs.difference_in_differences]\n" + tail,
    )
    assert stands(path).changed == ("decides.primary",)


def test_a_second_lock_names_the_first(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    first = lock(path)
    assert lock(path) == first  # of the same plan and code: left as it is
    written(tmp_path, BEFORE, PLAN.replace("start = 2020", "start = 2021"))
    with pytest.raises(InputError, match=r"question\.start changed since"):
        lock(path)
    again = lock(path, again=True)
    assert again["replaces"] == [first["seal"]] and stands(path).to_data()["replaces"] == [
        first["seal"]
    ]
    assert any("locked anew after its start" in one for one in stands(path).against)


def test_a_plan_may_be_locked_anew_before_its_start(tmp_path: Path) -> None:
    """As when the code is mended while nothing can be known yet: it is told, and takes nothing."""
    late = [{**row, "year": row["year"] + 10} for row in rows()]
    plan = PLAN.replace("2020", "2030").replace("2023", "2033")
    path = written(tmp_path, [row for row in late if row["year"] < 2030], plan)
    first = lock(path)
    written(tmp_path, [row for row in late if row["year"] < 2030], plan + "[designs.event_study]\n")
    lock(path, again=True)
    written(tmp_path, late, plan + "[designs.event_study]\n")
    found = stands(path)
    assert found.status == "confirmatory"
    assert found.told[0].startswith("The plan was locked anew before its start")
    assert first["seal"][:12] in found.told[0]


def test_a_lock_made_after_the_start_says_what_it_cannot_show(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    written(tmp_path)
    found = stands(path)
    assert found.status == "confirmatory"
    assert found.told[0].startswith("The lock was made 60 months after the start (2020), and shows")


def test_a_late_lock_claims_no_blindness_where_the_figures_were_there(tmp_path: Path) -> None:
    """Nor where they were taken out of the file before it was locked again."""
    path = written(tmp_path)
    lock(path)
    (told,) = stands(path).told
    assert "when figures from then on were known" in told and "no later figures" not in told
    written(tmp_path, BEFORE, PLAN + "[designs.ratio_of_ratios]\n")
    lock(path, again=True)
    assert stands(path).told[0] == told
    assert later_known(lock_path(path), sources_of(read_plan(path)))


NOWCAST = '\n[nowcast]\npath = "editions.csv"\nmost = 1\n'


def editions(folder: Path, last: int, first: int = 10) -> None:
    """What each year's edition printed of each year: one fewer than the next edition."""
    printed = [
        f"{year},{edition},{first + (edition > year)}"
        for edition in range(2015, last + 1)
        for year in range(2012, edition + 1)
    ]
    (folder / "editions.csv").write_text("\n".join(["period,edition,count", *printed]) + "\n")


def test_a_reporting_triangle_is_under_the_lock(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE, PLAN + NOWCAST)
    editions(tmp_path, 2019)
    lock(path)
    written(tmp_path, plan=PLAN + NOWCAST)
    editions(tmp_path, 2023)  # later editions, of periods before the start too
    assert stands(path).status == "confirmatory"
    editions(tmp_path, 2023, first=11)
    (said,) = stands(path).against
    assert said.startswith(
        "the data of the reporting triangle of events from before the start are not those that"
    )


def test_counts_that_were_incomplete_may_become_what_editions_print(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE, PLAN + NOWCAST)
    editions(tmp_path, 2019)
    content = lock(path)
    (first,) = content["data"]["primary"]["open"]  # one year is incomplete, of the treated area
    assert (first["period"], first["area"]) == ("2019", "area 1")

    def now(count: int) -> list[dict]:
        last = ("area 1", 2019)
        return [
            row | {"events": count} if (row["area"], row["year"]) == last else row for row in rows()
        ]

    written(tmp_path, now(11), PLAN + NOWCAST)
    editions(tmp_path, 2023)  # in which 2019 is 11
    assert stands(path).status == "confirmatory"
    written(tmp_path, now(13), PLAN + NOWCAST)
    (said,) = stands(path).against
    assert "2019 of area 1" in said and "nor what an edition printed" in said


def of_areas(folder: Path, last: int, *areas: str) -> None:
    """The editions of some areas, in one triangle."""
    editions(folder, last)
    _, *lines = (folder / "editions.csv").read_text().splitlines()
    named = [f"{area},{line}" for area in areas for line in lines]
    (folder / "editions.csv").write_text("\n".join(["area,period,edition,count", *named]) + "\n")


def test_what_was_incomplete_next_door_may_become_what_editions_print(tmp_path: Path) -> None:
    """An outcome of the plan's own counts, with areas of its own, has the plan's triangle."""
    near = '\n[outcomes.near]\noutcome = "events"\ntreated = ["area 2"]\n'
    plan = f'{PLAN}{NOWCAST}unit = "area"\n{near}'
    path = written(tmp_path, BEFORE, plan)
    of_areas(tmp_path, 2019, "area 1", "area 2")
    lock(path)
    last = ("area 2", 2019)
    now = [row | {"events": 11} if (row["area"], row["year"]) == last else row for row in rows()]
    written(tmp_path, now, plan)
    of_areas(tmp_path, 2023, "area 1", "area 2")
    assert stands(path).against == ()
    assert [*unreported(sources_of(read_plan(path)))] == []


@pytest.mark.parametrize("late", ['unit = "area"\n', ""])
def test_counts_that_a_triangle_leaves_out_are_told_when_a_plan_is_locked(
    tmp_path: Path, late: str
) -> None:
    """It has the plan's own area, by name or as the only one, and not what is looked at next door."""
    near = '\n[outcomes.near]\noutcome = "events"\ntreated = ["area 2"]\n'
    path = written(tmp_path, BEFORE, PLAN + NOWCAST + late + near)
    of_areas(tmp_path, 2019, "area 1")
    sources = sources_of(read_plan(path))
    (said,) = unreported(sources)
    assert said.startswith("near is of counts that are still to change")
    assert "[outcomes.near.nowcast]" in said and "near.nowcast" not in sources
    assert "Once late reports change what this lock holds" in said
    of_areas(tmp_path, 2021, "area 1")  # all that the lock holds is complete
    (said,) = unreported(sources_of(read_plan(path)))
    assert "will stand as printed, too low. Its editions" in said


def test_a_triangle_with_counts_from_the_start_on_made_the_outcome_public(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE, PLAN + NOWCAST)
    editions(tmp_path, 2020)
    lock(path)
    (said,) = stands(path).against
    assert "the reporting triangle of events was already in the file for 2020" in said


def test_what_was_public_for_the_first_lock_stays_said(tmp_path: Path) -> None:
    """Cutting the file and locking anew does not undo that the outcome was known."""
    first = lock(written(tmp_path))
    path = written(
        tmp_path, BEFORE, PLAN.replace('"events"', '"people"').replace('exposure = "people"', "")
    )
    again = lock(path, again=True)
    assert again["data"]["primary"]["public_earlier"] == ["2020", "2021", "2022", "2023"]
    assert again["data"]["primary"]["already_public"] == []
    found = stands(path)
    assert f"with the seal {first['seal'][:12]}" in found.against[0]
    assert (
        "was already in the file for 2020 to 2023 when an earlier lock of the plan was made"
        in found.against[1]
    )


def test_an_outcome_that_is_no_longer_asked_for_stays_said(tmp_path: Path) -> None:
    calls = '\n[outcomes.calls]\noutcome = "events"\n'
    lock(written(tmp_path, plan=PLAN + calls))
    lock(written(tmp_path, BEFORE), again=True)
    assert any(
        "calls was already in the file" in one for one in stands(tmp_path / "plan.toml").against
    )


def test_what_the_date_of_a_lock_rests_on(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    assert stands(path).dated == ""
    first = lock(path)
    assert "names no place where its seal was published" in stands(path).to_data()["dated"]
    plan = read_plan(path)
    for _ in range(2):  # registered afterwards: the seal that was published stays
        again = write_lock(
            lock_path(path), locked(plan, sources_of(plan), FORESEEN, NOW), "osf.io/abcde"
        )
        assert again == first | {"registered": "osf.io/abcde"}
    assert "registered: osf.io/abcde." in stands(path).dated


def test_each_plan_has_its_own_lock(tmp_path: Path) -> None:
    names = {lock_path(tmp_path / name) for name in ("a.toml", "a.txt", "a.v1.toml", "a.v2.toml")}
    assert len(names) == 4 and tmp_path / "a.lock.json" in names


def others(path: Path) -> list[str]:
    """The locks beside a plan that ask the same."""
    plan = read_plan(path)
    return [one.name for one in rivals(plan, sources_of(plan)[PRIMARY])]


def test_other_locks_of_the_same_question_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    lock(path)
    other = tmp_path / "other.toml"
    other.write_text(
        PLAN.replace("[designs.difference_in_differences]", "[designs.ratio_of_ratios]")
    )
    plan = read_plan(other)
    (said,) = beside(plan, sources_of(plan)[PRIMARY])
    assert said.startswith("plan.lock.json beside it") and others(path) == []
    lock(other)
    assert stands(path).to_data()["rivals"] == ["other.lock.json"]
    assert "Another plan" in stands(path).told[-1] and stands(path).status == "confirmatory"
    lock_path(other).unlink()
    other.write_text(PLAN.replace("start = 2020", "start = 2021"))
    assert len(others(other)) == 1  # another start is another chance
    for treated in ('["area 2", "area 1"]', '["area 1", "area 2"]'):
        other.write_text(PLAN.replace('["area 1"]', treated))
        assert len(others(other)) == 1  # in whatever order, and with others beside it
    other.write_text(PLAN.replace('["area 1"]', '["area 2"]'))
    assert others(other) == []


def test_a_plan_of_other_data_asks_something_else(tmp_path: Path) -> None:
    """A newer extract under another name is the same data as long as it says the same of what both
    have from before the start."""
    lock(written(tmp_path, [row for row in BEFORE if row["year"] < 2019]))
    other = tmp_path / "other.toml"
    other.write_text(PLAN.replace("panel.csv", "newer.csv"))
    (tmp_path / "panel.csv").rename(tmp_path / "old.csv")
    written(tmp_path, BEFORE)
    (tmp_path / "panel.csv").rename(tmp_path / "newer.csv")
    assert others(other) == ["plan.lock.json"]
    written(
        tmp_path, [row | {"events": row["events"] + (row["area"] == "area 5")} for row in BEFORE]
    )
    (tmp_path / "panel.csv").rename(tmp_path / "newer.csv")
    assert others(other) == []  # every period another, and the areas go on: nothing is alike
    written(
        tmp_path,
        [
            row | {"events": row["events"] + (row["area"] == "area 5")}
            for row in BEFORE
            if row["year"] < 2019
        ],
    )
    (tmp_path / "panel.csv").rename(tmp_path / "newer.csv")
    assert others(other) == [
        "plan.lock.json"
    ]  # one area is corrected, and the others are as they were
    written(tmp_path, [row | {"events": row["events"] + 1} for row in BEFORE])
    (tmp_path / "panel.csv").rename(tmp_path / "newer.csv")
    assert others(other) == []


def test_series_without_areas_are_the_same_only_in_the_same_file(tmp_path: Path) -> None:
    series = PLAN.replace("difference_in_differences", "interrupted_time_series")
    series = series.replace('unit = "area"\n', "").replace('treated = ["area 1"]\n', "")
    one, two = ([row for row in BEFORE if row["area"] == f"area {at}"] for at in (1, 2))
    lock(written(tmp_path, one, series))
    other = tmp_path / "other.toml"
    other.write_text(series + 'family = "gaussian"\n')
    assert others(other) == ["plan.lock.json"]
    (tmp_path / "panel.csv").rename(tmp_path / "one.csv")
    written(tmp_path, two, series)
    (tmp_path / "panel.csv").rename(tmp_path / "two.csv")
    other.write_text(series.replace("panel.csv", "two.csv"))
    assert others(other) == []


@pytest.mark.parametrize(
    ("near", "inside", "same"),
    [
        ("ring in ['0-500m', '500-1000m']", "hours == 'inside'", True),
        ("0-500m", "hours != 'outside'", True),
        ("ring == '500-1000m'", "hours == 'inside'", False),
        ("ring == '0-500m'", "hours == 'outside'", False),
    ],
)
def test_cells_are_the_same_by_what_is_treated_and_not_by_its_words(
    tmp_path: Path, near: str, inside: str, same: bool
) -> None:
    cells = [
        {"ring": ring, "hours": hours, "month": f"2024-{month:02}", "calls": 5 + month % 3}
        for ring in ("0-500m", "500-1000m", "1-2km")
        for hours in ("inside", "outside")
        for month in range(1, 13)
    ]
    lock(written(tmp_path, cells, RINGS))
    other = tmp_path / "other.toml"
    plan = RINGS.replace("ring == '0-500m'", near).replace("hours == 'inside'", inside)
    other.write_text(plan)
    assert others(other) == ["plan.lock.json"] * same
