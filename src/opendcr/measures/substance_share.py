"""Substance share: what people use in the booths."""

from collections.abc import Iterator

import polars as pl

from opendcr.measures.measure import GLASGOW, Count, Example, Measure
from opendcr.measures.months import by_month
from opendcr.tables import Tables

CLASSES = ("cocaine", "heroin", "snowball", "other")


def counts(tables: Tables) -> Iterator[Count]:
    recorded = tables.episodes.drop_nulls("substances")
    in_all = by_month(recorded, tables.months)
    for substances in CLASSES:
        of_class = recorded.filter(pl.col("substances") == substances)
        for month, episodes in by_month(of_class, tables.months).items():
            yield Count(month, {"substance": substances}, episodes, in_all[month])


MEASURE = Measure(
    name="substance_share",
    title="Substances",
    definition=(
        "Of the injecting episodes, the percentage in which cocaine, heroin, or both together "
        "(snowball) were used."
    ),
    published_at=GLASGOW,
    numerator=(
        "Injecting episodes of the class. All that was used in one episode is taken together, so "
        "that heroin and then cocaine in one seating is a snowball; an episode with neither is "
        "`other`."
    ),
    denominator=(
        "Injecting episodes with at least one start of use whose substances are recorded. Somebody "
        "who would rather not say has recorded none."
    ),
    groups="By class: `cocaine`, `heroin`, `snowball`, `other`.",
    unit="percent of episodes",
    why=(
        "Risks and help differ: naloxone reverses heroin and does nothing for cocaine, which is "
        "injected more often in a day."
    ),
    cannot_show=(
        "What the drug was: people say what they believe they bought. Glasgow prints no `other`, "
        "and whether it counts episodes or substances is not said; its three need not add up to 100."
    ),
    example=Example(
        says="Three episodes: one of both, one of cocaine, and one of which the person would rather not say.",
        ledger="""
happened         | kind               | visit | person | data
2025-02-03 10:00 | Seated             | v-1   | p-ann  | place=booth-1
2025-02-03 10:05 | ConsumptionStarted | v-1   | p-ann  | place=booth-1 substances=heroin
2025-02-03 10:20 | ConsumptionStarted | v-1   | p-ann  | place=booth-1 substances=cocaine
2025-02-03 11:00 | Seated             | v-2   | p-bo   | place=booth-2
2025-02-03 11:05 | ConsumptionStarted | v-2   | p-bo   | place=booth-2 substances=cocaine
2025-02-03 12:00 | Seated             | v-3   | p-cy   | place=booth-1
2025-02-03 12:05 | ConsumptionStarted | v-3   | p-cy   | place=booth-1 substances=declined
""",
        gives=(
            ("2025-02", {"substance": "cocaine"}, 1, 2),
            ("2025-02", {"substance": "snowball"}, 1, 2),
            ("2025-02", {"substance": "heroin"}, 0, 2),
        ),
    ),
    counts=counts,
    per=100,
    version="2",
)
