"""From a plan's file of data to the study that its designs answer."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from opendcr.errors import InputError
from opendcr.evaluate.designs import CellDesign, ComparingDesign, Design, least_before
from opendcr.evaluate.estimate import Check
from opendcr.evaluate.exposures import (
    exposure_check,
    linked,
    links_between,
    links_said,
    one_series,
    sizes_check,
)
from opendcr.evaluate.files import number_of, three_decimals
from opendcr.evaluate.panel import (
    Columns,
    Panel,
    Rows,
    cell_panel,
    panel_of,
    read_rows,
    some,
    totals,
    wide_panel,
)
from opendcr.evaluate.periods import Period, among, kinds, spacing, span
from opendcr.evaluate.plan import Data, Delayed, Question
from opendcr.evaluate.study import Study, counted

DATES = "dates of the data"


class Said(NamedTuple):
    """What a row says that an outcome uses: of an area (empty where there is one series) in a
    period, its count first."""

    period: Period
    area: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A file of data as one outcome of a plan uses it: the outcome's own, or its reporting triangle
    (`delayed`), whose rows also have an edition."""

    question: Question
    data: Data
    rows: Rows
    periods: tuple[Period, ...]  # of each row
    apart: tuple[str, ...] = ()  # areas that are compared with in no design
    editions: tuple[Period, ...] = ()
    delayed: Delayed | None = None
    columns: tuple[str, ...] = ()  # that designs read, beside those of question and data
    labels: tuple[str, ...] = ()  # columns that make cells
    cells: CellDesign | None = None  # which says of which of them

    @property
    def before(self) -> "Source":
        """Without the rows from the start on."""
        return self._kept([one < self.question.start for one in self.periods])

    @property
    def latest(self) -> Period | None:
        """The last period before the start, or of a triangle its last edition; None without any."""
        return max(self.editions or self.before.periods, default=None)

    def until(self, last: str) -> "Source":
        """Without the rows after a period, or of a triangle after an edition: those that have come
        since are no change of what was."""
        end = Period.of(last)
        return self._kept([end is None or one <= end for one in self.editions or self.periods])

    @property
    def public_after(self) -> tuple[Period, ...]:
        """The periods from the start on that the file already has; no outcome is read."""
        return tuple(sorted({one for one in self.periods if one >= self.question.start}))

    @property
    def digest(self) -> str:
        """SHA-256 of what the outcome uses."""
        return digest_of(self.said)

    @cached_property
    def said(self) -> tuple[Said, ...]:
        """What the outcome uses of each row: no other columns, and no areas that are compared with
        in no design. Numbers are as numbers are written here, whatever the file's own way."""
        return tuple(one for one in self._said() if one.area not in self.apart)

    def _said(self) -> Iterator[Said]:
        if self.data.wide:
            for area in self.rows.frame.columns:
                if area != self.question.time:
                    for period, value in zip(self.periods, self._texts(area), strict=True):
                        yield Said(period, area, (value,))
            return
        areas = self._areas()
        values = zip(*(self._texts(name) for name in self._used()), strict=True)
        for at, (area, row) in enumerate(zip(areas, values, strict=True)):
            edition = [str(self.editions[at])] if self.editions else []
            yield Said(self.periods[at], area, (*row, *edition))

    def _used(self) -> tuple[str, ...]:
        """The columns that are used, the count first."""
        if self.delayed is not None:
            return (self.delayed.count,)
        question, exposure = self.question, self.data.exposure
        beside = (*([exposure] if exposure else []), *self.columns, *self.labels)
        return tuple(dict.fromkeys((question.outcome, *beside)))

    def _areas(self) -> list[str]:
        """The area of each row: a triangle without a column of areas is of the treated one."""
        unit = self.question.unit if self.delayed is None else self.delayed.unit
        if unit is not None:
            return self._texts(unit)
        if self.delayed is not None:
            return [next(iter(self.question.treated), "")] * len(self.periods)
        cells = [self._texts(name) for name in self.labels]
        return [", ".join(one) for one in zip(*cells, strict=True)] or [""] * len(self.periods)

    @property
    def has_treated(self) -> bool:
        """Whether any treated area has a row; without named areas the one series has them all."""
        treated = set(self.question.treated)
        return not treated or not treated.isdisjoint(self._areas())

    def _texts(self, name: str) -> list[str]:
        """A column as it is compared; empty where it is not there, which reading it refuses."""
        if name not in self.rows.frame.columns:
            return [""] * len(self.periods)
        return [_plain(cell) for cell in self.rows.column(name, name)]

    def incomplete(self, said: Said) -> bool:
        """Whether this triangle's last edition says an area's period and came before its count was
        complete."""
        assert self.delayed is not None
        last = self._last_editions.get(said.area) or self._last_editions.get("")
        return last is not None and 0 <= last.at - said.period.at < self.delayed.most

    @cached_property
    def _last_editions(self) -> dict[str, Period]:
        by_edition = sorted(zip(self.editions, self.said, strict=True), key=lambda both: both[0])
        return {one.area: edition for edition, one in by_edition}

    def _kept(self, kept: Sequence[bool]) -> "Source":
        return replace(
            self,
            rows=self.rows.where_true(kept),
            periods=tuple(compress(self.periods, kept)),
            editions=tuple(compress(self.editions, kept)),
        )

    def within(self) -> "Source":
        """Without the rows outside the periods that the plan uses."""
        first, last = self.data.first, self.data.last
        return self._kept(
            [(not first or first <= one) and (not last or one <= last) for one in self.periods]
        )


