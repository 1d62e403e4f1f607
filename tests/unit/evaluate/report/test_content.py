"""A report cannot be made that claims what it does not hold."""

from dataclasses import replace
from typing import Any

import pytest

from opendcr.evaluate.estimate import Check, Part
from opendcr.evaluate.report.content import Lock, Status
from tests.support.studied import HASHES, figure, report


@pytest.mark.parametrize(
    ("more", "needs"),
    [
        ({"lock": None}, "a lock of the plan that it confirms"),
        ({"lock": Lock("00" * 32, "2021-06-12", "0.1.0", HASHES)}, "a lock of the plan"),
        ({"primary": "none of them"}, "a design none of them"),
        ({"verdict": "proven"}, "the verdict among shown"),
        ({"sentence": " "}, "an answer"),
        ({"caveats": ("",)}, "an answer"),
        ({"about": {"colour": "blue"}}, "'colour' among background"),
        ({"question": replace(report().question, start="2031-01")}, "a start among the periods"),
        ({"designs": report().designs[:1] * 2}, "each design once"),
    ],
)
def test_a_report_without_what_it_claims_cannot_be_made(more: dict[str, Any], needs: str) -> None:
    with pytest.raises(ValueError, match=needs):
        report(**more)


def test_a_figure_has_words_and_a_table() -> None:
    with pytest.raises(ValueError, match="words for"):
        replace(figure(), alt=" ")
    with pytest.raises(ValueError, match="a table behind"):
        replace(figure(), rows=(("study", "effect"),))


def test_what_is_no_longer_as_locked_is_told_by_the_hashes_too() -> None:
    exploratory = Status(False)
    lock = Lock(
        "00" * 32, "2021-06-12", "0.0.9", {"old.csv": "11" * 32}, ("A donor was left out.",)
    )
    made = report(lock=lock, status=exploratory)
    told = " ".join(lock.differences(made.provenance))

    assert "A donor was left out." in told
    assert "hash is another" in told and "locked by 0.0.9" in told
    assert "old.csv" in told and "panel.csv" in told
    assert report().lock.differences(report().provenance) == ()  # type: ignore[union-attr]


def test_checks_that_failed_come_first_wherever_they_were_made() -> None:
    late = Check("coverage of the series", False, "Two months are missing.")
    made = report(checks=(late,), further=())
    results = [one.passed for _, one in made.all_checks]
    assert results == [False, False, None, True]


def test_displacement_is_looked_for_by_an_outcome_or_by_the_design_itself() -> None:
    made = report()
    found = replace(
        made.leading.estimate,
        parts={"next ring": Part(0.1, displacement=True), "own ring": Part(-0.2)},
    )
    rings = report(designs=(replace(made.leading, estimate=found),))
    assert "displacement" not in made.looked_for and list(rings.displaced) == ["next ring"]
    assert rings.looked_for == {"harm", "displacement"}
