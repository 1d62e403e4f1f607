"""Plans of a room compared: booths, hours and staff, with the same people coming to each.

Each plan sees the same people with the same patience, so that what differs between two plans is what
the plans do, and few replications tell them apart (common random numbers). Of the plans that keep
the share who go without under a target, the smallest is found; where a plan might still lie on
either side and a smaller one would be found by knowing, it gets more replications.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import product
from typing import Any

import numpy as np

from opendcr.errors import InputError
from opendcr.room.policy import Place, Policy
from opendcr.simulate.kernel.replications import rows
from opendcr.simulate.kernel.tables import CLOSES, OPENS, Assumed, assumed, staff_in_hours
from opendcr.simulate.results import (
    COLUMNS,
    RATIOS,
    UPPER,
    Estimate,
    Moments,
    Ratio,
    Real,
    of_draws,
    reach_of,
    without_chance,
)
from opendcr.simulate.scenario import MINUTE, WEEKDAYS, Scenario, Shift
from opendcr.simulate.simulated import AT_LEAST
from opendcr.simulate.sweep import VISITS, Cores, Kept, Workers, expected, in_order, name_of
from opendcr.simulate.uncertain import Assumptions, Key

FIRST, MOST = 10, 2_560  # replications of a plan: to begin with, and at most
FIRST_DRAWS = 100  # the same of draws, where inputs are not known
# The chance, at most, that some plan is called under the target which is not: parted alike among all
# plans and all looks at them (Bonferroni). A plan that is looked at once is decided on by 99 %.
WRONG, DECIDED = 0.025, 0.995
# What a plan is held to: whoever comes and is not served, since a room with a full queue, or that
# sends everybody home at closing, makes nobody give up.
DECIDES = "probability_unserved"
FIGURES = (DECIDES, "probability_leave", "probability_wait", "mean_wait_minutes", "occupancy")
BY_DAY: dict[str, Ratio] = {
    "arrivals_per_day": ("arrivals", "days", 1.0, None),
    "served_per_day": ("served", "days", 1.0, None),
}
_RATIOS = {name: RATIOS[name] for name in FIGURES} | BY_DAY
_SHARE = {DECIDES: RATIOS[DECIDES]}
_COLUMN = {name: at for at, name in enumerate(COLUMNS)}


@dataclass(frozen=True)
class Staffing:
    """So many staff, and other numbers on some weekdays (0 is Monday)."""

    on: int
    by_weekday: Mapping[int, int] = field(default_factory=dict)

    def words(self) -> str:
        """As it is written on the command line: 8/sun:7."""
        days = [f"{WEEKDAYS[day]}:{staff}" for day, staff in sorted(self.by_weekday.items())]
        return "/".join([str(self.on), *days])

    def rota(self) -> tuple[Shift, ...]:
        """The rota that it makes; none where every day is alike."""
        if not self.by_weekday:
            return ()
        others = tuple(day for day in range(7) if day not in self.by_weekday)
        plain = [Shift("00:00", "24:00", self.on, others)] if others else []
        named = [Shift("00:00", "24:00", staff, (day,)) for day, staff in self.by_weekday.items()]
        return (*plain, *named)


@dataclass(frozen=True)
class Plan:
    """What is changed of a scenario; None leaves it as it is."""

    places: int | None = None
    opens: str | None = None
    closes: str | None = None
    staff: Staffing | None = None

    def of(self, scenario: Scenario) -> Scenario:
        """The scenario under this plan; raises InputError where it cannot be."""
        policy = scenario.policy
        opens, closes = self.opens or policy.opens, self.closes or policy.closes
        if opens >= closes:
            raise InputError("--closes", closes, f"a time after {opens}, when the room opens")
        if self.places is not None:
            policy = with_places(policy, self.places)
        planned = replace(scenario, policy=replace(policy, opens=opens, closes=closes))
        if self.staff is not None:
            most = max(self.staff.on, *self.staff.by_weekday.values(), 0)
            planned = replace(planned, staff=most, rota=self.staff.rota())
        _must_be_possible(planned, self.staff is not None)
        return planned

    def sets(self, key: Key) -> bool:
        """Whether it says what an input that is not known would say."""
        return (self.places is not None and key[:2] == ("room", "places")) or (
            self.staff is not None and key[:2] in (("staff", "on"), ("staff", "rota"))
        )


def with_places(policy: Policy, count: int) -> Policy:
    """A policy with so many places to use in: more injecting booths, or fewer of its own.

    What goes is each time the last place of the kind of which there are most, so that a wheelchair
    booth does not go before it must.
    """
    kept = [place for place in policy.places if place.consumption]
    others = [place for place in policy.places if not place.consumption]
    while len(kept) > count:
        kinds = [place.kind for place in kept]
        most = max(reversed(kinds), key=kinds.count)
        del kept[len(kinds) - 1 - kinds[::-1].index(most)]
    taken, number = {place.id for place in policy.places}, 0
    while len(kept) < count:
        number += 1
        if f"booth-{number}" not in taken:
            kept.append(Place(f"booth-{number}", "injecting", str(number)))
    return replace(policy, places=(*kept, *others))


def _must_be_possible(scenario: Scenario, staffed: bool) -> None:
    needed = scenario.policy.needed_staff(1)
    if staffed and not needed:
        expected = (
            "staff.minimum or staff.booths_per_staff in the scenario: without, staff stop nobody"
        )
        raise InputError("--staff", "plans of staff", expected)
    least = max(needed, scenario.emergencies.staff)
    if staffed and scenario.staff < least:
        why = "for one open booth" if least == needed else "whom an emergency holds"
        raise InputError("--staff", str(scenario.staff), f"{least} at least, {why}")
    for need in scenario.unmet_needs:
        count = str(len(scenario.booths))
        raise InputError("--places", count, f"so many that one fits the need '{need}'")


def plans(
    assumptions: Assumptions,
    places: Sequence[int | None] = (None,),
    opens: Sequence[str | None] = (None,),
    closes: Sequence[str | None] = (None,),
    staff: Sequence[Staffing | None] = (None,),
) -> list[Plan]:
    """Every combination, after the scenario as it is; InputError for one that cannot be.

    One that says no more than the scenario does is left out.
    """
    scenario = assumptions.expected
    found = [Plan()]
    for one in (Plan(*parts) for parts in product(places, opens, closes, staff)):
        known = not any(one.sets(unknown.key) for unknown in assumptions.inputs)
        if one.of(scenario) != scenario or not known:
            found.append(one)
    return found


@dataclass(frozen=True)
class Size:
    """How large a plan is, by what it takes in an average week."""

    staff_hours: float
    booth_hours: float


def size_of(scenario: Scenario) -> Size:
    """The size of a room: its staff in opening hours, and its places."""
    room = assumed(replace(scenario, days=min(scenario.days, 28)))
    weeks = len(room.days) / 7
    hour = 60 * MINUTE
    open_hours = float((room.days[:, CLOSES] - room.days[:, OPENS]).sum()) / hour
    staff = sum(_staffed(room, int(day[OPENS]), int(day[CLOSES])) for day in room.days) / hour
    return Size(staff / weeks, open_hours * len(scenario.booths) / weeks)


def _staffed(room: Assumed, since: int, until: int) -> float:
    """Staff-milliseconds in a span."""
    starts = np.clip(room.shifts[:, 0], since, until)
    ends = np.append(starts[1:], until)
    return float(((ends - starts) * room.shifts[:, 1]).sum())


def unstaffed(scenario: Scenario) -> bool:
    """Whether at some opening time too few are on to open even one booth."""
    return min(staff_in_hours(scenario)) < scenario.policy.needed_staff(1)


@dataclass(frozen=True)
class Interval:
    """A figure with the ends of its 95 % interval."""

    mean: float
    low: float
    high: float

    def to_data(self) -> dict[str, float]:
        """As `plan --json` gives it."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Compared:
    """A plan: its size, its figures and how they differ from the first plan's.

    `verdict` is `under` or `over` the target, or `undetermined`; `chance_under` the share of the
    draws of unknown inputs in which it is under but for chance, None where nothing was drawn.
    Differences are of the replications that both have.
    """

    plan: Plan
    scenario: Scenario
    size: Size
    replications: int
    figures: Mapping[str, Interval]
    differences: Mapping[str, Interval]
    verdict: str
    chance_under: float | None = None
    draws: int | None = None
    inputs: tuple[float, float] | None = None  # where 95 in 100 draws of the share unserved lie
    staff: str = ""  # as the command line writes them; a range where they are not known
    rostered: bool = True  # whether its staff are known
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """All plans, and the smallest that is under the target; None where none is known to be.

    `open` are the plans that are smaller than it, or than any, and still undetermined.
    """

    target: float
    plans: tuple[Compared, ...]
    smallest: int | None
    open: tuple[int, ...]


