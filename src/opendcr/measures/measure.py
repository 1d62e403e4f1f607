"""What a measure is: a published definition, with everything that a reader needs to check it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from opendcr.tables import Tables

Group = Mapping[str, str]

GLASGOW = "https://glasgowcity.hscp.scot/thistle-service-data"


@dataclass(frozen=True)
class Count:
    """What was counted in a month for a group; `denominator` is None for a plain count."""

    month: date
    group: Group
    numerator: int
    denominator: int | None = None


@dataclass(frozen=True)
class Row:
    """A measure's value. `value` is None where it is undefined, such as a share of nothing."""

    measure: str
    definition_version: str
    period: str
    group: Group
    numerator: int
    denominator: int | None
    value: float | None


@dataclass(frozen=True)
class Example:
    """A little ledger, drawn, and the rows that it gives: (period, group, numerator, denominator).

    Times are on the wall clock of Glasgow; rows that are not listed do not matter to the example.
    """

    says: str
    ledger: str
    gives: tuple[tuple[str, Group, int, int | None], ...]


@dataclass(frozen=True)
class Measure:
    """One measure: its words, its counting, and who answers for it.

    `definition` paraphrases what the publisher prints. `per` turns a ratio into its unit (100 for
    percent); None for a plain count. `version` changes whenever the same ledger could give another
    number.
    """

    name: str
    title: str
    definition: str
    published_at: str
    numerator: str
    denominator: str | None
    groups: str
    unit: str
    why: str
    cannot_show: str
    example: Example
    counts: Callable[[Tables], Iterable[Count]]
    per: int | None = None
    version: str = "1"
    authored: str = "OpenDCR, November 2026"
    reviewed: str = "by nobody outside the project yet"
    next_review: str = "May 2027"

    def rows(self, tables: Tables) -> list[Row]:
        """The measure of one room, month by month."""
        return [self._row(count) for count in self.counts(tables)]

    def _row(self, count: Count) -> Row:
        return Row(
            measure=self.name,
            definition_version=self.version,
            period=count.month.isoformat()[:7],
            group=count.group,
            numerator=count.numerator,
            denominator=count.denominator,
            value=self._value(count),
        )

    def _value(self, count: Count) -> float | None:
        if self.per is None:
            return count.numerator
        return self.per * count.numerator / count.denominator if count.denominator else None
