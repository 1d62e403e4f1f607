"""Bayesian structural time series: what a drifting level and its donors would have gone on to do.

Brodersen, Gallusser, Koehler, Remy and Scott, "Inferring causal impact using Bayesian structural
time-series models", Annals of Applied Statistics 9:1, 2015; for counts, the same on the logarithm
of the rate. Model, priors and what was measured: docs/methods/studies/bayesian_structural.md.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from opendcr.errors import InputError
from opendcr.evaluate.comparisons import robustness
from opendcr.evaluate.decision import between
from opendcr.evaluate.estimate import (
    Bounds,
    Check,
    Coefficient,
    Estimate,
    Interval,
    estimate_of,
    p_said,
    relative_of,
)
from opendcr.evaluate.kernel import structural
from opendcr.evaluate.kernel.structural import DRIFT, NOISE, SLOPE, Draws, Model
from opendcr.evaluate.mixing import effective, r_hat
from opendcr.evaluate.study import Study
from opendcr.keyed import Table
from opendcr.streams import stream

Real = NDArray[np.float64]
Family = Literal["poisson", "gaussian"]
Level = Literal["local_level", "local_linear_trend"]
DriftFrom = Literal["prior", "donors"]

# Scales of the half-normal priors: of counts on the logarithm of the rate; of values in standard
# deviations of the outcome before the start.
DRIFT_SCALE: Mapping[Family, float] = {"poisson": 0.05, "gaussian": 0.1}
NOISE_SCALE: Mapping[Family, float] = {"poisson": 0.3, "gaussian": 1.0}
FIRST_LEVEL: Mapping[Family, float] = {"poisson": 3.0, "gaussian": 10.0}
SLOPE_SHARE = 0.1  # the slope's scale, of the drift's
DRIFTS = 2.0 ** np.arange(-5.0, 3.5, 0.5)  # of the default, that donors may show
NOISES = stats.halfnorm.ppf((np.arange(8) + 0.5) / 8)  # equally likely a priori
LEAST_BEFORE = 6
LEAST_DONORS = 3  # from which a drift can be taken
POOLED = "all donors together"
TURNS = 2  # looks at a donor in or out, for each draw
MOST_LOG = 40.0  # of a mean count, beyond which nothing can be drawn
LEFT_OUT = 3  # donors, those most often in, without which the effect is looked at
ORIGINS = 8  # of one-step-ahead predictions
TRIED = 500  # draws of each chain, at most, of the fits of checks
R_HAT, LEAST_EFFECTIVE = 1.01, 400  # Vehtari and others 2021, section 4.3
KNOWN = ("family", "level", "seasonality", "donors", "exclude", "draws", "warmup", "chains",
         "pooled", "expected_donors", "slab", "drift", "drift_from")  # fmt: skip


@dataclass(frozen=True)
class BayesianStructural:
    """Local level or local linear trend, seasons, and donors that may be in or out.

    `family` None: counts where there is an exposure. `seasonality` is a period, 0 for none. `draws`
    and `warmup` are of each chain. `pooled`: all donors together are a regressor too, which is always
    in. `expected_donors` of all are in a priori, with coefficients (in
    standard deviations of outcome and donor) of standard deviation `slab`. `drift` is the scale of
    the half-normal prior of the level's step from period to period, None for the default.
    """

    TITLE: ClassVar[str] = "Bayesian structural time series"
    columns: ClassVar[tuple[str, ...]] = ()

    family: Family | None = None
    level: Level = "local_level"
    seasonality: int = 0
    donors: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    draws: int = 2000
    warmup: int = 250
    chains: int = 4
    pooled: bool = True
    expected_donors: float = 1.0
    slab: float = 1.0
    drift: float | None = None
    drift_from: DriftFrom = "prior"

    @classmethod
    def read(cls, table: Table) -> Self:
        """The design as its table in a plan says."""
        table = Table.of(table.where, table.name, table.data, KNOWN)
        made: dict[str, Any] = {
            "level": table.one_of("level", get_args(Level), cls.level),
            "seasonality": table.whole("seasonality", 0, 366, cls.seasonality),
            "donors": table.names("donors"),
            "exclude": table.names("exclude"),
            "draws": table.whole("draws", 100, 100_000, cls.draws),
            "warmup": table.whole("warmup", 50, 100_000, cls.warmup),
            "chains": table.whole("chains", 2, 16, cls.chains),
            "pooled": table.flag("pooled", cls.pooled),
            "expected_donors": table.number("expected_donors", 0.01, 1000, cls.expected_donors),
            "slab": table.number("slab", 0.001, 100, cls.slab),
            "drift_from": table.one_of("drift_from", get_args(DriftFrom), cls.drift_from),
        }
        if "family" in table:
            made["family"] = table.one_of("family", get_args(Family))
        if "drift" in table:
            made["drift"] = table.number("drift", 1e-6, 10)
        if "drift" in table and made["drift_from"] == "donors":
            raise table.fail("drift", "either drift or drift_from = 'donors'")
        return cls(**made)

    def fit(self, study: Study) -> Estimate:
        """Observed against what the model would have gone on to do."""
        return self.posterior(study).estimate()

    def posterior(self, study: Study) -> "Posterior":
        """The draws. Raises InputError where there are too few periods before the start, or, of
        counts, where an outcome is not a count."""
        scale = self.scaled(study)
        chains = range(self.chains)
        with ThreadPoolExecutor(self.chains) as pool:
            drawn = list(pool.map(lambda one: self._chain(study, scale.model, one), chains))
        return Posterior(study, scale, drawn)

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """Mixing, calibration before the start, a placebo start, other starts, residuals, donors in,
        and without each of those that are most often in."""
        posterior = self.posterior(study)
        before = study.panel.during(0, study.start)
        earlier = replace(study, panel=before, start=max(study.start * 2 // 3, 2))
        return (
            *posterior.mixing(),
            self._ahead(study),
            self._placebo(earlier),
            robustness.other_starts(self.quick, study),
            posterior.residuals(),
            posterior.donors_in(),
            robustness.donors_left_out(found, self._without_each(study, posterior)),
        )

    def _without_each(self, study: Study, posterior: "Posterior") -> dict[str, float]:
        """Relative effects without each of the donors that are most often in."""
        effects = {}
        for name, _ in posterior.often_in[:LEFT_OUT]:
            named = tuple(one for one in self.donors if one != name)
            if self.donors and not named:
                continue
            without = replace(self.quick, donors=named, exclude=(*self.exclude, name))
            with suppress(InputError):  # too few are left to take the drift from
                effects[name] = without.fit(study).relative_effect
        return effects

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of the areas that it compares with."""
        return study.donors(self.donors, self.exclude)

    def floor(self, study: Study) -> float | None:
        """Twice one draw of all."""
        return _least_p(self.chains * self.draws)

    def _chain(self, study: Study, model: Model, chain: int) -> Draws:
        rng = stream(study.seed, "bayesian_structural", chain)
        turns = min(TURNS, int((model.chance < 1).sum()))
        return structural.sampled(rng, model, self.warmup, self.draws, turns)

    def _ahead(self, study: Study) -> Check:
        """Whether predictions of the next period, from several ends, hold as often as they say."""
        name = "one-step-ahead predictions before the start"
        ends = np.unique(np.linspace(study.start / 2, study.start - 1, ORIGINS).astype(int))
        tried = [one for one in (self._tried(study, int(end)) for end in ends) if one]
        if not tried:
            return Check(name, None, "too few periods before the start to try")
        held = sum(_holds(one.interval, 0.0) for one in tried)
        chance = float(stats.binom.cdf(held, len(tried), 1 - study.level))
        detail = (
            f"{held} of {len(tried)} outcomes lay in intervals that hold {1 - study.level:.0%}, "
            f"each made from the periods before it; so few or fewer: {chance:.2g} by chance"
        )
        return Check(name, chance >= study.level, detail)

    def _tried(self, study: Study, end: int) -> Estimate | None:
        """The answer for one period alone, from those before it; None where it cannot be."""
        try:
            return self.quick.fit(replace(study, panel=study.panel.during(0, end + 1), start=end))
        except InputError:
            return None

    def _placebo(self, earlier: Study) -> Check:
        """What the design would have claimed from an earlier start, at which nothing happened."""
        name = f"placebo start {earlier.panel.periods[earlier.start]}"
        try:
            found = self.quick.fit(earlier)
        except InputError:
            return Check(name, None, "too few periods before the start to try")
        relative, (low, high) = found.relative_interval, found.interval or (0.0, 0.0)
        ends = f" ({between(relative)})" if relative else ""
        detail = f"{found.relative_effect:+.1%}{ends}, {p_said(found.p_value)}"
        still = low <= 0 <= high
        earlier_start = f"at the earlier start {earlier.panel.periods[earlier.start]}"
        return Check(name, still, detail, "" if still else earlier_start)

    @property
    def quick(self) -> Self:
        """With fewer draws, where it is fitted again and again."""
        return replace(self, draws=min(self.draws, TRIED))

    def scaled(self, study: Study) -> "Scaled":
        """The study as the sampler takes it."""
        family: Family = self.family or ("gaussian" if study.series.exposure is None else "poisson")
        least = max(LEAST_BEFORE, 2 * self.seasonality)
        if study.start < least:
            found = f"{study.start} periods before the start"
            raise InputError(study.panel.where, found, f"at least {least} for a structural series")
        return Scaled(self, study, family)


