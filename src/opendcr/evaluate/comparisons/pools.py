"""Placebo groups: donors pooled as the treated areas are, where nothing happened."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import special

from opendcr.errors import InputError
from opendcr.evaluate.estimate import Bounds
from opendcr.evaluate.kernel.spread import spread_of
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


def pools_of(study: Study, donors: tuple[int, ...]) -> Pools:
    """Each donor for one treated area; for several, groups of as many drawn from the donors.

    Raises InputError where a group would leave fewer than two areas to compare with.
    """
    least = len(study.treated) + 2
    if len(donors) < least:
        found = f"{len(donors)} areas to compare with"
        raise InputError(study.panel.where, found, f"at least {least}, for placebos")
    members = _groups(len(study.treated), len(donors), study.seed)
    rows = np.array(donors)[members]
    names = tuple(" + ".join(study.panel.units[at] for at in one) for one in rows.tolist())
    counts, exposure = study.panel.outcome[rows], study.panel.exposure
    if exposure is None:
        return Pools(members, counts.mean(axis=1), None, names)
    return Pools(members, counts.sum(axis=1), exposure[rows].sum(axis=1), names)


def _groups(members: int, donors: int, seed: int) -> NDArray[np.int64]:
    if members == 1 or comb(donors, members) <= MOST:
        return np.array(list(combinations(range(donors), members)), np.int64)
    draws = stream(seed, "placebo groups")
    found: set[tuple[int, ...]] = set()
    while len(found) < MOST:
        found.add(tuple(sorted(draws.choice(donors, members, replace=False).tolist())))
    return np.array(sorted(found), np.int64)


@dataclass(frozen=True)
class Spread:
    """What placebo effects say about the error of the estimate of another area.

    An effect's variance is `model`, the same for all areas, and `share` times what counting alone
    makes: so a large city is not judged by small areas (Ferman and Pinto 2019).
    """

    model: float
    share: float

    @classmethod
    def of(cls, effects: Real, noise: Real) -> "Spread":
        """From the effects of placebo groups and the variance that counting makes of each."""
        return cls(*spread_of(effects**2, noise))

    def deviation(self, noise: Real | float) -> Real:
        """Standard deviations of effects with this noise."""
        least = np.finfo(float).tiny
        return cast(Real, np.sqrt(np.maximum(self.model + self.share * noise, least)))

    def freedom(self, noise: Real, own: float) -> float:
        """How many placebos of the treated areas' size would tell their variance as well as these
        do: degrees of freedom after Satterthwaite (Biometrics Bulletin 2:6, 1946), 2 V² / var(V),
        where V is fitted with weights 1 / V². No fewer than 2, no more than the placebos less one."""
        weight = self.deviation(noise) ** -4.0
        one, x, xx = weight.sum(), weight @ noise, weight @ noise**2
        most, whole = len(noise) - 1, one * xx - x**2
        if whole <= 1e-9 * one * xx:  # all of one size
            return float(most)
        error = (xx - 2 * x * own + one * own**2) / whole
        return float(np.clip(self.deviation(own) ** 4.0 / error, 2, most))


@dataclass(frozen=True)
class PlaceboGaps:
    """What placebo groups gave: `gaps` are groups × periods; `noise` is each group's variance by
    counting alone, up to a factor, and `own_noise` that of the treated areas."""

    gaps: Real
    noise: Real
    own_noise: float

    def error(self, effects: Real) -> float:
        """The standard error of the treated areas' effect, from the same effect of the placebos:
        algorithm 4 of Arkhangelsky et al. (2021), with each placebo brought to the treated areas' size."""
        spread = Spread.of(effects, self.noise)
        ratios = effects / spread.deviation(self.noise)
        return float(spread.deviation(self.own_noise) * np.std(ratios, ddof=1))


def counting(counts: Real, exposure: Real) -> Real:
    """The variance of one period's rate by counting alone (half an event more, for none at all)."""
    total = exposure.sum(axis=-1)
    variance: Real = (counts.sum(axis=-1) + 0.5) / total**2 * exposure.shape[-1]
    return variance


def rank_p(own: float, placebos: Real) -> float:
    """(1 + placebos at least as extreme) / (1 + placebos), of absolute values."""
    reached = np.abs(placebos) >= abs(own) * (1 - 1e-12)
    return (1 + int(reached.sum())) / (1 + len(placebos))


def student(level: float, freedom: float) -> float:
    """Student's quantile that leaves `level` outside."""
    return float(special.stdtrit(freedom, 1 - level / 2))


def gap_bounds(study: Study, expected: Real, placebos: PlaceboGaps) -> Bounds:
    """Intervals of the effect by period, of its mean, and of the sum relative to the expected: of
    this none where nothing, or less, was expected."""
    gap, start = study.series.rates - expected, study.start
    exposure = study.series.exposure
    scale = np.ones(len(gap)) if exposure is None else exposure
    total = float((expected * scale)[start:].sum())
    share = scale[start:] / total
    extreme = student(study.level, len(placebos.gaps) - 1)
    reach = extreme * np.array([placebos.error(one) for one in placebos.gaps.T])
    mean, claimed = float(gap[start:].mean()), float(gap[start:] @ share)
    half = extreme * placebos.error(placebos.gaps[:, start:].mean(axis=1))
    wide = extreme * placebos.error(placebos.gaps[:, start:] @ share)
    return Bounds(
        low=gap - reach,
        high=gap + reach,
        interval=(mean - half, mean + half),
        relative=(claimed - wide, claimed + wide) if total > 0 else None,
    )


def relative_effect(study: Study, expected: Real) -> float:
    """Σ observed / Σ expected − 1 from the start on, in counts where there is an exposure."""
    series, after = study.series, slice(study.start, None)
    total = expected if series.exposure is None else expected * series.exposure
    return float(series.outcome[after].sum() / total[after].sum()) - 1
