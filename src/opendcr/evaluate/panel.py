"""Panels: outcome series by area and period, and the tables that they are read from."""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import compress
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.files import dot_of_thousands, number_of, read_table
from opendcr.evaluate.periods import Period, absent, kinds, no_period, rhythm_of, usually_apart
from opendcr.keyed import meant

Real = NDArray[np.float64]
SINGLE = "series"  # the name of the area where a table has one series and no column of areas
NEARLY, LEAST_EVENTS = 0.005, 30  # how near a sum is, and of how many events it is taken for one
_MANY = 6  # names in an error
_COMPARED = 1_000_000  # values × places, among which a total is looked for
_TOTAL = re.compile(
    r"(grand )?(all|total|overall)"
    r"( (rings?|areas|zones|distances|districts|hours|times?|day|days|periods?|ages|sexes|persons|events))?"
)
_ONE_SERIES = (
    "one row for each period; rows of several areas under `unit`, and rows of rings and hours by "
    "triple_difference alone: other designs beside it answer for outcomes with a `path` of their own"
)


@dataclass(frozen=True)
class Panel:
    """Series of areas in consecutive periods.

    `outcome`, `exposure` and each of `columns` are areas × periods; what is not known is NaN. With
    an exposure the outcome is a count. `labels` say what an area is, one text for each area: the
    ring and the hours of a cell, where areas are cells. Errors name the table `where` it is from,
    and the `column` of its outcome where that is one.
    """

    units: tuple[str, ...]
    periods: tuple[Period, ...]
    outcome: Real
    exposure: Real | None = None
    columns: Mapping[str, Real] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: str = "the panel"
    column: str = ""

    def __post_init__(self) -> None:
        shape = (len(self.units), len(self.periods))
        known = [self.outcome, *self.columns.values()]
        known += [] if self.exposure is None else [self.exposure]
        assert all(one.shape == shape for one in known), shape

    @cached_property
    def rates(self) -> Real:
        """Areas × periods: the outcome for each unit of exposure, or as it is."""
        return self.outcome if self.exposure is None else self.outcome / self.exposure

    @cached_property
    def people(self) -> Real:
        """Areas × periods: the exposure, or one each where there is none."""
        return np.ones_like(self.outcome) if self.exposure is None else self.exposure

    @cached_property
    def counted(self) -> bool:
        """Whether the outcome is a count: there is an exposure, or all that is known of it is whole
        and not negative."""
        known = self.outcome[np.isfinite(self.outcome)]
        return self.exposure is not None or bool(((known >= 0) & (known == np.round(known))).all())

    def at(self, unit: str) -> int:
        """Where an area stands; InputError where there is none of that name."""
        if unit not in self.units:
            raise InputError(self.where, f"no area named '{unit}'", one_of(unit, self.units))
        return self.units.index(unit)

    def of(self, units: Sequence[int]) -> "Panel":
        """The panel of some areas, in the order given."""
        rows = list(units)
        return replace(
            self,
            units=tuple(self.units[at] for at in rows),
            outcome=self.outcome[rows],
            exposure=None if self.exposure is None else self.exposure[rows],
            columns={name: one[rows] for name, one in self.columns.items()},
            labels={name: tuple(one[at] for at in rows) for name, one in self.labels.items()},
        )

    def during(self, first: int, last: int) -> "Panel":
        """The panel in the periods from one index on and before another."""
        return replace(
            self,
            periods=self.periods[first:last],
            outcome=self.outcome[:, first:last],
            exposure=None if self.exposure is None else self.exposure[:, first:last],
            columns={name: one[:, first:last] for name, one in self.columns.items()},
        )

    def longer(self, periods: int) -> "Panel":
        """The panel with so many periods more: exposures as in the last, all else unknown."""
        rhythm, last = rhythm_of(self.periods), self.periods[-1]
        unknown = np.full((len(self.units), periods), np.nan)
        exposure = self.exposure
        if exposure is not None:
            exposure = np.hstack([exposure, np.repeat(exposure[:, -1:], periods, axis=1)])
        return replace(
            self,
            periods=(*self.periods, *(rhythm.after(last, at + 1) for at in range(periods))),
            outcome=np.hstack([self.outcome, unknown]),
            exposure=exposure,
            columns={name: np.hstack([one, unknown]) for name, one in self.columns.items()},
        )

    def with_outcome(self, outcome: Real) -> "Panel":
        """The same areas and periods with other outcomes."""
        return replace(self, outcome=outcome)

    def counts(self, units: Iterable[int]) -> None:
        """Raises InputError, naming the first of them, where an area's outcome is no count."""
        for unit in units:
            row = self.outcome[unit]
            wrong = np.flatnonzero(np.isfinite(row) & ((row < 0) | (row != np.round(row))))
            if wrong.size:
                of = "" if self.units == (SINGLE,) else f" of '{self.units[unit]}'"
                found = f"{row[wrong[0]]:g}{of} in {self.periods[wrong[0]]}, which is no count"
                where = ", ".join(filter(None, (self.where, self.column)))
                expected = (
                    "counts, zero or more and whole, or a `design` or `family` of other values"
                )
                raise InputError(where, found, expected)

    def complete(self, units: Iterable[int], optional: bool = False) -> None:
        """Raises InputError, naming the first gaps, where an area's series has one; areas that are
        `optional` may be excluded."""
        rows = list(units)
        if np.isfinite(self.rates[rows]).all():
            return
        rows = [at for at in rows if not np.isfinite(self.rates[at]).all()]
        found = "no " + some([one for at in rows for one in self._gaps(at)])
        expected = "every area that is compared in every period"
        if optional:
            names = ", ".join(f'"{self.units[at]}"' for at in rows)
            expected += f", or exclude = [{names}]"
        raise InputError(self.where, found, expected)

    def _gaps(self, unit: int) -> Iterator[str]:
        """What is not known of an area, and when."""
        of = "" if self.units == (SINGLE,) else f" of '{self.units[unit]}'"
        for what, values in ((self.column or "outcome", self.outcome), ("exposure", self.exposure)):
            for at in () if values is None else np.flatnonzero(~np.isfinite(values[unit])):
                yield f"{what}{of} in {self.periods[at]}"


