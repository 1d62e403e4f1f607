"""Sweeps whose workers die, whose disk is full, and which are interrupted: the figures stay theirs."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from opendcr.simulate.kernel.ready import ready
from opendcr.simulate.results import together
from opendcr.simulate.scenario_file import read_scenario
from opendcr.simulate.sweep import Cores, Kept, kept_for, pieces, sweeps_folder, swept
from opendcr.simulate.uncertain import Assumptions
from tests.simulated import plain

FOLDER = Path(sys.executable).parent
SCENARIO = """
name = "long"
[room]
places = 8
days = 1095
[arrivals]
per_hour = 10.0
[episode]
distribution = "gamma"
mean = 35.0
sd = 15.0
[patience]
distribution = "exponential"
mean = 20.0
[recovery]
distribution = "gamma"
mean = 20.0
sd = 10.0
chairs = 6
"""


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """What commands that may write nothing find compiled."""
    ready(lambda words: None)


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "long.toml"
    file.write_text(SCENARIO, encoding="utf-8")
    return file


@pytest.fixture
def work(path):
    return pieces(read_scenario(path), 1, 12)


def figures(work, kept=None, workers=2):
    with ExitStack() as stack:
        return together(swept(work, Cores(stack, workers), kept)).figures()


def test_the_figures_are_the_same_to_the_last_digit_whatever_the_workers(work):
    assert len(work) == 6
    one = figures(work, workers=1)
    assert figures(work, workers=2) == one == figures(work, workers=3)


def test_what_is_kept_is_not_done_again_and_gives_the_same_figures(work, tmp_path):
    path, told = tmp_path / "kept.jsonl", []
    whole = figures(work)
    with ExitStack() as stack:
        some = swept(work, Cores(stack, 1), Kept(path, told.append))
        for _ in range(3):
            next(some)
    kept = Kept(path, told.append)
    assert 3 <= len(kept) < 6 and told == []
    assert figures([one for one in work if kept.get(one)], Kept(path, told.append)) is not None
    assert figures(work, kept) == whole
    assert len(Kept(path, told.append)) == 6


def test_a_piece_has_a_name_of_its_own_size_and_of_the_code_that_does_it(work, monkeypatch):
    one = work[0]
    names = {replace(one, count=count).name for count in (3, 4)}
    monkeypatch.setattr("opendcr.simulate.sweep._code", lambda: "another version")
    names |= {replace(one, count=count).name for count in (3, 4)}
    assert len(names) == 4


def test_what_nobody_has_gone_on_with_for_a_month_is_let_go(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = sweeps_folder()
    folder.mkdir(parents=True)
    for name, days in (("old.jsonl", 31), ("young.jsonl", 29), ("other.txt", 400)):
        (folder / name).write_text("{}\n", encoding="utf-8")
        at = time.time() - days * 24 * 3600
        os.utime(folder / name, (at, at))
    kept_for("simulate", Assumptions(Path(), {}, (), plain()), 1, print)
    assert {one.name for one in folder.iterdir()} == {"young.jsonl", "other.txt"}


def test_a_line_that_was_cut_off_is_done_again(work, tmp_path):
    path = tmp_path / "kept.jsonl"
    whole = figures(work, Kept(path, print))
    path.write_bytes(path.read_bytes()[:-100])
    assert len(Kept(path, print)) == 5
    spoilt = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([spoilt[0][:-60] + b'"}', *spoilt[1:]]))
    assert figures(work, Kept(path, print)) == whole


def test_of_another_seed_or_room_nothing_is_taken(work, path, tmp_path):
    kept = Kept(tmp_path / "kept.jsonl", print)
    figures(work, kept)
    again = Kept(tmp_path / "kept.jsonl", print)
    assert again.get(work[0]) is not None
    scenario = read_scenario(path)
    assert again.get(pieces(scenario, 2, 12)[0]) is None
    path.write_text(SCENARIO.replace("mean = 35.0", "mean = 35.5"), encoding="utf-8")
    assert again.get(pieces(read_scenario(path), 1, 12)[0]) is None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What forty replications give where nothing is in the way."""
    path = tmp_path_factory.mktemp("undisturbed") / "long.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    found = subprocess.run(command(*forty(path)), capture_output=True, check=True)
    return json.loads(found.stdout)


def forty(path):
    return [path, "--replications", 40, "--json"]


