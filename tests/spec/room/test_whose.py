"""Whose an emergency is: what was done in it counts for its person, however that came to be known."""

from datetime import timedelta

import pytest

from opendcr.room.rules import earliest_leave
from tests.world import World, code, person

STAY = timedelta(minutes=120)


def dosed(world, **data):
    world.report("InterventionGiven", emergency="e-1", intervention="naloxone", **data)
    return world.last("InterventionGiven")


def on(world, name, kind, mode="report", **data):
    """A report on somebody's visit that says nobody's name, as a tablet sends it."""
    body = world.body(kind, None, data, mode=mode)
    return world.send({**body, "visit": world.seen(name).id})


def owed(world, name, dose):
    """Whether a dose keeps somebody here, who then may not be said to leave well."""
    keeps = world.seen(name).naloxone == dose.happened
    assert world.folded() == world.room
    world.report("EmergencyEnded", emergency="e-1")
    return keeps and code(world.depart(name)) == "too_soon"


@pytest.mark.parametrize("kind", ["EmergencyStarted", "Observed", "AmbulanceCalled"])
def test_a_dose_from_before_anybody_said_whose_it_is(kind):
    world = World()
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", emergency="e-1")
    dose = dosed(world)
    on(world, "Robin", kind, emergency="e-1")
    assert owed(world, "Robin", dose)
    assert world.flags() == []


def test_a_dose_that_arrives_before_its_start():
    world = World()
    world.arrive("Robin")
    dose = dosed(world)
    world.report("EmergencyStarted", "Robin", ago=1, emergency="e-1")
    assert owed(world, "Robin", dose)


def test_a_dose_that_names_a_person_alone_is_their_visits():
    world = World()
    world.arrive("Robin")
    body = world.body("InterventionGiven", None, {"intervention": "naloxone"})
    world.send({**body, "person": person("Robin")})
    assert world.seen("Robin").naloxone is not None


def test_an_emergency_that_names_a_person_alone_keeps_them_here():
    world = World()
    world.arrive("Robin")
    body = world.body("EmergencyStarted", None, {"emergency": "e-1"})
    world.send({**body, "person": person("Robin")})
    assert code(world.depart("Robin")) == "open_emergency"


def test_nobody_leaves_a_booth_with_an_emergency_that_is_nobodys_yet():
    world = World()
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", emergency="e-1", place="booth-1")
    assert code(world.depart("Robin")) == "open_emergency"
    world.arrive("Sam")
    on(world, "Sam", "EmergencyStarted", emergency="e-1")
    assert code(world.depart("Robin")) is None
    assert code(world.depart("Sam")) == "open_emergency"


def test_somebody_who_had_an_emergency_at_the_door_comes_in_with_it():
    world = World()
    body = world.body("EmergencyStarted", None, {"emergency": "e-1", "area": "outside"})
    world.send({**body, "person": person("Robin")})
    dose = dosed(world)
    world.report("Arrived", "Robin")
    assert code(world.depart("Robin")) == "open_emergency"
    assert owed(world, "Robin", dose)


def test_corrected_to_nobody_and_then_to_another():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    on(world, "Robin", "EmergencyStarted", emergency="e-1")
    start = world.last("EmergencyStarted")
    dose = dosed(world)
    world.correct(start, visit=None)
    assert world.seen("Robin").naloxone is None
    world.correct(start, visit=world.seen("Sam").id)
    assert world.seen("Robin").naloxone is None
    assert world.seen("Sam").person == person("Sam")
    assert owed(world, "Sam", dose)


def test_a_start_that_is_taken_back_leaves_the_doses_to_whoever_else_was_named():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    on(world, "Robin", "EmergencyStarted", emergency="e-1")
    start = world.last("EmergencyStarted")
    dose = dosed(world)
    on(world, "Sam", "EmergencyStarted", emergency="e-1")
    world.retract(start)
    assert world.seen("Robin").naloxone is None
    assert owed(world, "Sam", dose)


def test_a_queued_dose_of_a_visit_that_the_emergency_is_no_longer_goes_with_it_and_is_flagged():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    on(world, "Robin", "EmergencyStarted", emergency="e-1")
    world.correct(world.last("EmergencyStarted"), visit=world.seen("Sam").id)
    on(world, "Robin", "InterventionGiven", emergency="e-1", intervention="naloxone")
    assert world.flags() == ["other_visit"]
    assert world.seen("Robin").naloxone is None
    assert owed(world, "Sam", world.last("InterventionGiven"))


def test_a_dose_that_is_moved_by_hand_stays_where_it_was_put():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    on(world, "Robin", "EmergencyStarted", emergency="e-1")
    dose = dosed(world)
    world.correct(dose, visit=world.seen("Sam").id)
    on(world, "Robin", "Observed", emergency="e-1", breaths=12)
    assert (world.seen("Robin").naloxone, world.seen("Sam").naloxone) == (None, dose.happened)


