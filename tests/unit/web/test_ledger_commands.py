"""`opendcr ledger` on a database: what goes in comes out under the same chain."""

import json
import os
import subprocess
import sys

import pytest

from opendcr.ledger.files import open_ledger
from tests.unit.ledger.written import facts, write


@pytest.fixture
def opendcr(tmp_path):
    """The command as a process of its own, on an empty migrated database."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPENDCR")}

    def run(*arguments):
        command = [sys.executable, "-c", "from opendcr.cli import main; main()", *arguments]
        return subprocess.run(
            list(map(str, command)),
            capture_output=True,
            text=True,
            check=False,
            env=environment | {"OPENDCR_HOME": str(home)},
        )

    done = run("migrate")
    assert done.returncode == 0, done.stderr
    return run


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


def test_a_room_that_has_facts_takes_no_ledger(opendcr, tmp_path):
    given = write(tmp_path / "given.jsonl")
    assert opendcr("ledger", "import", given).returncode == 0
    again = opendcr("ledger", "import", given)
    assert again.returncode == 2
    assert "expected an empty room to import into" in again.stderr
    assert again.stderr.count("\n") == 1


def test_a_room_that_is_not_there(opendcr):
    for arguments in (["verify"], ["export", "--out", "none.jsonl"], ["show", "--visit", "v-1"]):
        done = opendcr("ledger", *arguments, "--room", "edinburgh")
        assert done.returncode == 2
        assert "no such room" in done.stderr