def totals(panel: Panel, treated: Sequence[int]) -> tuple[str, ...]:
    """The areas that are the sum of all that have fewer events, or of those that are not treated:
    in every period to within a two-hundredth, and in exposure too where there is one."""
    series = [panel.outcome] if panel.exposure is None else [panel.outcome, panel.exposure]
    return tuple(panel.units[at] for at in _sums(series, treated))


def _sums(series: Sequence[Real], treated: Sequence[int] = ()) -> Iterator[int]:
    """The rows that are such sums, in each of some series (rows × periods), events first."""
    size = np.nansum(series[0], axis=1)
    for row in np.flatnonzero(size >= LEAST_EVENTS):
        smaller = np.flatnonzero((size > 0) & (size < (1 - NEARLY) * size[row]))
        choices = (smaller, smaller[~np.isin(smaller, treated)])
        if any(
            len(parts) > 1 and all(_is_sum(one[row], one[parts]) for one in series)
            for parts in choices
        ):
            yield int(row)


def _is_sum(whole: Real, parts: Real) -> bool:
    known = np.isfinite(whole) & np.isfinite(parts).all(axis=0)
    apart = np.abs(whole - parts.sum(axis=0))[known]
    return known.sum() > 2 and bool((apart <= NEARLY * np.abs(whole[known])).all())


