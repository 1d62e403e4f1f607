"""What studies of rooms elsewhere estimated: as printed, with what speaks against each.

Not a systematic review. Of a study whose figure was not read in a source only its direction stands
here, or that it is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from opendcr.published.figures import rows_of

FILE = "effects"

Measure = Literal["rate_ratio", "percent_change", "hazard_ratio", "trend_ratio", "coefficient",
                  "rate_difference", "direction"]  # fmt: skip
Domain = Literal[
    "confounding", "selection", "exposure", "outcome", "precision", "comparison", "figures"
]
Interval = tuple[float, float]

_MEASURES: dict[str, Measure] = {one: one for one in get_args(Measure)}
_DOMAINS: dict[str, Domain] = {one: one for one in get_args(Domain)}


@dataclass(frozen=True)
class Concern:
    """What speaks against an estimate: a domain after ROBINS-I, or precision or figures that were
    not read, and the reason."""

    domain: Domain
    reason: str


@dataclass(frozen=True)
class Effect:
    """One estimate of one study.

    `estimate` is on the scale that `measure` names (percent_change in percent), None where only a
    direction was read; `interval` is of 95 %, None where none was read. `expected` says whether the
    estimate is against what was expected without the room, and not against the time before alone;
    `comparison` what is compared, `printed` what stands in the source.
    """

    study: str
    year: int
    place: str
    family: str
    outcome: str
    measure: Measure
    estimate: float | None
    interval: Interval | None
    printed: str
    design: str
    expected: bool
    comparison: str
    concerns: tuple[Concern, ...]
    source_url: str

    @property
    def ratio(self) -> float | None:
        """The estimate as a ratio; None where it is not one on any scale."""
        return None if self.estimate is None else self._as_ratio(self.estimate)

    @property
    def ratio_interval(self) -> Interval | None:
        """The interval as one of the ratio."""
        ends = [self._as_ratio(one) for one in self.interval or ()]
        return (ends[0], ends[1]) if ends and ends[0] is not None and ends[1] is not None else None

    def _as_ratio(self, value: float) -> float | None:
        if self.measure == "percent_change":
            return 1 + value / 100
        return value if self.measure in ("rate_ratio", "hazard_ratio", "trend_ratio") else None


@cache
def effects_of_rooms() -> tuple[Effect, ...]:
    """Every estimate that ships, outcome by outcome."""
    return tuple(_effect(row) for row in rows_of(FILE))


def _effect(row: Mapping[str, str]) -> Effect:
    ends = (float(row["low"]), float(row["high"])) if row["low"] else None
    return Effect(
        row["study"],
        int(row["year"]),
        row["place"],
        row["family"],
        row["outcome"],
        _MEASURES[row["measure"]],
        float(row["estimate"]) if row["estimate"] else None,
        ends,
        row["printed"],
        row["design"],
        row["expected"] == "yes",
        row["comparison"],
        tuple(_concern(one) for one in row["concerns"].split("; ")),
        row["source_url"],
    )


def _concern(text: str) -> Concern:
    domain, reason = text.split(": ", 1)
    return Concern(_DOMAINS[domain], reason)
