"""A scenario: the assumptions of a simulated room. `scenario_file` reads one from a TOML file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from opendcr.room.policy import Place, Policy

MINUTE = 60_000  # everything counts in whole milliseconds


@dataclass(frozen=True)
class Duration:
    """A distribution of minutes: `mean` and, where it has one, `sd`; or the `values` seen."""

    distribution: str
    mean: float
    sd: float = 0.0
    values: tuple[float, ...] = ()

    def draw(self, rng: np.random.Generator) -> int:
        """One duration, in whole milliseconds."""
        return round(self._minutes(rng) * MINUTE)

    def _minutes(self, rng: np.random.Generator) -> float:
        match self.distribution:
            case "exponential":
                return float(rng.exponential(self.mean))
            case "lognormal":
                variance = math.log1p((self.sd / self.mean) ** 2)
                return float(rng.lognormal(math.log(self.mean) - variance / 2, math.sqrt(variance)))
            case "gamma":
                shape = (self.mean / self.sd) ** 2
                return float(rng.gamma(shape, self.mean / shape))
            case "empirical":
                return float(rng.choice(self.values))
            case _:
                return self.mean


@dataclass(frozen=True)
class Arrivals:
    """A Poisson process: people per open hour, by clock hour, weekday and month.

    `share_consuming` of them come to use, by month where `consuming_by_month` says so.
    """

    per_hour: tuple[float, ...]
    by_weekday: tuple[float, ...] = (1.0,) * 7
    by_month: Mapping[str, float] = field(default_factory=dict)
    share_consuming: float = 1.0
    consuming_by_month: Mapping[str, float] = field(default_factory=dict)

    def rate(self, day: date, hour: int) -> float:
        """People expected in one clock hour of a day."""
        month = self.by_month.get(day.strftime("%Y-%m"), 1.0)
        return self.per_hour[hour] * self.by_weekday[day.weekday()] * month

    def consuming(self, month: str) -> float:
        """The share who come to use in a month."""
        return self.consuming_by_month.get(month, self.share_consuming)


@dataclass(frozen=True)
class Emergencies:
    """How often an episode turns into an emergency, and how long the care lasts (minutes).

    `staff` is how many members of staff one keeps from watching booths.
    """

    per_1000: float = 0.0
    by_month: Mapping[str, float] = field(default_factory=dict)
    minutes: float = 20.0
    staff: int = 0

    def probability(self, month: str) -> float:
        """Of an emergency in one episode of a month."""
        return self.by_month.get(month, self.per_1000) / 1000


@dataclass(frozen=True)
class People:
    """Who comes: the n-th visit is by somebody new with probability d/dn of people (n/visits)^growth.

    So about `people` have come after `visits`. Others come back, some more often than others
    (`spread` is the coefficient of variation of how often). `women` is the share of women.
    """

    people: float = 400
    visits: float = 6000
    growth: float = 0.6
    spread: float = 1.0
    women: float = 0.2

    def probability_new(self, visit: int) -> float:
        """That the visit of this number (from 1) is somebody's first."""
        return float(min(1.0, self._by(visit) - self._by(visit - 1)))

    def _by(self, visit: int) -> float:
        return float(self.people * (visit / self.visits) ** self.growth)


@dataclass(frozen=True)
class Scenario:
    """A whole scenario; see the fields' own types.

    `chairs` is how many people can rest at once, None for no limit; who finds no chair stays in the
    booth. `queue_capacity` is how many can wait; `staff` how many work on a shift.
    """

    name: str
    start: date
    days: int
    timezone: str
    policy: Policy
    arrivals: Arrivals
    episode: Duration
    patience: Duration | None = None
    turnover: Duration | None = None
    recovery: Duration | None = None
    chairs: int | None = None
    queue_capacity: int | None = None
    staff: int = 4
    emergencies: Emergencies = Emergencies()
    people: People = People()
    substances: Mapping[str, float] = field(default_factory=lambda: {"heroin": 1.0})
    substances_by_month: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def booths(self) -> tuple[Place, ...]:
        """The places in which people use."""
        return tuple(place for place in self.policy.places if place.consumption)

    def mix(self, month: str) -> Mapping[str, float]:
        """The shares of the substances of an episode in a month; `heroin+cocaine` is one of them."""
        return self.substances_by_month.get(month, self.substances)
