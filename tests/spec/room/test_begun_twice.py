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
    assert emergency["also"] == ["e-2"]


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


def test_the_second_stays_where_it_was_put_when_its_start_is_struck_out():
    world = joined()
    world.retract(start_of(world, "e-2"))
    (emergency,) = world.board()["emergencies"]
    assert (emergency["id"], len(emergency["naloxone"])) == ("e-1", 1)


def test_the_second_goes_on_with_the_first_when_the_first_start_is_struck_out():
    world = joined()
    world.retract(start_of(world, "e-1"))
    (emergency,) = world.board()["emergencies"]
    assert (emergency["id"], len(emergency["naloxone"])) == ("e-1", 1)
    assert world.seen("Robin").naloxone is not None


def test_a_dose_follows_the_start_that_it_was_recorded_with_and_no_other():
    world = World()
    world.use("Robin", "booth-1")
    world.use("Sam", "booth-2")
    world.report("EmergencyStarted", "Robin", emergency="e-0")
    world.report("EmergencyStarted", emergency="e-2")
    world.report("InterventionGiven", emergency="e-2", intervention="naloxone")
    world.report("EmergencyStarted", emergency="e-3")
    world.correct(start_of(world, "e-3"), emergency="e-2")
    world.correct(start_of(world, "e-3"), emergency="e-7")
    world.correct(start_of(world, "e-3"), visit=world.seen("Sam").id)
    world.correct(start_of(world, "e-2"), emergency="e-0")
    assert world.seen("Robin").naloxone is not None
    assert world.seen("Sam").naloxone is None


def test_who_joins_one_that_was_joined_already_joins_what_it_is_now():
    world = joined()
    world.report("EmergencyStarted", emergency="e-3")
    world.correct(start_of(world, "e-3"), emergency="e-2")
    (emergency,) = world.board()["emergencies"]
    assert (emergency["id"], len(emergency["naloxone"])) == ("e-1", 1)


def test_two_who_join_them_each_their_own_way_make_one():
    world = joined()
    world.correct(start_of(world, "e-1"), emergency="e-2")
    (emergency,) = world.board()["emergencies"]
    assert len(emergency["naloxone"]) == 1


def test_a_second_report_of_the_start_follows_that_nobody_corrected():
    world = begun_twice()
    first = start_of(world, "e-2")
    world.report("EmergencyStarted", emergency="e-2", place="booth-1")
    world.correct(first, emergency="e-1")
    (emergency,) = world.board()["emergencies"]
    assert (emergency["id"], len(emergency["naloxone"])) == ("e-1", 1)


def test_parted_each_is_again_whose_somebody_said():
    world = joined()
    world.correct(start_of(world, "e-2"), emergency="e-7")
    first, second = world.board()["emergencies"]
    assert (first["visit"], second["visit"]) == (world.seen("Robin").id, None)
    assert world.seen("Robin").naloxone is None


def test_parted_the_first_is_nobodys_if_only_the_second_was_somebodys():
    world = World()
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", emergency="e-1")
    world.report("EmergencyStarted", "Robin", emergency="e-2")
    world.correct(start_of(world, "e-2"), emergency="e-1")
    assert world.board()["emergencies"][0]["visit"] == world.seen("Robin").id
    world.correct(start_of(world, "e-2"), emergency="e-7")
    first, second = world.board()["emergencies"]
    assert (first["visit"], second["visit"]) == (None, world.seen("Robin").id)


def test_a_second_is_not_put_into_an_emergency_that_is_over():
    world = begun_twice()
    world.report("EmergencyEnded", emergency="e-1")
    answer = world.correct(start_of(world, "e-2"), emergency="e-1")
    assert answer.code == "emergency_over"
    assert [one["id"] for one in world.board()["emergencies"]] == ["e-2"]


def test_what_was_over_is_taken_back_to_where_it_is_over():
    world = begun_twice()
    world.report("EmergencyEnded", emergency="e-2")
    world.correct(start_of(world, "e-2"), emergency="e-1")
    world.correct(start_of(world, "e-2"), emergency="e-2")
    assert [one["id"] for one in world.board()["emergencies"]] == ["e-1"]


