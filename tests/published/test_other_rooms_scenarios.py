"""The scenarios of examples/rooms against what those rooms published, and the page about them.

People come as a Poisson process whose mean is the published volume, so their number is Poisson; an
emergency begins in each episode with the published rate, so among so many episodes they are
binomial. There are two comparisons for each of four rooms; together they may fail by chance in one
seed of a thousand.
"""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binom, poisson

from opendcr.published import room_figure
from opendcr.published.rooms import DUBLIN, MELBOURNE, SYDNEY, VANCOUVER
from opendcr.simulate.scenario import Duration, Scenario
from opendcr.simulate.simulated import replicated
from opendcr.simulate.uncertain import Assumptions, read_assumptions
from tools.rooms_table import DOCUMENT, arithmetic, loads, rendered, rooms

SEED = 1
TAIL = 0.001 / 8 / 2
FOLDER = Path(__file__).parents[2] / "examples" / "rooms"
NAMES = ("sydney", "melbourne", "vancouver", "dublin")
READ = {name: read_assumptions(FOLDER / f"{name}.toml") for name in NAMES}
# What a file's own sources may say; everything else is assumed alike.
OWN = {("room", "places"), ("arrivals", "per_hour"), ("episode", "mean")}

INJECTIONS = room_figure(SYDNEY, "injections").value
INSITE = room_figure(VANCOUVER, "injection_room_visits_per_day", "2016-01-01").value
FIRST_YEAR = room_figure(MELBOURNE, "visits", until="2019-06-30").value
SIX_MONTHS = room_figure(DUBLIN, "consumption_episodes").value
# Visits in the days of each scenario, and overdoses of each 1,000 visits, as published.
VISITS = {
    "sydney": INJECTIONS / 6023 * 365,
    "melbourne": FIRST_YEAR,
    "vancouver": INSITE * 366,
    "dublin": SIX_MONTHS,
}
OVERDOSES = {
    "sydney": room_figure(SYDNEY, "overdoses_managed").value / INJECTIONS * 1000,
    "melbourne": room_figure(MELBOURNE, "overdoses_managed", until="2019-06-30").value
    / FIRST_YEAR
    * 1000,
    "vancouver": room_figure(VANCOUVER, "overdoses_managed", "2016-01-01").value
    / (INSITE * 366)
    * 1000,
    "dublin": room_figure(DUBLIN, "overdoses_managed", until="2025-06-22").value
    / SIX_MONTHS
    * 1000,
}


def hours(scenario: Scenario) -> float:
    """Open in a day."""
    opens, closes = (
        int(one[:2]) + int(one[3:]) / 60 for one in (scenario.policy.opens, scenario.policy.closes)
    )
    return closes - opens


def count(scenario: Scenario, name: str) -> int:
    """Of one replication."""
    return round(replicated(scenario, SEED, workers=1)[name].mean or 0)


def comes_as_published(name: str, arrivals: int) -> bool:
    low, high = poisson.ppf(TAIL, VISITS[name]), poisson.isf(TAIL, VISITS[name])
    return bool(low <= arrivals <= high)


