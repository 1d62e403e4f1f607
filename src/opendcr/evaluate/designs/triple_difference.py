"""Triple difference: near or far × inside or outside opening hours × before or after."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.comparisons import robustness
from opendcr.evaluate.comparisons.cells import Chosen, Labels, Mask, Outwards, Selection
from opendcr.evaluate.comparisons.errors import HALF
from opendcr.evaluate.comparisons.shifts import (
    Contrast,
    Interval,
    NoisyContrast,
    floor,
    odds_ratio,
)
from opendcr.evaluate.decision import between, holds
from opendcr.evaluate.displacement import NEAR, NEAR_INSIDE, NET, NET_INSIDE, ruled_out
from opendcr.evaluate.estimate import (
    SURE_ERRORS,
    Bounds,
    Check,
    Estimate,
    Part,
    Placebo,
    Untold,
    bounds_of_ratio,
    estimate_of,
    p_said,
    trend_found,
)
from opendcr.evaluate.panel import some
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

Real = NDArray[np.float64]
KEYS = ("near", "inside_hours", "far", "rings", "inference")
_ALIKE = "this would have moved as the farthest ring did in the same hours"
_SILENT = 3  # periods without an event at the end, in a ring that had some in every one before
_ENOUGH = 5  # events a period far away, inside hours and outside, for an estimate that is not rough


_ONE_COLUMN = "near and inside hours are chosen in one column, which does not tell rings from hours"
_NEAR_BEYOND = "a near ring lies beyond the farthest that is compared with"


@dataclass(frozen=True)
class Cells:
    """The cells of a study: counts by area and period, which are near, far and inside hours, and the
    rings `outwards`: none where their order is not known, and `unordered` says why."""

    study: Study
    near: Chosen
    far: Mask
    inside: Mask
    outwards: tuple[str, ...]
    unordered: str = ""

    @cached_property
    def ring_of(self) -> NDArray[np.str_]:
        """By cell: its ring, in the column of which the near cells are chosen."""
        return np.array(self.study.panel.labels[self.near.column])

    @cached_property
    def within(self) -> tuple[str, ...]:
        """The rings within the farthest that is compared with, outwards, those too that are neither
        near nor far; none where a near one is not among them."""
        inner = self.outwards[: self.outwards.index(self.farthest)] if self.outwards else ()
        return inner if set(self.near.values) <= set(inner) else ()

    @cached_property
    def _known(self) -> Mask:
        """Cells that are near or far, and those of rings that are neither and have no gap."""
        used, gaps = self.near.mask | self.far, ~np.isfinite(self.study.panel.rates).all(axis=1)
        return np.asarray(used | ~np.isin(self.ring_of, self.ring_of[used | gaps]))

    @cached_property
    def far_rings(self) -> tuple[str, ...]:
        """The rings that are compared with, outwards; as they come where their order is not known."""
        compared = dict.fromkeys(str(one) for one in self.ring_of[self.far])
        return tuple(one for one in self.outwards or compared if one in compared)

    @property
    def farthest(self) -> str:
        """The farthest ring that is compared with."""
        return self.far_rings[-1]

    @cached_property
    def left_out(self) -> str:
        """That the plan's order leaves out a ring, of which nobody then knows whether it lies within
        the farthest; empty where it leaves none out."""
        every = dict.fromkeys(str(one) for one in self.ring_of)
        missing = [one for one in every if self.outwards and one not in self.outwards]
        return (
            f"{some(missing)} {'is' if len(missing) == 1 else 'are'} left out of `rings`"
            if missing
            else ""
        )

    def lacking(self, rings: Iterable[str]) -> str:
        """What one of some rings lacks, so that hours cannot be compared in it; empty where none
        does."""
        for one in rings:
            cells = self.ring(one)
            if not cells.any():
                return f"{one} has a period without a count"
            for named, band in (("inside", self.inside), ("outside", ~self.inside)):
                if not (cells & band).any():
                    return f"{one} has no cell {named} hours"
        return ""

    def sums(self, cells: Mask) -> tuple[Real, Real]:
        """By period: counts and exposures of some cells together."""
        panel = self.study.panel
        return panel.outcome[cells].sum(axis=0), panel.people[cells].sum(axis=0)

    def triple(self, near: Mask, far: Mask) -> Contrast:
        """Near cells inside hours, beside those outside and the far ones by the hour: the odds ratio
        of a table of four by period, so that no count by itself stands below a line."""
        tables, people = self._tables(near, far)
        of_a, of_b, of_c, of_d = people
        series = odds_ratio(tables, (of_a / of_b) * (of_d / of_c), self.study.start)
        self._told(series.counts, series.base)
        after = series.after
        if tables[0, after].any() and not series.counts[after].any():
            found = "no period after with events both near inside hours and far outside them"
            raise InputError(self.study.panel.where, found, "one or more")
        return series

    def expected(self, near: Mask, far: Mask, relative: float) -> Real:
        """By period: counts near and inside hours, had there been no such effect. In each period as
        the other cells move, and over the periods before and after as the effect says."""
        (a, b, c, d), people = self._tables(near, far)
        of_a, of_b, of_c, of_d = people
        # One more event far outside: its reciprocal is nearly unbiased and there in every period.
        moved = of_a * (b / of_b) * (c / of_c) * (of_d / (d + 1))
        before, after = slice(0, self.study.start), slice(self.study.start, None)
        level = a[before].sum() / moved[before].sum()
        later = a[after].sum() / (1 + relative) / moved[after].sum() if a[after].any() else level
        return np.concatenate([moved[before] * level, moved[after] * later])

    def _tables(self, near: Mask, far: Mask) -> tuple[Real, Real]:
        """Counts and exposures by period: near inside and outside, far inside and outside hours."""
        inside = self.inside
        groups = (near & inside, near & ~inside, far & inside, far & ~inside)
        self._some(*groups)
        counts, people = zip(*(self.sums(one) for one in groups), strict=True)
        return np.array(counts), np.array(people)

    def double(self, cells: Mask, compared: Mask) -> Contrast:
        """Some cells beside others."""
        self._some(cells, compared)
        (counts, people), (c, of_c) = self.sums(cells), self.sums(compared)
        base = people * c / of_c
        self._told(counts, base)
        return NoisyContrast(counts, base, self.study.start, 1 / np.maximum(c, HALF))

    def _some(self, *groups: Mask) -> None:
        """InputError where a group has no cell."""
        if not all(one.any() for one in groups):
            raise InputError(self.study.panel.where, "no cell to compare with", "one or more")

    def _told(self, counts: Real, base: Real) -> None:
        """InputError where there is nothing to be compared, or to compare with."""
        start, where = self.study.start, self.study.panel.where
        for total, what in ((base, "the cells compared with"), (counts, "the cells")):
            if total[:start].sum() == 0:
                raise InputError(where, f"no event in {what} before the start", "some")
        if base[start:].sum() == 0:
            raise InputError(where, "no event in the cells compared with from the start on", "some")

    def ring(self, *names: str) -> Mask:
        """The cells of some rings: those near or far, or all of a ring that is neither."""
        return np.asarray(sum((self._rings[one] for one in names), np.zeros_like(self.far)))

    @cached_property
    def _rings(self) -> dict[str, Mask]:
        """By ring: its cells."""
        names = dict.fromkeys(self.ring_of.tolist())
        return {one: np.asarray((self.ring_of == one) & self._known) for one in names}


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
        none, nothing says in what order rings stand, or the near ones are the farthest."""
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
            return (
                near,
                far,
                hours,
                (),
                f"by its name the near ring is {found}, and the plan has no `rings`",
            )
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
            placebos=_placebo_rings(cells),
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
        errors = _correlation(series, self.inference == "quasi_poisson")
        return (
            _trend(series, study.level),
            robustness.earlier_starts(study, self.fit),
            robustness.other_starts(self, study),
            _rings(found, series),
            _without_each_ring(cells),
            _events_far_away(cells),
            _dispersion(series),
            errors,
            _displacement(replace(found, checks=(errors,)), cells),
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


def _placebo_rings(cells: Cells) -> tuple[Placebo, ...]:
    """Each far ring as if it were near, compared with the other far rings."""
    rings = cells.far_rings
    if len(rings) < 2:
        return ()
    made = []
    for ring in rings:
        others = cells.ring(*(one for one in rings if one != ring))
        try:
            series = cells.triple(cells.ring(ring), others)
        except InputError:
            continue
        made.append(Placebo(_standard(series), ring, None, series.relative))
    return tuple(made)


def _standard(series: Contrast) -> float:
    """How far the log ratio is from none, in standard errors."""
    observed, expected = series.totals
    return float(abs(np.log((observed + HALF) / (expected + HALF))) / series.error[0])


def _rings(found: Estimate, series: Contrast) -> Check:
    name, own = "placebo rings", _standard(series)
    if not found.placebos:
        return Check(name, None, "left out: no far ring can be compared with other far rings")
    extreme = sum(one.ratio >= own for one in found.placebos)
    total = 1 + len(found.placebos)
    said = ", ".join(f"{one.unit} {one.relative_effect:+.1%}" for one in found.placebos)
    detail = (
        f"rank p = {(1 + extreme) / total:.3g} (at least {1 / total:.3g}); each far ring: {said}"
    )
    return Check(name, None, detail)


def _without_each_ring(cells: Cells) -> Check:
    name, rings, effects = "each far ring left out", cells.far_rings, {}
    for ring in rings:
        left = cells.ring(*(one for one in rings if one != ring)) & ~cells.near.mask
        with suppress(InputError):  # it alone has the cells or the events that are compared with
            effects[ring] = cells.triple(cells.near.mask, left).relative
    if not effects:
        return Check(name, None, "no far ring can be left out")
    said = ", ".join(f"{one:+.1%} without {ring}" for ring, one in effects.items())
    return Check(name, None, said, effects=tuple(effects.values()))


def _events_far_away(cells: Cells) -> Check:
    """Whether the far cells have events enough by period to say what the hours do by themselves."""
    groups = {"inside hours": cells.far & cells.inside, "outside hours": cells.far & ~cells.inside}
    usual = {
        f"{name} {when}": float(part.mean())
        for name, group in groups.items()
        for when, part in zip(
            ("before", "after"), np.split(cells.sums(group)[0], [cells.study.start]), strict=True
        )
    }
    detail = (
        f"a period: {', '.join(f'{one:.1f} {name}' for name, one in usual.items())}; with fewer than "
        f"{_ENOUGH} the estimate is rough, and on average too high"
    )
    if silent := [ring for ring in cells.far_rings if _stops(cells, cells.ring(ring) & cells.far)]:
        detail += f"; {some(silent)} had events in every period before, and none in the last ones"
    return Check("events far away", min(usual.values()) >= _ENOUGH and not silent, detail)


def _stops(cells: Cells, ring: Mask) -> bool:
    """Whether a ring falls silent, inside hours or outside: an extract that is not there yet,
    perhaps."""
    bands = (cells.sums(ring & band)[0] for band in (cells.inside, ~cells.inside))
    start = cells.study.start
    return any(one[:start].all() and not one[start:][-_SILENT:].any() for one in bands)


def _trend(series: Contrast, level: float) -> Check:
    """Drift before: the slope of the residuals, ranked among their cyclic shifts."""
    name, count = "trend before", series.start
    if count < 8:
        return Check(name, None, f"{count} periods before are too few for a trend")
    residuals = series.residuals[:count]
    time = np.arange(count) - (count - 1) / 2
    slopes = np.array([np.roll(residuals, by) @ time for by in range(count)])
    p = float((np.abs(slopes) >= abs(slopes[0]) * (1 - 1e-9)).mean())
    slope = slopes[0] / (time @ time)
    detail = f"{slope:+.3g} standard deviations a period, {p_said(p)} among {count} shifts"
    return Check(name, p > level, detail, "" if p > level else trend_found(level))


def _dispersion(series: Contrast) -> Check:
    detail = (
        f"Pearson's dispersion {series.dispersion:.2f} near and inside hours (1: Poisson); shifts "
        "and quasi-Poisson errors both allow for it"
    )
    return Check("overdispersion", None, detail)


def _correlation(series: Contrast, quasi: bool) -> Check:
    """Cyclic shifts keep correlation in time, and yet hold too little where it is strong; nor are
    the periods of a season exchangeable. Quasi-Poisson errors hold far too little."""
    least = 2 / np.sqrt(len(series.counts))
    passed, lasts = bool(abs(series.correlation) <= least), series.correlation > least
    detail = f"at lag 1: {series.correlation:+.2f} (chance: ±{least:.2f}){_LASTS if lasts else ''}"
    surely = series.correlation > SURE_ERRORS * least / 2
    narrow = f"errors that last ({series.correlation:.2f} at lag 1) are allowed too little"
    return Check(
        "residual autocorrelation", passed, detail, narrow=narrow if quasi and surely else ""
    )


_LASTS = (
    "; shocks that last make intervals hold less than they say, also those by shifts where it is "
    "strong; a season of the near cells inside hours alone shows here too, and looks like an effect "
    "where the periods from the start on are no whole years"
)


def _displacement(found: Estimate, cells: Cells) -> Check:
    """Whether displacement that undoes a fall is ruled out. A rise in another ring, by what the
    design itself assumes, fails it; what rests on rings that move alike can keep it from passing."""
    parts = {
        name: one
        for name, one in (found.parts or {}).items()
        if one.displacement or name in (NET_INSIDE, NEAR, NET)
    }
    said = [f"{name} {_said(one)}" for name, one in parts.items() if not one.assumes]
    passed = ruled_out(found)
    asked = NET_INSIDE in parts or NET_INSIDE in found.untold
    said.insert(0, _RULED_OUT[passed] if asked else _NO_RING)
    said += [f"{name} {_said(one)} if {one.assumes}" for name, one in parts.items() if one.assumes]
    said += [f"{name} not told: {one.why}" for name, one in found.untold.items()]
    if len(cells.outwards) > 2:
        said.append(f"{cells.farthest} is taken as the farthest ring")
    return Check("displacement", passed, "; ".join(said))


_NO_RING = "no ring between the near ones and the farthest, from which it could be read"
_RULED_OUT = {
    False: "a rise in another ring is shown",
    True: "a fall is left in all rings but the farthest together, inside hours and at all hours, and "
    "near at all hours, so that not all of it went elsewhere",
    None: "whether events went to other rings or other hours cannot be told",
}


def _said(part: Part) -> str:
    effect = f"{part.relative_effect:+.1%}"
    if part.interval is None or part.level is None:
        return f"{effect} (no interval)"
    return f"{effect} ({between(part.interval)}, {holds(part.level)} interval)"
