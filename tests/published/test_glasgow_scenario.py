"""Glasgow's first months, simulated and measured, against the published table.

The scenario's rates are the published numbers divided out, so that each simulated count has the
published one as its mean, and how far chance may take it is known exactly:

- accesses of a month: people come as a Poisson process, so Poisson;
- episodes and emergencies: each access is, independently of all others, one with an episode, and
  each episode one with an emergency; a Poisson count thinned so is Poisson. (It holds while nobody
  gives up waiting, which the test looks at; 8 booths are a tenth used.)
- a total over months: a sum of independent Poisson counts, so Poisson;
- episodes with a substance, of so many episodes: binomial with the published share;
- people by so many accesses: a sum of independent yeses with small, unequal probabilities. It
  spreads less than the Poisson count of the same mean, whose bounds are therefore on the safe side.

There are 54 comparisons with the table. Together they may fail by chance in one seed of a
thousand: by Bonferroni's inequality each bound is the exact quantile at 0.001 / 54, half of it to
each side. The seed is the command's own and was not chosen. That the bounds are not so wide as to
let anything pass is tested too: how likely a room with a fifth more arrivals, or with twice the
emergencies, would lie within them.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from scipy.stats import binom, poisson

from opendcr.ledger.facts import Fact, Origin
from opendcr.ledger.files import LedgerWriter
from opendcr.measures import RoomMeasured, measured
from opendcr.measures.evidence import beside_glasgow, count_bounds
from opendcr.published import thistle_facility, thistle_months, thistle_totals
from opendcr.simulate.room import Replication, header, replicate
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.scenario_file import read_scenario
from opendcr.tables import read_ledger

SEED = 1
LEVEL = 0.001
COMPARISONS = 54
FILE = Path(__file__).parents[2] / "examples" / "glasgow" / "room.toml"
pytestmark = pytest.mark.soak  # eight months by the reference engine
MONTHS = [f"2025-{month:02}" for month in range(1, 9)]
COUNTS = ("times_accessed", "injecting_episodes", "medical_emergencies")
SUBSTANCES = {"cocaine": "cocaine", "heroin": "heroin", "snowball": "heroin+cocaine"}


def _people() -> dict[int, int]:
    """People since opening by accesses since opening, from each edition that printed both."""
    text = files("opendcr.published").joinpath("thistle_monthly.csv").read_text(encoding="utf-8")
    printed: dict[str, dict[str, int]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["period_type"] == "cumulative":
            printed.setdefault(row["period_end"], {})[row["measure"]] = int(row["value"])
    both = [one for one in printed.values() if {"service_users", "times_accessed"} <= set(one)]
    return {one["times_accessed"]: one["service_users"] for one in both}


PEOPLE = _people()


def published(measure: str, month: str) -> float:
    (value,) = [
        one.value for one in thistle_months() if (one.measure, one.period) == (measure, month)
    ]
    return value


def total(measure: str) -> float:
    (value,) = [one.value for one in thistle_totals() if one.measure == measure]
    return value


@dataclass(frozen=True)
class Made:
    """A scenario's ledger, measured."""

    replication: Replication
    room: RoomMeasured
    values: dict[tuple[str, str, str], tuple[int, int | None]]  # (measure, month, substance)
    newcomers: tuple[str, ...]  # who came, access by access

    def count(self, measure: str, month: str) -> int:
        return self.values[measure, month, ""][0]

    def people_by(self, accesses: int) -> int:
        return len(set(self.newcomers[:accesses]))


def make(scenario: Scenario, folder: Path) -> Made:
    path = folder / "glasgow.parquet"
    came: list[str] = []

    def take(facts: tuple[Fact, ...]) -> None:
        came.extend(str(fact.person) for fact in facts if fact.kind == "Arrived")
        ledger.write(facts)

    with LedgerWriter(path, header(scenario, SEED)) as ledger:
        replication = replicate(scenario, SEED, write=take)
    (room,) = measured([read_ledger(path)]).rooms
    values = {
        (row.measure, row.period, row.group.get("substance", "")): (row.numerator, row.denominator)
        for row in room.rows
        if set(row.group) <= {"substance"}
    }
    return Made(replication, room, values, tuple(came))


