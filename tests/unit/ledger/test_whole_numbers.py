"""A whole number is one number however it is written: its chain holds, so its meaning must too."""

from dataclasses import replace

import pytest

from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.effective import effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.files import LedgerWriter, open_ledger
from opendcr.ledger.shapes import whole_numbers
from opendcr.ledger.verify import verify
from opendcr.room.room import fold
from opendcr.tables.frame import document
from tests.unit.ledger.written import HEADER, START

POLICY = {"places": [{"id": "booth-1", "kind": "injecting"}], "stay": {"after_naloxone": 180}}
DOSE = {"target": "f-2", "reason": "mistake", "changes": {"data": {"micrograms": 400}}}


def sealed():
    first = Fact("f-1", "c-1", "PolicyAdopted", 1, HEADER.room, None, None, START, START, "s-1",
                 None, "manager", "t-1", "tap", {"policy": POLICY})  # fmt: skip
    return seal(
        [
            first,
            _next(first, 2, "InterventionGiven", {"intervention": "naloxone", "micrograms": 800}),
            _next(first, 3, "Corrected", DOSE),
        ],
        0,
        first_link(HEADER),
    )


def _next(fact, number, kind, data):
    return replace(fact, id=f"f-{number}", kind=kind, visit="v-1", data=data)


@pytest.mark.parametrize("written", ["%d", "%d.0", "%de0"])
def test_a_policy_and_a_correction_mean_the_same_however_a_whole_number_is_written(
    written, tmp_path
):
    path = tmp_path / "ledger.jsonl"
    with LedgerWriter(path, HEADER) as ledger:
        ledger.write(sealed())
    text = path.read_text()
    for number in (180, 400):
        text = text.replace(f":{number}}}", f":{written % number}}}")
    path.write_text(text)
    assert verify(open_ledger(path)).holds
    facts = list(open_ledger(path).facts())
    assert fold(facts, HEADER.room, HEADER.timezone).policy.stay_after_naloxone == 180
    assert effective(facts)[-1].data["micrograms"] == 400


def test_the_tables_read_a_document_as_decoding_does():
    (number,) = document('{"changes":{"data":{"micrograms":400.0}}}', "changes")["data"].values()
    assert type(number) is int


@pytest.mark.parametrize("value", [0.5, 1e300, "1.0", None, True, {"a": [0.25, {"b": 1e21}]}])
def test_no_other_value_is_touched(value):
    assert repr(whole_numbers(value)) == repr(value)
