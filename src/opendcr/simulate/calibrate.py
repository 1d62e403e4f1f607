"""Fits a room's scenario to what was published of it by month, and says what cannot be known from it.

While nobody waits, accesses are a Poisson count, each of them an episode with some probability, and
emergencies come at some rate per episode: then what is published of a month says of these three
rates all that it can say, and their posteriors are known exactly (Jeffreys' priors: gamma for a
Poisson rate, beta for a share). Where people give up, more must come to use than used: as many more
as the simulated room then loses. Of times (in the place, of patience, of rest) counts say next to
nothing: how little is measured by moving each of them across what it may be, and all together.
"""

import csv
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from opendcr.errors import InputError
from opendcr.simulate.kernel.tables import (
    CLOCK,
    CLOSES,
    DAY_BEGINS,
    FIRST_SPAN,
    LENGTH,
    MONTH,
    OFFSET,
    OPENS,
    SPANS,
    WEEKDAY,
    assumed,
)
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.simulated import replicated
from opendcr.simulate.uncertain import Assumptions, Input

ACCESSES, EPISODES, EMERGENCIES = "times_accessed", "injecting_episodes", "medical_emergencies"
MEASURES = (ACCESSES, EPISODES, EMERGENCIES)
COLUMNS = ("period", "measure", "value")
REPLICATIONS = 200  # by which it is measured what an input does to the counts
JOINT = 100  # draws of all inputs together
FEW_REPLICATIONS = 20  # of each of them, and of each try to serve what was published
NEAR, TRIES = 1e-3, 40  # how near the share served must come to itself, and how often it is tried
SLIGHT = 0.1  # standard deviations of a count: an input that moves it less is not told by it
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Moved:
    """What an unknown input does to the published counts, from one end of what it may be to the other.

    `low` and `high` are those ends (2.5 and 97.5 in 100 of its draws); `sds` how far the expected
    total of the count that it moves most goes, in standard deviations of that count.
    """

    name: str
    low: float
    high: float
    count: str
    sds: float

    @property
    def identified(self) -> bool:
        """Whether the counts could tell its ends apart at all."""
        return self.sds > SLIGHT


@dataclass(frozen=True)
class Fit:
    """A fitted scenario as the content of a file; the months; and what each unknown input moves.

    `left` are the scenario's months of which nothing was published, with the people a day whom it
    has in each: they stay as they were.
    """

    content: dict[str, Any]
    months: tuple[str, ...]
    served: float  # the share of those who come to use who are served
    episodes: tuple[float, int]  # that the fitted room makes, and that were published
    moved: tuple[Moved, ...]
    together: float | None  # see `_together`; None where no other input is unknown
    left: Mapping[str, float]