@dataclass(frozen=True)
class Scaled:
    """A study on the scale on which it is sampled: counts on the logarithm of the rate over the mean
    rate before the start, values in standard deviations from the mean before the start."""

    design: BayesianStructural
    study: Study
    family: Family

    def __post_init__(self) -> None:
        if self.family != "poisson":
            return
        self.study.panel.counts(self.study.treated)
        if np.any(self.study.series.outcome % 1):
            found = "a mean of several areas' counts"
            expected = "an exposure, or one area, for the family 'poisson'"
            raise InputError(self.study.panel.where, found, expected)

    @cached_property
    def centre(self) -> float:
        """The mean before the start: of counts, the logarithm of the mean rate."""
        start, series = self.study.start, self.study.series
        if self.family == "gaussian":
            return float(series.rates[:start].mean())
        return float(np.log(series.outcome[:start].sum() / series.people[:start].sum()))

    @cached_property
    def unit(self) -> float:
        """The standard deviation of values before the start; 1 of counts."""
        if self.family == "gaussian":
            return float(self.study.series.rates[: self.study.start].std())
        return 1.0

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """The donors' rows."""
        return self.study.varying(self.design.compared_with(self.study))

    @cached_property
    def drift(self) -> float:
        """The scale of the drift's prior."""
        if self.design.drift_from == "donors":
            return self._drift_of_donors()
        return self.design.drift or DRIFT_SCALE[self.family]

    @cached_property
    def model(self) -> Model:
        """What the sampler takes."""
        study, start = self.study, self.study.start
        donors, _ = _standard(self.levels, start)
        seasons = _seasons(len(study.panel.periods), self.design.seasonality)
        outcome, spread = self._outcome()
        of_donors, of_seasons = donors.shape[1], seasons.shape[1]
        chance = min(self.design.expected_donors / max(len(self.rows), 1), 1.0)
        own, always = len(self.rows), of_donors + of_seasons - len(self.rows)
        trend = self.design.level == "local_linear_trend"
        slope = SLOPE_SHARE * self.drift if trend else 0.0
        return Model(
            self.family == "poisson",
            outcome[:start],
            (np.log(self.study.series.people) + self.centre)[:start],
            np.ascontiguousarray(np.hstack([donors, seasons]).T),
            spread * np.repeat([self.design.slab, 1.0], [of_donors, of_seasons]),
            np.repeat([chance, 1.0], [own, always]),
            np.array([NOISE_SCALE[self.family], self.drift, slope]),
            np.array([FIRST_LEVEL[self.family], self.drift if trend else 0.0]),
        )

    @cached_property
    def named(self) -> tuple[str, ...]:
        """What each column of `levels` is."""
        units = tuple(f"donor {self.study.panel.units[row]}" for row in self.rows)
        return (*units, POOLED) if self._pools else units

    @cached_property
    def levels(self) -> Real:
        """Periods × regressors that are no seasons: the donors, and all of them together."""
        levels = self._donor_levels()
        return np.column_stack([levels, self._together(levels)]) if self._pools else levels

    @property
    def _pools(self) -> bool:
        return self.design.pooled and len(self.rows) > 1

    def _together(self, levels: Real) -> Real:
        """By period: the donors' mean, or of counts the logarithm of their rate together."""
        panel, rows = self.study.panel, list(self.rows)
        if self.family == "gaussian":
            return np.asarray(_standard(levels, self.study.start)[0].mean(axis=1))
        people = panel.people[rows].sum(axis=0)
        return np.asarray(np.log((panel.outcome[rows].sum(axis=0) + 0.5) / people))

    def outcomes(self, signal: Real) -> tuple[Real, Real]:
        """Of signals (draws × periods): means, and outcomes with all noise, not by exposure."""
        if self.family == "gaussian":
            made = (self.centre + self.unit * signal) * self.study.series.people
            return made, made
        means = np.exp(
            np.minimum(np.log(self.study.series.people) + self.centre + signal, MOST_LOG)
        )
        rng = stream(self.study.seed, "bayesian_structural", "counts")
        return means, rng.poisson(means).astype(float)

    def _outcome(self) -> tuple[Real, float]:
        """The outcome for the sampler, and the standard deviation in which coefficients count."""
        series, start = self.study.series, self.study.start
        if self.family == "gaussian":
            return (series.rates - self.centre) / self.unit, 1.0
        return series.outcome, float(np.log((series.outcome + 0.5) / series.people)[:start].std())

    def _donor_levels(self) -> Real:
        """Periods × donors: rates, of counts their logarithms (half an event added to each)."""
        panel, rows = self.study.panel, list(self.rows)
        if self.family == "gaussian":
            return panel.rates[rows].T
        if np.any(panel.outcome[rows] < 0):
            raise InputError(panel.where, "a donor's count below zero", "counts, zero or more")
        return np.log((panel.outcome[rows] + 0.5) / panel.people[rows]).T

    def _drift_of_donors(self) -> float:
        """The scale of a half-normal prior with the donors' drift as its median: by their own series
        before the start, each beside the others pooled, so that what they have in common is none of
        it, with one noise for all of them: a noise of each one's own would take most of a drift
        that few periods tell.

        That drift is the root of the mean square step under their likelihood and a flat prior. The
        likeliest step is often far too small, and what is foreseen varies with the step's square.
        """
        if len(self.rows) < LEAST_DONORS:
            found = f"{len(self.rows)} donors"
            expected = f"{LEAST_DONORS} at least for drift_from = 'donors'"
            raise InputError(self.study.panel.where, found, expected)
        drifts = DRIFT_SCALE[self.family] * DRIFTS
        noises = NOISE_SCALE[self.family] * NOISES
        each = np.array([structural.likelihoods(one, drifts, noises) for one in self._alone()])
        likelihood = special.logsumexp(each.sum(axis=0), axis=1)
        weights = drifts * np.exp(likelihood - np.max(likelihood))  # the grid's steps grow with it
        square = weights @ drifts**2 / weights.sum()
        return float(np.sqrt(square) / stats.halfnorm.median())

    def _alone(self) -> Iterator[Model]:
        """Each donor's series before the start as if it were treated, without any to compare with."""
        rows, panel = list(self.rows), self.study.panel.during(0, self.study.start)
        counts = panel.outcome[rows]
        exposure = panel.people[rows]
        levels = _standard(self._donor_levels()[: self.study.start], self.study.start)[0].T
        nothing, none = np.zeros((0, self.study.start)), np.zeros(0)
        start = np.array([FIRST_LEVEL[self.family], 0.0])
        for one in range(len(rows)):
            outcome = levels[one] - np.delete(levels, one, axis=0).mean(axis=0)
            offset = np.zeros(len(outcome))
            if self.family == "poisson":
                outcome = counts[one]
                others = np.delete(counts, one, axis=0).sum(axis=0) + 0.5
                offset = np.log(others * exposure[one])
                offset -= np.log(np.delete(exposure, one, axis=0).sum(axis=0))
                offset += np.log((outcome.sum() + 0.5) / np.exp(offset).sum())
            yield Model(self.family == "poisson", outcome, offset, nothing, none, none,
                        np.array([NOISE_SCALE[self.family], DRIFT_SCALE[self.family], 0.0]), start)  # fmt: skip


