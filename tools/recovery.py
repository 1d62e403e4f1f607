"""Whether the designs find what was planted, and nothing else: many simulated panels with a known
effect, and what each design makes of them.

    python -m tools.recovery                 all panels; writes docs/methods/recovery.md
    python -m tools.recovery --panels 200    fewer; prints the table
    python -m tools.recovery --only NAME     one design

Each world is one in which some designs' assumptions hold and others' fail. Areas differ tenfold and
more in population, and counts are as small as Glasgow's.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.designs import design_of
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.power import Case, Power, answers, summed
from opendcr.evaluate.study import Study
from opendcr.keyed import Table
from opendcr.streams import stream
from tools.inventory import ROOT

Real = NDArray[np.float64]
PAGE = ROOT / "docs" / "methods" / "recovery.md"
EFFECTS = (0.0, -0.1, -0.2, -0.3)
PANELS, SAMPLED = 2000, 500  # panels of a design, and of one that samples
LEVEL = 0.05
PIECE = 50
# About as many deaths a year as Glasgow's 160 among councils of 1 to 70; people.
GLASGOW, LEAST, MOST = 600_000, 60_000, 600_000
RATE = 2.5e-4  # deaths a year and person


@dataclass(frozen=True)
class World:
    """How panels come about. Standard deviations are of logarithms.

    `drift` is an area's own step from one period to the next, `scatter` what each period adds
    beyond Poisson, `factors` how differently areas follow two shared movements; `season` the
    amplitude of a yearly wave, `trend` the growth a period.
    """

    name: str
    words: str
    areas: int = 32
    before: int = 11
    after: int = 5
    a_year: int = 1
    drift: float = 0.0
    scatter: float = 0.0
    factors: float = 0.0
    season: float = 0.0
    trend: float = 0.05
    largest: bool = True  # the treated area is the largest of all

    def panel(self, effect: float, seed: int) -> Study:
        """One panel as a study; but for the effect the same whatever the effect."""
        random = stream(seed, "recovery", self.name)
        shape = (self.areas, self.before + self.after)
        people = np.exp(random.uniform(np.log(LEAST), np.log(MOST), self.areas))
        if self.largest:
            people[0] = GLASGOW
        rates = (
            RATE
            / self.a_year
            * np.exp(random.normal(0, 0.3, (self.areas, 1)) + self._shared(random))
        )
        rates = rates * np.exp(self._own(random, shape))
        expected = rates * people[:, None]
        outcome = random.poisson(expected).astype(float)
        # Of the treated area's events a share does not happen.
        after = outcome[0, self.before :].astype(int)
        outcome[0, self.before :] = random.binomial(after, 1 + effect)
        exposure = np.repeat(people.round()[:, None], shape[1], axis=1)
        return Study(Panel(_names(self.areas), _periods(self, shape[1]), outcome, exposure),
                     (0,), self.before, LEVEL, seed)  # fmt: skip

    def _shared(self, random: np.random.Generator) -> Real:
        """What all areas share, and how differently they follow it: areas × periods."""
        periods = np.arange(self.before + self.after)
        shared = self.trend * periods + self.season * np.sin(2 * np.pi * periods / 12)
        shared = shared + np.cumsum(random.normal(0, 0.03 if self.areas > 1 else 0.0, len(periods)))
        waves = np.vstack([np.sin(periods / 3.0), (periods / len(periods)) ** 2])
        loadings = random.normal(0, self.factors, (self.areas, 2))
        made: Real = shared + loadings @ waves
        return made

    def _own(self, random: np.random.Generator, shape: tuple[int, int]) -> Real:
        own: Real = np.cumsum(random.normal(0, self.drift, shape), axis=1)
        return own + random.normal(0, self.scatter, shape) - self.scatter**2 / 2


def _names(count: int) -> tuple[str, ...]:
    return tuple(f"area {at + 1}" for at in range(count))


def _periods(world: World, count: int) -> tuple[Period, ...]:
    kind: Any = "number" if world.a_year == 1 else "month"
    first = 2009 if world.a_year == 1 else 2018 * 12
    return tuple(Period(kind, first + at) for at in range(count))


PARALLEL = World("parallel", "all areas move together; counts are Poisson")
SCATTERED = World(
    "scattered", "all areas move together; scatter of 10 % beyond Poisson", scatter=0.1
)
FACTORS = World("factors", "areas follow two shared movements differently (0.2)", factors=0.2)
DRIFTING = World("drifting", "each area drifts by 5 % a period, by itself", drift=0.05)
MONTHS = World(
    "months",
    "one series by month, a trend and a season; Poisson",
    1,
    60,
    24,
    12,
    season=0.1,
    trend=0.002,
)
MONTHS_SCATTERED = World(
    "scattered months",
    "the same with scatter of 15 % beyond Poisson",
    1,
    60,
    24,
    12,
    scatter=0.15,
    season=0.1,
    trend=0.002,
)
MONTHS_DRIFTING = World(
    "drifting months",
    "the same with a drift of 1.5 % a month",
    1,
    60,
    24,
    12,
    drift=0.015,
    season=0.1,
    trend=0.002,
)
SMALL = World("small counts", "ten areas of a few events a year; Poisson", 10, 4, 3, largest=False)


@dataclass(frozen=True)
class Trial:
    """A design as a plan would write it, the worlds in which its assumptions hold, and others."""

    design: str
    options: dict[str, Any]
    holds: tuple[World, ...]
    fails: tuple[World, ...]
    said: str = ""
    sampled: bool = False

    @property
    def name(self) -> str:
        """The design's name, and how it was asked."""
        return f"{self.design} ({self.said})" if self.said else self.design


