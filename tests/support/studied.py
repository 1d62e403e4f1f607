"""A study that was answered, for tests of its report: simulated areas, nobody in them is real."""

from dataclasses import replace
from typing import Any

import numpy as np

from opendcr.evaluate.estimate import Bounds, Check, Estimate, Placebo, Size, estimate_of
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.report.content import (
    Answer,
    Figure,
    Further,
    Lock,
    Origin,
    Provenance,
    Question,
    Report,
    Status,
)
from opendcr.evaluate.study import Study
from opendcr.streams import stream

AREAS, START = 12, 30
HASHES = {"panel.csv": "5f" * 32}


def study(seed: int = 3) -> Study:
    """Counts of twelve areas in 48 months with populations; the first is treated from month 30 on."""
    draw = stream(seed, "report")
    people = np.round(draw.uniform(60_000, 640_000, (AREAS, 1))) * np.ones((1, 48))
    level = 2.1e-5 * np.exp(draw.normal(0, 0.15, (AREAS, 1)) + 0.1 * np.sin(np.arange(48) / 7))
    level[0, START:] *= 0.7
    counts = draw.poisson(level * people).astype(float)
    units = ("Northbank", *(f"Area {at}" for at in range(1, AREAS)))
    periods = tuple(Period("month", 2019 * 12 + at) for at in range(48))
    return Study(Panel(units, periods, counts, people), (0,), START)


def estimate(made: Study, *, by_period: bool = True, **more: Any) -> Estimate:
    """What the other areas lead to expect, with bounds of a plain kind."""
    others = made.panel.of(range(1, AREAS))
    assert others.exposure is not None
    pooled = others.outcome.sum(axis=0) / others.exposure.sum(axis=0)
    own, start = made.series.rates, made.start
    expected = pooled * own[:start].mean() / pooled[:start].mean()
    error = float(np.std(own[:start] - expected[:start]))
    after = np.arange(len(own)) >= start
    reach = np.where(after, 1.96 * error, np.nan)
    gap = own - expected
    mean, total = float(gap[after].mean()), float(expected[after].mean())
    half = 1.96 * error / np.sqrt(after.sum())
    relative = ((mean - half) / total, (mean + half) / total)
    bounds = Bounds(gap - reach, gap + reach, (mean - half, mean + half), relative)
    if not by_period:
        bounds = replace(bounds, low=None, high=None)
    return estimate_of(made, expected, bounds, "The interval is 1.96 standard errors of the fit before the start.",
                       pre_rmspe=error, **more)  # fmt: skip


def report(**more: Any) -> Report:
    """A locked study of simulated deaths by two designs, with a harm, checks, limits and power."""
    made = study()
    plain = estimate(made)
    ratio = (plain.post_rmspe or 0.0) / (plain.pre_rmspe or 1.0)
    others = tuple(Placebo(ratio * (0.35 + 0.055 * at), unit=f"Area {at}", relative_effect=0.02 * (at - 6))
                   for at in range(1, AREAS))  # fmt: skip
    checks = (
        Check("placebo in time", True, "A start twelve months earlier finds −1.2 %."),
        Check("leave one out", False, "Without Area 4 the interval holds zero."),
        Check("donors", None, "Area 2 carries most of the weight."),
    )
    weights = {f"Area {at}": 1 / 11 for at in range(1, AREAS)} | {"Area 11": 0.0}
    first = replace(
        plain,
        placebos=others,
        size=Size(ratio, "the error after the start over that before"),
        p_value=1 / 12,
        p_floor=1 / 12,
        checks=checks,
        weights=weights,
    )
    second = replace(
        estimate(made, by_period=False), p_value=0.02, inference="From a normal approximation."
    )
    draw = stream(5, "gaps")
    gaps = {one.unit or "": tuple(draw.normal(0, 5e-6, 48).tolist()) for one in others[:8]}
    harm = Further("harm", "Discarded needles", "a rise of 10 % or more", 0.025, "Synthetic control", replace(plain, relative_effect=0.04,
                   relative_interval=(-0.06, 0.15)), "undetermined", "No harm is shown, nor excluded.", "undetermined",
                   Origin(True, "Made by the same simulation."), "people")  # fmt: skip
    whole: dict[str, Any] = {
        "question": Question(
            "Drug deaths after a room opened in Northbank",
            "Did fewer people die of drugs in Northbank from July 2021 on than would have without the room?",
            "drug deaths", "2021-07", "people"),
        "caveats": ("About a quarter fewer people died than was to be expected.",),
        "asked": "a fall of 10 % or more",
        "sentence": "Drug deaths in Northbank were about a quarter fewer than expected; success was declared "
                    "as a fall of at least 10 %, and the whole interval lies under that.",
        "verdict": "shown",
        "status": Status(True, ("The plan was locked before any outcome after the start was read.",)),
        "origin": Origin(True, "Made by the simulation of a city (seed 3)."),
        "provenance": Provenance("9c" * 32, "0.1.0", HASHES),
        "lock": Lock("9c" * 32, "2021-06-12T09:30:00Z", "0.1.0", HASHES, (), "7a" * 32, "a registry", ("3b" * 32,)),
        "declared": (("Outcome", "drug deaths by month and area, per person"),
                     ("Treated", "Northbank, from 2021-07"),
                     ("Success", "by synthetic control: the whole interval at or under −10 %")),
        "designs": (
            Answer("synthetic_control", "Synthetic control", first, "shown",
                   "Deaths were fewer than in the areas compared with.", gaps),
            Answer("interrupted_time_series", "Interrupted time series", second, "undetermined",
                   "Deaths fell below their own trend, but not by enough to tell."),
        ),
        "primary": "synthetic_control",
        "further": (harm,),
        "limits": ("One area was treated, so its own shocks cannot be told from the room.",
                   "Deaths are counted where they happened and not where people lived."),
        "power": ("A fall of 10 % would be shown in 21 of 100 worlds (18 to 24) after 12 months, with the other areas' drift.",
                  "A fall of 30 % would be shown in 83 of 100 worlds (80 to 86) after 12 months, with the other areas' drift."),
    }  # fmt: skip
    return Report(**(whole | more))


def figure() -> Figure:
    """A small drawing with its table."""
    svg = (
        '<svg class="picture" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 80" role="img" '
        'aria-label="One effect"><line class="zero" x1="400" x2="400" y1="0" y2="80"/>'
        '<path class="interval" d="M200 40H380"/><circle class="point" cx="300" cy="40" r="6"/></svg>'
    )
    rows = (
        ("study", "effect", "source"),
        ("A made-up room", "−20 % (−30 % to −10 %)", "of this test"),
    )
    return Figure("Effects of rooms elsewhere", svg, "One effect: −20 %", rows)
