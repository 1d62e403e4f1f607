"""A plan of a room beside the room as it is now: both simulated, with the same people coming.

How many replications are made depends on how many people are expected and on nothing else, so that
the same sliders give the same numbers on any machine.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from django.utils.safestring import SafeString, mark_safe

from opendcr.errors import InputError
from opendcr.room.policy import Policy
from opendcr.simulate.kernel.tables import assumed
from opendcr.simulate.pictures import Hours, hours_of, pictures, svg, table
from opendcr.simulate.plan import (
    BY_DAY,
    DECIDES,
    Interval,
    Plan,
    RowsPiece,
    Staffing,
    beside,
    counted,
    unstaffed,
    with_places,
)
from opendcr.simulate.reading import reading, share
from opendcr.simulate.results import RATIOS, Moments, Ratio, Real, of_draws, without_chance
from opendcr.simulate.scenario import Arrivals, Duration, Emergencies, Scenario
from opendcr.simulate.simulated import AT_LEAST, Simulated
from opendcr.simulate.sweep import Cores, expected, in_order
from opendcr.streams import stream
from opendcr.web.insight.observed import TIMED, Observed, open_minutes
from opendcr.web.insight.sliders import (
    NOWHERE,
    Slider,
    Values,
    by_hour,
    clock,
    minutes_of,
)
from opendcr.web.insight.wording import count, signed

SEED = 1
# A year of whole weeks, so that it has as many Sundays as Mondays; it begins on a Monday.
START, DAYS = date(2025, 1, 6), 364
VISITS, LEAST, MOST = 1_000_000, 6, 100  # people simulated of a plan, and replications
VISITS_BY_HOUR, MOST_BY_HOUR = 400_000, 20  # the same, of its pictures
SPREAD = 20 / 35  # of the time in the place, as in the scenario of Glasgow: assumed

ROOM = ("places", "opens", "closes", "staff", "sunday")
# Of times that no room publishes each may be by so much shorter or longer than is assumed; so many
# draws of all of them at once, with so many people simulated of each, by replications that tell
# what chance does.
TIMES = {"minutes": "in the place", "patience": "until people give up",
         "ready": "to make a place ready", "care": "of care"}  # fmt: skip
APART, DRAWS, DRAWN_VISITS = 0.5, 60, 10_000

# Each figure by the name of its row: what it is made of, its unit, and how its difference is called.
FIGURES: Mapping[str, tuple[Ratio, str, str]] = {
    "Share who go without": (RATIOS[DECIDES], "%", "points"),
    "Share who give up": (RATIOS["probability_leave"], "%", "points"),
    "Share who do not start at once": (RATIOS["probability_wait"], "%", "points"),
    "Mean wait": (RATIOS["mean_wait_minutes"], "min", "min"),
    "Places in use": (("used", "open", 1.0, None), "", ""),
    "Staff held by emergencies": (RATIOS["mean_staff_held"], "", ""),
    "People who come, a day": (BY_DAY["arrivals_per_day"], "", ""),
    "People served, a day": (BY_DAY["served_per_day"], "", ""),
}


@dataclass(frozen=True)
class Room:
    """What a plan is made from: the room's policy and clock, and what its facts say."""

    policy: Policy
    timezone: str
    seen: Observed | None


@dataclass(frozen=True)
class Question:
    """Two rooms to be set beside each other, and the target for the share who go without."""

    room: Room
    now: Scenario
    plan: Scenario
    target: float
    moved: tuple[str, ...]
    mixed: bool  # what is assumed differs too
    drawn: tuple[Scenario, ...] = ()  # the plan under other times; see `TIMES`
    times: tuple[str, ...] = ()  # which of them


@dataclass(frozen=True)
class Cell:
    """A figure for people, and its 95 % interval in words."""

    mean: str
    between: str


@dataclass(frozen=True)
class Line:
    """One figure of both rooms, and their difference."""

    name: str
    unit: str
    now: Cell
    plan: Cell
    difference: Cell
    points: str


@dataclass(frozen=True)
class Drawn:
    """A picture by the hour, what it is, and its numbers."""

    name: str
    title: str
    unit: str
    by: str
    drawing: SafeString
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Answer:
    """All that the page shows of a question."""

    verdict: str  # under, over, undetermined
    verdict_words: str
    now_words: str
    drawn_words: str
    lines: tuple[Line, ...]
    reading: tuple[str, ...]
    notes: tuple[str, ...]
    moved: tuple[str, ...]
    mixed: bool
    pictures: tuple[Drawn, ...]
    replications: int
    replications_by_hour: int
    visits: str
    summary: str


