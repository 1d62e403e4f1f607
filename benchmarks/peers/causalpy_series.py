"""CausalPy: an interrupted time series with one regressor, Gaussian, sampled by NUTS in PyMC.

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
data = pd.DataFrame({"y": asked["outcome"], "x": asked["regressor"]})
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
observed = np.asarray(asked["outcome"][asked["start"] :])
foreseen = np.asarray(found.post_pred["posterior_predictive"]["y_hat"])
foreseen = (
    foreseen.reshape(foreseen.shape[0] * foreseen.shape[1], -1)[:, -len(observed) :]
    if (foreseen.shape[2] == len(observed))
    else foreseen.reshape(*foreseen.shape[:2], len(observed), -1)[..., 0].reshape(-1, len(observed))
)
draws = (observed - foreseen).mean(axis=1)
seconds = time.perf_counter() - begun
effective = min(float(one.min()) for one in arviz.ess(model.idata, var_names=["beta", "y_hat_sigma"]
                if "y_hat_sigma" in model.idata.posterior else ["beta", "sigma"]).values())  # fmt: skip
effect = [*np.quantile(draws, 0.025, keepdims=True), draws.mean(), np.quantile(draws, 0.975)]
print()
print(json.dumps({"effect": [float(one) for one in effect], "seconds": seconds, "ess": effective}))
