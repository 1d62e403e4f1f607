"""Checks of designs that weigh donors: fit, placebos, donors left out, other starts, the hull."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from opendcr.errors import InputError
from opendcr.evaluate.comparisons import robustness
from opendcr.evaluate.decision import changed
from opendcr.evaluate.estimate import Check, Estimate
from opendcr.evaluate.kernel.simplex import nearest
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.evaluate.weights.donor_pool import Compared, ratio_of

Real = NDArray[np.float64]
_GOOD_FIT = 0.5  # of the treated series' standard deviation before: three quarters explained
_COUNTS = 1e-3  # a weight from which leaving a donor out can matter
_EARLIER = 3  # starts before the real one, a period apart
_BACKDATED = 5  # starts at which nothing happened
_TOUCHES = 1e-9  # of a length: no distance
_BY_CHANCE = 0.01  # how seldom counts come so near to what was expected of them


class Weighs(Protocol):
    """A design that weighs donors."""

    def fit(self, study: Study) -> Estimate: ...

    def planned_for(self, start: Period) -> Self: ...

    def without(self, name: str) -> Self: ...


@dataclass(frozen=True)
class Checked:
    """What is checked: a design without inference, which areas it compares with, and its answer.

    `gaps` is what weights were fitted to: periods or predictors × donors, less the treated area's.
    """

    design: Weighs
    compared: Compared
    study: Study
    found: Estimate
    gaps: Real

    @property
    def weights(self) -> Mapping[str, float]:
        """By area."""
        return self.found.weights or {}


def checks_of(checked: Checked) -> tuple[Check, ...]:
    """All of them, in the order in which they are read."""
    return (
        fit_before(checked),
        placebo_rank(checked),
        donors_left_out(checked),
        nothing_happened(checked),
        started_earlier(checked),
        hull(checked.gaps),
        only_weights(checked.gaps),
        donors_counting(checked.weights),
    )


def fit_before(checked: Checked) -> Check:
    """How near the weighed mean is before the start, relative to the series' level and spread."""
    found = checked.found.pre_rmspe or 0.0
    series = checked.study.series.rates[checked.compared.matched(checked.study)]
    level, spread = float(np.abs(series).mean()), float(series.std(ddof=1))
    detail = (
        f"root mean squared error before: {_share(found, level)} of the mean level, "
        f"{_share(found, spread)} of the standard deviation (passed up to {_GOOD_FIT:.0%})"
    )
    near = _nearer_than_chance(checked)
    passed = None if near else found <= _GOOD_FIT * spread
    return Check("fit before the start", passed, f"{detail}{near}")


def _nearer_than_chance(checked: Checked) -> str:
    """What is said of a fit to counts that is nearer than what is true of them would be in one of a
    hundred (Pearson's χ²); empty where it is not."""
    start = checked.study.start
    pairs = [(one.observed_count, one.expected_count) for one in checked.found.effect[:start]]
    counts = [
        (seen, due) for seen, due in pairs if seen is not None and due is not None and due > 0
    ]
    distance = sum((seen - due) ** 2 / due for seen, due in counts)
    if len(counts) < start or distance >= chi2.ppf(_BY_CHANCE, start):
        return ""
    return (
        f"; nearer than chance: Σ (observed − expected)² / expected is {distance:.1f} in "
        f"{start} periods, where counting alone makes about {start}. So many donors fit the "
        "noise of so few periods, and the fit says nothing of how well they foresee: the placebos do"
    )


def placebo_rank(checked: Checked) -> Check:
    """Where the treated area stands among donors treated in turn, and how many fit worse before."""
    study = checked.study
    real = [study.panel.units[at] for at in study.treated]
    rows, found = study.donors(checked.compared.donors, checked.compared.exclude), checked.found
    design, ratios, worse = checked.design, [], 0
    for name in real:
        design = design.without(name)
    for row in rows:
        one = _placebo(design.without(study.panel.units[row]), study, row)
        ratios.append(float("inf") if one is None else _ratio(one))
        worse += one is not None and (one.pre_rmspe or 0.0) > (found.pre_rmspe or 0.0)
    rank = 1 + sum(one >= _ratio(found) * (1 - 1e-9) for one in ratios)
    return Check(
        "placebo areas",
        None,  # to be read: it tells of an effect, and not of how sound its estimate is
        f"rank {rank} of {1 + len(rows)} by error after over error before; {worse} of {len(rows)} "
        "placebos fit worse before",
    )


def donors_left_out(checked: Checked) -> Check:
    """The effect without each donor that counts."""
    effects = {
        name: checked.design.without(name).fit(checked.study).relative_effect
        for name, weight in checked.weights.items()
        if abs(weight) >= _COUNTS and _enough(checked, name)
    }
    return robustness.donors_left_out(checked.found, effects)


