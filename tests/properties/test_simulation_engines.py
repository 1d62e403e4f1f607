"""The compiled room and the reference engine make the same visits of the same people.

The reference sends every act through the real room; the compiled one knows no room at all. On days
that Hypothesis invents, with ties on one millisecond, they must agree on every visit: who starts
when and where, why somebody waits, when the place is ready again, who gives up and who is sent away.
"""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendcr.room.policy import Place
from opendcr.simulate.comers import Comer, Day
from opendcr.simulate.kernel import replications, turns
from opendcr.simulate.kernel.tables import assumed
from opendcr.simulate.results import COLUMNS
from opendcr.simulate.room import replicate
from opendcr.simulate.scenario import MINUTE, Arrivals, Duration, Emergencies, Scenario, Shift
from opendcr.simulate.tallied import moments
from tests.simulated import NEVER_CLOSES, OPENS, Played, plain

pytestmark = pytest.mark.timeout(900)  # many examples in make soak

NEEDS = ("any", "injecting", "accessible", "inhalation", "left")
ROUTES = {"routes": ("intravenous", "inhaled")}
PLACES = (
    Place("a", "injecting", "1"),
    Place("b", "injecting", "2", hand="right"),
    Place("c", "accessible", "3"),
    Place("d", "inhalation", "4"),
    Place("e", "injecting", "5", capacity=2),
)
# Few moments, so that much falls on the same one; and some that are odd.
times = st.one_of(st.integers(0, 12).map(lambda n: n * 5 * MINUTE), st.integers(0, 60 * MINUTE))
spans = st.one_of(st.integers(0, 6).map(lambda n: n * 5 * MINUTE), st.integers(0, 40 * MINUTE))


@st.composite
def rooms(draw: st.DrawFn) -> Scenario:
    """Rooms with and without kinds of place, a full queue, chairs, too few staff, emergencies."""
    places = draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=4, unique=True))
    policy = {
        **ROUTES,
        "places": tuple(places),
        "staff_minimum": draw(st.sampled_from([0, 0, 2])),
        "booths_per_staff": draw(st.sampled_from([0, 1, 2])),
        "block_after_use": draw(st.booleans()),
        "stay_after_use": draw(st.sampled_from([0, 0, 10])),
        "stay_after_naloxone": draw(st.sampled_from([0, 30])),
    }
    fitting = [
        need for need in NEEDS if any(plain(1, policy).fits(need, place) for place in places)
    ]
    # At 10:00, where one day may follow on the other, fewer or more are on.
    rota = [Shift("09:00", "09:25", 2), Shift("09:20", "13:00", 1), Shift("09:40", "10:00", 2)]
    more = [Shift("09:30", "13:00", 1), Shift("10:00", "13:00", 2)]
    return plain(
        1,
        policy,
        needs=dict.fromkeys(fitting, 1 / len(fitting)),
        queue_capacity=draw(st.sampled_from([None, None, 0, 1, 2])),
        balking=draw(st.sampled_from([(), (), (0.1, 0.5, 0.8)])),
        chairs=draw(st.sampled_from([None, 1, 2])),
        staff=draw(st.sampled_from([3, 4, 5])),
        rota=tuple(draw(st.sampled_from([[], rota, more]))),
        emergencies=Emergencies(staff=draw(st.integers(0, 2)), pauses_seating=draw(st.booleans())),
    )


@st.composite
def played(draw: st.DrawFn) -> tuple[Scenario, list[Day]]:
    """A room and one or two days in it, apart or following on, with people who come at odd times."""
    scenario = draw(rooms())
    follow_on = draw(st.booleans())
    number, made = 0, []
    for at in range(draw(st.integers(1, 2))):
        opens = OPENS + at * 70 * MINUTE - at * follow_on * 10 * MINUTE
        comers = []
        for moment in sorted(draw(st.lists(times, max_size=12))):
            if moment < 60 * MINUTE:
                number += 1
                comers.append(draw(comer(scenario, number, opens + moment)))
        made.append(Day(opens, opens + 60 * MINUTE, tuple(comers)))
    if follow_on and len(made) == 2:
        made = [replace(made[0], runs_on=True), replace(made[1], follows_on=True)]
    return scenario, made


