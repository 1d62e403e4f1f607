"""`opendcr study`: what it prints, what it writes, its exit status, bad input."""

import csv
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from numba import njit

from opendcr import cli
from opendcr.cli import study
from opendcr.cli.output import run
from opendcr.evaluate.powered import foretold
from tests.support.planned import PLAN, rows, written

FALL = rows(effect=-0.4)
BEFORE = [row for row in FALL if row["year"] < 2020]
SUCCESS = '\n[success]\ndesign = "difference_in_differences"\nrelative_effect_at_most = -0.1\n'


@dataclass(frozen=True)
class Done:
    """What a command printed and its exit status."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def opendcr(capsys: pytest.CaptureFixture[str]):
    """The command, as the console script runs it."""

    def run_it(*arguments) -> Done:
        status = run(cli.opendcr, [str(one) for one in arguments])
        return Done(status, *capsys.readouterr())

    return run_it


@pytest.fixture
def answered(opendcr):
    """The JSON of a command that must succeed."""

    def answer(*arguments) -> dict:
        done = opendcr(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return json.loads(done.stdout)

    return answer


def dosed(row: dict) -> dict:
    after = row["area"] == "area 1" and row["year"] >= 2020
    return row | {"booth_hours": 100 * (row["year"] - 2018) if after else 0}


UNIT = "events per 100,000 people"
SERIES = PLAN.replace("difference_in_differences", "interrupted_time_series")


@pytest.mark.parametrize(
    ("plan", "terms"),
    [
        (SERIES, {"level": "step at the start (level)",
                  "slope": "further change with each period from the start on (slope)"}),
        (SERIES + 'terms = ["level"]\nramp = 3\n', {"level": "change reached in 3 equal steps (level)"}),
        (SERIES + 'dose = "booth_hours"\n', {"dose": "each unit of booth hours (dose)"}),
        (PLAN + 'dose = "booth_hours"\n', {"booth_hours": "each unit of booth hours (dose)"}),
        (SERIES + 'family = "gaussian"\nterms = ["level"]\n', {"level": "step at the start (level)"}),
        (PLAN, {}),  # its coefficient is the relative effect itself
    ],
)  # fmt: skip
def test_coefficients_stand_in_terminal_and_report(
    opendcr, tmp_path: Path, plan: str, terms: dict[str, str]
) -> None:
    path = written(tmp_path, [dosed(row) for row in FALL], plan)
    said = opendcr("study", "run", path, "--out", tmp_path / "out").stdout
    page = (tmp_path / "out/report.html").read_text().replace("\xa0", " ")
    (made,) = json.loads((tmp_path / "out/result.json").read_text())["designs"].values()
    for name, words in terms.items():
        one = made["coefficients"][name]
        ends = [one.get("robust_low") or one["low"], one.get("robust_high") or one["high"]]
        log = made["link"] == "log"
        told = [100 * math.expm1(end) if log else 1e5 * end for end in (one["estimate"], *ends)]
        (line,) = [row for row in said.splitlines() if words in row]
        assert [float(part) for part in re.findall(r"[-+][\d.]+(?:e-\d+)?", line)] == pytest.approx(told, rel=0.06)  # fmt: skip
        change, holds = line.split("): ")[1].replace("-", "−").rsplit(", ", 1)
        assert change.replace(f" {UNIT}", "") in page.replace("e-", "e−")
        assert holds == "95 % interval"
        assert log or (UNIT in line and f"coefficient, {UNIT} (95 % interval)" in page)
    assert ("coefficient, " in page) == bool(terms)
    assert ("compares with no other group" in page) == plan.startswith(SERIES)  # TREND, item 15


def test_a_dose_of_several_areas_is_the_same_by_every_design(
    answered, opendcr, tmp_path: Path
) -> None:
    """Exact data: all others stand still, and each hour takes as much of what is expected."""
    rows = [
        {"area": f"area {area}", "year": year, "booth_hours": hours, "people": 1_000_000,
         "events": round(1e6 * math.exp(-0.002 * hours)) + (area * year) % 7}
        for area in range(1, 25)
        for year in range(2009, 2024)
        for hours in [100 * (year - 2019) if area <= 2 and year >= 2020 else 0]
    ]  # fmt: skip
    plan = PLAN.replace('["area 1"]', '["area 1", "area 2"]') + 'dose = "booth_hours"\n'
    path = written(
        tmp_path, rows, f'{plan}[designs.interrupted_time_series]\ndose = "booth_hours"\n'
    )
    for name, one in answered("study", "run", path)["designs"].items():
        dose = one["coefficients"]["dose" if name == "interrupted_time_series" else "booth_hours"]
        assert dose["estimate"] == pytest.approx(-0.002, rel=1e-3)
    assert opendcr("study", "run", path).stdout.count("each unit of booth hours in each treated area (dose): -0.2") == 2  # fmt: skip


def test_a_study_from_lock_to_result(opendcr, answered, tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE, PLAN + SUCCESS)
    done = opendcr("study", "lock", path, "--panels", "40", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["hash"]
    written(tmp_path, FALL, PLAN + SUCCESS)  # the years from the start on arrive
    found = answered("study", "run", path, "--out", tmp_path / "out", "--confirmatory")
    assert found["plan"]["locked"] and found["plan"]["status"] == "confirmatory"
    design = found["designs"]["difference_in_differences"]
    after = [one for one in design["effect"] if one["time"] >= "2020"]
    observed, expected = (
        sum(one[key] for one in after) for key in ("observed_count", "expected_count")
    )
    assert design["relative_effect"] == pytest.approx(observed / expected - 1)
    assert design["cumulative"] == pytest.approx(observed - expected)
    assert design["average_effect"] == pytest.approx(
        sum(one["effect"] for one in after) / len(after)
    )
    assert design["relative_interval"][1] < -0.1 and found["verdict"] == "shown"
    assert design["p_value"] == design["p_floor"] == pytest.approx(1 / 24)
    assert all({"name", "passed", "detail"} == set(one) for one in design["checks"])
    assert {one.name for one in (tmp_path / "out").iterdir()} == {
        "report.html",
        "report.pdf",
        "effects.csv",
        "result.json",
    }
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == found
    page = (tmp_path / "out" / "report.html").read_text().replace("\xa0", " ")
    assert found["sentence"] in page and found["plan"]["seal"] in page


def test_a_place_that_is_added_to_a_lock_makes_no_warning(opendcr, tmp_path: Path) -> None:
    """The lock is of then: that the outcome has come since is nothing against it."""
    path = written(tmp_path, [row for row in BEFORE if row["year"] < 2018])
    done = opendcr("study", "lock", path, "--panels", "0")
    assert "does not hold what they will say of 2018 to 2019" in done.stderr
    written(tmp_path, FALL)
    again = opendcr("study", "lock", path, "--registered", "osf.io/abcde")
    assert again.stderr == done.stderr and "osf.io/abcde" in again.stdout
    told = opendcr("study", "run", path).stdout
    assert "confirmatory" in told and "does not hold events of 2018 to 2019" in told


def test_the_same_plan_gives_the_same_bytes(opendcr, tmp_path: Path) -> None:
    path = written(tmp_path, FALL)
    first, second = (opendcr("study", "run", path, "--out", tmp_path / name) for name in "ab")
    told = [f"Written: {one}" for one in (tmp_path / "a").iterdir()]
    assert sorted(first.stdout.splitlines()[-4:]) == sorted(told)
    assert first.stdout.replace(str(tmp_path / "a"), str(tmp_path / "b")) == second.stdout
    for one in (tmp_path / "a").iterdir():
        assert one.read_bytes() == (tmp_path / "b" / one.name).read_bytes(), one.name


def test_what_is_not_locked_is_not_confirmatory(opendcr, tmp_path: Path) -> None:
    path = written(tmp_path, FALL)
    done = opendcr("study", "run", path, "--confirmatory")
    assert done.returncode == 1 and "not locked" in done.stderr and "exploratory" in done.stdout


def test_a_check_that_did_not_hold_is_told_with_what_it_is_of(opendcr, tmp_path: Path) -> None:
    needles = '\n[outcomes.needles]\noutcome = "events"\nkind = "harm"\nmargin = 0.1\n'
    steep = [
        row | {"events": row["events"] * (1 + row["year"] % 7)} if row["area"] == "area 1" else row
        for row in FALL
    ]
    done = opendcr("study", "run", written(tmp_path, steep, PLAN + needles))
    lines = done.stdout.splitlines()
    (at,) = [at for at, line in enumerate(lines) if line.endswith(" checks did not hold:")]
    told = lines[at + 1 :]
    assert len(told) == int(lines[at].split(" of ")[0]) > 1
    of = [one.split(": ")[0] for one in told]
    assert of[0] == "- difference_in_differences (the verdict rests on it)"
    assert of[-1] == "- outcome needles" and len(set(of)) == 2


def test_a_missing_interval_has_its_reason(opendcr, tmp_path: Path) -> None:
    """Among 24 areas no rank reaches 2.5 %, which is what Bonferroni's rule leaves of two; a jackknife
    over 11 years holds no 95 %."""
    one = '\n[outcomes.{}]\noutcome = "events"\nmargin = 0.1\n'
    more = one.format("needles") + one.format("calls") + '\n[multiplicity]\nrule = "bonferroni"\n'
    more += "\n[designs.augmented_synthetic_control]\n"
    done = opendcr("study", "run", written(tmp_path, FALL, PLAN + more))
    assert "no interval: 11 periods before are too few for 95%" in done.stdout
    said = "no interval: the least p-value that could be found, 0.0417, is above the level, 0.025:"
    assert [line.split(": ")[0] for line in done.stdout.splitlines() if said in line] == [
        "needles",
        "calls",
    ]


def test_a_plan_edited_after_its_lock_says_so(opendcr, answered, tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE)
    assert opendcr("study", "lock", path, "--panels", "0").returncode == 0
    written(tmp_path, FALL, PLAN.replace("start = 2020", "start = 2021"))
    found = answered("study", "run", path)
    assert not found["plan"]["locked"] and found["plan"]["changed"] == ["question.start"]
    assert found["plan"]["status"] == "exploratory"
    again = opendcr("study", "lock", path, "--panels", "0")
    assert (
        again.returncode == 2 and "question.start" in again.stderr and again.stderr.count("\n") == 1
    )


def test_a_test_that_cannot_be_significant_is_not_locked(opendcr, tmp_path: Path) -> None:
    data = [row for row in BEFORE if int(row["area"].split()[1]) <= 12]
    done = opendcr("study", "lock", written(tmp_path, data))
    assert done.returncode == 2 and "0.0833" in done.stderr and "level 0.05" in done.stderr
    assert "expected at least 8 more areas to compare with; or a design that has" in done.stderr
    assert "interrupted_time_series, ratio_of_ratios, bayesian_structural" in done.stderr
    assert not (tmp_path / "plan.lock.json").exists()


def test_a_lock_warns_of_what_could_not_be_seen(opendcr, tmp_path: Path) -> None:
    data = [row | {"events": row["events"] // 8} for row in BEFORE]
    path = written(tmp_path, data)
    done = opendcr("study", "lock", path, "--panels", "40")
    assert done.returncode == 0 and "A fall of 10 % would be shown in" in done.stderr
    kept = json.loads((tmp_path / "plan.lock.json").read_text())["foreseen"]
    assert [f"Warning: {one}" for one in kept["warnings"]] == done.stderr.splitlines()[
        -len(kept["warnings"]) :
    ]
    assert (
        opendcr("study", "run", written(tmp_path, FALL), "--out", tmp_path / "out").returncode == 0
    )
    page = (tmp_path / "out" / "report.html").read_text().replace("\xa0", " ")
    assert kept["power"] and all(one.split("%")[0] in page for one in kept["power"])
    assert [one["effect"] for one in kept["effects"]] == [-0.1, -0.2, -0.3]
    larger = foretold(kept["effects"])  # the fall of 40 % is seen
    assert "where a true fall of 10 % is seen at all, it looks" in larger and larger in page


def test_a_rise_as_success_is_told(opendcr, tmp_path: Path) -> None:
    slip = PLAN + SUCCESS.replace("-0.1", "0.2")
    done = opendcr("study", "lock", written(tmp_path, BEFORE, slip), "--panels", "0")
    assert done.returncode == 0 and "a rise of 20 % or less would count as success" in done.stderr
    assert "If a fall of 20 % or more is meant, it is -0.2." in done.stderr
    assert "publish its seal" in done.stdout


def test_a_rehearsal_of_a_single_series_has_no_others(opendcr, tmp_path: Path) -> None:
    data = [row for row in BEFORE if row["area"] == "area 1"]
    text = PLAN.replace("difference_in_differences", "interrupted_time_series")
    done = opendcr("study", "rehearse", written(tmp_path, data, text))
    assert done.returncode == 0 and "treated" in done.stdout and "others" not in done.stdout


def test_a_rehearsal_tells_everything(answered, tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE, PLAN + "\n[rehearsal]\nstarts = [2014, 2016]\n")
    found = answered("study", "rehearse", path, "--out", tmp_path)
    assert len(found["rehearsals"]) == 24 * 2
    assert {one["start"] for one in found["rehearsals"]} == {"2014", "2016"}
    others = next(one for one in found["claims"] if not one["treated"])
    assert others["rehearsals"] == others["answered"] == 46 and others["refused"] == 0
    assert others["falls"] + others["rises"] == others["claims"] <= 6
    with (tmp_path / "rehearsal.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 48


def test_whoever_waits_for_power_is_told_once_for_how_long(
    opendcr, answered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "PATIENCE", 0.0)
    more = "\n[power]\neffects = [-0.5]\nperiods = [2]\n"
    path = written(tmp_path, BEFORE, PLAN.replace("to = 2023", "to = 2021") + more)
    done = opendcr("study", "power", path, "--panels", "10")
    assert done.returncode == 0 and done.stderr.count("Panels: 10 of 60, about ") == 1
    answered("study", "power", path, "--panels", "10")  # nothing on standard error


def test_that_a_design_is_compiled_is_told_once_in_a_process(
    capsys: pytest.CaptureFixture[str],
) -> None:
    study._compiling.cache_clear()
    for quiet in (True, False, False):
        with study._working("Designs", quiet):
            njit(lambda: 1)()
    assert capsys.readouterr().err == f"{study.COMPILING}\n"


def test_power_before_there_is_anything_to_see(answered, tmp_path: Path) -> None:
    path = written(tmp_path, BEFORE, PLAN + "\n[power]\neffects = [-0.5]\nperiods = [2, 5]\n")
    found = answered("study", "power", path, "--panels", "30")
    power = {(one["effect"], one["periods"], one["drift"]): one["power"] for one in found["power"]}
    assert set(power) == {
        (effect, after, drift)
        for effect in (0, -0.5)
        for after in (2, 4)
        for drift in (True, False)
    }
    assert found["at_upper_drift"]["power"][0]["drift_a_period"] == found["drift_interval"][1]
    assert power[-0.5, 4, False] > 0.9 and power[0, 4, False] < 0.3
    sure = [one for one in found["power"]
            if one["effect"] and not one["drift"] and one["low"] >= 0.8]  # fmt: skip
    until = next(one for one in found["until_seen"] if not one["drift"])["periods"]
    assert until == sure[0]["periods"] == 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[question]", "[questions]", "questions"),
        ('outcome = "events"', 'outcome = "deaths"', "no column 'deaths'"),
        ('time = "year"', 'time = "month"', "no column 'month'"),
        ("start = 2020", "start = 2050", "before the start 2050"),
        ("start = 2020", 'start = "soon"', "'soon'"),
        ("start = 2020", "start = 2020-01-13", "plan.toml, question.start: found 2020-01-13"),
        ("breaks = []", 'breaks = ["2014-01"]', "plan.toml, data.breaks: found 2014-01"),
        ('treated = ["area 1"]', "treated = []", "none treated"),
        ('treated = ["area 1"]', 'treated = ["area 99"]', "area 99"),
        ('path = "panel.csv"', 'path = "other.csv"', "other.csv"),
        ("[designs.difference_in_differences]", "[designs.magic]", "designs.magic"),
        ("[designs.difference_in_differences]", "", "no design"),
        (
            "[designs.difference_in_differences]",
            '[designs.difference_in_differences]\ndonors = ["area 2"]',
            "donor",
        ),
        (
            "[designs.difference_in_differences]",
            '[designs.difference_in_differences]\nfamly = "poisson"',
            "famly",
        ),
        ("[question]", "[question", "TOML"),
    ],
)
def test_bad_input_is_one_line(opendcr, tmp_path: Path, old: str, new: str, said: str) -> None:
    done = opendcr(
        "study", "run", written(tmp_path, FALL, PLAN.replace(old, new)), "--out", tmp_path / "out"
    )
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_no_such_plan(opendcr, tmp_path: Path) -> None:
    done = opendcr("study", "run", tmp_path / "none.toml")
    assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_out_that_is_a_file(opendcr, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    done = opendcr("study", "run", written(tmp_path, FALL), "--out", tmp_path / "out")
    assert done.returncode == 2 and "--out" in done.stderr
    under = opendcr(
        "study", "run", written(tmp_path, FALL), "--out", tmp_path / "out" / "of" / "it"
    )
    assert under.returncode == 2 and "out, a file" in under.stderr
