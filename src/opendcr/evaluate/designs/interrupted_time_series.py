"""Interrupted time series: one series against its own past, by segmented regression.

Method, sources and what was measured: docs/methods/studies/interrupted_time_series.md.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self, cast, get_args

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.estimate import Check, Coefficient, Estimate, estimate_of
from opendcr.evaluate.regressions import checks as segmented
from opendcr.evaluate.regressions.contrast import Contrast
from opendcr.evaluate.regressions.counts import FAMILIES, Family, Fit, Regression, fitted
from opendcr.evaluate.regressions.covariance import autoregressive
from opendcr.evaluate.regressions.segments import Seasonality, Segments, before, level, slope
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

Real = NDArray[np.float64]
Covariance = Literal["autoregressive", "model"]
COVARIANCES: tuple[Covariance, ...] = get_args(Covariance)
TERMS = ("level", "slope", "dose")
_KEYS = ("family", "terms", "seasonality", "covariance", "ramp", "dose")
_FAMILY = {
    "gaussian": "linear regression",
    "poisson": "Poisson regression",
    "quasi_poisson": "quasi-Poisson regression",
    "negative_binomial": "negative binomial regression",
}
_ERRORS = {
    "autoregressive": "errors that allow for autocorrelation of the first order",
    "model": "errors that take periods for independent",
}


@dataclass(frozen=True)
class InterruptedTimeSeries:
    """A segmented regression with an intercept, a trend, seasons, and terms from the start on.

    `family` None: quasi-Poisson where the outcome is a count, else Gaussian. `ramp` is the number
    of periods in which the level is reached. `dose` names the column with the dose, which is zero
    before the start.
    """

    TITLE: ClassVar[str] = "Interrupted time series"

    family: Family | None = None
    terms: tuple[str, ...] = ("level", "slope")
    seasonality: Seasonality | None = None
    covariance: Covariance = "autoregressive"
    ramp: int = 1
    dose: str | None = None
    trend: bool = True  # a plan has it always; a check leaves it out

    @classmethod
    def read(cls, table: Table) -> Self:
        """The design as its table in a plan says."""
        table = Table.of(table.where, table.name, table.data, _KEYS)
        dose = table.text("dose") if "dose" in table else None
        usual = ("dose",) if dose else ("level", "slope")
        terms = table.codes("terms", TERMS, usual)
        if not terms or len(set(terms)) < len(terms):
            raise table.fail("terms", f"one or more of {', '.join(TERMS)}, each once")
        if ("dose" in terms) != (dose is not None):
            raise table.fail("dose", "the column of the dose, where 'dose' is one of the terms")
        family = table.one_of("family", FAMILIES) if "family" in table else None
        return cls(
            cast(Family | None, family),
            tuple(one for one in TERMS if one in terms),
            _seasonality(table),
            cast(Covariance, table.one_of("covariance", COVARIANCES, "autoregressive")),
            table.whole("ramp", 1, 10_000, 1),
            dose,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data that it reads beside the outcome."""
        return (self.dose,) if self.dose else ()

    def fit(self, study: Study) -> Estimate:
        """The answer: expected is what is fitted without the terms from the start on."""
        contrast = self.contrast(study)
        expected = contrast.expected / contrast.exposure
        gap = (study.series.rates - expected)[: study.start]
        return estimate_of(
            study,
            expected,
            contrast.bounds(),
            self._inference(contrast),
            p_value=contrast.p_value,
            pre_rmspe=float(np.sqrt(np.mean(gap**2))),
            coefficients=self._coefficients(contrast),
            link="log" if contrast.fit.regression.counts else "identity",
        )

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """What is to be known beside the answer."""
        contrast = self.contrast(study)
        return (
            segmented.enough(contrast),
            segmented.overdispersion(contrast.fit, self.covariance == "model"),
            segmented.autocorrelation(contrast.fit, self.covariance != "model"),
            segmented.influence(contrast, found),
            segmented.other_starts(self, study, found),
            segmented.placebo_starts(self, study),
            segmented.no_trend(self, study),
        )

    def floor(self, study: Study) -> float | None:
        """None: the p-value is of a regression."""
        return None

    def contrast(self, study: Study) -> Contrast:
        """The fit, with the covariance of its coefficients."""
        segments = self.segments(study)
        series = study.series
        family = self.family or ("quasi_poisson" if _whole(series.outcome) else "gaussian")
        if family in ("poisson", "negative_binomial"):
            study.panel.counts(study.treated)
        fit = fitted(Regression(family, segments.names, segments.matrix, series.outcome,
                                series.exposure, study.panel.where))  # fmt: skip
        covariance, freedom = self._errors(fit)
        return Contrast(fit, segments, study.start, covariance, freedom, study.level)

    def _coefficients(self, contrast: Contrast) -> dict[str, Coefficient]:
        """As the family has them, and beside with the errors that the answer rests on."""
        spare = float(contrast.fit.regression.spare)
        own = replace(contrast, covariance=contrast.fit.covariance, freedom=spare).coefficients()
        if self.covariance == "model":
            return dict(own)
        return {
            name: replace(own[name], robust_se=one.se, robust_low=one.low, robust_high=one.high)
            for name, one in contrast.coefficients().items()
        }

    def segments(self, study: Study) -> Segments:
        """The terms of this study."""
        periods, start = len(study.panel.periods), study.start
        post = {
            "level": lambda: level(periods, start, self.ramp),
            "slope": lambda: slope(periods, start),
            "dose": lambda: self._dose(study),
        }
        columns = before(periods, self.trend, self.seasonality)
        return Segments(columns | {name: post[name]() for name in self.terms}, self.terms)

    def _dose(self, study: Study) -> Real:
        """The treated areas' mean dose, by period."""
        assert self.dose is not None
        dose = study.panel.columns[self.dose][list(study.treated)].mean(axis=0)
        where = f"{study.panel.where}, {self.dose}"
        if not np.isfinite(dose).all():
            raise InputError(where, "no dose in some periods", "a dose in every period")
        if dose[: study.start].any() or not dose.any():
            raise InputError(where, "a dose before the start, or none after",
                             "a dose that is zero before the start and not always zero after")  # fmt: skip
        return np.asarray(dose)

    def _errors(self, fit: Fit) -> tuple[Real, float]:
        """The covariance, and the degrees of freedom that go with it."""
        spare = float(fit.regression.spare)
        if self.covariance == "model":
            return fit.covariance, spare
        alike = autoregressive(fit)
        return alike.covariance, alike.freedom(spare)

    def _inference(self, contrast: Contrast) -> str:
        family = _FAMILY[contrast.fit.regression.family]
        return (
            f"Effect on the mean, by {family} with {_ERRORS[self.covariance]} and Student's t with "
            f"{contrast.freedom:.1f} degrees of freedom; bounds by period are of a single observation."
        )


def _whole(outcome: Real) -> bool:
    """Whether these are counts."""
    return bool((outcome >= 0).all() and (outcome == np.round(outcome)).all())


def _seasonality(table: Table) -> Seasonality | None:
    if "seasonality" not in table:
        return None
    inner = table.table("seasonality", ("period", "harmonics"))
    period = inner.number("period", 3, 10_000)
    most = int((period - 1) // 2)  # the sine of half a period is zero throughout
    return Seasonality(period, inner.whole("harmonics", 1, most, min(2, most)))
