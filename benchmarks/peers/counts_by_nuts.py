"""The count model of ours with the same priors, every donor in, sampled by NUTS in PyMC.

In: `counts` and `offset` of the periods before the start, `regressors` of all periods (standard
units), `slab`, `scale` and `first` (our priors), `seed`. Out: mean and standard deviation of the
noise, the drift and the sum of the signal from the start on; `seconds`; and the least of their
effective sample sizes.
"""

import json
import sys
import time

import arviz
import numpy as np
import pymc
import pytensor.tensor as pt

asked = json.load(sys.stdin)
counts, offset = np.array(asked["counts"]), np.array(asked["offset"])
regressors = np.array(asked["regressors"])
before, periods = len(counts), len(regressors)
begun = time.perf_counter()
with pymc.Model() as model:
    noise = pymc.HalfNormal("noise", asked["scale"][0])
    drift = pymc.HalfNormal("drift", asked["scale"][1])
    beta = pymc.Normal("beta", 0, asked["slab"], shape=regressors.shape[1])
    first = pymc.Normal("first", 0, asked["first"])
    steps = pymc.Normal("steps", 0, 1, shape=periods - 1)
    around = pymc.Normal("around", 0, 1, shape=periods)
    level = first + drift * pt.concatenate([pt.zeros(1), pt.cumsum(steps)])
    signal = level + pt.dot(regressors, beta) + noise * around
    pymc.Deterministic("after", signal[before:].sum())
    pymc.Poisson("counts", pt.exp(offset + signal[:before]), observed=counts)
    drawn = pymc.sample(500, tune=500, chains=2, cores=2, random_seed=asked["seed"],
                        target_accept=0.9, progressbar=False)  # fmt: skip
seconds = time.perf_counter() - begun
names = ["noise", "drift", "after"]
answer = {
    name: [float(drawn.posterior[name].mean()), float(drawn.posterior[name].std())]
    for name in names
}
effective = min(float(one) for one in arviz.ess(drawn, var_names=names).values())
print()
print(json.dumps(answer | {"seconds": seconds, "ess": effective}))
