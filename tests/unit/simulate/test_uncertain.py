"""Inputs that are distributions: what is read, what a draw is, and whose variance is whose."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from opendcr.errors import InputError
from opendcr.simulate.simulated import simulated
from opendcr.simulate.uncertain import Assumptions, ranks, read_assumptions

PLAIN = """
[room]
places = 20
days = 20
[arrivals]
per_hour = 2.0
[episode]
distribution = "exponential"
mean = 20.0
"""
FACTOR = {"distribution": "gamma", "mean": 1.5, "sd": 0.3}


def read(tmp_path, text: str) -> Assumptions:
    path = tmp_path / "room.toml"
    path.write_text(text, encoding="utf-8")
    return read_assumptions(path)


def with_factor(text: str) -> str:
    return PLAIN.replace("per_hour = 2.0", f"per_hour = 2.0\nfactor = {text}")


def test_a_scenario_without_distributions_has_no_unknown_inputs(tmp_path):
    found = read(tmp_path, PLAIN)
    assert found.inputs == () and found.drawn(1, 3) == found.expected


DISTRIBUTIONS = {
    '{distribution = "uniform", low = 1, high = 2}': (1.5, 1 / math.sqrt(12)),
    '{distribution = "triangular", low = 1, mode = 1, high = 2.5}': (1.5, 1.5 / math.sqrt(18)),
    '{distribution = "normal", mean = 1.5, sd = 0.1}': (1.5, 0.1),
    '{distribution = "lognormal", mean = 1.5, sd = 0.5}': (1.5, 0.5),
    '{distribution = "gamma", mean = 1.5, sd = 0.5}': (1.5, 0.5),
    '{distribution = "empirical", values = [1.0, 2.0]}': (1.5, 0.5),
}


@pytest.mark.parametrize("text", DISTRIBUTIONS)
def test_draws_have_the_mean_and_the_spread_that_were_written(tmp_path, text):
    (one,) = read(tmp_path, with_factor(text)).inputs
    mean, sd = DISTRIBUTIONS[text]
    drawn = np.array([one.drawn(1, number) for number in range(4000)])
    assert one.expected == pytest.approx(mean)
    assert abs(drawn.mean() - mean) < 4 * sd / math.sqrt(4000)
    assert drawn.std() == pytest.approx(sd, rel=0.1)


@pytest.mark.parametrize(
    ("mean", "sd", "draws", "near"), [(0.7, 0.1, 4000, 0.1), (0.5, 0.4, 20_000, 0.015)]
)
def test_a_share_may_be_a_beta(tmp_path, mean, sd, draws, near):
    share = f'share_consuming = {{distribution = "beta", mean = {mean}, sd = {sd}}}'
    (one,) = read(tmp_path, PLAIN.replace("per_hour = 2.0", f"per_hour = 2.0\n{share}")).inputs
    drawn = np.array([one.drawn(2, number) for number in range(draws)])
    assert abs(drawn.mean() - mean) < 4 * sd / math.sqrt(draws)
    assert drawn.std() == pytest.approx(sd, rel=near)


def test_a_time_varies_from_person_to_person_and_its_mean_from_draw_to_draw(tmp_path):
    uncertain = 'mean = {distribution = "uniform", low = 10, high = 30, source = "a study"}'
    found = read(tmp_path, PLAIN.replace("mean = 20.0", uncertain))
    (one,) = found.inputs
    assert (one.name, one.source) == ("episode.mean", "a study")
    assert (
        found.expected.episode.distribution == "exponential" and found.expected.episode.mean == 20
    )
    assert found.drawn(1, 0).episode.mean != found.drawn(1, 1).episode.mean


def test_a_draw_of_one_input_depends_on_no_other(tmp_path):
    both = with_factor('{distribution = "uniform", low = 1, high = 2}').replace(
        "mean = 20.0", 'mean = {distribution = "uniform", low = 10, high = 30}'
    )
    one = with_factor('{distribution = "uniform", low = 1, high = 2}')
    assert [read(tmp_path, both).drawn(3, n).arrivals.per_hour for n in range(5)] == [
        read(tmp_path, one).drawn(3, n).arrivals.per_hour for n in range(5)
    ]


def test_whole_numbers_stay_whole(tmp_path):
    found = read(
        tmp_path,
        PLAIN.replace("20\ndays", '{distribution = "empirical", values = [6, 7, 8]}\ndays'),
    )
    assert len(found.expected.booths) == 7
    assert {len(found.drawn(1, n).booths) for n in range(40)} == {6, 7, 8}


BAD = {
    '{distribution = "cauchy", mean = 1}': "arrivals.factor.distribution: found 'cauchy'",
    '{distribution = "gamma", sd = 1}': "arrivals.factor.mean: found nothing",
    '{distribution = "gamma", mean = 1}': "arrivals.factor.sd: found nothing",
    '{distribution = "gamma", mean = inf, sd = 1}': "arrivals.factor.mean: found inf",
    '{distribution = "uniform", low = 2, high = 1}': "arrivals.factor.high: found 1",
    '{distribution = "uniform", low = 2, high = 2}': "arrivals.factor.high: found 2",
    '{distribution = "empirical", values = []}': "arrivals.factor.values: found []",
    '{distribution = "beta", mean = 0.5, sd = 0.5}': "arrivals.factor.sd: found 0.5",
    '{distribution = "triangular", low = 1, mode = 3, high = 2}': "arrivals.factor.mode: found 3",
    '{distribution = "gamma", mean = 1, sd = 1, skew = 2}': "arrivals.factor.skew",
    '{distribution = "uniform", low = 1, high = 2, mode = 1.5}': "arrivals.factor.mode: found 1.5",
    '{distribution = "normal", mean = 1, sd = 1, values = [2]}': "arrivals.factor.values",
}


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_a_distribution_is_named_by_its_key(tmp_path, text):
    with pytest.raises(InputError) as raised:
        read(tmp_path, with_factor(text))
    assert BAD[text] in str(raised.value) and "room.toml" in str(raised.value)


def test_a_draw_that_cannot_be_is_named_with_its_number(tmp_path):
    found = read(tmp_path, with_factor('{distribution = "normal", mean = 0.01, sd = 5}'))
    with pytest.raises(InputError, match=r"arrivals\.factor: found -.*in every draw: this is draw"):
        for number in range(20):
            found.drawn(1, number)


def test_chance_and_inputs_are_told_apart(tmp_path):
    """People come as a Poisson count whose mean is unknown: both parts are known exactly.

    2 an hour, 12 hours, 20 days and a factor of 1.5 give 720 on average. The inputs spread that by
    a fifth (0.3 / 1.5), to 144; chance adds the root of 720 in each replication.
    """
    draws, each = 300, 4
    text = '{distribution = "gamma", mean = 1.5, sd = 0.3}'
    found = simulated(read(tmp_path, with_factor(text)), 1, each, draws)
    part = found.parts["arrivals"]
    assert part.sd == pytest.approx(144, rel=4 / math.sqrt(2 * draws))
    assert part.monte_carlo_se == pytest.approx(math.sqrt(720 / each / draws), rel=0.15)
    assert abs(found.figures["arrivals"].mean - 720) < 4 * 144 / math.sqrt(draws)
    assert found.figures["arrivals"].se == pytest.approx(144 / math.sqrt(draws), rel=0.2)
    assert part.low == pytest.approx(720 - 1.86 * 144, rel=0.1)  # of this gamma
    assert part.high == pytest.approx(720 + 2.08 * 144, rel=0.1)
    assert part.influence["arrivals.factor"] > 0.95


def test_more_replications_lessen_chance_and_not_what_the_inputs_do(tmp_path):
    found = read(tmp_path, with_factor('{distribution = "gamma", mean = 1.5, sd = 0.3}'))
    few, many = simulated(found, 1, 4, 60).parts, simulated(found, 1, 64, 60).parts
    assert many["arrivals"].monte_carlo_se < few["arrivals"].monte_carlo_se / 3
    assert many["arrivals"].sd == pytest.approx(few["arrivals"].sd, rel=0.1)


def test_an_input_that_does_nothing_has_no_influence_and_no_spread(tmp_path):
    text = (
        PLAIN + '[emergency]\nminutes = 20\nstaff = {distribution = "empirical", values = [1, 2]}'
    )
    part = simulated(read(tmp_path, text), 1, 16, 100).parts["arrivals"]
    assert abs(part.influence["emergency.staff"]) < 4 / math.sqrt(100)
    assert part.sd < 3 * math.sqrt(480 / 16)


def test_ranks_are_those_of_spearman():
    one, other = [3, 1, 2, 2, 9, 9, 9], [1.0, 5.0, 5.0, 2.0, 0.0, 7.0, 7.5]
    expected = spearmanr(one, other).statistic
    assert np.corrcoef(ranks(one), ranks(other))[0, 1] == pytest.approx(expected)


def test_a_spread_said_as_a_share_follows_a_mean_that_is_not_known(tmp_path):
    times = (
        'distribution = "gamma"\ncv = 0.5\nmean = {distribution = "uniform", low = 10, high = 30}'
    )
    found = read(tmp_path, PLAIN.replace('distribution = "exponential"\nmean = 20.0', times))
    drawn = [found.drawn(1, number).episode for number in range(20)]
    assert len({one.mean for one in drawn}) == 20
    assert all(one.sd == pytest.approx(0.5 * one.mean) for one in drawn)


def test_inputs_are_drawn_apart_from_each_other(tmp_path):
    text = with_factor('{distribution = "uniform", low = 1, high = 2}').replace(
        "mean = 20.0", 'mean = {distribution = "uniform", low = 10, high = 30}'
    )
    one, other = read(tmp_path, text).inputs
    drawn = [[each.drawn(1, number) for number in range(400)] for each in (one, other)]
    assert abs(np.corrcoef(drawn)[0, 1]) < 0.2


def test_inputs_that_do_as_much_as_chance_are_told_from_it(tmp_path):
    """A factor of 1.5 that spreads by a fiftieth: 14.4 people beside 13.4 of chance, by fours."""
    found = simulated(
        read(tmp_path, with_factor('{distribution = "gamma", mean = 1.5, sd = 0.03}')), 1, 4, 400
    )
    part = found.parts["arrivals"]
    assert part.sd == pytest.approx(14.4, rel=0.25)
    assert part.high - part.low == pytest.approx(2 * 1.96 * part.sd, rel=0.15)


def test_the_quantile_of_waits_has_an_error_from_groups_of_draws(tmp_path):
    text = with_factor('{distribution = "uniform", low = 1, high = 2}').replace(
        "places = 20", "places = 2"
    )
    error = simulated(read(tmp_path, text), 1, 4, 60).figures["wait_p95_minutes"].se
    assert error is not None and error > 0
