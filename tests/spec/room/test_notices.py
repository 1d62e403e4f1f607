"""Each notice: when staff see it, how pressing it is, and when it is gone."""

from opendcr.ledger.codec import instant
from tests.world import SMALL, World, person


def due(world, rule):
    """The one notice of a rule, when it falls due and how pressing it is."""
    (notice,) = world.notices(rule)
    return instant(notice.due)[11:16], notice.level


def test_breathing_is_checked_each_minute_from_the_last_check():
    world = World({**SMALL, "observation": {"breathing": 2}})
    world.report("EmergencyStarted", emergency="e-1")
    assert (due(world, "emergency"), due(world, "breathing_check")) == (
        ("10:00", "emergency"),
        ("10:02", "emergency"),
    )
    world.wait(3)
    world.report("Observed", emergency="e-1", breathing=True)
    assert due(world, "breathing_check") == ("10:05", "emergency")
    world.wait(3)
    world.report("Observed", emergency="e-1", spo2=90)  # says nothing of breathing
    assert due(world, "breathing_check") == ("10:05", "emergency")
    world.report("EmergencyEnded", emergency="e-1")
    assert world.notices() == []


def test_who_is_still_here_at_closing_is_shown_from_then_on():
    world = World({**SMALL, "room": {"opens": "09:00", "closes": "10:30"}})
    world.arrive("Robin")
    world.wait(29)
    assert world.notices("open_at_closing") == []
    world.wait(1)
    assert due(world, "open_at_closing") == ("10:30", "watch")
    world.depart("Robin")
    assert world.notices("open_at_closing") == []


def test_a_room_that_opens_at_midnight_closes_all_the_same():
    world = World({**SMALL, "room": {"opens": "00:00", "closes": "10:00"}})
    world.arrive("Robin")  # at closing: the next one is tomorrow's
    assert world.notices("open_at_closing") == []
    world.wait(24 * 60)
    assert due(world, "open_at_closing") == ("10:00", "watch")


def test_long_in_the_booth_counts_from_the_seat_and_ends_with_it():
    world = World()
    world.seat("Robin", "booth-1")
    world.wait(10)
    world.use("Robin", "booth-1")
    assert due(world, "seat_limit") == ("10:30", "watch")
    world.report("MovedToRecovery", "Robin")
    assert world.notices("seat_limit") == []


def test_looking_again_before_using_is_shown_until_the_person_is_seated():
    world = World()
    world.arrive("Robin")
    review = "2025-02-03T10:15:00Z"
    world.ask("Assessed", "Robin", outcome="delay", review=review)
    assert due(world, "assessment_review") == ("10:15", "watch")
    world.ask("TermsAccepted", "Robin", terms="terms-1")
    world.ask("Assessed", "Robin", outcome="proceed", review=review)
    world.ask("Seated", "Robin", place="booth-1")
    assert world.notices("assessment_review") == []
    world.arrive("Sam")
    world.ask("Assessed", "Sam", outcome="delay", review=review)
    world.ask("Assessed", "Sam", outcome="proceed")
    assert world.notices("assessment_review") == []


def test_only_a_place_that_is_none_or_not_for_using_is_a_wrong_place():
    world = World()
    world.use("Robin", "booth-1")
    world.arrive("Sam")
    world.report("MovedToRecovery", "Sam", place="recovery")
    assert world.notices("wrong_place") == []
    world.wait(1)
    world.report("Seated", "Sam", place="recovery")
    assert due(world, "wrong_place") == ("10:01", "watch")
    world.wait(1)
    world.report("MovedToRecovery", "Sam", place="chair-9")
    assert due(world, "wrong_place") == ("10:02", "watch")


def test_of_one_person_twice_here_the_later_visit_is_shown():
    world = World()
    world.arrive("Robin")
    world.wait(1)
    world.arrive("Sam")
    later = world.seen("Sam").id
    world.ask("Linked", "Robin", other=person("Sam"))
    assert [notice.subject for notice in world.notices("twice_here")] == [later]
    assert due(world, "twice_here") == ("10:01", "watch")


def test_too_many_in_a_place_are_due_from_when_the_first_too_many_came():
    world = World()
    for name in ("Robin", "Sam", "Kit"):
        world.arrive(name)
        world.report("MovedToRecovery", name, place="recovery")
        world.wait(1)
    assert due(world, "over_capacity") == ("10:02", "rouse")