def question(room: Room, sliders: Mapping[str, Slider], values: Values, both: bool) -> Question:
    """What the sliders ask; InputError, with a slider's name in `where`, for what cannot be.

    With `both`, the room as it is now is simulated under what is assumed of the plan.
    """
    start = {name: one.start for name, one in sliders.items()}
    under = {**start, **{name: values[name] for name in start if name not in ROOM}}
    now = scenario(room, start, under if both else start)
    plan = scenario(room, values, values)
    moved = {name for name in start if name != "target" and values[name] != start[name]}
    told = tuple(
        f"{one.label}: {one.words(one.start)} → {one.words(values[name])}"
        for name, one in sliders.items()
        if name in moved
    )
    mixed = not both and bool(moved - set(ROOM))
    times = tuple(
        name for name in TIMES if values[name] and (name in moved or _is_assumed(sliders[name]))
    )
    weeks = round(DRAWN_VISITS / AT_LEAST / 7 / max(expected(assumed(plan)) / DAYS, 1))
    days = 7 * min(max(weeks, 1), DAYS // 7)
    drawn = tuple(
        replace(_drawn_times(room, values, times, draw), days=days)
        for draw in range(DRAWS if times else 0)
    )
    return Question(room, now, plan, values["target"] / 100, told, mixed, drawn, times)


def _is_assumed(slider: Slider) -> bool:
    return slider.source.startswith(NOWHERE)


def _drawn_times(room: Room, values: Values, times: Sequence[str], draw: int) -> Scenario:
    """The plan with other times."""
    rng = stream(SEED, draw, "times")
    other = {**values, **{name: values[name] * rng.uniform(1 - APART, 1 + APART) for name in times}}
    return scenario(room, values, other)


def scenario(room: Room, planned: Values, under: Values) -> Scenario:
    """A year of a room: its own sliders `planned`, and what is assumed of it `under` others."""
    held = int(under["held"])
    base = Scenario(
        name="planning",
        start=START,
        days=DAYS,
        timezone=room.timezone,
        policy=_within_bounds(room.policy),
        arrivals=Arrivals(per_hour(room, under["people"])),
        episode=Duration("lognormal", under["minutes"], under["minutes"] * _spread(room.seen)),
        patience=Duration("exponential", under["patience"]),
        turnover=Duration("deterministic", under["ready"]) if under["ready"] else None,
        emergencies=Emergencies(
            per_1000=under["emergencies"],
            minutes=Duration("deterministic", under["care"]),
            staff=held,
        ),
    )
    on, sundays = int(planned["staff"]), int(planned["sunday"])
    plan = Plan(
        int(planned["places"]),
        clock(planned["opens"]),
        clock(planned["closes"]),
    )
    staff = Staffing(on, {6: sundays} if sundays != on else {})
    needed = base.policy.needed_staff(1)
    if max(on, sundays) < needed:
        raise InputError("staff", str(max(on, sundays)), f"{needed} at least, for one open booth")
    try:
        # Fewer than an emergency holds are told beside the figures: sliders pass by such numbers.
        return replace(plan.of(base), staff=max(on, sundays), rota=staff.rota())
    except InputError as problem:
        raise InputError(
            problem.where.removeprefix("--"), problem.found, problem.expected
        ) from None


def _within_bounds(policy: Policy) -> Policy:
    """A policy with a place to use in, where it names none."""
    return policy if any(one.consumption for one in policy.places) else with_places(policy, 1)


def _spread(seen: Observed | None) -> float:
    """The standard deviation of the time in the place, by its mean."""
    if seen is None or seen.timed < TIMED or not seen.sd:
        return SPREAD
    return min(max(seen.sd / seen.minutes, 0.05), 2.0)


def per_hour(room: Room, people: float) -> tuple[float, ...]:
    """People in an open hour, by clock hour: so many a day in the hours open now, at the hours that
    the room's facts tell or evenly; the mean of those in every other hour."""
    opened = open_minutes(minutes_of(room.policy.opens), minutes_of(room.policy.closes))
    seen = room.seen
    if seen is not None and by_hour(seen):
        shape = [
            rate if minutes else 0.0 for rate, minutes in zip(seen.per_hour, opened, strict=True)
        ]
    else:
        shape = [1.0 if minutes else 0.0 for minutes in opened]
    weight = sum(rate * minutes / 60 for rate, minutes in zip(shape, opened, strict=True))
    mean = people / (sum(opened) / 60)
    return tuple(
        people * rate / weight if minutes else mean
        for rate, minutes in zip(shape, opened, strict=True)
    )


def replications(plan: Scenario, now: Scenario) -> int:
    """How many replications are made of both."""
    people = max(expected(assumed(plan)), expected(assumed(now)))
    return min(max(round(VISITS / people), LEAST), MOST)


def answer(asked: Question) -> Answer:
    """The question answered. It takes about a second, and holds the interpreter for little of it."""
    often = replications(asked.plan, asked.now)
    with ExitStack() as stack:
        workers = Cores(stack)
        now = _counted(asked.now, often, workers)
        plan = now if asked.plan == asked.now else _counted(asked.plan, often, workers)
        drawn = _draws(asked, workers)
    ratios = {name: parts for name, (parts, _, _) in FIGURES.items()}
    as_now, planned = (
        beside(now, now, ratios, asked.target),
        beside(plan, now, ratios, asked.target),
    )
    come = float(plan[:, 0].sum())
    lines = tuple(
        _line(name, as_now.figures[name], planned.figures[name], planned.differences[name],
              float(now[:, 0].sum()), come)
        for name in FIGURES
    )  # fmt: skip
    by_hour_often = min(
        max(round(VISITS_BY_HOUR / expected(assumed(asked.plan))), LEAST), MOST_BY_HOUR
    )
    hours = hours_of(asked.plan, SEED, by_hour_often)
    target = f"{100 * asked.target:g}\N{NO-BREAK SPACE}%"
    shut = " At some opening times it cannot open: too few staff." if unstaffed(asked.plan) else ""
    gone = lines[0].plan
    return Answer(
        verdict=planned.verdict,
        verdict_words=f"{_VERDICTS[planned.verdict].format(target)}: {gone.mean}\N{NO-BREAK SPACE}% go without in this plan.{shut}",
        now_words=f"As it is now: {lines[0].now.mean}\N{NO-BREAK SPACE}% go without, {_NOW[as_now.verdict]}.",
        drawn_words=_drawn_words(asked, drawn),
        lines=lines,
        reading=tuple(reading(_simulated(asked.plan, plan), hours)),
        notes=tuple(_notes(asked)),
        moved=asked.moved,
        mixed=asked.mixed,
        pictures=tuple(_drawn(asked.plan, hours)),
        replications=often,
        replications_by_hour=by_hour_often,
        visits=count(come),
        summary=f"{gone.mean}\N{NO-BREAK SPACE}% go without: {_NOW[planned.verdict]}.",
    )


def _draws(asked: Question, workers: Cores) -> Real:
    """The share who go without under each draw of the times, without what chance does to it."""
    work = [
        RowsPiece(assumed(one), SEED, draw * AT_LEAST, AT_LEAST)
        for draw, one in enumerate(asked.drawn)
    ]
    found = [Moments.counted(rows).ratio(*RATIOS[DECIDES]) for _, rows in in_order(work, workers)]
    return without_chance(*of_draws(found))[0] if found else np.empty(0)


def _drawn_words(asked: Question, drawn: Real) -> str:
    """How far the verdict rests on times that nobody knows."""
    if not len(drawn):
        return ""
    named = [TIMES[name] for name in asked.times]
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    low, high = (share(max(one, 0.0)) for one in np.quantile(drawn, [0.025, 0.975]))
    under = round(100 * float((drawn <= asked.target).mean()))
    between = low if low == high else f"from {low} to {high}"
    return (
        f"Some times are assumed. Were the minutes {listed} each up to half shorter or longer, {between} "
        f"would go without in 95 of 100 cases, and {under} of 100 would be under the target."
    )


_counts: OrderedDict[str, Real] = OrderedDict()
KEPT = 16  # the room as it is now among them, which each plan is set beside


def _counted(one: Scenario, often: int, workers: Cores) -> Real:
    """The replications of a scenario; for one thread at a time."""
    key = f"{often} {one!r}"
    if key not in _counts:
        _counts[key] = counted(one, SEED, often, workers)
        while len(_counts) > KEPT:
            _counts.popitem(last=False)
    _counts.move_to_end(key)
    return _counts[key]


def _simulated(plan: Scenario, done: Real) -> Simulated:
    """The replications as the sentences about them take them; nothing is said of single waits."""
    moments = Moments.counted(done)
    return Simulated(plan, SEED, len(done), 1, moments.figures(), {}, moments)


_VERDICTS = {
    "under": "Under the target of {}",
    "over": "Over the target of {}",
    "undetermined": "Too near the target of {} to tell",
}
_NOW = {
    "under": "under the target",
    "over": "over the target",
    "undetermined": "too near the target to tell",
}


def _line(
    name: str, now: Interval, plan: Interval, difference: Interval, came: float, comes: float
) -> Line:
    _, unit, points = FIGURES[name]
    scale = 100 if unit == "%" else 1
    now, plan, difference = (_scaled(one, scale) for one in (now, plan, difference))
    # The room as it is now is written alike, whatever plan stands beside it.
    digits = _digits(now)
    return Line(
        name,
        unit,
        _cell(now, digits, came),
        _cell(plan, max(digits, _digits(plan)), comes),
        _difference(difference, max(digits, _digits(difference))),
        points,
    )


def _scaled(one: Interval, scale: float) -> Interval:
    return Interval(scale * one.mean, scale * one.low, scale * one.high)


def _digits(one: Interval) -> int:
    """So many decimals that an interval is seen to be one, and three at most."""
    width = one.high - one.low
    return min(max(math.ceil(-math.log10(width)), 1), 3) if width > 0 else 1


def _cell(one: Interval, digits: int, people: float) -> Cell:
    if not one.mean:
        return Cell("0", f"none in {count(people)} simulated people")
    return Cell(
        f"{one.mean:.{digits}f}", f"{max(one.low, 0.0):.{digits}f} to {one.high:.{digits}f}"
    )


def _difference(one: Interval, digits: int) -> Cell:
    if not (one.mean or one.low or one.high):
        return Cell("0", "no difference")
    low, mean, high = (_more(value, digits) for value in (one.low, one.mean, one.high))
    return Cell(mean, f"{low} to {high}")


def _more(value: float, digits: int) -> str:
    """A difference with its sign, where it is not nothing."""
    return signed(f"{value:+.{digits}f}") if round(value, digits) else f"{0:.{digits}f}"


def _notes(asked: Question) -> list[str]:
    """What must be known of a plan to read its figures."""
    plan, policy = asked.plan, asked.plan.policy
    places = len(plan.booths)
    notes = []
    if not policy.needed_staff(1):
        notes.append(
            "The policy asks for no staff by open places: their number changes little here."
        )
    held, fewest = plan.emergencies.staff, min(staff for staff, _ in _on_shift(plan))
    if held > fewest:
        notes.append(f"An emergency is said to hold {held} staff, and {fewest} work at some times.")
    for staff, when in _on_shift(plan):
        opened = _opened_by(policy, staff, places)
        if opened < places:
            notes.append(
                f"By the staff rules of the policy, {staff} staff{when} open {opened} of the {places} "
                "places while no emergency runs."
            )
    if unstaffed(plan):
        notes.append("At some opening times too few staff are on to open even one place.")
    shut, fewer = _added(replace(asked, plan=asked.now, now=asked.plan))
    if shut:
        notes.append(
            f"It is closed for {shut:g} hours a day in which {fewer:.1f} people come as it is now: they "
            "are not counted among those who go without."
        )
    added, more = _added(asked)
    if added:
        notes.append(
            f"{added:g} hours more a day are taken to bring {more:.1f} people more: as many an hour "
            "as in the hours that are open now. Nobody has counted them: it is an assumption."
        )
    if policy.nurses_minimum:
        notes.append(
            f"The policy asks for nurses among the staff, {policy.nurses_minimum} at least. The "
            "simulation counts staff of every role alike, and does not see a nurse missing."
        )
    return notes


def _on_shift(plan: Scenario) -> list[tuple[int, str]]:
    """How many staff are on, and when."""
    if not plan.rota:
        return [(plan.staff, "")]
    return [
        (one.staff, " on Sundays" if one.weekdays == (6,) else " on other days")
        for one in plan.rota
    ]


def _added(asked: Question) -> tuple[float, float]:
    """The hours a day for which a plan is open and the room now is not, and who comes in them."""
    (opens, closes), (opens_now, closes_now) = _span(asked.plan), _span(asked.now)
    before = open_minutes(opens, min(closes, opens_now))
    after = open_minutes(max(opens, closes_now), closes)
    hours = [(one + other) / 60 for one, other in zip(before, after, strict=True)]
    people = zip(asked.plan.arrivals.per_hour, hours, strict=True)
    return sum(hours), sum(rate * length for rate, length in people)


def _span(one: Scenario) -> tuple[int, int]:
    return minutes_of(one.policy.opens), minutes_of(one.policy.closes)


def _opened_by(policy: Policy, staff: int, places: int) -> int:
    """How many places so many staff open."""
    return max((n for n in range(1, places + 1) if policy.needed_staff(n) <= staff), default=0)


def _drawn(plan: Scenario, hours: Hours) -> list[Drawn]:
    places = plan.seats
    drawn = []
    for number, one in enumerate(pictures(hours, places), 1):
        heading, *rows = table(one)
        # Made of numbers and of our own words, which it escapes.
        drawing = mark_safe(svg(one))
        drawn.append(
            Drawn(f"hours-{number}", one.title, one.unit, one.by, drawing, tuple(heading),
                  tuple(tuple(row) for row in rows))
        )  # fmt: skip
    return drawn
