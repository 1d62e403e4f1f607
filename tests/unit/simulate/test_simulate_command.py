"""`opendcr simulate room` as people and programs call it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opendcr.ledger.files import open_ledger
from opendcr.ledger.verify import verify

SCENARIO = """
name = "a small room"
[room]
places = 2
days = 6
[arrivals]
per_hour = 3.0
[episode]
distribution = "exponential"
mean = 30.0
"""
NAMES = {
    "arrivals", "served", "left_waiting", "turned_away", "waiting_at_close", "probability_wait",
    "probability_leave", "mean_wait_minutes", "wait_p95_minutes", "mean_wait_served_minutes",
    "mean_queue_length", "occupancy", "emergencies", "probability_short_of_staff",
    "balked", "probability_held_up", "mean_staff_held", "probability_unserved",
    "probability_not_fitting", "mean_places_kept",
}  # fmt: skip
OPENDCR = Path(sys.executable).with_name("opendcr")


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "room.toml"
    path.write_text(SCENARIO)
    return path


def run(*arguments):
    return subprocess.run(
        [OPENDCR, "simulate", "room", *map(str, arguments)], capture_output=True, text=True
    )


def test_json_has_every_figure_and_the_totals_add_up(scenario):
    answer = run(scenario, "--replications", 3, "--seed", 5, "--json")
    assert (answer.returncode, answer.stderr) == (0, "")
    document = json.loads(answer.stdout)
    head = {key: value for key, value in document.items() if key not in ("results", "reading")}
    assert head == {"scenario": "a small room", "seed": 5, "replications": 3, "draws": 1}
    assert all(isinstance(line, str) for line in document["reading"])
    results = document["results"]
    assert set(results) == NAMES
    assert all(set(one) == {"mean", "se", "low", "high"} for one in results.values())
    parts = ("served", "left_waiting", "turned_away", "waiting_at_close")
    assert results["arrivals"]["mean"] == pytest.approx(sum(results[one]["mean"] for one in parts))
    assert results["arrivals"]["low"] < results["arrivals"]["mean"] < results["arrivals"]["high"]


def test_the_figures_are_the_same_whatever_the_workers(scenario):
    one = run(scenario, "--replications", 4, "--json")
    two = run(scenario, "--replications", 4, "--workers", 2, "--json")
    assert one.returncode == 0
    assert one.stdout == two.stdout
    other = run(scenario, "--replications", 4, "--seed", 2, "--json")
    assert other.stdout != one.stdout


def test_people_get_a_table_with_units(scenario):
    answer = run(scenario)
    assert answer.returncode == 0
    assert "a small room, 6 days, seed 1, 1 replication." in answer.stdout
    lines = answer.stdout.splitlines()
    assert any(line.startswith("mean wait minutes") and line.endswith("minutes") for line in lines)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_the_first_replications_ledger_is_written_byte_by_byte_the_same(scenario, tmp_path, suffix):
    paths = [tmp_path / f"{name}{suffix}" for name in ("one", "two")]
    assert run(scenario, "--ledger", paths[0]).returncode == 0
    assert run(scenario, "--ledger", paths[1], "--replications", 2).returncode == 0
    ledgers = [open_ledger(path) for path in paths]
    assert list(ledgers[0].records()) == list(ledgers[1].records())
    if suffix == ".jsonl":
        assert paths[0].read_bytes() == paths[1].read_bytes()
    assert verify(ledgers[0]).holds
    header = ledgers[0].header
    assert (header.room, header.origin.scenario, header.origin.seed) == (
        "a-small-room",
        "a small room",
        1,
    )


BAD = [
    (["none.toml"], "none.toml: found No such file"),
    (["{scenario}", "--replications", "0"], "'--replications'"),
    (["{scenario}", "--workers", "0"], "'--workers'"),
    (["{scenario}", "--seed", "-1"], "'--seed'"),
    (["{scenario}", "--seed", str(2**53)], "'--seed'"),
    (["{scenario}", "--seed", "x"], "'--seed'"),
    (["{scenario}", "--ledger", "{folder}/room.csv"], "room.csv"),
    (["{scenario}", "--ledger", "{folder}/none/room.jsonl"], "room.jsonl"),
    ([], "SCENARIO"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "says"), BAD, ids=[says for _, says in BAD])
def test_bad_input_is_one_line_and_status_two(scenario, tmp_path, arguments, says):
    answer = run(*(one.format(scenario=scenario, folder=tmp_path) for one in arguments))
    assert answer.returncode == 2
    assert says in answer.stderr and answer.stderr.count("\n") == 1
    assert answer.stdout == "" and "Traceback" not in answer.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["room.toml"]


def test_a_bad_scenario_is_one_line_that_names_file_and_key(scenario):
    scenario.write_text(SCENARIO.replace("places = 2", "places = 0"))
    answer = run(scenario)
    assert answer.returncode == 2
    assert f"{scenario}, room.places: found 0; expected" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_without_the_cluster_extra_one_line_says_what_to_install(scenario):
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError:
        answer = run(scenario, "--scheduler", "tcp://127.0.0.1:1")
        assert answer.returncode == 2
        assert "pip install 'opendcr[cluster]'" in answer.stderr
        assert answer.stderr.count("\n") == 1
    else:
        answer = run(scenario, "--scheduler", "no address")
        assert answer.returncode == 2 and "--scheduler" in answer.stderr


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_an_interrupted_simulation_leaves_no_ledger(scenario, tmp_path, suffix):
    scenario.write_text(SCENARIO.replace("days = 6", "days = 36000"))
    path = tmp_path / f"long{suffix}"
    running = subprocess.Popen(
        [OPENDCR, "simulate", "room", scenario, "--ledger", path],
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    for _ in range(200):
        if any(one.name.startswith(".long") for one in tmp_path.iterdir()):
            break
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert b"Traceback" not in said
    assert [one.name for one in tmp_path.iterdir()] == ["room.toml"]
