"""tfcausalimpact: its answer for a series with one regressor, by variation or Hamiltonian sampling.

In: `outcome`, `regressor`, `start`, `method` ("vi" or "hmc"), `seed`. Out: `effect` (low, mean,
high), `seconds`, and where there are draws the lesser effective sample size of the noise's scale and
the level's, which every such model has. The scales of its regression's prior, of which ours has none,
mix worse: of a hundred draws one or two.
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
    noise, level, *_ = found.model_samples  # in the order in which the model is made of them
    effective = min(float(arviz.ess(np.asarray(one)[None])) for one in (noise, level))
print()
print(json.dumps({"effect": [float(one) for one in effect], "seconds": seconds, "ess": effective}))
