"""The simulated room of examples/glasgow, measured, beside what Glasgow printed.

The bounds are those of `opendcr.measures.evidence`: two counts of one mean, so that ours given their
sum is binomial at one half; each comparison is outside by chance once in a thousand.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from scipy.stats import binom

from opendcr.cli.output import run
from opendcr.cli.simulate import simulate
from opendcr.ledger.facts import Header, Origin
from opendcr.measures import RoomMeasured, Row, measured
from opendcr.measures.evidence import (
    COUNTS,
    OUTSIDE_BY_CHANCE,
    beside_glasgow,
    count_bounds,
    share_bounds,
)
from opendcr.published import thistle_months, thistle_totals
from opendcr.tables import read_ledger

SCENARIO = Path(__file__).parents[2] / "examples" / "glasgow" / "room.toml"


@pytest.fixture(scope="module")
def room(tmp_path_factory) -> RoomMeasured:
    ledger = tmp_path_factory.mktemp("glasgow") / "glasgow.parquet"
    assert run(simulate, ["room", str(SCENARIO), "--seed", "1", "--ledger", str(ledger)]) == 0
    return measured([read_ledger(ledger)]).rooms[0]


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


@pytest.mark.parametrize("published", [0, 1, 5, 13, 336, 938])
def test_bounds_of_counts_are_the_exact_binomial_ones(published):
    def improbable(ours):
        both = ours + published
        tails = binom.cdf(min(ours, published), both, 0.5)
        return ours != published and tails < OUTSIDE_BY_CHANCE / 2

    low, high = count_bounds(published)
    assert not improbable(low) and not improbable(high)
    assert improbable(high + 1) and (low == 0 or improbable(low - 1))


def test_bounds_of_shares_narrow_as_episodes_grow():
    few, many = share_bounds(60.0, 100, 100), share_bounds(60.0, 10_000, 10_000)
    assert few[0] < many[0] < 60 < many[1] < few[1]
    assert share_bounds(2.6, 10, 10)[0] == 0


def test_bounds_of_a_share_rest_on_the_episodes_of_both_and_not_on_those_of_the_class():
    row = Row("substance_share", "1", "2025-02", {"substance": "cocaine"}, 30, 50, 60.0)
    header = Header("glasgow", "Europe/London", Origin("simulated", scenario="drawn", seed=1))
    (line,) = (one for one in beside_glasgow(RoomMeasured(header, "h", (row,))) if one.within)
    (episodes,) = (
        int(one.value)
        for one in thistle_months()
        if (one.measure, one.period) == ("injecting_episodes", "2025-02")
    )
    assert (line.low, line.high) == share_bounds(line.published, episodes, 50)
