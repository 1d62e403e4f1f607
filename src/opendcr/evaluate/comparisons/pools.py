"""Placebo groups: donors pooled as the treated areas are, where nothing happened."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import combinations
from math import comb, inf, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.errors import Errors, SizeVariance, deviations, drawn
from opendcr.evaluate.estimate import Bounds, Interval, bounds_of_expected, bounds_of_ratio
from opendcr.evaluate.study import Study
from opendcr.streams import stream

Real = NDArray[np.float64]
MOST = 200  # groups, where several areas are treated: there are too many to take them all


@dataclass(frozen=True)
class Pools:
    """Groups of donors, each with as many members as there are treated areas.

    `members` are groups × members, places among the donors; `outcome` and `exposure` are groups ×
    periods, pooled as `Study.series` is.
    """

    members: NDArray[np.int64]
    outcome: Real
    exposure: Real | None
    names: tuple[str, ...]

    @cached_property
    def rates(self) -> Real:
        """Groups × periods: the outcome for each unit of exposure, or as it is."""
        return self.outcome if self.exposure is None else self.outcome / self.exposure

    def __len__(self) -> int:
        return len(self.members)


def group_count(members: int, donors: int) -> int:
    """How many placebo groups there are."""
    return min(MOST, comb(donors, members)) if members > 1 else donors


def least_p(study: Study, donors: int) -> float:
    """The least p-value that ranks among placebo groups could give."""
    return Errors(np.zeros(group_count(len(study.treated), donors)), _areas(study, donors)).floor


def _areas(study: Study, donors: int) -> int | None:
    """Of how many areas placebo groups are; None where each is an area of its own."""
    return donors if len(study.treated) > 1 else None


@dataclass(frozen=True)
class Rank:
    """The p-value by rank among placebo groups, the least that it could be, and a sentence on both."""

    p_value: float
    floor: float
    said: str


def rank_of(study: Study, own: float, ratios: Real, areas: int) -> Rank:
    """The rank of how extreme the treated areas' effect is among those of placebo groups."""
    errors = Errors(ratios, _areas(study, areas))
    said = f"the p-value is the rank among them, so at least {errors.floor:.3g}."
    chance = drawn(errors, own, len(study.treated))
    return Rank(errors.p_value(own), errors.floor, said + chance)


def pools_of(study: Study, donors: tuple[int, ...]) -> Pools:
    """Each donor for one treated area; for several, groups of as many drawn from the donors.

    Raises InputError where a group would leave fewer than two areas to compare with, and where no
    donor has an event from the start on.
    """
    least = len(study.treated) + 2
    if len(donors) < least:
        found = f"{len(donors)} areas to compare with"
        raise InputError(study.panel.where, found, f"at least {least}, for placebos")
    _some_events(study, study.varying(donors))
    members = _groups(len(study.treated), len(donors))
    rows = np.array(donors)[members]
    names = tuple(" + ".join(study.panel.units[at] for at in one) for one in rows.tolist())
    counts, exposure = study.panel.outcome[rows], study.panel.exposure
    if exposure is None:
        return Pools(members, counts.mean(axis=1), None, names)
    return Pools(members, counts.sum(axis=1), exposure[rows].sum(axis=1), names)


def _some_events(study: Study, donors: tuple[int, ...]) -> None:
    panel = study.panel
    if panel.exposure is not None and not panel.outcome[list(donors), study.start :].any():
        found = f"no event among the donors from {panel.periods[study.start]} on"
        raise InputError(panel.where, found, "some")


@lru_cache(maxsize=16)
def _groups(members: int, donors: int) -> NDArray[np.int64]:
    """The same whatever the study's seed, so that no seed is better than another."""
    if members == 1 or comb(donors, members) <= MOST:
        return np.array(list(combinations(range(donors), members)), np.int64)
    draws = stream(1, "placebo groups", donors, members)
    found: set[tuple[int, ...]] = set()
    while len(found) < MOST:
        found.add(tuple(sorted(draws.choice(donors, members, replace=False).tolist())))
    return np.array(sorted(found), np.int64)


