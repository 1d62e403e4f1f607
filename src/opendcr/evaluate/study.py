"""A study: a panel, the areas that were treated, and the period in which it began."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.panel import Panel

Real = NDArray[np.float64]
LEVEL = 0.05
LEAST_BEFORE = 2  # periods before the start, for a design that asks for no other number


def counted(periods: int) -> str:
    """So many periods, in words."""
    return f"{periods} period{'' if periods == 1 else 's'}"


@dataclass(frozen=True)
class Series:
    """The treated areas as one series: counts and exposures summed, or other outcomes averaged."""

    outcome: Real
    exposure: Real | None

    @cached_property
    def rates(self) -> Real:
        """By period: the outcome for each unit of exposure, or as it is."""
        return self.outcome if self.exposure is None else self.outcome / self.exposure

    @cached_property
    def people(self) -> Real:
        """By period: the exposure, or one each where there is none."""
        return np.ones_like(self.outcome) if self.exposure is None else self.exposure


@dataclass(frozen=True)
class Study:
    """The question that a design answers.

    `treated` are rows of the panel; `start` is the index of the first period after. Intervals hold
    1 − `level`. The same `seed` gives the same answer. `totals` names areas that are the sum of
    others, with which nothing can be compared. `least` is how many periods before the start its
    design asks for; where more than one, it learns from how the outcome varies in them.
    """

    panel: Panel
    treated: tuple[int, ...]
    start: int
    level: float = LEVEL
    seed: int = 1
    totals: tuple[str, ...] = ()
    least: int = LEAST_BEFORE

    def __post_init__(self) -> None:
        if not self.least <= self.start < len(self.panel.periods):
            periods = self.panel.periods
            many = len(periods) - max(self.start, 0)
            found = f"{counted(self.start)} before the start, and {many} from it on"
            expected = f"at least {self.least} before it, and 1 from it on"
            raise InputError(self.panel.where, found, expected)
        self.panel.complete(self.treated)
        if self.least > 1 and np.ptp(self.series.outcome[: self.start]) == 0:
            named = ", ".join(self.panel.units[at] for at in self.treated)
            found = f"the same outcome of '{named}' in every period before the start"
            raise InputError(self.panel.where, found, "an outcome that varies")

    @cached_property
    def series(self) -> Series:
        """The treated areas as one series."""
        rows = list(self.treated)
        counts, exposure = self.panel.outcome[rows], self.panel.exposure
        if exposure is None:
            return Series(counts.mean(axis=0), None)
        return Series(counts.sum(axis=0), exposure[rows].sum(axis=0))

    @property
    def after(self) -> int:
        """How many periods there are from the start on."""
        return len(self.panel.periods) - self.start

    def names(self, rows: Iterable[int]) -> tuple[str, ...]:
        """The names of some rows of the panel."""
        return tuple(self.panel.units[at] for at in rows)

    def donors(self, named: Sequence[str] = (), exclude: Iterable[str] = ()) -> tuple[int, ...]:
        """The rows of the areas compared with, in the panel's order: those named, or all that are
        not treated, but for those excluded. Raises InputError for a name that is not there or is
        treated, an area that is the sum of others, or a gap."""
        left_out = {self.panel.at(name) for name in exclude}
        chosen = sorted(self.panel.at(name) for name in named) or range(len(self.panel.units))
        both = [self.panel.units[at] for at in chosen if at in self.treated]
        if named and both:
            raise InputError(self.panel.where, f"'{both[0]}' among donors", "areas not treated")
        rows = tuple(at for at in chosen if at not in self.treated and at not in left_out)
        self._no_total(rows)
        self.panel.complete(rows, optional=True)
        return rows

    def _no_total(self, rows: Sequence[int]) -> None:
        if self.totals:
            found = [self.panel.units[at] for at in rows if self.panel.units[at] in self.totals]
            if found:
                what = f"'{found[0]}' among the areas compared with, which is the sum of others"
                expected = f'areas that do not hold each other: exclude = ["{found[0]}"]'
                raise InputError(self.panel.where, what, expected)

    def varying(self, donors: tuple[int, ...]) -> tuple[int, ...]:
        """Donors; InputError where none of them varies before the start: then they tell of no error
        and of no course."""
        if donors and not np.ptp(self.panel.rates[list(donors), : self.start], axis=1).any():
            found = "the same outcome in every period before the start, in each area compared with"
            raise InputError(self.panel.where, found, "areas whose outcomes vary")
        return donors

    def before_only(self) -> "Study":
        """The study as of the day before its start: its last period before stands for one after."""
        return replace(self, panel=self.panel.during(0, self.start), start=self.start - 1)

    def donors_possible(self) -> tuple[int, ...]:
        """The rows of the areas that are known in every period and are no sum of others, the treated
        among them."""
        whole = np.isfinite(self.panel.rates).all(axis=1)
        whole &= ~np.isin(self.panel.units, self.totals)
        return tuple(int(at) for at in np.flatnonzero(whole))

    def starting(self, at: int, treated: tuple[int, ...] | None = None) -> "Study":
        """The same question of another start, or of other areas: a placebo."""
        return replace(self, start=at, treated=self.treated if treated is None else treated)
