"""Nowcasts of areas that stand on one side of a study, drawn so that they add up to that of their sum.

Editions that come late in all areas of a registry make them err together, and what is summed or
averaged errs by as much. The nowcast of the areas' summed triangle is right whatever they have in
common; what each area comes to is made to agree with it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.delays.nowcast import Nowcast

Real = NDArray[np.float64]
_SOME = 1e-9  # a share for those to whom nothing comes in, where there is something to share out


def together(
    areas: Sequence[Nowcast], whole: Nowcast | None, random: np.random.Generator
) -> list[Nowcast]:
    """The areas' nowcasts, with draws that are each area's own in an order that makes them err
    together as much as `whole`, the nowcast of their sum, says; and then brought to its draws.

    Where their sum is not known they err together as much as they can, which is the widest.
    Nowcasts have as many draws each, and with `whole` the same periods as it.
    """
    totals = np.stack([one.draws.sum(axis=1) for one in areas])
    share = 1.0 if whole is None else in_common(totals, whole.draws.sum(axis=1))
    order = ordered(totals, share, random)
    draws = [one.draws[rows] for one, rows in zip(areas, order, strict=True)]
    if whole is not None:
        reported = np.stack([one.reported for one in areas])
        draws = list(_agreed(np.stack(draws), reported, whole.draws, random))
    return [replace(one, draws=own) for one, own in zip(areas, draws, strict=True)]


def in_common(totals: Real, whole: Real) -> float:
    """The correlation, from 0 to 1, of any two areas' totals (areas × draws) by which their sum
    varies as `whole` does (draws)."""
    deviations = totals.std(axis=1)
    apart, most = float((deviations**2).sum()), float(deviations.sum() ** 2)
    return float(np.clip((whole.var() - apart) / max(most - apart, _SOME), 0, 1))


def ordered(totals: Real, correlation: float, random: np.random.Generator) -> NDArray[np.int64]:
    """For each area the order of its draws in which totals (areas × draws) have the ranks of normal
    variables of this correlation (Iman and Conover 1982, Communications in Statistics, Simulation
    and Computation 11:311)."""
    common, own = random.standard_normal(totals.shape[1]), random.standard_normal(totals.shape)
    scores = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
    return np.take_along_axis(totals.argsort(axis=1), _ranks(scores), axis=1)


def _agreed(draws: Real, reported: Real, whole: Real, random: np.random.Generator) -> Real:
    """The draws (areas × draws × periods), added to or taken from so that they add up to a draw of
    the whole (draws × periods): to that of the same rank in total."""
    whole = whole[whole.sum(axis=1).argsort()][_ranks(draws.sum(axis=(0, 2)))]
    least = np.minimum(draws, reported[:, None, :])
    beyond = whole - least.sum(axis=0)
    shares = np.where(beyond >= 0, draws - least + _SOME, least)
    return np.asarray(least + np.sign(beyond) * shared_out(np.abs(beyond), shares, random))


def shared_out(counts: Real, shares: Real, random: np.random.Generator) -> Real:
    """Whole counts in these shares (first axis), that add up to `counts`, each within one of its part
    and on average that (systematic sampling: Madow 1949, Annals of Mathematical Statistics 20:333).
    """
    up_to = np.cumsum(shares, axis=0)
    up_to = counts * (up_to / np.maximum(up_to[-1], _SOME))
    return np.diff(np.floor(up_to + random.random(counts.shape)), axis=0, prepend=0.0)


def _ranks(values: Real) -> NDArray[np.int64]:
    """The ranks along the last axis, from 0."""
    return np.asarray(values.argsort(axis=-1).argsort(axis=-1))
