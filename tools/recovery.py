"""Whether the designs find what was planted, and nothing else: many panels with a known effect
(`tools/planted.py`), and what each design makes of them.

    python -m tools.recovery                 all panels; writes docs/methods/recovery.md
    python -m tools.recovery --resume        the same, from the rows that an interrupted run left
    python -m tools.recovery --panels 200    fewer; prints the table
    python -m tools.recovery --only NAME     one design; prints its rows

The same figures come out whatever the number of cores.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from math import sqrt
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.designs import Design, design_of
from opendcr.evaluate.power import answers, wilson
from opendcr.evaluate.study import LEVEL
from opendcr.keyed import Table
from tools.inventory import ROOT
from tools.planted import QUARTERLY, Areas, Rings, Wandering, World

Real = NDArray[np.float64]
Claim = Literal["coverage", "size"]
PAGE = ROOT / "docs" / "methods" / "recovery.md"
KEPT = ROOT / ".venv" / "recovery.jsonl"  # rows of a run that has not yet ended
EFFECTS = (0.0, -0.1, -0.2, -0.3, 0.5)
JUDGED = (0.0, -0.3, 0.5)  # effects at which coverage is judged
PANELS, SAMPLED = 2000, 500  # panels of a design, and of one that samples
PIECE = 50  # panels that a worker does at a time
# Of Monte Carlo's intervals: there are some forty judgements, of which intervals of 95 % would leave
# out the nominal value twice by chance alone.
CONFIDENCE, Z = 0.99, 2.5758293

PARALLEL = Areas("parallel", "all areas move together; counts are Poisson")
SCATTERED = Areas("scattered", "the same with scatter of 10 % beyond Poisson", scatter=0.1)
DRIFTING = Areas("drifting", "the same with a drift of 5 % a year of each area's own", drift=0.05)
FACTORS = Areas("factors", "areas follow two common movements differently (0.2)", loading=0.2)
SMALL = Areas("small counts", "the treated area is one of ten with about 5 events a year; Poisson",
              others=9, before=4, after=3, people=30_000, above=1.0)  # fmt: skip
LONE = Areas("lone drift", "the treated area alone drifts, by 10 % a year", lone=0.1)
PARTING = Areas(
    "parting", "the treated area grows by 3 % a year more than the others", parting=0.03
)
PEAK = Areas("peak", "the treated area, of 9 events a year, was chosen, of ten of one rate, because it had most in the four years before",
             before=4, people=60_000, above=1.0, scatter=0.2, candidates=10)  # fmt: skip

LONG: dict[str, Any] = {"before": 30, "after": 10, "a_year": QUARTERLY, "above": 1.0}
SAME: dict[str, Any] = {
    "people": 300_000,
    "fewest": 300_000,
    "most": 300_000,
    "growth": 0.0,
    **LONG,
}
ALIKE = Areas(
    "alike",
    "areas of one size move together and do not grow, by quarter; the treated area's rate is one like theirs",
    **SAME,
)
ALIKE_FACTORS = Areas(
    "alike, factors",
    "the same, and areas follow two common movements differently (0.2)",
    loading=0.2,
    **SAME,
)
ALIKE_LONE = Areas(
    "alike, lone drift",
    "as alike, and the treated area alone drifts by 7 % a quarter",
    lone=0.07,
    **SAME,
)
LARGEST = Areas(
    "largest",
    "areas grow by 5 % a year, by quarter; the largest is treated, and the others' sizes differ tenfold",
    **LONG,
)
LARGEST_FACTORS = Areas(
    "largest, factors",
    "the same, and areas follow two common movements differently (0.2)",
    loading=0.2,
    **LONG,
)
TENFOLD = Areas("tenfold", "areas drift by 8 % a quarter, in 8 quarters before and 4 after; the treated one is 3 to 10 times as large as the 20 others",
                others=20, before=8, after=4, a_year=QUARTERLY, people=5_000_000, fewest=500_000,
                most=1_500_000, above=1.0, growth=0.0, drift=0.08)  # fmt: skip
OUTSIDE = Areas("outside", "as alike, but the treated area's rate is 3 times that of others, and all grow by 5 % a year",
                **SAME | {"above": 3.0, "growth": 0.05})  # fmt: skip

ALONE: dict[str, Any] = {"others": 0, "before": 60, "after": 24, "a_year": 12, "shared": 0.0,
                         "season": 0.1, "growth": 0.024}  # fmt: skip
MONTHS = Areas("months", "one series by month, with a trend and a season; Poisson", **ALONE)
MONTHS_SCATTERED = Areas("scattered months", "the same with scatter of 20 % beyond Poisson",
                         scatter=0.2, **ALONE)  # fmt: skip
MONTHS_DRIFTING = Areas(
    "drifting months", "the same with a drift of 5 % a month", drift=0.05, **ALONE
)

RINGS = Rings("rings", "calls in four rings, inside and outside hours; Poisson")
RINGS_SHOCKED = Rings("shocked rings", "the same with shocks of each cell's own: 15 %, half of it left a month later",
                      scatter=0.15, lasts=0.5)  # fmt: skip
RINGS_DRIFTING = Rings("drifting rings", "the same as rings, but calls near and inside hours drift by 5 % a month",
                       drift=0.05)  # fmt: skip

WANDERING = Wandering("wandering", "one series by month that drifts and scatters as the prior says")
FOLLOWING = Wandering("following", "the same, and it follows some of four large donors", donors=4)
RESTLESS = Wandering("restless", "one series by month that drifts five times as much as the prior says",
                     drift=0.25)  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """A design as a plan would write it, the worlds in which its assumptions hold, and others.

    What it is judged by is its `claim`: intervals whose coverage is nominal, or a rank or a
    permutation, whose size is at most nominal. Whether an interval holds is asked of the effect that
    was planted, or, where the design foresees the very counts (`realised`), of what happened beside
    what would have.
    """

    design: str
    claim: Claim
    holds: tuple[World, ...]
    fails: tuple[World, ...]
    options: dict[str, Any] = field(default_factory=dict)
    said: str = ""
    sampled: bool = False
    realised: bool = False

    @property
    def name(self) -> str:
        """The design's name, and how it was asked."""
        plain = self.design.replace("_", " ")
        return f"{plain} ({self.said})" if self.said else plain


