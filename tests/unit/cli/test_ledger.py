"""`opendcr ledger`, as a process: what it prints, where, and with which exit status."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from opendcr.ledger.facts import Header, Origin
from opendcr.ledger.files import LedgerWriter
from tests.spec.measures.drawn import GLASGOW, drawn
from tests.unit.ledger.written import facts, write

OPENDCR = [sys.executable, "-c", "from opendcr.cli import main; main()"]


def opendcr(*arguments, **options):
    """The command as a process of its own, its output kept."""
    command = [*OPENDCR, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.fixture
def ledger(tmp_path):
    return write(tmp_path / "glasgow.jsonl")


def test_a_ledger_that_holds(ledger):
    done = opendcr("ledger", "verify", ledger, "--head", facts()[-1].chain, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "holds": True,
        "room": "glasgow",
        "origin": {"kind": "recorded"},
        "facts": 6,
        "head": facts()[-1].chain,
        "anchored": {"head": facts()[-1].chain, "seq": 6},
        "broken": None,
    }


def test_a_broken_ledger_is_status_1_and_names_the_line(ledger):
    ledger.write_bytes(ledger.read_bytes().replace(b"booth-3", b"booth-8", 1))
    done = opendcr("ledger", "verify", ledger)
    assert (done.returncode, done.stderr) == (1, "")
    assert "line 3: fact 2 was changed" in done.stdout
    document = json.loads(opendcr("ledger", "verify", ledger, "--json").stdout)
    assert document["broken"]["place"] == "line 3"


def test_a_head_that_no_fact_has_is_status_1(ledger):
    done = opendcr("ledger", "verify", ledger, "--head", "0" * 64)
    assert done.returncode == 1
    assert "rewritten or cut" in done.stdout


def test_a_simulated_ledger_passed_off_as_recorded(tmp_path):
    origin = Origin("simulated", scenario="busy", seed=1, version="0.1.0")
    path = write(tmp_path / "l.jsonl", Header("glasgow", "Europe/London", origin))
    header, *rest = path.read_bytes().splitlines(keepends=True)
    forged = orjson.loads(header) | {"origin": {"kind": "recorded"}}
    path.write_bytes(orjson.dumps(forged) + b"\n" + b"".join(rest))
    done = opendcr("ledger", "verify", path)
    assert done.returncode == 1
    assert "line 2" in done.stdout and "origin" in done.stdout


def test_export_converts_and_the_chain_verifies_in_either_format(ledger, tmp_path):
    parquet, back = tmp_path / "g.parquet", tmp_path / "back.jsonl"
    for source, target in ((ledger, parquet), (parquet, back)):
        done = opendcr("ledger", "export", "--from", source, "--out", target, "--json")
        assert json.loads(done.stdout) == {
            "out": str(target), "facts": 6, "head": facts()[-1].chain
        }  # fmt: skip
        assert opendcr("ledger", "verify", target).returncode == 0


def test_show_strikes_through_what_no_longer_stands(ledger):
    shown = opendcr("ledger", "show", "--visit", "v-1", ledger).stdout.splitlines()
    assert shown == [
        "2025-07-01 10:01:00  arrived: reasons use  (s-1)",
        "~~2025-07-01 10:02:00  seated: place booth-3  (s-1)~~",
        "  now 2025-07-01 10:02:00  seated: place booth-4  (s-1)",
        "  corrected by s-1: slip",
        "~~2025-07-01 10:04:00  concern: concern watch  (s-1)~~",
        "  retracted by s-1: wrong_person",
        "2025-07-01 10:06:00  left: how well  (s-1)",
    ]
    document = json.loads(opendcr("ledger", "show", "--visit", "v-1", ledger, "--json").stdout)
    assert [entry["struck"] for entry in document["timeline"]] == [False, False, True, False]
    assert document["timeline"][1]["standing"]["data"] == {"place": "booth-4"}


MOVED = """
id  | happened         | kind      | visit | person | data
f-1 | 2025-02-03 10:00 | Arrived   | v-1   | p-a    |
f-2 | 2025-02-03 10:05 | Seated    | v-1   | p-a    | place=booth-1
f-3 | 2025-02-03 11:00 | Corrected | v-1   |        | target=f-1 reason=wrong_person changes={"person":"p-b"}
f-4 | 2025-02-03 11:01 | Corrected | v-1   |        | target=f-2 reason=mistake changes={"visit":"v-2"}
f-5 | 2025-02-03 11:02 | Corrected | v-1   |        | target=f-1 reason=mistake changes={"kind":"Departed"}
f-6 | 2025-02-03 11:03 | Retracted | v-1   |        | target=f-1 reason=mistake
f-7 | 2025-02-03 11:04 | Retracted | v-1   |        | target=f-6 reason=mistake
"""


def test_show_says_whose_and_where_a_fact_became_and_which_amendment_changed_nothing(tmp_path):
    path = tmp_path / "moved.jsonl"
    with LedgerWriter(path, GLASGOW) as writer:
        writer.write(drawn(MOVED))
    assert opendcr("ledger", "show", "--visit", "v-1", path).stdout.splitlines() == [
        "~~2025-02-03 10:00:00  arrived  (s-1)~~",
        "  now 2025-02-03 10:00:00  arrived  (s-1), person p-b instead of p-a",
        "  corrected by s-1: wrong_person",
        "  corrected by s-1: mistake, without effect",
        "  retracted by s-1: mistake, without effect",
        "~~2025-02-03 10:05:00  seated: place booth-1  (s-1)~~",
        "  now 2025-02-03 10:05:00  seated: place booth-1  (s-1), visit v-2 instead of v-1",
        "  corrected by s-1: mistake",
    ]
    shown = opendcr("ledger", "show", "--visit", "v-1", path, "--json").stdout
    arrived, seated = json.loads(shown)["timeline"]
    assert [one["has_effect"] for one in arrived["amended_by"]] == [True, False, False]
    assert (arrived["moved_to"], seated["moved_to"], seated["struck"]) == (None, "v-2", True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_standard_output_is_named(ledger):
    with open("/dev/full", "w") as full:
        command = [*OPENDCR, "ledger", "verify", str(ledger)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "Error: standard output: No space left on device\n"


BAD_INPUT = {
    "no such file": (["verify", "none.jsonl"], "none.jsonl: found No such file or directory"),
    "a folder": (["verify", "."], "Is a directory"),
    "no ledger": (["verify", "other.txt"], "other.txt, line 1: found no JSON"),
    "a short head": (["verify", "glasgow.jsonl", "--head", "9f2c"], "expected 64 hexadecimal"),
    "no such visit": (["show", "--visit", "v-9", "glasgow.jsonl"], "no fact of visit 'v-9'"),
    "an unknown option": (["verify", "--quick"], "opendcr ledger verify: No such option"),
    "a missing option": (["show", "glasgow.jsonl"], "Missing option '--visit'"),
    "an unknown command": (["verfy"], "No such command 'verfy'"),
    "another format": (["export", "--from", "glasgow.jsonl", "--out", "g.csv"], "the suffix '.csv'"),
    "no such folder": (["export", "--from", "glasgow.jsonl", "--out", "no/g.jsonl"], "no/g.jsonl"),
    "a file and a database": (["verify", "glasgow.jsonl", "--database", "sqlite:///x"], "--database: found it beside a FILE"),
    "a file and a room": (["show", "--visit", "v-1", "glasgow.jsonl", "--room", "calton"], "--room: found it beside a FILE"),
    "two sources": (["export", "--from", "glasgow.jsonl", "--out", "g.parquet", "--room", "calton"], "--room: found it beside --from"),
    "import of no ledger": (["import", "other.txt"], "other.txt"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_status_2_and_one_line(case, ledger, tmp_path):
    arguments, said = BAD_INPUT[case]
    (tmp_path / "other.txt").write_text("Morag McTavish, born 1987\n")
    done = opendcr("ledger", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert "Morag" not in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"glasgow.jsonl", "other.txt"}


def test_import_of_a_broken_ledger_is_status_1_and_reaches_no_database(ledger):
    ledger.write_bytes(ledger.read_bytes().replace(b"booth-3", b"booth-8", 1))
    done = opendcr("ledger", "import", ledger, "--database", "sqlite:////no/such/folder/db")
    assert done.returncode == 1
    assert "fact 2 was changed" in done.stdout


@pytest.mark.parametrize("name", ["full.jsonl", "full.parquet"])
def test_nothing_is_left_where_the_disk_is_full(name, ledger, tmp_path):
    """A limit on the size of files stands for the disk."""

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))

    done = opendcr(
        "ledger", "export", "--from", ledger, "--out", name, cwd=tmp_path, preexec_fn=limit
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {name}: found File too large")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["glasgow.jsonl"]


def test_a_reader_that_goes_away_is_no_error(ledger):
    with subprocess.Popen(
        [*OPENDCR, "ledger", "verify", str(ledger)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (141, "")
