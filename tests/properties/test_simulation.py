"""What holds of every simulated room, whatever its scenario."""

import os
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendcr.ledger.codec import decode, encode
from opendcr.ledger.files import LedgerWriter, open_ledger
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.verify import verify
from opendcr.room.room import fold
from opendcr.simulate.comers import days
from opendcr.simulate.room import header
from opendcr.simulate.scenario import MINUTE, Arrivals, Duration, Emergencies, Scenario
from opendcr.simulate.stays import Stay
from opendcr.simulate.tallied import Hours
from tests.simulated import NEVER_CLOSES, Played, plain

pytestmark = pytest.mark.timeout(900)  # many examples in make soak
SOAK = os.environ.get("OPENDCR_SOAK") == "1"
ROOMS = settings(max_examples=500 if SOAK else 20)  # each plays a day or two

ENDS = ("served", "left_waiting", "turned_away", "waiting_at_close")

durations = st.one_of(
    st.builds(Duration, st.just("exponential"), st.floats(0.5, 60)),
    st.builds(Duration, st.just("lognormal"), st.floats(0.5, 60), st.floats(0.1, 60)),
    st.builds(Duration, st.just("gamma"), st.floats(0.5, 60), st.floats(0.1, 60)),
    st.builds(Duration, st.just("deterministic"), st.floats(0, 60)),
    st.builds(
        Duration,
        st.just("empirical"),
        st.just(0.0),
        values=st.lists(st.floats(0, 60), min_size=1, max_size=4).map(tuple),
    ),
)
perhaps = st.one_of(st.none(), durations)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """A small room for a day or two, busy or quiet, with or without every assumption."""
    policy = draw(st.sampled_from([{}, NEVER_CLOSES, {"opens": "22:00", "closes": "24:00"}]))
    turnover = draw(perhaps)
    rules = {
        "block_after_use": draw(st.booleans()),
        "stay_after_use": draw(st.sampled_from([0, 7])),
    }
    return plain(
        draw(st.integers(1, 3)),
        {**policy, **rules},
        start=draw(st.sampled_from([date(2025, 1, 13), date(2025, 3, 29), date(2025, 10, 25)])),
        days=draw(st.integers(1, 2)),
        arrivals=Arrivals(
            (draw(st.floats(0, 6)),) * 24, share_consuming=draw(st.sampled_from([1.0, 0.6]))
        ),
        episode=draw(durations),
        patience=draw(perhaps),
        turnover=turnover,
        recovery=draw(perhaps),
        chairs=draw(st.one_of(st.none(), st.integers(1, 2))),
        queue_capacity=draw(st.one_of(st.none(), st.integers(0, 3))),
        emergencies=Emergencies(
            per_1000=draw(st.sampled_from([0.0, 300.0])), staff=draw(st.integers(0, 3))
        ),
    )


def play(scenario: Scenario, seed: int = 1) -> Played:
    return Played(scenario, list(days(scenario, seed)), seed)


@ROOMS
@given(scenarios(), st.integers(0, 2**53 - 1))
def test_everybody_who_comes_to_use_ends_in_exactly_one_way(scenario, seed):
    played = play(scenario, seed)
    coming = [comer for day in played.days for comer in day.comers]
    assert sorted(stay.number for stay in played.simulation.stays) == [one.number for one in coming]
    figures = played.figures()
    assert figures["arrivals"] == sum(one.consumes for one in coming)
    assert figures["arrivals"] == sum(figures[end] for end in ENDS)


@ROOMS
@given(scenarios())
def test_the_ledger_folds_to_an_empty_room_and_nothing_in_it_is_flagged(scenario):
    played = play(scenario)
    room = fold(played.facts, "plain", "Europe/London")
    assert not room.visits and not room.emergencies and room.state == "closed"
    assert not room.standing.on_shift()
    assert [place for place, (_, why) in room.standing.blocked.items() if why] == []
    assert "ReviewFlagged" not in {fact.kind for fact in played.facts}


@ROOMS
@given(scenarios())
def test_every_fact_decodes_and_says_only_what_the_catalogue_knows(scenario):
    for fact in play(scenario).facts:
        assert decode(encode(fact), "here") == fact
        kind = KINDS[fact.kind]
        assert set(fact.data) <= set(kind.fields)
        assert all(kind.fields[key].plausible(value) for key, value in fact.data.items()), fact


@ROOMS
@given(scenarios())
def test_facts_and_stays_tell_the_same(scenario):
    played = play(scenario)
    stays, kinds = played.simulation.stays, [fact.kind for fact in played.facts]
    assert kinds.count("ConsumptionStarted") == sum(stay.end == "served" for stay in stays)
    assert kinds.count("EmergencyStarted") == sum(stay.emergency for stay in stays)
    assert kinds.count("Arrived") == len(stays)
    assert kinds.count("TurnedAway") == sum(stay.end == "turned_away" for stay in stays)


@ROOMS
@given(scenarios())
def test_no_place_holds_two_and_no_wait_is_negative(scenario):
    played = play(scenario)
    seated: dict[str, str] = {}
    for fact in played.facts:
        if fact.kind == "Seated":
            assert fact.data["place"] not in seated.values()
            seated[fact.visit] = fact.data["place"]
        elif fact.kind in ("MovedToRecovery", "Departed"):
            seated.pop(fact.visit, None)
    for stay in played.simulation.stays:
        assert stay.started is None or stay.arrived <= stay.started <= stay.finished
        assert stay.until is None or stay.arrived <= stay.until


