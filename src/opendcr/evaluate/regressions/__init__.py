"""Regressions of counts, their errors, and segments of time."""