def source_of(plan: Path, question: Question, data: Data) -> Source:
    """The rows of a file of a plan in the periods that it uses."""
    rows = read_rows(data.path)
    periods = rows.periods(question.time)
    _of_one_kind(plan, question, data, rows.where, periods)
    if data.last is not None and data.last < question.start:
        found = f"{data.last}, before the start {question.start}"
        raise InputError(f"{plan}, data.to", found, "a period from the start on")
    made = Source(question, data, rows, tuple(periods)).within()
    if not made.periods:
        raise InputError(
            rows.where, "no rows in the periods of the plan", "data from/to that has some"
        )
    return made


def _plain(cell: str) -> str:
    """A cell as it is compared: 12 is 12.0."""
    try:
        return repr(number_of(cell, ""))
    except InputError:
        return cell


def digest_of(said: Iterable[Said]) -> str:
    """SHA-256 of what rows say, whatever their order."""
    rows = sorted(repr((str(one.period), one.area, one.values)) for one in said)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def used_by(source: Source, designs: Iterable[Design]) -> Source:
    """The source with the columns that these designs read, and what makes cells of its rows."""
    columns: list[str] = []
    labels: list[str] = []
    cells = None
    for design in designs:
        columns += design.columns
        if isinstance(design, CellDesign):
            labels += design.label_columns(labels_of(source))
            cells = design
    return replace(
        source,
        columns=tuple(dict.fromkeys(columns)),
        labels=tuple(dict.fromkeys(labels)),
        cells=cells,
    )


def _of_one_kind(
    plan: Path, question: Question, data: Data, where: str, periods: Sequence[Period]
) -> None:
    """Raises InputError, naming the key, where a period of the plan is of another kind than those of
    the data."""
    said = [("question.start", question.start), ("data.from", data.first), ("data.to", data.last)]
    for key, one in (*said, *(("data.breaks", one) for one in data.breaks or ())):
        if one is not None and one.kind != periods[0].kind:
            found = f"{one} ({kinds([one])}), and {kinds(periods)} in {where}, {question.time}"
            like = among(one, sorted(set(periods)))
            raise InputError(f"{plan}, {key}", found, f"periods of one kind, such as {like}")


def late_of(name: str) -> str:
    """What the reporting triangle of an outcome is called among the sources of a plan."""
    return f"{name}.nowcast"


def triangle_source(source: Source, said: Delayed) -> Source:
    """The reporting triangle of an outcome, without the areas that are compared with nowhere."""
    rows = read_rows(said.path)
    if said.unit is not None:
        units = rows.column(said.unit, "nowcast.unit")
        rows = rows.where_true([one not in source.apart for one in units])
    periods = rows.periods(said.period, "nowcast.period")
    editions = rows.periods(said.edition, "nowcast.edition")
    return Source(
        source.question, Data(said.path), rows, tuple(periods), source.apart, tuple(editions), said
    )


