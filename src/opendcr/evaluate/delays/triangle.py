"""Reporting triangles: counts of past periods, as each later edition printed them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import gcd

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.panel import Rows
from opendcr.evaluate.periods import Period, kinds

Real = NDArray[np.float64]
LONGEST = 400  # delays in a table, so that a date of a wrong century fills no memory


@dataclass(frozen=True)
class Triangle:
    """Counts by period and delay, in periods: `counts` is periods × delays from 0 on, NaN where no
    edition says it. `edition` is the last one.

    Editions come every `step` periods, so that one period is printed again `step` delays later, and
    is complete with the first edition at the maximum delay or after it: there are as many delays as
    the maximum and a step. What changes later is not modelled: `last` holds the counts as last
    printed, and `beyond` (periods × delays from the maximum on) what editions printed from then on.
    """

    periods: tuple[Period, ...]
    counts: Real
    last: Real
    edition: Period
    step: int
    where: str = "the triangle"
    beyond: Real = field(default_factory=lambda: np.empty((0, 1)))

    @property
    def max_delay(self) -> int:
        """The delay from which on a count is taken for complete."""
        return int(self.counts.shape[1]) - self.step

    @property
    def longest(self) -> int:
        """The longest delay at which any period was printed."""
        said = np.flatnonzero(np.isfinite(self.beyond).any(axis=0))
        return self.max_delay + int(said[-1]) if len(said) else self.max_delay

    def delay(self, at: int) -> int:
        """How long ago a period was, at the last edition."""
        return self.edition.at - self.periods[at].at

    def complete(self, at: int) -> bool:
        """Whether a period has had its first edition at the maximum delay or after."""
        return self.delay(at) >= self.max_delay

    @property
    def changing(self) -> tuple[Period, ...]:
        """The periods whose counts can still change."""
        return tuple(one for at, one in enumerate(self.periods) if not self.complete(at))

    def pairs(self, delay: int) -> tuple[Real, Real, NDArray[np.int64]]:
        """Of the periods printed at a delay and again a step later: both counts, and how long
        after the first period the later edition came out."""
        before, after = self.counts[:, delay], self.counts[:, delay + self.step]
        both = np.flatnonzero(np.isfinite(before) & np.isfinite(after))
        editions = [self.periods[at].at - self.periods[0].at + delay + self.step for at in both]
        return before[both], after[both], np.array(editions, dtype=np.int64)

    def final(self, at: int) -> float:
        """A complete period's count in the edition that made it so; NaN where none says it."""
        beyond = (self.delay(at) - self.max_delay) % self.step
        return float(self.counts[at, self.max_delay + beyond])

    def after(self, delay: int) -> tuple[Real, Real]:
        """Of the periods printed at a delay, the maximum or a longer one, or after it, and again
        later: the first of these counts, and the last."""
        since = self.beyond[:, min(delay - self.max_delay, self.beyond.shape[1] - 1) :]
        again = since[np.isfinite(since).sum(axis=1) > 1]
        return _latest(again[:, ::-1]), _latest(again)

    def printed(self, edition: int) -> bool:
        """Whether any period was printed in the edition of this place."""
        age = np.array([edition - one.at for one in self.periods])
        within = np.flatnonzero((age >= 0) & (age < self.counts.shape[1]))
        return bool(np.isfinite(self.counts[within, age[within]]).any())

    def as_at(self, edition: Period) -> "Triangle":
        """What was known at an earlier edition, but for `beyond`."""
        age = np.array([edition.at - one.at for one in self.periods])
        delays = np.arange(self.counts.shape[1])
        counts = np.where(delays <= age[:, None], self.counts, np.nan)
        said = np.isfinite(counts)
        now = said[np.arange(len(age)), np.clip(age, 0, self.max_delay)]
        kept = np.flatnonzero((age >= 0) & np.where(age >= self.max_delay, said.any(axis=1), now))
        return replace(
            self,
            periods=tuple(self.periods[at] for at in kept),
            counts=counts[kept],
            last=_latest(counts[kept]),
            edition=edition,
            beyond=np.empty((0, 1)),
        )


