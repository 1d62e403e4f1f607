"""`opendcr calibrate`: posteriors that are known exactly, and inputs that no count can tell."""

import csv
import json
import math
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from scipy.stats import beta, gamma

from opendcr.published import thistle_months
from opendcr.simulate.calibrate import MEASURES, read_targets
from opendcr.simulate.simulated import simulated
from opendcr.simulate.toml import written
from opendcr.simulate.uncertain import read_assumptions

OPENDCR = Path(sys.executable).with_name("opendcr")
GLASGOW = Path(__file__).parents[3] / "examples" / "glasgow"
SCENARIO = """
name = "small"
[room]
places = 8
days = 59
start = "2025-01-01"
[arrivals]
per_hour = 2.0
by_weekday = [1, 1, 1, 1, 1, 2, 2]
[episode]
distribution = "lognormal"
mean = {distribution = "uniform", low = 10, high = 40}
sd = 10.0
[patience]
distribution = "exponential"
mean = {distribution = "uniform", low = 5, high = 45}
[emergency]
minutes = 20
staff = 1
[staff]
on = 8
"""
TARGETS = """period,measure,value
2025-01,times_accessed,900
2025-01,injecting_episodes,600
2025-01,medical_emergencies,9
2025-02,times_accessed,700
2025-02,injecting_episodes,420
2025-02,medical_emergencies,0
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "small.toml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "months.csv").write_text(TARGETS, encoding="utf-8")
    return tmp_path / "small.toml", tmp_path / "months.csv", tmp_path / "fitted.toml"


def run(*arguments):
    return subprocess.run(
        [OPENDCR, "calibrate", *map(str, arguments)], capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def plainly(tmp_path_factory):
    """The answer in JSON to the scenario and the months as they stand, and what it wrote."""
    folder = tmp_path_factory.mktemp("plainly")
    (folder / "small.toml").write_text(SCENARIO, encoding="utf-8")
    (folder / "months.csv").write_text(TARGETS, encoding="utf-8")
    out = folder / "fitted.toml"
    return run(folder / "small.toml", folder / "months.csv", "--out", out, "--json"), out


def test_the_posteriors_are_the_exact_ones(plainly):
    """January 2025 has 23 weekdays and 8 days of a weekend: 2 an hour for 12 hours on 39 days' worth."""
    answer, out = plainly
    assert (answer.returncode, answer.stderr) == (0, "")
    fitted = tomllib.loads(out.read_text(encoding="utf-8"))
    came = fitted["arrivals"]["by_month"]["2025-01"]
    exposure = 2 * 12 * (23 + 2 * 8)
    exact = gamma(900.5, scale=1 / exposure)
    assert (came["mean"], came["sd"]) == pytest.approx((exact.mean(), exact.std()))
    used = fitted["arrivals"]["consuming_by_month"]["2025-01"]
    share = beta(600.5, 300.5)
    served = json.loads(answer.stdout)["served"]
    assert 0.99 < served <= 1  # the few who gave up came to use as well
    assert (used["mean"], used["sd"]) == pytest.approx((share.mean(), share.std()), rel=0.02)
    ill = fitted["emergency"]["by_month"]["2025-02"]  # none published is not none possible
    assert ill["mean"] == pytest.approx(1000 * 0.5 / 420)
    assert ill["sd"] == pytest.approx(1000 * math.sqrt(0.5) / 420)


def test_what_counts_cannot_tell_stays_as_it_was_and_is_said(plainly):
    answer, out = plainly
    inputs = {one["name"]: one for one in json.loads(answer.stdout)["inputs"]}
    assert set(inputs) == {"episode.mean", "patience.mean"}
    assert not any(one["identified"] for one in inputs.values())
    fitted = read_assumptions(out)
    kept = {one.name: one.numbers for one in fitted.inputs}
    assert kept["episode.mean"] == (10, 40) and kept["patience.mean"] == (5, 45)


def test_in_a_crowded_room_counts_do_tell_how_long_people_stay(files):
    scenario, months, out = files
    scenario.write_text(SCENARIO.replace("places = 8", "places = 1"), encoding="utf-8")
    answer = run(scenario, months, "--out", out, "--json")
    inputs = {one["name"]: one for one in json.loads(answer.stdout)["inputs"]}
    assert inputs["episode.mean"]["identified"] and inputs["episode.mean"]["sds"] > 3


def test_where_many_give_up_the_fitted_room_still_serves_what_was_published(files):
    """Two places, half an hour each: more must have come to use than used."""
    scenario, months, out = files
    busy = SCENARIO.replace("places = 8", "places = 2").replace(
        'mean = {distribution = "uniform", low = 10, high = 40}', "mean = 35"
    )
    busy = busy.replace('mean = {distribution = "uniform", low = 5, high = 45}', "mean = 15")
    scenario.write_text(busy, encoding="utf-8")
    months.write_text(TARGETS.replace("times_accessed,900", "times_accessed,1500")
                      .replace("injecting_episodes,600", "injecting_episodes,1000"), "utf-8")  # fmt: skip
    answer = json.loads(run(scenario, months, "--out", out, "--json").stdout)
    assert answer["served"] < 0.9
    assert answer["episodes"]["fitted"] == pytest.approx(1420, rel=2e-3)
    again = simulated(read_assumptions(out), 1, 20, 100).figures["served"]
    assert abs(again.mean - 1420) < 4 * again.se