@dataclass(frozen=True)
class Rows:
    """A tidy table as it was read: each column as text, the file it is from, and each row's line
    in it."""

    where: str
    frame: pl.DataFrame
    lines: tuple[int, ...]

    def column(self, name: str, key: str) -> list[str]:
        """A column as text; InputError, naming the plan's key that asks for it, where it is not there."""
        if name not in self.frame.columns:
            expected = one_of(name, self.frame.columns)
            raise InputError(f"{self.where}, {key}", f"no column '{name}'", expected)
        return [str(one).strip() for one in self.frame[name].fill_null("").to_list()]

    def numbers(self, name: str, key: str) -> Real:
        """A column as numbers, NaN where a cell is empty."""
        cells = self.column(name, key)
        dotted = dot_of_thousands(cells)
        if dotted is not None:
            found = (
                f"{cells[dotted]}, with a separator of thousands, as it stands beside whole numbers"
            )
            expected = f"{cells[dotted].replace('.', '')}, and likewise in every row"
            raise InputError(self.cell(dotted, name), found, expected)
        return np.array(
            [number_of(cell, self.cell(at, name)) for at, cell in enumerate(cells)], dtype=float
        )

    def cell(self, at: int, name: str) -> str:
        """Where a cell stands, for an error."""
        return f"{self.where}, row {self.lines[at]}, {name}"

    def where_true(self, kept: Sequence[bool]) -> "Rows":
        """The rows that are kept."""
        frame = self.frame.filter(pl.Series(list(kept), dtype=pl.Boolean))
        return replace(self, frame=frame, lines=tuple(compress(self.lines, kept)))

    def periods(self, name: str, key: str = "question.time") -> list[Period]:
        """A column as periods of one kind."""
        found = []
        for at, cell in enumerate(self.column(name, key)):
            period = Period.of(cell)
            if period is None:
                raise InputError(self.cell(at, name), *no_period(cell))
            found.append(period)
        if len({one.kind for one in found}) > 1:
            raise InputError(f"{self.where}, {name}", kinds(found), "periods of one kind")
        return found


def read_rows(path: Path) -> Rows:
    """The rows of a CSV file (or Parquet, by its name); InputError where there are none."""
    frame, lines = read_table(path)
    if frame.is_empty():
        raise InputError(str(path), "no rows", "a row for each area and period")
    return Rows(str(path), frame, lines)


@dataclass(frozen=True)
class Columns:
    """Which columns of a table make a panel: names, None where there is none."""

    outcome: str
    time: str
    unit: str | None = None
    exposure: str | None = None
    others: tuple[str, ...] = ()


def panel_of(rows: Rows, columns: Columns) -> Panel:
    """The panel of a tidy table: one row for each area and period.

    Raises InputError for duplicated rows, periods that are missing from the series, an exposure
    that is not above zero, a count below zero or not whole where there is an exposure.
    """
    times = rows.periods(columns.time)
    named = rows.column(columns.unit, "question.unit") if columns.unit else [SINGLE] * len(times)
    units, periods = tuple(dict.fromkeys(named)), tuple(sorted(set(times)))
    _each_one_name(rows.where, units)
    _no_gaps(rows.where, periods)
    place_of = {one: at for at, one in enumerate(periods)}
    unit_of = {one: at for at, one in enumerate(units)}
    cells = [(unit_of[unit], place_of[time]) for unit, time in zip(named, times, strict=True)]
    _no_duplicates(rows.where, cells, units, periods)

    def spread(name: str, key: str) -> Real:
        made = np.full((len(units), len(periods)), np.nan)
        made[tuple(np.array(cells).T)] = rows.numbers(name, key)
        return made

    outcome = spread(columns.outcome, "question.outcome")
    exposure = spread(columns.exposure, "data.exposure") if columns.exposure else None
    others = {name: spread(name, name) for name in columns.others}
    made = Panel(units, periods, outcome, exposure, others, where=rows.where,
                 column=columns.outcome)  # fmt: skip
    return _sound(made, columns)


