"""The terms of a segmented regression: what was before the start, and what may change from it on.

Wagner, Soumerai, Zhang and Ross-Degnan, Journal of Clinical Pharmacy and Therapeutics 27:4, 2002;
Lopez Bernal, Cummins and Gasparrini, International Journal of Epidemiology 46:1, 2017.
"""

from dataclasses import dataclass
from functools import cached_property
from math import pi

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


@dataclass(frozen=True)
class Seasonality:
    """Sines and cosines: so many harmonics of a period, in periods of the series."""

    period: float
    harmonics: int

    def columns(self, time: Real) -> dict[str, Real]:
        """A sine and a cosine for each harmonic. `time` counts from 1."""
        turns = {one: 2 * pi * one * time / self.period for one in range(1, self.harmonics + 1)}
        return {
            f"{name}{one}": wave(turn)
            for one, turn in turns.items()
            for name, wave in (("sin", np.sin), ("cos", np.cos))
        }


@dataclass(frozen=True)
class Segments:
    """The columns by name. `post` are the terms from the start on, and stand last."""

    columns: dict[str, Real]
    post: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The terms in order."""
        return tuple(self.columns)

    @cached_property
    def matrix(self) -> Real:
        """Periods × terms."""
        return np.column_stack(list(self.columns.values()))

    @cached_property
    def without(self) -> Real:
        """Periods × terms, as if there had been no start."""
        made = self.matrix.copy()
        made[:, self.first :] = 0.0
        return made

    @property
    def first(self) -> int:
        """Where the terms from the start on begin."""
        return len(self.columns) - len(self.post)


def before(periods: int, trend: bool, seasonality: Seasonality | None) -> dict[str, Real]:
    """An intercept, a trend that counts periods from 1, and seasons."""
    time = np.arange(1.0, periods + 1)
    seasons = seasonality.columns(time) if seasonality else {}
    return {"intercept": np.ones(periods)} | ({"trend": time} if trend else {}) | seasons


def level(periods: int, start: int, ramp: int = 1) -> Real:
    """A step at the start; or up to it in so many equal steps, the last of which is at one."""
    since = np.arange(periods) - start + 1.0
    return np.asarray(np.clip(since / ramp, 0.0, 1.0), dtype=np.float64)


def slope(periods: int, start: int) -> Real:
    """Periods since the start, in which it is 0."""
    return np.asarray(np.maximum(np.arange(periods) - float(start), 0.0))