@st.composite
def comer(draw: st.DrawFn, scenario: Scenario, number: int, at: int) -> Comer:
    onset = draw(st.sampled_from([None, None, None, 0, 5 * MINUTE, 12 * MINUTE]))
    episode = draw(spans)
    return Comer(
        number=number,
        at=at,
        consumes=draw(st.sampled_from([True, True, True, False])),
        substances=draw(st.sampled_from([("heroin",), ("cocaine",)])),
        service="wound_care",
        episode=max(episode, onset or 0),
        patience=draw(st.one_of(st.none(), spans)),
        turnover=draw(st.sampled_from([0, 0, 5 * MINUTE, 3 * MINUTE])),
        recovery=draw(st.sampled_from([0, 0, 10 * MINUTE, 15 * MINUTE])),
        emergency=onset,
        care=draw(st.integers(5, 30)) * MINUTE,
        naloxone=onset is not None and draw(st.booleans()),
        need=draw(st.sampled_from(list(scenario.needs))),
        balks_at=draw(st.sampled_from([None, None, 0, 1, 2])),
    )


@given(played())
def test_the_same_people_make_the_same_visits(invented):
    scenario, made = invented
    reference = Played(scenario, made).simulation.stays
    expected = sorted(
        (stay for stay in reference if stay.end != "care"), key=lambda stay: stay.number
    )
    assert replications.stays(scenario, made) == expected


LONG_DAYS = [{}, NEVER_CLOSES, {"opens": "00:00", "closes": "23:30"}, {"closes": "24:00"}]


@settings(max_examples=settings().max_examples // 2)  # the reference engine takes its time
@given(
    rooms(),
    st.sampled_from(LONG_DAYS),
    st.sampled_from([date(2025, 1, 13), date(2025, 3, 29), date(2025, 10, 25)]),
    st.integers(0, 2**53 - 1),
    st.floats(0.5, 12),
)
def test_both_draw_the_same_people_and_count_the_same(scenario, hours, start, seed, rate):
    """From the scenario alone, people drawn and figures counted: by either engine, to the last one.

    Rooms that never close, and such as people stay in past the next opening, on days of 23, 24 and
    25 hours; in some nobody comes but for an hour or two, so that much runs on past the last.
    """
    few = tuple(rate if hour in (9, 22, 23) else 0.0 for hour in range(24))
    laws = {
        "policy": replace(scenario.policy, **hours),
        "start": start,
        "days": 2,
        "arrivals": Arrivals(few if seed % 2 else (rate,) * 24, share_consuming=0.8),
        "episode": Duration("lognormal", 25.0, 15.0 + 60 * (seed % 3)),
        "patience": Duration("exponential", 10.0),
        "turnover": Duration("deterministic", 3.0),
        "recovery": Duration("gamma", 15.0, 10.0),
        "emergencies": replace(scenario.emergencies, per_1000=200),
    }
    scenario = replace(scenario, **laws)
    done = replicate(scenario, seed)
    slow = moments(scenario, done.days, done.stays)
    fast = replications.replications(assumed(scenario), seed, 0, 1)
    assert dict(zip(COLUMNS, fast.means.tolist(), strict=True)) == dict(
        zip(COLUMNS, slow.means.tolist(), strict=True)
    )
    assert (fast.bins == slow.bins).all()


@given(
    st.integers(1, 9),
    st.sampled_from([None, 0]),
    st.booleans(),
    st.sampled_from([0.0, 300.0]),
    st.sampled_from([{}, NEVER_CLOSES, {"opens": "09:30", "closes": "10:10"}]),
    st.integers(0, 2**53 - 1),
)
def test_the_plain_queue_is_the_whole_room_where_nothing_else_is_short(
    places, capacity, patient, ill, hours, seed
):
    scenario = plain(
        places,
        hours,
        days=3,
        arrivals=Arrivals((6.0,) * 24, share_consuming=0.9),
        episode=Duration("gamma", 25.0, 20.0),
        patience=None if patient else Duration("lognormal", 10.0, 5.0),
        turnover=Duration("exponential", 3.0),
        emergencies=Emergencies(per_1000=ill),
        queue_capacity=capacity,
    )
    room = assumed(scenario)
    assert replications.is_plain(room)
    quick, whole = (
        replications.replications(room, seed, 0, 2, plainly) for plainly in (True, False)
    )
    assert (quick.means == whole.means).all() and (quick.bins == whole.bins).all()
    assert (quick.products == whole.products).all()


@pytest.mark.parametrize(("capacity", "people"), [(2, 30), (2, 100), (3, 100)])
def test_a_place_for_several_may_be_left_by_many_at_one_moment(capacity, people):
    """Everybody waits for staff and is gone at once: more falls due on that moment than ever else."""
    place = Place("a", "injecting", "1", capacity=capacity)
    scenario = plain(1, {"places": (place,), "booths_per_staff": 1}, staff=1,
                     rota=(Shift("09:30", "21:00", 1),))  # fmt: skip
    comers = tuple(
        Comer(number, OPENS + number, True, ("heroin",), "wound_care", 0, None, 0, 0, None)
        for number in range(1, people + 1)
    )
    made = [Day(OPENS, OPENS + 60 * MINUTE, comers)]
    expected = Played(scenario, made).simulation.stays
    assert replications.stays(scenario, made) == sorted(expected, key=lambda stay: stay.number)


@pytest.mark.parametrize("places", [1023, 1024, 1025, 1500])
def test_a_room_of_very_many_places_is_counted_the_same(places):
    scenario = plain(places, days=1, arrivals=Arrivals((3000.0,) * 24),
                     episode=Duration("exponential", 60.0),
                     patience=Duration("exponential", 1.0))  # fmt: skip
    room = assumed(scenario)
    one, other = (replications.replications(room, 1, 0, 1, plainly) for plainly in (None, False))
    assert (one.means == other.means).all()
    assert one.mean("left_waiting") > 0


@pytest.mark.parametrize(("chairs", "apart"), [(None, 1), (100, 1), (130, 1), (140, 20_000)])
def test_as_many_wait_and_rest_as_come(chairs, apart):
    """More than the engine has rows for at first: it begins again, and counts nothing twice."""
    scenario = plain(2, chairs=chairs, staff=3)
    comers = tuple(
        Comer(number, OPENS + apart * number, True, ("heroin",), "wound_care", MINUTE // 5, None, 0,
              90 * MINUTE, None)
        for number in range(1, 151)
    )  # fmt: skip
    made = [Day(OPENS, OPENS + 60 * MINUTE, comers)]
    simulation = Played(scenario, made).simulation
    stays = sorted(simulation.stays, key=lambda stay: stay.number)
    assert replications.stays(scenario, made) == stays
    assert {stay.end for stay in stays[:100]} == {"served"}
    assert len({stay.end for stay in stays}) == (1 if chairs is None else 2)


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 6), st.integers(1, 5)), max_size=60),
)
def test_the_calendar_tells_what_is_due_first(leaves, planned):
    """Of every leaf the last that was planned; of two at once the person's with the lower number."""
    keys, leaf_of, numbers = turns.calendar(leaves)
    due = {}
    for leaf, key, number in planned:
        at = leaf % leaves
        key = int(turns.LATEST) if key == 6 else key
        turns.plan(keys, leaf_of, numbers, at, key, number)
        due[at] = key, number
        first = min(due.values())
        assert keys[1] == first[0]
        if first[0] < turns.LATEST:
            assert due[int(leaf_of[1])] == first