def test_a_fact_that_is_moved_to_another_visit_is_about_that_visits_person():
    world = World()
    world.arrive("Robin")
    (nameless,) = world.ask("Arrived")
    world.report("Observed", "Robin", breaths=12)
    world.correct(world.last("Observed"), visit=nameless.visit)
    assert world.room.visits[nameless.visit].person is None
    world.arrive("Sam")
    world.correct(world.last("Observed"), visit=world.seen("Sam").id)
    assert world.seen("Sam").observed[-1].person == person("Sam")


def test_what_only_adds_to_an_emergency_is_followed_by_nothing():
    world = World()
    world.arrive("Robin")
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    assert len(world.report("Observed", emergency="e-1", breaths=12)) == 1


def test_a_dose_moved_to_another_emergency_is_that_ones_visits():
    world = World()
    for name, emergency in (("Robin", "e-1"), ("Sam", "e-2")):
        world.arrive(name)
        on(world, name, "EmergencyStarted", emergency=emergency)
    dose = dosed(world)
    world.correct(dose, emergency="e-2")
    assert world.seen("Sam").naloxone == dose.happened
    assert world.seen("Robin").naloxone is None
    world.correct(dose, emergency="e-1", visit=None)
    assert (world.seen("Robin").naloxone, world.seen("Sam").naloxone) == (None, None)


def test_a_dose_on_no_visit_is_its_persons_when_they_come():
    world = World()
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    dose = world.last("InterventionGiven")
    assert dose.visit is None
    world.arrive("Robin")
    assert earliest(world, "Robin") == dose.happened + STAY
    world.correct(dose, person=person("Sam"))
    assert earliest(world, "Robin") is None
    world.arrive("Sam")
    assert earliest(world, "Sam") == dose.happened + STAY
    world.retract(dose)
    assert earliest(world, "Sam") is None
    assert world.folded() == world.room


def test_a_dose_of_an_emergency_at_the_door_that_is_over_is_its_persons_when_they_come():
    world = World()
    world.report("EmergencyStarted", "Robin", emergency="e-1", area="entrance")
    world.report("InterventionGiven", "Robin", emergency="e-1", intervention="naloxone")
    world.report("EmergencyEnded", emergency="e-1", outcome="recovered")
    world.arrive("Robin")
    assert earliest(world, "Robin") == world.last("InterventionGiven").happened + STAY


def test_a_dose_on_one_of_two_open_visits_holds_the_person_on_both():
    world = World()
    world.arrive("Robin")
    first = world.seen("Robin").id
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    world.wait(1)
    world.send({"id": "c-2", "kind": "Arrived", "mode": "report", "person": person("Robin")})
    second = world.last("Arrived").visit
    assert second != first
    until = world.last("InterventionGiven").happened + STAY
    for visit in (first, second):
        assert earliest_leave(world.room, world.room.visits[visit]) == until


def test_an_arrival_corrected_to_another_takes_the_dose_with_it_and_leaves_it_where_it_was_said():
    """The emergency was at reception, and its person came in under the wrong name."""
    world = World()
    world.report("EmergencyStarted", emergency="e-1", area="reception")
    start = world.last("EmergencyStarted")
    dose = dosed(world)
    world.arrive("Robin")
    arrival = world.last("Arrived")
    world.correct(start, visit=arrival.visit)
    world.correct(arrival, person=person("Sam"))
    assert world.seen("Sam").id == arrival.visit
    assert owed(world, "Sam", dose)
    world.arrive("Robin")
    assert earliest(world, "Robin") == dose.happened + STAY


@pytest.mark.parametrize("named", ["Robin", "Sam", None])
def test_a_second_arrival_on_a_visit_that_is_over_keeps_the_dose(named):
    """Sam is found to be Robin; or nobody says who comes."""
    world = World()
    world.arrive("Robin")
    visit = world.seen("Robin").id
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    until = world.last("InterventionGiven").happened + STAY
    world.depart("Robin", how="against_advice")
    world.send({"id": "c-2", "kind": "Linked", "mode": "report", "person": person("Robin"),
                "data": {"other": person("Sam")}})  # fmt: skip
    world.wait(1)
    again = {"id": "c-3", "kind": "Arrived", "mode": "report", "visit": visit}
    world.send({**again, "person": person(named) if named else None})
    again = world.room.visits[visit]
    assert earliest_leave(world.room, again) == until
    assert again.person == person(named or "Robin")


def earliest(world: World, name: str):
    return earliest_leave(world.room, world.seen(name))
