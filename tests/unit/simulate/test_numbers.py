"""The compiled room's random numbers: even, apart from each other, and of the laws that they claim.

Against scipy's distributions, from fixed seeds. A whole table of comparisons is rejected in
`WRONGLY` of cases where the numbers are right; of `m` in it each is held to `WRONGLY / m`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from numba import njit
from scipy import stats

from opendcr.simulate.comers import days
from opendcr.simulate.kernel import numbers, people, tables
from opendcr.simulate.kernel.tables import PURPOSES, assumed
from opendcr.simulate.scenario import Arrivals, Duration, Emergencies
from tests.simulated import plain

WRONGLY = 0.001
N = 200_000
MANY = 10_000_000  # for what is rare
Stream = tuple[np.uint64, np.uint64]


@njit
def bits_of(start, step, first, count):
    """The bits of so many people, from one on."""
    found = np.empty(count, dtype=np.uint64)
    for at in range(count):
        found[at] = numbers.number_of(start, step, first + at)
    return found


@njit
def in_turn(bits, steps):
    """The bits that follow, so many steps on, in each person's own sequence."""
    found = bits.copy()
    for at in range(len(bits)):
        for _ in range(steps):
            found[at] = numbers.following(found[at])
    return found


@njit
def units(bits):
    found = np.empty(len(bits))
    for at in range(len(bits)):
        found[at] = numbers.unit(bits[at])
    return found


@njit
def exponentials(bits):
    found = np.empty(len(bits))
    for at in range(len(bits)):
        found[at] = numbers.exponential(bits[at])
    return found


@njit
def normals(bits):
    """Normal numbers, and the bits that each leaves to go on from."""
    found, following = np.empty(len(bits)), np.empty(len(bits), dtype=np.uint64)
    for at in range(len(bits)):
        found[at], following[at] = numbers.normal(bits[at])
    return found, following


@njit
def gammas(bits, shape):
    found = np.empty(len(bits))
    for at in range(len(bits)):
        found[at] = numbers.gamma(bits[at], shape)
    return found


@njit
def durations(laws, values, row, bits):
    found = np.empty(len(bits), dtype=np.int64)
    for at in range(len(bits)):
        found[at] = numbers.duration(laws, values, row, bits[at])
    return found


@njit
def persons(first_day, days, hours, each):
    """The numbers for random streams of the first people of each hour of some days."""
    found = np.empty(days * hours * each, dtype=np.int64)
    at = 0
    for day in range(days):
        for hour in range(hours):
            for more in range(each):
                found[at] = people.first_person(first_day + day, hour) + more
                at += 1
    return found


@njit
def bits_of_persons(start, step, chosen):
    found = np.empty(len(chosen), dtype=np.uint64)
    for at in range(len(chosen)):
        found[at] = numbers.number_of(start, step, chosen[at])
    return found


@cache
def as_in_a_room() -> np.ndarray:
    """Eight people an hour for three years, as the room numbers them."""
    return persons(739_000, 3 * 365, 24, 8)


def passes(p_values: Sequence[float], of: int | None = None) -> bool:
    """Whether so many comparisons, as one table, are what chance makes."""
    return min(p_values) > WRONGLY / (of or len(p_values))


def even(numbers_from_0_to_1: np.ndarray, cells: int = 256) -> float:
    """The p value of numbers to be spread evenly over cells."""
    counted = np.bincount((numbers_from_0_to_1 * cells).astype(int), minlength=cells)
    return float(stats.chisquare(counted).pvalue)


def apart(one: np.ndarray, other: np.ndarray, cells: int = 16) -> float:
    """The p value of pairs to be spread evenly over a square's cells."""
    at = (one * cells).astype(int) * cells + (other * cells).astype(int)
    return float(stats.chisquare(np.bincount(at, minlength=cells**2)).pvalue)


def uncorrelated(one: np.ndarray, other: np.ndarray) -> float:
    return float(stats.pearsonr(one, other).pvalue)


def some_streams() -> dict[tuple[int, int, str], Stream]:
    """Of two seeds, three replications and every purpose."""
    return {
        (seed, replication, purpose): numbers.stream(seed, replication, purpose)
        for seed in (1, 2**52 + 1)
        for replication in (0, 1, 999)
        for purpose in PURPOSES
    }


@cache
def drawn() -> dict[tuple[int, int, str], np.ndarray]:
    """By stream, the numbers from 0 to 1 of the people of a room."""
    return {
        name: units(bits_of_persons(*one, as_in_a_room())) for name, one in some_streams().items()
    }


