"""The checks that travel with an interrupted time series."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from opendcr.errors import InputError
from opendcr.evaluate.decision import between
from opendcr.evaluate.estimate import SURE_ERRORS, SURELY, Check, Estimate, p_said
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.regressions.contrast import Contrast
from opendcr.evaluate.regressions.counts import Fit, fitted
from opendcr.evaluate.regressions.covariance import autoregressive
from opendcr.evaluate.study import Study

Real = NDArray[np.float64]
_ALIKE = 0.05  # the p-value under which residuals are called autocorrelated or overdispersed
_STRONG = 0.4  # the autocorrelation from which intervals of 95 % held under 93 % of no effects
_MOVED = 3  # periods by which the start is moved
_MOST_PLACEBOS = 60
_LEAST_AFTER = 3  # periods after a placebo start
_BEFORE_EACH, _AFTER_EACH = 4, 3  # periods for each coefficient before the start, and after


class Segmented(Protocol):
    """What is asked of the design that is checked. Any frozen dataclass with these fields."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def terms(self) -> tuple[str, ...]: ...

    @property
    def ramp(self) -> int: ...

    def contrast(self, study: Study) -> Contrast: ...

    def fit(self, study: Study) -> Estimate: ...


def enough(contrast: Contrast) -> Check:
    """Periods for each coefficient, before the start and from it on."""
    earlier, later = contrast.segments.first, len(contrast.segments.post)
    after = len(contrast.fit.mean) - contrast.start
    detail = (
        f"{contrast.start} periods before the start for {earlier} coefficients, {after} from it on "
        f"for {later}; at least {_BEFORE_EACH} and {_AFTER_EACH} for each are asked"
    )
    passed = contrast.start >= _BEFORE_EACH * earlier and after >= _AFTER_EACH * later
    return Check("periods", passed, detail)


def overdispersion(fit: Fit, model: bool = False) -> Check:
    """Pearson's χ² over its degrees of freedom: whether the variance is what the family says. With
    `model` the errors rest on the family's alone."""
    if not fit.regression.counts:
        detail = f"a residual standard deviation of {fit.dispersion**0.5:.4g}"
        return Check("overdispersion", None, detail)
    chance = float(chdtrc(fit.regression.spare, fit.dispersion * fit.regression.spare))
    detail = f"dispersion {fit.dispersion:.3g} (1 is Poisson's), {p_said(chance)}"
    if fit.regression.family == "negative_binomial":
        detail = f"extra variance {fit.extra:.3g}; {detail}, after it"
    if fit.regression.family == "quasi_poisson":
        return Check("overdispersion", None, detail)
    narrow = (
        f"counts have {fit.dispersion:.3g} times the variance that it allows for ({p_said(chance)})"
    )
    surely = model and chance < SURELY
    return Check("overdispersion", chance >= _ALIKE, detail, narrow=narrow if surely else "")


