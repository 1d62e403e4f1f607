"""What every design answers: one contract, from a count of placebos to a sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import inf, isfinite, log
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.study import Study

Real = NDArray[np.float64]
SURELY = 0.001  # the p-value under which a model of errors is refused in the answer's own sentence
SURE_ERRORS = 3.29  # the standard errors beyond which chance is, either way, as seldom
BEGAN = "a change is also found where nothing began"
NARROW = "the interval is too narrow"
LATE = "late reports may change it"
Interval = tuple[float, float]


def trend_found(level: float) -> str:
    """What a check says that finds a trend where nothing began."""
    return f"a trend of its own before the start ({by_chance(level)})"


def by_chance(level: float) -> str:
    """How often a check at this level finds what is not there."""
    return f"chance alone finds one in {100 * level:.2g} % of studies"


@dataclass(frozen=True)
class PeriodEffect:
    """Observed less expected in one period: for each unit of exposure where there is one, and then
    the counts stand beside. `low` and `high` bound the effect; None where no interval is known.
    `nowcast`: reports of it were still to come, and the middle of what they may make of it is shown."""

    time: str
    observed: float
    expected: float
    effect: float
    low: float | None = None
    high: float | None = None
    observed_count: float | None = None
    expected_count: float | None = None
    nowcast: bool = False


@dataclass(frozen=True)
class Coefficient:
    """A coefficient of a regression on its link's scale, with its interval as its family has it.

    `robust_se` and the like allow besides for what the family does not, where the design does.
    """

    estimate: float
    se: float | None
    low: float | None
    high: float | None
    robust_se: float | None = None
    robust_low: float | None = None
    robust_high: float | None = None


@dataclass(frozen=True)
class Placebo:
    """The same estimate where nothing happened: in another area (`unit`) or from another `start`.

    `ratio` is how extreme it is, on the scale on which the design ranks; `relative_effect` what it
    would have claimed.
    """

    ratio: float
    unit: str | None = None
    start: str | None = None
    relative_effect: float | None = None


@dataclass(frozen=True)
class Size:
    """How extreme an answer is, on the scale of its placebos' `ratio`, by which the design ranks; and
    what that scale is, in words."""

    ratio: float
    scale: str


@dataclass(frozen=True)
class Part:
    """A further figure beside the main one, of its own definition: the relative effect in one ring,
    or under an assumption. Counts from the start on stand beside where there are any;
    `displacement` says that it is of where people or events may have gone. `level` is what its
    interval leaves out, where that is told; `assumes` is what has to hold for it beside what the
    design itself assumes, as a clause."""

    relative_effect: float
    low: float | None = None
    high: float | None = None
    observed_count: float | None = None
    expected_count: float | None = None
    displacement: bool = False
    level: float | None = None
    assumes: str = ""

    @property
    def interval(self) -> Interval | None:
        """Its interval; without an upper end where the design gives none."""
        return None if self.low is None else (self.low, inf if self.high is None else self.high)

    @property
    def risen(self) -> bool:
        """Whether displacement is shown: a rise, by what the design itself assumes."""
        shown = self.low is not None and self.low > 0
        return shown and self.displacement and not self.assumes


@dataclass(frozen=True)
class Untold:
    """A part that these data do not allow: `why`, as a clause, and whether it would have been of
    where people or events may have gone."""

    why: str
    displacement: bool = False


@dataclass(frozen=True)
class Check:
    """A check that travels with an estimate. `passed` is None where it can only be read; `found` is
    where it found a change though nothing began there, as a clause ("at 20 of 52 earlier starts");
    `narrow` says, as a clause, why the interval is surely too narrow. `effects` are relative effects
    with something changed that nothing should hang on: what the answer decides must stay with each
    of them, so that it is for whoever decides to say whether they pass (`decision.kept`); `diluted`
    where an effect that is there must come out smaller, as from a start at which it had not begun.
    `beside` is a sentence that must stand beside the answer, whatever that is."""

    name: str
    passed: bool | None
    detail: str
    found: str = ""
    narrow: str = ""
    effects: tuple[float, ...] = ()
    diluted: bool = False
    beside: str = ""

    def to_data(self) -> dict[str, Any]:
        """The check as JSON."""
        return {"name": self.name, "passed": self.passed, "detail": self.detail}


def read_beside(chance: bool, interval: Interval | None) -> Interval | None:
    """An interval as verdicts read it: no change is in it where the test leaves chance, whatever the
    interval says by itself. Where both rest on different things, nothing is shown by one of them."""
    if interval is None or not chance:
        return interval
    return min(interval[0], 0.0), max(interval[1], 0.0)


@dataclass(frozen=True)
class Estimate:
    """One design's answer. Definitions of the figures: docs/studies.md.

    `average_effect` is per period and per unit of exposure; `cumulative` in counts where there is
    an exposure. Intervals hold 1 − level. `inference` says in one sentence where interval and
    p-value come from. `weights` are by area, and `predictor_weights` in the plan's order;
    `link` is the scale of `coefficients`, where these are of a regression with terms from the start on;
    `parts` are further figures by name, as the design defines them, and `untold` those that these
    data do not allow. `size` is where the answer itself stands among its `placebos`.
    """

    effect: tuple[PeriodEffect, ...]
    average_effect: float
    relative_effect: float
    cumulative: float
    inference: str
    interval: Interval | None = None
    relative_interval: Interval | None = None
    cumulative_interval: Interval | None = None
    p_value: float | None = None
    p_floor: float | None = None
    pre_rmspe: float | None = None
    post_rmspe: float | None = None
    weights: Mapping[str, float] | None = None
    predictor_weights: Sequence[float] | None = None
    coefficients: Mapping[str, Coefficient] | None = None
    link: Literal["log", "identity"] | None = None
    placebos: tuple[Placebo, ...] = ()
    size: Size | None = None
    checks: tuple[Check, ...] = ()
    parts: Mapping[str, Part] | None = None
    untold: Mapping[str, Untold] = field(default_factory=dict)

    @property
    def where_nothing_began(self) -> tuple[str, ...]:
        """Where its checks found a change though nothing began, in words."""
        return tuple(one.found for one in self.checks if one.found)

    @property
    def too_narrow(self) -> tuple[str, ...]:
        """Why its checks call its interval surely too narrow, in words."""
        return tuple(one.narrow for one in self.checks if one.narrow)

    @property
    def said_beside(self) -> tuple[str, ...]:
        """What its checks say that must stand beside it, as sentences."""
        return tuple(one.beside for one in self.checks if one.beside)

    def doubts(self, shown: bool) -> tuple[str, ...]:
        """What its own checks have against it, in few words: that a change, where one is `shown`, is
        also found where nothing began, that its interval is too narrow, and that counts which it takes
        for complete are still to change."""
        began = shown and self.where_nothing_began
        narrow = self.relative_interval is not None and self.too_narrow
        held = ((BEGAN, began), (NARROW, narrow), (LATE, self.said_beside))
        return tuple(said for said, holds in held if holds)

    def leaves_chance(self, level: float) -> bool:
        """Whether there is a test, and it does not reject at a level that nothing changed."""
        return self.p_value is not None and self.p_value > level

    def rejects(self, level: float) -> bool:
        """Whether there is a test, and it rejects at a level that nothing changed."""
        return self.p_value is not None and self.p_value <= level

    def decided(self, level: float) -> Interval | None:
        """The relative interval as verdicts read it (`read_beside`)."""
        return read_beside(self.leaves_chance(level), self.relative_interval)

    def widened(self, relative: Interval, said: str) -> "Estimate":
        """The same with another interval of the relative effect, those of sum and mean that follow
        from it (what was expected is what is uncertain), and no p-value, which would be of the
        interval that it had. `said` goes with `inference`, in place of where the p-value came from."""
        ends = [(1 + self.relative_effect) / (1 + one) for one in relative if one > -1 + _NONE]
        known = len(ends) == 2 and self.relative_effect != 0

        def follows(effect: float) -> Interval | None:
            expected = effect / self.relative_effect if known else 0.0
            low, high = ((expected + effect) - expected * one for one in ends) if known else (0, 0)
            return (low, high) if known else None

        kept = (one for one in self.inference.split("; ") if not one.startswith("p: "))
        return replace(
            self,
            relative_interval=relative,
            p_value=None,
            p_floor=None,
            interval=follows(self.average_effect),
            cumulative_interval=follows(self.cumulative),
            inference=f"{'; '.join(kept).rstrip('.')}. {said}",
        )

    def to_data(self) -> dict[str, Any]:
        """The answer as JSON: what the design does not have is left out, and nothing is NaN."""
        data = {name: value for name, value in asdict(self).items() if value not in (None, (), {})}
        if self.checks:
            data["checks"] = [one.to_data() for one in self.checks]
        return {name: _plain(value) for name, value in data.items()}


@dataclass(frozen=True)
class Bounds:
    """Intervals of the effect: by period (`low`, `high`: periods, NaN where there is none), of the
    mean effect after the start, relative to what was expected, and of the sum."""

    low: Real | None = None
    high: Real | None = None
    interval: Interval | None = None
    relative: Interval | None = None
    cumulative: Interval | None = None


def bounds_of_expected(
    study: Study, expected: Real, ends: Interval, by_period: tuple[Real, Real] | None = None
) -> Bounds:
    """The intervals that follow from that of what was expected from the start on, in total (counts
    where there is an exposure): of observed less it, of the mean, and of observed over it.

    They are of what happened, beside what would have: whatever made the effect, the interval of the
    ratio holds it where that of the total expected does.
    """
    series, after = study.series, slice(study.start, None)
    people = series.people
    observed, total = float(series.outcome[after].sum()), float((expected * people)[after].sum())
    mean, among = float((series.rates - expected)[after].mean()), float(people[after].sum())
    few, many = ends
    if _never_below_zero(study):
        few = min(max(few, 0.0), many)  # no less than none is expected
    low, high = by_period or (None, None)
    return Bounds(
        low,
        high,
        (mean + (total - many) / among, mean + (total - few) / among),
        relative_of(study, observed, (few, many)),
        (observed - many, observed - few),
    )


def relative_of(study: Study, observed: float, expected: Interval) -> Interval | None:
    """The interval of observed over expected − 1, from that of what was expected: without an upper
    end where none may have been expected; None where that is sure, or less than none may have been.

    None observed is no proof that none could be: of counts up to −log(level / 2) events leave none
    in so many of a hundred (Poisson; Clopper and Pearson 1934), of others as much as the expected
    is uncertain by.
    """
    few, many = expected
    if many <= 0 or (few <= 0 and not _never_below_zero(study)):
        return None
    if few <= 0:
        return observed / many - 1, inf
    if observed == 0:
        counts = study.series.exposure is not None
        return -1.0, (-log(study.level / 2) if counts else (many - few) / 2) / few - 1
    first, last = sorted((observed / many - 1, observed / few - 1))
    return first, last


def bounds_of_ratio(
    study: Study, expected: Real, relative: Interval, by_period: tuple[Real, Real] | None = None
) -> Bounds:
    """The intervals that follow from those of observed over expected − 1, as a whole and by period.

    What is uncertain is what was expected: with a ratio of 1 + r it was observed / (1 + r). Where a
    ratio of none is in the interval there was no end to it, and the others have none.
    """
    observed, after = study.series.rates, slice(study.start, None)
    low = high = None
    if by_period is not None:
        low, high = (less(observed, one) for one in by_period)
    mean, claimed = float(observed[after].mean()), float(expected[after].mean())
    share = 1 + relative_effect(study, expected)
    ends = [mean - claimed * share / (1 + one) for one in relative if one > -1 + _NONE]
    interval = (ends[0], ends[1]) if len(ends) == 2 else None
    total = float(study.series.outcome[after].sum())
    return Bounds(low, high, interval, relative, cumulative_of_ratio(total, relative))


def cumulative_of_ratio(observed: float, relative: Interval) -> Interval | None:
    """The interval of observed less expected that follows from that of their ratio."""
    ends = [observed - observed / (1 + one) for one in relative if one > -1 + _NONE]
    return (ends[0], ends[1]) if len(ends) == 2 and observed > 0 else None


def less(observed: Real, relative: Real) -> Real:
    """Observed less what was expected, by period; NaN where there is no end."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(relative > -1 + _NONE, observed - observed / (1 + relative), np.nan)