def comes(number, at, episode, **more):
    """Somebody who comes at a minute and uses for some minutes; other times in minutes too."""
    times = {name: value * MINUTE for name, value in more.items() if name != "naloxone"}
    return Comer(number, OPENS + at * MINUTE, True, ("heroin",), "wound_care", episode * MINUTE,
                 times.get("patience"), times.get("turnover", 0), times.get("recovery", 0),
                 times.get("emergency"), times.get("care", 0),
                 more.get("naloxone", False))  # fmt: skip


TIES = {
    "two releases and an end at once": (plain(2), [
        comes(1, 0, 27, turnover=3), comes(2, 1, 24, turnover=5), comes(3, 3, 9), comes(4, 4, 7)]),
    "several ends at once": (plain(4), [
        comes(1, 0, 5), comes(2, 0, 30), comes(3, 0, 30), comes(4, 0, 30), comes(5, 0, 25),
        comes(6, 1, 29), comes(7, 2, 9), comes(8, 3, 8), comes(9, 4, 7)]),
    "patience ends when a chair is free": (plain(1, chairs=1), [
        comes(1, 0, 10, recovery=20), comes(2, 1, 10, recovery=10), comes(3, 15, 0),
        comes(4, 16, 5, patience=14)]),
    "a stay after use beside one after naloxone": (
        plain(1, {"stay_after_use": 10, "stay_after_naloxone": 30}, chairs=1,
              emergencies=Emergencies(staff=0)),
        [comes(1, 0, 10, emergency=0, care=30, naloxone=True), comes(2, 1, 5), comes(3, 2, 5)]),
    "a place for two of whom the second is quicker made ready for": (
        plain(1, {"places": (Place("a", "injecting", "1", capacity=2),)}), [
            comes(1, 0, 10, turnover=5), comes(2, 1, 10, turnover=3), comes(3, 2, 5)]),
}  # fmt: skip


@pytest.mark.parametrize("name", TIES)
def test_what_falls_on_one_moment_goes_in_one_order(name):
    scenario, comers = TIES[name]
    made = [Day(OPENS, OPENS + 120 * MINUTE, tuple(comers))]
    expected = Played(scenario, made).simulation.stays
    assert replications.stays(scenario, made) == sorted(expected, key=lambda stay: stay.number)
