"""docs/room.md says what the code does."""

from opendcr.room.rules import RULES
from opendcr.room.stages import STAGES, STEPS, diagram
from tools.documents import ROOT, differences
from tools.room_rules import room_rules


def test_the_page_is_made_from_the_code():
    assert list(differences(ROOT / "docs/room.md")) == []


def test_the_diagram_draws_each_row_of_the_table():
    lines = set(diagram().splitlines())
    for step in STEPS.values():
        for before in step.before:
            assert f"    {before} --> {step.after}: {step.kind}" in lines
    assert {step.after for step in STEPS.values()} | {"arrived"} == set(STAGES)


def test_every_rule_has_a_code_and_every_ruled_kind_is_named():
    rows = room_rules()[2:]
    assert not [row for row in rows if row.split("|")[2].strip() == ""]
    assert not [kind for kind in RULES if not any(f"`{kind}`" in row for row in rows)]