def relative_effect(study: Study, expected: Real) -> float:
    """Σ observed / Σ expected − 1 from the start on, in counts where there is an exposure."""
    series, after = study.series, slice(study.start, None)
    return float(series.outcome[after].sum() / (expected * series.people)[after].sum()) - 1


def p_figure(p_value: float | None) -> str:
    """A p-value in figures: never as 0.000, which no test can find."""
    if p_value is None:
        return "not given"
    return "under 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def p_said(p_value: float | None) -> str:
    """The same as an equation, within a sentence."""
    figure = p_figure(p_value)
    return f"p = {figure}" if figure[0].isdigit() else f"p {figure}"


_NONE = 1e-9  # a ratio under which none is left


def estimate_of(
    study: Study, expected: Real, bounds: Bounds, inference: str, **more: Any
) -> Estimate:
    """The answer of a design that says what was expected of the treated series.

    `expected` has one value for each period, on the scale of `study.series.rates`; NaN where the
    design expects nothing (then the period is left out). `more` are further fields of `Estimate`.
    """
    series, start = study.series, study.start
    observed, scale, in_counts = series.rates, series.exposure, series.people
    after = np.arange(len(observed)) >= start
    gap = observed - expected
    total = float((expected * in_counts)[after].sum())
    cumulative = float((gap * in_counts)[after].sum())
    _possible(study, total)
    relative, said = bounds.relative, [inference, *_said(study, expected)]
    if relative is not None and _never_below_zero(study):
        relative = (max(relative[0], -1.0), max(relative[1], -1.0))  # no more can be fewer than all
    if relative is not None and not relative[0] < relative[1]:
        relative = None
        said.append("No interval of the relative effect: it would have no width.")
    rows = [
        PeriodEffect(
            str(period), float(observed[at]), float(expected[at]), float(gap[at]),
            _value(bounds.low, at), _value(bounds.high, at),
            *((None, None) if scale is None
              else (float(series.outcome[at]), float(expected[at] * scale[at]))),
        )
        for at, period in enumerate(study.panel.periods)
        if isfinite(expected[at])
    ]  # fmt: skip
    more = {
        "interval": bounds.interval,
        "relative_interval": relative,
        "cumulative_interval": bounds.cumulative,
        "post_rmspe": float(np.sqrt(np.mean(gap[after] ** 2))),
    } | more
    mean = float(gap[after].mean())
    words = inference if len(said) == 1 else " ".join(f"{one.rstrip('.')}." for one in said)
    return Estimate(tuple(rows), mean, cumulative / total, cumulative, words, **more)


