"""One emergency that two people began: made one again, with all that was done in either."""

from opendcr.ledger.codec import encode
from opendcr.ledger.facts import Header, Origin
from opendcr.ledger.timeline import timeline
from opendcr.measures import measured
from opendcr.room.story import visit_lines
from opendcr.tables import ledger_of
from tests.world import World


def begun_twice() -> World:
    """Robin's emergency, begun by one who knew who it is and by one who did not."""
    world = World()
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    world.report("EmergencyStarted", emergency="e-2")
    world.report("InterventionGiven", emergency="e-2", intervention="naloxone", micrograms=400)
    world.report("Observed", emergency="e-2", breaths=4)
    return world


def start_of(world: World, id: str):
    starts = [one for one in world.facts if one.kind == "EmergencyStarted"]
    return next(one for one in starts if one.data["emergency"] == id)


def joined() -> World:
    world = begun_twice()
    world.correct(start_of(world, "e-2"), emergency="e-1")
    return world


def test_what_was_done_in_the_second_follows_its_start_into_the_first():
    (emergency,) = joined().board()["emergencies"]
    assert (emergency["id"], emergency["breaths"], len(emergency["naloxone"])) == ("e-1", 4, 1)


def test_what_was_done_in_the_second_is_the_first_ones_persons():
    world = joined()
    assert world.seen("Robin").naloxone is not None
    assert world.on_board("Robin")["emergency"] == "e-1"


def test_what_was_still_on_its_way_follows():
    world = joined()
    world.report("InterventionGiven", emergency="e-2", intervention="naloxone", micrograms=400)
    (emergency,) = world.board()["emergencies"]
    assert (emergency["id"], len(emergency["naloxone"])) == ("e-1", 2)


def test_who_says_late_where_the_second_is_parts_nothing():
    world = joined()
    world.report("EmergencyStarted", emergency="e-2", place="booth-1")
    (emergency,) = world.board()["emergencies"]
    assert (emergency["id"], len(emergency["naloxone"])) == ("e-1", 1)


def test_the_end_of_the_second_does_not_end_the_first():
    world = begun_twice()
    world.report("EmergencyEnded", emergency="e-2")
    world.correct(start_of(world, "e-2"), emergency="e-1")
    world.report("EmergencyEnded", emergency="e-2")
    (emergency,) = world.board()["emergencies"]
    assert (emergency["id"], len(emergency["naloxone"])) == ("e-1", 1)


def test_joining_by_mistake_is_taken_back():
    world = joined()
    world.correct(start_of(world, "e-2"), emergency="e-2")
    first, second = world.board()["emergencies"]
    assert (len(first["naloxone"]), len(second["naloxone"])) == (0, 1)
    assert (first["breaths"], second["breaths"]) == (None, 4)


def test_parted_under_a_new_name_it_has_all_that_was_recorded_in_it():
    world = joined()
    world.correct(start_of(world, "e-2"), emergency="e-7")
    first, second = world.board()["emergencies"]
    assert (second["id"], second["breaths"], len(second["naloxone"])) == ("e-7", 4, 1)
    assert (first["id"], first["breaths"], len(first["naloxone"])) == ("e-1", None, 0)


def test_three_become_one():
    world = begun_twice()
    world.report("EmergencyStarted", emergency="e-3")
    world.report("InterventionGiven", emergency="e-3", intervention="oxygen", litres=15)
    world.correct(start_of(world, "e-3"), emergency="e-2")
    for start in [one for one in world.facts if one.kind == "EmergencyStarted"][1:]:
        world.correct(start, emergency="e-1")
    (emergency,) = world.board()["emergencies"]
    assert (emergency["oxygen"], len(emergency["naloxone"])) == (15, 1)


def test_the_visits_record_tells_each_thing_once_and_strikes_nothing():
    world = joined()
    entries = timeline(lambda: world.facts, world.seen("Robin").id)
    lines = visit_lines(entries, world.room.policy, lambda fact: fact)
    told = [line["struck"] for line in lines if line["kind"] in ("InterventionGiven", "Observed")]
    assert told == [False, False]


def test_begun_twice_is_counted_once():
    header = Header("here", "Europe/London", Origin("simulated", scenario="test", seed=1))
    for world, count in ((begun_twice(), 2), (joined(), 1)):
        ledger = ledger_of(header, [encode(fact) for fact in world.facts])
        (row,) = measured([ledger], ["medical_emergencies"]).rooms[0].rows
        assert row.numerator == count
