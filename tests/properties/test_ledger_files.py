"""Ledger files: both formats give back what was written, and every change to a file is found."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

import orjson
import polars as pl
from hypothesis import assume, given
from hypothesis import strategies as st

from opendcr.errors import LedgerError
from opendcr.ledger.chain import canonical, first_link, link
from opendcr.ledger.codec import encode
from opendcr.ledger.files import LedgerWriter, open_ledger
from opendcr.ledger.parquet import frame_of, records_of
from opendcr.ledger.verify import verify
from tests import strategies


@contextmanager
def written(ledger, name="ledger.jsonl"):
    header, facts = ledger
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with LedgerWriter(path, header) as writer:
            writer.write(facts)
        yield path


def found(path) -> str | None:
    """What verification says of a file, None where it holds."""
    try:
        broken = verify(open_ledger(path)).broken
    except LedgerError as error:
        return str(error)
    return f"{broken.place}: {broken.reason}" if broken else None


@given(strategies.ledgers(), st.sampled_from(["ledger.jsonl", "ledger.parquet"]))
def test_what_is_written_comes_back_and_verifies(ledger, name):
    header, facts = ledger
    with written(ledger, name) as path:
        opened = open_ledger(path)
        assert opened.header == header
        assert tuple(opened.facts()) == facts
        verdict = verify(opened)
        assert (verdict.broken, verdict.facts) == (None, len(facts))
        assert verdict.head == (facts[-1].chain if facts else first_link(header))


@given(strategies.ledgers(max_size=5))
def test_from_json_lines_to_parquet_and_back_every_record_has_the_same_canonical_form(ledger):
    with written(ledger) as lines:
        parquet, back = lines.with_suffix(".parquet"), lines.with_name("back.jsonl")
        convert(lines, parquet)
        convert(parquet, back)
        assert list(map(canonical, entries(back))) == list(map(canonical, entries(lines)))


def convert(source, target):
    opened = open_ledger(source)
    with LedgerWriter(target, opened.header_record) as writer:
        writer.write_records(opened.records())


def entries(path):
    return [open_ledger(path).header_record, *open_ledger(path).entries()]


odd_data = st.dictionaries(
    st.sampled_from(["place", "substances", "route", "clock", "newer", "items"]),
    strategies.json_values() | st.lists(st.text("ab", max_size=2)),
)
odd_times = st.sampled_from(
    ["2025-02-01T10:03:22Z", "2025-02-01T11:03:22.120+01:00", "2025-02-01T10:03:22.123456Z",
     "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2025-02-01 10:03:22.120Z"]
)  # fmt: skip


@given(strategies.facts(), odd_data, odd_times, strategies.json_objects())
def test_parquet_gives_back_odd_records_as_they_stood(fact, data, time, more):
    extra = {f"newer {key}": value for key, value in more.items()}
    record = {**encode(fact), "data": data, "happened": time, **extra}
    plain = {**encode(fact), "data": {"place": None, "substances": [], "route": "smoked"}}
    back = list(records_of(frame_of([record, plain, record])))
    assert list(map(canonical, back)) == list(map(canonical, [record, plain, record]))


def same_json(one: bytes, other: bytes) -> bool:
    try:
        return canonical(orjson.loads(one)) == canonical(orjson.loads(other))
    except (ValueError, TypeError):
        return False


short = strategies.ledgers(min_size=1, max_size=4)
characters = st.characters(exclude_categories=["Cs"])


@given(short, st.data())
def test_a_changed_character_is_found_wherever_it_stands(ledger, data):
    with written(ledger) as path:
        lines = path.read_text().splitlines(keepends=True)
        at = data.draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        column = data.draw(st.integers(0, len(line) - 2))
        new = data.draw(characters | st.just("") | st.sampled_from('0123456789"{}[],:'))
        changed = line[:column] + new + line[column + 1 :]
        # The same JSON in other ink (a space between two marks) is the same fact.
        assume(not same_json(changed.encode(), line.encode()))
        lines[at] = changed
        path.write_text("".join(lines), newline="")
        assert found(path)


@given(short, st.data())
def test_a_removed_line_is_found(ledger, data):
    with written(ledger) as path:
        lines = path.read_bytes().splitlines(keepends=True)
        at = data.draw(st.integers(0, len(lines) - 1))
        path.write_bytes(b"".join(lines[:at] + lines[at + 1 :]))
        assert named(path, at)


@given(short, st.data())
def test_a_line_that_stands_twice_is_found(ledger, data):
    with written(ledger) as path:
        lines = path.read_bytes().splitlines(keepends=True)
        at = data.draw(st.integers(0, len(lines) - 1))
        to = data.draw(st.integers(0, len(lines)))
        path.write_bytes(b"".join([*lines[:to], lines[at], *lines[to:]]))
        assert found(path)


@given(strategies.ledgers(min_size=2, max_size=5), st.data())
def test_two_lines_in_each_others_place_are_found(ledger, data):
    with written(ledger) as path:
        lines = path.read_bytes().splitlines(keepends=True)
        one, other = sorted(
            data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=2, max_size=2))
        )
        lines[one], lines[other] = lines[other], lines[one]
        path.write_bytes(b"".join(lines))
        assert named(path, one)


@given(short, st.data())
def test_a_file_cut_anywhere_is_found(ledger, data):
    with written(ledger) as path:
        whole = path.read_bytes()
        end = data.draw(st.integers(0, len(whole) - 2))  # without its last newline it is whole
        path.write_bytes(whole[:end])
        assert found(path)


@given(short, st.data())
def test_a_fact_rewritten_with_a_right_chain_value_is_found_at_the_next(ledger, data):
    with written(ledger) as path:
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        at = data.draw(st.integers(1, len(lines) - 2))
        before = first_link(ledger[0]) if at == 1 else lines[at - 1]["chain"]
        lines[at]["author"] = "s-forged"
        lines[at]["chain"] = link(before, lines[at])
        path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
        assert named(path, at + 1)


@given(short, st.data())
def test_a_ledger_rewritten_whole_is_told_by_its_head_alone(ledger, data):
    header, facts = ledger
    with written(ledger) as path:
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        changed = data.draw(st.integers(1, len(facts)))
        head = first_link(header)
        for at, record in enumerate(lines[1:-1], 1):
            record["author"] = "s-forged" if at == changed else record["author"]
            head = record["chain"] = link(head, record)
        lines[-1]["chain"] = head
        path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
        forged = open_ledger(path)
        assert verify(forged).holds
        assert not verify(forged, anchor=facts[-1].chain).holds
        earlier = first_link(header) if changed == 1 else facts[changed - 2].chain
        assert verify(forged, anchor=earlier).anchored == changed - 1


@given(short, st.data())
def test_a_changed_cell_of_a_parquet_file_is_found(ledger, data):
    with written(ledger, "ledger.parquet") as path:
        metadata = {k: v for k, v in pl.read_parquet_metadata(path).items() if k != "ARROW:schema"}
        frame = pl.read_parquet(path)
        column = data.draw(st.sampled_from(["author", "room", "chain", "id", "device"]))
        row = data.draw(st.integers(0, frame.height - 1))
        cells = frame[column].to_list()
        cells[row] += "x"
        frame.with_columns(pl.Series(column, cells)).write_parquet(path, metadata=metadata)
        assert f"row {row + 1}" in found(path)


def named(path, at: int) -> bool:
    """Whether verification names the line at this place (from 0); the header is named as such."""
    said = found(path) or ""
    return "header" in said or f"line {at + 1}" in said