def panel_from(source: Source, design: Design) -> Panel:
    """The panel of a source, with every area; its `columns` hold those that the design reads and
    the outcome, as a rate where there is an exposure."""
    question, data = source.question, source.data
    others = tuple(name for name in design.columns if name != question.outcome)
    columns = Columns(question.outcome, question.time, question.unit, data.exposure, others)
    if isinstance(design, CellDesign):
        _agrees(source, design)
        panel = cell_panel(source.rows, columns, design.label_columns(labels_of(source)))
        # Those inside hours may all step as hours change: what the plan does not name is told alone.
        return linked(panel, data) if data.exposure else panel
    if question.treated and question.unit is None and not data.wide:
        found = "treated areas and no column of areas"
        raise InputError(source.rows.where, found, "`unit` under [question]")
    if data.wide:
        panel = wide_panel(source.rows, columns)
    else:
        panel = one_series(linked(panel_of(source.rows, columns), data), data)
    return replace(panel, columns={**panel.columns, question.outcome: panel.rates})


def _agrees(source: Source, design: CellDesign) -> None:
    """Raises InputError where the plan names other treated areas than its cells are of: their values
    in the column `unit`, or without one in any column, or their own names."""
    treated, unit = source.question.treated, source.question.unit
    labels = labels_of(source)
    if unit is not None:
        labels = {**labels, unit: tuple(source.rows.column(unit, "question.unit"))}
    if not treated:
        return
    rows, by = design.treated_cells(labels), design.label_columns(labels)
    cells = [", ".join(labels[name][at] for name in by) for at in rows]
    named = [unit] if unit is not None else [*by, *labels]
    alike = [{labels[name][at] for at in rows} for name in named]
    if set(treated) not in (*alike, set(cells)):
        names = some([f"'{one}'" for one in treated])
        found = f"`treated` {names}, where the design looks at {design.treated_in_words}"
        expected = f"no `treated` under [question], or {some(sorted(alike[0]))}"
        raise InputError(source.rows.where, found, expected)


def links_of(source: Source) -> str:
    """How the treated areas' exposure was linked over breaks that the plan names, as a sentence;
    empty where nothing was."""
    question, data, cells = source.question, source.data, source.cells
    if not data.breaks or not data.exposure or data.wide:
        return ""
    columns = Columns(question.outcome, question.time, question.unit, data.exposure)
    if cells is not None:
        raw = cell_panel(source.rows, columns, cells.label_columns(labels_of(source)))
        rows, of = cells.treated_cells(raw.labels), cells.treated_in_words
    else:
        raw = panel_of(source.rows, columns)
        rows = tuple(raw.at(name) for name in question.treated) or (0,)
        of = some(list(question.treated)) if question.treated else "the series"
    used, printed = (one.people[list(rows)].sum(axis=0) for one in (linked(raw, data), raw))
    links = links_between(printed, used, raw, data.breaks)
    return links_said(data.exposure.replace("_", " "), of, links)


def linked_check(source: Source) -> tuple[Check, ...]:
    """That rates are of a linked exposure, where they are."""
    said = links_of(source)
    return (Check("linked exposure", None, said),) if said else ()


def decimals_check(source: Source) -> tuple[Check, ...]:
    """That an exposure could be in thousands with a dot, which is read as a decimal one."""
    name = source.data.exposure
    one = three_decimals(source.rows.column(name, "data.exposure")) if name else ""
    if not one:
        return ()
    said = (
        f"{name} has three decimals in every row, such as {one}, which is read as {float(one):g}: if the "
        f"dot separates thousands it should be {one.replace('.', '')}, and rates are shown a thousand "
        "times too high"
    )
    return (Check("decimals of the exposure", None, said),)


def dates_check(source: Source, today: date | None = None) -> tuple[Check, ...]:
    """That data which are not said to be simulated have periods that begin after today (by the clock
    of this machine, where no day is given)."""
    today = today or datetime.now(UTC).date()
    days = ((str(one), one.first_day) for one in sorted(set(source.periods)))
    ahead = [name for name, day in days if day is not None and day > today]
    if source.data.simulated or not ahead:
        return ()
    said = (
        f"{source.data.path.name} has figures of {span(ahead)}, and this machine's date is {today}: "
        "what has not begun cannot have been counted; if they are made up, `simulated = true` under "
        "[data] says so"
    )
    return (Check(DATES, False, said),)


