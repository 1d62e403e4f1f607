"""The course of a simulated emergency: what staff do and see, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from opendcr.simulate.scenario import opioid

SECOND = 1000
NALOXONE_AFTER = 180 * SECOND
AMBULANCE = 12 / 60  # of the emergencies in Glasgow's room (Glasgow City HSCP)


@dataclass(frozen=True, slots=True)
class Deed:
    """One command, so many milliseconds after the emergency began."""

    after: int
    kind: str
    role: str
    data: Mapping[str, Any]


def course(
    id: str, substances: Sequence[str], lasts: int, naloxone: bool, rng: np.random.Generator
) -> tuple[Deed, ...]:
    """The acts of one emergency of so many milliseconds, in order; the last ends it."""
    ambulance = rng.random() < AMBULANCE
    kind = "suspected_opioid" if opioid(substances) else "stimulant"
    low = {
        "breaths": int(rng.integers(4, 11)),
        "spo2": int(rng.integers(80, 93)),
        "response": "pain",
    }
    high = {"breaths": 14, "spo2": 97, "response": "alert", "concern": "watch"}
    acts: list[tuple[int, str, dict[str, Any]]] = [
        (0, "EmergencyStarted", {"type": kind}),
        (20 * SECOND, "InterventionGiven", {"intervention": "stimulation"}),
        (40 * SECOND, "Observed", {**low, "concern": "intervene"}),
        (60 * SECOND, "InterventionGiven", {"intervention": "oxygen", "litres": 15}),
        (lasts - SECOND, "Observed", high),
        (lasts, "EmergencyEnded", {"outcome": "attended" if ambulance else "recovered"}),
    ]
    if naloxone:
        acts.append((NALOXONE_AFTER, "InterventionGiven", {"intervention": "naloxone"}))
    if ambulance:
        acts.append((200 * SECOND, "AmbulanceCalled", {}))
    acts.sort(key=lambda act: act[0])
    return tuple(
        Deed(after, kind, "nurse", {"emergency": id, **data}) for after, kind, data in acts
    )
