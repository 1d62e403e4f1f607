"""Designs, one file each: what each reads from a plan, and how it answers.

A design is a frozen value, made of its table in a plan. It has a `fit`, which is quick enough to be
repeated thousands of times, and `checks`, which fit it again and again.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import ClassVar, Protocol, Self, runtime_checkable

from opendcr.evaluate.comparisons.cells import Labels
from opendcr.evaluate.estimate import Check, Estimate
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import LEAST_BEFORE, Study
from opendcr.keyed import Table


class Design(Protocol):
    """What every design has."""

    TITLE: ClassVar[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The further columns of a panel that it reads."""

    @classmethod
    def read(cls, table: Table) -> Self:
        """The design as its table in a plan says; InputError, naming the key, where it cannot be."""

    def fit(self, study: Study) -> Estimate:
        """The answer, without checks. Raises InputError where the panel does not allow it."""

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """The checks that travel with the answer; those with `effects` pass by what is decided."""

    def floor(self, study: Study) -> float | None:
        """The least p-value that the design could give; None where it has no floor. It reads no
        outcome from the start on."""


@runtime_checkable
class CellDesign(Design, Protocol):
    """A design whose areas are cells: each combination of some columns of text. `without_floor` is
    the option by which its test has no least p-value."""

    without_floor: ClassVar[str]

    @property
    def treated_in_words(self) -> str:
        """What its treated cells are."""

    def label_columns(self, labels: Labels) -> tuple[str, ...]:
        """The columns that make cells, among these (by row of the table)."""

    def treated_cells(self, labels: Labels) -> tuple[int, ...]:
        """The cells that are treated, by these labels (by cell)."""

    def rings_compared(self, study: Study) -> tuple[str, ...]:
        """The names of the rings that it compares with."""

    def crossed(self, labels: Labels) -> Labels:
        """The labels (by cell) that cross in the cells: what moves in all of the same label is taken
        out."""


@runtime_checkable
class ComparingDesign(Design, Protocol):
    """A design that compares the treated areas with others."""

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of those others in the study's panel."""


@runtime_checkable
class PlaceboDesign(Design, Protocol):
    """A design that treats other areas in turn, whose gaps can be drawn beside the answer's."""

    def placebo_gaps(self, study: Study) -> dict[str, list[float]]:
        """By area and period: observed less expected, on the scale of the answer's effects."""


@runtime_checkable
class DatedDesign(Design, Protocol):
    """A design whose table names periods before the start."""

    def planned_for(self, start: Period) -> Design:
        """The design as it would have been planned for an earlier start."""


@runtime_checkable
class MatchedDesign(Design, Protocol):
    """A design that may match areas on further columns of the panel."""

    def late_columns(self, start: Period) -> tuple[str, ...]:
        """Those that it takes as they are from a start on, too."""


@runtime_checkable
class SampledDesign(Design, Protocol):
    """A design that samples, and takes a second where others take milliseconds."""

    @property
    def quick(self) -> Design:
        """The design with fewer draws: its intervals are the same but for more error of sampling."""


def repeated(design: Design) -> Design:
    """The design as it is fitted again and again."""
    return design.quick if isinstance(design, SampledDesign) else design


# By the name of its table in a plan: the module of this folder, and the class in it.
DESIGNS = {
    "interrupted_time_series": "InterruptedTimeSeries",
    "difference_in_differences": "DifferenceInDifferences",
    "event_study": "EventStudy",
    "ratio_of_ratios": "RatioOfRatios",
    "triple_difference": "TripleDifference",
    "synthetic_control": "SyntheticControl",
    "augmented_synthetic_control": "AugmentedSyntheticControl",
    "synthetic_difference_in_differences": "SyntheticDifferenceInDifferences",
    "count_factors": "CountFactors",
    "bayesian_structural": "BayesianStructural",
}


def design_of(name: str) -> type[Design]:
    """The design of this name; KeyError where there is none."""
    module = import_module(f"opendcr.evaluate.designs.{name}")
    found: type[Design] = getattr(module, DESIGNS[name])
    return found


def compared_with(designs: Iterable[Design], study: Study) -> list[int]:
    """The rows of the areas that any of these designs compares the treated ones with, in the panel's
    order."""
    comparing = [one for one in designs if isinstance(one, ComparingDesign)]
    return sorted({at for one in comparing for at in one.compared_with(study)})


def late_columns(design: Design, start: Period) -> tuple[str, ...]:
    """The columns that a design matches areas on as they are from a start on, too."""
    return design.late_columns(start) if isinstance(design, MatchedDesign) else ()


def least_before(design: Design) -> int:
    """How many periods before the start a design asks for at least."""
    return int(getattr(design, "LEAST_BEFORE", LEAST_BEFORE))