@ROOMS
@given(scenarios())
def test_shares_are_shares(scenario):
    figures = play(scenario).figures()
    for name in ("probability_wait", "probability_leave", "occupancy"):
        assert figures[name] is None or -1e-9 <= figures[name] <= 1 + 1e-9, name


@ROOMS
@given(scenarios(), st.integers(0, 2**32))
def test_the_same_seed_gives_the_same_ledger_and_another_seed_another(scenario, seed):
    once, again = play(scenario, seed), play(scenario, seed)
    assert once.facts == again.facts
    if once.simulation.stays:
        assert play(scenario, seed + 1).facts[-1].chain != once.facts[-1].chain


@ROOMS
@given(st.integers(0, 2**32), st.data())
def test_dropping_one_person_changes_nothing_that_others_bring(seed, data):
    """In a room with a place for everybody nobody meets anybody, so nothing may change at all."""
    scenario = plain(
        40,
        arrivals=Arrivals((2.0,) * 24),
        episode=Duration("exponential", 20.0),
        recovery=Duration("gamma", 10.0, 5.0),
        emergencies=Emergencies(per_1000=200),
    )
    whole = list(days(scenario, seed))
    everybody = [comer.number for day in whole for comer in day.comers]
    if not everybody:
        return
    gone = data.draw(st.sampled_from(everybody))
    without = [
        replace(day, comers=tuple(one for one in day.comers if one.number != gone)) for day in whole
    ]
    stays = Played(scenario, whole, seed).simulation.stays
    expected = [elsewhere(stay) for stay in stays if stay.number != gone]
    assert list(map(elsewhere, Played(scenario, without, seed).simulation.stays)) == expected


def elsewhere(stay: Stay) -> Stay:
    """A stay whatever the place: the one gone may have left a nearer one free."""
    return replace(stay, place=None)


def test_what_a_person_brings_depends_on_no_other_assumption():
    patient = plain(arrivals=Arrivals((5.0,) * 24), patience=Duration("exponential", 9.0))
    longer = replace(patient, episode=Duration("deterministic", 3.0), recovery=patient.patience)
    for one, other in zip(days(patient, 1), days(longer, 1), strict=True):
        kept = [(comer.number, comer.at, comer.patience) for comer in one.comers]
        assert kept == [(comer.number, comer.at, comer.patience) for comer in other.comers]


def test_replications_differ():
    scenario = plain(arrivals=Arrivals((5.0,) * 24))
    assert list(days(scenario, 1, 0)) != list(days(scenario, 1, 1))


HOURS_OF_A_DAY = [(date(2025, 3, 30), 23), (date(2025, 10, 26), 25), (date(2025, 6, 1), 24)]


@pytest.mark.parametrize(("day", "hours"), HOURS_OF_A_DAY)
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(day, hours):
    scenario = plain(1, NEVER_CLOSES, start=day)
    (one,) = days(scenario, 1)
    assert one.closes - one.opens == hours * 60 * MINUTE
    assert Hours([one]).within(one.opens - 5, one.closes + 5) == hours * 60 * MINUTE


def test_each_clock_hour_has_its_own_rate_on_the_day_of_25_hours():
    """One hour of the clock comes twice; in it, twice as many people, and in no other hour any."""
    rates = tuple(600.0 if hour == 1 else 0.0 for hour in range(24))
    scenario = plain(1, NEVER_CLOSES, start=date(2025, 10, 26), arrivals=Arrivals(rates))
    (day,) = days(scenario, 1)
    hours = [(comer.at - day.opens) // (60 * MINUTE) for comer in day.comers]
    assert set(hours) == {1, 2}
    for hour in (1, 2):  # 600 expected, standard deviation 24.5
        assert abs(hours.count(hour) - 600) < 5 * 24.5


def test_the_hour_that_the_clocks_leave_out_has_nobody():
    rates = tuple(600.0 if hour == 1 else 0.0 for hour in range(24))
    scenario = plain(1, NEVER_CLOSES, start=date(2025, 3, 30), arrivals=Arrivals(rates))
    (day,) = days(scenario, 1)
    assert day.comers == ()


def test_opening_hours_are_those_of_the_clock_on_the_wall():
    scenario = plain(1, start=date(2025, 3, 29), days=3)
    opens = [day.opens for day in days(scenario, 1)]
    assert [later - sooner for sooner, later in pairwise(opens)] == [
        timedelta(hours=23) / timedelta(milliseconds=1),
        timedelta(hours=24) / timedelta(milliseconds=1),
    ]


@settings(max_examples=5)
@given(scenarios(), st.sampled_from([".jsonl", ".parquet"]))
def test_a_simulated_ledger_verifies(tmp_path_factory, scenario, suffix):
    path = tmp_path_factory.mktemp("simulated") / f"room{suffix}"
    played = play(scenario)
    with LedgerWriter(path, header(scenario, 1)) as ledger:
        ledger.write(played.facts)
    verdict = verify(open_ledger(path))
    assert (verdict.holds, verdict.facts) == (True, len(played.facts))
    assert open_ledger(path).header.origin.kind == "simulated"
