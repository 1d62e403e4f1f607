"""CausalPy: an interrupted time series with one regressor, Gaussian, sampled by NUTS in PyMC.

The regressor is centred, which CausalPy does not do by itself: otherwise it takes many times as long.

In: `outcome`, `regressor`, `start`, `seed`. Out: `effect` (low, mean, high), `seconds`, and the
effective sample size of the worst of the coefficients and the noise.
"""

import json
import sys
import time

import arviz
import causalpy
import numpy as np
import pandas as pd

asked = json.load(sys.stdin)
regressor = np.array(asked["regressor"])
data = pd.DataFrame({"y": asked["outcome"], "x": regressor - regressor[: asked["start"]].mean()})
sampling = {
    "random_seed": asked["seed"],
    "draws": 1000,
    "tune": 1000,
    "chains": 2,
    "progressbar": False,
}
begun = time.perf_counter()
model = causalpy.pymc_models.LinearRegression(sample_kwargs=sampling)
found = causalpy.InterruptedTimeSeries(data, asked["start"], formula="y ~ 1 + x", model=model)
seconds = time.perf_counter() - begun
draws = found.post_impact.mean("obs_ind").values.ravel()
effective = min(
    float(one.min()) for one in arviz.ess(model.idata, var_names=["beta", "y_hat_sigma"]).values()
)
effect = [np.quantile(draws, 0.025), draws.mean(), np.quantile(draws, 0.975)]
print()
print(json.dumps({"effect": [float(one) for one in effect], "seconds": seconds, "ess": effective}))
