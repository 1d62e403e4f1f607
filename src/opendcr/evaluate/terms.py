"""What a regression says of the time from the start on, term by term: level, slope, dose."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import expm1

from opendcr.evaluate.designs import Design
from opendcr.evaluate.estimate import Coefficient, Estimate, Interval

_WORDS = {
    "level": "step at the start (level)",
    "slope": "further change with each period from the start on (slope)",
}


@dataclass(frozen=True)
class Term:
    """A coefficient with its interval, as the design's verdict reads it; `logarithmic` where it is of
    the logarithm of the outcome."""

    words: str
    value: float
    interval: Interval | None
    logarithmic: bool

    @property
    def relative(self) -> "Term | None":
        """The same as a relative change; None where it is none."""
        if not self.logarithmic:
            return None
        ends = None if self.interval is None else (expm1(self.interval[0]), expm1(self.interval[1]))
        return Term(self.words, expm1(self.value), ends, False)


def terms_of(design: Design, found: Estimate, treated: int) -> Iterator[Term]:
    """The terms from the start on of a design that tells its link, but for one that is the relative
    effect itself. With several `treated` areas a dose is their mean."""
    for name, one in (found.coefficients or {}).items() if found.link else ():
        if name in _WORDS:
            yield Term(_words(name, design), one.estimate, _interval(one), found.link == "log")
        elif name in ("dose", *design.columns):
            each = " in each treated area" if treated > 1 else ""
            words = f"each unit of {design.columns[0].replace('_', ' ')}{each} (dose)"
            yield Term(words, one.estimate, _interval(one), found.link == "log")


def _words(name: str, design: Design) -> str:
    """A step is one, or is reached in equal steps where the design declares a phased start."""
    steps = getattr(design, "ramp", 1)
    return (
        f"change reached in {steps} equal steps (level)"
        if name == "level" and steps > 1
        else _WORDS[name]
    )


def _interval(one: Coefficient) -> Interval | None:
    """With the errors that allow for what the family does not, where the design does."""
    pairs = ((one.robust_low, one.robust_high), (one.low, one.high))
    return next(((low, high) for low, high in pairs if low is not None and high is not None), None)