def cell_panel(rows: Rows, columns: Columns, by: Sequence[str]) -> Panel:
    """The panel whose areas are cells: each combination of the values of some columns.

    Counts (and exposures, 1 for each row where there is none) of rows of one cell and period are
    summed, where a further column tells them apart. Raises InputError where none does, where a ring,
    hours or a value of such a column is the sum of the others, and where a cell has no row in a
    period: no event is a row with 0.
    """
    periods = tuple(sorted(set(rows.periods(columns.time))))
    _no_gaps(rows.where, periods)
    places = [periods.index(one) for one in rows.periods(columns.time)]
    for name in by:
        _each_one_name(rows.where, rows.column(name, name), name)
    named = list(zip(*(rows.column(name, name) for name in by), strict=True))
    cells = tuple(dict.fromkeys(named))
    at = ([cells.index(one) for one in named], places)
    places_of = list(zip(*at, strict=True))
    _told_apart(rows, columns, by, places_of)
    shape = (len(cells), len(periods))
    outcome, exposure, seen = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    exposures = (
        rows.numbers(columns.exposure, "data.exposure") if columns.exposure else np.ones(len(named))
    )
    np.add.at(outcome, at, rows.numbers(columns.outcome, "question.outcome"))
    np.add.at(exposure, at, exposures)
    np.add.at(seen, at, 1)
    if not columns.exposure:
        exposure = np.ones(shape)
    if (seen == 0).any():
        cell, place = np.argwhere(seen == 0)[0]
        found = f"no row for {', '.join(cells[cell])} in {periods[place]}"
        raise InputError(
            rows.where, found, "a row for each cell and period, with 0 where nothing happened"
        )
    units = tuple(", ".join(one) for one in cells)
    labels = {name: tuple(one[at] for one in cells) for at, name in enumerate(by)}
    _none_holds_others(rows.where, labels, outcome)
    _none_holds_others(rows.where, {"cell": units}, outcome)
    if len(named) > outcome.size:  # some are added up: a total among these counts twice as well
        further = {name: rows.column(name, name) for name in _further(rows, columns, by)}
        counts = rows.numbers(columns.outcome, "question.outcome")[:, None]
        _none_holds_others(rows.where, further, counts, places_of)
    made = Panel(units, periods, outcome, exposure, labels=labels, where=rows.where,
                 column=columns.outcome)  # fmt: skip
    return _sound(made, columns)


def _further(rows: Rows, columns: Columns, by: Sequence[str]) -> list[str]:
    """The columns that make no cells and are neither outcome, time nor exposure."""
    used = (columns.outcome, columns.time, columns.exposure, *by)
    return [name for name in rows.frame.columns if name not in used]


def _none_holds_others(
    where: str,
    labels: Mapping[str, Sequence[str]],
    counts: Real,
    places: Sequence[Hashable] | None = None,
) -> None:
    """Raises InputError for a label that holds all the others of its kind (a ring "All", hours "all
    day"), by its counts or by its name.

    `counts` are rows × periods and `labels` by row. Counts are compared where all else is alike: the
    row's other labels, or its place where that is given.
    """
    for name, values in labels.items():
        others = [one for other, one in labels.items() if other != name]
        beside = places or list(zip(*others, strict=True)) or [()] * len(values)
        holder = _holder(values, beside, counts)
        if holder is not None:
            found = f"{name} '{holder}', which holds the others, so that their events count twice"
            expected = f"each event in one row: leave those of '{holder}' out of the file"
            raise InputError(where, found, expected)


def _holder(values: Sequence[str], beside: Sequence[Hashable], counts: Real) -> str | None:
    """The value that is the sum of the others, or is named like one and has the most; None where none
    is, or where there are too many to compare."""
    kinds, places = list(dict.fromkeys(values)), list(dict.fromkeys(beside))
    if len(kinds) < 2 or len(kinds) * len(places) > _COMPARED:
        return None
    row_of, place_of = ({one: at for at, one in enumerate(every)} for every in (kinds, places))
    at = ([row_of[one] for one in values], [place_of[one] for one in beside])
    added = np.zeros((len(kinds), len(places), counts.shape[1]))
    np.add.at(added, at, counts)
    known = np.zeros(added.shape[:2], dtype=bool)
    known[at] = True
    spread = np.where(known[:, :, None], added, np.nan).reshape(len(kinds), -1)
    most = kinds[int(np.nansum(spread, axis=1).argmax())]
    if _TOTAL.fullmatch(most.casefold()):
        return most
    return next((kinds[at] for at in _sums([spread])), None)


def _told_apart(
    rows: Rows, columns: Columns, by: Sequence[str], cells: Sequence[tuple[int, int]]
) -> None:
    """Raises InputError for two rows of one cell and period that no further column tells apart."""
    further = [rows.column(one, one) for one in _further(rows, columns, by)]
    seen: dict[tuple[object, ...], int] = {}
    for at, row in enumerate(zip(cells, *further, strict=True)):
        first = seen.setdefault(row, at)
        if first != at:
            cell = ", ".join(rows.column(one, one)[at] for one in by)
            found = (
                f"two rows for '{cell}' in {rows.column(columns.time, '')[at]} (rows "
                f"{rows.lines[first]} and {rows.lines[at]}), which no further column tells apart"
            )
            expected = (
                "one row for each cell and period, or a column that says what each is of, such as a "
                "small area: then they are added up"
            )
            raise InputError(rows.where, found, expected)


