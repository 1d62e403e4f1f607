"""Whether another plan asks the same as this one: of several answers, one may please by chance."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from opendcr.errors import InputError
from opendcr.evaluate.designs import DESIGNS, CellDesign, Design, design_of
from opendcr.evaluate.held import held_of
from opendcr.evaluate.plan import PRIMARY, Plan
from opendcr.evaluate.reading import Source, labels_of
from opendcr.keyed import Table


def asks_the_same(plan: Plan, source: Source, there: Mapping[str, Any]) -> bool:
    """Whether what a lock beside a plan holds is of the plan's outcome, in the same data, and of an
    area or cell that both call treated, whatever the start: several starts are several chances.
    `source` is the plan's own data."""
    asked = there["plan"]["content"]
    same = asked["question"]["outcome"] == plan.question.outcome
    return same and _same_data(plan, source, there) and _same_place(plan, source, asked)


def _same_data(plan: Plan, source: Source, there: Mapping[str, Any]) -> bool:
    """The same file, or one that before the start says the same of any area, or of most periods that
    both have: what is corrected in one place, or goes on, is still the same."""
    path = plan.path.parent / there["plan"]["content"]["data"]["path"]
    if path.resolve() == plan.data.path.resolve():
        return True
    held, own = there["data"][PRIMARY], held_of(source)
    opened = {one["period"] for one in held.get("open", ())}
    areas, periods = (_alike(held.get(one, {}), own[one], opened) for one in ("areas", "periods"))
    return any(areas) or 2 * sum(periods) > len(periods)


def _alike(held: Mapping[str, str], own: Mapping[str, str], opened: set[str]) -> list[bool]:
    """Of each area or period that both have, and that was not open, whether they say the same."""
    return [held[one] == own[one] for one in (held.keys() & own.keys()) - opened]


def _same_place(plan: Plan, source: Source, asked: Mapping[str, Any]) -> bool:
    """An area that both call treated, or a cell; a single series where neither names any."""
    ours = _cells(plan.answering.values(), source)
    theirs = _cells(_designs(plan.path, asked["designs"]), source)
    if not ours and not theirs:
        ours = {*plan.question.treated}
        theirs = {str(one) for one in asked["question"].get("treated", ())}
    return bool(ours & theirs) or not (ours or theirs)


def _designs(path: Path, tables: Mapping[str, Any]) -> Iterator[Design]:
    """The designs of another plan; without those that this version does not know."""
    whole = Table(str(path), "designs", tables)
    for name in tables:
        if name in DESIGNS:
            with suppress(InputError):
                yield design_of(name).read(whole.table(name))


def _cells(designs: Iterable[Design], source: Source) -> set[str | int]:
    """The rows of the cells that designs call treated; none where a design has no cells, or where
    these are not in the data."""
    found: set[str | int] = set()
    for one in designs:
        if isinstance(one, CellDesign):
            with suppress(InputError):
                found.update(one.treated_cells(labels_of(source)))
    return found
