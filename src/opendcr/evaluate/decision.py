"""What an interval allows to be said: verdicts against thresholds, and sentences.

A verdict rests on the whole interval of the relative effect, never on the estimate, and on the
test: where that leaves chance, no change is among what is compatible, whatever the interval says by
itself. The sentence gives the interval as it is. Rounding goes outwards, so that no printed interval
is narrower than the one computed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from opendcr.errors import InputError
from opendcr.evaluate.estimate import Estimate, Interval, read_beside

Verdict = Literal["shown", "excluded", "undetermined"]
DESCRIPTIVE = "descriptive"  # of an outcome of which nothing was declared


@dataclass(frozen=True)
class Claim:
    """What is asked: whether an outcome of some areas changed, as a design answers it.

    `design` is its title as it stands in a sentence (`inside`), `areas` and `outcome` are words of
    one ("overdose call-outs", "Glasgow city centre"); the interval holds 1 − `level`. `chance` is
    whether the design's test leaves it (`Estimate.leaves_chance`), `narrow` whether a check calls
    the interval surely too narrow (`Estimate.too_narrow`).
    """

    design: str
    outcome: str
    areas: str
    level: float = 0.05
    chance: bool = False
    narrow: bool = False

    def read(self, interval: Interval | None) -> Interval | None:
        """An interval as verdicts read it."""
        return read_beside(self.chance, interval)

    def verdict(self, kind: str, interval: Interval | None, margin: float | None) -> Verdict:
        """What is said of success, or of an outcome of a kind, beside its threshold or margin. An
        interval that is surely too narrow excludes nothing: what it leaves out, a sound one may hold."""
        verdict = _verdict(kind, self.read(interval), margin)
        return "undetermined" if self.narrow and verdict == "excluded" else verdict


def _verdict(kind: str, interval: Interval | None, margin: float | None) -> Verdict:
    if kind == "negative_control":
        return moved(interval, margin)
    if margin is None:
        return "undetermined"
    if kind == "success" or (kind == "benefit" and margin <= 0):
        return at_most(interval, margin)
    return at_least(interval, margin) if kind == "benefit" else harmful(interval, margin)


def inside(title: str) -> str:
    """A design's title inside a sentence: no capital but a name's."""
    return title if title.startswith("Bayes") else title[:1].lower() + title[1:]


def at_most(interval: Interval | None, threshold: float) -> Verdict:
    """Whether a relative effect at or under a threshold is shown: the whole interval lies there;
    excluded: none of it does; or neither, as without an interval. No change is no fall: with a
    threshold of zero the interval ends under it."""
    if interval is None:
        return "undetermined"
    low, high = _sound(interval)
    if high <= threshold and (high < 0 or threshold > 0):
        return "shown"
    return "excluded" if low > threshold else "undetermined"


def at_least(interval: Interval | None, threshold: float) -> Verdict:
    """Whether a relative effect at or over a threshold is shown, excluded, or neither."""
    return at_most(_mirrored(interval), -threshold)


def harmless(interval: Interval | None, margin: float) -> Verdict:
    """Whether a change as large as a margin is ruled out: shown where the whole interval is within
    it, excluded where the whole interval is at or beyond it.

    A margin of zero or more is of a rise; one below zero of a fall, where falling is the harm. A
    change that is shown (`risen`) can still be within the margin; that no change is shown makes
    nothing harmless.
    """
    if not -1 <= margin < math.inf:
        raise InputError("harms.margin", f"{margin:g}", "a relative change, −1 or more")
    if margin < 0:
        return harmless(_mirrored(interval), -margin)
    if interval is None:
        return "undetermined"
    low, high = _sound(interval)
    if high < margin:
        return "shown"
    return "excluded" if low >= margin and low > 0 else "undetermined"


def harmful(interval: Interval | None, margin: float) -> Verdict:
    """What is said of the harm itself: shown, excluded or undetermined."""
    return _OPPOSITE[harmless(interval, margin)]


def _mirrored(interval: Interval | None) -> Interval | None:
    return None if interval is None else (-interval[1], -interval[0])


def risen(interval: Interval | None) -> bool:
    """Whether a rise is shown: the whole interval is over zero."""
    return interval is not None and _sound(interval)[0] > 0


def changed(interval: Interval | None) -> bool:
    """Whether a change is shown: zero is not in the interval."""
    return interval is not None and not _sound(interval)[0] <= 0 <= interval[1]


def _sound(interval: Interval) -> Interval:
    low, high = interval
    if not (low <= high and low < math.inf):
        raise InputError("an interval", f"{low:g} to {high:g}", "its lower end first, and finite")
    return low, high


def moved(interval: Interval | None, margin: float | None) -> Verdict:
    """Whether an outcome moved that should not have: excluded only where the whole interval lies
    within a margin either way (equivalence; Schuirmann 1987), shown where it excludes zero.

    An interval that merely includes zero says nothing: it may be too wide to tell.
    """
    if interval is None:
        return "undetermined"
    low, high = _sound(interval)
    if margin is not None and -margin < low and high < margin:
        return "excluded"
    return "shown" if low > 0 or high < 0 else "undetermined"


def lines_of(kind: str, margin: float | None) -> tuple[float, ...]:
    """The relative effects between which what is said of an outcome of a kind is decided: no change,
    and its threshold or margin; the margin either way where it should not change at all."""
    if margin is None:
        return (0.0,)
    return (0.0, margin, -margin) if kind == "negative_control" else (0.0, margin)


def kept(
    interval: Interval | None,
    lines: Sequence[float],
    effects: Sequence[float],
    diluted: bool = False,
) -> bool | None:
    """Whether what an interval decides stays with other estimates of the same effect: each lies on
    the same side as the whole interval of every line that this does not cross. Of `diluted` ones
    it is asked that they keep the direction, and not that they go as far beyond a line. None where
    the interval crosses every line: then nothing is decided, and the sign of an estimate is chance."""
    if interval is None:
        return None
    low, high = _sound(interval)
    if diluted:
        lines = [one for one in lines if not (0 < one < low or high < one < 0)]
    least = max((one for one in lines if one < low), default=-math.inf)
    most = min((one for one in lines if high < one), default=math.inf)
    if (least, most) == (-math.inf, math.inf):
        return None
    return all(least < one < most for one in effects)


def besides(kind: str, verdict: Verdict, interval: Interval | None, margin: float | None) -> str:
    """What is shown of an outcome beside its verdict, in words: a lesser harm or change than that of
    its margin, or a benefit that went the other way; empty where there is nothing such."""
    if interval is None or not changed(interval):
        return ""
    low, high = interval
    if kind == "negative_control":
        beyond = margin is not None and (low >= margin or high <= -margin)
        return "" if beyond else "a smaller change" if verdict == "excluded" else "a change"
    if margin is None or verdict == "shown":
        return ""
    way, wanted = ("rise" if low > 0 else "fall"), _way(kind, margin)
    if way == wanted:
        return f"a smaller {way}" if verdict == "excluded" else f"a {way}"
    return f"a {way}" if kind == "benefit" else ""


def in_words(kind: str, verdict: Verdict, interval: Interval | None, margin: float | None) -> str:
    """What a table says of a further outcome: its verdict, which is of its margin, with what else is
    shown; "descriptive" where nothing was declared of it."""
    also = besides(kind, verdict, interval, margin)
    if margin is None:
        return f"descriptive; {also} is shown" if also else DESCRIPTIVE
    if also and verdict == "shown":  # that it moved, and not that it moved so far
        verdict = "undetermined"
    return f"{verdict}, but {also} is shown" if also else verdict


def _way(kind: str, margin: float) -> str:
    """Where a margin lies: a benefit of none is a fall, a harm of none a rise."""
    return "fall" if margin < 0 or (margin == 0 and kind == "benefit") else "rise"


def asked(kind: str, threshold: float) -> str:
    """What is asked of an outcome: success, or one of the kinds of further outcomes."""
    if kind == "negative_control":
        return f"a change of {_percent(abs(threshold))} or more either way"
    if kind == "success" or (kind == "benefit" and threshold <= 0):
        if threshold > 0:
            return f"{_change(threshold)} at most or a fall"
        return "a fall" if threshold == 0 else f"{_change(threshold)} or more"
    word = "fall" if threshold < 0 else "rise"
    return f"a {word}" if threshold == 0 else f"a {word} of {_percent(abs(threshold))} or more"


def success_sentence(claim: Claim, interval: Interval | None, threshold: float) -> str:
    """One sentence on success: what the data are compatible with, and what that shows of a change
    of `threshold` or beyond."""
    if interval is None:
        return _no_interval(claim)
    wanted, verdict = asked("success", threshold), claim.verdict("success", interval, threshold)
    # Of a success that is no fall, a rise within it is none that has to be told.
    also = _also("benefit", verdict, claim.read(interval), threshold) if threshold <= 0 else ""
    return f"{_compatible(claim, interval)}; {wanted} is {SAID[verdict]}{also}."


def benefit_sentence(claim: Claim, interval: Interval | None, threshold: float) -> str:
    """One sentence on a benefit: a fall to a threshold below zero, or a rise to one above it."""
    if interval is None:
        return _no_interval(claim)
    verdict = claim.verdict("benefit", interval, threshold)
    also = _also("benefit", verdict, claim.read(interval), threshold)
    return (
        f"{_compatible(claim, interval)}; {asked('benefit', threshold)} is {SAID[verdict]}{also}."
    )


def harm_sentence(claim: Claim, interval: Interval | None, margin: float) -> str:
    """One sentence on harm: what the data are compatible with, and whether a change as large as the
    margin (`harmless`) is ruled out."""
    if interval is None:
        return _no_interval(claim)
    verdict = claim.verdict("harm", interval, margin)
    also = _also("harm", verdict, claim.read(interval), margin)
    return f"{_compatible(claim, interval)}; {asked('harm', margin)} is {SAID[verdict]}{also}."


def control_sentence(claim: Claim, interval: Interval | None, margin: float | None) -> str:
    """One sentence on an outcome that should not have changed (`moved`)."""
    if interval is None:
        return _no_interval(claim)
    verdict = claim.verdict("negative_control", interval, margin)
    if verdict == "shown":
        return f"{_compatible(claim, interval)}: it should not have changed, and did."
    if margin is None:
        return f"{_compatible(claim, interval)}; no margin says what staying still is."
    also = _also("negative_control", verdict, claim.read(interval), margin)
    wanted = asked("negative_control", margin)
    return f"{_compatible(claim, interval)}; {wanted} is {SAID[verdict]}{also}."


def _also(kind: str, verdict: Verdict, interval: Interval | None, margin: float) -> str:
    found = besides(kind, verdict, interval, margin)
    return f", but {found} is shown" if found else ""


def plain_sentence(claim: Claim, interval: Interval | None) -> str:
    """One sentence on an outcome of which nothing was declared: what the data are compatible with."""
    return _no_interval(claim) if interval is None else f"{_compatible(claim, interval)}."


SAID: dict[Verdict, str] = {
    "shown": "shown",
    "excluded": "excluded",
    "undetermined": "neither shown nor excluded",
}
_OPPOSITE: dict[Verdict, Verdict] = {
    "shown": "excluded",
    "excluded": "shown",
    "undetermined": "undetermined",
}


def floor_sentence(p_floor: float | None, level: float) -> str:
    """What must be said of a test by rank that cannot reach its level; empty where it can."""
    if p_floor is None or p_floor <= level:
        return ""
    return (
        f"With so few placebos, or shifts, the least p-value that could be found is {p_floor:.2g}: at the level "
        f"of {_percent(float(f'{level:.2g}'))} this test could have shown nothing, whatever happened."
    )


def no_interval(p_floor: float | None, level: float, inference: str) -> str:
    """Why a design gave no interval: what it says itself of its inference, or its least p-value."""
    if p_floor is not None and p_floor > level and "no interval: " not in inference:
        return (
            f"the least p-value that could be found, {p_floor:.3g}, is above the level, {level:.3g}: an "
            "interval that holds as much would have no ends"
        )
    return f"these data allow none by this design ({inference.rstrip('.')})"


def nothing_began(found: Sequence[str]) -> str:
    """What must be said beside an effect that is shown, where checks of the same design found a
    change though nothing began there; empty where they did not."""
    said = "The same design also finds a change where nothing began"
    return f"{said}: {'; '.join(found)}." if found else ""


def too_narrow(found: Sequence[str]) -> str:
    """What must be said beside an interval of which a check refused the model of errors; empty where
    none did."""
    said = "This interval is too narrow, so that it excludes nothing"
    return f"{said}: {'; '.join(found)}." if found else ""


def doubted(said: str, found: Estimate, shown: bool) -> str:
    """A verdict where it stands by itself, with what makes it doubtful in a few words."""
    return "; ".join((said, *found.doubts(shown)))


def _compatible(claim: Claim, interval: Interval) -> str:
    return (
        f"By {claim.design}, the data on {claim.outcome} in {claim.areas} are compatible with "
        f"{span(interval)}, against what was expected without the change ({holds(claim.level)} interval)"
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
    low, high = outwards(_sound(interval))
    if high < 0:
        return f"a fall of between {_tenths(-high)} and {_tenths(-low)}"
    if low > 0:
        most = "any size" if high == math.inf else _tenths(high)
        return f"a rise of between {_tenths(low)} and {most}"
    if low == high:
        return "no change"
    return f"anything from {_end(low)} to {_end(high)}"


def outwards(interval: Interval) -> Interval:
    """An interval of a relative effect as it is written everywhere: in tenths of a per cent, rounded
    outwards; no fall is of over 100 %."""
    low, high = max(interval[0], -1.0), max(interval[1], -1.0)
    # What stands a hair beside a step by the arithmetic alone stays on it.
    floor = math.floor(low * 1000 + 1e-9) / 1000
    return floor, high if high == math.inf else math.ceil(high * 1000 - 1e-9) / 1000


def between(interval: Interval) -> str:
    """The same in figures, as tables and checks of a terminal have it: "-45.1% to +7.3%"."""
    return "{:+.1%} to {:+.1%}".format(*outwards(interval)).replace("+inf%", "no bound")


def holds(level: float) -> str:
    """What an interval holds, by two figures of what it leaves out: "95 %", "99.69 %"."""
    return _percent(1 - float(f"{level:.2g}"))


def _end(relative: float) -> str:
    """An end of an interval that holds a fall and a rise."""
    if relative == 0:
        return "no change"
    if relative == math.inf:
        return "a rise of any size"
    return f"a {'fall' if relative < 0 else 'rise'} of {_tenths(abs(relative))}"


def _tenths(share: float) -> str:
    return f"{100 * share:.1f} %"


def _change(relative: float) -> str:
    return f"a {'fall' if relative < 0 else 'rise'} of {_percent(abs(relative))}"


def _percent(share: float) -> str:
    return f"{100 * share:.6g} %"
