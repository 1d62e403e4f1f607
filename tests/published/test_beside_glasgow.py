"""How far two rooms of one mean may lie apart: the bounds of `opendcr.measures.evidence`.

Of two counts of one mean, ours given their sum is binomial at one half; each comparison is outside by
chance once in a thousand. What the simulated room gives is in test_glasgow_scenario.py.
"""

import pytest
from scipy.stats import binom

from opendcr.ledger.facts import Header, Origin
from opendcr.measures import RoomMeasured, Row
from opendcr.measures.evidence import (
    OUTSIDE_BY_CHANCE,
    beside_glasgow,
    count_bounds,
    share_bounds,
)
from opendcr.published import thistle_months


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