def nothing_happened(checked: Checked) -> Check:
    """Starts before the real one, with nothing seen from the real one on."""
    study = checked.study
    earliest = max(3, study.start // 2)
    if earliest >= study.start:
        return Check("starts when nothing happened", None, "too few periods before the start")
    before = study.before_only()
    starts = sorted({*np.linspace(earliest, study.start - 1, _BACKDATED).astype(int).tolist()})
    claimed = dict(_claimed(checked, before, [one for one in starts if one >= earliest]))
    if not claimed:
        return Check("starts when nothing happened", None, "too few periods before the start")
    worst = max(claimed, key=lambda one: abs(claimed[one]))
    detail = (
        f"{len(claimed)} starts before the real one; the greatest effect found is "
        f"{claimed[worst]:+.1%} (from {worst}), against {checked.found.relative_effect:+.1%}"
    )
    great = sum(abs(one) >= abs(checked.found.relative_effect) for one in claimed.values())
    found = f"one as great at {great} of {len(claimed)} earlier starts" if great else ""
    shown = changed(checked.found.decided(study.level)) or checked.found.rejects(study.level)
    # Where nothing is shown, one as great as what is nothing tells nothing.
    passed = (False if shown else None) if great else True
    return Check("starts when nothing happened", passed, detail, found)


def started_earlier(checked: Checked) -> Check:
    """The effect from the real start on, with weights that knew less before it."""
    study, effects = checked.study, []
    for at in range(max(3, study.start - _EARLIER), study.start):
        for found in _fitted(checked, study, at):
            effects.append(_after(found, study))
    if not effects:
        return Check("starts a little earlier", None, "too few periods before the start")
    if checked.found.average_effect == 0:
        return Check("starts a little earlier", None, "no effect that could be another")
    shares = [one / checked.found.average_effect for one in effects]
    detail = (
        f"with weights from up to {len(effects)} periods fewer, the mean effect from the start on "
        f"is {_share(min(shares), 1.0)} to {_share(max(shares), 1.0)} of that with all"
    )
    kept = tuple(one * checked.found.relative_effect for one in shares)
    return Check("starts a little earlier", None, detail, effects=kept)


def hull(gaps: Real) -> Check:
    """Whether some weighed mean of donors is the treated area in all that is matched."""
    missed = gaps @ nearest(gaps, 0.0, np.zeros(gaps.shape[1]))
    length = float(np.sqrt((gaps**2).sum(axis=0).max()))
    distance = float(np.sqrt((missed**2).mean()))
    if distance <= _TOUCHES * length:
        return Check("within the donors' hull", True, "a weighed mean of donors matches all of it")
    size = length / float(np.sqrt(len(gaps)))  # as a root mean square
    beyond = int(((gaps.min(axis=1) > 0) | (gaps.max(axis=1) < 0)).sum())
    detail = (
        f"outside by {_share(distance, size)} of how far the farthest donor is; {beyond} of {len(gaps)} matched values lie "
        "outside the range of all donors"
    )
    return Check("within the donors' hull", None if beyond == 0 else False, detail)


def only_weights(gaps: Real) -> Check:
    """Whether other weights would fit as well: whether the donors on the optimal face are affinely
    independent in what is matched."""
    weights = nearest(gaps, 0.0, np.zeros(gaps.shape[1]))
    gradient = gaps.T @ (gaps @ weights)
    scale = float((gaps**2).sum(axis=0).max()) or 1.0
    face = gradient - gradient @ weights <= 1e-10 * scale
    columns = np.vstack([gaps[:, face] / np.sqrt(scale), np.ones(int(face.sum()))])
    free = int(face.sum()) - int(np.linalg.matrix_rank(columns, tol=1e-9))
    if free == 0:
        return Check("only these weights", True, "no other weights fit as well")
    detail = f"weights that fit as well differ in {free} directions, among {int(face.sum())} donors"
    return Check("only these weights", False, detail)


def donors_counting(weights: Mapping[str, float]) -> Check:
    """The effective number of donors, 1 / Σ w², and how much weight is negative."""
    values = np.array([*weights.values()])
    below = float(-values[values < 0].sum())
    detail = f"effective number of donors {1 / float((values**2).sum()):.1f} of {len(values)}"
    if below > 0:
        detail += f"; weights below zero add up to {-below:.2f}: beyond the donors"
    return Check("donors that count", None, detail)


def _placebo(design: Weighs, study: Study, row: int) -> Estimate | None:
    """A donor as though it had been treated; None, to be counted as more extreme, where it cannot be:
    its outcome is the same in every period before, or no two donors are left."""
    try:
        return design.fit(study.starting(study.start, (row,)))
    except InputError:
        return None


def _claimed(checked: Checked, study: Study, starts: list[int]) -> Iterator[tuple[str, float]]:
    for at in starts:
        for found in _fitted(checked, study, at):
            yield str(study.panel.periods[at]), found.relative_effect


def _fitted(checked: Checked, study: Study, at: int) -> Iterator[Estimate]:
    """The design as it would have been planned for another start; nothing where it cannot be."""
    try:
        yield checked.design.planned_for(study.panel.periods[at]).fit(study.starting(at))
    except InputError:
        return


def _after(found: Estimate, study: Study) -> float:
    """The mean effect from the study's own start on."""
    return float(np.mean([one.effect for one in found.effect[study.start :]]))


def _enough(checked: Checked, name: str) -> bool:
    """Whether two donors are left without one."""
    left = checked.compared.without(name)
    return len(checked.study.donors(left.donors, left.exclude)) >= 2


def _ratio(found: Estimate) -> float:
    return ratio_of(found.post_rmspe or 0.0, found.pre_rmspe or 0.0)


def _share(value: float, whole: float) -> str:
    return f"{value / whole:.1%}" if whole > 0 else "no share"
