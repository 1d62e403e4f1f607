"""Whether counts go on to change after the delay at which a plan takes them for complete.

The triangle says so itself, where its editions print a period again after that: by how much such
counts, summed, differ from those when they were taken for complete. A design reads the difference
as an effect, since the latest periods lack it and those before the start have it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from scipy.stats import chi2

from opendcr.evaluate.delays.triangle import Triangle
from opendcr.evaluate.estimate import Check
from opendcr.evaluate.periods import Rhythm

SMALL = 0.01  # of the counts: where more comes later the check fails
LARGE = 0.02  # where surely more does a plan is not locked
NAME = "complete counts"


@dataclass(frozen=True)
class Later:
    """What counts of some areas came to after a delay: of so many `periods` printed again,
    `complete` when they were first printed at that delay or after, and `last`."""

    periods: int
    complete: float
    last: float

    @property
    def share(self) -> float:
        """The change, of what they were."""
        return (self.last - self.complete) / max(self.complete, 1.0)

    @property
    def surely(self) -> float:
        """The least size of the change that as many reports are compatible with: the lower end of
        the exact interval of 95 % of a Poisson number (Garwood, Biometrika 28, 1936)."""
        moved = abs(self.last - self.complete)
        return float(chi2.ppf(0.025, 2 * moved) / 2 / max(self.complete, 1.0)) if moved else 0.0

    @property
    def said(self) -> str:
        """The change in words."""
        if not self.share:
            return "did not change"
        return f"{'grew' if self.share > 0 else 'fell'} by {_percent(self.share)}"


def later_of(triangles: Iterable[Triangle], delay: int) -> Later:
    """What the counts of some areas, summed, came to after a delay."""
    pairs = [one.after(delay) for one in triangles]
    return Later(
        sum(len(first) for first, _ in pairs),
        float(sum(first.sum() for first, _ in pairs)),
        float(sum(last.sum() for _, last in pairs)),
    )


@dataclass(frozen=True)
class Sides:
    """Reporting triangles by area, of those that are treated and those that they are compared
    with, and the delay `most` at which a plan takes their counts for complete."""

    treated: Mapping[str, Triangle]
    compared: Mapping[str, Triangle]
    most: int

    @property
    def each(self) -> tuple[Mapping[str, Triangle], ...]:
        """The sides that have areas."""
        return tuple(side for side in (self.treated, self.compared) if side)

    def changes(self, delay: int) -> tuple[Later, ...]:
        """What came after a delay, on each side."""
        return tuple(later_of(side.values(), delay) for side in self.each)

    @property
    def refused(self) -> bool:
        """Whether surely much comes later."""
        return any(one.surely > LARGE for one in self.changes(self.most))

    @property
    def small(self) -> bool | None:
        """Whether little comes later; None where no edition can tell, of one of the sides."""
        changes = self.changes(self.most)
        if any(abs(one.share) > SMALL for one in changes):
            return False
        return True if all(one.periods for one in changes) else None

    @property
    def since(self) -> str:
        """The delay in words."""
        kind = next(iter(self.treated.values())).edition.kind
        units = Rhythm(kind, 1).units
        return f"{self.most} {units.removesuffix('s') if self.most == 1 else units}"

    @property
    def said(self) -> str:
        """What came after it, in words."""
        own, *others = self.changes(self.most)
        many = f"{own.complete:,.0f} became {own.last:,.0f}, in {own.periods} counts printed again"
        beside = f"; those compared with {others[0].said}" if others else ""
        return f"{own.said} after that ({many}{beside})"

    @property
    def longer(self) -> str:
        """The least `most` after which editions show that little comes, or the longest delay that
        they tell of."""
        longest = max(one.longest for side in self.each for one in side.values())
        for delay in range(self.most + 1, longest):
            if replace(self, most=delay).small:
                return f"`most = {delay}`, after which editions show little change"
        return f"`most = {longest}`, the longest delay that editions show"

    @property
    def sentence(self) -> str:
        """What must be said beside an answer that rests on such counts; empty where little comes
        later. Late reports alone look like a fall where the treated areas' come later, and like a
        rise where those of areas compared with do."""
        if self.small is not False:
            return ""
        own, *others = (max(1 + one.share, 1e-3) for one in self.changes(self.most))
        other = others[0] if others else 1.0
        low, high = (end(1 / own, other, other / own) - 1 for end in (min, max))
        falls = [f"a fall of up to {_percent(low)}"] if low < 0 else []
        rises = [f"a rise of up to {_percent(high)}"] if high > 0 else []
        return (
            f"Counts are taken for complete after {self.since}, and {self.said}: late reports alone "
            f"can look like {' or '.join([*falls, *rises])}."
        )

    def check(self) -> Check:
        """Whether little comes after the delay, as the triangle shows."""
        passed = self.small
        if passed is None:
            said = (
                f"no edition prints a count again that is taken for complete after {self.since}: "
                "whether they still change then cannot be told"
            )
            return Check(NAME, None, said)
        more = "" if passed else f"; more than {SMALL:.0%} fails: rather {self.longer}"
        said = f"counts are taken for complete after {self.since}, and {self.said}{more}"
        return Check(NAME, passed, said, beside=self.sentence)


def _percent(share: float) -> str:
    return f"{100 * abs(share):.3g} %"
