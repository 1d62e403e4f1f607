"""Which review of its plan a study has reached, and what that does to its level or its interval."""

from dataclasses import dataclass, replace
from math import exp, inf, log

from scipy.special import ndtri

from opendcr.evaluate.estimate import Coefficient, Estimate, Interval, Part
from opendcr.evaluate.panel import some
from opendcr.evaluate.periods import Period, Rhythm
from opendcr.evaluate.plan import Plan, Reviews
from opendcr.evaluate.sequential import Look, Spending, always_valid, information, levels

_NONE = 1e-9  # a ratio under which none is left


@dataclass(frozen=True)
class Review:
    """What is read of a study now: the `level` of its intervals, the `look` where the level is
    spent over declared ones, the share of the planned `information`, and why it confirms nothing.
    `spent` is how a level is spent over declared ones."""

    level: float
    look: Look | None = None
    fraction: float | None = None
    against: tuple[str, ...] = ()
    spent: "Spent | None" = None

    def level_of(self, level: float) -> float:
        """What it may use of another outcome's level: that level spent over the same looks, whose
        boundaries are not in proportion to it; the whole of it where no looks are declared."""
        return level if self.spent is None else self.spent.look(level).level

    def of(self, found: Estimate, level: float) -> Estimate:
        """The answer, whose intervals hold 1 − `level`, as this review may read it: where looks are
        not declared, with intervals that hold at all of them at once."""
        return found if self.fraction is None else _at_every_look(found, self.fraction, level)


@dataclass(frozen=True)
class Spent:
    """Declared looks, each with its share of the information, and the one that has been reached."""

    fractions: tuple[float, ...]
    spending: Spending
    reached: int

    def look(self, level: float) -> Look:
        """What that one may use of a level."""
        return levels(self.fractions, self.spending, level)[self.reached]


def looks_of(plan: Plan, rhythm: Rhythm, level: float | None = None) -> tuple[Look, ...]:
    """The looks of a plan's declared reviews, at its own level or at another outcome's; none where
    it has no such."""
    reviews = plan.reviews
    if reviews is None or reviews.spending == "anytime":
        return ()
    fractions = information(plan.question.start, reviews.periods, rhythm=rhythm)
    return levels(fractions, reviews.spending, level or plan.question.level)


def review_of(plan: Plan, last: Period, rhythm: Rhythm) -> Review:
    """The review that data of this rhythm up to a period allow. Data that end at no declared review
    may be looked at, and confirm nothing; with `anytime` every period may be the last."""
    reviews, level = plan.reviews, plan.question.level
    if reviews is None:
        return Review(level, against=_no_end(plan, last))
    if reviews.spending == "anytime":
        return Review(level, fraction=_fraction(plan, reviews, last, rhythm))
    reached = [one for one in reviews.periods if one <= last]
    fractions = information(plan.question.start, reviews.periods, rhythm=rhythm)
    spent = Spent(fractions, reviews.spending, max(len(reached) - 1, 0))
    look = spent.look(level)
    planned = some([str(one) for one in reviews.periods])
    early = f"the data end in {last}, and are reviewed after {planned}"
    return Review(
        look.level,
        look,
        against=() if last in reviews.periods else (early,),
        spent=spent,
    )


def _no_end(plan: Plan, last: Period) -> tuple[str, ...]:
    """Why a study without reviews confirms nothing: whoever may stop when it pleases will."""
    end = plan.data.last
    if end is None:
        return ("the plan says neither when it is reviewed nor when its data end",)
    return () if last == end else (f"the data end in {last}, and the plan's in {end}",)


def _fraction(plan: Plan, reviews: Reviews, last: Period, rhythm: Rhythm) -> float:
    """The share of the information that the last planned period will have."""
    start, end = plan.question.start, max(reviews.periods[-1], last)
    return (rhythm.steps(start, last) + 1) / (rhythm.steps(start, end) + 1)


def _at_every_look(found: Estimate, fraction: float, level: float) -> Estimate:
    """The estimate with an interval that holds at every look; its parts and coefficients likewise."""
    parts, terms = found.parts, found.coefficients
    wide = replace(
        found,
        parts=parts and {name: _part(one, fraction, level) for name, one in parts.items()},
        coefficients=terms and {name: _term(one, fraction, level) for name, one in terms.items()},
    )
    if found.relative_interval is None:
        return wide
    relative = _always(found.relative_effect, found.relative_interval, fraction, level)
    return wide if relative == found.relative_interval else wide.widened(relative, _SAID)


_SAID = (
    "Intervals of the effect, of its parts and of coefficients hold at every look at once as far as "
    "each period adds as much to what is known (Howard and others 2021); bounds by period are of this "
    "look alone, and so would be a p-value, which is not given."
)


def _part(one: Part, fraction: float, level: float) -> Part:
    if one.interval is None:
        return one
    low, high = _always(one.relative_effect, one.interval, fraction, one.level or level)
    return replace(one, low=low, high=high if high < inf else None)


def _term(one: Coefficient, fraction: float, level: float) -> Coefficient:
    low, high = _ends(one.low, one.high, fraction, level)
    robust_low, robust_high = _ends(one.robust_low, one.robust_high, fraction, level)
    return replace(one, low=low, high=high, robust_low=robust_low, robust_high=robust_high)


def _ends(
    low: float | None, high: float | None, fraction: float, level: float
) -> tuple[float | None, float | None]:
    if low is None or high is None:
        return low, high
    return _wide((low, high), fraction, level)


def _always(effect: float, interval: Interval, fraction: float, level: float) -> Interval:
    """The same of a ratio less one, whose logarithm is read as normal about the middle of its own
    interval; where that has no upper end neither has this, and its lower half says how wide it is."""
    first, last = interval
    low, middle = (log(max(1 + one, _NONE)) for one in (first, effect))
    high = log(max(1 + last, _NONE)) if last < inf else 2 * middle - low
    if high == low:
        return interval
    ends = _wide((low, high), fraction, level)
    return exp(ends[0]) - 1, exp(ends[1]) - 1 if last < inf else inf


def _wide(interval: Interval, fraction: float, level: float) -> Interval:
    """An interval that holds at every look (`sequential.always_valid`), from one of this look that is
    read as normal about its middle."""
    low, high = interval
    se = (high - low) / 2 / float(ndtri(1 - level / 2))
    return interval if se == 0 else always_valid((low + high) / 2, se, se * fraction**0.5, level)