def wide_panel(rows: Rows, columns: Columns) -> Panel:
    """The panel of a wide table: one row for each period, one column for each area.

    Raises InputError where an exposure is asked for, for which such a table has no place.
    """
    if columns.exposure is not None:
        found = f"an exposure '{columns.exposure}' of a wide table"
        raise InputError(rows.where, found, "a tidy table: one row for each area and period")
    times = rows.periods(columns.time)
    order = sorted(range(len(times)), key=lambda at: times[at])
    periods = tuple(times[at] for at in order)
    units = tuple(name for name in rows.frame.columns if name != columns.time)
    _no_gaps(rows.where, tuple(sorted(set(periods))))
    _no_duplicates(rows.where, [(0, one.at) for one in periods], ("the table",), periods)
    outcome = np.array([rows.numbers(name, name)[order] for name in units])
    return _sound(Panel(units, periods, outcome, where=rows.where), columns)


def _each_one_name(where: str, units: Iterable[str], of: str = "area") -> None:
    """Raises InputError for names that differ in case and spaces alone."""
    seen: dict[str, str] = {}
    for unit in units:
        other = seen.setdefault(" ".join(unit.casefold().split()), unit)
        if other != unit:
            raise InputError(where, f"'{other}' and '{unit}'", f"one name for each {of}")


def _no_gaps(where: str, periods: Sequence[Period]) -> None:
    gaps = absent(periods)
    if gaps:
        apart = usually_apart(periods)
        found = f"no row for {some([str(one) for one in gaps])}"
        found += f", while most rows stand {apart} apart" if apart else ""
        raise InputError(where, found, f"every period from {periods[0]} to {periods[-1]}")


def _no_duplicates(
    where: str,
    cells: Sequence[tuple[int, int]],
    units: Sequence[str],
    periods: Sequence[Period],
) -> None:
    seen: set[tuple[int, int]] = set()
    for unit, place in cells:
        if (unit, place) in seen:
            period = periods[place] if place < len(periods) else Period(periods[0].kind, place)
            if units == (SINGLE,):
                raise InputError(where, f"two rows for {period}", _ONE_SERIES)
            found = f"two rows for '{units[unit]}' in {period}"
            raise InputError(where, found, "one row for each area and period")
        seen.add((unit, place))


def _sound(panel: Panel, columns: Columns) -> Panel:
    """The panel, after a look at its counts and exposures."""
    if panel.exposure is None:
        return panel
    _first(panel, panel.exposure <= 0, panel.exposure, f"{columns.exposure} of", "above zero")
    counts = panel.outcome
    _first(panel, counts < 0, counts, f"{columns.outcome} of", "a count, zero or more")
    _first(panel, counts != np.round(counts), counts, f"{columns.outcome} of",
           f"a whole number of events{' where there is an exposure' if columns.exposure else ''}")  # fmt: skip
    return panel


def _first(panel: Panel, wrong: NDArray[np.bool_], values: Real, what: str, expected: str) -> None:
    """Raises InputError for the first cell that is wrong and known."""
    places = np.argwhere(wrong & np.isfinite(values))
    if places.size:
        unit, period = places[0]
        named = f"{panel.where}, {what} '{panel.units[unit]}' in {panel.periods[period]}"
        raise InputError(named, f"{values[unit, period]:g}", expected)


def some(names: Sequence[str]) -> str:
    """Some names for an error, and how many more there are."""
    more = len(names) - _MANY
    return ", ".join(names[:_MANY]) + (f" and {more} more" if more > 0 else "")


def one_of(name: str, names: Sequence[str]) -> str:
    """What was expected in the place of a name that is not there: the one that it is like, or all, in
    quotes where they have commas."""
    listed = [f"'{one}'" for one in names] if any("," in one for one in names) else names
    return f"one of {some(listed)}{meant(name, names)}"