SCENARIO = read_scenario(FILE)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Made:
    return make(SCENARIO, tmp_path_factory.mktemp("glasgow"))


def outside(made: Made) -> list[str]:
    """Every published count that the simulated one lies too far from."""
    return [words for words, found, (low, high) in _counts(made) if not low <= found <= high]


def _counts(made: Made) -> Iterator[tuple[str, int, tuple[float, float]]]:
    for measure in COUNTS:
        for month in MONTHS:
            found = made.count(measure, month)
            yield f"{measure} {month}: {found}", found, _poisson(published(measure, month))
        found = sum(made.count(measure, month) for month in MONTHS)
        yield f"{measure} in all: {found}", found, _poisson(total(measure))


def _poisson(mean: float) -> tuple[float, float]:
    tail = LEVEL / COMPARISONS / 2
    return float(poisson.ppf(tail, mean)), float(poisson.isf(tail, mean))


def _binomial(count: int, share: float) -> tuple[float, float]:
    tail = LEVEL / COMPARISONS / 2
    return float(binom.ppf(tail, count, share)), float(binom.isf(tail, count, share))


def test_the_table_has_the_published_shape(made):
    measures = {*COUNTS, "service_users", "substance_share"}
    found = {(measure, month) for measure, month, _ in made.values if measure in measures}
    assert found == {(measure, month) for measure in measures for month in MONTHS}
    classes = {substance for measure, _, substance in made.values if measure == "substance_share"}
    assert classes == {*SUBSTANCES, "other"}


def test_every_published_count_and_total_is_what_chance_allows(made):
    assert outside(made) == []
    assert made.count("medical_emergencies", "2025-01") == 0  # published as none


@pytest.mark.parametrize("substance", SUBSTANCES)
def test_every_published_share_of_a_substance_is_what_chance_allows(made, substance):
    for month in MONTHS:
        found, episodes = made.values["substance_share", month, substance]
        share = SCENARIO.mix(month)[SUBSTANCES[substance]]
        low, high = _binomial(episodes, share)
        assert low <= found <= high, (month, found, low, high)


@pytest.mark.parametrize("accesses", PEOPLE)
def test_the_people_since_opening_are_what_chance_allows(made, accesses):
    low, high = _poisson(PEOPLE[accesses])
    assert low <= made.people_by(accesses) <= high


def test_there_are_as_many_comparisons_as_the_bounds_are_made_for(made):
    counts = list(_counts(made))
    assert len(counts) + len(SUBSTANCES) * len(MONTHS) + len(PEOPLE) == COMPARISONS


def test_nobody_gave_up_waiting(made):
    """What the thinning rests on; in a room a tenth used it is all but certain."""
    lost = [stay for stay in made.replication.stays if stay.end not in ("served", "care")]
    assert len(lost) <= 5


@pytest.mark.parametrize(
    ("measure", "times", "at_most"),
    [("times_accessed", 1.2, 1e-9), ("medical_emergencies", 2, 0.03)],
)
def test_a_room_unlike_glasgows_would_seldom_lie_within(measure, times, at_most):
    """Its count is Poisson too, of so many times the mean."""
    (low, high), unlike = _poisson(total(measure)), poisson(times * total(measure))
    assert unlike.cdf(high) - unlike.cdf(low - 1) < at_most


# The room's own table beside Glasgow's, as `opendcr.measures.evidence` sets it.


@pytest.fixture
def room(made) -> RoomMeasured:
    return made.room


def test_every_month_is_beside_glasgows_and_within_chance(room):
    lines = beside_glasgow(room)
    assert [(one.measure, one.period) for one in lines] == [
        (one.measure, one.period) for one in thistle_months()
    ]
    assert [one for one in lines if not one.within] == []