def triangle_of(
    rows: Rows,
    max_delay: int,
    period: str = "period",
    edition: str = "edition",
    count: str = "count",
) -> Triangle:
    """The triangle of a tidy table: a row for each period in each edition.

    An empty count is one that was not printed. Raises InputError for two rows of one period and
    edition, an edition before its period, a count that is not whole and zero or more, or a period
    that the last edition should say and does not.
    """
    if not 1 <= max_delay <= LONGEST:
        raise InputError(rows.where, f"a maximum delay of {max_delay}", f"1 to {LONGEST} periods")
    of, said = rows.periods(period, period), rows.periods(edition, edition)
    if of[0].kind != said[0].kind:
        found = kinds([of[0], said[0]])
        raise InputError(f"{rows.where}, {edition}", found, f"the same kind as {period}")
    values = _sound(rows, rows.numbers(count, count), of, said)
    periods, editions = tuple(sorted(set(of))), sorted(set(said))
    step = gcd(*np.diff([one.at for one in editions]).tolist()) or 1
    oldest = max(one.at - period.at for period, one in zip(of, said, strict=True))
    width = max(max_delay + step, min(oldest, LONGEST) + 1)
    counts, last = np.full((len(periods), width), np.nan), np.full(len(periods), np.nan)
    for at in sorted(range(len(of)), key=lambda at: said[at]):
        row, delay = periods.index(of[at]), said[at].at - of[at].at
        last[row] = values[at] if np.isfinite(values[at]) else last[row]
        if delay < width:
            counts[row, delay] = values[at]
    known, beyond = counts[:, : max_delay + step], counts[:, max_delay:]
    made = Triangle(periods, known, last, editions[-1], step, rows.where, beyond)
    printed_last(made, periods)
    return made


def summed(triangles: Sequence[Triangle]) -> Triangle | None:
    """The triangle of some areas' sum, of the periods and editions that all of them have; None where
    their last edition, how often editions come or the periods that can still change are not the
    same in all."""
    kinds_of = {(one.edition, one.step, one.counts.shape[1], one.changing) for one in triangles}
    if len(kinds_of) > 1:
        return None
    first = triangles[0]
    common = set(first.periods).intersection(*(one.periods for one in triangles))
    periods = tuple(sorted(common))
    rows = [[one.periods.index(at) for at in periods] for one in triangles]
    each = list(zip(triangles, rows, strict=True))
    counts = np.sum([one.counts[kept] for one, kept in each], axis=0)
    last = np.sum([one.last[kept] for one, kept in each], axis=0)
    return replace(first, periods=periods, counts=counts, last=last)


def _sound(rows: Rows, values: Real, of: Sequence[Period], said: Sequence[Period]) -> Real:
    """The counts, after a look at each row."""
    seen = set()
    for at, (period, edition, value) in enumerate(zip(of, said, values, strict=True)):
        where = f"{rows.where}, row {rows.lines[at]}"
        if edition.at < period.at:
            raise InputError(where, f"an edition of {edition} on {period}", "one not before it")
        if (period, edition) in seen:
            raise InputError(where, f"{period} in the edition of {edition} again", "one row for it")
        if np.isfinite(value) and (value < 0 or value != round(value)):
            raise InputError(where, f"{value:g}", "a whole number, zero or more")
        seen.add((period, edition))
    return values


def printed_last(triangle: Triangle, periods: Iterable[Period]) -> None:
    """Raises InputError where the last edition leaves out one of these periods, and it is not
    complete."""
    places = {one: at for at, one in enumerate(triangle.periods)}
    for period in periods:
        at, delay = places.get(period), triangle.edition.at - period.at
        said = at is not None and np.isfinite(triangle.counts[at, delay : delay + 1]).all()
        if delay < triangle.max_delay and not said:
            found = f"no count of {period} in the edition of {triangle.edition}"
            expected = (
                "every period that can still change, or a smaller `most` under [nowcast]: by it "
                f"counts change for {triangle.max_delay} periods"
            )
            raise InputError(triangle.where, found, expected)


def _latest(counts: Real) -> Real:
    """The last count of each row that is known."""
    known = np.isfinite(counts)
    last = counts.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
    return np.asarray(counts[np.arange(len(counts)), last])
