"""The page of plans, through Django: who may open it, where its sliders start, what it says."""

import re
import threading
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from opendcr.room.policy import DEFAULT, Policy
from opendcr.simulate.kernel.ready import ready
from opendcr.web.insight import compiling, planned, planning
from opendcr.web.insight.observed import Observed, observed, open_minutes
from opendcr.web.insight.planned import Room, answer, per_hour, question
from opendcr.web.insight.sliders import Slider, chosen, clock, groups, minutes_of
from opendcr.web.store.visible import VISIBLE
from tests.support.engines import RoomDatabase
from tests.support.evidence import store_room
from tests.support.planning import SCENARIO, store_planned_room

READERS = {"lead", "manager", "analyst"}

one_engine = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

SEEN = Observed(
    since=date(2025, 1, 13), until=date(2025, 3, 31), visits=1_204, episodes=1_100, timed=1_090,
    forgotten=0, minutes=31.3, sd=9.0, emergencies=22,
    per_hour=tuple(4.0 if hour == 15 else 1.0 for hour in range(24)),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """On a fresh machine that takes a while, and a page would say so."""
    ready(print)


@pytest.fixture
def site(room_database: RoomDatabase) -> None:
    """A room of two visits, which has adopted no policy."""
    store_room()


@pytest.fixture
def weeks(room_database: RoomDatabase) -> str:
    """A room with six weeks of facts."""
    return store_planned_room()


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=role))
    return client


def shown(answer) -> str:
    """The words of a page, in one line."""
    words = re.sub(r"<script.*?</script>|<[^>]*>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", words).replace("&nbsp;", " ")


def sliders(policy: Policy = DEFAULT, seen: Observed | None = None) -> dict[str, Slider]:
    return {one.name: one for group in groups(policy, None, seen) for one in group.sliders}


def values(**moved: float) -> dict[str, float]:
    return {name: one.start for name, one in sliders(SCENARIO.policy).items()} | moved


def asked(both: bool = False, **moved: float):
    room = Room(SCENARIO.policy, "Europe/London", None)
    return question(room, sliders(SCENARIO.policy), values(**moved), both)


# Who may open it


@one_engine
@pytest.mark.parametrize("address", ["/planning", "/planning/result"])
def test_a_stranger_is_led_to_the_sign_in_and_back(site: None, address: str) -> None:
    answered = Client().get(address + "?places=9")

    assert answered.status_code == 302
    assert answered["Location"].startswith("/sign-in?next=" + address.replace("/", "%2F"))


@one_engine
@pytest.mark.parametrize("role", sorted(set(VISIBLE) - READERS - {"device"}))
def test_it_is_for_those_who_answer_for_the_service(site: None, role: str) -> None:
    answered = signed_in(role).get("/planning")

    assert answered.status_code == 403
    assert "shift lead, service manager, analyst" in shown(answered)
    assert "Places to use in" not in shown(answered)


# Where its sliders start


@one_engine
def test_a_room_with_little_recorded_starts_from_what_is_assumed(site: None) -> None:
    answered = signed_in("manager").get("/planning")
    words = shown(answered)

    assert answered.status_code == 200
    assert "Starts at 8, assumed: the policy names none" in words
    assert "Starts at 09:00, assumed: no policy is adopted here" in words
    assert (
        "Starts at 17.5, assumed: as in Glasgow’s first months (4,068 episodes in 231 days, "
        "published); this room has 2 visits, and 100 are asked for" in words
    )
    assert "Starts at 20, assumed: published nowhere" in words
    assert "Simulated. Nobody in it is real. It is what these assumptions make it." in words


@one_engine
def test_a_room_with_weeks_recorded_starts_from_its_own_facts(weeks: str) -> None:
    seen = observed(weeks, 600, 1200)
    words = shown(signed_in("analyst").get("/planning"))

    assert seen is not None
    # What the room was simulated with: 28 a day, most from 14:00 to 16:00, for 40 minutes.
    assert seen.until == date(2025, 2, 22), "the end of the last whole day"
    assert seen.a_day(600, 1200) == pytest.approx(28, rel=0.1)
    assert seen.per_hour[14] == pytest.approx(6, rel=0.2)
    assert seen.per_hour[11] == pytest.approx(2, rel=0.3)
    assert seen.per_hour[9] == seen.per_hour[20] == 0
    assert (seen.minutes, seen.sd) == (pytest.approx(40, rel=0.05), pytest.approx(10, rel=0.2))
    assert seen.timed == seen.episodes > 1_000
    assert "Starts at 4, as adopted on 13 January 2025" in words
    assert "Starts at 20:00, as adopted on 13 January 2025" in words
    assert "Starts at 2, what the policy asks for with 4 places open" in words
    span = "in this room since 13 January 2025, by 22 February 2025"
    assert f"from {seen.visits:,} visits {span}" in words
    assert f"from {seen.timed:,} episodes {span}" in words
    assert f"from {seen.emergencies} in {seen.episodes:,} episodes {span}" in words


