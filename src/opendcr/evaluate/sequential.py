"""Reviews on declared dates: what level each may use, so that all together use one.

    fractions = information(start, reviews, before=60)
    looks = levels(fractions, "obrien_fleming", 0.05)

A study that is read at several dates, each at 5 %, is wrong more often than once in twenty where
nothing happened. Two remedies: to spend the level over declared reviews (`levels`), or an interval
that holds at every moment at once (`always_valid`), for those who cannot declare their dates.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import lambertw, ndtr
from scipy.stats import norm

from opendcr.errors import InputError
from opendcr.evaluate.periods import Period, Rhythm

Real = NDArray[np.float64]
Spending = Literal["obrien_fleming", "pocock"]

_FAR = 8.0  # standard deviations beyond which a density counts for nothing
_NODES = 32  # of each part of the integration
_NODES_A_WIDTH = 6  # at least, for each standard deviation of an increment
_HIGHEST = 40.0  # a boundary in standard deviations that nothing crosses


@dataclass(frozen=True)
class Look:
    """One review: the share of the information that is then there (above 0, up to 1), the level
    spent up to it, the boundary of |z|, and the two-sided level at which it is to be read."""

    fraction: float
    spent: float
    boundary: float
    level: float

    def within_reach(self, p_floor: float | None) -> bool:
        """Whether a test whose least p-value is `p_floor` could show anything at this look."""
        return p_floor is None or p_floor <= self.level


def information(
    start: Period,
    reviews: Sequence[Period],
    before: int | None = None,
    rhythm: Rhythm | None = None,
) -> tuple[float, ...]:
    """The share of the information at each review, the last one being the whole.

    A review follows the period that it names, so that one at `start` has one period. Information
    counts the periods of the data (each unit of time, where no `rhythm` is given): all that an
    effect is uncertain by lies after the start. With `before`
    (periods before the start, as uncertain as those after) it is that of a difference of two
    means, 1 / (1/before + 1/after). Raises InputError for reviews that do not go forward from the
    start, or a `before` that is not above zero.
    """
    rhythm = rhythm or Rhythm(start.kind, 1)
    periods = [rhythm.steps(start, one) + 1 for one in reviews if one.kind == start.kind]
    if len(periods) < len(reviews) or not periods or periods[0] < 1:
        said = ", ".join(map(str, reviews)) or "none"
        raise InputError("reviews", said, f"periods from {start} on")
    if before is not None and before < 1:
        raise InputError("reviews", f"{before} periods before the start", "one or more")
    known = [one if before is None else 1 / (1 / before + 1 / one) for one in periods]
    return _rising(tuple(one / known[-1] for one in known))


def levels(fractions: Sequence[float], spending: Spending, level: float) -> tuple[Look, ...]:
    """The level at which to read each of several looks (Lan and DeMets 1983), two-sided, half to
    each side.

    The boundaries come from the recursion of Armitage, McPherson and Rowe (1969), integrated by
    Gauss and Legendre's rule: the statistic times √fraction has independent normal increments
    where nothing happened. Raises InputError for fractions that do not rise within (0, 1], a level
    that is not between 0 and 1, or a spending function that is not known.
    """
    if spending not in get_args(Spending):
        raise InputError("reviews.spending", f"'{spending}'", f"one of {', '.join(_SPENT)}")
    if not 0 < level < 1:
        raise InputError("reviews.level", f"{level:g}", "a level above 0 and under 1")
    times = _rising(fractions)
    spent = [_SPENT[spending](time, level / 2) for time in times]
    bounds = _boundaries(times, np.diff([0.0, *spent]))
    return tuple(
        Look(time, 2 * share, bound, float(2 * norm.sf(bound)))
        for time, share, bound in zip(times, spent, bounds, strict=True)
    )


def _obrien_fleming(fraction: float, level: float) -> float:
    """Lan and DeMets (1983), α₁*: little early, nearly the whole level at the end."""
    return float(2 * norm.sf(norm.isf(level / 2) / math.sqrt(fraction)))


def _pocock(fraction: float, level: float) -> float:
    """Lan and DeMets (1983), α₂*: about alike at every look."""
    return level * math.log(1 + (math.e - 1) * fraction)


_SPENT: dict[str, Callable[[float, float], float]] = {
    "obrien_fleming": _obrien_fleming,
    "pocock": _pocock,
}


def _rising(fractions: Sequence[float]) -> tuple[float, ...]:
    steps = np.diff([0.0, *fractions])
    if not fractions or not np.all(steps > 0) or fractions[-1] > 1:
        said = ", ".join(f"{one:g}" for one in fractions) or "none"
        raise InputError("reviews", said, "shares of the information that rise from 0 to 1")
    return tuple(float(one) for one in fractions)


def _boundaries(times: Sequence[float], spend: Real) -> list[float]:
    """The boundaries of |z| at which `spend` (one side, by look) is crossed for the first time."""
    bounds = [float(norm.isf(spend[0]))]
    places, density = _first(times, bounds[0])
    for at in range(1, len(times)):
        step = math.sqrt(times[at] - times[at - 1])
        bound = _crossed(places, density, step, math.sqrt(times[at]), float(spend[at]))
        bounds.append(bound)
        if at + 1 < len(times):
            further = math.sqrt(times[at + 1] - times[at])
            after, weights = _nodes(bound, times[at], min(step, further))
            places, density = after, weights * (_density(after[:, None] - places, step) @ density)
    return bounds


def _first(times: Sequence[float], bound: float) -> tuple[Real, Real]:
    """Where the process may stand after the first look without having crossed, and its masses."""
    further = math.sqrt(times[1] - times[0]) if len(times) > 1 else 1.0
    places, weights = _nodes(bound, times[0], further)
    return places, weights * _density(places, math.sqrt(times[0]))


def _density(gap: Real, scale: float) -> Real:
    """The density of a normal increment."""
    return np.asarray(np.exp(-0.5 * (gap / scale) ** 2) / (scale * math.sqrt(2 * math.pi)))


def _nodes(bound: float, time: float, width: float) -> tuple[Real, Real]:
    """Places and weights within the boundary, close enough for a density of this width."""
    reach = min(bound, _FAR) * math.sqrt(time)
    places, weights = _rule(1 + math.ceil(_NODES_A_WIDTH * 2 * reach / width / _NODES))
    return reach * places, reach * weights


@cache
def _rule(parts: int) -> tuple[Real, Real]:
    """Gauss and Legendre's places and weights on −1 to 1, in so many equal parts."""
    places, weights = np.polynomial.legendre.leggauss(_NODES)
    middles = (2 * np.arange(parts) + 1) / parts - 1
    return (middles[:, None] + places / parts).ravel(), np.tile(weights / parts, parts)


