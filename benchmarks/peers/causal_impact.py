"""tfcausalimpact: its answer for a series with one regressor, by variation or Hamiltonian sampling.

In: `outcome`, `regressor`, `start`, `method` ("vi" or "hmc"), `seed`. Out: `effect` (low, mean,
high), `seconds`, and the effective sample size of the worst parameter where there are draws.
"""

import json
import sys
import time

import arviz
import numpy as np
import pandas as pd
import tensorflow as tf
from causalimpact import CausalImpact

asked = json.load(sys.stdin)
tf.random.set_seed(asked["seed"])
np.random.seed(asked["seed"])
data = pd.DataFrame({"y": asked["outcome"], "x": asked["regressor"]})
start, last = asked["start"], len(data) - 1
begun = time.perf_counter()
found = CausalImpact(
    data, [0, start - 1], [start, last], model_args={"fit_method": asked["method"]}
)
seconds = time.perf_counter() - begun
average = found.summary_data["average"]
effect = [average["abs_effect_lower"], average["abs_effect"], average["abs_effect_upper"]]
effective = None
if asked["method"] == "hmc":
    samples = found.model_samples
    named = samples.values() if isinstance(samples, dict) else samples
    effective = min(
        float(arviz.ess(column[None]))
        for one in named
        for column in np.asarray(one).reshape(len(one), -1).T
    )
print()
print(json.dumps({"effect": [float(one) for one in effect], "seconds": seconds, "ess": effective}))
