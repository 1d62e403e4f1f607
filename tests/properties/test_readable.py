"""Whatever can be read can be used: nothing that decodes stops a board, a timeline or a measure."""

import json
import re
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from opendcr.errors import LedgerError
from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.codec import decode, encode
from opendcr.ledger.files import LedgerWriter
from opendcr.ledger.kinds import BESIDE, KINDS
from opendcr.ledger.timeline import document_of, text_of, timeline
from opendcr.measures import measured
from opendcr.room.attention import attention
from opendcr.room.board import board
from opendcr.room.policy import DEFAULT
from opendcr.room.reviews import open_reviews
from opendcr.room.room import MemoryArchive, Room, advance, fold
from opendcr.room.story import visit_lines
from opendcr.tables import CONTRACTS, ledger_of, read_ledger, tables_of
from opendcr.tables.frame import NEEDED
from tests import strategies
from tests.unit.ledger.written import facts as written

LATER = datetime(2026, 6, 1, tzinfo=UTC)
OF_A_VISIT = ("Arrived", "Seated", "Observed", "EmergencyStarted", "InterventionGiven", "Corrected",
              "Retracted", "ReviewFlagged", "MovedToRecovery", "NoteAdded", "Registered",
              "PolicyAdopted", "ConsumptionStarted")  # fmt: skip


def readable(header, facts):
    """The facts of a ledger that decode, under a chain of their own."""
    return seal(filter(_decodes, facts), 0, first_link(header))


def _decodes(fact):
    try:
        return decode(encode(fact), "here") == fact
    except LedgerError:
        return False


ODD = strategies.ledgers(max_size=12, odd=True) | strategies.ledgers(
    max_size=12, kinds=OF_A_VISIT, odd=True
)


@given(ODD)
def test_whatever_decodes_folds_and_is_shown(ledger):
    header, facts = ledger
    facts = readable(header, facts)
    room = fold(facts, header.room, header.timezone)
    empty = Room(header.room, header.timezone)
    assert advance(empty, facts, MemoryArchive(facts)) == room
    shown = [board(room, LATER), open_reviews(room)]
    assert json.loads(json.dumps(shown)) == shown
    assert len(attention(room, LATER)) >= len(room.emergencies)


@given(ODD)
def test_whatever_decodes_is_told(ledger):
    header, facts = ledger
    facts = readable(header, facts)
    for visit in {fact.visit for fact in facts if fact.visit}:
        entries = timeline(lambda: facts, visit)
        assert all(text_of(entry, header.timezone) for entry in entries)
        assert json.dumps([document_of(entry) for entry in entries])
        assert json.dumps(visit_lines(entries, DEFAULT, lambda fact: fact))


@given(ODD)
def test_whatever_decodes_is_counted(ledger):
    header, facts = ledger
    facts = readable(header, facts)
    if facts:
        (room,) = measured([ledger_of(header, map(encode, facts))]).rooms
        assert room.rows


@given(strategies.ledgers(min_size=1, max_size=10, kinds=(*NEEDED, "Observed"), odd=True))
def test_both_formats_give_the_same_tables_or_the_same_refusal(ledger):
    header, facts = ledger
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("ledger.jsonl", "ledger.parquet")]
        for path in paths:
            with LedgerWriter(path, header) as writer:
                writer.write(facts)
        lines, rows = map(_counted, paths)
    assert lines == rows


def _counted(path):
    try:
        tables = tables_of(read_ledger(path))
    except LedgerError as error:
        where = error.where.removeprefix(f"{path}, ")
        number = re.sub(r"line (\d+)", lambda found: f"row {int(found[1]) - 1}", where)
        return number, error.found, error.expected
    frames = [getattr(tables, contract.table) for contract in CONTRACTS]
    return tables.head, tables.months, [sorted(map(repr, frame.rows())) for frame in frames]


@given(ODD)
def test_what_a_fact_is_found_by_is_an_id_whatever_its_kind(ledger):
    for fact in readable(*ledger):
        for key in ("emergency", "target", "place", "other"):
            assert key not in fact.data or isinstance(fact.data[key], str)


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("Arrived", {"clock": {"tapped": "2025-02-01T10:02:00.000Z"}}, "data.clock: found a JSON"),
        ("Arrived", {"clock": "tablet"}, "data.clock: found a text of 6 characters; expected an"),
        ("Arrived", {"because": 5}, "data.because: found 5; expected one of the reasons"),
        ("Arrived", {"target": ["f-1"]}, "data.target: found a JSON list; expected the id of a fact"),
        ("Registered", {"tier": 1}, 'data.tier: found 1; expected one of the tiers of identity: "0"'),
        ("NoteAdded", {"note": "words"}, 'data.note: found a text of 5 characters; expected {"text"'),
        ("Departed", {"how": "well", "emergency": {"a": 1}}, "data.emergency: found a JSON object"),
        ("Departed", {"how": "well", "emergency": None}, "data.emergency: found null"),
        ("ReviewFlagged", {"reason": "x", "report": {"missing": 5}}, "data.report: found a JSON"),
    ],
)  # fmt: skip
def test_a_key_has_its_shape_in_facts_of_every_kind(kind, data, said):
    fact = replace(written()[0], kind=kind, data=data)
    with pytest.raises(LedgerError, match=f"here, {said}"):
        decode(encode(fact), "here")


def test_no_kind_has_a_key_that_facts_of_every_kind_may_have():
    assert not [kind.fact for kind in KINDS.values() if BESIDE.keys() & kind.fields.keys()]
