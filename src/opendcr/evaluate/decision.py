"""What an interval allows to be said: verdicts against thresholds, families of tests, sentences.

A verdict rests on the whole interval of the relative effect, never on the estimate, and the
sentence is made of the interval alone. Rounding goes outwards, so that no printed interval is
narrower than the one computed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from opendcr.errors import InputError

Interval = tuple[float, float]
Verdict = Literal["shown", "excluded", "undetermined"]
Rule = Literal["holm", "bonferroni"]
Role = Literal["primary", "family", "descriptive"]


@dataclass(frozen=True)
class Claim:
    """What is asked: whether an outcome of some areas changed, as a design answers it.

    `design` is its title, `areas` and `outcome` are words of a sentence ("overdose call-outs",
    "Glasgow city centre"); the interval holds 1 − `level`.
    """

    design: str
    outcome: str
    areas: str
    level: float = 0.05


def at_most(interval: Interval | None, threshold: float) -> Verdict:
    """Whether a relative effect at or under a threshold is shown: the whole interval lies there;
    excluded: none of it does; or neither, as without an interval."""
    if interval is None:
        return "undetermined"
    low, high = _sound(interval)
    if high <= threshold:
        return "shown"
    return "excluded" if low > threshold else "undetermined"


def harmless(interval: Interval | None, margin: float) -> Verdict:
    """Whether a rise as large as a margin is ruled out: shown where the whole interval is under
    it, excluded where the whole interval is at or over it.

    A rise that is shown (`risen`) can still be under the margin; that no rise is shown makes
    nothing harmless. Raises InputError where the margin is under zero.
    """
    if not 0 <= margin < math.inf:
        raise InputError("harms.margin", f"{margin:g}", "a relative rise, zero or more")
    if interval is None:
        return "undetermined"
    low, high = _sound(interval)
    if high < margin:
        return "shown"
    return "excluded" if low >= margin else "undetermined"


def risen(interval: Interval | None) -> bool:
    """Whether a rise is shown: the whole interval is over zero."""
    return interval is not None and _sound(interval)[0] > 0


def _sound(interval: Interval) -> Interval:
    low, high = interval
    if not (low <= high and low < math.inf):
        raise InputError("an interval", f"{low:g} to {high:g}", "its lower end first, and finite")
    return low, high


def success_sentence(claim: Claim, interval: Interval | None, threshold: float) -> str:
    """One sentence on success: what the data are compatible with, and what that shows of a change
    of `threshold` or beyond."""
    if interval is None:
        return _no_interval(claim)
    wanted = (
        "a fall"
        if threshold == 0
        else f"{_change(threshold)} or {'less' if threshold > 0 else 'more'}"
    )
    said = {
        "shown": f"{wanted} is shown",
        "excluded": f"{wanted} is excluded",
        "undetermined": f"{wanted} is neither shown nor excluded",
    }[at_most(interval, threshold)]
    return f"{_compatible(claim, interval)}; {said}."


def harm_sentence(claim: Claim, interval: Interval | None, margin: float) -> str:
    """One sentence on harm: what the data are compatible with, and whether a rise as large as the
    margin is ruled out."""
    if interval is None:
        return _no_interval(claim)
    wanted = "a rise" if margin == 0 else f"a rise of {_percent(margin)} or more"
    said = {
        "shown": f"{wanted} is excluded",
        "excluded": f"{wanted} is shown",
        "undetermined": f"{wanted} is neither shown nor excluded",
    }[harmless(interval, margin)]
    also = ", but a smaller rise is shown" if said.endswith("excluded") and risen(interval) else ""
    return f"{_compatible(claim, interval)}; {said}{also}."


def floor_sentence(p_floor: float | None, level: float) -> str:
    """What must be said of a test by rank that cannot reach its level; empty where it can."""
    if p_floor is None or p_floor <= level:
        return ""
    return (
        f"With so few placebos the least p-value that could be found is {p_floor:.2g}: at the level "
        f"of {_percent(level)} this test could have shown nothing, whatever happened."
    )


def _compatible(claim: Claim, interval: Interval) -> str:
    sure = _percent(1 - claim.level)
    return (
        f"By {claim.design}, the data on {claim.outcome} in {claim.areas} are compatible with "
        f"{span(interval)}, against what was expected without the change ({sure} interval)"
    )


def _no_interval(claim: Claim) -> str:
    return (
        f"By {claim.design}, no interval could be given for {claim.outcome} in {claim.areas}: "
        f"nothing is shown and nothing excluded."
    )


def span(interval: Interval) -> str:
    """An interval of a relative effect in words, rounded outwards.

    A fall is said alone only where the rounded interval ends under zero, and a rise likewise.
    """
    low, high = _outwards(_sound(interval))
    if high < 0:
        return f"a fall of between {_percent(-high)} and {_percent(-low)}"
    if low > 0:
        most = "any size" if high == math.inf else _percent(high)
        return f"a rise of between {_percent(low)} and {most}"
    if low == high:
        return "no change"
    return f"anything from {_change(low)} to {_change(high)}"


def _outwards(interval: Interval) -> Interval:
    """Whole percents where the interval is wide, tenths where it is not; no fall is of over 100 %."""
    low, high = max(interval[0], -1.0), max(interval[1], -1.0)
    parts = 100 if high - low >= 0.05 else 1000
    # What stands a hair beside a step by the arithmetic alone stays on it.
    floor = math.floor(low * parts + 1e-9) / parts
    return floor, high if high == math.inf else math.ceil(high * parts - 1e-9) / parts


def _change(relative: float) -> str:
    if relative == 0:
        return "no change"
    if relative == math.inf:
        return "a rise of any size"
    return f"a {'fall' if relative < 0 else 'rise'} of {_percent(abs(relative))}"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


@dataclass(frozen=True)
class Judged:
    """One test of a family: its p-value, that adjusted for the family (None where there is none),
    and whether the family's rule rejects at its level."""

    name: str
    p_value: float | None
    adjusted: float | None
    rejected: bool


