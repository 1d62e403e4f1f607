"""What a published series says: the least since when, and by how much it changed.

Nothing here tells chance from change; these are the sentences that newspapers print, computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from opendcr.published.figures import Figure


@dataclass(frozen=True)
class Change:
    """From one period to another: the difference, and that in percent of the first (None from 0)."""

    earlier: Figure
    later: Figure

    @property
    def difference(self) -> float:
        return self.later.value - self.earlier.value

    @property
    def percent(self) -> float | None:
        return 100 * self.difference / self.earlier.value if self.earlier.value else None


def figure(series: Sequence[Figure], period: str) -> Figure:
    """The figure of a period; KeyError, naming the period, where the series has none."""
    return {one.period: one for one in series}[period]


def change(series: Sequence[Figure], earlier: str, later: str) -> Change:
    """The change between two periods of one series."""
    return Change(figure(series, earlier), figure(series, later))


def lowest_since(series: Sequence[Figure], period: str) -> str | None:
    """The last earlier period that was as low or lower, or None where there is none.

    2022 is "the lowest since 2017" where 2018 to 2021 were all higher and 2017 was not.
    """
    here = figure(series, period)
    earlier = sorted((one for one in series if one.period < period), key=lambda one: one.period)
    as_low = [one.period for one in earlier if one.value <= here.value]
    return as_low[-1] if as_low else None
