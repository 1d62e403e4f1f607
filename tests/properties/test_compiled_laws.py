"""What no room can break, of the compiled one: nobody is lost, nobody is in two places, no place
has two people, nobody waits beside a free place, and what is counted adds up.

People are drawn from scenarios that Hypothesis invents; what becomes of each is read from the table
of visits and counted anew.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opendcr.room.policy import Place
from opendcr.simulate.comers import Comer, Day, days
from opendcr.simulate.kernel import counts, replications
from opendcr.simulate.kernel.tables import assumed
from opendcr.simulate.results import COLUMNS, together
from opendcr.simulate.scenario import MINUTE, Arrivals, Duration, Emergencies, Scenario, Shift
from opendcr.simulate.simulated import simulated
from opendcr.simulate.stays import Stay
from opendcr.simulate.sweep import Cores, pieces
from opendcr.simulate.uncertain import Assumptions
from tests.simulated import NEVER_CLOSES, plain

pytestmark = pytest.mark.timeout(900)  # many examples in make soak

seeds = st.integers(0, 2**53 - 1)
durations = st.one_of(
    st.builds(Duration, st.just("exponential"), st.floats(1, 45)),
    st.builds(Duration, st.just("lognormal"), st.floats(1, 45), st.floats(1, 60)),
    st.builds(Duration, st.just("gamma"), st.floats(1, 45), st.floats(1, 60)),
    st.builds(Duration, st.just("deterministic"), st.floats(0, 45)),
    st.builds(Duration, st.just("empirical"), st.just(0.0),
              values=st.lists(st.integers(0, 9).map(lambda n: n * 5.0), min_size=1, max_size=4)
              .map(tuple)),
)  # fmt: skip
perhaps = st.one_of(st.none(), durations)
HOURS = (
    {},
    NEVER_CLOSES,
    {"opens": "09:40", "closes": "12:10"},
    {"opens": "20:00", "closes": "24:00"},
    {"opens": "00:00", "closes": "04:00"},
)
STARTS = (date(2025, 1, 13), date(2025, 3, 29), date(2025, 10, 25))  # beside changes of the clocks
KINDS = ("injecting", "inhalation", "accessible")
# In a room that never closes, somebody begins after the last arrival of a day and before midnight.
OVER_MIDNIGHT = plain(
    1,
    NEVER_CLOSES,
    days=2,
    arrivals=Arrivals((0.0,) * 23 + (3.0,)),
    episode=Duration("exponential", 5.0),
)


@st.composite
def rooms(draw: st.DrawFn) -> Scenario:
    """Some kinds of place, and nothing else that anybody could wait for."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=4))
    policy = {
        **draw(st.sampled_from(HOURS)),
        "places": tuple(Place(f"booth-{n}", kind, str(n)) for n, kind in enumerate(kinds)),
        "routes": ("intravenous", "inhaled"),
    }
    fits = [need for need in ("any", "injecting", "inhalation", "accessible")
            if any(plain(1, policy).fits(need, place) for place in policy["places"])]  # fmt: skip
    rates = draw(st.lists(st.floats(0, 8), min_size=24, max_size=24))
    return plain(
        1,
        policy,
        start=draw(st.sampled_from(STARTS)),
        days=draw(st.integers(1, 3)),
        arrivals=Arrivals(tuple(rates), share_consuming=draw(st.sampled_from([1.0, 0.7]))),
        needs=dict.fromkeys(fits, 1 / len(fits)),
        episode=draw(durations),
        patience=draw(perhaps),
        turnover=draw(perhaps),
        queue_capacity=draw(st.sampled_from([None, None, 0, 2])),
    )


@st.composite
def short_rooms(draw: st.DrawFn) -> Scenario:
    """The same with chairs, staff and emergencies, of which there may be too few or too many."""
    scenario = draw(rooms())
    rules = {"staff_minimum": draw(st.integers(0, 2)), "booths_per_staff": draw(st.integers(0, 2)),
             "stay_after_use": draw(st.sampled_from([0, 15]))}  # fmt: skip
    return replace(
        scenario,
        policy=replace(scenario.policy, **rules),
        recovery=draw(perhaps),
        chairs=draw(st.sampled_from([None, 1, 3])),
        staff=draw(st.integers(2, 4)),
        rota=draw(st.sampled_from([(), (Shift("06:00", "14:30", 2), Shift("14:00", "02:00", 3))])),
        emergencies=Emergencies(per_1000=draw(st.sampled_from([0, 200])), staff=1,
                                pauses_seating=draw(st.booleans())),
    )  # fmt: skip