SEASON = {"seasonality": {"period": 12, "harmonics": 1}}
TRIALS = (
    Trial("interrupted_time_series", {"family": "poisson", "covariance": "model", **SEASON}, (MONTHS,), (MONTHS_SCATTERED, MONTHS_DRIFTING), "Poisson"),
    Trial("interrupted_time_series", {"family": "quasi_poisson", **SEASON}, (MONTHS, MONTHS_SCATTERED), (MONTHS_DRIFTING,), "quasi-Poisson"),
    Trial("interrupted_time_series", {"family": "negative_binomial", **SEASON}, (MONTHS_SCATTERED,), (MONTHS_DRIFTING,), "negative binomial"),
    Trial("difference_in_differences", {}, (PARALLEL, SCATTERED), (FACTORS, DRIFTING)),
    Trial("event_study", {}, (PARALLEL, SCATTERED), (FACTORS, DRIFTING)),
    Trial("ratio_of_ratios", {}, (SMALL, PARALLEL), (SCATTERED, DRIFTING)),
    Trial("synthetic_control", {}, (PARALLEL, FACTORS), (DRIFTING,)),
    Trial("synthetic_control", {"intercept": True}, (PARALLEL, FACTORS), (DRIFTING,), "demeaned"),
    Trial("augmented_synthetic_control", {"intercept": True}, (PARALLEL, FACTORS), (DRIFTING,), "demeaned"),
    Trial("synthetic_difference_in_differences", {}, (PARALLEL, SCATTERED, FACTORS), (DRIFTING,)),
    Trial("count_factors", {}, (PARALLEL, FACTORS), (DRIFTING,)),
    Trial("bayesian_structural", {}, (PARALLEL, DRIFTING), (FACTORS,), sampled=True),
)  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """Panels of a trial in a world with an effect, from one number on."""

    trial: Trial
    world: World
    effect: float
    first: int
    count: int

    def done(self) -> Real:
        """Panels × (relative effect, low, high, p-value)."""
        design = _design(self.trial)
        rows = []
        for at in range(self.first, self.first + self.count):
            try:
                rows.append(answers(design.fit(self.world.panel(self.effect, at))))
            except InputError:
                rows.append((np.nan,) * 4)
        return np.array(rows)


def _design(trial: Trial) -> Any:
    return design_of(trial.design).read(Table.of("recovery", trial.design, trial.options))


def _done(piece: Piece) -> Real:
    return piece.done()


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    trial: Trial
    world: World
    holds: bool
    by_effect: dict[float, Power]


def recovered(trials: Sequence[Trial], panels: int | None) -> Iterator[Row]:
    """Each trial in each of its worlds."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    with ProcessPoolExecutor(cores, get_context("spawn")) as pool:
        for trial in trials:
            count = panels or (SAMPLED if trial.sampled else PANELS)
            for world in (*trial.holds, *trial.fails):
                found = {}
                for effect in EFFECTS:
                    pieces = [Piece(trial, world, effect, at, min(PIECE, count - at))
                              for at in range(0, count, PIECE)]  # fmt: skip
                    rows = np.vstack(list(pool.map(_done, pieces)))
                    case = Case(world.name, 1.0, world.after, effect, world.drift > 0)
                    found[effect] = summed(case, rows, LEVEL)
                yield Row(trial, world, world in trial.holds, found)


HEADING = ("design", "world", "assumptions", "panels", "bias at 0 / −10 / −20 / −30 %",
           "size (95 %)", "coverage at 0 / −20 %", "power at −10 / −20 / −30 %")  # fmt: skip


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The table in Markdown."""
    yield "| " + " | ".join(HEADING) + " |"
    yield "|" + " --- |" * len(HEADING)
    for row in rows:
        by = row.by_effect
        null = by[0.0]
        cells = (
            row.trial.name.replace("_", " "),
            row.world.name,
            "hold" if row.holds else "fail",
            f"{null.panels:,}",
            " / ".join(f"{100 * (by[one].mean - one):+.1f}".replace("-", "−") for one in EFFECTS),
            f"{100 * null.power:.1f} ({100 * null.low:.1f} to {100 * null.high:.1f})",
            " / ".join("–" if by[one].coverage is None else f"{100 * by[one].coverage:.1f}" for one in (0.0, -0.2)),
            " / ".join(f"{100 * by[one].power:.0f}" for one in EFFECTS[1:]),
        )  # fmt: skip
        yield "| " + " | ".join(cells) + " |"


@cache
def _worlds() -> tuple[World, ...]:
    named = [world for trial in TRIALS for world in (*trial.holds, *trial.fails)]
    return tuple(dict.fromkeys(named))


def main() -> int:
    parser = argparse.ArgumentParser(description="Whether the designs find what was planted.")
    parser.add_argument("--panels", type=int)
    parser.add_argument("--only")
    said = parser.parse_args()
    trials = [one for one in TRIALS if said.only in (None, one.design)]
    rows = []
    for row in recovered(trials, said.panels):
        rows.append(row)
        print(list(table([row]))[-1], flush=True)
    if said.only is None and said.panels is None:
        write(PAGE, rows)
    return 0


def write(path: Path, rows: Sequence[Row]) -> None:
    """Puts the table between the page's two marks."""
    text = path.read_text(encoding="utf-8")
    begin, end = "<!-- recovered -->\n", "<!-- end: recovered -->"
    head, rest = text.split(begin)
    worlds = [f"- *{one.name}*: {one.words}." for one in _worlds()]
    made = "\n".join([*worlds, "", *table(rows)])
    path.write_text(f"{head}{begin}{made}\n{end}{rest.split(end)[1]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
