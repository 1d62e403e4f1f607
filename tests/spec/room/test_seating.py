"""Who is seated where, and what stands against it."""

from tests.world import SMALL, World, code, person


def test_somebody_who_has_accepted_the_terms_and_talked_is_seated():
    world = World()
    assert code(world.seat("Robin", "booth-1")) is None
    assert world.place("booth-1")["visits"] == [world.seen("Robin").id]


def test_a_booth_holds_one():
    world = World()
    world.seat("Robin", "booth-1")
    assert code(world.seat("Sam", "booth-1")) == "place_taken"


def test_two_people_whom_reports_put_into_one_booth_are_shown_until_one_leaves_it():
    world = World()
    world.seat("Robin", "booth-1")
    world.arrive("Sam")
    world.report("Seated", "Sam", place="booth-1")
    assert len(world.place("booth-1")["visits"]) == 2
    assert [notice.words for notice in world.notices("over_capacity")] == ["2 people in booth 1"]
    assert "place_taken" in world.flags()
    world.report("MovedToRecovery", "Sam")
    assert world.notices("over_capacity") == []


def test_nobody_is_seated_before_the_talk_of_this_visit():
    world = World()
    world.arrive("Robin")
    world.ask("TermsAccepted", "Robin", terms="terms-1")
    assert code(world.ask("Seated", "Robin", place="booth-1")) == "not_assessed"


def test_a_second_stay_in_a_booth_needs_another_talk():
    world = World()
    world.use("Robin", "booth-1")
    world.report("MovedToRecovery", "Robin")
    assert code(world.ask("Seated", "Robin", place="booth-1")) == "not_assessed"


def test_new_terms_come_first():
    world = World()
    world.arrive("Robin")
    world.talk("Robin")
    world.ask("TermsPublished", terms="terms-2")
    assert code(world.ask("Seated", "Robin", place="booth-1")) == "terms_not_accepted"


def test_a_recovery_chair_is_no_place_for_using():
    world = World()
    assert code(world.seat("Robin", "recovery")) == "wrong_kind_of_place"


def test_nobody_smokes_in_an_injecting_booth():
    world = World()
    assert code(world.use("Robin", "booth-1", route="inhaled")) == "wrong_kind_of_place"
    assert code(world.use("Sam", "smoke-1", route="inhaled")) is None


def test_a_visit_is_one_persons():
    world = World()
    world.arrive("Robin")
    body = world.body("Assessed", "Robin", {"outcome": "proceed"}) | {"person": person("Sam")}
    assert code(world.send({**body, "mode": "ask"})) == "other_person"


def test_two_who_turn_out_to_be_one_are_not_both_seated():
    world = World()
    world.seat("Robin", "booth-1")
    world.arrive("Sam")
    world.talk("Sam")
    visit = world.seen("Sam").id
    world.ask("Linked", "Robin", other=person("Sam"))
    assert [notice.subject for notice in world.notices("twice_here")]
    body = world.body("Seated", None, {"place": "booth-2"}) | {"visit": visit, "mode": "ask"}
    assert code(world.send(body)) == "already_here"


def test_a_booth_is_blocked_for_cleaning_where_the_policy_says_so():
    world = World({**SMALL, "turnover": {"block": True}})
    world.use("Robin", "booth-1")
    world.depart("Robin")
    assert world.place("booth-1")["blocked"]["words"] == "being cleaned"
    assert code(world.seat("Sam", "booth-1")) == "place_blocked"
    world.ask("PlaceReleased", place="booth-1")
    assert code(world.seat("Sam", "booth-1")) is None


def test_one_more_booth_needs_enough_staff():
    world = World({**SMALL, "staff": {"booths_per_staff": 1}})
    world.ask("StaffSignedOn", staff="s-1", role="nurse")
    assert code(world.seat("Robin", "booth-1")) is None
    assert code(world.seat("Sam", "booth-2")) == "too_few_staff"


def test_nobody_sits_down_or_uses_while_their_own_emergency_runs():
    world = World()
    world.arrive("Robin")
    world.talk("Robin")
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    assert code(world.ask("Seated", "Robin", place="booth-1")) == "open_emergency"
    world.report("EmergencyEnded", emergency="e-1")
    world.seat("Robin", "booth-1")
    world.report("EmergencyStarted", "Robin", emergency="e-2")
    use = {"place": "booth-1", "substances": ["heroin"], "route": "intravenous"}
    assert code(world.ask("ConsumptionStarted", "Robin", **use)) == "open_emergency"


def test_where_no_terms_were_published_none_are_asked_for():
    world = World(policy=None)
    world.ask("PolicyAdopted", policy=SMALL)
    world.ask("RoomOpened")
    world.arrive("Robin")
    world.report("TermsAccepted", "Robin", terms="terms-0")
    world.ask("Assessed", "Robin", outcome="proceed")
    assert code(world.ask("Seated", "Robin", place="booth-1")) is None