class _Rows:
    """What was counted of a plan so far: a row for each replication, or for each draw."""

    def __init__(
        self,
        plan: Plan,
        assumptions: Assumptions,
        seed: int,
        of_each: int,
        draw: Callable[[int], Scenario],
    ) -> None:
        self.plan, self._seed, self._of_each, self._draw = plan, seed, of_each, draw
        self.scenario = plan.of(assumptions.expected)
        self.drawn = bool(assumptions.inputs)
        self.rostered = plan.staff is not None or not any(
            one.key[0] == "staff" for one in assumptions.inputs
        )
        self.done: Real = np.empty((0, len(COLUMNS)))
        self.shares: list[Estimate] = []  # of each draw, the share who go without
        self.replications = 0

    def pieces(self, until: int) -> Iterator["RowsPiece"]:
        """The work that is missing for so many rows in all."""
        if self.drawn:
            for draw in range(len(self.done), until):
                room = assumed(self.plan.of(self._draw(draw)))
                yield RowsPiece(room, self._seed, draw * self._of_each, self._of_each)
            return
        room = assumed(self.scenario)
        most = max(1, round(VISITS / (expected(room) + 1)))
        for first in range(len(self.done), until, most):
            yield RowsPiece(room, self._seed, first, min(most, until - first))

    def staff_words(self) -> str:
        """The staff as the command line writes them."""
        if self.plan.staff is not None:
            return self.plan.staff.words()
        if not self.rostered:
            return "not known"
        return "rota" if self.scenario.rota else str(self.scenario.staff)

    def add(self, found: Real) -> None:
        """Takes what a piece amounts to: of a draw, the mean of its replications."""
        self.replications += len(found)
        if self.drawn:
            self.shares.append(Moments.counted(found).ratio(*RATIOS[DECIDES]))
            found = found.mean(axis=0, keepdims=True)
        self.done = np.vstack([self.done, found])