SEASON = {"seasonality": {"period": 12, "harmonics": 1}}
NEAR = {"near": "ring == '0-500m'", "inside_hours": "hours == 'inside'"}
TO_ONE_LEVEL = {"scaled": True, "placebos": "errors", "inference": "placebos"}
TRIALS = (
    Trial("interrupted_time_series", "coverage", (MONTHS,), (MONTHS_SCATTERED, MONTHS_DRIFTING),
          {"family": "poisson", "covariance": "model", **SEASON}, "Poisson"),
    Trial("interrupted_time_series", "coverage", (MONTHS, MONTHS_SCATTERED), (MONTHS_DRIFTING,),
          {"covariance": "model", **SEASON}, "quasi-Poisson"),
    Trial("interrupted_time_series", "coverage", (MONTHS, MONTHS_SCATTERED), (MONTHS_DRIFTING,),
          SEASON, "quasi-Poisson, autoregressive"),
    Trial("interrupted_time_series", "coverage", (MONTHS_SCATTERED,), (MONTHS_DRIFTING,),
          {"family": "negative_binomial", **SEASON}, "negative binomial, autoregressive"),
    Trial("difference_in_differences", "size", (PARALLEL, SCATTERED, DRIFTING, FACTORS, TENFOLD), (LONE, PARTING, PEAK)),
    Trial("event_study", "size", (PARALLEL, SCATTERED, DRIFTING, FACTORS), (LONE, PARTING, PEAK)),
    Trial("ratio_of_ratios", "coverage", (PARALLEL, SMALL), (SCATTERED, DRIFTING, PARTING)),
    Trial("ratio_of_ratios", "size", (PARALLEL, SMALL), (DRIFTING,), {"interval": "exact"}, "exact"),
    Trial("triple_difference", "size", (RINGS, RINGS_SHOCKED), (RINGS_DRIFTING,), NEAR),
    # Periods are taken as independent, and half of a shock is left a month later.
    Trial("triple_difference", "coverage", (RINGS,), (RINGS_SHOCKED, RINGS_DRIFTING),
          {"inference": "quasi_poisson", **NEAR}, "quasi-Poisson"),
    Trial("synthetic_control", "size", (ALIKE, ALIKE_FACTORS), (LARGEST, OUTSIDE, ALIKE_LONE)),
    # Ranks in time take what the weights miss for alike in all periods; of a movement that goes on it grows.
    Trial("synthetic_control", "size", (ALIKE,), (ALIKE_FACTORS, LARGEST, OUTSIDE, ALIKE_LONE),
          {"intercept": True, "placebos": "time"}, "demeaned, in time"),
    Trial("synthetic_control", "size", (PARALLEL, SCATTERED, DRIFTING, FACTORS, OUTSIDE), (LONE, PARTING),
          TO_ONE_LEVEL, "one level, by errors"),
    Trial("augmented_synthetic_control", "size", (PARALLEL, SCATTERED, DRIFTING, FACTORS, OUTSIDE),
          (LONE, PARTING), {"ridge_share": 0.1, **TO_ONE_LEVEL}, "one level, by errors"),
    Trial("augmented_synthetic_control", "size", (ALIKE, ALIKE_FACTORS), (LARGEST, OUTSIDE, ALIKE_LONE),
          {"intercept": True}, "demeaned"),
    Trial("synthetic_difference_in_differences", "coverage", (ALIKE, ALIKE_FACTORS),
          (LARGEST, TENFOLD, OUTSIDE, ALIKE_LONE)),
    Trial("count_factors", "coverage",
          (PARALLEL, SCATTERED, DRIFTING, FACTORS, LARGEST_FACTORS, TENFOLD),
          (LONE, ALIKE_LONE)),
    Trial("bayesian_structural", "coverage", (WANDERING, FOLLOWING), (RESTLESS,),
          {"draws": 200, "warmup": 100, "chains": 2}, "400 draws", sampled=True, realised=True),
)  # fmt: skip


