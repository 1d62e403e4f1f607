"""A scenario: the assumptions of a simulated room. `scenario_file` reads one from a TOML file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from opendcr.catalogue.places import ROUTES, permits
from opendcr.room.policy import Place, Policy

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = 60_000  # everything counts in whole milliseconds
CARE_AT_LEAST = 5.0  # minutes that an emergency lasts
ANY = "any"


def opioid(substances: Iterable[str]) -> bool:
    """Whether somebody brings heroin, alone or with something else."""
    return "heroin" in substances


@dataclass(frozen=True)
class Duration:
    """A distribution of minutes: `mean` and, where it has one, `sd`; or the `values` seen."""

    distribution: str
    mean: float
    sd: float = 0.0
    values: tuple[float, ...] = ()


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
    """How often an episode turns into an emergency, and how long the care lasts (five minutes at
    least).

    `staff` is how many members of staff one keeps from watching booths; `pauses_seating` says
    whether nobody is seated while one runs.
    """

    per_1000: float = 0.0
    by_month: Mapping[str, float] = field(default_factory=dict)
    minutes: Duration = Duration("deterministic", 20.0)
    staff: int = 0
    pauses_seating: bool = False

    @property
    def hold_up(self) -> bool:
        """Whether one can keep anybody from being seated."""
        return bool(self.staff) or self.pauses_seating

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
class Shift:
    """So many staff from one local clock time until another, on some weekdays (0 is Monday)."""

    begins: str
    ends: str
    staff: int
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)


@dataclass(frozen=True)
class Scenario:
    """A whole scenario; see the fields' own types.

    `episodes` are the times in the place of those who bring some substance, where they differ from
    `episode`. `needs` are the shares of people who need a certain place: `injecting` (where one can
    inject), `accessible` (a wheelchair booth), `inhalation`, `left` or `right` (the hand of a booth
    to inject in); the others take any. `chairs` is how many people can rest at once, None for no
    limit; who finds no chair stays in the booth. `queue_capacity` is how many can wait. `balking` is
    the probability that somebody who cannot start at once does not join the queue, by how many wait
    already; the last stands for more, and none is less than the one before. `staff` is how many work, or the most who do where a `rota` says when.
    """

    name: str
    start: date
    days: int
    timezone: str
    policy: Policy
    arrivals: Arrivals
    episode: Duration
    episodes: Mapping[str, Duration] = field(default_factory=dict)
    needs: Mapping[str, float] = field(default_factory=dict)
    patience: Duration | None = None
    turnover: Duration | None = None
    recovery: Duration | None = None
    chairs: int | None = None
    queue_capacity: int | None = None
    balking: tuple[float, ...] = ()
    staff: int = 4
    rota: tuple[Shift, ...] = ()
    emergencies: Emergencies = Emergencies()
    people: People = People()
    substances: Mapping[str, float] = field(default_factory=lambda: {"heroin": 1.0})
    substances_by_month: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def booths(self) -> tuple[Place, ...]:
        """The places in which people use."""
        return tuple(place for place in self.policy.places if place.consumption)

    @property
    def seats(self) -> int:
        """How many people can use in them at a time."""
        return sum(place.capacity for place in self.booths)

    def mix(self, month: str) -> Mapping[str, float]:
        """The shares of the substances of an episode in a month; `heroin+cocaine` is one of them."""
        return self.substances_by_month.get(month, self.substances)

    @property
    def unmet_needs(self) -> list[str]:
        """The needs that no place of the room fits."""
        return [need for need in self.needs if not any(self.fits(need, one) for one in self.booths)]

    def fits(self, need: str, place: Place) -> bool:
        """Whether somebody with a need can use in a place, by a route that the policy allows."""
        right_hand = need not in ("left", "right") or place.hand in ("either", need)
        right_kind = need != "accessible" or place.kind == "accessible"
        return right_hand and right_kind and self.route_in(need, place) is not None

    def routes(self, need: str) -> tuple[str, ...]:
        """The routes, of those that the policy allows, by which somebody with a need may use."""
        match need:
            case "any":
                return self.policy.routes
            case "inhalation":
                return tuple(route for route in self.policy.routes if route == "inhaled")
            case _:
                return tuple(route for route in self.policy.routes if ROUTES[route].injecting)

    def route_in(self, need: str, place: Place) -> str | None:
        """The first route by which somebody with a need may use in a place; None where none is."""
        return next((one for one in self.routes(need) if permits(place.kind, one)), None)
