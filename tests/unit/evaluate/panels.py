"""Panels that tests of the studies share: simulated ones, and a published one."""

from pathlib import Path

import numpy as np

from opendcr.evaluate.panel import Columns, Panel, Real, panel_of, read_rows, wide_panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study

__all__ = [
    "START", "factor_rates", "panel", "panel_of", "panel_of_counts", "prop99", "simulated",
    "simulated_counts", "study",
]  # fmt: skip
START = 10  # periods before, in a simulated panel
RATE = 1.5e-4  # deaths a person and year


def panel(outcome, exposure=None):
    """A panel of areas A0, A1, … in periods 1, 2, …"""
    outcome = np.asarray(outcome, float)
    units = tuple(f"A{at}" for at in range(len(outcome)))
    periods = tuple(Period("number", at + 1) for at in range(outcome.shape[1]))
    return Panel(units, periods, outcome, None if exposure is None else np.asarray(exposure, float))


def study(outcome, start, exposure=None, treated=(0,), **more):
    """A study of the first area of such a panel."""
    return Study(panel(outcome, exposure), tuple(treated), start, **more)


def prop99() -> Study:
    """Cigarette sales of 39 states, 1970 to 2000 (Abadie, Diamond and Hainmueller 2010); California
    from 1989."""
    path = Path(__file__).parents[3] / "examples/studies/prop99/prop99.csv"
    made = wide_panel(read_rows(path), Columns("cigsale", "Year"))
    return Study(made, (made.at("California"),), 19)


def factor_rates(draws, areas, periods, rank=1, strength=1.0):
    """Areas × periods: own levels, a common course, and smooth factors with loadings."""
    levels = draws.normal(0, 0.3, (areas, 1))
    common = np.cumsum(draws.normal(0, 0.05, periods))
    factors = np.cumsum(draws.normal(0, 0.15, (rank, periods)), axis=1)
    return levels + common + strength * draws.normal(0, 1, (areas, rank)) @ factors


def simulated_counts(draws, logs, exposure, rate=1.0):
    """Poisson counts at rates exp(logs)."""
    return draws.poisson(rate * np.exp(logs) * exposure).astype(float)


def panel_of_counts(counts: Real, people: Real) -> Panel:
    """A panel of areas named a0, a1 …, in years."""
    areas, years = counts.shape
    periods = tuple(Period("number", 2010 + at) for at in range(years))
    return Panel(tuple(f"a{at}" for at in range(areas)), periods, counts, people)


def simulated(
    rng: np.random.Generator, people: Real, effect: float = 0.0, own: float = 0.1, years: int = 14
) -> Study:
    """Counts of areas with populations as given, the first of them treated.

    Levels differ by area (sd 0.3 of the log), all move by the same shocks (0.05 a year), and each
    area has a shock of its own that stays from the start on (`own`).
    """
    areas = len(people)
    level = RATE * np.exp(rng.normal(0, 0.3, areas))
    common = np.exp(np.cumsum(rng.normal(0, 0.05, years)))
    mean = people[:, None] * level[:, None] * common
    mean[:, START:] *= np.exp(rng.normal(0, own, areas))[:, None]
    mean[0, START:] *= 1 + effect
    counts = rng.poisson(mean).astype(float)
    return Study(panel_of_counts(counts, np.tile(people[:, None], (1, years))), (0,), START)