@dataclass(frozen=True)
class Share:
    """So many of so many, with Wilson's interval."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share."""
        return self.count / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Monte Carlo's interval of the probability."""
        return wilson(self.value, self.of, Z)


@dataclass(frozen=True)
class Recovery:
    """What a design made of panels with one planted effect.

    `bias` is the mean of the relative effect less the planted one, `margin` half its Monte Carlo
    interval. `found` counts p-values at or under the level, of all panels: a panel that the design
    refuses was not found. `held` counts the intervals that hold the true effect, of those there are;
    one without an end is one.
    """

    effect: float
    bias: float
    margin: float
    found: Share
    held: Share

    @classmethod
    def of(cls, effect: float, rows: Real) -> "Recovery":
        """From answers: panels × (relative effect, low, high, p-value, true effect), NaN where there
        is none."""
        estimate, low, high, p_value, true = rows.T
        known = ~np.isnan(low)
        held = (low <= true) & (true <= high)
        answered = estimate[np.isfinite(estimate)]
        return cls(
            effect,
            float(answered.mean()) - effect,
            float(Z * answered.std(ddof=1) / sqrt(len(answered))),
            Share(int((p_value <= LEVEL + 1e-12).sum()), len(rows)),
            Share(int(held[known].sum()), int(known.sum())),
        )