def test_equipment_is_shown_until_it_is_ready():
    world = World()
    world.ask("EquipmentChecked", items=["oxygen", "aed"], ready=False)
    assert [notice.subject for notice in world.notices("equipment")] == ["aed", "oxygen"]
    world.ask("EquipmentChecked", items=["aed"], ready=True)
    assert [notice.subject for notice in world.notices("equipment")] == ["oxygen"]
    assert due(world, "equipment") == ("10:00", "rouse")


def test_a_flag_is_to_review_until_somebody_has_looked():
    world = World()
    world.arrive("Robin")
    world.report("Called", "Robin")
    world.report("CameBack", "Robin")
    assert [flag.data["kind"] for flag in world.room.standing.open_reviews()] == [
        "Called",
        "CameBack",
    ]
    assert world.on_board("Robin")["to_review"] == 2
    flags = [notice.subject for notice in world.notices("review")]
    world.ask("ReviewResolved", flag=flags[0])
    assert [notice.subject for notice in world.notices("review")] == flags[1:]
    assert due(world, "review") == ("10:00", "none")
    assert world.on_board("Robin")["to_review"] == 1


def test_staffing_is_shown_below_what_the_open_booths_need_while_the_room_is_open():
    world = World({**SMALL, "staff": {"minimum": 1, "booths_per_staff": 1}})
    world.ask("StaffSignedOn", staff="s-1", role="worker")
    world.seat("Robin", "booth-1")
    assert world.notices("staffing") == []
    world.arrive("Sam")
    world.wait(1)
    world.report("Seated", "Sam", place="booth-2")
    (notice,) = world.notices("staffing")
    assert notice.words == "1 staff on, 2 needed"
    assert world.board()["staff"]["needed"] == 2
    world.wait(1)
    world.ask("StaffSignedOff", staff="s-1")
    assert due(world, "staffing") == ("10:02", "rouse")
    world.ask("RoomPaused", reason="staffing")
    assert world.notices("staffing") == []


def test_nurses_are_shown_below_their_number_whoever_else_is_on():
    world = World({**SMALL, "staff": {"nurses": 1}})
    world.ask("StaffSignedOn", staff="s-1", role="worker")
    (notice,) = world.notices("nurses")
    assert (notice.words, notice.level) == ("0 nurses on, 1 needed", "rouse")
    world.ask("StaffSignedOn", staff="s-2", role="nurse")
    assert world.notices("nurses") == []


def test_what_was_acknowledged_is_shown_again_when_it_falls_due_anew():
    world = World()
    world.use("Robin", "booth-1")
    (notice,) = world.notices("check")
    world.ask("Acknowledged", "Robin", rule="check", subject=notice.subject,
              due=instant(notice.due))  # fmt: skip
    assert [one.acknowledged for one in world.notices("check")] == [True]
    world.wait(1)
    world.report("Observed", "Robin", breaths=14)
    assert [one.acknowledged for one in world.notices("check")] == [False]


def test_the_most_pressing_comes_first_and_then_what_fell_due_first():
    world = World()
    world.use("Sam", "booth-2")
    world.wait(1)
    world.use("Robin", "booth-1")
    world.report("EmergencyStarted", emergency="e-1")
    shown = [(one["rule"], one["due"][11:16]) for one in world.board()["attention"]]
    assert shown == [
        ("emergency", "10:01"),
        ("breathing_check", "10:02"),
        ("check", "10:05"),
        ("check", "10:06"),
        ("seat_limit", "10:30"),
        ("seat_limit", "10:31"),
    ]


def test_a_chosen_level_lowers_concern_but_not_below_what_the_same_look_shows():
    world = World()
    world.use("Robin", "booth-1")
    world.report("ConcernRaised", "Robin", concern="rouse")
    assert (world.on_board("Robin")["concern"], due(world, "check")) == (
        "rouse",
        ("10:01", "rouse"),
    )
    world.report("Observed", "Robin", breaths=8, concern="watch")
    assert world.on_board("Robin")["concern"] == "intervene"
    world.report("Observed", "Robin", breaths=14, concern="none")
    assert world.on_board("Robin")["concern"] == "none"


def test_in_recovery_a_look_is_due_more_seldom_unless_there_is_concern():
    world = World()
    world.use("Robin", "booth-1")
    world.wait(3)
    world.report("MovedToRecovery", "Robin", place="recovery")
    assert due(world, "check") == ("10:13", "watch")
    world.report("ConcernRaised", "Robin", concern="watch")
    assert due(world, "check") == ("10:06", "watch")


def test_whatever_is_done_for_somebody_is_a_look_at_them():
    world = World()
    world.use("Robin", "booth-1")
    world.wait(2)
    world.report("InterventionGiven", "Robin", intervention="stimulation")
    assert due(world, "check") == ("10:07", "watch")
