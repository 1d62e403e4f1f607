"""The cells of a triple difference: rings by hours, and the contrasts that are made of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.cells import Chosen, Mask
from opendcr.evaluate.comparisons.errors import HALF
from opendcr.evaluate.comparisons.shifts import Contrast, NoisyContrast, odds_ratio
from opendcr.evaluate.panel import some
from opendcr.evaluate.study import Study

Real = NDArray[np.float64]


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
        missing = [one for one in self._rings if self.outwards and one not in self.outwards]
        verb = "is" if len(missing) == 1 else "are"
        return f"{some(missing)} {verb} left out of `rings`" if missing else ""

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