@dataclass(frozen=True)
class Posterior:
    """All draws, by chain."""

    study: Study
    scaled: Scaled
    chains: list[Draws]

    def _all(self, one: str) -> Real:
        """Chains × draws × … of one of the things that are drawn."""
        return np.array([getattr(chain, one) for chain in self.chains])

    @cached_property
    def drawn(self) -> tuple[Real, Real]:
        """Means and outcomes (draws × periods), not by exposure."""
        signal = self._all("signal")
        return self.scaled.outcomes(signal.reshape(-1, signal.shape[-1]))

    @cached_property
    def totals(self) -> Real:
        """By draw: the outcome expected from the start on."""
        totals: Real = self.drawn[1][:, self.study.start :].sum(axis=1)
        return totals

    def estimate(self) -> Estimate:
        """The contract's answer; expected is the median of the mean by period."""
        study, exposure, start = self.study, self.study.series.people, self.study.start
        observed, made = study.series.rates, self.drawn[1] / exposure
        expected = np.median(self.drawn[0], axis=0) / exposure
        at = (study.level / 2, 1 - study.level / 2)
        low, high = np.quantile(observed - made, at, axis=0)
        total = float((observed * exposure)[start:].sum())
        mean = (observed - made)[:, start:].mean(axis=1)
        relative = relative_of(study, total, _interval(self.totals, at))
        whole = _interval(total - self.totals, at)
        bounds = Bounds(low, high, _interval(mean, at), relative, whole)
        more = {
            "p_value": _two_sided(total, self.totals),
            "p_floor": _least_p(len(self.totals)),
            "pre_rmspe": float(np.sqrt(np.mean((observed - expected)[:start] ** 2))),
            "coefficients": dict(self._coefficients(at)),
        }
        inference = (
            f"Posterior of a structural time series ({len(self.totals):,} draws): quantiles of what "
            "it foresees, noise included, so of what happened beside the outcome that would have been "
            "and not of a rate behind it; p is twice the smaller tail of the total foreseen."
        )
        return estimate_of(study, expected, bounds, inference, **more)

    def mixing(self) -> Iterator[Check]:
        """R-hat and effective sample size, the worst of all that is reported."""
        watched = {"total": self.totals.reshape(len(self.chains), -1)}
        watched |= dict(self._deviations())
        worst, most = max((r_hat(draws), name) for name, draws in watched.items())[::-1]
        yield Check("R-hat", most <= R_HAT, f"{most:.3f} at most ({worst}); under {R_HAT} is mixed")
        least, worst = min((effective(draws), name) for name, draws in watched.items())
        detail = f"{least:,.0f} at least ({worst}); from {LEAST_EFFECTIVE} on intervals are steady"
        yield Check("effective sample size", least >= LEAST_EFFECTIVE, detail)

    def residuals(self) -> Check:
        """Ljung and Box's test of the one-step errors at the means of the standard deviations, with
        the donors that are in more often than not."""
        sigma = self._all("sigma").mean(axis=(0, 1))
        chosen = np.flatnonzero((self._all("beta") != 0).mean(axis=(0, 1)) > 0.5)
        errors = structural.innovations(self.scaled.model, sigma, chosen)[1:]
        lags = max(1, min(10, len(errors) // 5))
        p_value = _ljung_box(errors, lags)
        detail = f"p {p_value:.2g} (Ljung and Box, {lags} lags)"
        return Check("residual autocorrelation", p_value >= 0.05, detail)

    @cached_property
    def often_in(self) -> list[tuple[str, float]]:
        """Donors and how often each is in, the most frequent first."""
        shares = (self._all("beta") != 0).mean(axis=(0, 1))[: len(self.scaled.rows)]
        order = np.argsort(-shares, kind="stable")
        return [(self.study.panel.units[self.scaled.rows[at]], float(shares[at])) for at in order]

    def donors_in(self) -> Check:
        """How often each donor is in."""
        said = ", ".join(f"{name} {share:.2f}" for name, share in self.often_in[:6])
        return Check("donors' inclusion probabilities", None, said or "no donors")

    def _deviations(self) -> Iterator[tuple[str, Real]]:
        """The standard deviations that are not nothing: chains × draws."""
        sigma = self._all("sigma")
        for at, name in ((NOISE, "noise"), (DRIFT, "drift"), (SLOPE, "slope")):
            if self.scaled.model.scale[at] > 0:
                yield name, sigma[:, :, at]

    def _coefficients(self, at: Interval) -> Iterator[tuple[str, Coefficient]]:
        """Standard deviations, and the donors' coefficients, on the scale of the link."""
        unit = self.scaled.unit
        for name, draws in self._deviations():
            yield name, _coefficient(draws * unit, at)
        _, spread = _standard(self.scaled.levels, self.study.start)
        beta = self._all("beta")
        for column, name in enumerate(self.scaled.named):
            yield name, _coefficient(beta[:, :, column] * unit / spread[column], at)


def _standard(levels: Real, start: int) -> tuple[Real, Real]:
    """Columns in standard deviations from their mean before the start; and those deviations (1
    where a column does not vary, which then says nothing)."""
    spread = levels[:start].std(axis=0)
    spread[spread == 0] = 1.0
    return (levels - levels[:start].mean(axis=0)) / spread, spread


def _seasons(periods: int, season: int) -> Real:
    """Periods × (season − 1): effects of the seasons that sum to zero."""
    if season < 2:
        return np.zeros((periods, 0))
    coded = np.vstack([np.eye(season - 1), -np.ones(season - 1)])
    made: Real = coded[np.arange(periods) % season]
    return made


def _interval(draws: Real, at: Interval) -> Interval:
    low, high = np.quantile(draws, at)
    return float(low), float(high)


def _two_sided(total: float, expected: Real) -> float:
    """Twice the smaller share of draws that reach the total, itself counted among them."""
    tail = min((expected >= total).sum(), (expected <= total).sum())
    return float(min(1.0, 2 * (1 + tail) / (1 + len(expected))))


def _least_p(draws: int) -> float:
    return 2 / (1 + draws)


def _holds(interval: Interval | None, value: float) -> bool:
    return interval is not None and interval[0] <= value <= interval[1]


def _coefficient(draws: Real, at: Interval) -> Coefficient:
    low, high = _interval(draws, at)
    return Coefficient(float(draws.mean()), float(draws.std()), low, high)


def _ljung_box(errors: Real, lags: int) -> float:
    """The p-value of no autocorrelation up to these lags (Ljung and Box, Biometrika 65:2, 1978)."""
    count, centred = len(errors), errors - errors.mean()
    along = np.array([centred[lag:] @ centred[:-lag] for lag in range(1, lags + 1)])
    correlation = along / (centred @ centred)
    statistic = count * (count + 2) * (correlation**2 / (count - np.arange(1, lags + 1))).sum()
    return float(stats.chi2.sf(statistic, lags))
