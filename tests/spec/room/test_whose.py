"""Whose an emergency is: what was done in it counts for its person, however that came to be known."""

import pytest

from tests.world import World, code, person


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
