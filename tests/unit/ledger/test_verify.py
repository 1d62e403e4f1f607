"""Verification names the first broken line and why."""

import orjson
import polars as pl
import pytest

from opendcr.errors import LedgerError
from opendcr.ledger.chain import header_link, link
from opendcr.ledger.files import open_ledger
from opendcr.ledger.parquet import SCHEMA
from opendcr.ledger.verify import verify
from tests.unit.ledger.written import facts, write


def edit(path, change):
    """Rewrite the file by a function of its lines as JSON."""
    lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    lines = change(lines) or lines
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return path


def resealed(lines):
    head = header_link(lines[0])
    for record in lines[1:-1]:
        head = record["chain"] = link(head, record)
    lines[-1]["chain"] = head


def without(at):
    return lambda lines: lines[:at] + lines[at + 1 :]


def changed(at, key, value):
    def change(lines):
        lines[at][key] = value

    return change


def moved(lines):
    lines[2], lines[3] = lines[3], lines[2]


def foreign(lines):
    lines[3] = {**lines[3], "room": "edinburgh"}


def falling(lines):
    lines[3]["recorded"] = "2025-06-30T09:00:00.000Z"
    resealed(lines)


def falling_in_another_form(lines):
    lines[3]["recorded"] = "20250630T090000.000+0000"  # as many characters as the usual form
    resealed(lines)


def foretold(lines):
    lines[3]["happened"] = "2031-01-01T09:00:00.000Z"
    resealed(lines)


def same_id(lines):
    lines[4]["id"] = lines[2]["id"]
    resealed(lines)


def renamed_and_resealed(lines):
    lines[3]["room"] = "edinburgh"
    resealed(lines)


def gap(lines):
    lines[3]["seq"] = 9
    resealed(lines)


CASES = {
    "a line edited": (changed(3, "author", "s-9"), "line 4", "fact 3 was changed"),
    "a line removed": (without(3), "line 4", "fact 3 is missing"),
    "a line twice": (lambda lines: [*lines[:3], *lines[2:]], "line 4", "fact 2 stands a second"),
    "two lines swapped": (moved, "line 3", "fact 2 is missing"),
    "a foreign line": (foreign, "line 4", "another room, 'edinburgh'"),
    "a foreign line, sealed": (renamed_and_resealed, "line 4", "another room, 'edinburgh'"),
    "a gap, sealed": (gap, "line 4", "fact 3 is missing"),
    "the end cut": (without(7), "line 8", "end line is missing"),
    "the last fact cut": (without(6), "line 7", "end line does not fit"),
    "a line after the end": (lambda lines: [*lines, lines[-1]], "line 9", "after the end line"),
    "recorded falls": (falling, "line 4", "recorded before"),
    "recorded falls, in another form": (falling_in_another_form, "line 4", "recorded before"),
    "happened after it was recorded": (foretold, "line 4", "happened after it was recorded"),
    "one id twice": (same_id, "line 5", "its id 'f-2' is that of fact 2 too"),
    "simulated as recorded": (
        changed(0, "origin", {"kind": "simulated"}),
        "line 2",
        "the header was changed",
    ),
    "another zone": (changed(0, "timezone", "Europe/Oslo"), "line 2", "the header was changed"),
    "a number too large": (changed(3, "seq", 2**60), "line 4", "no canonical form"),
    "no fact at all": (lambda lines: [lines[0], {}, *lines[1:]], "line 2", "another room, null"),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_broken_line_is_named_with_the_reason(case, tmp_path):
    change, place, reason = CASES[case]
    verdict = verify(open_ledger(edit(write(tmp_path / "l.jsonl"), change)))
    assert verdict.broken is not None
    assert verdict.broken.place == place
    assert reason in verdict.broken.reason


def test_a_line_that_is_no_json_breaks_the_ledger_there(tmp_path):
    path = write(tmp_path / "l.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], lines[3][:40] + b"\n", *lines[4:]]))
    broken = verify(open_ledger(path)).broken
    assert broken is not None and broken.place == "line 4"
    assert "no JSON" in broken.reason


def test_a_key_that_stands_twice_breaks_the_ledger_there(tmp_path):
    path = write(tmp_path / "l.jsonl")
    text = path.read_text().replace('"author":"s-1"', '"author":"s-2","author":"s-1"', 1)
    path.write_text(text)
    assert "stands twice" in str(verify(open_ledger(path)).broken)


def test_a_fact_that_follows_but_cannot_be_read_is_bad_input(tmp_path):
    def unknown(lines):
        lines[3]["kind"] = "Teleported"
        resealed(lines)

    ledger = open_ledger(edit(write(tmp_path / "l.jsonl"), unknown))
    with pytest.raises(LedgerError, match=r"line 4, kind: found 'Teleported'; expected a kind"):
        verify(ledger)


def test_what_comes_before_a_repeated_id_holds(tmp_path):
    verdict = verify(open_ledger(edit(write(tmp_path / "l.jsonl"), same_id)))
    assert (verdict.facts, verdict.head) == (3, facts()[2].chain)


def test_progress_and_an_anchor_of_an_earlier_day(tmp_path):
    ledger = open_ledger(write(tmp_path / "l.jsonl"))
    assert verify(ledger, anchor=facts()[3].chain).anchored == 4
    assert verify(ledger, anchor=header_link(ledger.header_record)).anchored == 0
    unknown = verify(ledger, anchor="0" * 64)
    assert (unknown.anchored, unknown.holds) == (None, False)


def test_other_spacing_and_line_ends_are_the_same_facts(tmp_path):
    import json

    path = write(tmp_path / "l.jsonl")
    lines = [json.dumps(orjson.loads(line)) for line in path.read_bytes().splitlines()]
    path.write_bytes("\r\n".join(lines).encode())
    assert verify(open_ledger(path)).holds


HIDDEN = {
    "a kind that stands twice": ("kind", "Observed", "stored", {"kind": "Seated"}),
    "a moment": ("happened", None, "stored", {"happened": "2025-09-01T10:00:00.000Z"}),
    "a place": ("data", None, "remainder", {"place": "booth-3"}),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_a_column_of_parquet_that_says_otherwise_than_the_json_beside_it_is_found(case, tmp_path):
    column, value, beside, said = HIDDEN[case]
    path = write(tmp_path / "l.parquet")
    metadata = {k: v for k, v in pl.read_parquet_metadata(path).items() if "opendcr" in k}
    rows = pl.read_parquet(path).to_dicts()
    at = next(at for at, row in enumerate(rows) if row["kind"] == "Seated")
    if column == "data":
        rows[at]["data"]["place"] = None
    elif value:
        rows[at][column] = value
    rows[at][beside] = orjson.dumps(said).decode()
    pl.DataFrame(rows, SCHEMA, orient="row").write_parquet(path, metadata=metadata)
    broken = verify(open_ledger(path)).broken
    assert broken is not None
    assert (broken.place, "each value once" in broken.reason) == (f"row {at + 1}", True)
