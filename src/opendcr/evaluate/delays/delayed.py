"""Studies of series whose latest counts are still to change: the uncertainty of the nowcast, carried.

    def fit(panel): return design.fit(replace(study, panel=panel))
    made = widened(panel, {"Glasgow City": nowcast(triangle)}, fit)

The study is fitted again on each of some draws of the series. Its answer is the mixture of theirs:
the law of total probability over what the counts come to, which for draws of missing data is how
Bayesian inference after multiple imputation is done (Zhou and Reiter 2010, The American
Statistician 64:159). Rubin's rules (1987) are its normal approximation; the mixture keeps an
interval that is not symmetrical as it is.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from opendcr.errors import InputError
from opendcr.evaluate.delays.nowcast import Nowcast, nowcast
from opendcr.evaluate.delays.triangle import Triangle, triangle_of
from opendcr.evaluate.estimate import Check, Estimate, Interval
from opendcr.evaluate.panel import Panel, Rows
from opendcr.evaluate.plan import Delayed
from opendcr.evaluate.study import LEVEL, Study

Real = NDArray[np.float64]
FITS = 100  # of the draws; an interval of 95 % moves by a few hundredths of its width beyond
_LEAST, _MOST = math.log(1e-9), math.log(1e9)  # of 1 + relative effect, where it has no bound


@dataclass(frozen=True)
class Widened:
    """A relative effect over the draws of a nowcast: the middle of the mixture, its interval, and
    the share of the variance (on the scale of logarithms) that is the nowcast's."""

    relative_effect: float
    relative_interval: Interval
    from_nowcast: float
    fits: int


def widened(
    panel: Panel,
    nowcasts: Mapping[str, Nowcast],
    fit: Callable[[Panel], Estimate],
    fits: int = FITS,
    level: float = LEVEL,
) -> Widened:
    """The study under the nowcasts of some areas' series; `fit` gives intervals of 1 − `level`.

    Raises InputError where a nowcast has fewer draws than `fits`, an area or a period is not in
    the panel, or the study gives no interval.
    """
    made = (drawn(panel, nowcasts, at) for at in range(_enough(panel, nowcasts, fits)))
    rows = np.array([_ends(panel, fit(one)) for one in made])
    logs = np.log(np.clip(1 + rows, math.exp(_LEAST), math.exp(_MOST)))
    low, middle, high = (_quantile(logs, share, level) for share in (level / 2, 0.5, 1 - level / 2))
    between = float(logs[:, 1].var())
    within = float(np.mean(((logs[:, 2] - logs[:, 0]) / 2 / ndtri(1 - level / 2)) ** 2))
    share = between / (between + within) if between else 0.0
    return Widened(math.expm1(middle), (math.expm1(low), math.expm1(high)), share, fits)


def _ends(panel: Panel, found: Estimate) -> tuple[float, float, float]:
    """Lower end, estimate and upper end of a fit."""
    if found.relative_interval is None:
        expected = "an interval of the relative effect, to widen it"
        raise InputError(panel.where, "a design that gives no interval", expected)
    low, high = found.relative_interval
    return low, found.relative_effect, high


def nowcasts_of(
    rows: Rows, said: Delayed, treated: str, seed: int, level: float
) -> dict[str, Nowcast]:
    """The nowcast of each area of a plan's reporting triangles."""
    made = triangles_of(rows, said, treated)
    return {unit: nowcast(one, seed=seed, level=level) for unit, one in made.items()}


def triangles_of(rows: Rows, said: Delayed, treated: str) -> dict[str, Triangle]:
    """A plan's reporting triangles by area; of the treated one where they have no column of areas."""
    if said.unit is None:
        return {treated: _triangle(rows, said)}
    units = rows.column(said.unit, "nowcast.unit")
    return {
        unit: _triangle(rows.where_true([one == unit for one in units]), said)
        for unit in dict.fromkeys(units)
    }


def _triangle(rows: Rows, said: Delayed) -> Triangle:
    return triangle_of(rows, said.most, said.period, said.edition, said.count)


def carried(
    study: Study,
    nowcasts: Mapping[str, Nowcast],
    answer: Callable[[Study], Estimate],
    fit: Callable[[Study], Estimate],
) -> Estimate:
    """The answer of a study whose latest counts are still to change.

    Counts stand at the middle of their nowcasts, and the intervals carry what is not known of them;
    `fit` is the answer without its checks. The p-value is of the middle counts.
    """
    middle = study.panel.outcome.copy()
    for unit, made in nowcasts.items():
        places = [
            study.panel.periods.index(one) for one in made.periods if one in study.panel.periods
        ]
        known = [one in study.panel.periods for one in made.periods]
        middle[study.panel.at(unit), places] = made.median[known]
    found = answer(replace(study, panel=study.panel.with_outcome(middle)))
    if found.relative_interval is None:
        return found
    wide = widened(
        study.panel, nowcasts, lambda panel: fit(replace(study, panel=panel)), level=study.level
    )
    detail = (
        f"counts of {min(len(one.periods) for one in nowcasts.values())} or more periods are nowcast; "
        f"{wide.from_nowcast:.0%} of the variance of the effect is the nowcast's"
    )
    said = f"The interval also carries the nowcast of late reports, over {wide.fits} draws of it."
    made_wide = found.widened(wide.relative_interval, said)
    return replace(made_wide, checks=(*found.checks, Check("reporting delay", None, detail)))


def drawn(panel: Panel, nowcasts: Mapping[str, Nowcast], at: int) -> Panel:
    """The panel with one draw of each nowcast in the place of the counts that are still to change."""
    outcome = panel.outcome.copy()
    for unit, made in nowcasts.items():
        for column, period in enumerate(made.periods):
            if period not in panel.periods:
                expected = f"a panel with the periods of '{unit}' that are nowcast"
                raise InputError(panel.where, f"no {period}", expected)
            outcome[panel.at(unit), panel.periods.index(period)] = made.draws[at, column]
    return panel.with_outcome(outcome)


def _enough(panel: Panel, nowcasts: Mapping[str, Nowcast], fits: int) -> int:
    least = min((len(one.draws) for one in nowcasts.values()), default=0)
    if not 0 < fits <= least:
        raise InputError(panel.where, f"{fits} fits of {least} draws", "as many draws as fits")
    return fits


def _quantile(logs: Real, share: float, level: float) -> float:
    """The quantile of the mixture of the fits (fits × lower end, estimate, upper end).

    Each fit is read as a normal on either side of its estimate, as wide as its interval says
    there: the two-piece normal with the median at the estimate.
    """
    reach = ndtri(1 - level / 2)
    middle = np.clip(logs[:, 1], logs[:, 0], logs[:, 2])
    below = np.maximum(middle - logs[:, 0], 1e-12) / reach
    above = np.maximum(logs[:, 2] - middle, 1e-12) / reach

    def beyond(value: float) -> float:
        gap = value - middle
        return float(ndtr(np.where(gap < 0, gap / below, gap / above)).mean()) - share

    lowest, highest = float((middle - 40 * below).min()), float((middle + 40 * above).max())
    return float(brentq(beyond, lowest, highest, xtol=1e-12))
