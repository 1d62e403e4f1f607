"""Bayesian structural series beside tfcausalimpact, CausalPy and PyMC, on the same data.

    python benchmarks/structural.py [--seeds 2] [--without hmc | --without peers]

The first table is the example of CausalImpact (a near random walk and what follows it, 10 more from
period 71 of 100), fitted with several seeds: the spread between them is no property of the data. The
second is a series of counts with two donors, both in, whose model and priors PyMC is given as they
are: both must agree within four standard errors, or the program stops. Times are of fitting alone,
compiling included where a peer compiles anew for each series; ours is compiled before.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rig.peers import peer
from rig.times import machine

from opendcr.evaluate.designs.bayesian_structural import BayesianStructural, Posterior
from opendcr.evaluate.mixing import effective
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.streams import stream

ERRORS = 4
DESIGN = BayesianStructural()


@dataclass(frozen=True)
class Answer:
    """What one fit said: the effect's low, mean and high; seconds; effective draws where known."""

    effect: Sequence[float]
    seconds: float
    ess: float | None

    def line(self, name: str, seed: int) -> str:
        low, mean, high = self.effect
        worth = (
            f"{self.ess:9,.0f}{self.ess / self.seconds:11,.1f}"
            if self.ess
            else f"{'-':>9}{'-':>11}"
        )
        return f"{name:34}{seed:5}{mean:9.2f}{low:9.2f}{high:9.2f}{self.seconds:10.2f}{worth}"


def panel(outcome: NDArray[Any], exposure: NDArray[Any] | None = None) -> Panel:
    areas, periods = outcome.shape
    months = tuple(Period("month", 2015 * 12 + at) for at in range(periods))
    return Panel(tuple(f"a{at}" for at in range(areas)), months, outcome.astype(float), exposure)


def toy() -> Study:
    rng = stream(1, "toy")
    walk = np.zeros(100)
    for at in range(1, 100):
        walk[at] = 0.999 * walk[at - 1] + rng.normal()
    outcome = 1.2 * (100 + walk) + rng.normal(size=100)
    outcome[70:] += 10
    return Study(panel(np.array([outcome, 100 + walk])), (0,), 70)


def counts() -> Study:
    """Twenty events a month in the treated area; the donors have a movement in common with it."""
    rng = stream(1, "counts")
    common = np.cumsum(rng.normal(0, 0.05, 84))
    means = np.array([[20.0], [60.0], [90.0]]) * np.exp(common + rng.normal(0, 0.1, (3, 84)))
    return Study(panel(rng.poisson(means), np.full((3, 84), 1e5)), (0,), 60)


def ours(study: Study, design: BayesianStructural = DESIGN) -> tuple[Answer, Posterior]:
    design.fit(study)  # compiled before
    begun = time.perf_counter()
    posterior = design.posterior(study)
    found = posterior.estimate()
    seconds = time.perf_counter() - begun
    worst = min(effective(one) for one in watched(posterior).values())
    assert found.interval is not None
    low, high = found.interval
    return Answer((low, found.average_effect, high), seconds, worst), posterior


def watched(posterior: Posterior) -> dict[str, NDArray[Any]]:
    """Chains × draws of what the peers report too."""
    sigma = np.array([one.sigma for one in posterior.chains])
    signal = np.array([one.signal for one in posterior.chains])
    after = signal[:, :, posterior.study.start :].sum(axis=2)
    return {"noise": sigma[:, :, 0], "drift": sigma[:, :, 1], "after": after}


def series(seeds: int) -> None:
    study = toy()
    print(f"{'values: the truth is 10':34}{'seed':>5}{'mean':>9}{'low':>9}{'high':>9}{'seconds':>10}"
          f"{'ESS':>9}{'ESS/s':>11}")  # fmt: skip
    for seed in range(1, seeds + 1):
        seeded = Study(study.panel, study.treated, study.start, seed=seed)
        print(ours(seeded)[0].line("ours", seed), flush=True)


def peers(seeds: int, methods: Sequence[str]) -> None:
    study = toy()
    outcome, regressor = study.panel.outcome.tolist()
    asked = {"outcome": outcome, "regressor": regressor, "start": study.start}
    ways: list[tuple[str, Callable[[int], dict[str, Any]], int]] = [
        ("CausalPy, interrupted time series",
         lambda seed: peer("causalpy_series", asked | {"seed": seed}), 1),
        *((f"tfcausalimpact, {method}",
           lambda seed, method=method: peer("causal_impact", asked | {"seed": seed, "method": method}),
           seeds if method == "vi" else 1) for method in methods),
    ]  # fmt: skip
    for name, ask, times in ways:
        for seed in range(1, times + 1):
            found = ask(seed)
            print(
                Answer(found["effect"], found["seconds"], found["ess"]).line(name, seed), flush=True
            )


def same_model() -> None:
    study, design = counts(), BayesianStructural(expected_donors=2, pooled=False)
    answer, posterior = ours(study, design)
    model = posterior.scaled.model
    found = peer("counts_by_nuts", {
        "counts": model.outcome.tolist(), "offset": model.offset.tolist(),
        "regressors": model.regressors.T.tolist(), "slab": model.slab.tolist(),
        "scale": model.scale.tolist(), "first": float(model.start[0]), "seed": 1})  # fmt: skip
    print(f"\n{'counts: the same model twice':34}{'noise':>9}{'drift':>9}{'after':>9}{'seconds':>10}"
          f"{'ESS':>9}{'ESS/s':>11}")  # fmt: skip
    means = {name: float(draws.mean()) for name, draws in watched(posterior).items()}
    for name, said, seconds, ess in (
        ("ours", means, answer.seconds, answer.ess or 0.0),
        ("PyMC, NUTS", {one: found[one][0] for one in means}, found["seconds"], found["ess"]),
    ):
        shown = "".join(f"{said[one]:9.4f}" for one in means)
        print(f"{name:34}{shown}{seconds:10.2f}{ess:9,.0f}{ess / seconds:11,.1f}")
    for name, draws in watched(posterior).items():
        theirs, spread = found[name]
        error = np.hypot(draws.std() / effective(draws) ** 0.5, spread / found["ess"] ** 0.5)
        if abs(draws.mean() - theirs) > ERRORS * error:
            raise SystemExit(f"{name}: {draws.mean():.4f} and {theirs:.4f} are not one posterior's")
    print(f"both agree on all three within {ERRORS} standard errors")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--without", choices=("hmc", "peers"), help="the slowest, or all of them")
    asked = parser.parse_args()
    print(machine())
    series(asked.seeds)
    if asked.without != "peers":
        peers(asked.seeds, ["vi"] if asked.without == "hmc" else ["vi", "hmc"])
        same_model()


if __name__ == "__main__":
    main()