def played(scenario: Scenario, seed: int) -> tuple[list[Day], list[Stay]]:
    """Who comes and what becomes of those who come to use."""
    drawn = list(days(scenario, seed))
    return drawn, replications.stays(scenario, drawn)


def counted(scenario: Scenario, seed: int) -> dict[str, float]:
    """What the compiled room counts of the same people."""
    kept = replications.replications(assumed(scenario), seed, 0, 1)
    return dict(zip(COLUMNS, kept.means.tolist(), strict=True))


def wait_ends(stay: Stay) -> int:
    """When somebody does not wait any more: at once where they are turned away."""
    ends = stay.started if stay.started is not None else stay.until
    return stay.arrived if ends is None else ends


def in_places(stays: Sequence[Stay]) -> dict[str, list[tuple[int, int]]]:
    """By place, from when until when somebody had it or it was made ready, in order."""
    held: dict[str, list[tuple[int, int]]] = {}
    for stay in stays:
        if stay.place is not None:
            held.setdefault(stay.place, []).append((stay.started or 0, stay.ready or 0))
    return {place: sorted(spans) for place, spans in held.items()}


@given(short_rooms(), seeds)
def test_everybody_who_comes_ends_in_one_way(scenario, seed):
    drawn, stays = played(scenario, seed)
    came = [comer.number for day in drawn for comer in day.comers if comer.consumes]
    assert [stay.number for stay in stays] == came
    found = counted(scenario, seed)
    assert found["arrivals"] == len(came) == sum(found[end] for end in counts.ENDS)
    for end in counts.ENDS:
        assert found[end] == sum(stay.end == end for stay in stays)
    assert found["waited"] == sum(stay.started != stay.arrived for stay in stays)
    assert found["wait"] == sum(wait_ends(stay) - stay.arrived for stay in stays)
    assert all(wait_ends(stay) >= stay.arrived for stay in stays)


@given(short_rooms(), seeds)
def test_no_place_has_two_people_and_nobody_leaves_before_the_end(scenario, seed):
    drawn, stays = played(scenario, seed)
    brought = {comer.number: comer for day in drawn for comer in day.comers}
    for spans in in_places(stays).values():
        assert all(ready <= following for (_, ready), (following, _) in pairwise(spans))
    for stay in stays:
        comer = brought[stay.number]
        if stay.started is not None and stay.finished is not None and stay.ready is not None:
            assert stay.finished - stay.started >= comer.episode
            assert stay.ready - stay.finished >= comer.turnover
            place = next(one for one in scenario.booths if one.id == stay.place)
            assert scenario.fits(comer.need, place)


@given(rooms(), seeds)
def test_nobody_waits_beside_a_place_that_is_free_and_fits(scenario, seed):
    drawn, stays = played(scenario, seed)
    needs = {comer.number: comer.need for day in drawn for comer in day.comers}
    held = in_places(stays)
    for stay in stays:
        since, until = stay.arrived, wait_ends(stay)
        if stay.started == stay.arrived:
            continue
        for place in scenario.booths:
            if scenario.fits(needs[stay.number], place):
                assert _covered(held.get(place.id, []), since, until), (stay, place.id)


def _covered(spans: Sequence[tuple[int, int]], since: int, until: int) -> bool:
    """Whether spans in order leave no moment of a time out; a time without length is one moment."""
    if since == until:
        return any(begins <= since < ends for begins, ends in spans)
    for begins, ends in spans:
        if begins <= since < ends:
            since = ends
    return since >= until


@given(rooms(), seeds)
def test_nobody_takes_a_place_that_fits_somebody_who_came_before_and_still_waits(scenario, seed):
    drawn, stays = played(scenario, seed)
    needs = {comer.number: comer.need for day in drawn for comer in day.comers}
    places = {place.id: place for place in scenario.booths}
    for at, stay in enumerate(stays):  # in the order in which they came
        if stay.started is not None and stay.place is not None:
            passed_over = (one for one in stays[:at] if wait_ends(one) > stay.started)
            fitting = [
                one for one in passed_over if scenario.fits(needs[one.number], places[stay.place])
            ]
            assert not fitting, stay


@given(rooms(), st.integers(1, 6), seeds)
def test_one_more_booth_makes_nobody_wait_longer(scenario, places, seed):
    """The same people, who take any place, wait without end and are all served."""
    hours = {"opens": scenario.policy.opens, "closes": scenario.policy.closes}
    waits = []
    for number in (places, places + 1):
        alike = plain(number, hours, days=1, start=scenario.start, arrivals=scenario.arrivals,
                      episode=scenario.episode, turnover=scenario.turnover)  # fmt: skip
        (day,) = days(alike, seed)
        late = replace(day, closes=day.closes + 100 * 24 * 60 * MINUTE, runs_on=False)
        stays = replications.stays(alike, [late])
        assert all(stay.end == "served" for stay in stays)
        waits.append([wait_ends(stay) - stay.arrived for stay in stays])
    assert len(waits[0]) == len(waits[1])
    assert all(more <= fewer for fewer, more in zip(*waits, strict=True))


