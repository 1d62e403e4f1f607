"""Plans and data of studies as files, for tests: simulated areas, nobody in them is real."""

import csv
from pathlib import Path
from typing import Any

import numpy as np

from opendcr.streams import stream

PLAN = """
[question]
title = "Events in area 1"
outcome = "events"
unit = "area"
time = "year"
treated = ["area 1"]
start = 2020

[data]
path = "panel.csv"
exposure = "people"
breaks = []
to = 2023

[designs.difference_in_differences]
"""

# The same file, of cells: rings by opening hours.
RINGS = """
[question]
outcome = "calls"
time = "month"
start = "2025-01"
[data]
path = "panel.csv"
[designs.triple_difference]
near = "ring == '0-500m'"
inside_hours = "hours == 'inside'"
"""


def rows(
    areas: int = 24, first: int = 2009, last: int = 2023, effect: float = 0.0, seed: int = 1
) -> list[dict[str, Any]]:
    """A tidy panel: Poisson counts of areas of 50,000 to 500,000 people; from 2020 on a share of
    area 1's events does not happen."""
    random = stream(seed, "planned")
    people = np.round(np.exp(random.uniform(np.log(5e4), np.log(5e5), areas)))
    made = []
    for area in range(areas):
        for year in range(first, last + 1):
            rate = 2e-4 * (1.03 ** (year - 2009)) * (1 + effect * (area == 0 and year >= 2020))
            count = int(random.poisson(rate * people[area]))
            made.append(
                {
                    "area": f"area {area + 1}",
                    "year": year,
                    "events": count,
                    "people": int(people[area]),
                }
            )
    return made


def written(folder: Path, data: list[dict[str, Any]] | None = None, plan: str = PLAN) -> Path:
    """A plan and its data in a folder; the plan's path."""
    data = rows() if data is None else data
    with (folder / "panel.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(data[0]))
        writer.writeheader()
        writer.writerows(data)
    path = folder / "plan.toml"
    path.write_text(plan)
    return path