def test_a_slider_starts_at_a_step_and_has_room_to_move_up() -> None:
    one = Slider("people", "People", 1, 100, 0.5, 1, "").from_here(80.3, "here")

    assert (one.start, one.high) == (80.5, 161)


def test_hours_that_are_not_of_half_an_hour_can_be_set() -> None:
    one = sliders(replace(DEFAULT, opens="09:10", closes="21:45"))

    assert (one["opens"].start, one["opens"].step) == (550, 5)
    assert one["closes"].words(one["closes"].start) == "21:45"


def test_facts_too_few_to_tell_the_hours_apart_are_spread_evenly_and_it_is_said() -> None:
    few = replace(SEEN, visits=250)
    room = Room(replace(DEFAULT, opens="14:00", closes="18:00"), "UTC", few)

    assert per_hour(room, 28) == (7.0,) * 24
    assert "too few to tell the hours" in sliders(room.policy, few)["people"].source


def test_hours_that_are_added_bring_people_at_the_mean_of_those_open_now() -> None:
    room = Room(replace(DEFAULT, opens="14:00", closes="18:00"), "UTC", SEEN)
    rates = per_hour(room, 28)

    assert rates[14:18] == pytest.approx((4, 16, 4, 4))
    assert set(rates[:14] + rates[18:]) == {7.0}


def test_how_much_of_each_hour_lies_between_two_times() -> None:
    assert open_minutes(570, 690)[8:13] == (0, 30, 60, 30, 0)
    assert sum(open_minutes(0, 1440)) == 1440
    assert (clock(570), minutes_of("09:30"), clock(1440)) == ("09:30", 570, "24:00")


# What does not fit


@pytest.mark.parametrize(
    ("typed", "name", "expected"),
    [
        ({"places": "abc"}, "places", "Found: ‘abc’. Expected: a whole number from 1 to 30."),
        ({"places": "8.5"}, "places", "a whole number"),
        ({"places": "1e400"}, "places", "a whole number"),
        ({"patience": "nan"}, "patience", "a whole number from 1 to 120"),
        ({"people": "9999"}, "people", "a number from 1 to 300, in steps of 0.5"),
        ({"people": ""}, "people", "Found: ‘’."),
        ({"opens": "1201"}, "opens", "minutes since midnight, from 0 to 1410, in steps of 30"),
        ({"opens": "1260", "closes": "600"}, "closes", "a time after 21:00, when the room opens"),
    ],
)
def test_a_bad_value_is_told_by_its_name(typed: dict[str, str], name: str, expected: str) -> None:
    found = chosen(tuple(sliders().values()), typed)

    assert list(found.problems) == [name]
    assert expected in found.problems[name]


@one_engine
def test_a_page_with_a_bad_address_keeps_what_was_typed(site: None) -> None:
    manager = signed_in("manager")
    answered = manager.get("/planning?places=<b>&closes=600&opens=1200&target=7")
    part = manager.get("/planning/result?places=many")
    few = manager.get("/planning/result?staff=0")

    assert (answered.status_code, part.status_code, few.status_code) == (422, 422, 422)
    page = answered.content.decode()
    assert 'name="places" value="&lt;b&gt;"' in page
    assert re.search(r'id="opens"[^>]* value="1200"', page)
    assert re.search(r'id="target"[^>]* value="7"', page)
    assert "Places to use in . Found: ‘&lt;b&gt;’." in shown(answered)
    assert "Closes . Found: 10:00. Expected: a time after 20:00" in shown(answered)
    assert "Found: ‘many’. Expected: a whole number from 1 to 30." in shown(part)


@one_engine
def test_too_few_staff_for_one_place_are_told(weeks: str) -> None:
    answered = signed_in("manager").get("/planning?staff=1&sunday=1")

    assert answered.status_code == 422
    assert "Staff on . Found: 1. Expected: 2 at least" in shown(answered)


# While it is compiled


