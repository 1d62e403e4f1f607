"""Worlds in which an effect is planted: how panels come about whose answer is known.

The numbers are round ones, about as large as Scotland's drug-related deaths; nobody is in them. Of
the events that would have happened in the treated area from the start on, each is left out with the
probability that is the planted effect; of a rise so many more happen besides.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Kind, Period
from opendcr.evaluate.study import Study
from opendcr.streams import stream

Real = NDArray[np.float64]
YEARLY, QUARTERLY, MONTHLY = 1, 4, 12
FIRST_YEAR = 2009
FEWEST, MOST = 20_000, 260_000  # people of an area compared with
CITY = 600_000  # people of the treated area
RATE = 1.5e-4  # events a year and person: 3 to 39 in an area compared with
ABOVE = 1.8  # how many times that the treated area's rate is: 162 events a year
SPREAD = 0.35  # the standard deviation of the logarithm of areas' rates


class World(Protocol):
    """What every world has."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    @property
    def words(self) -> str:
        """What is true in it."""

    def panel(self, effect: float, seed: int) -> Study:
        """One panel with the effect planted; without it the same whatever the effect."""


@dataclass(frozen=True)
class Areas:
    """Areas in which events are counted; the first is treated. Standard deviations are of
    logarithms.

    The treated area has so many `people`, the others from `fewest` to `most`, evenly by logarithm;
    the treated area's rate is `above` times the usual one. `growth` is the yearly one, `shared` the step from period to period that all areas have in
    common, `season` the amplitude of a yearly wave. `drift` is each area's own step, `lone` that of
    the treated area alone, and `parting` how much more it grows a year. `scatter` is what every
    period adds beyond Poisson, and `loading` how differently areas follow two common movements.
    The treated area is that of so many `candidates`, of one size and rate, that had most
    events before.
    """

    name: str
    words: str
    others: int = 31
    before: int = 11
    after: int = 5
    a_year: int = YEARLY
    people: int = CITY
    fewest: int = FEWEST
    most: int = MOST
    above: float = ABOVE
    rate: float = RATE
    growth: float = 0.05
    shared: float = 0.03
    season: float = 0.0
    drift: float = 0.0
    lone: float = 0.0
    parting: float = 0.0
    scatter: float = 0.0
    loading: float = 0.0
    candidates: int = 1

    @property
    def periods(self) -> int:
        """How many there are."""
        return self.before + self.after

    def panel(self, effect: float, seed: int) -> Study:
        """One panel with the effect planted."""
        random = stream(seed, "recovery", self.name)
        count = self.candidates + self.others
        people = np.exp(random.uniform(np.log(self.fewest), np.log(self.most), count)).round()
        people[: self.candidates] = self.people
        levels = random.normal(np.log(self.rate / self.a_year), SPREAD, count)
        levels[: self.candidates] = levels[0] + np.log(self.above)
        if self.above > 1:  # a city like no other: its rate is known, not drawn
            levels[: self.candidates] = np.log(self.rate / self.a_year * self.above)
        moves = self._common(random, count) + self._own(random, count)
        mean = np.exp(levels[:, None] + moves) * people[:, None]
        outcome = random.poisson(mean)
        rows = [self._chosen(outcome), *range(self.candidates, count)]
        counts = planted(random, outcome[rows], mean[rows[0]], self.before, effect)
        exposure = np.repeat(people[rows][:, None], self.periods, axis=1)
        panel = Panel(_names(len(rows)), _periods(self.a_year, self.periods), counts, exposure)
        return Study(panel, (0,), self.before, seed=seed)

    def _common(self, random: np.random.Generator, count: int) -> Real:
        """What areas share, and how differently they follow it: areas × periods."""
        time = np.arange(self.periods)
        line = self.growth / self.a_year * time
        wave = self.season * np.sin(2 * np.pi * time / self.a_year)
        steps = np.cumsum(random.normal(0, self.shared, self.periods))
        movements = np.vstack([np.sin(5 * time / self.periods), (time / self.periods) ** 2])
        followed = random.normal(0, self.loading, (count, 2)) @ movements
        return np.asarray(line + wave + steps + followed)

    def _own(self, random: np.random.Generator, count: int) -> Real:
        shape = (count, self.periods)
        own = np.cumsum(random.normal(0, self.drift, shape), axis=1)
        own = own + random.normal(0, self.scatter, shape) - self.scatter**2 / 2
        chosen = np.arange(count) < self.candidates
        own[chosen] += np.cumsum(random.normal(0, self.lone, self.periods))
        own[chosen] += self.parting / self.a_year * np.arange(self.periods)
        return np.asarray(own)

    def _chosen(self, outcome: NDArray[np.int64]) -> int:
        """The candidate with most events before."""
        return int(np.argmax(outcome[: self.candidates, : self.before].sum(axis=1)))


