"""Rehearsals: the same study of starts at which nothing happened, in the treated area and in every
other. What a design claims there, it would claim of nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opendcr.errors import InputError
from opendcr.evaluate.designs import CellDesign, DatedDesign, Design, repeated
from opendcr.evaluate.estimate import Estimate
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import LEAST_BEFORE, Study

LEAST_SHARE_BEFORE = 0.5  # of the periods stand before the first start, where a plan names none


@dataclass(frozen=True)
class Rehearsed:
    """What a design said of an area and a start at which nothing began; `why_not` where it could not."""

    design: str
    unit: str
    start: str
    treated: bool
    found: Estimate | None
    why_not: str = ""
    level: float = 0.05

    @property
    def seen(self) -> bool | None:
        """Whether it claims an effect: its interval leaves out zero, or its p-value is low enough."""
        if self.found is None:
            return None
        if self.found.relative_interval is not None:
            low, high = self.found.relative_interval
            return low > 0 or high < 0
        return self.found.p_value is not None and self.found.p_value <= self.level

    def to_data(self) -> dict[str, Any]:
        """The row as JSON."""
        found = self.found
        interval = found.relative_interval if found else None
        return {
            "design": self.design, "unit": self.unit, "start": self.start, "treated": self.treated,
            "relative_effect": found.relative_effect if found else None,
            "low": interval[0] if interval else None, "high": interval[1] if interval else None,
            "p_value": found.p_value if found else None, "claims": self.seen, "why_not": self.why_not,
        }  # fmt: skip


def starts_of(before: Study, named: Sequence[Period]) -> list[int]:
    """The placebo starts as indices: those that a plan names, else each in the later half.

    Raises InputError for one that is no period from before the real start.
    """
    periods = before.panel.periods
    if not named:
        first = max(LEAST_BEFORE, round(len(periods) * LEAST_SHARE_BEFORE))
        return list(range(first, len(periods)))
    for one in named:
        if one not in periods[LEAST_BEFORE:]:
            expected = f"periods from {periods[LEAST_BEFORE]} to {periods[-1]}"
            raise InputError(before.panel.where, f"a rehearsal from {one}", expected)
    return [periods.index(one) for one in named]


def rehearse(
    designs: Mapping[str, Design],
    before: Mapping[str, Study],
    named: Sequence[Period],
    show: Callable[[int], None] = lambda done: None,
) -> list[Rehearsed]:
    """Each design, in each area and from each start.

    `before` are the designs' studies, which end before the real start; `named` the placebo starts,
    of which there may be none.
    """
    found = []
    for name, design in designs.items():
        study = before[name]
        for area in _areas(study, design):
            for start in starts_of(study, named):
                found.append(_rehearsed(name, design, study, area, start))
                show(len(found))
    return found


def _areas(study: Study, design: Design) -> list[tuple[int, ...]]:
    """The treated areas together, then each other area; cells stand for nothing by themselves."""
    if isinstance(design, CellDesign):
        return [study.treated]
    others = [at for at in study.donors_possible() if at not in study.treated]
    return [study.treated, *((at,) for at in others)]


def _rehearsed(
    name: str, design: Design, before: Study, area: tuple[int, ...], start: int
) -> Rehearsed:
    panel = before.panel
    unit = ", ".join(panel.units[at] for at in area)
    named = (name, unit, str(panel.periods[start]), area == before.treated)
    planned = (
        design.planned_for(panel.periods[start]) if isinstance(design, DatedDesign) else design
    )
    try:
        return Rehearsed(
            *named, repeated(planned).fit(before.starting(start, area)), level=before.level
        )
    except InputError as error:
        return Rehearsed(*named, None, f"{error.found}; expected {error.expected}")


def claims(rows: Sequence[Rehearsed]) -> list[dict[str, Any]]:
    """By design, of the treated areas and of the others: how many rehearsals claim an effect."""
    found = []
    for design in dict.fromkeys(one.design for one in rows):
        for treated in (True, False):
            of = [one for one in rows if one.design == design and one.treated == treated]
            told = [one for one in of if one.seen is not None]
            found.append({"design": design, "treated": treated, "rehearsals": len(of),
                          "answered": len(told), "claims": sum(bool(one.seen) for one in told)})  # fmt: skip
    return found
