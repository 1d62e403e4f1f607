"""Emergencies: from one tap, with a timeline of their own."""

from tests.world import World, code, person


def test_two_at_once_keep_apart():
    world = World()
    world.use("Robin", "booth-1")
    world.use("Sam", "booth-2")
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    world.report("EmergencyStarted", "Sam", emergency="e-2")
    world.report("Observed", "Sam", emergency="e-2", breaths=4)
    first, second = world.board()["emergencies"]
    assert (first["breaths"], second["breaths"]) == (None, 4)
    assert (first["place"], second["place"]) == ("booth-1", "booth-2")


def test_an_emergency_needs_neither_a_visit_nor_a_name():
    world = World()
    body = {"id": "tap-1", "kind": "StartEmergency", "data": {"area": "toilet"}}
    world.send(body, role="device", author="unattributed")
    (emergency,) = world.board()["emergencies"]
    assert (emergency["visit"], emergency["area"]) == (None, "toilet")


def test_what_is_reported_before_the_start_is_in_the_timeline():
    world = World()
    world.use("Robin", "booth-1")
    world.wait(10)
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    world.report("InterventionGiven", "Robin", ago=3, emergency="e-1", intervention="airway")
    (emergency,) = world.board()["emergencies"]
    assert emergency["timeline"][0]["words"] == "Airway opened"


def test_a_dose_moved_to_the_other_emergency_is_struck_in_the_first():
    world = World()
    world.report("EmergencyStarted", emergency="e-1")
    world.report("EmergencyStarted", emergency="e-2")
    world.report("InterventionGiven", emergency="e-1", intervention="naloxone", micrograms=400)
    world.correct(world.last("InterventionGiven"), emergency="e-2")
    first, second = world.board()["emergencies"]
    assert [line["struck"] for line in first["timeline"]] == [False, True]
    assert [line["struck"] for line in second["timeline"]] == [False, False]
    assert (len(first["naloxone"]), len(second["naloxone"])) == (0, 1)


def test_an_end_that_is_taken_back_opens_it_again():
    world = World()
    world.report("EmergencyStarted", emergency="e-1")
    world.report("EmergencyEnded", emergency="e-1")
    assert world.board()["emergencies"] == []
    assert code(world.retract(world.last("EmergencyEnded"))) is None
    assert len(world.board()["emergencies"]) == 1


def test_seeing_an_emergency_of_somebody_who_left_can_be_acknowledged():
    world = World()
    world.use("Robin", "booth-1")
    visit = world.seen("Robin").id
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    world.report("Departed", "Robin", how="ambulance")
    due = world.notices("emergency")[0].due.isoformat()
    body = world.body("Acknowledged", None, {"rule": "emergency", "subject": "e-1", "due": due})
    world.send({**body, "visit": visit})
    assert world.notices("emergency")[0].acknowledged


def test_saying_whose_it_is_holds_for_the_doses_given_before():
    world = World()
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", emergency="e-1")
    world.report("InterventionGiven", emergency="e-1", intervention="naloxone", micrograms=400)
    given = world.last("InterventionGiven").happened
    assert world.on_board("Robin")["not_before"] is None
    world.correct(world.last("EmergencyStarted"), visit=world.seen("Robin").id)
    assert world.seen("Robin").naloxone == given
    assert world.on_board("Robin")["not_before"] is not None
    assert world.folded() == world.room


def test_a_tap_on_breathing_checked_sets_its_clock_and_detail_completes_its_line():
    world = World()
    world.report("EmergencyStarted", emergency="e-1")
    world.wait(2)
    world.report("Observed", emergency="e-1", breathing=True)
    tapped = world.last("Observed")
    world.wait(1)
    world.correct(tapped, breaths=6)
    (emergency,) = world.board()["emergencies"]
    assert emergency["breathing_checked"] == emergency["timeline"][1]["at"]
    assert [(line["words"], line["struck"]) for line in emergency["timeline"]] == [
        ("Emergency", False),
        ("Breathing 6 a minute", False),
    ]


def test_two_who_add_to_one_line_lose_nothing_of_each_others():
    world = World()
    world.report("EmergencyStarted", emergency="e-1")
    world.report("InterventionGiven", emergency="e-1", intervention="naloxone")
    dose = world.last("InterventionGiven")
    world.correct(dose, micrograms=400)
    world.correct(dose, route="intramuscular")
    (emergency,) = world.board()["emergencies"]
    (given,) = emergency["naloxone"]
    assert (given["micrograms"], given["route"]) == (400, "intramuscular")


