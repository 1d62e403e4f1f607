"""Power of Glasgow's plan: twelve series, three effects, a thousand panels each, on all cores.

    python benchmarks/power.py [--panels 1000]

The peer is SciPy's SLSQP, a general optimiser, at the weights alone of some of the same panels (the
treated area's and each placebo's), which must not fit better; its time for all panels is scaled from
those.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from rig.times import machine
from scipy.optimize import minimize

from opendcr.evaluate.findings import PRIMARY, sources_of
from opendcr.evaluate.kernel.simplex import nearest
from opendcr.evaluate.plan import read_plan
from opendcr.evaluate.power import Asked, cases_of, power
from opendcr.evaluate.reading import study_before
from opendcr.evaluate.study import Study
from opendcr.evaluate.weights.donor_pool import Compared
from opendcr.evaluate.world import world_of

PLAN = Path(__file__).parent.parent / "examples" / "glasgow" / "studies" / "deaths_by_council.toml"
SHARES = (("city", 1.0), ("catchment", 0.3), ("half mile", 0.05))
PERIODS, EFFECTS = (1, 2, 3, 5), (-0.1, -0.2, -0.3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--panels", type=int, default=1000)
    parser.add_argument("--slow", type=int, default=3, help="panels of the peer")
    chosen = parser.parse_args()
    print(machine())
    plan = read_plan(PLAN)
    design = plan.designs[plan.primary]
    before = study_before(sources_of(plan)[PRIMARY], design)
    cases, asked = cases_of(SHARES, PERIODS, EFFECTS, ["estimated"]), Asked(design, before)
    power(asked, cases[:1], 20)  # compiled, whatever comes first
    begun = time.perf_counter()
    found = power(asked, cases, chosen.panels)
    ours = time.perf_counter() - begun
    fits = len(cases) * chosen.panels
    best = max(found, key=lambda one: one.power)
    print(f"\n{'':44}{'seconds':>10}{'panels/s':>10}")
    print(
        f"{f'ours: {len(cases)} cases of {chosen.panels:,} panels':44}{ours:10.1f}{fits / ours:10.0f}"
    )
    each, worse = slowly(before, chosen.slow)
    print(
        f"{'SLSQP, weights alone, scaled from ' + str(chosen.slow):44}{each * fits:10.0f}{1 / each:10.1f}"
    )
    print(f"a worse fit than SLSQP's in {worse} of the weights compared")
    print(f"most often seen: {best.case.effect:+.0%} in the {best.case.series} after "
          f"{best.case.periods} years, in {best.power:.0%} of panels")  # fmt: skip


def slowly(before: Study, panels: int) -> tuple[float, int]:
    """Seconds a panel by SLSQP, and how many of ours fit worse."""
    world, worse, taken = world_of(before.panel, before.treated, 5), 0, 0.0
    for panel in world.draws(0.0, panels, 1):
        pool = Compared(scaled=False).pool(Study(panel, world.treated, world.start))
        scale = float(np.abs(pool.series).max())
        every = np.column_stack([pool.series, pool.donors])[pool.matched] / scale
        for one in range(every.shape[1]):
            gaps = np.ascontiguousarray(np.delete(every, one, axis=1) - every[:, [one]])
            begun = time.perf_counter()
            theirs = by_slsqp(gaps)
            taken += time.perf_counter() - begun
            own = nearest(gaps, 0.0, np.zeros(gaps.shape[1]))
            worse += ((gaps @ own) ** 2).sum() > theirs + 1e-9
    return taken / panels, worse


def by_slsqp(gaps: np.ndarray) -> float:
    """The least sum of squares that SLSQP finds."""
    count = gaps.shape[1]
    found = minimize(
        lambda w: ((gaps @ w) ** 2).sum(), np.full(count, 1 / count), jac=lambda w: 2 * gaps.T @ (gaps @ w),
        bounds=[(0, 1)] * count, constraints={"type": "eq", "fun": lambda w: w.sum() - 1, "jac": lambda w: np.ones(count)},
        method="SLSQP", options={"maxiter": 500, "ftol": 1e-12},
    )  # fmt: skip
    return float(found.fun)


if __name__ == "__main__":
    main()