def test_the_totals_are_within_chance_of_the_printed_ones(room):
    printed = {one.measure: int(one.value) for one in thistle_totals()}
    for measure in COUNTS:
        low, high = count_bounds(printed[measure])
        assert low <= sum(row.numerator for row in room.rows if row.measure == measure) <= high


def test_differences_are_exact_and_each_line_names_its_source(room):
    for one in beside_glasgow(room):
        assert one.ours - one.difference == pytest.approx(one.published)
        assert one.source_url.startswith("https://")


def test_a_recorded_room_gets_differences_but_no_bounds(room):
    recorded = replace(room, header=replace(room.header, origin=Origin("recorded")))
    lines = beside_glasgow(recorded)
    assert {(one.low, one.high, one.within) for one in lines} == {(None, None, None)}
    assert all(one.difference is not None for one in lines)


def test_months_that_a_room_does_not_have_are_not_compared(room):
    early = replace(room, rows=tuple(row for row in room.rows if row.period == "2025-01"))
    lines = beside_glasgow(early)
    assert {one.within for one in lines if one.period != "2025-01"} == {None}
    assert {one.within for one in lines if one.period == "2025-01"} == {True}


def test_a_room_unlike_glasgows_is_found_to_be_so(room):
    twice = tuple(
        replace(row, numerator=2 * row.numerator, value=2 * row.value)
        if row.measure in ("times_accessed", "injecting_episodes")
        else row
        for row in room.rows
    )
    lines = [one for one in beside_glasgow(replace(room, rows=twice)) if one.unit != "percent"]
    assert not any(one.within for one in lines if one.measure != "medical_emergencies")


# The scenario's file against the published figures.


def days_open(month: str) -> int:
    first = date.fromisoformat(f"{month}-01")
    following = date(first.year, first.month + 1, 1)
    return (following - max(first, SCENARIO.start)).days


@pytest.mark.parametrize("month", MONTHS)
def test_the_files_rates_are_the_published_numbers_divided_out(month):
    accesses, episodes, emergencies = (published(measure, month) for measure in COUNTS)
    arrivals, ill = SCENARIO.arrivals, SCENARIO.emergencies
    assert arrivals.by_month[month] == pytest.approx(accesses / days_open(month) / 12, abs=6e-6)
    assert arrivals.consuming(month) == pytest.approx(episodes / accesses, abs=6e-6)
    assert ill.by_month[month] == pytest.approx(1000 * emergencies / episodes, abs=6e-5)


@pytest.mark.parametrize("month", MONTHS)
def test_the_files_substances_are_the_published_shares(month):
    """To a tenth of a percent: January's printed shares add up to 100.1."""
    mix = SCENARIO.mix(month)
    for substance, named in SUBSTANCES.items():
        printed = published(f"substance_share_{substance}", month)
        assert 100 * mix[named] == pytest.approx(printed, abs=0.1001)
    rest = 100 * mix.get("other", 0)
    assert rest == pytest.approx(100 - sum(100 * one for k, one in mix.items() if k != "other"))


def test_the_file_covers_the_published_months_and_hours():
    place, policy = thistle_facility(), SCENARIO.policy
    assert SCENARIO.start == date(2025, 1, 13)
    assert sum(map(days_open, MONTHS)) == SCENARIO.days
    assert (policy.opens, policy.closes) == (place["opening_time"], place["closing_time"])
    assert len(SCENARIO.booths) == int(place["injecting_booths"])
    assert set(SCENARIO.arrivals.per_hour) == {1.0}


def test_the_files_people_are_those_published():
    people = SCENARIO.people
    assert (people.people, people.visits) == (total("service_users"), total("times_accessed"))
    assert people.women == pytest.approx(
        total("service_users_female") / total("service_users"), abs=6e-5
    )
    assert sorted(PEOPLE.items()) == [(1_067, 143), (2_691, 246), (6_147, 418)]
    first = min(PEOPLE)
    grown = people.people * (first / people.visits) ** people.growth
    assert grown == pytest.approx(PEOPLE[first], rel=0.005)
