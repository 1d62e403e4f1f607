"""What the clock makes staff see."""

from datetime import timedelta

import pytest

from opendcr.ledger.codec import instant
from opendcr.room.hours import closing_after
from tests.world import SMALL, World, code


def test_a_check_is_a_countdown_and_then_a_call_and_a_look_begins_it_again():
    world = World()
    world.use("Robin", "booth-1")
    due = world.notices("check")[0].due
    assert instant(due) == "2025-02-03T10:05:00.000Z"
    world.wait(6)
    assert world.notices("check")[0].due == due
    world.report("Observed", "Robin", breaths=12)
    assert instant(world.notices("check")[0].due) == "2025-02-03T10:11:00.000Z"


def test_concern_brings_the_next_look_nearer_also_in_the_waiting_room():
    world = World()
    world.arrive("Robin")
    assert world.notices("check") == []
    world.report("Observed", "Robin", signs=["drowsy"])
    assert instant(world.notices("check")[0].due) == "2025-02-03T10:03:00.000Z"
    assert world.on_board("Robin")["concern"] == "watch"


def test_a_look_that_saw_little_lowers_no_concern():
    world = World()
    world.use("Robin", "booth-1")
    world.report("Observed", "Robin", breaths=6)
    world.report("Observed", "Robin", pulse=70)
    assert world.on_board("Robin")["concern"] == "intervene"


def test_a_look_is_judged_by_the_policy_of_its_time():
    world = World()
    world.use("Robin", "booth-1")
    world.report("Observed", "Robin", breaths=9)
    world.wait(1)
    world.ask("PolicyAdopted", policy=SMALL | {"concern": [
        {"level": "intervene", "key": "breaths", "at_most": 10}]})  # fmt: skip
    assert world.on_board("Robin")["concern"] == "none"
    world.report("Observed", "Robin", breaths=9)
    assert world.on_board("Robin")["concern"] == "intervene"


def test_too_few_staff_is_one_notice_until_it_is_acknowledged():
    world = World({**SMALL, "staff": {"minimum": 2}})
    (notice,) = world.notices("staffing")
    world.arrive("Robin")
    assert world.notices("staffing") == [notice]
    world.ask("Acknowledged", rule="staffing", subject="room", due=instant(notice.due))
    assert world.notices("staffing")[0].acknowledged


@pytest.mark.parametrize(
    ("opens", "closes", "moment", "closing"),
    [
        ("09:00", "21:00", "2025-03-30T08:30:00Z", "2025-03-30T20:00:00.000Z"),  # 23 hours
        ("09:00", "21:00", "2025-10-26T09:30:00Z", "2025-10-26T21:00:00.000Z"),  # 25 hours
        ("18:00", "02:00", "2025-03-29T20:00:00Z", "2025-03-30T01:00:00.000Z"),  # within the gap
        ("18:00", "02:00", "2025-06-03T19:00:00Z", "2025-06-04T01:00:00.000Z"),
        ("18:00", "02:00", "2025-06-04T00:30:00Z", "2025-06-04T01:00:00.000Z"),
        ("09:00", "24:00", "2025-02-03T20:00:00Z", "2025-02-04T00:00:00.000Z"),
    ],
)
def test_the_closing_that_follows_is_by_the_clock_on_the_wall(opens, closes, moment, closing):
    world = World({**SMALL, "room": {"opens": opens, "closes": closes}}, now=moment)
    assert instant(closing_after(world.now, world.room)) == closing


def test_a_room_that_never_closes_has_no_closing():
    world = World({**SMALL, "room": {"opens": "00:00", "closes": "24:00"}})
    assert closing_after(world.now, world.room) is None


def test_after_naloxone_somebody_is_looked_at_wherever_they_are():
    world = World()
    world.arrive("Robin")
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    (check,) = world.notices("check")
    assert instant(check.due) == "2025-02-03T10:10:00.000Z"


def test_rules_judge_by_the_clock_that_was_put_right_and_records_never_fall():
    world = World()
    world.wait(24 * 60)  # it runs a day ahead
    world.use("Robin", "booth-1")
    ahead = world.now
    world.wait(-24 * 60)
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    dose = world.last("InterventionGiven")
    assert (dose.happened, dose.recorded) == (world.now, ahead)
    world.wait(2)
    assert code(world.depart("Robin")) == "too_soon"
    until = instant(world.now + timedelta(hours=10))
    assert code(world.ask("ExclusionImposed", "Sam", scope="using", until=until)) is None
    assert [fact.recorded for fact in world.facts] == sorted(fact.recorded for fact in world.facts)


def test_a_look_before_any_policy_is_judged_by_the_first():
    world = World()
    world.report("Arrived", "Robin", ago=20)
    world.report("Observed", "Robin", ago=10, breaths=6)
    assert world.on_board("Robin")["concern"] == "intervene"


def test_a_clock_that_was_measured_in_whole_numbers_written_otherwise_is_that_clock():
    world = World()
    tapped = instant(world.now - timedelta(days=1))
    said = {"tapped": tapped, "offset_ms": 86_400_000.0, "offset_age_ms": 10.0}
    world.send(world.body("Observed", None, {"breaths": 12.0}, mode="report", **said))
    seen = world.last("Observed")
    assert seen.happened == world.now
    assert seen.data["clock"] == {"tapped": tapped, "offset_ms": 86_400_000, "age_ms": 10}
    assert world.flags() == ["clock_off"]
