"""Words that a device puts where a number belongs reach no fact."""

import orjson
import pytest

from opendcr.ledger.codec import encode
from tests.world import World

WORDS = "jane-doe-born-1980"


@pytest.mark.parametrize(
    "told",
    [
        {"kind": WORDS, "mode": "report"},
        {"kind": "Observed", "visit": f"v-{WORDS}"},
        {"kind": "Observed", "person": f"p-{WORDS}"},
        {"kind": "Observed", "data": {"emergency": "Jane.Doe.1980"}},
        {"kind": "EmergencyStarted", "data": {"emergency": f"e-{WORDS}"}},
        {"kind": "Linked", "person": "p-1", "data": {"other": f"p-{WORDS}"}},
        {"kind": "SuppliesIssued", "mode": "report", "data": {"items": {WORDS: 1}}},
        {"kind": "Observed", "id": f"c-{WORDS}"},
    ],
)
def test_a_report_is_kept_and_its_words_are_in_no_fact(told):
    world = World()
    facts = world.send({"id": "c-1", "data": {}, **told})
    assert isinstance(facts, tuple)
    said = orjson.dumps([encode(fact) for fact in facts]).decode().lower()
    assert "jane" not in said and "1980" not in said
    if "id" not in told:
        assert {"unreadable", "unknown_kind", "incomplete"} & set(world.flags())


def test_no_correction_puts_words_in_an_emergencys_place():
    world = World()
    world.report("EmergencyStarted", emergency="e-1")
    world.report("Corrected", target=world.last("EmergencyStarted").id, reason="mistake",
                 changes={"data": {"emergency": f"e-{WORDS}"}})  # fmt: skip
    assert not any("jane" in str(encode(fact)) for fact in world.facts)


def test_the_same_command_with_words_for_an_id_makes_the_same_facts():
    ids = {World().send({"id": WORDS, "kind": "Observed"})[0].id for _ in range(2)}
    assert len(ids) == 1