@one_engine
@pytest.mark.parametrize(
    ("state", "status", "said"),
    [
        ("compiling", 202, "is being compiled for this machine, once; about half a minute"),
        ("failed", 503, "cannot run on this machine"),
    ],
)
def test_a_page_does_not_hang_while_there_is_nothing_to_run(
    site: None, monkeypatch: pytest.MonkeyPatch, state: str, status: int, said: str
) -> None:
    monkeypatch.setattr(compiling, "_begun", threading.current_thread())
    monkeypatch.setattr(compiling, "_state", state)
    monkeypatch.setattr(planning, "WITHIN", 0.1)
    manager = signed_in("manager")
    page, part = manager.get("/planning?places=9"), manager.get("/planning/result?places=9")

    assert part.status_code == status
    assert said in shown(part) and said in shown(page)
    assert 'id="places"' in page.content.decode(), "the sliders are there meanwhile"
    refreshes = '<noscript><meta http-equiv="refresh"' in page.content.decode()
    assert refreshes == (state == "compiling")


# What it says


@one_engine
def test_the_same_sliders_give_the_same_page(weeks: str) -> None:
    manager, address = signed_in("manager"), "/planning/result?places=6&staff=3&sunday=3"
    first, again = manager.get(address), manager.get(address)
    words = shown(first)

    assert first.status_code == 200
    assert first.content == again.content
    assert "Places to use in: 4 → 6" in words
    assert "As it is now This plan Difference" in words
    for figure in (
        "Share who go without",
        "Share who give up",
        "Mean wait",
        "Places in use",
        "Staff held",
    ):
        assert figure in words
    assert "points" in words
    assert words.count("Simulated: mean of") == 5, "each picture says what it is"
    assert "Some times are assumed. Were the minutes until people give up, to make a place" in words
    assert "of 100 would be under the target" in words
    assert first.content.count(b"<svg") == 5
    assert b"style=" not in first.content, "the security policy of pages takes no style of its own"


def test_the_answer_depends_on_nothing_but_the_question() -> None:
    one = answer(asked(places=6, staff=3))
    planned._counts.clear()

    assert answer(asked(places=6, staff=3)) == one


def test_a_room_beside_itself_does_not_differ() -> None:
    found = answer(asked())

    assert {line.difference.mean for line in found.lines} == {"0"}
    assert all(line.now == line.plan for line in found.lines)
    assert found.moved == ()


def test_what_is_assumed_can_be_put_into_both_columns() -> None:
    mixed, both = (
        answer(asked(places=6, patience=5)),
        answer(asked(places=6, patience=5, both=True)),
    )
    plan = {line.name: line.plan for line in mixed.lines}

    assert (mixed.mixed, both.mixed) == (True, False)
    assert plan == {line.name: line.plan for line in both.lines}
    assert mixed.lines[0].now != both.lines[0].now


def test_places_that_no_staff_open_are_told() -> None:
    found = answer(asked(places=6, sunday=1))

    assert any("2 staff on other days open 4 of the 6 places" in one for one in found.notes)
    assert any("1 staff on Sundays open 0 of the 6 places" in one for one in found.notes)
    assert any("too few staff are on to open even one place" in one for one in found.notes)


def test_shorter_hours_say_who_comes_when_it_is_closed() -> None:
    found = answer(asked(opens=720))
    people = asked().now.arrivals.per_hour[0]

    assert any(
        f"closed for 2 hours a day in which {2 * people:.1f} people" in one for one in found.notes
    )
    assert not any("closed for" in one for one in answer(asked()).notes)


def test_longer_hours_say_who_is_taken_to_come_in_them() -> None:
    found = answer(asked(closes=1440))
    people = asked().now.arrivals.per_hour[0]

    assert any(
        f"4 hours more a day are taken to bring {4 * people:.1f} people more" in one
        and "it is an assumption" in one
        for one in found.notes
    )


def test_an_empty_room_claims_nothing_about_waiting() -> None:
    found = answer(asked(people=1, places=8, staff=8, sunday=8, emergencies=0))

    assert found.verdict == "under"
    assert found.lines[0].plan.mean == "0"
    assert "none in" in found.lines[0].plan.between
    assert any("hardly binds" in one for one in found.reading)


def test_the_verdict_is_in_words() -> None:
    over, under = answer(asked(places=1)), answer(asked(places=8, staff=4, sunday=4, target=20))

    assert over.verdict_words.startswith("Over the target of 5\N{NO-BREAK SPACE}%: ")
    assert under.verdict_words.startswith("Under the target of 20\N{NO-BREAK SPACE}%: ")


def test_a_year_of_it_has_as_many_sundays_as_other_days() -> None:
    one = asked(sunday=1).plan

    assert one.days % 7 == 0
    assert datetime.combine(one.start, datetime.min.time(), UTC).weekday() == 0
    assert {shift.weekdays: shift.staff for shift in one.rota} == {(0, 1, 2, 3, 4, 5): 2, (6,): 1}