def test_each_stream_is_even_over_people():
    tests = [even(found) for found in drawn().values()]
    tests += [float(stats.kstest(found, "uniform").pvalue) for found in drawn().values()]
    assert passes(tests)


def test_each_of_the_64_bits_is_as_often_one_as_zero():
    """The layers of a ziggurat are told by the lowest, what is across by the highest."""
    found = bits_of(*numbers.stream(3, 0, "bits"), 0, N)
    ones = [int(((found >> np.uint64(bit)) & np.uint64(1)).sum()) for bit in range(64)]
    assert passes([float(stats.binomtest(one, N).pvalue) for one in ones])


def test_the_next_person_is_apart_from_the_last_in_every_stream():
    tests = [apart(found[:-1], found[1:]) for found in drawn().values()]
    tests += [uncorrelated(found[:-1], found[1:]) for found in drawn().values()]
    tests += [uncorrelated(found[:-8], found[8:]) for found in drawn().values()]  # the next hour
    tests += [uncorrelated(found[:-192], found[192:]) for found in drawn().values()]  # day
    assert passes(tests)


def test_one_persons_numbers_for_two_purposes_are_apart():
    of = [drawn()[1, 0, purpose] for purpose in PURPOSES]
    tests = [
        test(one, other) for one, other in combinations(of, 2) for test in (apart, uncorrelated)
    ]
    assert passes(tests)


def test_one_persons_numbers_in_two_replications_or_of_two_seeds_are_apart():
    tests = []
    for purpose in PURPOSES:
        first = drawn()[1, 0, purpose]
        for other in (
            drawn()[1, 1, purpose],
            drawn()[1, 999, purpose],
            drawn()[2**52 + 1, 0, purpose],
        ):
            tests += [apart(first, other), uncorrelated(first, other)]
    assert passes(tests)


def test_a_persons_own_sequence_is_even_and_apart_from_the_next_persons():
    """Where a rejection asks for more numbers than one."""
    bits = bits_of(*numbers.stream(5, 0, "sequence"), 0, N)
    steps = [units(in_turn(bits, step)) for step in range(4)]
    tests = [even(one) for one in steps]
    tests += [apart(one, other) for one, other in combinations(steps, 2)]
    tests += [apart(one[1:], other[:-1]) for one in steps for other in steps]
    assert passes(tests)


def test_these_tests_reject_numbers_that_are_a_little_uneven_or_alike():
    """One in fifty halved, and one in fifty shared with the next person."""
    found, moved = drawn()[1, 0, "gap"].copy(), drawn()[1, 0, "gap"].copy()
    moved[::50] = moved[::50] / 2
    assert not passes([even(moved, 2)], 200)
    shared = found.copy()
    shared[1::50] = found[:-1:50]
    assert not passes([apart(shared[:-1], shared[1:])], 200)
    assert not passes([uncorrelated(shared[:-1], shared[1:])], 200)


def test_streams_step_by_odd_numbers_whose_bits_change_often():
    """As the generator asks of its steps: at least 24 pairs of neighbours that differ."""
    for step in (int(numbers.stream(seed, "step")[1]) for seed in range(20_000)):
        assert step % 2 and (step ^ (step >> 1)).bit_count() >= 24


SHAPES = (0.3, 1.0, 2.5, 40.0)


def close(found: np.ndarray, law: stats.rv_continuous) -> list[float]:
    """The p values of numbers to be of a law: as a whole, and by their first two moments."""
    mean, variance, kurtosis = (float(one) for one in law.stats("mvk"))
    off_mean = (found.mean() - mean) / math.sqrt(variance / len(found))
    spread = math.sqrt(((kurtosis + 3) - 1) / len(found)) * variance
    off_variance = (((found - mean) ** 2).mean() - variance) / spread
    return [
        float(stats.kstest(found, law.cdf).pvalue),
        2 * float(stats.norm.sf(abs(off_mean))),
        2 * float(stats.norm.sf(abs(off_variance))),
    ]


@cache
def bits(name: str, count: int = N) -> np.ndarray:
    return bits_of(*numbers.stream(7, name), 10**12, count)


def test_exponential_and_normal_numbers_are_of_their_laws():
    tests = close(exponentials(bits("exponential")), stats.expon())
    found, following = normals(bits("normal"))
    tests += close(found, stats.norm())
    tests += [even(units(following)), apart(stats.norm.cdf(found), units(following))]
    assert passes(tests)