@given(rooms(), seeds)
def test_the_time_of_places_is_used_made_ready_or_idle(scenario, seed):
    """Idle time is measured apart: what no visit covers of the opening hours."""
    drawn, stays = played(scenario, seed)
    found, held = counted(scenario, seed), in_places(stays)
    idle = 0
    for place in scenario.booths:
        spans = held.get(place.id, [])
        for day in drawn:
            covered = (min(ends, day.closes) - max(begins, day.opens) for begins, ends in spans)
            idle += day.closes - day.opens - sum(one for one in covered if one > 0)
    of_places = len(scenario.booths) * found["open"]
    assert found["used"] + found["not_ready"] + idle == of_places
    assert found["place_open"] == of_places - found["not_ready"]


@given(short_rooms(), seeds)
@example(replace(OVER_MIDNIGHT, emergencies=Emergencies(per_1000=1000, staff=1)), 0)
def test_staff_are_held_as_long_as_emergencies_run_in_opening_hours(scenario, seed):
    drawn, stays = played(scenario, seed)
    brought = {comer.number: comer for day in drawn for comer in day.comers}
    held = 0
    for stay in stays:
        if stay.emergency:
            begins = (stay.started or 0) + (brought[stay.number].emergency or 0)
            over = begins + brought[stay.number].care
            held += sum(_overlap(begins, over, day.opens, day.closes) for day in drawn)
    found = counted(scenario, seed)
    assert found["held"] == held * scenario.emergencies.staff
    assert found["emergencies"] == sum(stay.emergency for stay in stays)


@given(short_rooms(), seeds)
def test_the_queue_holds_as_many_as_wait_at_each_moment(scenario, seed):
    """Little's law as an identity: the queue's length, summed from change to change."""
    _, stays = played(scenario, seed)
    changes = sorted(
        [(stay.arrived, 1) for stay in stays] + [(wait_ends(one), -1) for one in stays]
    )
    length = area = 0
    for (moment, change), (following, _) in pairwise(changes):
        length += change
        area += length * (following - moment)
    kept = replications.replications(assumed(scenario), seed, 0, 1)
    queue = kept.figures()["mean_queue_length"].mean
    assert queue is not None
    assert queue * kept.mean("open") == pytest.approx(area, rel=1e-12, abs=1e-6)


@given(short_rooms(), seeds)
@example(OVER_MIDNIGHT, 0)
def test_the_hours_add_up_to_the_day(scenario, seed):
    found = counted(scenario, seed)
    hours = replications.by_hour(assumed(scenario), seed, 0).sum(axis=(0, 1))
    by_name = dict(zip(counts.BY_HOUR, hours.tolist(), strict=True))
    queue = by_name.pop("queue")
    assert by_name == {name: found[name] for name in by_name}
    assert queue == found["wait"]  # who waits does so within opening hours


@given(short_rooms(), seeds)
@example(OVER_MIDNIGHT, 0)
def test_each_hour_holds_what_happened_in_it(scenario, seed):
    """Counted from the visits, by the weekday and by what the clock showed."""
    drawn, stays = played(scenario, seed)
    hours = replications.by_hour(assumed(scenario), seed, 0)
    expected = np.zeros((7, 24, 8), dtype=np.int64)
    room = assumed(scenario)
    for at, day in enumerate(drawn):
        begins, first, many = room.days[at, [0, 4, 5]]
        weekday = (scenario.start + timedelta(days=at)).weekday()
        for offset, length, clock in room.spans[first : first + many].tolist():
            since = max(begins + offset, day.opens)
            until = min(begins + offset + length, day.closes)
            if since >= until:
                continue
            for stay in stays:
                if since <= stay.arrived < until:
                    waited = stay.started != stay.arrived
                    wait = wait_ends(stay) - stay.arrived
                    gone = (stay.end == "left_waiting", stay.end == "waiting_at_close")
                    expected[weekday, clock, [0, 4, 5, 6, 7]] += (1, waited, wait, *gone)
                expected[weekday, clock, 1] += _overlap(stay.arrived, wait_ends(stay), since, until)
                started, finished = stay.started or 0, stay.finished or 0
                expected[weekday, clock, 2] += _overlap(started, finished, since, until)
                expected[weekday, clock, 3] += _overlap(finished, stay.ready or 0, since, until)
    columns = [counts.H_ARRIVALS, counts.H_QUEUE, counts.H_USED, counts.H_NOT_READY,
               counts.H_WAITED, counts.H_WAIT, counts.H_LEFT, counts.H_SENT_AWAY]  # fmt: skip
    assert (hours[:, :, columns] == expected).all()


