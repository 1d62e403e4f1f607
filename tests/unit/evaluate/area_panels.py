"""Panels that tests of the studies share: simulated ones, and a published one."""

from pathlib import Path

import numpy as np

from opendcr.evaluate.panel import Columns, Panel, panel_of, read_rows, wide_panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study

__all__ = ["factor_rates", "panel", "panel_of", "prop99", "simulated_counts", "study"]


def panel(outcome, exposure=None):
    """A panel of areas A0, A1, … in periods 1, 2, …"""
    outcome = np.asarray(outcome, float)
    units = tuple(f"A{at}" for at in range(len(outcome)))
    periods = tuple(Period("number", at + 1) for at in range(outcome.shape[1]))
    return Panel(units, periods, outcome, None if exposure is None else np.asarray(exposure, float))


def study(outcome, start, exposure=None, treated=(0,), **more):
    """A study of the first area of such a panel."""
    return Study(panel(outcome, exposure), tuple(treated), start, **more)


def prop99():
    """California's cigarette sales and those of 38 other states, 1970 to 2000."""
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