def test_gamma_numbers_are_of_their_laws():
    tests = [
        p
        for shape in SHAPES
        for p in close(gammas(bits(f"gamma {shape}"), shape), stats.gamma(shape))
    ]
    assert passes(tests)


def test_these_tests_reject_laws_that_are_a_little_off():
    """By two percent of the mean or the shape."""
    found = exponentials(bits("exponential"))
    assert not passes(close(found, stats.expon(scale=1.02)), 20)
    assert not passes(close(normals(bits("normal"))[0], stats.norm(0.02, 1)), 20)
    assert not passes(close(normals(bits("normal"))[0], stats.norm(0, 1.02)), 20)
    for shape in SHAPES:
        found = gammas(bits(f"gamma {shape}"), shape)
        assert not passes(close(found, stats.gamma(shape * 1.02)), 20)


EXPONENTIAL_EDGE, NORMAL_EDGE = 7.69711747013104972, 3.6541528853610088


@cache
def many(law: str) -> np.ndarray:
    found = bits(f"many {law}", MANY)
    return exponentials(found) if law == "exponential" else np.abs(normals(found)[0])


@pytest.mark.parametrize(
    ("law", "edge", "of"),
    [("exponential", EXPONENTIAL_EDGE, stats.expon), ("normal", NORMAL_EDGE, stats.halfnorm)],
)
def test_the_tail_beyond_the_layers_is_as_heavy_as_it_should_be(law, edge, of):
    """How many numbers lie in it, and how they lie."""
    tail = many(law)[many(law) > edge]
    share = float(of.sf(edge))
    assert len(tail) > 500
    tests = [float(stats.binomtest(len(tail), MANY, share).pvalue)]
    tests += [float(stats.kstest(tail, lambda x: 1 - of.sf(x) / share).pvalue)]
    assert passes(tests)
    shorter = edge + (tail - edge) * 0.85
    assert not passes([float(stats.kstest(shorter, lambda x: 1 - of.sf(x) / share).pvalue)], 2)
    assert not passes([float(stats.binomtest(len(tail), MANY, share * 1.25).pvalue)])


@pytest.mark.parametrize(
    ("law", "edges", "of"),
    [
        ("exponential", numbers._EXP_EDGES, stats.expon),
        ("normal", numbers._NORMAL_EDGES, stats.halfnorm),
    ],
)
def test_every_layer_holds_its_share(law, edges, of):
    """Between the edges of two layers lie as many numbers as the law says, in each half of them."""
    inner = np.sort(edges[1:])
    middles = (inner[1:] + inner[:-1]) / 2
    cuts = np.sort(np.r_[inner, middles])
    shares = np.diff(np.r_[of.cdf(cuts), 1.0])
    counted = np.histogram(many(law), np.r_[cuts, np.inf])[0]
    assert (counted > 0).all() and counted.sum() == MANY
    assert passes([float(stats.chisquare(counted, shares * MANY).pvalue)])
    moved = shares.copy()  # one edge of 513 that lies a fifth of its cell too far
    moved[200] += moved[201] * 0.2
    moved[201] *= 0.8
    assert not passes([float(stats.chisquare(counted, moved * MANY).pvalue)])


def test_signs_are_apart_from_how_far():
    found = normals(bits("normal"))[0]
    table = np.histogram2d(found < 0, np.abs(found), [2, 50])[0]
    table = table[:, (table > 20).all(axis=0)]
    assert passes([float(stats.chi2_contingency(table).pvalue),
                   float(stats.binomtest(int((found < 0).sum()), N).pvalue)])  # fmt: skip


LAWS = {
    "exponential": (Duration("exponential", 25.0), stats.expon(scale=25.0)),
    "lognormal": (
        Duration("lognormal", 25.0, 20.0),
        stats.lognorm(
            math.sqrt(math.log1p(0.64)), scale=25.0 / math.sqrt(1.64)
        ),
    ),
    "gamma": (Duration("gamma", 25.0, 30.0), stats.gamma(25 / 36, scale=36.0)),
    "gamma of many stages": (Duration("gamma", 25.0, 5.0), stats.gamma(25.0, scale=1.0)),
}  # fmt: skip


def lasting(law: Duration, found: np.ndarray) -> np.ndarray:
    """The milliseconds of a law, as the room draws them for a patience."""
    room = assumed(replace(plain(), patience=law))
    return durations(room.laws, room.values, tables.PATIENCE_LAW, found)


