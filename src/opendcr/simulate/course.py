"""The course of a simulated emergency: what staff do and see, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from opendcr.simulate.scenario import MINUTE

SECOND = 1000
# 10,865 of 41,538 overdoses in Canada's rooms needed naloxone (Health Canada, supervised
# consumption sites); 12 of 60 emergencies in Glasgow's brought an ambulance (Glasgow City HSCP).
NALOXONE = 10_865 / 41_538
AMBULANCE = 12 / 60


@dataclass(frozen=True, slots=True)
class Deed:
    """One command, so many milliseconds after the emergency began."""

    after: int
    kind: str
    role: str
    data: Mapping[str, Any]


def course(
    id: str, substances: Sequence[str], minutes: float, rng: np.random.Generator
) -> tuple[Deed, ...]:
    """The acts of one emergency of so many minutes (five at least), in order; the last ends it."""
    opioid = "heroin" in substances
    over = max(round(minutes * MINUTE), 300 * SECOND)
    ambulance = rng.random() < AMBULANCE
    low = {
        "breaths": int(rng.integers(4, 11)),
        "spo2": int(rng.integers(80, 93)),
        "response": "pain",
    }
    high = {"breaths": 14, "spo2": 97, "response": "alert", "concern": "watch"}
    acts: list[tuple[int, str, dict[str, Any]]] = [
        (0, "EmergencyStarted", {"type": "suspected_opioid" if opioid else "stimulant"}),
        (20 * SECOND, "InterventionGiven", {"intervention": "stimulation"}),
        (40 * SECOND, "Observed", {**low, "concern": "intervene"}),
        (60 * SECOND, "InterventionGiven", {"intervention": "oxygen", "litres": 15}),
        (over - SECOND, "Observed", high),
        (over, "EmergencyEnded", {"outcome": "attended" if ambulance else "recovered"}),
    ]
    if opioid and rng.random() < NALOXONE:
        acts.append((180 * SECOND, "InterventionGiven", {"intervention": "naloxone"}))
    if ambulance:
        acts.append((200 * SECOND, "AmbulanceCalled", {}))
    acts.sort(key=lambda act: act[0])
    return tuple(
        Deed(after, kind, "nurse", {"emergency": id, **data}) for after, kind, data in acts
    )
