"""Writes the simulated ambulance calls of examples/glasgow/studies/calls_simulated.csv.

    python -m tools.rings

Nobody in them is real, and no number is anybody's estimate: volumes, drift and the planted effect
are round numbers, chosen to show the design. Within 500 m and inside opening hours three tenths of the
calls does not happen from the start on; a quarter of those happen between 500 m and 1 km instead.
"""

import csv
import sys
from pathlib import Path

import numpy as np

from opendcr.streams import stream
from tools.inventory import ROOT

PATH = ROOT / "examples" / "glasgow" / "studies" / "calls_simulated.csv"
RINGS = {"0-500m": 40.0, "500-1000m": 60.0, "1-2km": 110.0, "2-5km": 260.0}  # calls a month
INSIDE = 0.55  # of the calls fall in opening hours
MONTHS, START = 84, 60  # from January 2020; the start is January 2025
FALL, MOVED = 0.3, 0.25


def rows(seed: int = 1) -> list[dict[str, object]]:
    """A row for each ring, hours and month."""
    random = stream(seed, "rings")
    shared = np.cumsum(random.normal(0, 0.02, MONTHS)) + 0.05 * np.sin(
        np.arange(MONTHS) * np.pi / 6
    )
    hours = {"inside": np.cumsum(random.normal(0, 0.004, MONTHS)), "outside": np.zeros(MONTHS)}
    made: list[dict[str, object]] = []
    for ring, volume in RINGS.items():
        own = np.cumsum(random.normal(0, 0.004, MONTHS))
        for band, drift in hours.items():
            share = INSIDE if band == "inside" else 1 - INSIDE
            mean = volume * share * np.exp(shared + own + drift)
            after = np.arange(MONTHS) >= START
            if band == "inside" and ring == "0-500m":
                mean = np.where(after, mean * (1 - FALL), mean)
            if band == "inside" and ring == "500-1000m":
                mean = np.where(after, mean + RINGS["0-500m"] * INSIDE * FALL * MOVED, mean)
            for at, count in enumerate(random.poisson(mean)):
                month = f"{2020 + at // 12}-{at % 12 + 1:02}"
                made.append({"ring": ring, "hours": band, "month": month, "calls": int(count)})
    return made


def write(path: Path) -> None:
    """Writes the file."""
    made = rows()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(made[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)


if __name__ == "__main__":
    write(PATH)
    sys.exit(0)