def _overlap(since: int, until: int, begins: int, ends: int) -> int:
    return max(0, min(until, ends) - max(since, begins))


def brings(day: Day) -> list[Comer]:
    """The people of a day but for their number, which the earlier ones give them."""
    return [replace(comer, number=0, service="") for comer in day.comers]


@given(short_rooms(), seeds)
def test_a_room_open_longer_sees_the_same_people_in_the_hours_it_had(scenario, seed):
    def opened(opens: str, closes: str) -> list[Day]:
        policy = replace(scenario.policy, opens=opens, closes=closes)
        return list(days(replace(scenario, policy=policy), seed))

    usual = opened("09:00", "21:00")
    for longer in (opened("09:00", "24:00"), opened("06:20", "21:00"), opened("00:00", "24:00")):
        for day, more in zip(usual, longer, strict=True):
            had = [one for one in brings(more) if day.opens <= one.at < day.closes]
            assert had == brings(day)


@given(short_rooms(), seeds)
def test_a_longer_patience_changes_nothing_but_patience(scenario, seed):
    """Twice the mean is twice the patience of everybody, but for what a whole millisecond rounds."""
    once, twice = (
        list(days(replace(scenario, patience=Duration("exponential", mean)), seed))
        for mean in (10.0, 20.0)
    )
    for day, other in zip(once, twice, strict=True):
        assert len(day.comers) == len(other.comers)
        for comer, patient in zip(day.comers, other.comers, strict=True):
            assert replace(patient, patience=comer.patience) == comer
            assert abs((patient.patience or 0) - 2 * (comer.patience or 0)) <= 1


@given(short_rooms(), seeds)
def test_a_room_that_runs_longer_has_the_same_first_days(scenario, seed):
    longer = replace(scenario, days=scenario.days + 1)
    assert [brings(day) for day in days(longer, seed)][:-1] == [
        brings(day) for day in days(scenario, seed)
    ]


@given(short_rooms(), seeds)
def test_a_day_later_in_the_scenario_is_the_same_day(scenario, seed):
    """Days have streams of their own, by the calendar."""
    later = replace(scenario, start=scenario.start + timedelta(days=1), days=1)
    both = replace(scenario, days=2)
    assert brings(next(days(later, seed))) == brings(list(days(both, seed))[1])


BUSY = plain(
    3,
    NEVER_CLOSES,
    days=400,
    arrivals=Arrivals((5.0,) * 24),
    episode=Duration("lognormal", 30.0, 20.0),
    patience=Duration("exponential", 15.0),
)


def test_the_figures_are_the_same_whoever_does_the_work():
    """By one, two or three at a time, of several pieces of work."""
    many = 100
    assert len(pieces(BUSY, 1, many)) >= 4
    found = []
    for workers in (1, 2, 3):
        with ExitStack() as stack:
            known = Assumptions(Path(), {}, (), BUSY)
            found.append(simulated(known, 1, many, workers=Cores(stack, workers)).figures)
    assert found[0] == found[1] == found[2]
    with ExitStack() as stack:
        other = simulated(Assumptions(Path(), {}, (), BUSY), 2, many, workers=Cores(stack)).figures
    assert other != found[0]


@given(short_rooms(), seeds, st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_replications_are_the_same_however_they_are_cut(scenario, seed, sizes):
    """But for the last digits."""
    room = assumed(scenario)
    begins = np.cumsum([0, *sizes]).tolist()
    whole = replications.replications(room, seed, 0, begins[-1])
    cut = together(
        replications.replications(room, seed, at, size)
        for at, size in zip(begins, sizes, strict=False)
    )
    assert (whole.bins == cut.bins).all()
    assert whole.means == pytest.approx(cut.means, rel=1e-9, abs=1e-9)
    scale = float(np.abs(whole.products).max()) + 1
    assert whole.products == pytest.approx(cut.products, rel=1e-9, abs=1e-9 * scale)


def test_a_night_shift_of_the_day_before_the_first_is_there():
    """The room opens at midnight, and who came on at eight in the evening stays until four."""
    scenario = plain(2, {"opens": "00:00", "closes": "04:00", "booths_per_staff": 1}, days=1,
                     rota=(Shift("20:00", "04:00", 2),), arrivals=Arrivals((3.0,) * 24))  # fmt: skip
    assert counted(scenario, 1)["served"] > 0
