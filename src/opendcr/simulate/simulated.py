"""A scenario simulated: its figures, how sure the simulation is of them, and how sure its inputs are.

Two things are not known of a simulated figure. What chance would still change is its Monte Carlo
error, and more replications lessen it. What the inputs might be is parameter uncertainty, and no
replication lessens that. With inputs that are distributions, so many draws of all inputs are made
and so many replications run of each; the variance between draws, less what chance explains of it,
is the parameters' (a one-way analysis of variance with random effects).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np

from opendcr.simulate.kernel.counts import BINS
from opendcr.simulate.kernel.tables import Whole, assumed
from opendcr.simulate.results import (
    RATIOS,
    TOTALS,
    Estimate,
    Moments,
    Ratio,
    Real,
    of_draws,
    together,
    without_chance,
)
from opendcr.simulate.scenario import Scenario
from opendcr.simulate.sweep import Cores, Piece, Workers, kept_for, pieces, swept
from opendcr.simulate.uncertain import Assumptions, ranks

DRAWS = 200
A_WHILE = 16  # pieces: of fewer, over in a moment, nothing is kept
GROUPS = 20  # of draws, from which the error of a quantile is estimated
_NO_BINS = np.zeros(0, dtype=np.int64)  # of a draw whose waits have gone into its group's
AT_LEAST = 4  # replications of each draw, to tell chance from inputs


@dataclass(frozen=True)
class Parts:
    """What a figure's uncertainty is made of.

    `monte_carlo_se` is what more replications would lessen. `sd` is the standard deviation of the
    figure over what the inputs may be, and 95 in 100 of its values lie from `low` to `high`.
    `influence` is Spearman's rank correlation of the figure with each input, by the input's name.
    """

    monte_carlo_se: float
    sd: float
    low: float
    high: float
    influence: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Simulated:
    """The figures of so many replications of each of so many draws (one, where nothing is drawn).

    `parts` are the figures' parts, by name, where inputs were drawn.
    """

    scenario: Scenario
    seed: int
    replications: int
    draws: int
    figures: dict[str, Estimate]
    parts: dict[str, Parts]
    moments: Moments

    def parts_of(self, name: str) -> dict[str, object]:
        """A figure's parts, as `simulate room --json` gives them; nothing where there are none."""
        part = self.parts.get(name)
        if part is None:
            return {}
        return {
            "monte_carlo_se": part.monte_carlo_se,
            "parameter_sd": part.sd,
            "parameter_low": part.low,
            "parameter_high": part.high,
            "influence": part.influence,
        }


def planned(
    assumptions: Assumptions, replications: int, draws: int | None
) -> tuple[int, int]:  # fmt: skip
    """How many replications of how many draws are made, where so many are asked for."""
    if not assumptions.inputs:
        return replications, 1
    return max(replications, AT_LEAST), draws or DRAWS


def simulated(
    assumptions: Assumptions,
    seed: int,
    replications: int = 1,
    draws: int | None = None,
    workers: Workers | None = None,
    trouble: Callable[[str], None] = lambda words: None,
    progress: Callable[[int], None] = lambda done: None,
) -> Simulated:
    """A scenario simulated, with so many draws of its inputs where it has some that are not known.

    With one replication, runs of its days stand in for replications. `workers` do the work (the
    cores of this machine where None). `trouble` hears what does not change the figures; `progress`
    the number of replications done.
    """
    replications, draws = planned(assumptions, replications, draws)
    scenario = assumptions.expected
    sizes: list[int] = []  # pieces of each draw

    def work() -> Iterator[Piece]:
        for draw in range(draws):
            one = assumptions.drawn(seed, draw) if assumptions.inputs else scenario
            some = (
                [Piece(assumed(one), seed, 0, 1, in_runs=True)]
                if replications == 1
                else pieces(one, seed, replications, draw * replications)
            )
            sizes.append(len(some))
            yield from some

    with ExitStack() as stack:
        kept = None
        if draws * len(pieces(scenario, seed, replications)) > A_WHILE:
            kept = stack.enter_context(kept_for("simulate", assumptions, seed, trouble))
        done = swept(work(), workers or Cores(stack), kept, progress)
        each: list[Moments] = []
        groups = np.zeros((min(draws, GROUPS), BINS), dtype=np.int64)
        for draw in range(draws):
            first = next(done)
            whole = together(chain([first], islice(done, sizes[draw] - 1)))
            groups[draw % len(groups)] += whole.bins
            each.append(whole if draws == 1 else replace(whole, bins=_NO_BINS))
    if draws == 1:
        return Simulated(scenario, seed, replications, 1, each[0].figures(), {}, each[0])
    whole = _by_draw(each, groups)
    values = {one.name: [one.drawn(seed, draw) for draw in range(draws)]
              for one in assumptions.inputs}  # fmt: skip
    parts = {name: _parts(each, whole, ratio, values) for name, ratio in _RATIOS.items()}
    return Simulated(scenario, seed, replications, draws, whole.figures(), parts, whole)


def replicated(
    scenario: Scenario, seed: int, replications: int = 1, workers: int | None = None
) -> dict[str, Estimate]:
    """Every figure of a scenario over so many replications, on so many cores (all where None).

    The figures are the same whatever does them.
    """
    with ExitStack() as stack:
        known = Assumptions(Path(), {}, (), scenario)
        return simulated(known, seed, replications, workers=Cores(stack, workers)).figures


_RATIOS = {name: (name, "replications", 1.0, name) for name in TOTALS} | RATIOS


def _by_draw(each: Sequence[Moments], groups: Whole) -> Moments:
    """Draws in place of replications: what is counted of each is the mean of its replications.

    The quantile is of all waits, and its error from those of groups of draws: of one draw's waits
    it would be another quantile.
    """
    rows = np.stack([one.means for one in each])
    apart = rows - rows.mean(axis=0)
    of_groups = Moments.counted(rows[: len(groups)], groups)
    return Moments(len(rows), rows.mean(axis=0), apart.T @ apart, of_groups.bins, of_groups.p95)


def _parts(
    each: Sequence[Moments],
    whole: Moments,
    ratio: Ratio,
    values: dict[str, list[float]],
) -> Parts:
    """A figure's uncertainty, parted into chance and inputs."""
    overall = whole.ratio(*ratio).mean or 0.0
    means, chance = of_draws([one.ratio(*ratio) for one in each], overall)
    drawn, between = without_chance(means, chance)
    low, high = np.quantile(drawn, [0.025, 0.975])
    influence = {name: _correlation(one, means) for name, one in values.items()}
    return Parts(
        math.sqrt(chance / len(each)), math.sqrt(between), float(low), float(high), influence
    )


def _correlation(inputs: Sequence[float], figures: Real) -> float:
    """Spearman's; 0 where either does not vary."""
    x, y = ranks(inputs), ranks(list(figures))
    spread = float(x.std() * y.std())
    return float(((x - x.mean()) * (y - y.mean())).mean() / spread) if spread else 0.0
