"""What was entered wrongly is put right; what was said stays readable."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from opendcr.ledger.facts import Fact
from opendcr.ledger.timeline import document_of, text_of, timeline
from opendcr.room.decide import decide
from opendcr.room.intake import intake
from opendcr.room.reviews import open_reviews
from opendcr.room.story import visit_lines
from tests.world import World, code, person


def test_correcting_whose_arrival_it_was_corrects_the_visit():
    world = World()
    world.arrive("Robin")
    world.talk("Robin")
    world.correct(next(f for f in world.facts if f.kind == "Arrived"), person=person("Sam"))
    assert world.visit("Robin") is None
    assert world.seen("Sam").assessed == "proceed"


def test_an_arrival_taken_back_leaves_nobody_behind_not_even_by_its_flags():
    world = World()
    world.send(world.body("Arrived", "Robin", {}, mode="report", tapped="2025-02-03T09:59:00Z"))
    assert world.flags() == ["clock_unknown"]
    world.retract(world.last("Arrived"))
    assert world.board()["building"] == 0


def test_what_an_arrival_taken_back_leaves_open_is_shown():
    world = World()
    world.arrive("Robin")
    world.ask("Queued", "Robin")
    world.retract(world.last("Arrived"))
    assert [notice.words for notice in world.notices("no_arrival")] == ["No arrival is recorded"]


def test_a_retraction_taken_back_puts_the_fact_in_again():
    world = World()
    world.arrive("Robin")
    world.retract(world.last("Arrived"))
    world.retract(world.last("Retracted"))
    assert world.board()["building"] == 1


def test_a_fact_moved_to_another_visit_counts_there():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    world.ask("Assessed", "Robin", outcome="proceed")
    world.correct(world.last("Assessed"), visit=world.seen("Sam").id)
    assert (world.seen("Robin").assessed, world.seen("Sam").assessed) == (None, "proceed")


def test_nothing_is_corrected_into_the_future():
    world = World()
    world.arrive("Robin")
    refused = world.correct(world.last("Arrived"), happened="2031-01-01T00:00:00Z")
    assert code(refused) == "changes_unusable"


def test_a_correction_of_nothing_that_is_known_is_held_for_review():
    world = World()
    (held,) = world.report("Retracted", target="f-00", reason="mistake")
    assert (held.kind, held.data["reason"]) == ("ReviewFlagged", "target_unknown")


def test_a_late_fact_finds_its_place():
    world = World()
    world.use("Robin", "booth-1")
    world.wait(20)
    world.report("ConsumptionEnded", "Robin", ago=1)
    world.report("MovedToRecovery", "Robin", ago=10)
    assert world.seen("Robin").stage == "finished"
    world.retract(world.last("ConsumptionEnded"))
    assert world.seen("Robin").stage == "recovery"


def test_a_departure_taken_back_into_a_taken_booth_is_flagged():
    world = World()
    world.use("Robin", "booth-1")
    world.depart("Robin")
    departed = world.last("Departed")
    world.use("Sam", "booth-1")
    assert world.flags() == []
    world.retract(departed)
    assert world.flags() == ["breaks_room"]


def test_an_arrival_corrected_to_somebody_who_is_here_is_flagged():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    world.correct(world.last("Arrived"), person=person("Robin"))
    assert world.flags() == ["breaks_room"]


def test_an_emergency_corrected_onto_somebody_who_has_left_is_flagged():
    world = World()
    world.arrive("Robin")
    visit = world.seen("Robin").id
    world.depart("Robin")
    world.report("EmergencyStarted", emergency="e-1")
    world.correct(world.last("EmergencyStarted"), visit=visit)
    assert world.flags() == ["breaks_room"]


def test_a_correction_that_breaks_nothing_is_not_flagged_for_what_was_broken_before():
    world = World()
    world.report("Arrived", "Robin")
    world.report("Seated", "Robin", place="booth-1")
    world.seat("Sam", "booth-2")
    world.correct(world.last("Seated"), place="booth-1")
    assert world.flags().count("breaks_room") == 1
    world.arrive("Kit")
    world.correct(world.last("Arrived"), reasons=["shower"])
    assert world.flags().count("breaks_room") == 1


def test_what_a_role_may_not_do_it_does_not_do_by_taking_back_that_it_was_taken_back():
    world = World()
    world.ask("ExclusionImposed", "Robin", scope="building", until="2025-02-09T10:00:00Z")
    (lifted,) = world.ask("ExclusionLifted", "Robin", exclusion=world.last("ExclusionImposed").id)
    (retracted,) = world.retract(lifted)
    body = world.body("Retracted", None, {"target": retracted.id, "reason": "mistake"}, mode="ask")
    assert code(world.send(body, role="reception")) == "not_permitted"
    assert code(world.arrive("Robin")) == "excluded"


def test_a_correction_changes_what_its_fact_can_hold_and_nothing_else():
    world = World()
    world.arrive("Robin")
    arrived = world.last("Arrived")
    for changes in ({}, {"data": {"place": "booth-1"}}):
        said = {"target": arrived.id, "changes": changes, "reason": "mistake"}
        assert code(world.ask("Corrected", **said)) == "changes_unusable", changes


@pytest.mark.parametrize("mode", ["ask", "report"])
@pytest.mark.parametrize("value", [400_000, -5, 0])
def test_what_cannot_be_true_of_a_body_is_kept_in_a_correction_too_and_the_flag_names_it(
    mode, value
):
    world = World()
    given, *_ = world.report("InterventionGiven", "Robin", intervention="naloxone")
    changes = {"data": {"micrograms": value, "route": "intramuscular"}}
    said = {"target": given.id, "changes": changes, "reason": "learned_later"}
    fact, flag = world.send(world.body("Corrected", None, said, mode=mode))
    assert fact.data["changes"] == changes
    assert (flag.data["reason"], flag.data["fields"]) == ("impossible_value", ["micrograms"])


def test_a_value_that_only_another_kind_could_hold_is_flagged():
    world = World()
    given, *_ = world.report("InterventionGiven", "Robin", intervention="naloxone")
    changes = {"data": {"route": "inhaled"}}
    said = {"target": given.id, "changes": changes, "reason": "mistake"}
    _, flag = world.report("Corrected", **said)
    assert (flag.data["reason"], flag.data["fields"]) == ("impossible_value", ["route"])


def test_what_cannot_be_true_of_anything_else_is_refused_to_an_ask_and_kept_of_a_report():
    world = World()
    supplied, *_ = world.report("NaloxoneSupplied", "Robin", kits=1)
    said = {"target": supplied.id, "changes": {"data": {"kits": 900}}, "reason": "mistake"}
    assert code(world.ask("Corrected", **said)) == "impossible_value"
    assert "from 1 to 20" in world.answers[-1].words
    _, flag = world.report("Corrected", **said)
    assert (flag.data["reason"], flag.data["fields"]) == ("impossible_value", ["kits"])


def test_what_corrects_or_retracts_is_not_corrected_and_a_correction_not_retracted():
    world = World()
    world.arrive("Robin")
    world.correct(world.last("Arrived"), reasons=["shower"])
    corrected = world.last("Corrected")
    assert code(world.retract(corrected)) == "not_correctable"
    assert code(world.correct(corrected, person=None)) == "not_correctable"
    world.retract(world.last("Arrived"))
    assert code(world.correct(world.last("Retracted"), person=None)) == "not_correctable"


def amending(world, kind, **data):
    """The command that corrects or retracts the last arrival, as `decide` gets it."""
    said = {"target": world.last("Arrived").id, "reason": "mistake", **data}
    return world.command(intake(world.body(kind, None, said, mode="ask")))


def test_no_fact_of_another_room_is_amended():
    world = World()
    world.arrive("Robin")
    command = amending(world, "Retracted")
    elsewhere = replace(command, target=replace(command.target, room="elsewhere"))
    assert code(decide(world.room, elsewhere, world.now, world.archive)) == "target_unknown"


def test_a_correction_of_which_a_part_cannot_be_used_is_refused_whole():
    world = World()
    world.arrive("Robin")
    command = amending(world, "Corrected", changes={"person": None})
    partly = {**command.data, "changes": {"person": None, "visit": "no id"}}
    answer = decide(world.room, replace(command, data=partly), world.now, world.archive)
    assert code(answer) == "changes_unusable"


def test_an_imported_fact_is_completed_without_its_time_being_doubted():
    world = World()
    world.arrive("Robin")
    command = amending(world, "Corrected", changes={"data": {"needs": ["hearing"]}})
    imported = replace(command.target, happened=datetime(1999, 5, 1, tzinfo=UTC))
    answer = decide(world.room, replace(command, target=imported), world.now, world.archive)
    assert code(answer) is None


def test_a_correction_by_a_clock_that_lags_is_not_held():
    world = World()
    world.wait(5)
    world.arrive("Robin")
    arrived = world.last("Arrived")
    changes = {"data": {"needs": ["hearing"]}}
    world.report("Corrected", ago=1, target=arrived.id, changes=changes, reason="mistake")
    assert world.flags() == []
    assert world.seen("Robin").needs == ("hearing",)


def test_only_what_has_no_author_is_given_one():
    world = World()
    world.arrive("Robin")
    arrived = world.last("Arrived")
    assert code(world.ask("Attributed", target=arrived.id, staff="s-2")) == "has_author"
    world.send({"id": "1", "kind": "Observed"}, role="device", author="unattributed")
    seen = world.last("Observed")
    assert code(world.ask("Attributed", target=seen.id, staff="s-2")) is None


def _nobodys(world: World, **fields: object) -> Fact:
    """What a tablet saw with nobody signed in."""
    body = {"id": "dose", "kind": "InterventionGiven", "data": {"intervention": "naloxone"}}
    world.send({**body, **fields}, role="device", author="unattributed")
    return world.last("InterventionGiven")


def test_what_was_done_has_one_author_until_that_is_taken_back():
    world = World()
    dose = _nobodys(world)
    assert code(world.ask("Attributed", target=dose.id, staff="s-2")) is None
    assert code(world.ask("Attributed", target=dose.id, staff="s-3")) == "has_author"
    world.retract(world.last("Attributed"))
    assert world.room.standing.attributed_to(dose) is None
    assert code(world.ask("Attributed", target=dose.id, staff="s-3")) is None
    assert world.room.standing.attributed_to(dose) == "s-3"
    assert world.folded().standing.attributed_to(dose) == "s-3"


def test_a_report_of_another_author_is_kept_and_flagged_and_the_first_stands():
    world = World()
    dose = _nobodys(world)
    world.report("Attributed", ago=3, target=dose.id, staff="s-2")
    first = world.last("Attributed")
    world.report("Attributed", ago=5, target=dose.id, staff="s-3")
    assert world.flags() == ["has_author"]
    assert world.room.standing.attributed_to(dose) == "s-2"
    world.retract(first)
    assert world.room.standing.attributed_to(dose) == "s-3"


def test_stories_and_reviews_tell_who_was_named_beside_nobody():
    world = World()
    world.arrive("Robin")
    visit = world.seen("Robin").id
    world.ask("EmergencyStarted", "Robin", emergency="e-1")
    dose = _nobodys(
        world, visit=visit, data={"intervention": "naloxone", "emergency": "e-1", "micrograms": 0}
    )
    world.ask("Attributed", target=dose.id, staff="s-2")
    told = ("unattributed", "s-2")
    [emergency] = world.board()["emergencies"]
    entries = timeline(lambda: world.facts, visit)
    for lines in (
        emergency["timeline"],
        visit_lines(entries, world.room.policy, lambda fact: fact),
    ):
        assert [
            (line["author"], line["attributed"]) for line in lines if line["fact"] == dose.id
        ] == [told]
        assert all(line["attributed"] is None for line in lines if line["fact"] != dose.id)
    [review] = open_reviews(world.room)
    assert (review["author"], review["attributed"]) == told
    [shown] = [entry for entry in entries if entry.original.id == dose.id]
    assert document_of(shown)["attributed"] == "s-2"
    assert "done by s-2" in text_of(shown, "Europe/London")


def test_what_has_its_author_is_nobody_elses_whatever_was_reported():
    world = World()
    world.arrive("Robin")
    visit, arrived = world.seen("Robin").id, world.last("Arrived")
    world.report("Attributed", ago=1, target=arrived.id, staff="s-2")
    assert world.flags() == ["has_author"]
    assert {entry.attributed for entry in timeline(lambda: world.facts, visit)} == {None}


def test_a_departure_taken_back_of_somebody_who_came_again_is_flagged():
    world = World()
    world.use("Robin", "booth-1")
    world.depart("Robin")
    departed = world.last("Departed")
    world.seat("Robin", "booth-2")
    world.retract(departed)
    assert world.flags() == ["breaks_room"]


def test_the_story_strikes_who_it_was_not():
    world = World()
    world.arrive("Robin")
    visit = world.seen("Robin").id
    world.correct(world.last("Arrived"), person=person("Sam"))
    entries = timeline(lambda: world.facts, visit)
    lines = visit_lines(entries, world.room.policy, lambda fact: fact)
    assert [(line["person"], line["struck"]) for line in lines] == [
        (person("Robin"), True),
        (person("Sam"), False),
    ]