@dataclass(frozen=True)
class PlaceboGaps:
    """What placebo groups of so many `areas` gave: `gaps` are groups × periods; `noise` is each
    group's variance in one period by counting alone, and `own_noise` that of the treated areas;
    where nothing is `counted`, they are one.

    The variance of an effect is fitted as a constant and a multiple of that noise, so that a large
    city is not judged by small areas (Ferman and Pinto 2019).
    """

    gaps: Real
    noise: Real
    own_noise: float
    areas: int
    start: int
    counted: bool

    @property
    def effects(self) -> Real:
        """The placebos' mean gaps from the start on."""
        return np.asarray(self.gaps[:, self.start :].mean(axis=1))

    def errors(self, effects: Real, periods: int, level: float) -> tuple[Real, Real]:
        """The standard errors of the treated areas' effects, from the placebos' (effects × groups),
        each the mean of so many periods, and how many of them an interval reaches: algorithm 4 of
        Arkhangelsky et al. (2021) for an area of the treated areas' size, whose variance is known by
        so many degrees of freedom as the fit says."""
        noise, own = self._by_counting(periods)
        fitted = SizeVariance.fitted(effects**2, noise, self._least)
        told = fitted.sharing(self.areas / len(noise))
        return np.sqrt(fitted.of(np.array(own))), student(level, told.freedom(own, self.areas))

    def ranked(self, own: float) -> tuple[float, Real]:
        """How extreme the treated areas' own mean gap is, and the placebos', in deviations."""
        effects, squares = self.effects, self.effects**2
        if not self.counted:  # of one size as far as is known: nothing to correct
            deviation = float(np.sqrt(squares.mean()))
            return own / deviation, effects / deviation
        noise, size = self._by_counting(self.gaps.shape[1] - self.start)
        others, treated = deviations(squares, noise, np.array([size]), self._least)
        return own / float(treated[0]), effects / others

    def _by_counting(self, periods: int) -> tuple[Real, float]:
        """The placebos' least variances and the treated areas': those of the mean of so many periods
        beside the mean of those before, were all periods weighed alike."""
        part = 1 / periods + 1 / self.start
        return part * self.noise, part * self.own_noise

    @property
    def _least(self) -> float:
        """Counts vary as Poisson's at the least."""
        return 1.0 if self.counted else 0.0


# What `PlaceboGaps.ranked` and its like rank by.
IN_DEVIATIONS = (
    "how far what followed the start is from what was expected, in standard deviations of the "
    "placebos' own for an area of that size"
)


def counting(counts: Real, exposure: Real) -> Real:
    """The variance of one period's rate by counting alone (half an event more, for none at all)."""
    total = exposure.sum(axis=-1)
    variance: Real = (counts.sum(axis=-1) + 0.5) / total**2 * exposure.shape[-1]
    return variance


def student(level: float, freedom: Real | float) -> Real:
    """Student's quantile that leaves `level` outside."""
    return np.asarray(special.stdtrit(freedom, 1 - level / 2))


def gap_bounds(study: Study, expected: Real, placebos: PlaceboGaps) -> Bounds:
    """Intervals of the effect by period, and as a whole from that of what was expected: of counts
    by a test of each ratio, otherwise as the mean of the periods is known."""
    series, start = study.series, study.start
    people = series.people[start:]
    total, whole = float(expected[start:] @ people), float(people.sum())
    means = placebos.gaps[:, start:] @ people / whole  # as if of so many people as are treated
    errors, times = placebos.errors(means[None], study.after, study.level)
    error, reach = whole * float(errors[0]), float(times[0])
    gap = series.rates - expected
    each = np.prod(placebos.errors(placebos.gaps.T, 1, study.level), axis=0)
    by_period = gap - each, gap + each
    if series.exposure is None or total <= 0:
        ends = total - reach * error, total + reach * error
        return bounds_of_expected(study, expected, ends, by_period)
    observed = float(series.outcome[start:].sum())
    relative = counted_ratio(observed, total, error, reach)
    found = bounds_of_ratio(study, expected, relative)
    return replace(found, low=by_period[0], high=by_period[1])


def counted_ratio(observed: float, expected: float, error: float, reach: float) -> Interval:
    """The relative effects that a test of each does not reject, of counts whose number expected is
    known with a standard `error` under no effect.

    With ρ times the events, observed / ρ varies by Poisson's law as expected / ρ, and not as
    expected; what else strays stays as it is. So ρ holds where (observed / ρ − expected)² is at most
    reach² × (error² + expected / ρ − expected), a quadratic in 1 / ρ (inversion of a test, as by
    Fieller 1954). The error is Poisson's at the least.
    """
    beyond = max(error**2 - expected, 0.0) * reach**2
    last = expected**2 - beyond
    middle = 2 * observed * expected + reach**2 * expected
    root = middle + sqrt(max(middle**2 - 4 * observed**2 * last, 0.0))
    return 2 * observed**2 / root - 1, (root / (2 * last) - 1 if last > 0 else inf)
