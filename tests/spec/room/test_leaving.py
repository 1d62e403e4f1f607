"""How people leave, and what they leave behind."""

from tests.world import SMALL, World, code


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


def test_nobody_is_turned_away_while_their_emergency_runs():
    world = World()
    world.arrive("Robin")
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    assert code(world.ask("TurnedAway", "Robin", reason="other")) == "open_emergency"


def test_the_minimum_stay_is_over_at_its_end_and_holds_only_who_leaves_well():
    world = World()
    world.use("Robin", "booth-1")
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    world.use("Sam", "booth-2")
    world.report("InterventionGiven", "Sam", intervention="naloxone")
    world.wait(119)
    assert code(world.depart("Robin")) == "too_soon"
    assert code(world.depart("Sam", how="ambulance")) is None
    world.wait(1)
    assert code(world.depart("Robin")) is None


def test_what_is_no_naloxone_begins_no_minimum_stay():
    world = World()
    world.use("Robin", "booth-1")
    world.report("InterventionGiven", "Robin", intervention="oxygen")
    assert code(world.depart("Robin")) is None


def test_the_stay_after_use_counts_from_its_end_and_the_longer_of_two_stays_holds():
    world = World({**SMALL, "stay": {"after_use": 30, "after_naloxone": 45}})
    world.use("Robin", "booth-1")
    world.wait(5)
    assert world.on_board("Robin")["not_before"] == "2025-02-03T10:30:00.000Z"
    world.ask("ConsumptionEnded", "Robin")
    assert world.on_board("Robin")["not_before"] == "2025-02-03T10:35:00.000Z"
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    assert world.on_board("Robin")["not_before"] == "2025-02-03T10:50:00.000Z"
    world.wait(31)
    assert code(world.depart("Robin")) == "too_soon"


def test_what_is_reported_of_a_visit_that_is_over_is_flagged():
    world = World()
    world.arrive("Robin")
    visit = world.seen("Robin").id
    world.depart("Robin")
    world.ask("StaffSignedOn", staff="s-1", role="nurse")
    for kind, data in (
        ("TermsAccepted", {"terms": "terms-1"}),
        ("ConcernRaised", {"concern": "rouse"}),
        ("Allocated", {"observer": "s-1"}),
        ("SuppliesIssued", {"items": {}}),
        ("SuppliesReturned", {"items": {}}),
        ("ServiceProvided", {"service": "wound_care"}),
        ("Referred", {"referral": "r-1", "destination": "housing"}),
        ("NaloxoneSupplied", {"kits": 1}),
        ("Departed", {"how": "well"}),
    ):
        body = world.body(kind, None, data, mode="report")
        facts = world.send({**body, "visit": visit})
        assert [fact.data["reason"] for fact in facts[1:]][:1] == ["visit_not_open"], kind