@dataclass(frozen=True)
class Row:
    """A row of the table: a design in one world."""

    design: str
    claim: Claim
    world: str
    holds: bool
    panels: int
    by_effect: tuple[Recovery, ...]

    def at(self, effect: float) -> Recovery:
        """The panels with this effect."""
        return next(one for one in self.by_effect if one.effect == effect)

    @property
    def size(self) -> Share:
        """The share of panels without an effect in which one was found."""
        return self.at(0.0).found

    @property
    def claimed(self) -> Share:
        """The share of panels without an effect in which the interval leaves out none: what a study
        would call shown."""
        held = self.at(0.0).held
        return Share(held.of - held.count, self.panels)

    @property
    def sized(self) -> bool:
        """Whether it finds what is not there no more often than it says, within Monte Carlo's error."""
        return self.size.interval[0] <= LEVEL

    @property
    def bounded(self) -> bool:
        """Whether its intervals hold the effect no less often than they say."""
        held = all(one.held.interval[1] >= 1 - LEVEL for one in self._judged)
        return held and self.claimed.interval[0] <= LEVEL

    @property
    def exact(self) -> bool:
        """Whether its intervals hold the effect no more often than they say."""
        return all(one.held.interval[0] <= 1 - LEVEL for one in self._judged)

    @property
    def _judged(self) -> list[Recovery]:
        """Where there are intervals, of the effects at which they are judged."""
        return [one for one in self.by_effect if one.effect in JUDGED and one.held.of]

    @property
    def verdict(self) -> str:
        """In words, by whether the design's assumptions hold here."""
        sound = self.sized and self.bounded
        if not self.holds:
            return "withstands" if sound else "fails as it should"
        if self.claim == "size" and self.sized:
            return "size holds" if sound else "size holds, intervals short"
        if sound:
            return "holds" if self.exact else "holds, wide"
        return "DOES NOT HOLD"

    @classmethod
    def kept(cls, line: str) -> "Row":
        """A row as `write_kept` left it."""
        data = json.loads(line)
        found = [Recovery(**(one | {key: Share(**one[key]) for key in ("found", "held")}))
                 for one in data.pop("by_effect")]  # fmt: skip
        return cls(**data, by_effect=tuple(found))


@dataclass(frozen=True)
class Task:
    """A trial in a world, and how many panels of it."""

    trial: Trial
    world: World
    panels: int

    @property
    def key(self) -> tuple[str, str, int]:
        """By which its row is known."""
        return self.trial.name, self.world.name, self.panels

    def begun(self, pool: Executor) -> list[Future[Real]]:
        """Its pieces, under way; all panels of an effect after those of another."""
        return [
            pool.submit(answers_of, self.trial, self.world, effect, range(at, min(at + PIECE, self.panels)))
            for effect in EFFECTS
            for at in range(0, self.panels, PIECE)
        ]  # fmt: skip

    def row(self, answered: Sequence[Real]) -> Row:
        """Its row, from the answers to its pieces."""
        found = np.vstack(answered).reshape(len(EFFECTS), self.panels, 5)
        made = tuple(Recovery.of(*one) for one in zip(EFFECTS, found, strict=True))
        holds = self.world in self.trial.holds
        return Row(self.trial.name, self.trial.claim, self.world.name, holds, self.panels, made)


def tasks_of(trials: Iterable[Trial], panels: int | None = None) -> Iterator[Task]:
    """Each trial in each of its worlds."""
    for trial in trials:
        for world in (*trial.holds, *trial.fails):
            yield Task(trial, world, panels or (SAMPLED if trial.sampled else PANELS))


def answers_of(trial: Trial, world: World, effect: float, seeds: Iterable[int]) -> Real:
    """Panels × (relative effect, low, high, p-value, true effect); NaN for what the design does not
    give."""
    design = made(trial)
    return np.array(
        [
            (*_answer(design, world, effect, seed), _true(trial, world, effect, seed))
            for seed in seeds
        ]
    )


def _true(trial: Trial, world: World, effect: float, seed: int) -> float:
    """The effect that an interval should hold."""
    if not trial.realised:
        return effect
    after = slice(world.panel(0.0, seed).start, None)
    happened, would = (
        float(world.panel(one, seed).series.outcome[after].sum()) for one in (effect, 0.0)
    )
    return happened / would - 1 if would else effect


def made(trial: Trial) -> Design:
    """The design as a plan's table would make it."""
    return design_of(trial.design).read(Table.of("recovery", trial.design, trial.options))


def _answer(design: Design, world: World, effect: float, seed: int) -> tuple[float, ...]:
    try:
        return answers(design.fit(world.panel(effect, seed)))
    except InputError:  # a panel that the design refuses
        return (np.nan,) * 4


def recovered(tasks: Sequence[Task], kept: Sequence[Row] = (), workers: int = 1) -> Iterator[Row]:
    """The row of each task, in order; those kept are not worked out again."""
    known = {(row.design, row.world, row.panels): row for row in kept}
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # workers share the cores among themselves
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        begun = {task.key: task.begun(pool) for task in tasks if task.key not in known}
        for task in tasks:
            pieces = begun.pop(task.key, None)
            yield known[task.key] if pieces is None else task.row([one.result() for one in pieces])


