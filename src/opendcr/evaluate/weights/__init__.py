"""Weights on areas that were not treated: donors, predictors, conformal and placebo inference."""