@dataclass(frozen=True)
class Rings:
    """Calls by distance from a room and by hours, by month: 60 before the start and 24 after.

    All rings share what happens by the hour, and near rings what happens near (steps of `shared`,
    on the logarithm). `scatter` is the standard deviation of each cell's own shocks, of which the
    share `lasts` is left a month later; `drift` the step of the cell near and inside hours alone.
    """

    name: str
    words: str
    scatter: float = 0.0
    lasts: float = 0.0
    drift: float = 0.0
    shared: float = 0.03
    before: int = 60
    after: int = 24

    def panel(self, effect: float, seed: int) -> Study:
        """One panel with the effect planted near and inside hours."""
        random = stream(seed, "recovery", self.name)
        months = self.before + self.after
        volumes = np.repeat([40.0, 60.0, 110.0, 260.0], 2) / 2  # calls a month: inside, outside
        near, inside = np.arange(8) < 2, np.arange(8) % 2 == 0
        steps = np.cumsum(random.normal(0, self.shared, (3, months)), axis=1)
        moves = steps[0] + near[:, None] * steps[1] + inside[:, None] * steps[2]
        moves = moves + self._shocks(random, months)
        moves[0] += np.cumsum(random.normal(0, self.drift, months))
        mean = volumes[:, None] * np.exp(moves)
        outcome = planted(random, random.poisson(mean), mean[0], self.before, effect)
        rings = np.repeat(["0-500m", "500-1000m", "1-2km", "2-5km"], 2).tolist()
        hours = ["inside", "outside"] * 4
        names = tuple(f"{ring}, {band}" for ring, band in zip(rings, hours, strict=True))
        labels = {"ring": tuple(rings), "hours": tuple(hours)}
        panel = Panel(
            names, _periods(MONTHLY, months), outcome, np.ones(outcome.shape), labels=labels
        )
        return Study(panel, (0,), self.before, seed=seed)

    def _shocks(self, random: np.random.Generator, months: int) -> Real:
        """Cells × months: autoregressions of one standard deviation throughout."""
        drawn = random.normal(0, self.scatter, (8, months))
        for month in range(1, months):
            drawn[:, month] *= np.sqrt(1 - self.lasts**2)
            drawn[:, month] += self.lasts * drawn[:, month - 1]
        return np.asarray(drawn - self.scatter**2 / 2)


@dataclass(frozen=True)
class Wandering:
    """One series by month whose logarithm wanders and scatters, each as much as a draw from a
    half-normal says: `drift` and `scatter` are their scales. Donors are large, wander by themselves,
    and each is followed with an even chance."""

    name: str
    words: str
    donors: int = 0
    drift: float = 0.05
    scatter: float = 0.3
    mean: float = 25.0
    before: int = 48
    after: int = 12

    def panel(self, effect: float, seed: int) -> Study:
        """One panel with the effect planted."""
        random = stream(seed, "recovery", self.name)
        months = self.before + self.after
        drift, scatter = np.abs(random.normal(0, [self.drift, self.scatter]))
        level = np.cumsum(random.normal(0, drift, months)) + random.normal(0, scatter, months)
        large = 1000 * np.exp(np.cumsum(random.normal(0, 0.05, (self.donors, months)), axis=1))
        donors = random.poisson(large)
        seen = np.log(donors + 0.5)
        seen = (seen - seen[:, : self.before].mean(axis=1, keepdims=True)) / (
            seen[:, : self.before].std(axis=1, keepdims=True)
        )
        followed = random.integers(0, 2, self.donors) * random.normal(0, 0.2, self.donors)
        mean = self.mean * np.exp(level + followed @ seen)
        counts = np.vstack([random.poisson(mean), donors])
        outcome = planted(random, counts, mean, self.before, effect)
        panel = Panel(
            _names(1 + self.donors), _periods(MONTHLY, months), outcome, np.ones(outcome.shape)
        )
        return Study(panel, (0,), self.before, seed=seed)


def planted(
    random: np.random.Generator, outcome: NDArray[np.int64], mean: Real, start: int, effect: float
) -> Real:
    """The counts, of which in the first row (of this `mean`) a share does not happen from the start
    on, or as large a share more does."""
    made = outcome.astype(float)
    if effect > 0:
        made[0, start:] += random.poisson(effect * mean[start:])
    else:
        made[0, start:] = random.binomial(outcome[0, start:], 1 + effect)
    return made


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"area {at + 1}" for at in range(count))


_KINDS: dict[int, Kind] = {YEARLY: "number", QUARTERLY: "quarter", MONTHLY: "month"}


def _periods(a_year: int, count: int) -> tuple[Period, ...]:
    return tuple(Period(_KINDS[a_year], FIRST_YEAR * a_year + at) for at in range(count))