def autocorrelation(fit: Fit, allowed: bool) -> Check:
    """Ljung and Box's test of the residuals (Biometrika 65:2, 1978); where the errors allow for an
    autoregression of the first order, whether it is so weak that they hold what they say."""
    residuals, periods = fit.residuals, len(fit.residuals)
    lags = np.arange(1, max(1, min(10, periods // 5)) + 1)
    total = residuals @ residuals
    alike = np.array([residuals[lag:] @ residuals[:-lag] for lag in lags]) / total
    box = periods * (periods + 2) * (alike**2 / (periods - lags)).sum()
    chance = float(chdtrc(len(lags), box))
    detail = f"lag 1: {alike[0]:.2f}; Ljung-Box over {len(lags)} lags {p_said(chance)}; the errors "
    if not allowed:
        narrow = (
            f"it does not allow for errors that last ({alike[0]:.2f} at lag 1, {p_said(chance)})"
        )
        said = narrow if chance < SURELY and alike[0] > 0 else ""
        return Check(
            "autocorrelation", chance >= _ALIKE, detail + "do not allow for it", narrow=said
        )
    rho = autoregressive(fit).rho
    detail += f"allow for it, with {rho:.2f} at lag 1; from {_STRONG} on they are too small"
    narrow = f"errors that last so long ({rho:.2f} at lag 1) are allowed too little"
    surely = rho >= _STRONG and alike[0] > SURE_ERRORS / np.sqrt(periods)
    said = narrow if surely else ""
    return Check("autocorrelation", rho < _STRONG, detail, narrow=said)


def influence(contrast: Contrast, found: Estimate) -> Check:
    """The relative effect without each single period: whether one of them moves it by more than
    about a standard error, a quarter of its interval (|DFBETAS| > 1: Belsley, Kuh and Welsch,
    Regression Diagnostics, 1980)."""
    effects = list(_leaving_one_out(contrast))
    if not effects:
        return Check("influence", None, "no single period can be left out")
    if inf in effects:
        said = (
            "without one period nothing would be expected from the start on: the answer rests on it"
        )
        return Check("influence", False, said)
    detail = f"without one period, the relative effect is {_span(effects)}"
    if found.relative_interval is None:
        return Check("influence", None, detail)
    low, high = found.relative_interval
    whole = (
        contrast.fit.mean[contrast.start :].sum() / contrast.expected[contrast.start :].sum() - 1
    )
    moved = max(abs(one - whole) for one in effects)
    return Check("influence", bool(moved <= (high - low) / 4), detail)


def _leaving_one_out(contrast: Contrast) -> Iterator[float]:
    """The relative effect without each period that can be left out; infinite where nothing would be
    expected then, or less."""
    whole = contrast.fit.regression
    for at in range(len(whole.outcome)):
        kept = np.arange(len(whole.outcome)) != at
        exposure = None if whole.exposure is None else whole.exposure[kept]
        try:
            fit = fitted(replace(whole, matrix=whole.matrix[kept], outcome=whole.outcome[kept],
                                 exposure=exposure))  # fmt: skip
        except InputError:
            continue
        means, without = (
            whole.means(fit.coefficients, matrix)[contrast.start :].sum()
            for matrix in (whole.matrix, contrast.segments.without)
        )
        yield float(means / without - 1) if without > 0 else inf


def other_starts(design: Segmented, study: Study, found: Estimate) -> Check:
    """The relative effect if the start had been up to three periods earlier or later."""
    if "dose" in design.terms:
        return Check("start", None, "the dose says when it began")
    moves = [one for one in range(-_MOVED, _MOVED + 1) if one]
    effects = [
        one.relative_effect
        for move in moves
        for one in _tried(design, study, study.panel, study.start + move)
    ]  # fmt: skip
    if not effects:
        return Check("start", None, "the start cannot be moved")
    detail = f"with a start up to {_MOVED} periods off, the relative effect is {_span(effects)}"
    return Check("start", _within(effects, found), detail)


def placebo_starts(design: Segmented, study: Study) -> Check:
    """How often a start in the past, when nothing began, would have been significant.

    Starts are neighbours and their answers alike, so that a count is no test; more than two in ten
    (of at least five) are called drift that the model does not see.
    """
    if "dose" in design.terms:
        design = replace(design, terms=("level",), dose=None)
    past = study.panel.during(0, study.start)
    last = study.start - max(_LEAST_AFTER, len(design.terms) + 1)
    starts = range(max(6, study.start // 4), last + 1)
    starts = starts[:: max(1, len(starts) // _MOST_PLACEBOS)]
    tried = [one for at in starts for one in _tried(design, study, past, at)]
    if len(tried) < 5:
        return Check("placebo starts", None, f"{len(tried)} possible before the start: too few")
    claimed = [one for one in tried if one.p_value is not None and one.p_value < study.level]
    detail = (
        f"{len(claimed)} of {len(tried)} starts at which nothing began would have been significant; "
        f"their relative effects are {_span([one.relative_effect for one in tried])}"
    )
    passed = len(claimed) <= 0.2 * len(tried)
    found = "" if passed else f"at {len(claimed)} of {len(tried)} earlier starts"
    return Check("placebo starts", passed, detail, found)


def no_trend(design: Segmented, study: Study) -> Check:
    """The relative effect if there had been no trend."""
    try:
        found = replace(design, trend=False).fit(study)
    except InputError as error:
        return Check("trend", None, str(error))
    detail = f"without a trend, the relative effect is {found.relative_effect:+.1%}"
    if found.relative_interval is not None:
        detail += f" ({between(found.relative_interval)})"
    return Check("trend", None, detail)


def _tried(design: Segmented, study: Study, panel: Panel, start: int) -> list[Estimate]:
    """The answer of another start in some periods; none where it cannot be had."""
    try:
        return [design.fit(replace(study, panel=panel, start=start))]
    except InputError:
        return []


def _within(effects: list[float], found: Estimate) -> bool | None:
    """Whether all lie in the interval of the effect."""
    if found.relative_interval is None:
        return None
    low, high = found.relative_interval
    return low <= min(effects) and max(effects) <= high


def _span(effects: list[float]) -> str:
    return f"{min(effects):+.1%} to {max(effects):+.1%}"
