"""Substances that people bring, and the classes in which rooms publish them.

SNOMED CT codes: DICOM CID 6089 and the public HL7 examples. EUDA groups: TDI protocol 3.0.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from opendcr.catalogue.entry import Catalogue, Entry


@dataclass(frozen=True)
class Substance(Entry):
    """`glyph` tells substances apart on the board without colour; `euda` is the TDI 3.0 group."""

    glyph: str = "○"
    euda: str = "other"
    depressant: bool = False


SUBSTANCES: Catalogue[Substance] = Catalogue(
    "substances",
    [
        Substance("heroin", "heroin", "◆", "opioids", True, maps={"snomed": "387341002"}),
        Substance("cocaine", "cocaine", "●", "cocaine", maps={"snomed": "387085005"}),
        Substance("crack", "crack", "◉", "cocaine"),
        Substance("ketamine", "ketamine", "▲", "hallucinogens", True),
        Substance("benzodiazepine", "benzodiazepine", "■", "hypnotics and sedatives", True),
        Substance("street_benzodiazepine", "street benzos", "■", "hypnotics and sedatives", True),
        Substance("gabapentinoid", "gabapentinoid", "▣", "hypnotics and sedatives", True),
        Substance("amphetamine", "amphetamine", "✦", "stimulants other than cocaine"),
        Substance("methamphetamine", "methamphetamine", "✧", "stimulants other than cocaine"),
        Substance("methadone", "methadone", "◇", "opioids", True),
        Substance(
            "buprenorphine", "buprenorphine", "◇", "opioids", True, maps={"snomed": "387173000"}
        ),
        Substance("pharmaceutical_opioid", "prescription opioid", "◇", "opioids", True),
        Substance("suspected_nitazene", "suspected nitazene", "◈", "opioids", True),
        Substance("suspected_fentanyl", "suspected fentanyl", "◈", "opioids", True),
        Substance("steroid", "steroid", "⬡", "other"),
        Substance("new_or_unknown", "new or unknown", "?", "other"),
        Substance("other", "other", "○", "other"),
        Substance("declined", "would rather not say", "–", "not known"),
    ],
)


def published_class(substances: Iterable[str]) -> str:
    """The class in which Glasgow publishes an episode: cocaine, heroin, snowball or other.

    A snowball is heroin and cocaine in one episode. Anything that is neither of the two is
    `other`; Glasgow prints no such row, and its three rows need not add up to 100.
    """
    used = frozenset(substances)
    if {"heroin", "cocaine"} <= used:
        return "snowball"
    for single in ("heroin", "cocaine"):
        if single in used:
            return single
    return "other"