def test_a_room_too_small_for_what_was_published_is_said_to_be(files):
    scenario, months, out = files
    scenario.write_text(SCENARIO.replace("places = 8", "places = 1"), encoding="utf-8")
    months.write_text(TARGETS.replace("times_accessed,900", "times_accessed,2500")
                      .replace("injecting_episodes,600", "injecting_episodes,2500"), "utf-8")  # fmt: skip
    answer = run(scenario, months, "--out", out)
    assert "the room cannot make what is published" in answer.stdout


def test_people_are_told_in_words(files):
    answer = run(*files[:2], "--out", files[2])
    assert answer.returncode == 0
    assert "episode.mean" in answer.stdout and "not identified" in answer.stdout
    assert "Nothing is published" not in answer.stdout


def test_months_of_which_nothing_is_published_are_said_to_stay(files):
    scenario, months, out = files
    scenario.write_text(SCENARIO.replace("days = 59", "days = 69"), encoding="utf-8")
    answer = run(scenario, months, "--out", out)
    # 12 hours of 2 an hour, twice on four of the ten days.
    assert "stay as they were: 2025-03 (33.6 people a day)" in answer.stdout
    again = json.loads(run(scenario, months, "--out", out, "--json").stdout)
    assert again["episodes"] == {"fitted": pytest.approx(1020, rel=0.02), "published": 1020}


BAD = [
    ("times_accessed,900", "times_accessed,-1", "line 2, value: found '-1'"),
    ("times_accessed,900", "times_accessed,9.5", "line 2, value: found '9.5'"),
    ("2025-01,times", "2025-13,times", "line 2, period: found '2025-13'"),
    ("2025-01,times_accessed", "2025-01,visits", "line 2, measure: found 'visits'"),
    ("injecting_episodes,600", "injecting_episodes,901", "found 900 times_accessed, 901"),
    ("2025-01,medical_emergencies,9\n", "", "no medical_emergencies"),
    ("2025-02", "2025-01", "times_accessed of 2025-01 again"),
    ("2025-02", "2025-07", "days that leave out 2025-07"),
    ("period,measure,value", "month,measure,value", "line 1: found month, measure, value"),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "says"), BAD, ids=[says for _, _, says in BAD])
def test_bad_targets_are_one_line_and_leave_nothing(files, good, bad, says):
    scenario, months, out = files
    months.write_text(TARGETS.replace(good, bad), encoding="utf-8")
    answer = run(scenario, months, "--out", out)
    assert answer.returncode == 2 and answer.stderr.count("\n") == 1
    assert says in answer.stderr and not out.exists()


def test_no_file_is_written_over_what_is_read(files):
    scenario, months, _ = files
    before = scenario.read_text(encoding="utf-8")
    answer = run(scenario, months, "--out", scenario)
    assert answer.returncode == 2 and scenario.read_text(encoding="utf-8") == before


def test_what_is_written_is_read_the_same():
    content = {
        "name": 'a "room"\nof ours',
        "room": {"places": {"injecting": 2}, "days": 3},
        "arrivals": {"by_month": {"2025-01": {"distribution": "gamma", "mean": 1.5, "sd": 0.1}}},
        "substances": {
            "heroin+cocaine": 0.5,
            "heroin": 0.5,
            "by_month": {"2025-01": {"heroin": 1}},
        },
        "staff": {"rota": []},
        "turnover": {},
    }
    assert tomllib.loads(written(content)) == content


# Glasgow's own files.


def test_glasgows_targets_are_the_published_table():
    published = {
        (one.period, one.measure): one.value for one in thistle_months() if one.measure in MEASURES
    }
    with (GLASGOW / "months.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {(row["period"], row["measure"]): float(row["value"]) for row in rows} == published
    assert all(row["source_url"].startswith("https://") for row in rows)
    assert len(read_targets(GLASGOW / "months.csv")) == 8


@pytest.mark.soak
def test_glasgows_fitted_scenario_is_what_the_command_makes(tmp_path):
    for name in ("assumed.toml", "months.csv", "policy.toml"):
        (tmp_path / name).write_bytes((GLASGOW / name).read_bytes())
    out = tmp_path / "fitted.toml"
    answer = run(tmp_path / "assumed.toml", tmp_path / "months.csv", "--out", out, "--json")
    assert answer.returncode == 0, answer.stderr
    shipped = tomllib.loads((GLASGOW / "fitted.toml").read_text(encoding="utf-8"))
    assert tomllib.loads(out.read_text(encoding="utf-8")) == shipped
    inputs = json.loads(answer.stdout)["inputs"]
    assert not any(one["identified"] for one in inputs)
    assert all(one["sds"] < 0.05 for one in inputs)
