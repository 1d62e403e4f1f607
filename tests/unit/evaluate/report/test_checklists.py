"""Checklists are ticked by what a report holds, and by nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from opendcr.evaluate.report.blocks import Heading
from opendcr.evaluate.report.checklists import SECTIONS, Checklist, checklists, held, sections
from opendcr.evaluate.report.content import ABOUT, Provenance, Report, Status
from opendcr.evaluate.report.document import document
from tests.support.studied import figure, report

EVERYTHING: dict[str, Any] = {"effects": (figure(),), "about": dict.fromkeys(ABOUT, "Said.")}
BARE: dict[str, Any] = {
    "lock": None, "status": Status(False), "declared": (), "further": (), "limits": (), "power": (),
    "provenance": Provenance("9c" * 32, "0.1.0", {}),
}  # fmt: skip


def list_of(name: str) -> Checklist:
    return next(one for one in checklists() if one.name == name)


def ticked(made: Report) -> set[tuple[str, str]]:
    found = held(made)
    return {
        (one.name, item.number)
        for one in checklists()
        for item in one.items
        if item.answered(found)
    }


def test_items_have_the_numbers_of_their_guidelines() -> None:
    strobe = [item.number for item in list_of("STROBE").items]
    assert sorted({int(number.rstrip("abcde")) for number in strobe}) == list(range(1, 23))
    assert [item.number for item in list_of("RECORD").items] == [
        "1.1", "1.2", "1.3", "6.1", "6.2", "6.3", "7.1", "12.1", "12.2", "12.3", "13.1", "19.1", "22.1"]  # fmt: skip
    assert [item.number for item in list_of("TREND").items] == [str(at) for at in range(1, 23)]


def test_every_key_is_known_and_what_may_be_absent_has_a_reason() -> None:
    always = {key for key, there in held(report(**BARE)).items() if there}
    for one in checklists():
        for item in one.items:
            assert set(item.keys) <= set(SECTIONS)
            assert item.reason or set(item.keys) <= always, item


def test_sections_that_items_name_are_in_the_report() -> None:
    made = report(**EVERYTHING)
    headings = {block.text for block in document(made) if isinstance(block, Heading)}
    named = {section for one in SECTIONS.values() for section in one.split("; ")}
    assert named - headings == {"the head of the report"}


@pytest.mark.parametrize(
    ("without", "items"),
    [
        ({"limits": ()}, {("STROBE", "19"), ("RECORD", "19.1"), ("TREND", "20")}),
        ({"power": ()}, {("STROBE", "10"), ("TREND", "7")}),
        ({"further": ()}, {("TREND", "19")}),
        ({"effects": ()}, {("STROBE", "20"), ("TREND", "22")}),
        ({"lock": None, "status": Status(False)}, {("RECORD", "22.1"), ("TREND", "18")}),
        ({"about": dict.fromkeys(set(ABOUT) - {"funding"}, "Said.")}, {("STROBE", "22")}),
    ],
)
def test_what_is_taken_away_is_no_longer_ticked(
    without: dict[str, Any], items: set[tuple[str, str]]
) -> None:
    assert ticked(report(**EVERYTHING)) - ticked(report(**(EVERYTHING | without))) == items


def test_not_everything_is_ticked_even_where_all_is_said() -> None:
    found = ticked(report(**EVERYTHING))
    assert ("STROBE", "12b") not in found and ("TREND", "9") not in found
    assert len(ticked(report(**BARE))) < len(found) / 2


def test_a_blank_word_answers_nothing() -> None:
    assert ("STROBE", "22") not in ticked(report(about={"funding": "  "}))


def test_where_an_item_is_answered_is_named_once() -> None:
    item = next(one for one in list_of("TREND").items if one.number == "3")
    assert sections(item) == "About the study"


def test_what_only_another_design_or_section_holds_is_not_ticked() -> None:
    made = report(**EVERYTHING)
    assert ("TREND", "15") in ticked(made) and not {("RECORD", "1.1"), ("RECORD", "1.2")} & ticked(made)  # fmt: skip
    unfitted = replace(made.leading, estimate=replace(made.leading.estimate, pre_rmspe=None))
    others = made.designs[1:]
    assert others[0].estimate.pre_rmspe is not None
    assert ("TREND", "15") not in ticked(replace(made, designs=(unfitted, *others)))


def test_a_series_beside_its_own_past_has_no_groups_to_be_alike() -> None:
    made = report(**EVERYTHING)
    alone = replace(made.leading, alone=True)
    assert ticked(made) - ticked(replace(made, designs=(alone, *made.designs[1:]))) == {("TREND", "15")}  # fmt: skip
