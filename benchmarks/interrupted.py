"""Interrupted time series: a fit, its intervals and its checks, beside statsmodels' own fit.

    python benchmarks/interrupted.py [--repeats 200]

Sixty months of invented counts with an exposure, a step, a trend and two harmonics. The peer fits
the same terms to the same counts: to the same coefficients, which is checked. Its negative binomial
is its model of that name, by Newton's method from its own start. Ours by turns with the peer's, the
median of all repeats; on one core where OPENBLAS_NUM_THREADS=1 says so.
"""

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from typing import Any

import numpy as np
import statsmodels.api as sm

from opendcr.evaluate.designs.interrupted_time_series import InterruptedTimeSeries
from opendcr.evaluate.designs.ratio_of_ratios import RatioOfRatios
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.regressions.counts import FAMILIES, Family, Regression, fitted
from opendcr.evaluate.regressions.covariance import autoregressive
from opendcr.evaluate.regressions.segments import Seasonality
from opendcr.evaluate.study import Study
from opendcr.streams import stream

MONTHS, START = 60, 40
DESIGN = InterruptedTimeSeries(terms=("level",), seasonality=Seasonality(12, 2))


def invented() -> Study:
    """Two areas, of which the first is treated."""
    draw = stream(1, "benchmark")
    mean = 40 * np.exp(0.004 * np.arange(MONTHS)) * np.where(np.arange(MONTHS) >= START, 0.8, 1)
    mean = np.array([mean, 6 * mean]) * draw.gamma(10, 0.1, (2, MONTHS))
    exposure = np.array([[60_000.0], [400_000.0]]) + 50 * np.arange(MONTHS)
    periods = tuple(Period("month", 2020 * 12 + at) for at in range(MONTHS))
    return Study(Panel(("near", "far"), periods, draw.poisson(mean) * 1.0, exposure), (0,), START)


def peer(asked: Regression) -> Callable[[], Any]:
    """The same regression by statsmodels."""
    if asked.family == "gaussian":
        assert asked.exposure is not None
        return lambda: sm.OLS(asked.outcome / asked.exposure, asked.matrix).fit()
    if asked.family == "negative_binomial":
        model = sm.NegativeBinomial(asked.outcome, asked.matrix, offset=asked.offset)
        return lambda: model.fit(disp=0, method="newton", maxiter=100)
    scale = "X2" if asked.family == "quasi_poisson" else None
    return lambda: sm.GLM(
        asked.outcome, asked.matrix, family=sm.families.Poisson(), offset=asked.offset
    ).fit(scale=scale)


def beside(ours: Callable[[], Any], theirs: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Milliseconds of each, by turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for run, kept in zip((ours, theirs), times, strict=True):
            begun = time.perf_counter()
            run()
            kept.append((time.perf_counter() - begun) * 1e3)
    return median(times[0]), median(times[1])


def fits(study: Study, repeats: int) -> None:
    """Each family's fit, beside the peer's."""
    print(f"{'fit':34}{'ours, ms':>10}{'theirs, ms':>12}{'times':>8}{'differ by':>12}")
    for family in FAMILIES:
        asked = regression(study, family)
        theirs = peer(asked)
        off = np.abs(fitted(asked).coefficients - np.asarray(theirs().params)[: len(asked.terms)])
        ms = beside(lambda asked=asked: fitted(asked).covariance, theirs, repeats)  # type: ignore[misc]
        print(f"{family:34}{ms[0]:10.3f}{ms[1]:12.3f}{ms[1] / ms[0]:8.1f}{off.max():12.1e}")


def regression(study: Study, family: Family) -> Regression:
    """The benchmark's terms."""
    return replace(DESIGN, family=family).contrast(study).fit.regression


def whole(study: Study, repeats: int) -> None:
    """What a study asks: errors, the whole answer, its checks."""
    fit = fitted(regression(study, "quasi_poisson"))
    found, ratio = DESIGN.fit(study), RatioOfRatios()
    runs: dict[str, Callable[[], Any]] = {
        "errors of an autoregression": lambda: autoregressive(fit),
        "interrupted time series, answer": lambda: DESIGN.fit(study),
        "interrupted time series, checks": lambda: DESIGN.checks(study, found),
        "ratio of ratios, answer": lambda: ratio.fit(study),
    }
    for name, run in runs.items():
        print(f"{name:34}{beside(run, lambda: None, max(10, repeats // 4))[0]:10.3f}")


def main() -> None:
    """Prints the table."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--repeats", type=int, default=200)
    repeats = asked.parse_args().repeats
    study = invented()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits(study, repeats)
        whole(study, repeats)


if __name__ == "__main__":
    main()