def test_durations_are_of_the_laws_of_a_scenario():
    """Which are told by mean and standard deviation."""
    tests = []
    for name, (law, exact) in LAWS.items():
        found = lasting(law, bits(name)) / 60_000
        tests += [float(stats.kstest(found, exact.cdf).pvalue)]
        tests += [float(stats.ttest_1samp(found, law.mean).pvalue)]
    assert passes(tests)


def test_these_tests_reject_durations_two_percent_longer():
    for name, (law, exact) in LAWS.items():
        longer = replace(law, mean=law.mean * 1.02, sd=law.sd * 1.02)
        found = lasting(longer, bits(name)) / 60_000
        assert not passes([float(stats.kstest(found, exact.cdf).pvalue)], 8), name


def test_values_that_were_seen_come_equally_often_and_as_they_are():
    values = (3.0, 10.0, 10.0, 25.5, 60.0)
    found, counted = np.unique(
        lasting(Duration("empirical", 0.0, values=values), bits("seen")), return_counts=True
    )
    assert found.tolist() == [180_000, 600_000, 1_530_000, 3_600_000]
    assert passes([float(stats.chisquare(counted, np.array([1, 2, 1, 1]) * N / 5).pvalue)])
    assert (lasting(Duration("deterministic", 12.34), bits("seen")) == 740_400).all()


@pytest.mark.parametrize("name", LAWS)
def test_a_longer_mean_makes_the_same_person_stay_as_much_longer(name):
    """Exactly, but for the whole millisecond: who stays long by one mean does by another."""
    law, _ = LAWS[name]
    once = lasting(law, bits(name))
    for scale in (2.0, 3.7, 0.25):
        scaled = lasting(replace(law, mean=law.mean * scale, sd=law.sd * scale), bits(name))
        assert (np.abs(scaled - scale * once) <= 0.5 + scale / 2 + 1e-9 * scaled).all()


# What people bring, all of one table: each from a stream of its own, and within its bounds.


@pytest.fixture(scope="module")
def brought():
    scenario = plain(
        8,
        days=400,
        arrivals=Arrivals((20.0,) * 24, share_consuming=0.7),
        episode=Duration("exponential", 30.0),
        patience=Duration("exponential", 20.0),
        turnover=Duration("exponential", 3.0),
        recovery=Duration("exponential", 20.0),
        emergencies=Emergencies(per_1000=500, minutes=Duration("exponential", 8.0)),
        substances={"heroin": 0.5, "cocaine": 0.5},
        balking=(0.3, 0.6),
    )
    people = [comer for day in days(scenario, 3) for comer in day.comers]
    assert len(people) > 90_000
    return people


def test_nothing_that_people_bring_goes_with_anything_else(brought):
    columns = {
        "consumes": [one.consumes for one in brought],
        "opioid": [one.substances == ("heroin",) for one in brought],
        "episode": [one.episode for one in brought],
        "patience": [one.patience for one in brought],
        "turnover": [one.turnover for one in brought],
        "recovery": [one.recovery for one in brought],
        "ill": [one.emergency is not None for one in brought],
        "balks": [one.balks_at is not None for one in brought],
    }
    found = np.corrcoef([stats.rankdata(values) for values in columns.values()])
    apart = found[np.triu_indices(len(columns), 1)]
    assert np.abs(apart).max() < 5 / math.sqrt(len(brought))


def test_an_emergency_begins_within_its_episode_and_lasts_five_minutes_at_least(brought):
    ill = [one for one in brought if one.emergency is not None and one.episode > 60_000]
    into = np.array([one.emergency / one.episode for one in ill])
    assert into.min() > 0.099 and into.max() < 0.9
    assert stats.kstest(into, stats.uniform(0.1, 0.8).cdf).pvalue > 1e-4
    care = np.array([one.care for one in ill])
    assert care.min() == 5 * 60_000
    assert np.mean(care == 5 * 60_000) == pytest.approx(1 - math.exp(-5 / 8), abs=0.01)


def test_naloxone_is_for_opioids_alone_and_as_often_as_was_published(brought):
    ill = [one for one in brought if one.emergency is not None]
    opioid = [one for one in ill if one.substances == ("heroin",)]
    assert not any(one.naloxone for one in brought if one.substances == ("cocaine",))
    given = np.array([one.naloxone for one in opioid])
    error = math.sqrt(0.26 * 0.74 / len(given))
    assert abs(given.mean() - 10_865 / 41_538) < 4 * error
    into = np.array([one.emergency / max(one.episode, 1) for one in opioid])
    assert abs(np.corrcoef(given, into)[0, 1]) < 5 / math.sqrt(len(given))