@pytest.mark.parametrize("name", NAMES)
def test_the_files_rates_are_the_published_numbers_divided_out(name):
    scenario = READ[name].expected
    a_day = VISITS[name] / scenario.days
    assert set(scenario.arrivals.per_hour) == {scenario.arrivals.per_hour[9]}
    assert scenario.arrivals.per_hour[9] * hours(scenario) == pytest.approx(a_day, rel=1e-4)
    assert scenario.emergencies.per_1000 == pytest.approx(OVERDOSES[name], rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_as_many_people_come_and_fall_ill_as_published(name):
    found = replicated(READ[name].expected, SEED, workers=1)
    arrivals, served, ill = (
        round(found[one].mean or 0) for one in ("arrivals", "served", "emergencies")
    )
    assert comes_as_published(name, arrivals)
    share = OVERDOSES[name] / 1000
    assert binom.ppf(TAIL, served, share) <= ill <= binom.isf(TAIL, served, share)


@pytest.mark.parametrize("name", NAMES)
def test_a_tenth_more_people_lie_outside(name):
    scenario = READ[name].expected
    more = tuple(1.1 * one for one in scenario.arrivals.per_hour)
    busier = replace(scenario, arrivals=replace(scenario.arrivals, per_hour=more))
    assert not comes_as_published(name, count(busier, "arrivals"))


@pytest.mark.parametrize("name", NAMES)
def test_each_number_that_is_not_known_says_what_is_assumed(name):
    assert READ[name].inputs
    assert [one.name for one in READ[name].inputs if "assumed" not in (one.source or "")] == []


def test_what_is_assumed_is_the_same_in_each_room():
    def alike(read: Assumptions) -> object:
        tables = ("patience", "turnover", "recovery", "staff")
        return (
            {one.key: (one.distribution, one.numbers) for one in read.inputs if one.key not in OWN},
            [read.raw[name] for name in tables],
            read.raw["emergency"]["minutes"],
        )

    assert all(alike(READ[name]) == alike(READ["sydney"]) for name in NAMES)


def test_places_and_hours_are_those_published():
    for name, site, since in (
        ("melbourne", MELBOURNE, "2018-06-30"),
        ("vancouver", VANCOUVER, "2015-07-20"),
        ("dublin", DUBLIN, "2024-12-22"),
    ):
        printed = room_figure(site, "injecting_places", since).value
        assert len(READ[name].expected.booths) == printed
    booths, seats = (
        room_figure(SYDNEY, one).value for one in ("injecting_booths", "seats_per_booth")
    )
    (places,) = (one for one in READ["sydney"].inputs if one.key == ("room", "places"))
    assert (min(places.numbers), max(places.numbers)) == (booths, booths * seats)
    for name, site, since in (
        ("melbourne", MELBOURNE, "2019-02-22"),
        ("dublin", DUBLIN, "2024-12-22"),
    ):
        a_week = sum(
            days * room_figure(site, f"opening_hours_{which}", since).open_hours
            for which, days in (("weekday", 5), ("weekend", 2))
        )
        assert 7 * hours(READ[name].expected) == pytest.approx(a_week, abs=0.1)
    open_hours = room_figure(VANCOUVER, "opening_hours").open_hours
    assert hours(READ["vancouver"].expected) == open_hours
    assert READ["sydney"].expected.policy.closes == room_figure(SYDNEY, "closing_time").printed


def test_sydneys_arrivals_are_the_published_ones_over_the_hours_that_are_assumed():
    (an_hour,) = (one for one in READ["sydney"].inputs if one.key == ("arrivals", "per_hour"))
    assert an_hour.numbers == pytest.approx(
        (INJECTIONS / 6023 / 16, INJECTIONS / 6023 / 8), rel=1e-4
    )


def test_what_insites_figures_leave_for_a_visit_bounds_what_its_file_assumes():
    (load,) = (one for one in loads() if (one.room, one.period) == ("Vancouver", "2016"))
    assert load.minutes == pytest.approx(12 * 18 * 60 / 514)
    most = {one.key: one.numbers[-1] for one in READ["vancouver"].inputs}
    assert most["episode", "mean"] + most["turnover", "mean"] <= load.minutes
    printed = room_figure(VANCOUVER, "minutes_in_injection_room").value
    assert READ["vancouver"].inputs[0].key == ("episode", "mean")
    low, high = READ["vancouver"].inputs[0].numbers
    assert low < printed < high


def test_a_time_in_the_booth_beyond_the_bound_cannot_serve_the_published_visits():
    beyond = replace(READ["vancouver"].expected, episode=Duration("lognormal", 30.0, 12.0))
    served = count(beyond, "served")
    assert served < poisson.ppf(TAIL, VISITS["vancouver"])
    # With nothing but places and hours: so many episodes fit, and those who are there at closing.
    most = 12 * (18 * 60 / 30 + 1) * 366
    assert served < most < VISITS["vancouver"]


def test_the_page_has_the_arithmetic_that_its_figures_give():
    text = DOCUMENT.read_text()
    assert rendered(text, {"arithmetic": arithmetic}) == text, (
        "write it again with: python -m tools.rooms_table --write"
    )


def test_the_page_has_a_column_for_each_room():
    (block,) = re.findall(
        r"rooms_table: simulation -->\n(.+?)<!-- end", DOCUMENT.read_text(), re.DOTALL
    )
    head, *lines = [line.strip("| ").split(" | ") for line in block.splitlines()]
    titles = [room.title for room in rooms()]
    assert [cell for cell in head if cell.strip("| ")] == titles
    assert {len(line) for line in lines} == {1 + len(titles)}