def test_a_place_with_an_emergency_is_free_for_nobody_until_it_is_over():
    world = World()
    world.report("EmergencyStarted", emergency="e-1", place="booth-1")  # whose is not said yet
    here = world.place("booth-1")
    assert (here["state"], here["emergency"]) == ("emergency", "e-1")
    assert code(world.seat("Robin", "booth-1")) == "place_has_emergency"
    world.report("EmergencyEnded", emergency="e-1")
    assert (world.place("booth-1")["state"], world.place("booth-1")["emergency"]) == ("free", None)
    assert code(world.ask("Seat", "Robin", place="booth-1")) is None


def test_the_place_of_somebody_in_an_emergency_is_an_emergency():
    world = World()
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", emergency="e-1")
    assert world.place("booth-1")["state"] == "taken"
    world.report("Observed", "Robin", emergency="e-1", breaths=4)  # now it is known whose
    assert (world.place("booth-1")["state"], world.place("booth-1")["emergency"]) == (
        "emergency",
        "e-1",
    )


def test_that_the_person_of_the_emergency_sat_there_contradicts_nothing():
    world = World()
    world.arrive("Robin")
    world.report("EmergencyStarted", "Robin", emergency="e-1", place="booth-1")
    world.report("Seated", "Robin", place="booth-1")
    assert "place_has_emergency" not in world.flags()


def test_an_emergency_leaves_the_booth_with_its_person():
    world = World()
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    world.wait(5)
    world.ask("MoveToRecovery", "Robin")
    assert world.place("booth-1")["state"] == "free"
    assert world.on_board("Robin")["emergency"] == "e-1"


def test_the_board_tells_what_the_last_look_saw():
    world = World()
    world.use("Robin", "booth-1")
    assert world.on_board("Robin")["looked"] is None
    world.report("Observed", "Robin", response="voice", breaths=10, concern="rouse")
    world.wait(4)
    looked = world.on_board("Robin")["looked"]
    assert looked.pop("at") < world.board()["now"]
    assert looked == {
        "response": "voice",
        "breaths": 10,
        "spo2": None,
        "skin": None,
        "concern": "rouse",
    }


def test_saying_whose_it_was_once_it_is_over_holds_for_the_doses_too():
    world = World()
    world.arrive("Robin")
    world.report("EmergencyStarted", emergency="e-1")
    started = world.last("EmergencyStarted")
    world.report("InterventionGiven", emergency="e-1", intervention="naloxone")
    world.report("EmergencyEnded", emergency="e-1")
    world.correct(started, visit=world.seen("Robin").id)
    assert world.seen("Robin").naloxone == world.last("InterventionGiven").happened
    assert code(world.depart("Robin")) == "too_soon"
    assert world.folded() == world.room


def test_a_late_dose_of_an_emergency_that_is_over_is_its_persons():
    world = World()
    world.arrive("Robin")
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    world.report("EmergencyEnded", emergency="e-1")
    world.report("InterventionGiven", emergency="e-1", intervention="naloxone")
    dose = world.last("InterventionGiven")
    assert (dose.visit, dose.person) == (world.seen("Robin").id, person("Robin"))
    assert code(world.depart("Robin")) == "too_soon"


def test_the_doses_follow_whoever_the_emergency_was_about_after_all():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    world.report("EmergencyStarted", emergency="e-1")
    started = world.last("EmergencyStarted")
    world.report("InterventionGiven", emergency="e-1", intervention="naloxone")
    world.correct(started, visit=world.seen("Robin").id)
    world.correct(started, visit=world.seen("Sam").id)
    assert (world.seen("Robin").naloxone, world.seen("Sam").naloxone is None) == (None, False)
    assert world.folded() == world.room


def test_an_emergency_tapped_with_a_clock_that_was_never_set_happens_now():
    world = World()
    tapped = {"mode": "report", "tapped": "0002-03-01T00:00:00+00:00", "offset_ms": 0}
    for source in ("tap", "paper"):
        world.send({**world.body("EmergencyStarted", None, {}, **tapped)}, source=source)
        started = world.last("EmergencyStarted")
        assert started.happened == world.now
        assert started.data["clock"]["tapped"] == "0002-03-01T00:00:00.000Z"
        assert world.flags().pop() == "clock_off"


def test_nothing_is_corrected_to_before_there_were_such_rooms():
    world = World()
    world.arrive("Robin")
    answer = world.correct(world.last("Arrived"), happened="0002-03-01T00:00:00+00:00")
    assert code(answer) == "changes_unusable"


def test_what_is_said_of_an_emergency_that_does_not_run_is_kept_and_flagged():
    world = World()
    for kind, data in (
        ("Observed", {"breaths": 12}),
        ("InterventionGiven", {"intervention": "airway"}),
        ("AmbulanceCalled", {}),
        ("AmbulanceArrived", {}),
        ("AmbulanceLeft", {}),
        ("EmergencyEnded", {}),
    ):
        world.report("EmergencyStarted", emergency="e-1")
        world.report("EmergencyEnded", emergency="e-1")
        assert world.flags() == []
        fact, flag = world.report(kind, emergency="e-1", **data)
        assert (fact.kind, flag.data["reason"]) == (kind, "emergency_not_open")
        world.retract(flag)