HEADING = ("design", "world", "assumptions", "panels", "bias in points at 0 / −10 / −20 / −30 / +50 %",
           "size, %", "interval excludes 0, %", "coverage at 0 / −30 / +50 %",
           "power at −10 / −20 / −30 / +50 %, %", "verdict")  # fmt: skip


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The table in Markdown."""
    yield _line(HEADING)
    yield "|" + " --- |" * len(HEADING)
    for row in rows:
        yield _line(_cells(row))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row) -> Iterator[str]:
    yield row.design
    yield row.world
    yield "hold" if row.holds else "fail"
    yield f"{row.panels:,}"
    biases = " / ".join(f"{100 * one.bias:+.1f}" for one in row.by_effect).replace("-", "−")
    yield f"{biases} (±{100 * max(one.margin for one in row.by_effect):.1f})"
    yield _percent(row.size)
    yield _percent(row.claimed) if row.at(0.0).held.of else "–"
    yield " / ".join(_held(row.at(one).held, row.panels) for one in JUDGED)
    yield " / ".join(f"{100 * row.at(one).found.value:.0f}" for one in EFFECTS[1:])
    yield f"**{row.verdict}**" if row.verdict.isupper() else row.verdict


def _held(share: Share, panels: int) -> str:
    """The coverage, and of how many panels where not all have an interval."""
    return _percent(share) + (f" of {share.of:,}" if share.of < panels else "")


def _percent(share: Share) -> str:
    if not share.of:
        return "–"
    low, high = share.interval
    return f"{100 * share.value:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def worlds_of(trials: Iterable[Trial]) -> Iterator[str]:
    """The worlds of some trials in words, once each."""
    named = {world.name: world.words for trial in trials for world in (*trial.holds, *trial.fails)}
    for name, words in named.items():
        yield f"- *{name}*: {words}."


def write(path: Path, rows: Sequence[Row]) -> None:
    """Puts the worlds and the table between the page's two marks."""
    text = path.read_text(encoding="utf-8")
    begin, end = "<!-- recovered -->\n", "<!-- end: recovered -->"
    head, rest = text.split(begin)
    made = "\n".join([*worlds_of(TRIALS), "", *table(rows)])
    path.write_text(f"{head}{begin}{made}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def _kept(path: Path) -> list[Row]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    rows = [Row.kept(line) for line in lines]
    return [row for row in rows if tuple(one.effect for one in row.by_effect) == EFFECTS]


def _cores() -> int:
    affine = getattr(os, "sched_getaffinity", None)
    return len(affine(0)) if affine else os.cpu_count() or 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Whether the designs find what was planted.")
    parser.add_argument("--panels", type=int, help="panels of every design, for a look")
    parser.add_argument("--only", help="a design, by its name in a plan")
    parser.add_argument("--resume", action="store_true", help="go on from what was interrupted")
    parser.add_argument("--workers", type=int, default=_cores())
    said = parser.parse_args()
    whole = said.only is None and said.panels is None
    tasks = list(tasks_of([one for one in TRIALS if said.only in (None, one.design)], said.panels))
    kept = _kept(KEPT) if said.resume and whole else []
    rows = []
    for row in _shown(recovered(tasks, kept, said.workers), len(tasks)):
        rows.append(row)
        if whole:
            _keep(KEPT, kept, rows)
    if whole:
        write(PAGE, rows)
        KEPT.unlink()
    return 0


def _keep(path: Path, kept: Sequence[Row], rows: Sequence[Row]) -> None:
    """Writes what is known by now, also what of an earlier run has not had its turn."""
    known = [*rows, *(row for row in kept if row not in rows)]
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in known), encoding="utf-8")


def _shown(rows: Iterable[Row], count: int) -> Iterator[Row]:
    """The rows, each printed as it comes."""
    begun = time.monotonic()
    for done, row in enumerate(rows, 1):
        print(_line(_cells(row)), flush=True)
        said = f"{done} of {count}, {time.monotonic() - begun:.0f} s"
        print(said, file=sys.stderr, flush=True)
        yield row


if __name__ == "__main__":
    sys.exit(main())
