"""`opendcr ledger` on a database: what goes in comes out under the same chain."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from functools import partial

import pytest

from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.facts import Header, Origin
from opendcr.ledger.files import LedgerWriter, open_ledger
from tests.unit.ledger.written import HEADER, facts, write


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """The folder of an empty migrated database: it is made once, and copied for each test."""
    home = tmp_path_factory.mktemp("migrated") / "home"
    done = _run({"OPENDCR_HOME": str(home)}, "migrate")
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def opendcr(migrated, tmp_path):
    """The command as a process of its own, on an empty migrated database."""
    return partial(_run, {"OPENDCR_HOME": str(shutil.copytree(migrated, tmp_path / "home"))})


def _run(own, *arguments):
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENDCR")}
    command = [sys.executable, "-c", "from opendcr.cli import main; main()", *arguments]
    return subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        env=environment | own,
    )


def test_an_imported_ledger_verifies_is_shown_and_comes_out_as_it_went_in(opendcr, tmp_path):
    given, out = write(tmp_path / "given.parquet"), tmp_path / "out.jsonl"
    imported = opendcr("ledger", "import", given, "--json")
    assert (imported.returncode, imported.stderr) == (0, "")
    assert json.loads(imported.stdout)["imported"] is True

    verified = opendcr("ledger", "verify", "--head", facts()[-1].chain)
    assert verified.returncode == 0
    shown = opendcr("ledger", "show", "--visit", "v-1")
    assert "~~2025-07-01 10:02:00  seated: place booth-3  (s-1)~~" in shown.stdout
    exported = opendcr("ledger", "export", "--out", out, "--json")
    assert json.loads(exported.stdout)["head"] == facts()[-1].chain
    assert list(open_ledger(out).records()) == list(open_ledger(given).records())
    assert open_ledger(out).header == open_ledger(given).header


def test_a_database_is_verified_with_what_its_facts_are_found_by(opendcr, tmp_path):
    assert opendcr("ledger", "import", write(tmp_path / "given.jsonl")).returncode == 0
    whole = opendcr("ledger", "verify")
    assert whole.stdout.startswith("Holds  the database, room glasgow, recorded: 6 facts")
    _change(tmp_path, "UPDATE store_entry SET visit = 'v-2' WHERE seq = 4")
    altered = opendcr("ledger", "verify", "--json")
    said = json.loads(altered.stdout)
    assert (altered.returncode, said["holds"], said["facts"]) == (1, False, 3)
    assert said["broken"]["place"] == "fact 4"
    assert said["head"] == facts()[2].chain
    _change(tmp_path, "UPDATE store_entry SET record = replace(record, 'watch', 'rouse')")
    changed = opendcr("ledger", "verify")
    assert changed.returncode == 1
    assert changed.stdout.startswith("BROKEN  the database, room glasgow, recorded\nfact 4: ")
    _change(tmp_path, "DELETE FROM store_entry WHERE seq = 2")
    removed = opendcr("ledger", "verify")
    assert removed.returncode == 1
    assert "\nfact 2: fact 2 is missing: removed, or moved; this is fact 3\n" in removed.stdout
    _change(tmp_path, "UPDATE store_entry SET record = '7' WHERE seq = 1")
    emptied = opendcr("ledger", "verify")
    assert emptied.returncode == 1
    assert "\nfact 1: no JSON object instead of a record\n" in emptied.stdout
    refused = opendcr("ledger", "export", "--out", tmp_path / "out.jsonl")
    assert refused.returncode == 2
    assert "the database, fact 1: found no JSON object; expected a record" in refused.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_a_database_that_was_cut_is_found_by_the_head_that_was_verified_before(opendcr, tmp_path):
    assert opendcr("ledger", "import", write(tmp_path / "given.jsonl")).returncode == 0
    head = facts()[-1]
    anchored = f"VALUES ('glasgow', 6, '{head.chain}', '2025-07-01 12:00:00')"
    _change(tmp_path, f"INSERT INTO store_anchor (room, seq, chain, verified) {anchored}")
    assert opendcr("ledger", "verify").returncode == 0
    _change(tmp_path, "DELETE FROM store_entry WHERE seq = 6")
    cut = opendcr("ledger", "verify")
    assert cut.returncode == 1
    assert "fact 6: it was verified 2025-07-01 12:00 UTC and is not there as it was" in cut.stdout


def _change(folder, statement):
    """Somebody with the file changes what was recorded."""
    with closing(sqlite3.connect(folder / "home" / "room.sqlite3")) as connection:
        for act in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS store_entry_no_{act}")
        connection.execute(statement)
        connection.commit()


def test_a_room_that_has_facts_takes_no_ledger(opendcr, tmp_path):
    given = write(tmp_path / "given.jsonl")
    assert opendcr("ledger", "import", given).returncode == 0
    again = opendcr("ledger", "import", given)
    assert again.returncode == 2
    assert "expected an empty room to import into" in again.stderr
    assert again.stderr.count("\n") == 1


def test_a_simulated_ledger_beside_a_recorded_room_is_refused(opendcr, tmp_path):
    assert opendcr("ledger", "import", write(tmp_path / "given.jsonl")).returncode == 0
    header = Header("calton", "Europe/London", Origin("simulated", scenario="busy", seed=1))
    simulated = write(tmp_path / "simulated.jsonl", header)
    refused = opendcr("ledger", "import", simulated)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert "found a simulated room's ledger, beside the recorded room 'glasgow'" in refused.stderr
    assert opendcr("ledger", "verify").returncode == 0


def test_a_room_that_is_not_there(opendcr):
    for arguments in (["verify"], ["export", "--out", "none.jsonl"], ["show", "--visit", "v-1"]):
        done = opendcr("ledger", *arguments, "--room", "edinburgh")
        assert done.returncode == 2
        assert "no such room" in done.stderr


@pytest.mark.parametrize("command", [("ledger", "verify"), ("measure",)])
def test_a_database_without_a_room_says_so(opendcr, command):
    done = opendcr(*command)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "--room: found no room in this database; expected one that was begun" in done.stderr


def test_of_several_rooms_one_is_asked_for_by_its_name(opendcr, tmp_path):
    paper = replace(HEADER, room="calton", origin=Origin("imported", source="paper"))
    for header in (HEADER, paper):
        named = [replace(fact, id=f"{fact.id}-{header.room}", room=header.room) for fact in facts()]
        path = tmp_path / f"{header.room}.jsonl"
        with LedgerWriter(path, header) as writer:
            writer.write(seal(named, 0, first_link(header)))
        assert opendcr("ledger", "import", path).returncode == 0
    asked = opendcr("ledger", "verify")
    assert "--room: found none named, of 2 rooms; expected one of calton, glasgow" in asked.stderr
    unknown = opendcr("measure", "--room", "edinburgh")
    assert "--room: found no such room; expected one of calton, glasgow" in unknown.stderr
    both, one = opendcr("measure"), opendcr("measure", "--room", "calton", "--json")
    assert (both.returncode, one.returncode) == (2, 0)
    assert json.loads(one.stdout)["ledger"]["origin"] == {"kind": "imported", "from": "paper"}


@pytest.mark.parametrize(
    "command",
    [("ledger", "verify"), ("ledger", "export", "--out", "out.jsonl"), ("measure",),
     ("staff", "list"), ("policy", "adopt", "examples/glasgow/policy.toml")],
)  # fmt: skip
def test_a_command_without_a_database_leaves_nothing_behind(tmp_path, command):
    done = _run({"OPENDCR_HOME": str(tmp_path / "home")}, *command)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "expected one that `opendcr migrate` has prepared" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_the_system_makes_is_for_its_owner_alone(opendcr, tmp_path):
    home = tmp_path / "home"
    connection = sqlite3.connect(home / "room.sqlite3")
    with closing(connection):  # with its log beside it
        connection.execute("SELECT count(*) FROM store_entry")
        made = {path.name: path.stat().st_mode & 0o777 for path in home.iterdir()}
    assert {"room.sqlite3", "room.sqlite3-wal", "keys.sqlite3", "session.key"} <= set(made)
    assert set(made.values()) == {0o600}
    assert home.stat().st_mode & 0o777 == 0o700
