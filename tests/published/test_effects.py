"""Published effects: each has its source, its concerns, and says where it was not read."""

import pytest

from opendcr.published import effects_of_rooms, source
from opendcr.published.effects import FILE

EFFECTS = effects_of_rooms()


@pytest.mark.parametrize("one", EFFECTS, ids=lambda one: f"{one.study} {one.outcome}"[:50])
def test_an_estimate_lies_in_its_interval_and_is_what_was_printed(one):
    if one.measure == "direction":
        assert one.estimate is None and one.interval is None and "no figure" in one.printed
        return
    low, high = one.interval or (one.estimate, one.estimate)
    assert low <= one.estimate <= high
    computed = "computed here" in one.printed
    for value in () if computed else (one.estimate, *(one.interval or ())):
        assert (
            f"{abs(value):g}" in one.printed
            or "person-years" in one.printed
            or "8.10" in one.printed
        )
    assert one.interval or "interval" in one.printed


def test_ratios_are_those_of_the_printed_rates():
    by = {(one.study, one.outcome): one.ratio for one in EFFECTS}
    assert by["Marshall", "overdose deaths within 500 m"] == pytest.approx(165.1 / 253.8, abs=1e-3)
    toronto = by["Rammohan", "overdose deaths within 500 m, 2019 against 2017"]
    assert toronto == pytest.approx(2.70 / 8.10, abs=5e-3)
    assert by["Wood", "people injecting in public, a day"] == pytest.approx(2.4 / 4.3, abs=5e-3)
    assert by["Wood", "publicly discarded syringes, a day"] == pytest.approx(5.4 / 11.5, abs=5e-3)


def test_coefficients_and_differences_are_no_ratios():
    for one in EFFECTS:
        none = one.measure in ("coefficient", "rate_difference", "direction")
        assert (one.ratio is None) == none
        assert one.ratio_interval is None if none else True


def test_of_what_was_not_read_no_figure_stands_here():
    unread = [one for one in EFFECTS if one.study.split(",")[0] in ("Kennedy", "Salmon")]
    assert len(unread) == 2 and all(one.estimate is None for one in unread)
    assert any("were not read" in caveat for caveat in source(FILE).caveats)


def test_every_estimate_has_a_concern_a_source_and_no_twin():
    for one in EFFECTS:
        assert one.concerns and all(concern.reason for concern in one.concerns)
        assert "http" in one.source_url
    assert len({(one.study, one.outcome) for one in EFFECTS}) == len(EFFECTS)


def test_the_version_with_another_exposure_stands_beside_the_first():
    versions = [one for one in EFFECTS if one.study.startswith("Panagiotoglou and Lim")]
    assert {one.measure for one in versions} == {"trend_ratio", "rate_difference"}
    assert all("exposure" in [concern.domain for concern in one.concerns] for one in versions)


def test_no_model_and_nothing_retracted_is_among_them():
    assert {one.study for one in EFFECTS} & {"Milloy", "May", "Irvine", "Potier"} == set()


def test_an_estimate_against_the_time_before_alone_is_told_from_one_against_what_was_expected():
    alone = {one.study.split(",")[0] for one in EFFECTS if not one.expected}
    assert alone == {"Marshall", "Rammohan", "NCHECR", "Salmon", "Wood"}
    assert all("not in the estimate" in one.comparison or one.comparison == "none"
               for one in EFFECTS if not one.expected)  # fmt: skip
