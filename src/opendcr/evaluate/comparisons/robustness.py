"""Checks that several designs share: what a hostile reader would change, and what it changes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.estimate import Check, Estimate
from opendcr.evaluate.study import LEAST_BEFORE, Study

Real = NDArray[np.float64]
_POOR = 2.0  # times the placebos' median: a fit that is worse than what the method does elsewhere


def fit_before(gap: Real, placebos: Real, start: int) -> Check:
    """Whether the treated areas were fitted as well as the placebos (groups × periods) before."""
    own = float(np.sqrt(np.mean(gap[:start] ** 2)))
    others = np.sqrt(np.mean(placebos[:, :start] ** 2, axis=1))
    usual, better = float(np.median(others)), int((others < own).sum())
    detail = (
        f"error before {own:.4g}, of placebos {usual:.4g} at the median; "
        f"{better} of {len(others)} are fitted better"
    )
    return Check("fit before", own <= _POOR * usual, detail)


def placebo_rank(found: Estimate) -> Check:
    """Where the estimate stands among the placebos; only to be read."""
    extreme = sorted(found.placebos, key=lambda one: -one.ratio)[:3]
    named = ", ".join(f"{one.unit} ({one.ratio:.2f})" for one in extreme)
    share = found.p_value or 1.0
    rank = round(share * (1 + len(found.placebos)))
    detail = f"rank {rank} of {1 + len(found.placebos)}; most extreme placebos: {named}"
    return Check("placebo areas", None, detail)


def earlier_starts(study: Study, fit: Callable[[Study], Estimate]) -> Check:
    """Effects of starts at which nothing happened, with data from before the true one alone."""
    name, before = "earlier starts", study.panel.during(0, study.start)
    places = {study.start // 2, 2 * study.start // 3, 5 * study.start // 6}
    starts = sorted(one for one in places if LEAST_BEFORE <= one < study.start)
    if not starts:
        return Check(name, None, "too few periods before the start for an earlier one")
    found = [fit(replace(study, panel=before, start=one)) for one in starts]
    clear = [one.interval is None or one.interval[0] <= 0 <= one.interval[1] for one in found]
    pairs = zip(starts, found, strict=True)
    said = [f"{study.panel.periods[at]} {one.relative_effect:+.1%}" for at, one in pairs]
    return Check(name, all(clear), f"effects claimed where nothing began: {', '.join(said)}")


def steady(name: str, whole: float, effects: Sequence[float]) -> Check:
    """Whether a relative effect keeps its sign when something is changed."""
    if not effects:
        return Check(name, None, "nothing to change")
    low, high = min(effects), max(effects)
    detail = f"relative effect {whole:+.1%}; from {low:+.1%} to {high:+.1%}"
    return Check(name, low * whole > 0 and high * whole > 0, detail)