def judged(p_values: Mapping[str, float | None], rule: Rule, level: float) -> tuple[Judged, ...]:
    """The tests of a declared family, in the order given, so that one of them is wrongly rejected
    with probability of at most `level`.

    Holm (1979, step down) or Bonferroni. A test without a p-value counts in the family's size and
    is not rejected. Raises InputError for p-values outside 0 to 1, or a rule that is not known.
    """
    if rule not in ("holm", "bonferroni"):
        raise InputError("family.rule", f"'{rule}'", "holm or bonferroni")
    known = {name: value for name, value in p_values.items() if value is not None}
    for name, value in known.items():
        if not 0 <= value <= 1:
            raise InputError(f"family, {name}", f"p-value {value:g}", "a number from 0 to 1")
    many, so_far, adjusted = len(p_values), 0.0, {}
    for rank, name in enumerate(sorted(known, key=known.__getitem__)):
        times = many - rank if rule == "holm" else many
        so_far = max(so_far, min(1.0, times * known[name]))
        adjusted[name] = so_far
    return tuple(
        Judged(name, value, adjusted.get(name), adjusted.get(name, math.inf) <= level)
        for name, value in p_values.items()
    )


@dataclass(frozen=True)
class Roles:
    """Which outcome is the one that decides, which stand in declared families, by name; whatever
    else is estimated is descriptive, and no claim rests on it."""

    primary: str
    families: Mapping[str, Sequence[str]]

    def __post_init__(self) -> None:
        named = [self.primary, *(one for family in self.families.values() for one in family)]
        twice = [one for one in named if named.count(one) > 1]
        if twice:
            raise InputError("families", f"'{twice[0]}' twice", "each outcome in one role")

    def role(self, outcome: str) -> Role:
        """The role of an outcome."""
        if outcome == self.primary:
            return "primary"
        declared = any(outcome in family for family in self.families.values())
        return "family" if declared else "descriptive"
