"""Panels for the tests of the designs that compare areas: published, and simulated."""

from pathlib import Path

import numpy as np

from opendcr.evaluate.panel import Columns, Panel, Real, read_rows, wide_panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study

PROP_99 = Path("examples/studies/prop99/prop99.csv")
START = 10  # periods before, in a simulated panel
RATE = 1.5e-4  # deaths a person and year


def prop_99() -> Study:
    """Cigarette sales of 39 states (Abadie, Diamond and Hainmueller 2010); California from 1989."""
    panel = wide_panel(read_rows(PROP_99), Columns("cigsale", "Year"))
    return Study(panel, (panel.at("California"),), panel.periods.index(Period("number", 1989)))


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
