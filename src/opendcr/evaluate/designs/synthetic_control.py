"""Synthetic control: a weighed mean of areas that were not treated, as near as can be before."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from opendcr.evaluate.estimate import Bounds, Check, Estimate, estimate_of
from opendcr.evaluate.kernel.predictor_weights import LEAST, given, searched
from opendcr.evaluate.kernel.simplex import distances, nearest, weights_of_each
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.evaluate.weights.checks import Checked, checks_of
from opendcr.evaluate.weights.conformal import Conformal, Refit
from opendcr.evaluate.weights.donor_pool import Compared, DonorPool
from opendcr.evaluate.weights.placebo_errors import PLACEBOS, PlaceboErrors, ranked
from opendcr.evaluate.weights.predictors import KEYS, Predictor
from opendcr.keyed import Table
from opendcr.streams import stream

Real = NDArray[np.float64]
INFERENCE = ("conformal", "placebos", "none")
OPTIONS = (
    "donors", "exclude", "fit", "scaled", "predictors", "predictors_count_at_least", "intercept", "placebos",
    "penalty", "inference",
)  # fmt: skip
_STARTS = 30  # random predictor weights from which a search may begin


@dataclass(frozen=True)
class SyntheticControl:
    """Weights on donors, not negative and of sum one (Abadie, Diamond and Hainmueller 2010).

    Without predictors they match every fit period's outcome alike; with predictors these, each
    divided by its standard deviation over all areas and counting as fits the outcome best, or as the
    plan says; none counts less than `least` times the one that counts most. An `intercept` takes each area's mean over the fit periods away first (Doudchenko and Imbens 2016;
    Ferman and Pinto 2021). `penalty` is the λ of Abadie and L'Hour (2021).
    """

    TITLE: ClassVar[str] = "Synthetic control"

    compared: Compared = field(default_factory=Compared)
    predictors: tuple[Predictor, ...] = ()
    least: float = LEAST
    intercept: bool = False
    penalty: float = 0.0
    placebos: str = "space"
    inference: str = "conformal"

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the predictors."""
        return tuple(dict.fromkeys(one.column for one in self.predictors))

    @classmethod
    def read(cls, table: Table) -> "SyntheticControl":
        """The design as its table in a plan says; InputError, naming the key, where it cannot be."""
        Table.of(table.where, table.name, table.data, OPTIONS)
        predictors = tuple(Predictor.read(one) for one in table.tables("predictors", KEYS))
        counted = [one.weight for one in predictors if one.weight is not None]
        if counted and (len(counted) < len(predictors) or max(counted) == 0):
            raise table.fail("predictors", "a weight for each of them, one above 0, or for none")
        return cls(
            Compared.read(table),
            predictors,
            table.number("predictors_count_at_least", LEAST, 1, LEAST),
            table.flag("intercept", False),
            table.number("penalty", 0, 1e12, 0.0),
            table.one_of("placebos", PLACEBOS, "space"),
            _inference(table, bool(predictors)),
        )

    def fit(self, study: Study) -> Estimate:
        """The answer, without checks. Raises InputError for fewer than two donors, predictors
        without data, and fit periods that are not before the start."""
        pool = self.compared.pool(study)
        measured = self._measured(pool)
        weights, counted = self._weights(pool, measured)
        expected = pool.expected(weights, self.intercept)
        more: dict[str, Any] = {
            "weights": pool.weighed(weights),
            "pre_rmspe": pool.rmspe(pool.series - expected),
            "predictor_weights": None if counted is None else tuple(map(float, counted)),
        }
        of_each = self._expected_of_each(pool, measured) if self._ranks else pool.donors
        errors = PlaceboErrors(pool, expected, of_each)
        tested, said = ranked(self.placebos, errors, self._refit)
        bounds, words = self._bounds(errors)
        return estimate_of(study, expected, bounds, "; ".join((*said, *words)), **more, **tested)

    @property
    def _ranks(self) -> bool:
        """Whether donors are treated in turn."""
        return self.placebos in ("space", "errors") or self.inference == "placebos"

    def checks(self, study: Study, found: Estimate) -> tuple[Check, ...]:
        """Fit before, placebos, donors left out, other starts, the hull, and whether weights are
        the only ones."""
        pool = self.compared.pool(study)
        measured = self._measured(pool)
        gaps = pool.gaps(self.intercept) if measured is None else _gaps_of(measured)
        checks = checks_of(Checked(self._alone(), self.compared, study, found, gaps))
        return (*checks, self._known_before(study)) if self.predictors else checks

    def _known_before(self, study: Study) -> Check:
        """Whether every predictor was known before the start: a later one may be moved by it."""
        late = self.late_columns(study.panel.periods[study.start])
        said = f"measured from the start on: {', '.join(late)}" if late else "all of them"
        return Check("predictors known before the start", not late, said)

    def late_columns(self, start: Period) -> tuple[str, ...]:
        """The columns of predictors that are measured from a start on, too."""
        return tuple(dict.fromkeys(one.column for one in self.predictors if one.late(start)))

    def placebo_gaps(self, study: Study) -> dict[str, list[float]]:
        """By donor and period, its gap as though it had been treated; none where donors are not
        treated in turn."""
        if not self._ranks:
            return {}
        pool = self.compared.pool(study)
        return pool.gaps_of_each(self._expected_of_each(pool, self._measured(pool)))

    def compared_with(self, study: Study) -> tuple[int, ...]:
        """The rows of the areas that it compares with."""
        return study.donors(self.compared.donors, self.compared.exclude)

    def floor(self, study: Study) -> float | None:
        """The least p-value: of one area among all, or of one block among all periods."""
        if self.placebos == "none":
            return None
        if self.placebos == "time":
            return Conformal(self.compared.pool(study), self._refit).floor
        return 1 / (1 + len(self.compared_with(study)))

    def planned_for(self, start: Period) -> "SyntheticControl":
        """The design with what was known before another start: fit periods and predictors are cut
        off there, and predictors of which nothing is left are left out."""
        known = (one.before(start) for one in self.predictors)
        return replace(
            self,
            compared=self.compared.before(start),
            predictors=tuple(one for one in known if one is not None),
        )

    def without(self, name: str) -> "SyntheticControl":
        """The design without one donor."""
        return replace(self, compared=self.compared.without(name))

    @property
    def _refit(self) -> Refit:
        return Refit(self.intercept, self.penalty)

    def _alone(self) -> "SyntheticControl":
        """The estimate without inference, for what fits it again and again."""
        return replace(self, placebos="none", inference="none")

    def _measured(self, pool: DonorPool) -> Real | None:
        """Predictors × (the treated series, then donors), each divided by its standard deviation;
        None where there are no predictors."""
        if not self.predictors:
            return None
        values = np.array([one.values(pool.study.panel.of(_all(pool))) for one in self.predictors])
        treated = len(pool.study.treated)
        series = values[:, :treated].mean(axis=1, keepdims=True)
        table = np.concatenate([series, values[:, treated:]], axis=1)
        spread = table.std(axis=1, ddof=1, keepdims=True)
        return table / np.where(spread > 0, spread, 1.0)

    def _weights(self, pool: DonorPool, measured: Real | None) -> tuple[Real, Real | None]:
        """Weights on donors, and of predictors where there are some."""
        gaps = pool.gaps(self.intercept)
        if measured is None:
            return nearest(gaps, 0.0, distances(gaps, self.penalty)), None
        return self._searched(_gaps_of(measured), gaps, self._starts(pool, measured))

    def _searched(self, near: Real, gaps: Real, starts: Real) -> tuple[Real, Real]:
        """Weights on donors, and of predictors: those of the plan, or those that fit best."""
        counted = np.array([one.weight for one in self.predictors if one.weight is not None])
        if counted.size and counted.max() > 0:
            return given(near, self.penalty, counted), counted / counted.sum()
        counted, weights, _ = searched(near, gaps, self.penalty, starts, self.least)
        return weights, counted

    def _starts(self, pool: DonorPool, measured: Real) -> Real:
        """Starts × predictors: logarithms of weights from which the search may go on. Equal ones,
        those by regression (as R's Synth has them), each predictor almost alone, and random ones."""
        count = len(measured)
        outcomes = np.column_stack([pool.series, pool.donors])[pool.matched]
        regressors = np.column_stack([np.ones(measured.shape[1]), measured.T])
        found = (np.linalg.lstsq(regressors, outcomes.T, rcond=None)[0][1:] ** 2).sum(axis=1)
        by_regression = np.log(np.maximum(found / max(found.max(), 1e-300), 1e-8))
        alone = np.full((count, count), -4.0) + 4.0 * np.eye(count)
        # One stream for every plan: a seed that could be chosen would choose the answer.
        drawn = stream(1, "predictor weights").exponential(3.0, (_STARTS, count))
        return np.concatenate([np.zeros((1, count)), by_regression[None], alone, -drawn])

    def _expected_of_each(self, pool: DonorPool, measured: Real | None) -> Real:
        """Periods × donors: what the other donors expect of each."""
        matched = pool.donors[pool.matched]
        level = pool.usual if self.intercept else np.zeros(len(pool.rows))
        if measured is None:
            weights = weights_of_each(matched - level, 0.0, self.penalty)
        else:
            weights = self._searched_for_each(pool, measured, matched - level)
        return level + (pool.donors - level) @ weights.T

    def _searched_for_each(self, pool: DonorPool, measured: Real, matched: Real) -> Real:
        """Donors × donors: weights by predictors, whose weights are searched for each donor anew."""
        starts, count = self._starts(pool, measured), len(pool.rows)
        predictors, found = measured[:, 1:], np.zeros((count, count))
        for one in range(count):
            others = np.delete(np.arange(count), one)
            near = np.ascontiguousarray(predictors[:, others] - predictors[:, [one]])
            gaps = np.ascontiguousarray(matched[:, others] - matched[:, [one]])
            found[one, others] = self._searched(near, gaps, starts)[0]
        return found

    def _bounds(self, errors: PlaceboErrors) -> tuple[Bounds, tuple[str, ...]]:
        if self.inference == "none":
            return Bounds(), ()
        if self.inference == "placebos":
            return errors.bounds(), (errors.said,)
        bounds, said = Conformal(errors.pool, self._refit).bounds(errors.expected)
        return bounds, (said,)


def _inference(table: Table, predictors: bool) -> str:
    """How intervals are had: by placebos where predictors choose the weights, since under a null
    these are fitted to outcomes, and would be the interval of another estimate."""
    found = table.one_of("inference", INFERENCE, "placebos" if predictors else "conformal")
    if predictors and found == "conformal":
        raise table.fail("inference", "placebos or none with predictors: conformal intervals are "
                         "of weights fitted to outcomes alone")  # fmt: skip
    return found


def _all(pool: DonorPool) -> tuple[int, ...]:
    """The rows of a pool: treated, then donors."""
    return (*pool.study.treated, *pool.rows)


def _gaps_of(measured: Real) -> Real:
    """Predictors × donors: the donors' less the treated series'."""
    return np.ascontiguousarray(measured[:, 1:] - measured[:, :1])