def test_what_follows_late_is_not_called_doubtful_except_an_end():
    world = joined()
    world.report("InterventionGiven", emergency="e-2", intervention="naloxone")
    assert world.flags() == []
    world.report("EmergencyEnded", emergency="e-2")
    assert world.flags() == ["emergency_not_open"]


def test_a_dose_that_comes_back_is_its_emergencys():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    world.report("InterventionGiven", "Robin", emergency="e-1", intervention="naloxone")
    world.retract(world.last("InterventionGiven"))
    world.report("EmergencyStarted", "Sam", emergency="e-1")
    world.retract(world.last("Retracted"))
    assert world.seen("Sam").naloxone is not None
    assert world.seen("Robin").naloxone is None


def test_a_dose_that_is_moved_is_the_other_emergencys_and_does_not_say_whose_that_is():
    world = begun_twice()
    world.report("InterventionGiven", emergency="e-1", intervention="naloxone")
    assert world.seen("Robin").naloxone is not None
    world.correct(world.last("InterventionGiven"), emergency="e-2")
    first, second = world.board()["emergencies"]
    assert (first["visit"], len(first["naloxone"])) == (world.seen("Robin").id, 0)
    assert (second["visit"], len(second["naloxone"])) == (None, 2)
    assert world.seen("Robin").naloxone is None


def lines(world: World, id: str):
    found = [one for one in world.board()["emergencies"] if one["id"] == id]
    return [(line["words"], line["struck"]) for line in found[0]["timeline"]]


def test_what_was_struck_or_changed_in_the_second_is_seen_in_the_first():
    world = joined()
    dose = world.last("InterventionGiven")
    world.correct(dose, micrograms=800)
    told = lines(world, "e-1")
    assert ("Naloxone, 400 micrograms", True) in told
    assert ("Naloxone, 800 micrograms", False) in told
    world.retract(dose)
    assert ("Naloxone, 800 micrograms", True) in lines(world, "e-1")


def test_what_was_added_later_and_then_changed_stays_to_be_seen():
    world = World()
    world.report("EmergencyStarted", emergency="e-1")
    world.report("InterventionGiven", emergency="e-1", intervention="naloxone")
    dose = world.last("InterventionGiven")
    world.correct(dose, micrograms=400)
    world.correct(dose, micrograms=800)
    assert lines(world, "e-1") == [
        ("Emergency", False),
        ("Naloxone, 400 micrograms", True),
        ("Naloxone, 800 micrograms", False),
    ]


def test_a_start_that_was_struck_out_takes_nothing_into_what_is_over():
    world = World()
    world.report("EmergencyStarted", emergency="e-1")
    first = world.last("EmergencyStarted")
    world.report("EmergencyStarted", emergency="e-1", place="booth-1")
    world.report("EmergencyStarted", emergency="e-3")
    world.report("EmergencyEnded", emergency="e-3")
    world.retract(first)
    assert world.correct(first, emergency="e-3").code == "emergency_over"
    assert [one["id"] for one in world.board()["emergencies"]] == ["e-1"]


def test_the_only_line_of_one_that_runs_is_not_put_into_what_is_over():
    world = World()
    world.report("InterventionGiven", emergency="e-2", intervention="naloxone")
    world.report("EmergencyStarted", emergency="e-1")
    world.report("EmergencyEnded", emergency="e-1")
    dose = world.last("InterventionGiven")
    assert world.correct(dose, emergency="e-1").code == "emergency_over"
    world.report("EmergencyStarted", emergency="e-2")
    assert isinstance(world.correct(dose, emergency="e-1"), tuple)


def test_two_that_are_over_are_made_one():
    world = begun_twice()
    for id in ("e-1", "e-2"):
        world.report("EmergencyEnded", emergency=id)
    assert isinstance(world.correct(start_of(world, "e-2"), emergency="e-1"), tuple)


def test_what_happened_before_the_end_is_not_called_doubtful_for_coming_after_it():
    world = begun_twice()
    world.wait(2)
    world.report("EmergencyEnded", emergency="e-1")
    world.report("InterventionGiven", emergency="e-1", intervention="oxygen", ago=1)
    assert world.flags() == []
    world.wait(1)
    world.report("InterventionGiven", emergency="e-1", intervention="oxygen")
    assert world.flags() == ["emergency_not_open"]