def test_terms_accepted_under_another_pseudonym_count():
    world = World()
    world.ask("TermsAccepted", "Sam", terms="terms-1")
    world.arrive("Robin")
    world.ask("Linked", "Robin", other=person("Sam"))
    world.ask("Assessed", "Robin", outcome="proceed")
    assert code(world.ask("Seated", "Robin", place="booth-1")) is None


def test_terms_accepted_without_a_name_count_on_their_visit():
    world = World()
    (arrived,) = world.ask("Arrived")
    for kind, data in (
        ("TermsAccepted", {"terms": "terms-1"}),
        ("Assessed", {"outcome": "proceed"}),
        ("Seated", {"place": "booth-1"}),
    ):
        answer = world.send({**world.body(kind, None, data, mode="ask"), "visit": arrived.visit})
        assert code(answer) is None


def test_a_visit_is_also_its_persons_under_another_pseudonym():
    world = World()
    world.arrive("Robin")
    world.ask("Linked", "Robin", other=person("Sam"))
    body = world.body("Assessed", "Robin", {"outcome": "proceed"}) | {"person": person("Sam")}
    assert code(world.send({**body, "mode": "ask"})) is None


def test_of_two_visits_of_one_person_the_one_without_a_place_stands_against_nothing():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    world.talk("Sam")
    visit = world.seen("Sam").id
    world.ask("Linked", "Robin", other=person("Sam"))
    body = world.body("Seated", None, {"place": "booth-2"}) | {"visit": visit, "mode": "ask"}
    assert code(world.send(body)) is None


def test_a_seat_that_is_reported_twice_is_taken_by_nobody_else():
    world = World()
    world.seat("Robin", "booth-1")
    world.report("Seated", "Robin", place="booth-1")
    assert world.flags() == ["wrong_stage"]


def test_two_in_one_booth_need_the_staff_of_one_booth():
    places = [{"id": "booth-1", "kind": "injecting", "capacity": 2}]
    world = World({**SMALL, "places": places, "staff": {"booths_per_staff": 1}})
    world.ask("StaffSignedOn", staff="s-1", role="nurse")
    assert code(world.seat("Robin", "booth-1")) is None
    assert code(world.seat("Sam", "booth-1")) is None
    assert code(world.seat("Kit", "booth-1")) == "place_taken"


def test_nobody_uses_by_a_route_that_the_policy_does_not_allow():
    world = World()
    assert code(world.use("Robin", "booth-1", route="subcutaneous")) == "route_not_allowed"


def test_nobody_is_called_to_a_place_that_the_policy_does_not_know():
    world = World()
    world.arrive("Robin")
    world.ask("Queued", "Robin")
    assert code(world.ask("Called", "Robin", place="booth-9")) == "place_unknown"
    assert code(world.ask("Called", "Robin", place="booth-1")) is None


def test_only_staff_on_shift_are_given_somebody_to_look_after_or_go_off():
    world = World()
    world.arrive("Robin")
    assert code(world.ask("Allocated", "Robin", observer="s-2")) == "not_on_shift"
    assert code(world.ask("StaffSignedOff", staff="s-2")) == "not_on_shift"
    world.ask("StaffSignedOn", staff="s-2", role="worker")
    assert code(world.ask("Allocated", "Robin", observer="s-2")) is None
    assert world.on_board("Robin")["observer"] == "s-2"
    assert code(world.ask("StaffSignedOff", staff="s-2")) is None


def test_a_booth_that_is_blocked_already_keeps_its_reason_when_somebody_leaves_it():
    world = World({**SMALL, "turnover": {"block": True}})
    world.use("Robin", "booth-1")
    world.ask("PlaceBlocked", place="booth-1", reason="repair")
    world.depart("Robin")
    assert world.place("booth-1")["blocked"]["reason"] == "repair"


def test_nothing_is_blocked_for_cleaning_but_a_booth_that_is_left():
    world = World({**SMALL, "turnover": {"block": True}})
    world.use("Robin", "booth-1")
    world.ask("ConsumptionEnded", "Robin")
    assert world.place("booth-1")["blocked"] is None
    world.report("MovedToRecovery", "Robin", place="recovery")
    assert world.place("booth-1")["blocked"]["reason"] == "cleaning"
    world.depart("Robin")
    assert world.place("recovery")["blocked"] is None


def test_a_booth_that_is_blocked_while_somebody_sits_there_is_shown_as_taken():
    world = World()
    world.seat("Robin", "booth-1")
    world.ask("PlaceBlocked", place="booth-1", reason="repair")
    assert world.place("booth-1")["state"] == "taken"
    assert code(world.seat("Sam", "booth-1")) == "place_taken"
    world.depart("Robin", how="well")
    assert world.place("booth-1")["state"] == "blocked"


def test_a_talk_that_ends_otherwise_than_in_going_ahead_seats_nobody():
    world = World()
    world.arrive("Robin")
    world.talk("Robin")
    for outcome in ("delay", "declined"):
        world.ask("Assessed", "Robin", outcome=outcome)
        assert code(world.ask("Seated", "Robin", place="booth-1")) == "not_assessed"
