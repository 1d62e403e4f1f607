"""Nowcasts of several areas: they add up to that of their sum, and stay what they were."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opendcr.evaluate.delays.delayed import nowcasts_of_side
from opendcr.evaluate.delays.nowcast import nowcast, tells
from opendcr.evaluate.delays.together import in_common, ordered, shared_out
from opendcr.evaluate.delays.triangle import Triangle, summed
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from tests.conftest import SOAK
from tests.unit.evaluate.test_nowcast import EXAMPLES

MONTHS = 36
PANELS = 200 if SOAK else 5


def areas_of(random, mean, many, alike, drop=()):
    """Triangles of areas whose editions vary by 35 %, all alike or each by itself, and what their
    months came to; without some months in the last area."""
    shocks = random.gamma(8, 1 / 8, (1 if alike else many, MONTHS + 5))
    made, came = {}, []
    for area in range(many):
        counts, truth = printed(random, mean, shocks[0 if alike else area])
        kept = [at for at in range(MONTHS) if area < many - 1 or at not in drop]
        periods = tuple(Period("month", at) for at in kept)
        last = np.array([row[np.isfinite(row)][-1] for row in counts])[kept]
        made[f"area {area}"] = Triangle(periods, counts[kept], last, Period("month", MONTHS - 1), 1)
        came.append(truth)
    return made, np.array(came)


def printed(random, mean, shocks):
    """Counts by month and edition: each takes in 40 % of what is left, times its shock."""
    counts = np.full((MONTHS, 6), np.nan)
    truth = random.poisson(mean, MONTHS)
    for month, left in enumerate(truth):
        so_far = 0
        for delay in range(6):
            edition = month + delay
            share = 1.0 if delay == 5 else min(0.4 * shocks[edition], 0.98)
            came = random.binomial(left - so_far, share)
            so_far += came
            counts[month, delay] = so_far if edition < MONTHS else np.nan
    return counts, truth.astype(float)


def study_of(triangles):
    last = np.stack([next(iter(triangles.values())).last] * len(triangles))
    panel = Panel(tuple(triangles), next(iter(triangles.values())).periods, last)
    return Study(panel, tuple(range(len(triangles))), MONTHS - 5)


def side_of(triangles):
    return nowcasts_of_side(triangles, study_of(triangles), ("editions.csv", "count"))


@pytest.mark.parametrize("alike", [True, False])
def test_a_sum_is_as_wide_as_the_editions_have_in_common(alike):
    """Four areas: their sum varies twice as much where all err together as where each does by itself.
    Drawn apart, its interval held in 0.6 where editions are alike."""
    random, held, widths = np.random.default_rng(3), [], []
    for _ in range(PANELS):
        triangles, came = areas_of(random, 100, 4, alike)
        totals = np.stack([one.draws.sum(axis=1) for one in side_of(triangles).values()])
        low, high = np.quantile(totals.sum(axis=0), [0.025, 0.975])
        held.append(low <= came[:, -5:].sum() <= high)
        apart = np.ptp(np.quantile(totals, [0.025, 0.975], axis=1), axis=0)
        widths.append((high - low) / np.sqrt((apart**2).sum()))
    assert np.mean(widths) > 1.6 if alike else np.mean(widths) < 1.3
    assert not SOAK or np.mean(held) > 0.83


def test_draws_add_up_to_draws_of_the_sum_and_take_back_nothing_that_no_edition_took_back():
    triangles, _ = areas_of(np.random.default_rng(1), 4, 5, alike=True)
    made = side_of(triangles)
    whole = nowcast(summed(list(triangles.values())), series=("editions.csv", "count", *made))
    total = sum(one.draws for one in made.values())
    assert sorted(map(tuple, total)) == sorted(map(tuple, whole.draws))
    for one in made.values():
        assert (one.draws >= one.reported).all() and (one.draws == np.round(one.draws)).all()


def test_each_area_alone_is_known_as_it_was():
    """What it comes to has the spread of its own nowcast, by itself, alike or not."""
    for alike in (True, False):
        triangles, _ = areas_of(np.random.default_rng(2), 100, 4, alike)
        for name, one in side_of(triangles).items():
            own = nowcast(triangles[name], series=("editions.csv", "count", name))
            spread = one.draws.sum(axis=1).std() / own.draws.sum(axis=1).std()
            assert 0.8 < spread < 1.25


def test_an_area_alone_is_drawn_as_by_itself():
    triangles, _ = areas_of(np.random.default_rng(2), 20, 1, alike=True)
    own = nowcast(triangles["area 0"], series=("editions.csv", "count", "area 0"))
    assert np.array_equal(side_of(triangles)["area 0"].draws, own.draws)


def test_areas_without_editions_in_common_err_together_as_much_as_they_can():
    """Nothing tells how much they do: the ranks of what they come to are the same."""
    triangles, _ = areas_of(np.random.default_rng(4), 50, 2, alike=False)
    first, second = triangles.values()
    elsewhere = Triangle(
        second.periods, np.pad(second.counts, ((0, 0), (0, 1)), mode="edge"), second.last,
        second.edition, 2,
    )  # fmt: skip
    made = side_of({"here": first, "there": elsewhere})
    totals = [one.draws.sum(axis=1) for one in made.values()]
    assert np.corrcoef(totals)[0, 1] > 0.9
    assert summed([first, elsewhere]) is None


def test_a_sum_of_which_too_little_was_printed_tells_nothing():
    """One area was printed in every other month, the other in those between."""
    triangles, _ = areas_of(np.random.default_rng(6), 50, 2, alike=False)
    parts = []
    for first, one in enumerate(triangles.values()):
        counts = one.counts.copy()
        counts[first : MONTHS - 5 : 2, :-1] = np.nan
        parts.append(replace(one, counts=counts))
    assert [tells(one) for one in (*parts, summed(parts))] == [True, True, False]
    totals = [
        one.draws.sum(axis=1) for one in side_of(dict(zip("ab", parts, strict=True))).values()
    ]
    assert np.corrcoef(totals)[0, 1] > 0.9


def test_a_sum_is_of_the_periods_that_all_areas_have():
    triangles, _ = areas_of(np.random.default_rng(5), 20, 3, alike=False, drop=(0, 1, 7))
    parts = list(triangles.values())
    whole = summed(parts)
    assert [one.at for one in whole.periods] == [2, 3, 4, 5, 6, *range(8, MONTHS)]
    rows = [[one.periods.index(at) for at in whole.periods] for one in parts]
    expected = sum(one.counts[kept] for one, kept in zip(parts, rows, strict=True))
    assert np.array_equal(whole.counts, expected, equal_nan=True)


@settings(max_examples=EXAMPLES)
@given(st.integers(0, 60), st.lists(st.floats(0, 5), min_size=1, max_size=6), st.integers(0, 99))
def test_what_is_shared_out_is_whole_adds_up_and_is_within_one_of_its_part(count, shares, seed):
    shares = np.array(shares) + 1e-6
    made = shared_out(np.array([float(count)]), shares[:, None], np.random.default_rng(seed))[:, 0]
    assert made.sum() == count and (made == np.round(made)).all()
    assert (np.abs(made - count * shares / shares.sum()) < 1 + 1e-9).all()


def test_what_is_shared_out_is_its_part_on_average():
    shares = np.repeat(np.array([0.1, 0.2, 0.7])[:, None], 20_000, axis=1)
    made = shared_out(np.full(20_000, 3.0), shares, np.random.default_rng(1))
    assert made.mean(axis=1) == pytest.approx([0.3, 0.6, 2.1], abs=0.02)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_an_order_gives_totals_the_correlation_that_they_have_in_common(correlation):
    random = np.random.default_rng(1)
    totals = random.normal(100, 10, (3, 5000))
    rows = ordered(totals, correlation, random)
    drawn = np.take_along_axis(totals, rows, axis=1)
    assert (np.sort(rows, axis=1) == np.arange(5000)).all()
    assert np.corrcoef(drawn)[0, 1] == pytest.approx(correlation, abs=0.04)
    assert in_common(totals, drawn.sum(axis=0)) == pytest.approx(correlation, abs=0.04)
