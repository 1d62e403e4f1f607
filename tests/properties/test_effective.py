"""Effective facts: corrections and retractions, as the design's section on the ledger has them."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from opendcr.ledger.effective import effective, readable_changes
from opendcr.ledger.facts import Fact
from opendcr.ledger.timeline import timeline
from tests import strategies

ORIGINALS = ("Arrived", "Seated", "Observed", "EmergencyStarted")
histories = strategies.ledgers(
    min_size=1, max_size=12, kinds=(*ORIGINALS, "Corrected", "Retracted", "Retracted")
).map(lambda ledger: list(ledger[1]))


def stands(fact, history) -> bool:
    """A fact stands unless a retraction that stands itself names it: the rule as it is said."""
    return not any(
        other.kind == "Retracted" and other.data["target"] == fact.id and stands(other, history)
        for other in history
    )


@given(histories)
def test_what_stands_is_what_no_standing_retraction_names(history):
    expected = [f.id for f in history if f.kind in ORIGINALS and stands(f, history)]
    assert [fact.id for fact in effective(history)] == expected


@given(histories, st.randoms())
def test_the_order_in_which_facts_are_given_does_not_matter(history, random):
    shuffled = random.sample(history, len(history))
    assert effective(shuffled) == effective(history)


@given(histories)
def test_kind_author_and_recorded_are_never_changed(history):
    originals = {fact.id: fact for fact in history}
    for fact in effective(history):
        original = originals[fact.id]
        assert replace(
            fact,
            happened=original.happened,
            person=original.person,
            visit=original.visit,
            data=original.data,
        ) == original  # fmt: skip


@given(histories)
def test_of_each_thing_changed_the_latest_change_wins(history):
    for fact in effective(history):
        (original,) = [one for one in history if one.id == fact.id]
        changes = [
            readable_changes(fact.kind, {}, one.data["changes"])
            for one in history
            if one.kind == "Corrected" and one.data["target"] == fact.id
        ]
        for name in ("happened", "person", "visit"):
            said = [made[name] for made in changes if name in made]
            assert getattr(fact, name) == (said or [getattr(original, name)])[-1]
        keys = {key for made in changes for key in made.get("data", {})}
        for key in keys | set(original.data):
            said = [made["data"][key] for made in changes if key in made.get("data", {})]
            assert fact.data[key] == (said or [original.data.get(key)])[-1]


def test_two_corrections_of_different_things_both_count():
    original = seated()
    moved = correcting(original, 2, {"happened": "2025-02-01T10:00:00.000Z"})
    elsewhere = correcting(original, 3, {"data": {"place": "booth-7"}})
    back = correcting(original, 4, {"data": {"place": "booth-2"}})
    (fact,) = effective([original, moved, elsewhere])
    assert (fact.happened.hour, fact.data["place"]) == (10, "booth-7")
    assert effective([original, moved, elsewhere, back])[0].data["place"] == "booth-2"


@given(histories, strategies.facts("Corrected"), strategies.facts("Retracted"))
def test_orphans_have_no_effect(history, correction, retraction):
    """Corrections of nothing, of a correction and of a retraction; a retraction of nothing."""
    last = history[-1].seq
    about = [fact.id for fact in history if fact.kind not in ORIGINALS]
    for target in ["f-nowhere", *about]:
        data = {"target": target, "reason": "mistake", "changes": {"visit": "v-elsewhere"}}
        corrected = replace(correction, seq=last + 1, data=data)
        assert effective([*history, corrected]) == effective(history)
    nothing = replace(retraction, seq=last + 1, data={"target": "f-nowhere", "reason": "mistake"})
    assert effective([*history, nothing]) == effective(history)


@given(strategies.facts("Arrived"), strategies.facts("Retracted"), st.integers(1, 30))
def test_a_retraction_is_retracted_to_any_depth(fact, retraction, depth):
    history = [replace(fact, id="f-0", seq=1)]
    for at in range(1, depth + 1):
        data = {"target": f"f-{at - 1}", "reason": "mistake"}
        history.append(replace(retraction, id=f"f-{at}", seq=at + 1, data=data))
    assert effective(history) == (history[:1] if depth % 2 == 0 else [])


@given(strategies.facts("Corrected"), st.sampled_from([7, True, "not an id", "", [], {}]))
def test_changes_that_no_reader_could_use_are_left_aside(correction, odd):
    original = seated()
    changes = {"visit": odd, "person": odd, "happened": odd, "data": {"place": odd, "else": odd}}
    changes |= {"kind": "Departed", "author": "s-other", "recorded": "2020-01-01T00:00:00Z"}
    data = {"target": original.id, "reason": "mistake", "changes": changes}
    assert effective([original, replace(correction, seq=2, data=data)]) == [original]


@given(strategies.facts("Corrected"))
def test_a_correction_may_change_time_person_visit_and_keys_of_data(correction):
    original = seated()
    changes = {
        "happened": "2025-03-01T23:59:59.999+01:00",
        "person": None,
        "visit": "v-9",
        "data": {"place": "booth-9"},
    }
    data = {"target": original.id, "reason": "mistake", "changes": changes}
    (fact,) = effective([original, replace(correction, seq=2, data=data)])
    assert fact.happened == datetime(2025, 3, 1, 22, 59, 59, 999000, tzinfo=UTC)
    assert (fact.person, fact.visit, fact.data) == (None, "v-9", {"place": "booth-9"})


def correcting(fact, seq, changes):
    data = {"target": fact.id, "reason": "mistake", "changes": changes}
    return replace(fact, id=f"f-{seq}", seq=seq, kind="Corrected", data=data)


def seated():
    moment = datetime(2025, 3, 1, 12, tzinfo=UTC)
    return Fact("f-1", "c-1", "Seated", 1, "glasgow", "v-1", "p-1", moment, moment, "s-1", None,
                "worker", "t-1", "tap", {"place": "booth-1"}, seq=1)  # fmt: skip


@given(histories, strategies.visits)
def test_the_timeline_of_a_visit_shows_what_stands_and_keeps_what_was_struck(history, visit):
    entries = timeline(lambda: history, visit)
    standing = {fact.id: fact for fact in effective(history) if fact.visit == visit}
    shown = {entry.original.id: entry.standing for entry in entries if entry.standing}
    assert shown == standing
    struck = {entry.original.id for entry in entries if entry.standing is None}
    assert struck >= {
        f.id for f in history if f.kind in ORIGINALS and f.visit == visit and f.id not in standing
    }
    assert all(entry.original in history for entry in entries)


def test_a_corrected_moment_is_cut_to_whole_milliseconds():
    original = seated()
    changed = correcting(original, 2, {"happened": "2025-02-01T10:00:00.120999Z"})
    (fact,) = effective([original, changed])
    assert fact.happened == datetime(2025, 2, 1, 10, 0, 0, 120000, tzinfo=UTC)