def _crossed(places: Real, density: Real, step: float, scale: float, spend: float) -> float:
    """The boundary over which the process goes now with probability `spend` on one side."""

    def too_much(bound: float) -> float:
        return float(ndtr((places - bound * scale) / step) @ density) - spend

    return float(brentq(too_much, 0.0, _HIGHEST, xtol=1e-10))


def always_valid(estimate: float, se: float, planned: float, level: float) -> tuple[float, float]:
    """An interval that holds at every look at once, whatever their number and dates, with
    probability 1 − `level`.

    The normal mixture of Robbins (1970), as in Howard, Ramdas, McAuliffe and Sekhon (2021,
    equation 14): with the information V = 1/se², the estimate ± √((V + ρ) ln((V + ρ)/(ρ level²)))/V.
    ρ makes it narrowest where the standard error is `planned` (their section 3.5). It holds where
    estimates are normal and their information grows by independent pieces, as for `levels`.
    Raises InputError for standard errors that are not above zero, or a level outside 0 to 1.
    """
    if not (0 < se < math.inf and 0 < planned < math.inf and 0 < level < 1):
        found = f"se {se:g}, planned {planned:g}, level {level:g}"
        raise InputError("reviews", found, "standard errors above 0, a level between 0 and 1")
    known = 1 / se**2
    rho = _narrowest(1 / planned**2, level)
    reach = math.sqrt((known + rho) * math.log((known + rho) / (rho * level**2))) / known
    return estimate - reach, estimate + reach


def _narrowest(known: float, level: float) -> float:
    """The ρ of the mixture whose interval is narrowest at this information."""
    return known / (-float(lambertw(-(level**2) / math.e, -1).real) - 1)
