"""What recent counts will come to: nowcasts from reporting triangles, and studies under them.

A period that was printed as X some delay after it is printed again a step later as X + A − W: A
come in late, W are withdrawn. With a Poisson number of events and reports at random delays, the
late ones given X are negative binomial of mean a(X + ½) and variance 1 + a times that, `a` being
what then comes in for each one known (Lawless 1994, "Adjustments for reporting delays", Canadian
Journal of Statistics 22; the ½ is Jeffreys' prior of the Poisson mean). So a zero can grow, by a
half of what a one would. Withdrawals are binomial. Beyond chance the late ones vary from cell to
cell (`spread`) and, together, from edition to edition (`shock`); both are estimated by moments.
Rates are drawn from their own distributions, so that a short triangle gives wide intervals.

Only what changes between two editions is seen: who was added and who withdrawn in one step of one
period is known by its difference alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from opendcr.errors import InputError
from opendcr.evaluate.delays.triangle import Triangle
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import LEVEL
from opendcr.streams import stream

Real = NDArray[np.float64]
LEAST_PAIRS = 2  # of counts a step apart, from which its rate is known
HALF = 0.5  # Jeffreys' prior of a Poisson mean
DRAWS = 1000
_MOST_SHOCK = 1.0  # a squared coefficient of variation that must be seen to be drawn
_POISSON = 1e-6  # a spread over one by less is a Poisson number, and no division by zero


@dataclass(frozen=True)
class Delays:
    """How counts change from one delay to a step later.

    `added` and `withdrawn` hold the evidence on each rate by delay, as events and those at risk
    (delays × 2); `spread` is the variance of what comes in over that of the Poisson model, `shock`
    the squared coefficient of variation that all periods of an edition share, told by `editions`
    degrees of freedom.
    """

    step: int
    added: Real
    withdrawn: Real
    spread: float
    shock: float
    editions: float

    def shocks(self, editions: int, draws: int, random: np.random.Generator) -> Real:
        """Draws of what coming editions have in common (draws × editions, mean 1).

        How much they vary is drawn too, as a variance is that few editions tell, so that they have
        the long tails of Student's t.
        """
        if self.shock == 0:
            return np.ones((draws, editions))
        told = random.chisquare(self.editions, (draws, 1)) / self.editions
        varied = np.minimum(self.shock / told, max(_MOST_SHOCK, self.shock))
        return np.asarray(random.gamma(1 / varied, varied, (draws, editions)))


@dataclass(frozen=True)
class Nowcast:
    """What the periods that can still change will come to at the maximum delay.

    `draws` is draws × periods; the others are by period. Intervals hold 1 − `level` and are counts
    that were drawn.
    """

    periods: tuple[Period, ...]
    reported: Real
    draws: Real
    delays: Delays
    level: float

    @property
    def mean(self) -> Real:
        """The mean of the draws."""
        return np.asarray(self.draws.mean(axis=0))

    @property
    def median(self) -> Real:
        """The middle draw."""
        return self.quantile(0.5)

    @property
    def low(self) -> Real:
        """The lower ends of the intervals."""
        return self.quantile(self.level / 2)

    @property
    def high(self) -> Real:
        """The upper ends of the intervals."""
        return self.quantile(1 - self.level / 2)

    def during(self, periods: Sequence[Period]) -> "Nowcast":
        """The nowcast of some periods alone."""
        kept = [at for at, one in enumerate(self.periods) if one in periods]
        named = tuple(self.periods[at] for at in kept)
        return replace(self, periods=named, reported=self.reported[kept], draws=self.draws[:, kept])

    def quantile(self, share: float) -> Real:
        """The least count that so large a share of the draws does not exceed."""
        return np.asarray(np.quantile(self.draws, share, axis=0, method="inverted_cdf"))


def nowcast(
    triangle: Triangle,
    draws: int = DRAWS,
    seed: int = 1,
    level: float = LEVEL,
    series: Sequence[str] = (),
) -> Nowcast:
    """The nowcast of every period that is not complete.

    `series` names whose triangle it is: draws of two series are independent where their names
    differ, and would be alike, error for error, were they of one name and seed.
    Raises InputError where fewer than two periods were seen both at a delay that is needed and a
    step later, there are no draws, or the level is not between 0 and 1.
    """
    if draws < 1 or not 0 < level < 1:
        found = f"{draws} draws, level {level:g}"
        raise InputError(triangle.where, found, "draws, and a level above 0 and under 1")
    recent = [at for at in range(len(triangle.periods)) if not triangle.complete(at)]
    delays = fitted(triangle, {triangle.delay(at) for at in recent})
    made = np.empty((draws, len(recent)))
    random = stream(seed, "nowcast", *series, str(triangle.edition))
    rates = _rates(delays, draws, random)
    for_editions = delays.shocks(triangle.max_delay // triangle.step + 1, draws, random)
    for column, at in enumerate(recent):
        made[:, column] = _completed(triangle, at, delays, rates, for_editions, random)
    reported = triangle.counts[recent, [triangle.delay(at) for at in recent]]
    return Nowcast(tuple(triangle.periods[at] for at in recent), reported, made, delays, level)


def tells(triangle: Triangle) -> bool:
    """Whether enough periods were seen at both ends of each step that those not complete still go."""
    ages = {triangle.edition.at - period.at for period in triangle.changing}
    return all(len(triangle.pairs(at)[0]) >= LEAST_PAIRS for at in _further(triangle, ages))


def fitted(triangle: Triangle, known: set[int]) -> Delays:
    """How counts change after each delay through which periods that stand at `known` delays go.

    Rates pool all periods seen at both ends of a step.
    """
    many = triangle.counts.shape[1]
    added, withdrawn = np.zeros((many, 2)), np.zeros((many, 2))
    seen = np.ones(many)
    cells = []
    for delay in sorted(_further(triangle, known)):
        before, after, editions = triangle.pairs(delay)
        if len(before) < LEAST_PAIRS:
            found = f"{len(before)} periods seen both {delay} and {delay + triangle.step} after"
            raise InputError(triangle.where, found, "an earlier start or a lower maximum delay")
        late, gone = np.maximum(after - before, 0), np.maximum(before - after, 0)
        added[delay] = late.sum(), (before + HALF).sum()
        seen[delay] = len(before)
        withdrawn[delay] = gone.sum(), before.sum()
        rate = added[delay, 0] / added[delay, 1]
        cells.append((late, rate * (before + HALF), np.full(len(late), 1 + rate), editions))
    spread, shock, told = _beyond_chance(cells) if cells else (1.0, 0.0, 1.0)
    # A rate is known no better than so few editions tell, however many events they bring.
    added /= (1 + shock / spread * added[:, 0] / seen)[:, None]
    return Delays(triangle.step, added, withdrawn, spread, shock, told)


def _further(triangle: Triangle, known: set[int]) -> set[int]:
    """The delays from which periods at these delays go on, a step at a time."""
    return {delay for one in known for delay in range(one, triangle.max_delay, triangle.step)}


def _beyond_chance(
    cells: Sequence[tuple[Real, Real, Real, NDArray[np.int64]]],
) -> tuple[float, float, float]:
    """How much the late ones vary more than chance lets them, within editions and between them.

    Within: Pearson's χ² over its degrees of freedom, expected counts being made to agree with each
    edition's total. Between: the squared coefficient of variation of edition totals, less what is
    within, by moments; with its degrees of freedom, one less than the editions (Kish's effective
    number, by the weights that they have here).
    """
    late, expected, chance = (np.concatenate([one[at] for one in cells]) for at in range(3))
    edition = np.concatenate([one[3] for one in cells])
    _, place = np.unique(edition, return_inverse=True)
    total, mean = np.bincount(place, late), np.bincount(place, expected)
    agreed = expected * (total / np.maximum(mean, 1e-12))[place]
    seen = agreed > 0
    free = seen.sum() - (total > 0).sum() - len(cells) + 1
    pearson = float((((late - agreed) ** 2)[seen] / (agreed * chance)[seen]).sum())
    spread = max(1.0, pearson / free) if free > 0 else 1.0
    within = spread * np.bincount(place, expected * chance)
    squares = float((mean**2).sum())
    if squares == 0:
        return spread, 0.0, 1.0
    between = float(((total - mean) ** 2 - within).sum()) / squares
    return spread, max(0.0, between), max(squares**2 / float((mean**4).sum()) - 1, 1.0)


def _rates(delays: Delays, draws: int, random: np.random.Generator) -> tuple[Real, Real]:
    """Draws of the rates of what comes in and of what is withdrawn (draws × delays).

    Gamma and beta distributions of the evidence, which counts for less as it is spread.
    """
    events, at_risk = delays.added.T
    shape, scale = (events + HALF) / delays.spread, delays.spread / np.maximum(at_risk, HALF)
    coming = random.gamma(shape, scale, (draws, len(events)))
    gone, printed = delays.withdrawn.T
    leaving = random.beta(gone + 1e-9, np.maximum(printed - gone, 0) + HALF, (draws, len(gone)))
    return coming, np.where(gone > 0, leaving, 0.0)


def _completed(
    triangle: Triangle,
    at: int,
    delays: Delays,
    rates: tuple[Real, Real],
    shocks: Real,
    random: np.random.Generator,
) -> Real:
    """Draws of what a period comes to."""
    coming, leaving = rates
    count = np.full(len(shocks), triangle.counts[at, triangle.delay(at)])
    further = range(triangle.delay(at), triangle.max_delay, triangle.step)
    for edition, one in enumerate(further):
        rate = coming[:, one]
        mean = rate * (count + HALF) * shocks[:, edition]
        gone = random.binomial(count.astype(np.int64), leaving[:, one])
        count = count - gone + _negative_binomial(mean, delays.spread * (1 + rate), random)
    return count


def _negative_binomial(mean: Real, spread: Real, random: np.random.Generator) -> Real:
    """Draws of this mean, with a variance of so many times the mean."""
    beyond = np.maximum(spread - 1, _POISSON)
    return random.poisson(random.gamma(mean / beyond, beyond)).astype(np.float64)


@dataclass(frozen=True)
class Scores:
    """How past editions' nowcasts did, against what the periods came to.

    `coverage` is by the intervals' nominal share; `wis` the mean weighted interval score (Bracher
    and others 2021), to be read beside `as_reported`, the score of taking the printed count for
    the last one. `bias` is the mean of nowcast less what came, over the mean of what came.
    """

    nowcasts: int
    coverage: dict[float, float]
    wis: float
    as_reported: float
    bias: float


LEVELS = (0.05, 0.2, 0.5)  # of the intervals that are scored


def scored(triangle: Triangle, draws: int = DRAWS, seed: int = 1, least: int = 8) -> Scores:
    """The nowcasts made at each past edition, for the periods that are complete by now.

    An edition counts once `least` periods have been seen complete by then. Raises InputError where
    there is none such.
    """
    rows = [row for edition in _past(triangle, least)
            for row in _judged(triangle, nowcast(triangle.as_at(edition), draws, seed))]  # fmt: skip
    if not rows:
        expected = f"an edition with {least} complete periods, and a later one"
        raise InputError(triangle.where, "no past edition to score", expected)
    inside, wis, naive, miss, truth = zip(*rows, strict=True)
    covered = np.mean(inside, axis=0)
    return Scores(
        len(rows),
        {1 - level: float(share) for level, share in zip(LEVELS, covered, strict=True)},
        float(np.mean(wis)),
        float(np.mean(naive)),
        float(np.sum(miss) / max(np.sum(truth), 1.0)),
    )


def _past(triangle: Triangle, least: int) -> list[Period]:
    """The editions after each of which some period has become complete."""
    first = triangle.periods[0].at + triangle.max_delay + least - 1
    steps = range(triangle.edition.at - triangle.step, first - 1, -triangle.step)
    return [Period(triangle.edition.kind, at) for at in reversed(steps) if triangle.printed(at)]


def _judged(
    triangle: Triangle, made: Nowcast
) -> list[tuple[list[bool], float, float, float, float]]:
    """For each period that is complete by now: whether its intervals held, and its scores."""
    place = {period: at for at, period in enumerate(triangle.periods)}
    rows = []
    for column, period in enumerate(made.periods):
        truth = triangle.final(place[period])
        if not triangle.complete(place[period]) or np.isnan(truth):
            continue
        drawn = made.draws[:, column]
        ends = [_interval(drawn, level) for level in LEVELS]
        miss = float(drawn.mean()) - truth
        naive = abs(float(made.reported[column]) - truth)
        inside = [low <= truth <= high for low, high in ends]
        rows.append((inside, weighted_interval_score(drawn, truth), naive, miss, truth))
    return rows


def _interval(drawn: Real, level: float) -> tuple[float, float]:
    low, high = np.quantile(drawn, [level / 2, 1 - level / 2], method="inverted_cdf")
    return float(low), float(high)


def weighted_interval_score(drawn: Real, truth: float) -> float:
    """Bracher, Ray, Gneiting and Reich (2021), equation 1, with the intervals of `LEVELS`."""
    middle = float(np.quantile(drawn, 0.5, method="inverted_cdf"))
    score = 0.5 * abs(truth - middle)
    for level in LEVELS:
        low, high = _interval(drawn, level)
        outside = max(low - truth, 0.0) + max(truth - high, 0.0)
        score += level / 2 * (high - low) + outside
    return score / (len(LEVELS) + 0.5)
