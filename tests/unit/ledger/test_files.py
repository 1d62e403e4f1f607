"""Ledger files are written whole or not at all; what is wrong with one is said in one line."""

from dataclasses import replace

import polars as pl
import pytest

from opendcr.errors import InputError, LedgerError
from opendcr.ledger import parquet
from opendcr.ledger.files import LedgerWriter, open_ledger
from opendcr.ledger.parquet import SCHEMA
from tests.unit.ledger.written import HEADER, facts, write

FORMATS = ["ledger.jsonl", "ledger.parquet"]


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_left_of_a_ledger_that_failed(name, tmp_path):
    def failing():
        yield facts()[0]
        raise RuntimeError("the source failed")

    with pytest.raises(RuntimeError), LedgerWriter(tmp_path / name, HEADER) as writer:
        writer.write(failing())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_an_older_file_stands_until_the_new_one_is_whole(name, tmp_path):
    write(tmp_path / name)
    before = (tmp_path / name).read_bytes()
    with pytest.raises(LedgerError), LedgerWriter(tmp_path / name, HEADER) as writer:
        writer.write([facts()[1]])
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("name", FORMATS)
def test_two_rooms_in_one_file_is_an_error(name, tmp_path):
    other = replace(facts()[0], room="edinburgh")
    with (
        pytest.raises(LedgerError, match=r"room: found 'edinburgh'; expected 'glasgow'"),
        LedgerWriter(tmp_path / name, HEADER) as writer,
    ):
        writer.write([other])


def test_facts_that_are_unsealed_or_out_of_order_are_an_error(tmp_path):
    for wrong in (replace(facts()[0], seq=0, chain=""), facts()[2], replace(facts()[0], chain="")):
        with (
            pytest.raises(LedgerError, match="expected sealed facts in order"),
            LedgerWriter(tmp_path / "l.jsonl", HEADER) as writer,
        ):
            writer.write([wrong])


def test_a_ledger_longer_than_a_row_group_comes_back_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "ROW_GROUP", 1024)
    many = [replace(facts()[0], seq=n, chain=f"{n:064}") for n in range(1, 2 * 1024 + 3)]
    with LedgerWriter(tmp_path / "l.parquet", HEADER) as writer:
        for start in range(0, len(many), 300):
            writer.write(many[start : start + 300])
    back = open_ledger(tmp_path / "l.parquet").records()
    assert [record["chain"] for record in back] == [fact.chain for fact in many]


def test_parquet_has_the_columns_that_readers_are_told(tmp_path):
    path = write(tmp_path / "l.parquet")
    assert pl.read_parquet_schema(path) == dict(SCHEMA)
    seated = pl.scan_parquet(path).filter(pl.col("kind") == "Seated")
    place = seated.select(pl.col("data").struct.field("place")).collect()
    assert place["place"].to_list() == ["booth-3"]


def test_a_parquet_file_cut_anywhere_is_an_error_and_no_panic(tmp_path):
    whole = write(tmp_path / "whole.parquet").read_bytes()
    cut = tmp_path / "cut.parquet"
    for length in range(4, len(whole), len(whole) // 17):
        cut.write_bytes(whole[:length])
        with pytest.raises(LedgerError):
            list(open_ledger(cut).facts())


def test_a_parquet_file_that_is_no_ledger_is_an_error(tmp_path):
    path = tmp_path / "other.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(path)
    with pytest.raises(LedgerError, match="no header"):
        open_ledger(path)
    header = pl.read_parquet_metadata(write(tmp_path / "l.parquet"))["opendcr"]
    pl.DataFrame({"kind": [1]}).write_parquet(path, metadata={"opendcr": header})
    with pytest.raises(LedgerError, match="found columns kind; expected column 'kind' of type"):
        list(open_ledger(path).facts())


@pytest.mark.parametrize(
    ("first_line", "said"),
    [
        (b"", "found an empty file"),
        (b"{}\n", "found a JSON object; expected a header"),
        (b"[1]\n", "JSON that is no object"),
        (b"\xff\xfe\n", "no JSON"),
        (b'{"a":' * 300 + b"1" + b"}" * 300 + b"\n", "line 1: found JSON nested too deep"),
        (b'{"opendcr":"ledger","version":2}\n', "version: found 2; expected 1"),
    ],
)
def test_what_is_no_ledger_is_named(first_line, said, tmp_path):
    path = tmp_path / "l.jsonl"
    path.write_bytes(first_line)
    with pytest.raises(LedgerError, match=said):
        open_ledger(path)


HEADERS = {
    "room": ("two rooms", "a text of 9 characters"),
    "timezone": (
        "Europe/Lodnon",
        "found 'Europe/Lodnon'; expected a time zone such as Europe/London",
    ),
    "origin": (
        {"kind": "guessed"},
        r"origin.kind: found 'guessed'; .*recorded, imported, simulated",
    ),
    "title": ("more", "keys that a header has not: 'title'"),
    "version": (True, "version: found true; expected 1"),
}


@pytest.mark.parametrize("key", HEADERS)
def test_a_header_that_cannot_be_used_is_named(key, tmp_path):
    import orjson

    value, said = HEADERS[key]
    header = orjson.loads(write(tmp_path / "l.jsonl").read_bytes().splitlines()[0])
    (tmp_path / "l.jsonl").write_bytes(orjson.dumps({**header, key: value}) + b"\n")
    with pytest.raises(LedgerError, match=said):
        open_ledger(tmp_path / "l.jsonl")


def test_paths_that_cannot_be_read_or_written(tmp_path):
    for path in (tmp_path, tmp_path / "none.jsonl"):
        with pytest.raises(InputError, match=str(tmp_path)):
            open_ledger(path)
    with pytest.raises(InputError, match=r"'\.csv'; expected \.jsonl or \.parquet"):
        LedgerWriter(tmp_path / "l.csv", HEADER)
    for name in FORMATS:
        with pytest.raises(InputError), LedgerWriter(tmp_path / "none" / name, HEADER):
            raise AssertionError("the file was opened")
