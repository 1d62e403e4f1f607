"""Triple difference: near or far × inside or outside opening hours × before or after."""

from dataclasses import dataclass, replace
from itertools import compress
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.comparisons import ring_checks, robustness
from opendcr.evaluate.comparisons.cells import Chosen, Labels, Mask, Outwards, Selection
from opendcr.evaluate.comparisons.ring_cells import Cells
from opendcr.evaluate.comparisons.shifts import (
    Contrast,
    Interval,
    floor,
)
from opendcr.evaluate.displacement import NEAR, NEAR_INSIDE, NET, NET_INSIDE
from opendcr.evaluate.estimate import (
    Bounds,
    Check,
    Estimate,
    Part,
    Untold,
    bounds_of_ratio,
    estimate_of,
)
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

Real = NDArray[np.float64]
KEYS = ("near", "inside_hours", "far", "rings", "inference")
_ALIKE = "this would have moved as the farthest ring did in the same hours"


_ONE_COLUMN = "near and inside hours are chosen in one column, which does not tell rings from hours"
_NEAR_BEYOND = "a near ring lies beyond the farthest that is compared with"


@dataclass(frozen=True)
class TripleDifference:
    """Event counts of cells: ring × hours, by period.

    log mean = log exposure + cell + near × period + inside × period + effect near, inside and from
    the start on: what happens near at all hours, and what happens everywhere inside hours, are both
    taken out period by period. docs/methods/studies/triple_difference.md.
    """

    near: Selection
    inside_hours: Selection
    rings: Outwards
    far: Selection | None = None
    inference: Literal["shifts", "quasi_poisson"] = "shifts"

    TITLE: ClassVar[str] = "Triple difference"
    columns: ClassVar[tuple[str, ...]] = ()
    without_floor: ClassVar[str] = 'inference = "quasi_poisson"'

    @classmethod
    def read(cls, table: Table) -> Self:
        """The design as its table says: `near` and `inside_hours` choose cells; `far` those that
        are compared with (all others); `rings` are their rings from the room outwards, where their
        names do not say it; `inference` is shifts or quasi_poisson."""
        Table.of(table.where, table.name, table.data, KEYS)
        inference: Any = table.one_of("inference", ("shifts", "quasi_poisson"), "shifts")
        return cls(
            Selection.read(table, "near"),
            Selection.read(table, "inside_hours"),
            Outwards.read(table, "rings"),
            Selection.read(table, "far") if "far" in table else None,
            inference,
        )

    @property
    def treated_in_words(self) -> str:
        """What its treated cells are, by the plan's own choice."""
        near, inside = self.near.in_words, self.inside_hours.in_words
        return f"the cells near ({near}) and inside hours ({inside})"

    def label_columns(self, labels: Labels) -> tuple[str, ...]:
        """The columns in which near, inside and far are chosen."""
        chosen = [self.near, self.inside_hours, *([self.far] if self.far else [])]
        return tuple(dict.fromkeys(one.of(labels).column for one in chosen))

    def treated_cells(self, labels: Labels) -> tuple[int, ...]:
        """The rows of the cells near and inside hours; InputError where one of the four groups has
        none, or the plan's own order of rings does not fit them."""
        near, _, hours, *_ = self._chosen(labels)
        return tuple(int(one) for one in np.flatnonzero(near.mask & hours.mask))

    def _chosen(self, labels: Labels) -> tuple[Chosen, Mask, Chosen, tuple[str, ...], str]:
        """By these labels: the near cells, those compared with, those inside hours, and the rings
        outwards, or none and why their order is not known."""
        near, hours = self.near.of(labels), self.inside_hours.of(labels)
        inside = hours.mask
        far = ~near.mask if self.far is None else self.far.of(labels).mask & ~near.mask
        groups = {
            "near and inside hours": near.mask & inside,
            "near and outside hours": near.mask & ~inside,
            "far and inside hours": far & inside,
            "far and outside hours": far & ~inside,
        }
        for name, cells in groups.items():
            if not cells.any():
                raise InputError(self.near.where, f"no cell {name}", "cells near and far, by hours")
        if near.column == hours.column:
            return near, far, hours, (), _ONE_COLUMN
        rings = labels[near.column]
        compared = list(compress(rings, far))
        try:
            outwards = self.rings.of(rings, near.values, compared)
        except InputError as unknown:  # the effect is of near and far alone
            if self.rings.named:
                raise
            return near, far, hours, (), f"there are {unknown.found}, and the plan has no `rings`"
        nearest = min(near.values, key=outwards.index)
        if outwards.index(nearest) > max(map(outwards.index, compared)):
            found = f"'{nearest}', farther out than every ring that is compared with"
            if self.rings.named:
                raise InputError(self.near.where, found, "a ring nearer than one of those")
            # Numbers of districts, perhaps, and no distances.
            why = f"by its name the near ring is {found}, and the plan has no `rings`"
            return near, far, hours, (), why
        return near, far, hours, outwards, ""

    def crossed(self, labels: Labels) -> Labels:
        """Rings and hours; near and inside themselves, where both are chosen in one column."""
        near, inside = self.near.of(labels), self.inside_hours.of(labels)
        if near.column != inside.column:
            return {one.column: labels[one.column] for one in (near, inside)}
        masks = {"near": near.mask, "inside": inside.mask}
        return {name: tuple(map(str, mask)) for name, mask in masks.items()}

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of all other cells: of the rings between, displacement is read."""
        return tuple(at for at in range(len(study.panel.units)) if at not in study.treated)

    def cells(self, study: Study) -> Cells:
        """The study's cells; InputError where others are treated, or the panel does not allow it."""
        panel = study.panel
        near, far, hours, outwards, unordered = self._chosen(panel.labels)
        if set(np.flatnonzero(near.mask & hours.mask).tolist()) != set(study.treated):
            raise InputError(panel.where, "other treated cells", "those near and inside hours")
        panel.complete(np.flatnonzero(near.mask | far).tolist())
        return Cells(study, near, far, hours.mask, outwards, unordered)

    def fit(self, study: Study) -> Estimate:
        """The effect near and inside hours; in `parts` what each ring had, and all together."""
        cells = self.cells(study)
        series = cells.triple(cells.near.mask, cells.far)
        p, relative = self.ranked(series, study.level)
        scale = study.panel.people[list(study.treated)].sum(axis=0)
        expected = cells.expected(cells.near.mask, cells.far, series.relative) / scale
        rates = study.panel.outcome[list(study.treated)].sum(axis=0) / scale - expected
        parts = self._parts(cells)
        return estimate_of(
            study,
            expected,
            Bounds() if relative is None else bounds_of_ratio(study, expected, relative),
            self._inference(study, relative),
            p_value=p,
            p_floor=self.floor(study),
            pre_rmspe=float(np.sqrt(np.mean(rates[: study.start] ** 2))),
            placebos=ring_checks.placebo_rings(cells),
            parts={name: one for name, one in parts.items() if isinstance(one, Part)},
            untold={name: one for name, one in parts.items() if isinstance(one, Untold)},
        )

    def ranked(self, series: Contrast, level: float) -> tuple[float, Interval | None]:
        """The p-value and the interval of a series' relative effect."""
        if self.inference == "quasi_poisson":
            return series.quasi(level)
        return series.p_value(), series.interval(level)

    def _inference(self, study: Study, interval: Interval | None) -> str:
        if self.inference == "quasi_poisson":
            return ("By Student's t on the log ratio, its error from counts with the dispersion and "
                    "autocorrelation of the residuals.")  # fmt: skip
        said = (
            f"By rank among the {len(study.panel.periods)} cyclic shifts of the residuals in time; "
            f"p cannot be below {self.floor(study):.3g}"
        )
        return said + ("." if interval else ", so that no interval of this level can be had.")

    def _parts(self, cells: Cells) -> dict[str, Part | Untold]:
        """By ring but the farthest, inside hours: as the effect itself, beside the farthest ring
        alone, so that what happens in a ring at all hours and everywhere by the hour is taken out.
        Those of other rings than the near ones are displacement, and share the level (Bonferroni).
        """
        rings, level = cells.within, cells.study.level
        if not rings:
            return {NET_INSIDE: Untold(cells.unordered or _NEAR_BEYOND)}
        others = [one for one in rings if one not in cells.near.values]
        share = level / max(len(others), 1)
        asked: dict[str, tuple[tuple[str, ...], bool]]
        asked = {f"{one}, inside hours": ((one,), one in others) for one in rings}
        if len(cells.near.values) > 1:
            asked[NEAR_INSIDE] = (cells.near.values, False)
        if others:
            asked[NET_INSIDE] = (rings, False)
        made: dict[str, Part | Untold] = {
            name: self._by_hours(cells, ours, share if into else level, into)
            for name, (ours, into) in asked.items()
        }
        made |= self._as_rings_move(cells, level, share)
        if cells.left_out:
            made |= dict.fromkeys((NET_INSIDE, NET), Untold(cells.left_out))
        return made

    def _by_hours(
        self, cells: Cells, rings: tuple[str, ...], level: float, into: bool
    ) -> Part | Untold:
        """Some rings inside beside outside hours, beside the farthest inside beside outside."""
        lacking = cells.lacking((*rings, cells.farthest))
        if lacking:
            return Untold(lacking, into)
        ours, others = cells.ring(*rings), cells.ring(cells.farthest)
        try:
            series = cells.triple(ours, others)
        except InputError as error:  # a ring where nothing ever happened has no ratio
            return Untold(error.found, into)
        after = slice(cells.study.start, None)
        counted = float(cells.sums(ours & cells.inside)[0][after].sum())
        expected = float(cells.expected(ours, others, series.relative)[after].sum())
        return replace(self._part(series, level, (counted, expected)), displacement=into)

    def _as_rings_move(self, cells: Cells, level: float, share: float) -> dict[str, Part | Untold]:
        """What no hours by themselves can be taken out of: near outside hours, where events may
        have gone in time, near at all hours, and all rings but the farthest at all hours. They are
        beside the farthest ring, and rest on rings that would have moved alike."""
        far, outside = cells.ring(cells.farthest), ~cells.inside
        made = {
            f"{ring}, outside hours": self._alike(
                cells, cells.ring(ring) & outside, far & outside, share, into=True
            )
            for ring in cells.near.values
        }
        at_all_hours = {NEAR: cells.near.values}
        if set(cells.within) - set(cells.near.values):
            at_all_hours[NET] = cells.within
        for name, rings in at_all_hours.items():
            lacking = cells.lacking((*rings, cells.farthest))
            alike = self._alike(cells, cells.ring(*rings), far, level, into=False)
            made[name] = Untold(lacking) if lacking else alike
        return made

    def _alike(
        self, cells: Cells, ours: Mask, others: Mask, level: float, into: bool
    ) -> Part | Untold:
        """Some cells beside others that would have moved alike."""
        try:
            series = cells.double(ours, others)
        except InputError as error:
            return Untold(error.found, into)
        part = self._part(series, level, series.totals)
        return replace(part, displacement=into, assumes=_ALIKE)

    def _part(self, series: Contrast, level: float, totals: tuple[float, float]) -> Part:
        low, high = _finite(self.ranked(series, level)[1])
        return Part(series.relative, low, high, *totals, level=level)

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """Drift and starts before, placebo rings, rings left out, dispersion, displacement."""
        cells = self.cells(study)
        series = cells.triple(cells.near.mask, cells.far)
        errors = ring_checks.correlation(series, self.inference == "quasi_poisson")
        return (
            ring_checks.trend(series, study.level),
            robustness.earlier_starts(study, self.fit),
            robustness.other_starts(self, study),
            ring_checks.rings(found, series),
            ring_checks.without_each_ring(cells),
            ring_checks.events_far_away(cells),
            ring_checks.dispersion(series),
            errors,
            ring_checks.displacement(replace(found, checks=(errors,)), cells),
        )

    def rings_compared(self, study: Study) -> tuple[str, ...]:
        """The names of the rings compared with, outwards."""
        return self.cells(study).far_rings

    def floor(self, study: Study) -> float | None:
        """One over the number of periods, which is how many shifts there are, or two where as many
        are after the start as before."""
        if self.inference != "shifts":
            return None
        return floor(len(study.panel.periods), study.after)


def _finite(interval: Interval | None) -> tuple[float | None, float | None]:
    if interval is None:
        return None, None
    low, high = interval
    return low, high if np.isfinite(high) else None
