"""Placebo groups: donors pooled as the treated areas are, where nothing happened."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import comb, inf, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.errors import Errors, SizeVariance
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


def rank_of(study: Study, own: float, ratios: Real, areas: int) -> tuple[float, float]:
    """The p-value by rank among placebo groups, and the least that it could be."""
    errors = Errors(ratios, _areas(study, areas))
    return errors.p_value(own), errors.floor


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
    members = _groups(len(study.treated), len(donors), study.seed)
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


def _groups(members: int, donors: int, seed: int) -> NDArray[np.int64]:
    if members == 1 or comb(donors, members) <= MOST:
        return np.array(list(combinations(range(donors), members)), np.int64)
    draws = stream(seed, "placebo groups")
    found: set[tuple[int, ...]] = set()
    while len(found) < MOST:
        found.add(tuple(sorted(draws.choice(donors, members, replace=False).tolist())))
    return np.array(sorted(found), np.int64)


@dataclass(frozen=True)
class PlaceboGaps:
    """What placebo groups of so many `areas` gave: `gaps` are groups × periods; `noise` is each
    group's variance by counting alone, up to a factor, and `own_noise` that of the treated areas.

    The variance of an effect is fitted as a constant and a multiple of that noise, so that a large
    city is not judged by small areas (Ferman and Pinto 2019).
    """

    gaps: Real
    noise: Real
    own_noise: float
    areas: int

    def errors(self, effects: Real) -> Real:
        """The standard errors of effects of the treated areas, from the same of the placebos
        (effects × groups): algorithm 4 of Arkhangelsky et al. (2021), with each placebo brought to
        the treated areas' size."""
        fitted = SizeVariance.fitted(effects**2, self.noise)
        ratios = effects / np.sqrt(fitted.of(self.noise[:, None])).T
        own: Real = np.sqrt(fitted.of(np.array(self.own_noise)))
        return np.asarray(own * np.std(ratios, axis=1, ddof=1))

    def ranked(self, effects: Real, own: float) -> tuple[float, Real]:
        """How extreme the treated areas' effect is, and the placebos', in their deviations."""
        fitted = SizeVariance.fitted(effects**2, self.noise)
        deviation = float(np.sqrt(fitted.of(np.array(self.own_noise)))[0])
        return own / deviation, effects / np.sqrt(fitted.of(self.noise))


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


def student(level: float, freedom: float) -> float:
    """Student's quantile that leaves `level` outside."""
    return float(special.stdtrit(freedom, 1 - level / 2))


def gap_bounds(study: Study, expected: Real, placebos: PlaceboGaps) -> Bounds:
    """Intervals of the effect by period, and as a whole from that of what was expected: of counts
    by a test of each ratio, otherwise as the mean of the periods is known."""
    series, start = study.series, study.start
    people = series.people
    total = float((expected * people)[start:].sum())
    sums = placebos.gaps[:, start:] @ people[start:]  # as if of so many people as are treated
    errors = placebos.errors(np.vstack([sums, placebos.gaps.T]))
    reach = student(study.level, placebos.areas - 1)
    gap = series.rates - expected
    by_period = gap - reach * errors[1:], gap + reach * errors[1:]
    wide = reach * float(errors[0])
    if series.exposure is None or total <= 0:
        return bounds_of_expected(study, expected, (total - wide, total + wide), by_period)
    observed = float(series.outcome[start:].sum())
    relative = counted_ratio(observed, total, float(errors[0]), reach)
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
