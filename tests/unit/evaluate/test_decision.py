"""Verdicts and sentences: never more is claimed than the interval holds."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from opendcr.errors import InputError
from opendcr.evaluate.decision import (
    Claim,
    at_least,
    at_most,
    benefit_sentence,
    control_sentence,
    floor_sentence,
    harm_sentence,
    harmful,
    harmless,
    in_words,
    inside,
    kept,
    lines_of,
    moved,
    risen,
    span,
    success_sentence,
)
from opendcr.evaluate.report import words

CLAIM = Claim("difference in differences", "overdose call-outs", "Glasgow city centre")
ENDS = st.floats(-1, 3) | st.sampled_from([0.0, -0.1, 0.1])
INTERVALS = st.tuples(ENDS, ENDS | st.just(math.inf)).map(lambda pair: (min(pair), max(pair)))
THRESHOLDS = st.floats(-0.5, 0)
MARGINS = st.floats(0, 0.5)


def test_a_rise_that_is_allowed_is_no_rise_that_is_shown():
    said = success_sentence(CLAIM, (-0.572, -0.278), 0.1)
    assert said.endswith("; a rise of 10 % at most or a fall is shown.")


@given(INTERVALS, THRESHOLDS, MARGINS)
def test_where_the_test_leaves_chance_no_change_is_shown(interval, threshold, margin):
    left = replace(CLAIM, chance=True)
    read = left.read(interval)
    assert at_most(read, threshold) != "shown" and not risen(read) and moved(read, None) != "shown"
    for made in (success_sentence(left, interval, threshold), harm_sentence(left, interval, margin),
                 control_sentence(left, interval, margin)):  # fmt: skip
        assert span(interval) in made and " is shown" not in made and "and did" not in made


def test_a_designs_title_in_a_sentence_keeps_the_capital_of_a_name_alone():
    assert inside("Factor model of counts") == "factor model of counts"
    assert inside("Bayesian structural time series") == "Bayesian structural time series"


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((-0.3, -0.1), "shown"), ((-0.3, -0.0999), "undetermined"), ((-0.1, 0.2), "undetermined"),
     ((-0.0999, 0.2), "excluded"), (None, "undetermined"), ((-0.5, math.inf), "undetermined")],
)  # fmt: skip
def test_success_is_the_whole_interval_at_or_under_the_threshold(interval, verdict):
    assert at_most(interval, -0.10) == verdict


@pytest.mark.parametrize(
    ("interval", "verdict", "rise"),
    [((-0.2, 0.09), "shown", False), ((0.01, 0.09), "shown", True), ((0.05, 0.1), "undetermined", True),
     ((-0.2, 0.1), "undetermined", False), ((0.1, 0.4), "excluded", True), (None, "undetermined", False)],
)  # fmt: skip
def test_harmless_is_the_whole_interval_under_the_margin(interval, verdict, rise):
    assert (harmless(interval, 0.10), risen(interval)) == (verdict, rise)


def test_no_change_is_neither_a_fall_nor_a_rise():
    assert (at_most((-0.3, 0.0), 0.0), at_most((-0.3, -1e-9), 0.0)) == ("undetermined", "shown")
    assert (harmful((0.0, 0.3), 0.0), harmful((1e-9, 0.3), 0.0)) == ("undetermined", "shown")
    assert at_least((0.0, 0.3), 0.0) == "undetermined"


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((-0.1, 0.05), "undetermined"), ((-0.05, 0.1), "undetermined"), ((-0.0999, 0.0999), "excluded"),
     ((0.0, 0.3), "undetermined"), ((0.001, 0.3), "shown"), ((-0.3, -0.001), "shown")],
)  # fmt: skip
def test_what_should_not_have_changed_stayed_strictly_within_its_margin(interval, verdict):
    assert moved(interval, 0.1) == verdict


def test_sentences_as_they_are_read():
    assert success_sentence(CLAIM, (-0.238, 0.0751), -0.10) == (
        "By difference in differences, the data on overdose call-outs in Glasgow city centre are "
        "compatible with anything from a fall of 23.8 % to a rise of 7.6 %, against what was expected "
        "without the change (95 % interval); a fall of 10 % or more is neither shown nor excluded."
    )
    shown = success_sentence(CLAIM, (-0.31, -0.125), -0.10)
    assert "a fall of between 12.5 % and 31.0 %" in shown and "10 % or more is shown." in shown
    assert success_sentence(CLAIM, (-0.05, 0.2), -0.1).endswith("10 % or more is excluded.")
    assert harm_sentence(CLAIM, (0.01, 0.08), 0.1).endswith(
        "a rise of 10 % or more is excluded, but a smaller rise is shown."
    )
    assert (
        "nothing is shown" in success_sentence(CLAIM, None, -0.1) == harm_sentence(CLAIM, None, 0)
    )


@given(INTERVALS)
def test_a_fall_or_a_rise_is_said_alone_only_where_the_interval_keeps_off_zero(interval):
    said, (low, high) = span(interval), interval
    if low <= 0 <= high:
        assert said == "no change" or said.startswith("anything from ")
    if said.startswith("a fall"):
        assert high < 0
    if said.startswith("a rise"):
        assert low > 0


@given(INTERVALS)
def test_what_is_printed_is_never_narrower_than_what_was_computed(interval):
    said = span(interval).replace("no change", "a rise of 0 %")
    signs = re.findall(r"(fall|rise)", said)
    sizes = [float(one) / 100 for one in re.findall(r"([\d.]+) %", said)]
    ends = sorted(size * (-1 if "fall" in sign else 1)
                  for sign, size in zip(signs * 2 if len(signs) == 1 else signs, sizes, strict=False))  # fmt: skip
    assert ends[0] <= interval[0] + 1e-9
    if "any size" not in said:
        assert ends[-1] >= interval[1] - 1e-9
    assert "-" not in said and "nan" not in said


@given(INTERVALS, THRESHOLDS)
def test_the_sentence_on_success_says_the_verdict_and_no_more(interval, threshold):
    said, verdict = success_sentence(CLAIM, interval, threshold), at_most(interval, threshold)
    first, _, also = said.partition(", but ")
    assert first.rstrip(".").endswith(" is shown") == (verdict == "shown")
    assert first.rstrip(".").endswith("more is excluded") or verdict != "excluded" or threshold >= 0
    assert ("neither shown nor excluded" in first) == (verdict == "undetermined")
    moved = "fall" if interval[1] < 0 else "rise" if interval[0] > 0 else ""
    beside = moved and verdict != "shown" and threshold <= 0
    assert also == {True: f"a {moved} is shown.", False: ""}[bool(beside)] or (
        also == f"a smaller {moved} is shown." and verdict == "excluded"
    )
    if verdict == "shown" and threshold < 0:
        assert interval[1] < 0
    for hype in ("prove", "cause", "success", "work", "significant", "reduc", "save"):
        assert hype not in said


@given(INTERVALS, MARGINS)
def test_the_sentence_on_harm_never_calls_a_wide_interval_harmless(interval, margin):
    said = harm_sentence(CLAIM, interval, margin)
    if interval[1] >= margin:
        assert "is excluded" not in said
    if interval[0] > 0:
        assert "rise" in said and "fall" not in said
    if risen(interval) and interval[1] < margin:
        assert said.endswith("a smaller rise is shown.")


@pytest.mark.parametrize(
    ("kind", "interval", "margin", "said"),
    [
        ("harm", (0.01, 0.08), 0.1, "excluded, but a smaller rise is shown"),
        ("harm", (0.01, 0.2), 0.1, "undetermined, but a rise is shown"),
        ("harm", (0.12, 0.2), 0.1, "shown"),
        ("harm", (-0.08, -0.01), 0.1, "excluded"),
        ("harm", None, 0.1, "undetermined"),
        ("displacement", (-0.1, -0.05), -0.2, "excluded, but a smaller fall is shown"),
        ("negative_control", (-0.08, -0.01), 0.1, "excluded, but a smaller change is shown"),
        ("negative_control", (0.053, 0.164), 0.15, "undetermined, but a change is shown"),
        ("negative_control", (0.16, 0.3), 0.15, "shown"),
        ("negative_control", (0.16, 0.3), None, "descriptive; a change is shown"),
        ("benefit", (-0.08, -0.01), 0.1, "excluded, but a fall is shown"),
        ("benefit", (0.02, 0.3), -0.1, "excluded, but a rise is shown"),
        ("benefit", (0.02, 0.3), 0.1, "undetermined, but a rise is shown"),
        ("benefit", (-0.08, -0.01), None, "descriptive"),
    ],
)
def test_a_table_claims_no_more_than_the_interval_and_hides_nothing_adverse(
    kind, interval, margin, said
):
    verdict = {
        "benefit": at_most if (margin or 0) <= 0 else at_least,
        "negative_control": moved,
    }.get(kind, harmful)(interval, margin or 0)
    assert in_words(kind, verdict, interval, margin) == said


@given(INTERVALS, st.floats(0, 0.4), THRESHOLDS)
def test_a_wider_interval_shows_nothing_that_a_narrower_one_does_not(interval, more, threshold):
    wider = (interval[0] - more, interval[1] + more)
    if at_most(wider, threshold) != "undetermined":
        assert at_most(interval, threshold) == at_most(wider, threshold)


@pytest.mark.parametrize(
    ("interval", "margin", "verdict", "said"),
    [
        ((-0.05, 0.09), 0.1, "excluded", "a change of 10 % or more either way is excluded."),
        ((0.01, 0.09), 0.1, "excluded", "either way is excluded, but a smaller change is shown."),
        ((-0.6, 0.9), 0.1, "undetermined", "either way is neither shown nor excluded."),
        ((0.01, 0.2), 0.1, "shown", "it should not have changed, and did."),
        ((-0.01, 0.01), None, "undetermined", "no margin says what staying still is."),
    ],
)
def test_an_outcome_stayed_still_only_where_its_interval_lies_within_the_margin(
    interval, margin, verdict, said
):
    assert moved(interval, margin) == verdict
    assert control_sentence(CLAIM, interval, margin).endswith(said)


@pytest.mark.parametrize(
    ("level", "said"), [(0.0030510, "99.69 %"), (0.05 / 3, "98.3 %"), (0.05, "95 %")]
)
def test_what_an_interval_holds_is_said_in_a_few_figures(level, said):
    sentence = success_sentence(Claim("a design", "deaths", "a city", level), (-0.1, 0.1), 0)
    assert f"({said} interval)" in sentence and words.confidence(level).replace("\xa0", " ") == said


def test_a_test_that_cannot_reach_its_level_says_so():
    assert floor_sentence(1 / 32, 0.05) == "" == floor_sentence(None, 0.05)
    assert "could have shown nothing" in floor_sentence(1 / 12, 0.05)


def test_an_interval_the_wrong_way_round_and_a_margin_under_zero_are_input_errors():
    with pytest.raises(InputError, match="lower end first"):
        at_most((0.2, 0.1), -0.1)
    with pytest.raises(InputError, match="lower end first"):
        span((float("nan"), 0.1))
    with pytest.raises(InputError, match="margin"):
        harmless((0.0, 0.1), -1.5)


@pytest.mark.parametrize(
    ("interval", "verdict", "said"),
    [
        ((-0.05, 0.1), "shown", "a fall of 20 % or more is excluded"),
        (
            (-0.15, -0.05),
            "shown",
            "a fall of 20 % or more is excluded, but a smaller fall is shown",
        ),
        ((-0.5, -0.2), "excluded", "a fall of 20 % or more is shown"),
        ((-0.3, 0.1), "undetermined", "a fall of 20 % or more is neither shown nor excluded"),
    ],
)
def test_where_falling_is_the_harm_the_margin_is_below_zero(interval, verdict, said):
    assert harmless(interval, -0.2) == verdict
    assert harm_sentence(Claim("a design", "treatment starts", "a city"), interval, -0.2).endswith(
        f"; {said}."
    )


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [((0.1, 0.4), "shown"), ((-0.2, 0.05), "excluded"), ((0.0, 0.2), "undetermined")],
)
def test_a_benefit_may_be_a_rise(interval, verdict):
    said = benefit_sentence(Claim("a design", "treatment starts", "a city"), interval, 0.1)
    assert at_least(interval, 0.1) == verdict and "a rise of 10 % or more is" in said


def test_a_level_is_told_by_two_figures():
    assert "at the level of 0.31 % this test" in floor_sentence(0.056, 0.00305065)


def test_an_interval_that_is_too_narrow_shows_what_it_shows_and_excludes_nothing():
    claim = Claim("a design", "needles", "a city")
    narrow = replace(claim, narrow=True)
    for kind, margin, out, shown in [("harm", 0.3, (-0.01, 0.2), (0.3, 0.5)),
                                     ("benefit", 0.1, (-0.2, 0.05), (0.2, 0.3)),
                                     ("negative_control", 0.1, (-0.05, 0.05), (0.2, 0.3)),
                                     ("success", -0.1, (-0.05, 0.2), (-0.3, -0.2))]:  # fmt: skip
        assert claim.verdict(kind, out, margin) == "excluded"
        assert narrow.verdict(kind, out, margin) == "undetermined"
        assert narrow.verdict(kind, shown, margin) == claim.verdict(kind, shown, margin) == "shown"
    assert harm_sentence(narrow, (0.01, 0.2), 0.3).endswith(
        "a rise of 30 % or more is neither shown nor excluded, but a rise is shown."
    )


@pytest.mark.parametrize(
    ("kind", "margin", "interval", "held"),
    [
        ("success", -0.1, (-0.3, -0.2), [(-0.4, True), (-0.11, True), (-0.09, False)]),
        ("success", -0.1, (-0.3, -0.05), [(-0.01, True), (0.01, False)]),  # a fall is shown
        ("success", -0.1, (-0.05, 0.2), [(0.3, True), (-0.2, False)]),  # it is excluded
        ("harm", 0.3, (-0.1, 0.1), [(-0.4, True), (0.2, True), (0.31, False)]),
        ("harm", 0.3, (0.05, 0.2), [(0.2, True), (-0.01, False), (0.31, False)]),
        ("negative_control", 0.1, (-0.05, 0.05), [(0.09, True), (-0.09, True), (-0.11, False)]),
        ("negative_control", None, (-0.05, 0.05), [(0.01, None), (-9.0, None)]),
        ("harm", 0.3, (-0.1, 0.4), [(0.5, None), (-0.5, None)]),  # nothing is decided
        ("success", -0.1, (-0.3, 0.0), [(0.1, None)]),  # as a test that leaves chance has it
        ("success", -0.1, None, [(0.1, None)]),
    ],
)
def test_what_is_decided_must_stay_and_where_nothing_is_a_sign_is_chance(
    kind, margin, interval, held
):
    for effect, said in held:
        assert kept(interval, lines_of(kind, margin), (interval or (0,))[:1]) is not False
        assert kept(interval, lines_of(kind, margin), (effect,)) is said


def test_of_a_diluted_effect_its_direction_is_asked_and_what_is_excluded():
    lines = lines_of("success", -0.2)
    assert kept((-0.4, -0.3), lines, (-0.1,)) is False
    assert kept((-0.4, -0.3), lines, (-0.1,), diluted=True) is True
    assert kept((-0.4, -0.3), lines, (0.1,), diluted=True) is False
    assert kept((-0.1, 0.3), lines, (-0.3,), diluted=True) is False


@given(
    st.sampled_from(["success", "benefit", "harm"]),
    st.floats(-0.5, 0.5),
    st.tuples(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9)).map(sorted),
    st.floats(-0.9, 0.9),
)
def test_an_estimate_that_keeps_a_verdict_does_not_deny_it(kind, margin, ends, effect):
    """An interval of no width about it has the same verdict."""
    assume(margin not in ends)
    claim, interval = Claim("a design", "deaths", "a city"), (ends[0], ends[1])
    verdict = claim.verdict(kind, interval, margin)
    if kept(interval, lines_of(kind, margin), (effect,)) and verdict != "undetermined":
        assert claim.verdict(kind, (effect, effect), margin) == verdict