def read_targets(path: Path) -> dict[str, dict[str, int]]:
    """Published counts by month and measure; InputError for what cannot be one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "no text in UTF-8"
        raise InputError(str(path), found, f"a CSV file with {', '.join(COLUMNS)}") from error
    rows = csv.DictReader(text.splitlines())
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        found = ", ".join(rows.fieldnames or ()) or "nothing"
        raise InputError(f"{path}, line 1", found[:80], f"the columns {', '.join(COLUMNS)}")
    targets: dict[str, dict[str, int]] = {}
    for line, row in enumerate(rows, 2):
        where = f"{path}, line {line}"
        period, measure, value = (str(row[name] or "").strip() for name in COLUMNS)
        if not _MONTH.fullmatch(period):
            raise InputError(f"{where}, period", f"'{period[:40]}'", "a month such as 2025-01")
        if measure not in MEASURES:
            raise InputError(
                f"{where}, measure", f"'{measure[:40]}'", f"one of {', '.join(MEASURES)}"
            )
        if not value.isascii() or not value.isdigit() or len(value) > 12:
            raise InputError(f"{where}, value", f"'{value[:40]}'", "a count: a whole number from 0")
        if measure in targets.setdefault(period, {}):
            raise InputError(where, f"{measure} of {period} again", "each measure of a month once")
        targets[period][measure] = int(value)
    return _whole(path, targets)


def _whole(path: Path, targets: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    if not targets:
        raise InputError(str(path), "no row", "the counts of one month at least")
    for month, counts in targets.items():
        for measure in MEASURES:
            if measure not in counts:
                raise InputError(f"{path}, {month}", f"no {measure}", f"{', '.join(MEASURES)}")
        if not counts[ACCESSES] >= counts[EPISODES] >= counts[EMERGENCIES]:
            found = ", ".join(f"{counts[one]} {one}" for one in MEASURES)
            raise InputError(
                f"{path}, {month}",
                found,
                "no more episodes than accesses, nor emergencies than episodes",
            )
    return targets


def fitted(
    assumptions: Assumptions,
    targets: Mapping[str, Mapping[str, int]],
    seed: int,
    progress: Callable[[int], None] = lambda done: None,
) -> Fit:
    """The scenario with the three rates of each month as their posteriors say."""
    scenario = assumptions.expected
    exposure = _exposure(scenario)
    for month in targets:
        if month not in exposure:
            raise InputError(f"{assumptions.path}, room.days", "days that leave out " + month, "days that cover every month of the targets")  # fmt: skip
    served, made = _served(scenario, targets, exposure, seed)
    content = _content(assumptions, targets, exposure, served)
    moved = []
    for at, one in enumerate(assumptions.inputs, 1):
        moved.append(_moved(assumptions, one, targets, exposure, served, seed))
        progress(at)
    together = _together(assumptions, targets, exposure, served, seed) if moved else None
    left = _left(scenario, targets, exposure)
    published = _total(targets, EPISODES)
    return Fit(content, tuple(targets), served, (made, published), tuple(moved), together, left)


def _served(
    scenario: Scenario,
    targets: Mapping[str, Mapping[str, int]],
    exposure: Mapping[str, float],
    seed: int,
) -> tuple[float, float]:
    """The share of those who come to use who are served, with so many coming that as many are served
    as were published; and how many episodes that makes of the targets' months.

    A fixed point: fewer served means that more must have come, of whom fewer still are served. Where
    all who came would have to use, it stops at them.
    """
    published = _total(targets, EPISODES)
    served = 1.0
    for _ in range(TRIES):
        room = _with_rates(scenario, targets, exposure, served)
        found = replicated(room, seed, FEW_REPLICATIONS)
        figures = {name: one.mean or 0.0 for name, one in found.items()}
        if not figures["arrivals"]:
            return 1.0, 0.0
        made = figures["served"]
        all_use = all(one[EPISODES] >= served * one[ACCESSES] for one in targets.values())
        if abs(made - published) <= NEAR * published or not made or all_use:
            break
        served = min(max(served * made / max(published, 1), 0.01), 1.0)
    return figures["served"] / figures["arrivals"], made


def _total(targets: Mapping[str, Mapping[str, int]], measure: str) -> int:
    return sum(counts[measure] for counts in targets.values())


def _together(
    assumptions: Assumptions,
    targets: Mapping[str, Mapping[str, int]],
    exposure: Mapping[str, float],
    served: float,
    seed: int,
) -> float:
    """How far 95 of 100 joint draws of the other unknown inputs lie apart in the episodes that they
    make, in standard deviations of the published count. All draws meet the same people."""
    found = []
    for draw in range(JOINT):
        room = _with_rates(assumptions.drawn(seed, draw), targets, exposure, served)
        found.append(replicated(room, seed, FEW_REPLICATIONS)["served"].mean or 0)
    low, high = np.quantile(found, [0.025, 0.975])
    return float(high - low) / math.sqrt(max(_total(targets, EPISODES), 1))


def _left(
    scenario: Scenario, targets: Mapping[str, Any], exposure: Mapping[str, float]
) -> dict[str, float]:
    room = assumed(scenario)
    days = Counter(_month_of(scenario, int(day[MONTH])) for day in room.days)
    by_month = scenario.arrivals.by_month
    return {
        month: people * by_month.get(month, 1.0) / days[month]
        for month, people in exposure.items()
        if month not in targets
    }


def _exposure(scenario: Scenario) -> dict[str, float]:
    """The people that one unit of a month's factor brings in it."""
    room = assumed(scenario)
    weekday = scenario.arrivals.by_weekday
    found: dict[str, float] = {}
    for day in room.days:
        people = 0.0
        for span in room.spans[day[FIRST_SPAN] : day[FIRST_SPAN] + day[SPANS]]:
            start = day[DAY_BEGINS] + span[OFFSET]
            lies = min(start + span[LENGTH], day[CLOSES]) - max(start, day[OPENS])
            people += scenario.arrivals.per_hour[span[CLOCK]] * max(lies, 0) / 3_600_000
        month = _month_of(scenario, int(day[MONTH]))
        found[month] = found.get(month, 0.0) + people * weekday[day[WEEKDAY]]
    return found


