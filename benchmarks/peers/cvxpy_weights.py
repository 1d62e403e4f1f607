"""Simplex weights of each unit on all others by CVXPY with CLARABEL: JSON on standard input and output.

Takes `outcomes` (periods × units). Answers the seconds of all fits, and for each unit the weights on
all units and the sum of squares.
"""

import json
import sys
import time

import cvxpy
import numpy as np


def fitted(outcomes: np.ndarray, unit: int) -> np.ndarray:
    """The weights of the others on one unit."""
    weights = cvxpy.Variable(outcomes.shape[1] - 1, nonneg=True)
    gaps = np.delete(outcomes, unit, axis=1) @ weights - outcomes[:, unit]
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(gaps)), [cvxpy.sum(weights) == 1])
    problem.solve(solver=cvxpy.CLARABEL)
    return np.insert(weights.value, unit, 0.0)


def main() -> None:
    outcomes = np.array(json.load(sys.stdin)["outcomes"])
    fitted(outcomes, 0)  # what is made once for all
    begun = time.perf_counter()
    weights = [fitted(outcomes, unit) for unit in range(outcomes.shape[1])]
    seconds = time.perf_counter() - begun
    errors = [((outcomes @ one - outcomes[:, at]) ** 2).sum() for at, one in enumerate(weights)]
    found = {"seconds": seconds, "weights": [one.tolist() for one in weights], "errors": errors}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
