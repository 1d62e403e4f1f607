"""Days of a few people, worked out by hand: who is seated when, and what the figures then are.

What falls on one millisecond goes in this order: completion, release, closing, patience, arrival;
then by number.
"""

from dataclasses import replace

import pytest

from opendcr.simulate.scenario import Emergencies
from tests.simulated import Played, drawn, plain

DAYS = [
    (
        "who comes at the moment of a completion is seated at once",
        "number | at | episode\n1 | 0 | 10\n2 | 10 | 5",
        "1 served 0 10\n2 served 10 15",
    ),
    (
        "first come, first served",
        "number | at | episode\n1 | 0 | 10\n2 | 2 | 20\n3 | 1 | 5",
        "1 served 0 10\n2 served 15 35\n3 served 10 15",
    ),
    (
        "of two who come at once the lower number is first",
        "number | at | episode\n2 | 0 | 10\n1 | 0 | 5",
        "1 served 0 5\n2 served 5 15",
    ),
    (
        "a place released at the moment when patience ends is taken",
        "number | at | episode | patience\n1 | 0 | 10 |\n2 | 4 | 5 | 6",
        "1 served 0 10\n2 served 10 15",
    ),
    (
        "patience ends before",
        "number | at | episode | patience\n1 | 0 | 10 |\n2 | 4 | 5 | 5",
        "1 served 0 10\n2 left_waiting 9",
    ),
    (
        "a place is cleaned before the next is seated",
        "number | at | episode | turnover\n1 | 0 | 10 | 3\n2 | 4 | 5 |",
        "1 served 0 10\n2 served 13 18",
    ),
    (
        "at closing those who wait go and episodes finish",
        "number | at | episode\n1 | 50 | 30\n2 | 55 | 5",
        "1 served 50 80\n2 waiting_at_close 60",
    ),
    (
        "completion comes before closing, on one millisecond",
        "number | at | episode\n1 | 50 | 10\n2 | 55 | 5",
        "1 served 50 60\n2 served 60 65",
    ),
    (
        "closing comes before patience, on one millisecond",
        "number | at | episode | patience\n1 | 50 | 30 |\n2 | 55 | 5 | 5",
        "1 served 50 80\n2 waiting_at_close 60",
    ),
    (
        "an emergency lasts to its end, even beyond the episode",
        "number | at | episode | emergency\n1 | 0 | 10 | 8\n2 | 4 | 5 |",
        "1 served 0 28\n2 served 28 33",
    ),
    (
        "an emergency within the episode does not lengthen it",
        "number | at | episode | emergency\n1 | 0 | 40 | 8",
        "1 served 0 40",
    ),
    (
        "people who come for care take no place",
        "number | at | episode | service\n1 | 0 | 40 | yes\n2 | 4 | 5 |",
        "1 care\n2 served 4 9",
    ),
]


@pytest.mark.parametrize(("words", "day", "told"), DAYS, ids=[words for words, _, _ in DAYS])
def test_a_day_with_one_place(words, day, told):
    assert Played(plain(1), [drawn(day)]).told() == told


def test_who_finds_the_queue_full_is_turned_away():
    day = drawn("number | at | episode\n1 | 0 | 10\n2 | 1 | 5\n3 | 2 | 5\n4 | 10 | 5")
    assert Played(plain(1, queue_capacity=1), [day]).told() == (
        "1 served 0 10\n2 served 10 15\n3 turned_away\n4 served 15 20"
    )
    assert Played(plain(1, queue_capacity=0), [day]).told() == (
        "1 served 0 10\n2 turned_away\n3 turned_away\n4 served 10 15"
    )


def test_who_gives_up_makes_room_in_the_queue_at_that_moment():
    day = drawn("number | at | episode | patience\n1 | 0 | 10 |\n2 | 1 | 5 | 4\n3 | 5 | 5 |")
    assert Played(plain(1, queue_capacity=1), [day]).told() == (
        "1 served 0 10\n2 left_waiting 5\n3 served 10 15"
    )


def test_two_places_take_two_people_and_the_first_free_takes_the_third():
    day = drawn("number | at | episode\n1 | 0 | 10\n2 | 1 | 5\n3 | 2 | 5")
    assert Played(plain(2), [day]).told() == "1 served 0 10\n2 served 1 6\n3 served 6 11"


