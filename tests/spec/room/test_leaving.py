"""How people leave, and what they leave behind."""

from tests.world import World, code


def test_the_building_counts_who_came_less_who_left():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    world.depart("Robin")
    assert world.board()["building"] == 1


def test_nobody_leaves_while_their_emergency_runs():
    world = World()
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    assert code(world.depart("Robin")) == "open_emergency"
    world.report("EmergencyEnded", "Robin", emergency="e-1")
    assert code(world.depart("Robin")) is None


def test_after_naloxone_nobody_is_said_to_leave_well_before_the_minimum_stay():
    world = World()
    world.use("Robin", "booth-1")
    world.report("InterventionGiven", "Robin", intervention="naloxone", micrograms=400)
    world.wait(60)
    assert code(world.depart("Robin")) == "too_soon"
    assert code(world.depart("Robin", how="against_advice")) is None


def test_naloxone_reported_after_leaving_is_kept_and_flagged():
    world = World()
    world.use("Robin", "booth-1")
    visit = world.seen("Robin").id
    world.depart("Robin")
    body = world.body("InterventionGiven", None, {"intervention": "naloxone"})
    fact, flag, *_ = world.send({**body, "visit": visit})
    assert (fact.kind, flag.data["reason"]) == ("InterventionGiven", "visit_not_open")
    assert world.board()["building"] == 0


def test_a_lagging_clock_lets_nobody_leave_before_they_came():
    world = World()
    world.arrive("Robin")
    body = world.body("Departed", "Robin", {"how": "well"}, mode="ask", offset_ms=0)
    world.send({**body, "tapped": "2025-02-02T10:00:00Z"})
    assert world.board()["building"] == 0


def test_the_room_closes_when_everybody_has_left():
    world = World()
    world.arrive("Robin")
    assert code(world.ask("RoomClosed")) == "people_inside"
    world.depart("Robin")
    assert code(world.ask("RoomClosed")) is None


def test_somebody_who_comes_back_on_the_same_visit_begins_again():
    world = World()
    world.arrive("Robin")
    world.talk("Robin")
    visit = world.seen("Robin").id
    world.depart("Robin")
    again = {**world.body("Arrived", "Robin", {}), "visit": visit}
    assert code(world.send({**again, "mode": "ask"})) == "already_used"
    world.send({**again, "id": "c-2", "mode": "report"})
    assert "already_used" in world.flags()
    assert code(world.ask("Seated", "Robin", place="booth-1")) == "not_assessed"


def test_nobody_comes_in_on_the_visit_of_somebody_who_has_left():
    world = World()
    world.arrive("Robin")
    visit = world.seen("Robin").id
    world.depart("Robin")
    for name in ("Sam", None):
        body = {**world.body("Arrived", name, {}), "visit": visit, "mode": "ask"}
        assert code(world.send(body)) == "already_used"
    assert world.board()["building"] == 0


def test_terms_accepted_without_a_name_end_with_the_visit():
    world = World()
    world.ask("Arrived")
    visit = world.last("Arrived").visit
    world.send({**world.body("TermsAccepted", None, {"terms": "terms-1"}), "visit": visit})
    world.send({**world.body("Departed", None, {"how": "well"}), "visit": visit})
    world.send({**world.body("Arrived", None, {}), "visit": visit, "mode": "report"})
    assert world.room.visits[visit].terms is None


def test_somebody_who_comes_back_soon_after_naloxone_has_the_rest_of_the_stay_before_them():
    world = World()
    world.use("Robin", "booth-1")
    world.report("InterventionGiven", "Robin", intervention="naloxone", micrograms=400)
    until = world.on_board("Robin")["not_before"]
    world.depart("Robin", how="against_advice")
    world.wait(2)
    world.arrive("Robin")
    world.arrive("Sam")
    assert (world.on_board("Robin")["not_before"], world.on_board("Sam")["not_before"]) == (
        until,
        None,
    )
    assert code(world.depart("Robin")) == "too_soon"
    assert world.folded() == world.room


def test_a_stay_that_was_over_before_somebody_came_back_is_no_longer_told():
    world = World()
    world.use("Robin", "booth-1")
    world.report("InterventionGiven", "Robin", intervention="naloxone", micrograms=400)
    world.wait(130)
    world.depart("Robin")
    world.arrive("Robin")
    assert world.on_board("Robin")["not_before"] is None


def test_a_dose_taken_back_after_somebody_left_keeps_them_here_no_longer():
    world = World()
    world.use("Robin", "booth-1")
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    world.depart("Robin", how="against_advice")
    world.retract(world.last("InterventionGiven"))
    world.arrive("Robin")
    assert code(world.depart("Robin")) is None
    assert world.folded() == world.room


def test_a_stay_counts_from_the_record_where_the_tablet_did_not_know_its_clock():
    world = World()
    world.use("Robin", "booth-1")
    body = world.body("InterventionGiven", "Robin", {"intervention": "naloxone"})
    world.send({**body, "tapped": "2025-02-02T10:00:00Z"})
    assert world.last("InterventionGiven").happened < world.now
    assert world.seen("Robin").naloxone == world.now
    assert code(world.depart("Robin")) == "too_soon"


def test_another_who_comes_in_on_a_visit_that_was_over_is_not_taken_for_the_first():
    world = World()
    world.arrive("Robin")
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    visit = world.seen("Robin").id
    world.depart("Robin", how="against_advice")
    world.send({**world.body("Arrived", "Sam", {}, mode="report"), "visit": visit})
    assert world.visit("Robin") is None
    assert (world.seen("Sam").id, world.seen("Sam").naloxone) == (visit, None)
    assert "already_used" in world.flags()
