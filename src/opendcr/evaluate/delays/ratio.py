"""Registered counts that are not yet published, from suspected ones that are.

Two series of the same years count different things (an officer's suspicion, a registered cause), so
they are never joined. What one says of the other is their ratio: by year, with its spread between
years. A prediction takes the next year's ratio for one more draw of them (on the scale of
logarithms: the prediction interval of a normal sample, Student's t with n − 1 degrees of freedom
and a variance of s²(1 + 1/n)). Nothing in the ratio's past rules out a new law or a new drug.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from opendcr.errors import InputError
from opendcr.evaluate.study import LEVEL
from opendcr.streams import stream

Real = NDArray[np.float64]
LEAST_YEARS = 3


@dataclass(frozen=True)
class Ratio:
    """Registered over suspected counts of some periods, as logarithms, one for each period."""

    periods: tuple[str, ...]
    logs: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The geometric mean of the ratios."""
        return math.exp(float(np.mean(self.logs)))

    @property
    def spread(self) -> float:
        """The standard deviation of the logarithms between periods."""
        return float(np.std(self.logs, ddof=1))

    @property
    def _reach(self) -> float:
        """The standard error of one more logarithm."""
        return self.spread * math.sqrt(1 + 1 / len(self.logs))

    def predicted(self, suspected: float, level: float = LEVEL) -> tuple[float, float, float]:
        """The registered count of a period with so many suspected: lower end, middle, upper end.

        The spread is of the whole area's counts; one of smaller counts varies more.
        """
        reach = float(student.isf(level / 2, len(self.logs) - 1)) * self._reach
        middle = suspected * self.middle
        return middle * math.exp(-reach), middle, middle * math.exp(reach)

    def draws(self, suspected: Sequence[float], draws: int, seed: int) -> Real:
        """Draws of registered counts (draws × periods), whole. The middle ratio that a draw takes
        is the same for all its periods; each has its own year's departure."""
        random = stream(seed, "ratio", *self.periods)
        many, free = len(self.logs), len(self.logs) - 1
        scale = self.spread * np.sqrt(free / random.chisquare(free, (draws, 1)))
        shared = random.standard_normal((draws, 1)) / math.sqrt(many)
        own = random.standard_normal((draws, len(suspected)))
        logs = float(np.mean(self.logs)) + scale * (shared + own)
        return np.asarray(np.round(np.asarray(suspected, dtype=float) * np.exp(logs)))


@dataclass(frozen=True)
class Predicted:
    """One period predicted from all others, and what was registered."""

    period: str
    suspected: float
    registered: float
    low: float
    middle: float
    high: float

    @property
    def within(self) -> bool:
        """Whether the interval held what was registered."""
        return self.low <= self.registered <= self.high


def ratio(registered: Mapping[str, float], suspected: Mapping[str, float]) -> Ratio:
    """The ratio over the periods that both have, in order.

    Raises InputError for fewer than three such periods, or a count that is not above zero.
    """
    both = tuple(sorted(registered.keys() & suspected.keys()))
    if len(both) < LEAST_YEARS:
        found = f"{len(both)} periods with both counts"
        raise InputError("a ratio of counts", found, f"{LEAST_YEARS} or more")
    for one in both:
        if not (0 < registered[one] < math.inf and 0 < suspected[one] < math.inf):
            found = f"{registered[one]:g} registered and {suspected[one]:g} suspected in {one}"
            raise InputError("a ratio of counts", found, "counts above zero")
    return Ratio(both, tuple(math.log(registered[one] / suspected[one]) for one in both))


def left_out(
    registered: Mapping[str, float], suspected: Mapping[str, float], level: float = LEVEL
) -> tuple[Predicted, ...]:
    """Each period predicted from all the others: how well suspected counts predict registered ones."""
    rows = []
    for one in ratio(registered, suspected).periods:
        others = {period: value for period, value in registered.items() if period != one}
        low, middle, high = ratio(others, suspected).predicted(suspected[one], level)
        rows.append(Predicted(one, suspected[one], registered[one], low, middle, high))
    return tuple(rows)