def test_a_full_disk_is_said_once_and_changes_no_figure(path, tmp_path, undisturbed):
    env = kept_in(tmp_path)
    full = subprocess.run(
        command(*forty(path)), env=env, capture_output=True, text=True, preexec_fn=_no_file_grows
    )
    assert full.returncode == 0
    assert full.stderr.count("\n") == 1 and "cannot be kept (File too large)" in full.stderr
    assert "begins again" in full.stderr
    assert json.loads(full.stdout) == undisturbed


@pytest.mark.soak  # all is compiled anew
def test_no_room_for_what_is_compiled_is_one_line_that_names_the_folder(path, tmp_path):
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    env.pop("NUMBA_CACHE_DIR", None)
    full = subprocess.run(
        command(path), env=env, capture_output=True, text=True, preexec_fn=_no_file_grows
    )
    assert full.returncode == 2 and full.stdout == ""
    *compiling, error = full.stderr.splitlines()
    assert len(compiling) <= 1 and "Traceback" not in full.stderr
    assert str(tmp_path / "cache") in error and "File too large" in error


def _no_file_grows():
    """No file of more than some hundred bytes: what a process meets whose disk is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))


def kept_in(folder):
    """Sweeps are kept there; what is compiled stays where it is."""
    compiled = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    return {
        **os.environ,
        "XDG_CACHE_HOME": str(folder / "cache"),
        "NUMBA_CACHE_DIR": compiled or str(Path.home() / ".cache"),
    }


def command(*arguments):
    return [str(FOLDER / "opendcr"), "simulate", "room", *map(str, arguments)]


def test_an_interrupted_run_goes_on_where_it_was(path, tmp_path, undisturbed):
    env = kept_in(tmp_path)
    arguments = [*forty(path), "--workers", 1]
    running = subprocess.Popen(command(*arguments), env=env, stderr=subprocess.PIPE)
    sweeps = tmp_path / "cache" / "opendcr" / "sweeps"
    for _ in range(3000):
        if any(b"\n" in one.read_bytes() for one in sweeps.glob("*.jsonl")):
            break
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130 and b"Traceback" not in said, said
    assert len(list(sweeps.glob("*.jsonl"))) == 1
    resumed = subprocess.run(command(*arguments), env=env, capture_output=True, check=True)
    assert list(sweeps.glob("*.jsonl")) == []
    assert json.loads(resumed.stdout) == undisturbed


# A real cluster on this machine.


@pytest.fixture
def cluster():
    """A Dask scheduler, and a function that starts one more worker; all of it ends with the test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, begun = f"tcp://127.0.0.1:{port}", []

    def start(*arguments):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        begun.append(subprocess.Popen([str(FOLDER / "dask"), *arguments], **quiet))
        return begun[-1]

    def worker():
        one = ["--nthreads", "1", "--no-dashboard", "--no-nanny", "--host", "127.0.0.1"]
        return start("worker", address, *one)

    start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    for _ in range(400):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield address, worker
    for one in reversed(begun):
        one.terminate()
    for one in begun:
        try:
            one.wait(timeout=10)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()


def wait_for_workers(address, count):
    program = (
        "import sys; from distributed import Client; "
        "Client(sys.argv[1]).wait_for_workers(int(sys.argv[2]), timeout=60)"
    )
    subprocess.run([sys.executable, "-c", program, address, str(count)], check=True)


def test_a_cluster_gives_the_same_figures_also_when_a_worker_dies(path, cluster, undisturbed):
    address, start = cluster
    first, _ = start(), start()
    wait_for_workers(address, 2)
    running = subprocess.Popen(
        command(*forty(path), "--scheduler", address),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(4)  # it has begun, or is about to
    first.kill()
    found, said = running.communicate(timeout=100)
    assert running.returncode == 0, said
    assert json.loads(found) == undisturbed


def test_a_scheduler_without_workers_or_none_at_all_is_said_in_one_line(path, cluster):
    address, _ = cluster
    for where in (address, "tcp://127.0.0.1:1"):
        answer = subprocess.run(command(path, "--scheduler", where), capture_output=True, text=True)
        assert answer.returncode == 2 and answer.stderr.count("\n") == 1, answer.stderr
        assert "--scheduler" in answer.stderr and "Traceback" not in answer.stderr