def _never_below_zero(study: Study) -> bool:
    return bool((study.series.outcome >= 0).all())


def _possible(study: Study, total: float) -> None:
    """Raises InputError where the effect can be relative to nothing: none was expected, or less."""
    if total == 0 or not isfinite(total):
        found = "nothing expected from the start on"
        raise InputError(study.panel.where, found, "an outcome that something can be relative to")
    if total < 0 and _never_below_zero(study):
        found = f"less than nothing ({total:.4g}) expected from the start on"
        raise InputError(study.panel.where, found, "an expected outcome above zero, as by a design "
                         "of ratios, or with areas of a like level")  # fmt: skip


def _said(study: Study, expected: Real) -> list[str]:
    """What else has to be known of what was expected."""
    said, count = [], len(study.treated)
    if count > 1 and study.series.exposure is None:
        said.append(f"The outcome is the mean of the {count} treated areas, not their sum")
    impossible = int((expected < -_NONE * float(np.abs(study.series.rates).max())).sum())
    if impossible and _never_below_zero(study):
        said.append(
            f"In {impossible} of {len(expected)} periods less than nothing was expected, which "
            "cannot be: the effect there is too large by as much"
        )
    return said


def _value(values: Real | None, at: int) -> float | None:
    return None if values is None or not isfinite(values[at]) else float(values[at])


def _plain(value: Any) -> Any:
    """Numbers as JSON has them: None where there is no finite one."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not isfinite(value) else value
