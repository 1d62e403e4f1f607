"""pysyncon's Synth for some units, each treated in turn: JSON on standard input and output.

Takes `predictors` (predictors × units), `outcomes` (fit periods × units), and `units`, the columns
that are treated; each is compared with all others. Answers `fits`: for each, seconds of the fit, weights
on all units, the predictors' weights and the mean squared error over the fit periods.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
from pysyncon import Synth


def fitted(predictors: pd.DataFrame, outcomes: pd.DataFrame, unit: int) -> dict[str, object]:
    """One fit, with pysyncon's own defaults."""
    synth, others = Synth(), [one for one in predictors.columns if one != unit]
    begun = time.perf_counter()
    synth.fit(X0=predictors[others], X1=predictors[unit], Z0=outcomes[others], Z1=outcomes[unit])
    seconds = time.perf_counter() - begun
    weights = np.zeros(len(predictors.columns))
    weights[others] = synth.W
    return {
        "seconds": seconds,
        "weights": weights.tolist(),
        "predictor_weights": np.asarray(synth.V).tolist(),
        "error": float(synth.loss_V),
    }


def main() -> None:
    given = json.load(sys.stdin)
    predictors, outcomes = pd.DataFrame(given["predictors"]), pd.DataFrame(given["outcomes"])
    json.dump({"fits": [fitted(predictors, outcomes, unit) for unit in given["units"]]}, sys.stdout)


if __name__ == "__main__":
    main()
