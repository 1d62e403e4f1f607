"""Whether a plan can be run when its data are there: tried with what is known before its start.

Whatever `study run` would refuse for is told before a plan is locked, with the same words. Each
design is put to a panel whose periods after the start repeat those before it: no outcome from the
start on is read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from opendcr.errors import InputError, concerning
from opendcr.evaluate.delays.delayed import triangles_of
from opendcr.evaluate.designs import Design, compared_with
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period, rhythm_of
from opendcr.evaluate.plan import PRIMARY, Plan
from opendcr.evaluate.power import asked_of, periods_of
from opendcr.evaluate.reading import Source, begins, late_of, study_before
from opendcr.evaluate.study import Study

MOST = 60  # periods after the start that are tried


def ready(plan: Plan, sources: Mapping[str, Source]) -> None:
    """Tries every design on the plan's own outcome, the further outcomes, and its triangles.

    Raises InputError as a run would, for reviews that are no periods of the data, and for questions
    of power that have no answer.
    """
    for name in plan.answering:
        _tried(plan, sources[PRIMARY], name)
    for one in plan.outcomes:
        with concerning(f"outcomes.{one.name}"):
            tried = _tried(plan, sources[one.name], one.design)
            _triangles(sources.get(late_of(one.name)), tried, [plan.designs[one.design]])
    before = study_before(sources[PRIMARY], plan.designs[plan.primary])
    _reviewed(plan, before.panel)
    asked_of(plan, before)
    _triangles(sources.get(late_of(PRIMARY)), before, plan.answering.values())


def _tried(plan: Plan, source: Source, name: str) -> Study:
    """The study before its start, once the design of this name has answered to its imagined course."""
    design = plan.designs[name]
    before = study_before(source, design)
    begun = later(before, source, min(max(periods_of(plan, before)), MOST))
    with concerning(f"designs.{name}"):
        design.fit(begun)
    return before


def later(before: Study, source: Source, after: int) -> Study:
    """The study as it will stand so many periods from its start on, each as one before it was.
    Raises InputError where its start is no period of the data."""
    question = source.question
    panel = imagined(before.panel, question.start, after)
    begins(source, panel.periods)
    start = panel.periods.index(question.start)
    if question.outcome in panel.columns:
        # As a column that others are matched on, the outcome is known until the start alone.
        panel.columns[question.outcome][:, start:] = np.nan
    return replace(before, panel=panel, start=start)


def imagined(panel: Panel, start: Period, after: int) -> Panel:
    """A panel that ends before a start as if it went on until so many periods from it on, each as
    one before the start was."""
    known = len(panel.periods)
    count = rhythm_of(panel.periods).steps(panel.periods[-1], start) - 1 + after
    # Of periods that all come back equally often every area would have its mean, and none a change.
    again = known - 1 if after % known == 0 else known
    more = known - again + np.arange(count) % again
    places = np.concatenate([np.arange(known), more])
    return replace(
        panel.longer(count),
        outcome=panel.outcome[:, places],
        columns={name: one[:, places] for name, one in panel.columns.items()},
    )


def _reviewed(plan: Plan, panel: Panel) -> None:
    """Raises InputError for a review after a period that the data will not have."""
    rhythm, start = rhythm_of(panel.periods), plan.question.start
    for one in plan.reviews.periods if plan.reviews else ():
        if not rhythm.meets(start, one):
            near = [rhythm.after(start, rhythm.steps(start, one) + more) for more in (0, 1)]
            expected = f"a period of the data, such as {near[0]} or {near[1]}"
            raise InputError(f"{plan.path}, reviews.after", f"a review after {one}", expected)


def _triangles(late: Source | None, before: Study, designs: Iterable[Design]) -> None:
    """Reads what a triangle's file says of periods before the start, in editions before it."""
    if late is None or late.delayed is None:
        return
    start = late.question.start
    known = [max(both) < start for both in zip(late.periods, late.editions, strict=True)]
    rows, said = late.rows.where_true(known), late.delayed
    if any(known):
        triangles_of(rows, said, before, compared_with(designs, before))
    rows.column(said.count, said.count)
