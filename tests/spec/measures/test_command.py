"""`opendcr measure` from ledger files: formats, several rooms, dates, and bad input."""

import io
import json
from dataclasses import replace

import orjson
import polars as pl
import pytest
from click.testing import CliRunner

from opendcr.cli.measure import measure
from opendcr.cli.output import run
from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.files import LedgerWriter
from opendcr.measures import MEASURES, measured
from opendcr.tables import read_ledger
from tests.spec.measures.drawn import GLASGOW, SIMULATED, drawn
from tests.spec.measures.test_awkward import AWKWARD


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The awkward ledger in both formats, as another room's, and as a simulated one."""
    folder = tmp_path_factory.mktemp("ledgers")
    for name, header in {
        "glasgow.jsonl": GLASGOW,
        "glasgow.parquet": GLASGOW,
        "edinburgh.jsonl": replace(GLASGOW, room="edinburgh"),
        "simulated.jsonl": replace(SIMULATED, room="simulated"),
    }.items():
        facts = [replace(fact, room=header.room) for fact in drawn(AWKWARD, header)]
        with LedgerWriter(folder / name, header) as ledger:
            ledger.write(seal(facts, 0, first_link(header)))
    return folder


def answer(*arguments):
    result = CliRunner().invoke(measure, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0
    return result


def refused(capsys, *arguments):
    status = run(measure, list(map(str, arguments)))
    error = capsys.readouterr().err
    assert (status, error.count("\n")) == (2, 1)
    return error


def test_json_lines_and_parquet_give_the_same_document(folder):
    lines = answer(folder / "glasgow.jsonl", "--json").stdout
    assert json.loads(lines)["rows"]
    assert answer(folder / "glasgow.parquet", "--json").stdout == lines


def test_the_document_has_the_promised_keys(folder):
    document = json.loads(answer(folder / "glasgow.jsonl", "--format", "json").stdout)
    assert document["as_at"] == "2025-06-01"
    assert document["ledger"]["origin"] == {"kind": "recorded"}
    assert set(document["rows"][0]) == {
        "measure", "definition_version", "period", "group", "numerator", "denominator", "value",
    }  # fmt: skip


def test_several_rooms_name_themselves_in_every_row_and_are_not_added_up(folder):
    both = answer(folder / "glasgow.jsonl", folder / "edinburgh.jsonl", "--json").stdout
    document = json.loads(both)
    assert document["ledger"]["room"] == ["glasgow", "edinburgh"]
    assert len(document["ledger"]["head"]) == len(document["ledger"]["origin"]) == 2
    of_rooms = {row["room"] for row in document["rows"]}
    assert of_rooms == {"glasgow", "edinburgh"}


def test_csv_carries_origin_date_and_head_in_every_row(folder):
    text = answer(folder / "glasgow.jsonl", "--format", "csv", "--as-at", "2025-02-28").stdout
    frame = pl.read_csv(io.StringIO(text))
    assert set(frame["origin"]) == {"recorded"}
    assert set(frame["as_at"]) == {"2025-02-28"}
    assert frame["head"].n_unique() == 1


def test_parquet_holds_the_rows_of_the_document(folder):
    stored = answer(folder / "glasgow.jsonl", "--format", "parquet").stdout_bytes
    frame = pl.read_parquet(io.BytesIO(stored))
    rows = measured([read_ledger(folder / "glasgow.jsonl")]).rooms[0].rows
    assert [orjson.loads(group) for group in frame["group"]] == [dict(row.group) for row in rows]
    assert frame["value"].to_list() == [row.value for row in rows]


def test_people_see_a_table_with_origin_and_head(folder):
    text = answer(folder / "simulated.jsonl", "--measure", "times_accessed").stdout
    assert text.startswith("simulated (simulated, drawn, 1), as at 2025-06-01\nledger head ")
    assert [line.split() for line in text.splitlines()[-1:]] == [
        ["in", "the", "month", "1", "5", "2", "1", "0", "0"]
    ]


def test_recorded_and_simulated_ledgers_are_not_set_side_by_side(folder, capsys):
    said = refused(capsys, folder / "glasgow.jsonl", folder / "simulated.jsonl")
    assert "recorded" in said and "simulated" in said and "measured apart" in said


def test_one_room_twice_is_refused(folder, capsys):
    said = refused(capsys, folder / "glasgow.jsonl", folder / "glasgow.parquet")
    assert "each room once" in said


def test_an_unknown_measure_is_named_with_those_that_exist(folder, capsys):
    said = refused(capsys, folder / "glasgow.jsonl", "--measure", "visits")
    assert "'visits'" in said and all(name in said for name in MEASURES)


def test_as_at_the_last_day_of_the_calendar_is_as_at_now(folder):
    ever = json.loads(answer(folder / "glasgow.jsonl", "--json", "--as-at", "9999-12-31").stdout)
    assert ever["rows"] == json.loads(answer(folder / "glasgow.jsonl", "--json").stdout)["rows"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--database", "sqlite:///x"), "--database: found it beside a LEDGER"),
        (("--json", "--format", "csv"), "--format: found it beside --json"),
        (("--as-at", ""), "--as-at: found ''; expected a date"),
    ],
)
def test_no_option_is_silently_left_aside(folder, capsys, options, said):
    assert said in refused(capsys, folder / "glasgow.jsonl", *options)


@pytest.mark.parametrize("day", ["tomorrow", "2025-02-30", "2020-01-01"])
def test_a_date_that_cannot_be_is_refused(folder, capsys, day):
    assert day in refused(capsys, folder / "glasgow.jsonl", "--as-at", day)


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_value_of_another_type_is_refused_in_one_line_from_either_format(
    tmp_path, capsys, suffix
):
    (fact,) = drawn(
        "happened | kind | visit | person | data\n2025-02-03 10:00 | Arrived | v-1 | | "
    )
    path = tmp_path / f"ledger.{suffix}"
    with LedgerWriter(path, GLASGOW) as ledger:
        listed = replace(fact, data={"target": ["f-1"]})
        ledger.write(seal([listed], 0, first_link(GLASGOW)))
    assert "data.target: found a JSON list; expected the id of a fact" in refused(capsys, path)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"kind":"Seated"', '"kind":"Sat"', "'Sat'"),
        ('"timezone":"Europe/London"', '"timezone":"Europe/Atlantis"', "a time zone"),
        ('"place":"booth-1"', '"place":7', "data.place"),
        ('"recorded":"2025', '"recorded":"the year 2025', "recorded"),
        ('{"end":true', '{"end":', "JSON"),
    ],
)
def test_a_malformed_line_is_named(folder, tmp_path, capsys, before, after, said):
    text = (folder / "glasgow.jsonl").read_text(encoding="utf-8")
    bad = tmp_path / "bad.jsonl"
    bad.write_text(text.replace(before, after, 1), encoding="utf-8")
    error = refused(capsys, bad)
    assert str(bad) in error and said in error


def test_a_ledger_without_facts_has_nothing_to_measure(tmp_path, capsys):
    with LedgerWriter(tmp_path / "empty.jsonl", GLASGOW):
        pass
    assert "no facts" in refused(capsys, tmp_path / "empty.jsonl")
