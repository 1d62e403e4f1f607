"""Emergencies per 1,000 injections: the rate by which rooms compare themselves."""

from collections.abc import Iterator

from opendcr.measures.measure import GLASGOW, Count, Example, Measure
from opendcr.measures.months import by_month
from opendcr.tables import Tables


def counts(tables: Tables) -> Iterator[Count]:
    episodes = by_month(tables.episodes, tables.months)
    for month, emergencies in by_month(tables.emergencies, tables.months).items():
        yield Count(month, {}, emergencies, episodes[month])


MEASURE = Measure(
    name="emergencies_per_1000_injections",
    title="Emergencies per 1,000 injections",
    definition=(
        "Medical emergencies for each 1,000 injecting episodes: the rate that Sydney, Vancouver "
        "and others print. Glasgow prints its two parts and not the rate."
    ),
    published_at=GLASGOW,
    numerator="Medical emergencies of the month (see that measure), outside booths too.",
    denominator="Injecting episodes of the month (see that measure).",
    groups="All emergencies.",
    unit="per 1,000 injecting episodes",
    why="It tells more danger from more use: a busier room has more emergencies and need not be riskier.",
    cannot_show=(
        "Whether a room is safer than another: definitions of an emergency differ from counting "
        "only naloxone to counting every intervention. In one month of one room it rests on a "
        "handful of events, and chance alone doubles or halves it."
    ),
    example=Example(
        says="One emergency and two episodes in February; an emergency and no episode in March.",
        ledger="""
happened         | kind             | visit | person | data
2025-02-03 10:00 | Seated           | v-1   | p-ann  | place=booth-1
2025-02-03 10:10 | EmergencyStarted | v-1   | p-ann  | emergency=e-1 place=booth-1
2025-02-04 10:00 | Seated           | v-2   | p-ann  | place=booth-1
2025-03-04 10:00 | EmergencyStarted |       |        | emergency=e-2 area=reception
""",
        gives=(("2025-02", {}, 1, 2), ("2025-03", {}, 1, 0)),
    ),
    counts=counts,
    per=1000,
    version="2",
)
