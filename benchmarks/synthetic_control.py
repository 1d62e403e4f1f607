"""Synthetic control on Proposition 99: weights, predictors' weights and a whole study, beside peers.

    python benchmarks/synthetic_control.py [--units 5] [--repeats 20]

Outcome-only weights of all 39 states beside CVXPY with CLARABEL, which must not reach a lower sum of
squares; weights by five predictors (cigarette sales in 1975, 1980 and 1988 and two means) with a
search for the predictors' weights beside pysyncon's Synth, by state, with the error that each leaves
over the fit periods; every placebo in space; the whole study with its checks.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rig.peers import peer
from rig.times import machine

from opendcr.evaluate.designs.synthetic_control import SyntheticControl
from opendcr.evaluate.kernel.simplex import weights_of_each
from opendcr.evaluate.panel import Columns, Panel, read_rows, wide_panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.study import Study
from opendcr.keyed import Table

DATA = Path(__file__).parent.parent / "examples" / "studies" / "prop99" / "prop99.csv"
START, CALIFORNIA = 19, 2
PREDICTORS = [
    {"column": "cigsale", "at": [1975]},
    {"column": "cigsale", "at": [1980]},
    {"column": "cigsale", "at": [1988]},
    {"column": "cigsale", "from": 1970, "to": 1974},
    {"column": "cigsale", "from": 1981, "to": 1987},
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--units", type=int, default=5, help="states that pysyncon fits; 39 are all"
    )
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--without", choices=("peers",), help="ours alone")
    chosen = parser.parse_args()
    print(machine())
    panel = wide_panel(read_rows(DATA), Columns("cigsale", "Year"))
    panel = replace(panel, columns={"cigsale": panel.outcome})
    if chosen.without is None:
        outcomes_alone(panel, chosen.repeats)
        by_predictors(panel, min(chosen.units, 39), chosen.repeats)
    whole(panel)


def seconds(act: Callable[[], Any], repeats: int) -> float:
    """The median of some repeats, after one that is not counted."""
    act()
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def outcomes_alone(panel: Panel, repeats: int) -> None:
    """All states, each on all others."""
    before = np.ascontiguousarray(panel.outcome[:, :START].T)
    ours = seconds(lambda: weights_of_each(before, 0.0, 0.0), repeats)
    left = ((before @ weights_of_each(before, 0.0, 0.0).T - before) ** 2).sum(axis=0)
    theirs = peer("cvxpy_weights", {"outcomes": before.tolist()})
    worse = int((left > np.array(theirs["errors"]) * (1 + 1e-6)).sum())
    print(f"\n{'outcomes alone, 39 states':36}{'ms':>10}{'sum of squares':>18}")
    print(f"{'ours':36}{1000 * ours:10.2f}{left.sum():18.6f}")
    print(f"{'CVXPY, CLARABEL':36}{1000 * theirs['seconds']:10.1f}{sum(theirs['errors']):18.6f}")
    print(f"{theirs['seconds'] / ours:.0f} times as quick; a worse fit in {worse} of 39 states")


def by_predictors(panel: Panel, units: int, repeats: int) -> None:
    """Some states by predictors whose weights are searched for, California first."""
    order = [CALIFORNIA, *(one for one in range(39) if one != CALIFORNIA)][:units]
    given = {
        "predictors": values(panel),
        "outcomes": panel.outcome[:, :START].T.tolist(),
        "units": order,
    }
    theirs = peer("pysyncon_fit", given)["fits"]
    print(f"\n{'five predictors, their weights sought':36}{'ours ms':>10}{'pysyncon ms':>14}"
          f"{'ours error':>12}{'pysyncon':>12}")  # fmt: skip
    worse = 0
    for unit, other in zip(order, theirs, strict=True):
        study = Study(panel, (unit,), START)
        design = planned(placebos="none", inference="none")
        ours = seconds(lambda design=design, study=study: design.fit(study), max(3, repeats // 4))
        error = float(design.fit(study).pre_rmspe or 0) ** 2
        worse += error > other["error"] * (1 + 1e-9)
        print(f"{panel.units[unit]:36}{1000 * ours:10.2f}{1000 * other['seconds']:14.0f}"
              f"{error:12.5f}{other['error']:12.5f}")  # fmt: skip
    print(f"a worse fit than pysyncon's in {worse} of {units} states")


def values(panel: Panel) -> list[list[float]]:
    """Predictors × states."""
    return [one.values(panel).tolist() for one in planned().predictors]


def planned(**data: Any) -> SyntheticControl:
    """The design with five predictors."""
    return SyntheticControl.read(Table("benchmark", "", {"predictors": PREDICTORS, **data}))


def whole(panel: Panel) -> None:
    """California, with all placebos, intervals and checks."""
    study = Study(panel, (CALIFORNIA,), panel.periods.index(Period("number", 1989)))
    print(f"\n{'whole study':36}{'seconds':>10}{'placebos':>10}")
    for name, design in (("outcomes alone", planned(predictors=[])), ("predictors", planned())):
        begun = time.perf_counter()
        found = design.fit(study)
        checks = design.checks(study, found)
        taken = time.perf_counter() - begun
        assert json.dumps(replace(found, checks=checks).to_data(), allow_nan=False)
        print(f"{name:36}{taken:10.2f}{len(found.placebos):10}")


if __name__ == "__main__":
    main()
