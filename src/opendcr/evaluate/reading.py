"""From a plan's file of data to the study that its designs answer."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from opendcr.errors import InputError
from opendcr.evaluate.designs import CellDesign, Design
from opendcr.evaluate.estimate import Check
from opendcr.evaluate.exposures import exposure_check, linked, sizes_check
from opendcr.evaluate.panel import (
    Columns,
    Panel,
    Rows,
    cell_panel,
    panel_of,
    read_rows,
    totals,
    wide_panel,
)
from opendcr.evaluate.periods import Period, kinds, spacing
from opendcr.evaluate.plan import Data, Delayed, Question
from opendcr.evaluate.study import LEAST_BEFORE, Study


@dataclass(frozen=True)
class Source:
    """A file of data as one outcome of a plan uses it: the outcome's own, or its reporting triangle,
    whose rows also have an edition."""

    question: Question
    data: Data
    rows: Rows
    periods: tuple[Period, ...]  # of each row
    apart: tuple[str, ...] = ()  # areas that are compared with in no design
    editions: tuple[Period, ...] = ()

    @property
    def before(self) -> "Source":
        """Without the rows from the start on."""
        return self._kept([one < self.question.start for one in self.periods])

    @property
    def latest(self) -> Period:
        """The last period before the start, or of a triangle its last edition."""
        return max(self.editions or self.before.periods)

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
        """SHA-256 of the rows, whatever their order."""
        rows = sorted(",".join(str(cell) for cell in row) for row in self.rows.frame.iter_rows())
        return hashlib.sha256(
            "\n".join([",".join(self.rows.frame.columns), *rows]).encode()
        ).hexdigest()

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


def source_of(question: Question, data: Data) -> Source:
    """The rows of a plan's file in the periods that it uses."""
    rows = read_rows(data.path)
    periods = rows.periods(question.time)
    said = [question.start, *(data.breaks or ()), *(one for one in (data.first, data.last) if one)]
    if {one.kind for one in said} != {periods[0].kind}:
        found = f"{kinds(said)} in the plan and {kinds(periods)} in the data"
        raise InputError(f"{rows.where}, {question.time}", found, "periods of one kind")
    made = Source(question, data, rows, tuple(periods)).within()
    if not made.periods:
        raise InputError(
            rows.where, "no rows in the periods of the plan", "data from/to that has some"
        )
    return made


def triangle_source(question: Question, said: Delayed) -> Source:
    """The rows of the reporting triangle of an outcome."""
    rows = read_rows(said.path)
    periods = rows.periods(said.period, "nowcast.period")
    editions = rows.periods(said.edition, "nowcast.edition")
    return Source(question, Data(said.path), rows, tuple(periods), editions=tuple(editions))


def panel_from(source: Source, design: Design) -> Panel:
    """The panel of a source, as a design compares it; its `columns` hold those that the design
    reads and the outcome, as a rate where there is an exposure."""
    question, data = source.question, source.data
    others = tuple(name for name in design.columns if name != question.outcome)
    columns = Columns(question.outcome, question.time, question.unit, data.exposure, others)
    if isinstance(design, CellDesign):
        return cell_panel(source.rows, columns, design.label_columns(labels_of(source)))
    if question.treated and question.unit is None and not data.wide:
        found = "treated areas and no column of areas"
        raise InputError(source.rows.where, found, "`unit` under [question]")
    if data.wide:
        panel = wide_panel(source.rows, columns)
    else:
        panel = linked(panel_of(source.rows, columns), data)
    kept = [at for at, name in enumerate(panel.units) if name not in source.apart]
    panel = panel.of(kept) if len(kept) < len(panel.units) else panel
    return replace(panel, columns={**panel.columns, question.outcome: panel.rates})


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
    return _study(question, panel, design, start)


def study_before(source: Source, design: Design) -> Study:
    """What is known of a study before its start: its last period before stands for one after."""
    if not source.before.periods:
        begins(source, sorted(set(source.periods)))
    panel = panel_from(source.before, design)
    if len(panel.periods) <= LEAST_BEFORE:
        found = f"{len(panel.periods)} periods before the start {source.question.start}"
        raise InputError(panel.where, found, f"more than {LEAST_BEFORE}")
    return _study(source.question, panel, design, len(panel.periods) - 1)


def _study(question: Question, panel: Panel, design: Design, start: int) -> Study:
    treated = _treated(question, panel, design)
    return Study(panel, treated, start, question.level, question.seed, totals(panel, treated))


def _treated(question: Question, panel: Panel, design: Design) -> tuple[int, ...]:
    if isinstance(design, CellDesign):
        return design.treated_cells(panel.labels)
    if not question.treated and len(panel.units) > 1:
        raise InputError(
            panel.where, f"{len(panel.units)} areas and none treated", "question.treated"
        )
    return tuple(panel.at(name) for name in question.treated) or (0,)


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