def test_who_finds_no_chair_stays_in_the_booth():
    day = drawn("number | at | episode | recovery\n1 | 0 | 10 | 20\n2 | 10 | 5 | 20\n3 | 11 | 5 |")
    assert Played(plain(1, chairs=1), [day]).told() == (
        "1 served 0 10\n2 served 10 15\n3 served 30 35"
    )


def test_staff_in_an_emergency_watch_no_further_booth():
    day = drawn("number | at | episode | emergency\n1 | 0 | 30 | 1\n2 | 2 | 5 |")
    watched = {"policy": {"booths_per_staff": 1}, "staff": 2}
    held, paused = Emergencies(staff=1), Emergencies(pauses_seating=True)
    assert Played(plain(2, **watched), [day]).told() == "1 served 0 30\n2 served 2 7"
    for ill in (held, paused):  # the emergency is over at 21
        assert Played(plain(2, **watched, emergencies=ill), [day]).told() == (
            "1 served 0 30\n2 served 21 26"
        )


def test_the_figures_of_a_day():
    """One place, an hour: 10 minutes used, 4 cleaned, 16 used, 4 cleaned, and 3 people waited.

    2 waits 14 - 4 = 10 minutes, 3 gives up after 6, 4 comes at 20 and is in the queue when the
    place is ready at 34, so waits 14; she uses until 74, of which 26 minutes lie in the hour.
    Her cleaning lies after closing. Place-time: 60 - 4 - 4 = 52; used 10 + 16 + 26 = 52.
    """
    day = drawn(
        "number | at | episode | patience | turnover\n"
        "1 | 0 | 10 | | 4\n2 | 4 | 16 | | 4\n3 | 5 | 5 | 6 | 4\n4 | 20 | 40 | | 4"
    )
    played = Played(plain(1), [day])
    assert played.told() == "1 served 0 10\n2 served 14 30\n3 left_waiting 11\n4 served 34 74"
    figures = played.figures()
    assert figures == pytest.approx(  # a wait of minutes is known to a thousandth of it
        {
            "arrivals": 4,
            "served": 3,
            "left_waiting": 1,
            "turned_away": 0,
            "waiting_at_close": 0,
            "emergencies": 0,
            "probability_wait": 3 / 4,
            "probability_leave": 1 / 4,
            "probability_unserved": 1 / 4,
            "probability_not_fitting": 0,
            "mean_places_kept": 0,
            "mean_wait_minutes": (0 + 10 + 6 + 14) / 4,
            "mean_wait_served_minutes": (0 + 10 + 14) / 3,
            "mean_queue_length": 30 / 60,
            "occupancy": 52 / 52,
            "wait_p95_minutes": 10 + 0.85 * 4,
            "probability_short_of_staff": 0,
            "probability_held_up": 0,
            "balked": 0,
            "mean_staff_held": 0,
        },
        rel=1e-3,
    )


def test_those_turned_away_waited_for_nothing_and_count_as_not_starting_at_once():
    day = drawn("number | at | episode\n1 | 0 | 10\n2 | 1 | 5")
    figures = Played(plain(1, queue_capacity=0), [day]).figures()
    assert (figures["probability_wait"], figures["mean_wait_minutes"]) == (0.5, 0)
    assert figures["occupancy"] == pytest.approx(10 / 60)


def test_a_room_without_visitors_has_no_ratios():
    figures = Played(plain(1), [drawn("number | at | episode")]).figures()
    assert (figures["arrivals"], figures["occupancy"], figures["mean_queue_length"]) == (0, 0, 0)
    assert figures["probability_wait"] is None and figures["wait_p95_minutes"] is None


def test_nobody_leaves_before_the_minimum_stay():
    scenario = plain(1)
    policy = replace(scenario.policy, stay_after_use=15)
    day = drawn("number | at | episode\n1 | 0 | 10\n2 | 4 | 5")
    played = Played(replace(scenario, policy=policy), [day])
    assert played.told() == "1 served 0 10\n2 served 10 15"
    left = [fact for fact in played.facts if fact.kind == "Departed"]
    ended = {fact.visit: fact for fact in played.facts if fact.kind == "ConsumptionEnded"}
    assert [(one.happened - ended[one.visit].happened).seconds for one in left] == [900, 900]