@dataclass(frozen=True)
class RowsPiece:
    """Replications whose counts are kept one by one."""

    room: Assumed
    seed: int
    first: int
    count: int

    def done(self) -> Real:
        """A row for each replication."""
        return rows(self.room, self.seed, self.first, self.count)

    @cached_property
    def name(self) -> str:
        """A name that no other piece of another room, seed or version has."""
        return name_of(self.room, self.seed, self.first, self.count, "rows")

    def dumped(self, found: Real) -> dict[str, Any]:
        """What is kept of what it amounts to."""
        return {"rows": found}

    def loaded(self, held: Mapping[str, Any]) -> Real:
        """What it amounts to, as it was kept."""
        return np.asarray(held["rows"])


def compared(
    assumptions: Assumptions,
    alternatives: Sequence[Plan],
    target: float,
    seed: int,
    first: int | None = None,
    most: int = MOST,
    of_each_draw: int = AT_LEAST,
    workers: Workers | None = None,
    kept: Kept | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> Comparison:
    """Plans compared, the first of them the one that the others differ from.

    Each gets `first` replications (10 where None), or draws of unknown inputs, where there are some,
    with `of_each_draw` replications each (100 draws where None); and those on which the smallest
    plan turns twice as many each time, up to `most`. `progress` hears the number of replications
    done.
    """
    first = first or (FIRST_DRAWS if assumptions.inputs else FIRST)
    most = max(most, first)
    draw = cache(lambda number: assumptions.drawn(seed, number))  # the same for every plan
    held = [_Rows(plan, assumptions, seed, of_each_draw, draw) for plan in alternatives]
    sizes = [size_of(one.scenario) for one in held]
    looks = 1 + math.ceil(math.log2(most / first))
    upper = 1 - WRONG / (looks * len(held))
    wanted = dict.fromkeys(range(len(held)), first)
    done = 0
    with ExitStack() as stack:
        doing = workers or Cores(stack)
        if kept is not None:
            stack.enter_context(kept)
        while wanted:
            whose: deque[_Rows] = deque()
            for piece, counted in in_order(_missing(held, wanted, whose), doing, kept):
                whose.popleft().add(counted)
                done += piece.count
                progress(done)
            verdicts = [_verdict(one.done, target, upper) for one in held]
            smallest, open_ones = _smallest(sizes, verdicts, [one.rostered for one in held])
            wanted = {
                at: min(2 * len(held[at].done), most)
                for at in open_ones
                if len(held[at].done) < most
            }
    told = tuple(
        _compared(one, size, held[0], verdict, target)
        for one, size, verdict in zip(held, sizes, verdicts, strict=True)
    )
    return Comparison(target, told, smallest, tuple(open_ones))


def _missing(
    held: Sequence[_Rows], wanted: Mapping[int, int], whose: deque[_Rows]
) -> Iterator["RowsPiece"]:
    """The work of all plans that want some, one after the other; `whose` hears whose each piece is."""
    for at, until in wanted.items():
        for piece in held[at].pieces(until):
            whose.append(held[at])
            yield piece


def _smallest(
    sizes: Sequence[Size], verdicts: Sequence[str], rostered: Sequence[bool]
) -> tuple[int | None, list[int]]:
    """The smallest plan known to be under the target, and the undetermined ones before it.

    A plan whose staff are not known is none that anybody could put on a rota.
    """
    known = [at for at in range(len(sizes)) if rostered[at]]
    order = sorted(known, key=lambda at: (sizes[at].staff_hours, sizes[at].booth_hours))
    before: list[int] = []
    for at in order:
        if verdicts[at] == "under":
            return at, before
        if verdicts[at] == "undetermined":
            before.append(at)
    return None, before


def _verdict(done: Real, target: float, upper: float = DECIDED) -> str:
    share = _intervals(done, _SHARE, upper)[DECIDES]
    if share.high <= target:
        return "under"
    return "over" if share.low > target else "undetermined"


def _ratio(done: Real, ratio: Ratio) -> tuple[float, Real]:
    """A ratio of totals, and what each row adds to its error (the delta method)."""
    above, below, scale, _ = ratio
    upper, lower = done[:, _COLUMN[above]] / scale, done[:, _COLUMN[below]]
    if not lower.any():
        return 0.0, np.zeros(len(done))
    found = float(upper.sum() / lower.sum())
    return found, (upper - found * lower) / lower.mean()


def _intervals(
    done: Real, ratios: Mapping[str, Ratio], upper: float = UPPER
) -> dict[str, Interval]:
    """Figures, with intervals that hold where few events were seen, or none."""
    moments = Moments.counted(done)
    found = {}
    for name, ratio in ratios.items():
        one = moments.ratio(*ratio)
        low, high = one.between(upper)
        found[name] = Interval(one.mean or 0.0, low or 0.0, np.inf if high is None else high)
    return found


def _differences(done: Real, other: Real, ratios: Mapping[str, Ratio]) -> dict[str, Interval]:
    """How far figures lie from those of another plan, which has a row for each of the same."""
    found = {}
    for name, ratio in ratios.items():
        ours, apart = _ratio(done, ratio)
        theirs, apart_too = _ratio(other, ratio)
        found[name] = _about(ours - theirs, apart - apart_too)
    return found


def _about(mean: float, parts: Real) -> Interval:
    """A difference, which may be negative, with its interval."""
    count = len(parts)
    if count < 2:
        return Interval(mean, -np.inf, np.inf)
    reach = reach_of(float(parts.std(ddof=1)) / math.sqrt(count), count)
    return Interval(mean, mean - reach, mean + reach)


def _compared(one: _Rows, size: Size, base: _Rows, verdict: str, target: float) -> Compared:
    both = min(len(one.done), len(base.done))
    under, inputs = None, None
    if one.drawn:
        shares, _ = without_chance(*of_draws(one.shares))
        under = float((shares <= target).mean())
        low, high = np.quantile(shares, [0.025, 0.975])
        inputs = (float(low), float(high))
    return Compared(
        one.plan,
        one.scenario,
        size,
        one.replications,
        _intervals(one.done, _RATIOS),
        _differences(one.done[:both], base.done[:both], _RATIOS),
        verdict,
        under,
        len(one.done) if one.drawn else None,
        inputs,
        one.staff_words(),
        one.rostered,
        tuple(_notes(one, base)),
    )


def _notes(one: _Rows, base: _Rows) -> Iterator[str]:
    """What a reader of a plan must know."""
    if unstaffed(one.scenario):
        yield "At some opening times too few are on to open even one booth."
    ours, theirs = one.scenario.policy, base.scenario.policy
    if ours.opens < theirs.opens or ours.closes > theirs.closes:
        yield (
            "In the hours that are new as many people come as the scenario's rates say; nobody has "
            "seen how many would."
        )
    if ours.opens > theirs.opens or ours.closes < theirs.closes:
        less = _mean(base, "arrivals_per_day") - _mean(one, "arrivals_per_day")
        yield (
            f"It is closed when {less:.1f} people a day come as it is now: they are not counted among "
            "those who go without."
        )
    ill = one.scenario.emergencies
    if one.plan.staff is not None and _mean_ill(one) and not ill.hold_up:
        yield (
            "Emergencies hold no staff in this scenario, so it cannot show what fewer staff do in one."
        )
    if len(one.scenario.booths) > len(base.scenario.booths) and base.scenario.needs:
        yield "The places that are added are for injecting, whatever people need."
    if not one.rostered:
        yield "How many work is not known in the scenario, so this is no plan to be put on a rota."


def _mean(one: _Rows, name: str) -> float:
    return _ratio(one.done, _RATIOS[name])[0]


def _mean_ill(one: _Rows) -> float:
    """Emergencies in a replication."""
    return float(one.done[:, _COLUMN["emergencies"]].mean())


AT_ONCE = 100_000  # visits in a piece of `counted`: few enough that all cores share a short wait


def counted(scenario: Scenario, seed: int, replications: int, workers: Workers) -> Real:
    """What each of so many replications of a scenario counted: replication × `results.COLUMNS`."""
    room = assumed(scenario)
    size = max(1, round(AT_ONCE / (expected(room) + 1)))
    work = [
        RowsPiece(room, seed, first, min(size, replications - first))
        for first in range(0, replications, size)
    ]
    return np.vstack([found for _, found in in_order(work, workers)])


@dataclass(frozen=True)
class Beside:
    """Ratios of what a plan's replications counted, how they differ from those of another plan with
    the same people, and the verdict on the share who go without (see `Compared`)."""

    figures: Mapping[str, Interval]
    differences: Mapping[str, Interval]
    verdict: str


def beside(done: Real, other: Real, ratios: Mapping[str, Ratio], target: float) -> Beside:
    """A plan beside another: each ratio is a total, what it is divided by, and a scale, as in
    `results.RATIOS`; both have a row for each of the same replications."""
    return Beside(
        _intervals(done, ratios), _differences(done, other, ratios), _verdict(done, target)
    )
