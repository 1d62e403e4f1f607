"""Rehearsals: the same study of starts at which nothing happened, in the treated area and in every
other. What a design claims there, it would claim of nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from opendcr.errors import InputError
from opendcr.evaluate.designs import CellDesign, DatedDesign, Design, repeated
from opendcr.evaluate.estimate import Estimate
from opendcr.evaluate.panel import some
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import LEAST_BEFORE, Study

REASONS = 3  # for refusals, that are told
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
    def claim(self) -> Literal["fall", "rise"] | None:
        """What it claims: its interval leaves out zero and its test chance; by the test alone where
        there is no interval."""
        if self.found is None or self.found.leaves_chance(self.level):
            return None
        low = high = self.found.relative_effect
        if self.found.relative_interval is not None:
            low, high = self.found.relative_interval
        elif self.found.p_value is None:
            return None
        return "fall" if high < 0 else "rise" if low > 0 else None

    @property
    def seen(self) -> bool | None:
        """Whether it claims an effect; None where it could give no answer."""
        return None if self.found is None else self.claim is not None

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
    """By design, of the treated areas and of the others: how many rehearsals were refused, and how
    many claim a fall or a rise."""
    found = []
    for design in dict.fromkeys(one.design for one in rows):
        for treated in (True, False):
            of = [one for one in rows if one.design == design and one.treated == treated]
            refused = sum(one.found is None for one in of)
            said = Counter(one.claim for one in of)
            found.append({"design": design, "treated": treated, "rehearsals": len(of),
                          "answered": len(of) - refused, "refused": refused,
                          "claims": said["fall"] + said["rise"], "falls": said["fall"],
                          "rises": said["rise"]})  # fmt: skip
    return found


def lines(rows: Sequence[Rehearsed]) -> Iterator[str]:
    """What was rehearsed as a table, and why some of it was refused."""
    yield f"{'design':38}{'area':10}{'rehearsed':>10}{'refused':>9}{'falls':>7}{'rises':>7}"
    for one in claims(rows):
        if one["rehearsals"]:
            counts = f"{one['rehearsals']:>10}{one['refused']:>9}{one['falls']:>7}{one['rises']:>7}"
            yield f"{one['design']:38}{'treated' if one['treated'] else 'others':10}{counts}"
    yield "Falls and rises are those that a design claims, of nothing."
    for design in dict.fromkeys(one.design for one in rows):
        yield from _refusals(design, [one for one in rows if one.design == design])


def _refusals(design: str, rows: Sequence[Rehearsed]) -> Iterator[str]:
    """Why a design refused, the reason that was given most often first."""
    why = Counter(one.why_not for one in rows if one.found is None)
    for reason, many in why.most_common(REASONS):
        starts = [one.start for one in rows if one.why_not == reason]
        yield f"{design}: {many} refused (from {some(list(dict.fromkeys(starts)))}): {reason}."
    if others := why.total() - sum(many for _, many in why.most_common(REASONS)):
        yield f"{design}: {others} refused for other reasons (`why_not` in rehearsal.csv)."
