"""Predictors of a synthetic control: what a plan asks an area to be matched on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.panel import Panel, some
from opendcr.evaluate.periods import EXPECTED, Period
from opendcr.keyed import Table, shown

Real = NDArray[np.float64]
OPS: Mapping[str, Callable[..., Real]] = {
    "mean": np.nanmean,
    "sum": np.nansum,
    "median": np.nanmedian,
    "min": np.nanmin,
    "max": np.nanmax,
}
KEYS = ("column", "from", "to", "at", "op", "weight")


@dataclass(frozen=True)
class Range:
    """Periods from one to another, both in it."""

    first: Period
    last: Period

    @classmethod
    def read(cls, table: Table) -> "Range":
        """The range of a table with `from` and `to`; InputError where they are none."""
        first, last = _period(table, "from"), _period(table, "to")
        if first.kind != last.kind or last < first:
            raise table.fail("to", f"a period like {first} and not before it")
        return cls(first, last)

    def of(self, periods: tuple[Period, ...]) -> list[int]:
        """Where its periods stand among those of a panel."""
        return [
            at
            for at, one in enumerate(periods)
            if one.kind == self.first.kind and self.first <= one <= self.last
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True)
class Predictor:
    """A column, the periods of it that count (a range, or some), and what is made of them.

    Cells that are empty are left out, as R's Synth leaves them out. `weight` is how much it counts
    beside the others, where a plan says so.
    """

    column: str
    periods: Range | tuple[Period, ...]
    op: str = "mean"
    weight: float | None = None

    @classmethod
    def read(cls, table: Table) -> "Predictor":
        """The predictor of a table; InputError, naming the key, where it is none."""
        listed = table.data.get("at")
        periods: Range | tuple[Period, ...]
        if listed is None:
            periods = Range.read(table)
        else:
            values = listed if isinstance(listed, list) else [listed]
            found = [Period.of(one) for one in values]
            if not values or None in found or "from" in table or "to" in table:
                raise table.fail("at", "a list of periods, without 'from' and 'to'")
            periods = tuple(one for one in found if one is not None)
        weight = table.number("weight", 0, 1e12) if "weight" in table else None
        return cls(table.text("column"), periods, table.one_of("op", OPS, "mean"), weight)

    def before(self, end: Period) -> "Predictor | None":
        """The predictor as far as it was known before a period; None where it was not."""
        if isinstance(self.periods, tuple):
            kept = tuple(one for one in self.periods if one < end)
            return replace(self, periods=kept) if kept else None
        if self.periods.first >= end:
            return None
        last = min(self.periods.last, end.after(-1))
        return replace(self, periods=Range(self.periods.first, last))

    def late(self, start: Period) -> bool:
        """Whether it is measured from a start on, too."""
        last = max(self.periods) if isinstance(self.periods, tuple) else self.periods.last
        return last.kind == start.kind and last >= start

    def values(self, panel: Panel) -> Real:
        """One value for each area; InputError, naming an area, where it has no data."""
        if self.column not in panel.columns:
            expected = f"one of {some(sorted(panel.columns))}" if panel.columns else "a column"
            raise InputError(panel.where, f"no column '{self.column}' for a predictor", expected)
        places = self.places(panel)
        cells = panel.columns[self.column][:, places]
        nothing = ~np.isfinite(cells).any(axis=1)
        if not places or nothing.any():
            unit = panel.units[int(np.argmax(nothing))]
            found = f"no '{self.column}' of '{unit}' in {self._named()}"
            raise InputError(panel.where, found, "predictors with data in the periods asked for")
        made: Real = OPS[self.op](cells, axis=1)
        return made

    def places(self, panel: Panel) -> list[int]:
        """Where its periods stand in a panel."""
        if isinstance(self.periods, Range):
            return self.periods.of(panel.periods)
        absent = [one for one in self.periods if one not in panel.periods]
        if absent:
            found = f"no period {absent[0]} for the predictor '{self.column}'"
            raise InputError(panel.where, found, f"{panel.periods[0]} to {panel.periods[-1]}")
        return [panel.periods.index(one) for one in self.periods]

    def _named(self) -> str:
        if isinstance(self.periods, Range):
            return str(self.periods)
        return some([str(one) for one in self.periods])


def _period(table: Table, key: str) -> Period:
    found = Period.of(table.data.get(key))
    if key not in table or found is None:
        raise InputError(f"{table.where}, {table.key(key)}", shown(table.data.get(key)), EXPECTED)
    return found