def labels_of(source: Source) -> dict[str, tuple[str, ...]]:
    """The columns of a table that can make cells, by row: all but outcome, time and exposure."""
    used = (source.question.outcome, source.question.time, source.data.exposure)
    names = [name for name in source.rows.frame.columns if name not in used]
    return {name: tuple(source.rows.column(name, name)) for name in names}


def study_from(source: Source, design: Design) -> Study:
    """The study that a design answers: its treated areas and the index of its start.

    Raises InputError where a treated area is not there, or where the data end before the start.
    """
    question = source.question
    panel = panel_from(source, design)
    begins(source, panel.periods)
    start = int(np.searchsorted([one.at for one in panel.periods], question.start.at))
    return _study(source, panel, design, start)


def study_before(source: Source, design: Design) -> Study:
    """What is known of a study before its start: its last period before stands for one after."""
    if not source.before.periods:
        begins(source, sorted(set(source.periods)))
    panel = panel_from(source.before, design)
    least = least_before(design)
    if len(panel.periods) <= least:
        found = f"{counted(len(panel.periods))} before the start {source.question.start}"
        raise InputError(panel.where, found, f"more than {least}, to try the design on")
    return _study(source, panel, design, len(panel.periods) - 1)


def _study(source: Source, whole: Panel, design: Design, start: int) -> Study:
    """The study of a panel, without the areas that are compared with in no design. A total is
    looked for before they are taken out, which it holds, and after, which it may not."""
    question = source.question
    kept = [at for at, name in enumerate(whole.units) if name not in source.apart]
    panel = whole.of(kept) if len(kept) < len(whole.units) else whole
    treated = _treated(question, panel, design)
    if (
        panel is not whole
        and len(treated) == len(panel.units)
        and isinstance(design, ComparingDesign)
    ):
        raise _all_apart(source, whole)
    sums = totals(panel, treated)
    if panel is not whole:
        sums = tuple(dict.fromkeys((*totals(whole, [kept[at] for at in treated]), *sums)))
    least = least_before(design)
    return Study(panel, treated, start, question.level, question.seed, sums, least)


def _all_apart(source: Source, whole: Panel) -> InputError:
    """The error for a study whose areas to compare with are all looked at by other outcomes."""
    named = some([f"'{one}'" for one in source.apart if one in whole.units])
    found = f"no area to compare with but {named}, at which another outcome of the plan looks"
    expected = "an area that is `treated` in none: those are compared with nowhere"
    return InputError(whole.where, found, expected)


def _treated(question: Question, panel: Panel, design: Design) -> tuple[int, ...]:
    """Rows in the panel's order, so that nothing hangs on the order in which a plan names them."""
    if isinstance(design, CellDesign):
        return design.treated_cells(panel.labels)
    if not question.treated and len(panel.units) > 1:
        raise InputError(
            panel.where, f"{len(panel.units)} areas and none treated", "question.treated"
        )
    return tuple(sorted(panel.at(name) for name in question.treated)) or (0,)


def begins(source: Source, periods: Sequence[Period]) -> None:
    """Raises InputError where the start of a study is none of these periods, or the first."""
    start = source.question.start
    if start > periods[-1]:
        found = f"a last period of {periods[-1]}, before the start {start}"
        expected = (
            "data from the start on; until there are, `opendcr study power` says what they can show"
        )
        raise InputError(source.rows.where, found, expected)
    if start not in periods and start > periods[0]:
        near = [one for one in periods if one < start][-1:] + [
            one for one in periods if one > start
        ][:1]
        expected = f"one of them, such as {' or '.join(map(str, near))}"
        raise InputError(source.rows.where, f"no period {start}, the start", expected)
    if start <= periods[0]:
        found = f"a first period of {periods[0]}, and the start {start}"
        raise InputError(source.rows.where, found, "a start after the first periods of the data")


def data_checks(panel: Panel, data: Data, designs: Iterable[str]) -> tuple[Check, ...]:
    """What is to be known of the data, of which these designs are to tell."""
    apart = spacing(panel.periods)
    said = (
        f"the data have {apart} from {panel.periods[0]} to {panel.periods[-1]} "
        f"({len(panel.periods)}): periods that a design counts are these, a season's too"
    )
    periods = (Check("periods", None, said),) if apart else ()
    return (*periods, *exposure_check(panel, data), *sizes_check(panel, designs))