def _month_of(scenario: Scenario, number: int) -> str:
    year, month = divmod(scenario.start.year * 12 + scenario.start.month - 1 + number, 12)
    return f"{year}-{month + 1:02}"


def _gamma(count: float, exposure: float) -> dict[str, Any]:
    """The posterior of a Poisson rate, as a scenario writes it."""
    mean = (count + 0.5) / exposure
    return {"distribution": "gamma", "mean": mean, "sd": math.sqrt(count + 0.5) / exposure}


def _beta(yes: float, no: float) -> dict[str, Any]:
    a, b = yes + 0.5, no + 0.5
    mean = a / (a + b)
    return {"distribution": "beta", "mean": mean, "sd": math.sqrt(mean * (1 - mean) / (a + b + 1))}


def _content(
    assumptions: Assumptions,
    targets: Mapping[str, Mapping[str, int]],
    exposure: Mapping[str, float],
    served: float,
) -> dict[str, Any]:
    content = {key: dict(value) if isinstance(value, Mapping) else value
               for key, value in assumptions.raw.items()}  # fmt: skip
    arrivals, ill = dict(content["arrivals"]), dict(content.get("emergency", {}))
    by_month, consuming, emergencies = {}, {}, {}
    for month, counts in targets.items():
        came, used, fell_ill = (counts[measure] for measure in MEASURES)
        by_month[month] = _gamma(came, exposure[month])
        wanted = min(used / served, came)  # whoever gave up came to use too
        consuming[month] = _beta(wanted, came - wanted)
        emergencies[month] = _gamma(fell_ill, max(used, 0.5) / 1000)
    arrivals |= {"by_month": by_month, "consuming_by_month": consuming}
    return content | {"arrivals": arrivals, "emergency": ill | {"by_month": emergencies}}


def _with_rates(
    scenario: Scenario,
    targets: Mapping[str, Mapping[str, int]],
    exposure: Mapping[str, float],
    served: float,
) -> Scenario:
    """The scenario with each month's rates at what was published; nobody comes in the others."""
    came = {month: targets[month][ACCESSES] / people if month in targets else 0.0
            for month, people in exposure.items()}  # fmt: skip
    used = {month: min(counts[EPISODES] / served / max(counts[ACCESSES], 1), 1.0)
            for month, counts in targets.items()}  # fmt: skip
    ill = {month: 1000 * counts[EMERGENCIES] / max(counts[EPISODES], 1)
           for month, counts in targets.items()}  # fmt: skip
    return replace(
        scenario,
        arrivals=replace(scenario.arrivals, by_month=came, consuming_by_month=used),
        emergencies=replace(scenario.emergencies, by_month=ill),
    )


def _moved(
    assumptions: Assumptions,
    one: Input,
    targets: Mapping[str, Mapping[str, int]],
    exposure: Mapping[str, float],
    served: float,
    seed: int,
) -> Moved:
    drawn = [one.drawn(seed, number) for number in range(1000)]
    low, high = (float(end) for end in np.quantile(drawn, [0.025, 0.975], method="nearest"))
    ends = []
    for end in (low, high):
        value = int(end) if all(isinstance(number, int) for number in drawn) else end
        scenario = _with_rates(assumptions.at({one.key: value}), targets, exposure, served)
        ends.append(replicated(scenario, seed, REPLICATIONS))
    totals = {"served": EPISODES, "emergencies": EMERGENCIES}
    best = ("", -1.0)
    for name, measure in totals.items():
        apart = abs((ends[1][name].mean or 0.0) - (ends[0][name].mean or 0.0))
        total = max(_total(targets, measure), 1)
        best = max(best, (measure, apart / math.sqrt(total)), key=lambda pair: pair[1])
    return Moved(one.name, low, high, *best)