def test_a_place_that_the_policy_does_not_know_is_kept_and_flagged():
    world = World()
    fact, flag = world.report("EmergencyStarted", emergency="e-1", place="booth-9")
    assert (fact.data["place"], flag.data["reason"]) == ("booth-9", "place_unknown")
    world.arrive("Robin")
    fact, flag = world.report("MovedToRecovery", "Robin", place="chair-9")
    assert (fact.data["place"], flag.data["reason"]) == ("chair-9", "place_unknown")


def test_an_emergency_is_where_it_is_said_to_be_not_where_its_person_sits():
    world = World()
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", "Robin", emergency="e-1", place="booth-2")
    assert world.last("EmergencyStarted").data["place"] == "booth-2"
    assert world.place("booth-2")["emergency"] == "e-1"


def test_naming_whose_an_emergency_was_takes_along_what_was_said_of_another():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    world.report("EmergencyStarted", emergency="e-1")
    started = world.last("EmergencyStarted")
    world.report("InterventionGiven", "Sam", emergency="e-1", intervention="naloxone")
    world.correct(started, visit=world.seen("Robin").id)
    assert world.seen("Sam").naloxone is None
    assert world.seen("Robin").naloxone == world.now


def test_a_start_after_the_end_opens_it_again_and_the_end_may_say_its_type():
    world = World()
    world.report("EmergencyStarted", emergency="e-1", area="toilet", type="suspected_opioid")
    world.report("EmergencyEnded", emergency="e-1", type="stimulant")
    world.report("EmergencyStarted", emergency="e-1")
    (emergency,) = world.board()["emergencies"]
    assert (emergency["area"], emergency["type"]) == ("toilet", "stimulant")


def test_an_emergency_is_its_first_visits_and_a_person_shows_their_first_emergency():
    world = World()
    world.arrive("Robin")
    world.arrive("Sam")
    world.report("EmergencyStarted", "Robin", emergency="e-2")
    world.report("Observed", "Sam", emergency="e-2", breaths=12)
    world.wait(1)
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    assert [one["id"] for one in world.board()["emergencies"]] == ["e-2", "e-1"]
    assert (world.on_board("Robin")["emergency"], world.on_board("Sam")["emergency"]) == (
        "e-2",
        None,
    )


def test_the_board_tells_the_last_of_what_was_seen_called_and_given():
    world = World()
    world.report("EmergencyStarted", emergency="e-1")
    world.report("AmbulanceCalled", emergency="e-1")
    world.report("Observed", emergency="e-1", spo2=84, oxygen=10)
    world.wait(2)
    world.report("AmbulanceCalled", emergency="e-1")
    world.report("Observed", emergency="e-1", spo2=93)
    (emergency,) = world.board()["emergencies"]
    now = world.board()["now"]
    assert (emergency["spo2"], emergency["spo2_at"], emergency["oxygen"]) == (93, now, 10)
    assert emergency["ambulance"] == {"called": now, "arrived": None, "left": None}
    world.report("InterventionGiven", emergency="e-1", intervention="oxygen", litres=15)
    assert world.board()["emergencies"][0]["oxygen"] == 15
    world.report("InterventionGiven", emergency="e-1", intervention="oxygen", stopped=True)
    assert world.board()["emergencies"][0]["oxygen"] is None


def test_a_line_whose_time_was_corrected_is_struck_and_stands_again():
    world = World()
    world.wait(10)
    world.report("EmergencyStarted", emergency="e-1")
    world.correct(world.last("EmergencyStarted"), happened="2025-02-03T10:05:00Z")
    (emergency,) = world.board()["emergencies"]
    assert [line["struck"] for line in emergency["timeline"]] == [True, False]


def test_naming_a_person_alone_corrects_the_start_of_an_emergency_alone():
    world = World()
    world.arrive("Robin")
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    started = world.last("EmergencyStarted")
    world.report("InterventionGiven", "Robin", emergency="e-1", intervention="naloxone")
    assert len(world.correct(started, person=person("Sam"))) == 1
    assert world.seen("Robin").naloxone == world.now


def test_of_two_looks_the_board_tells_the_later():
    world = World()
    world.use("Robin", "booth-1")
    world.report("Observed", "Robin", breaths=10)
    world.wait(1)
    world.report("Observed", "Robin", breaths=12)
    looked = world.on_board("Robin")["looked"]
    assert (looked["breaths"], looked["at"]) == (12, world.board()["now"])
