"""Medical emergencies: how often staff had to act for somebody's life or health."""

from collections.abc import Iterator

from opendcr.measures.measure import GLASGOW, Count, Example, Measure
from opendcr.measures.months import by_month
from opendcr.tables import Tables


def counts(tables: Tables) -> Iterator[Count]:
    for month, emergencies in by_month(tables.emergencies, tables.months).items():
        yield Count(month, {}, emergencies)


MEASURE = Measure(
    name="medical_emergencies",
    title="Medical emergencies",
    definition=(
        "A working definition: Glasgow's own is cut off in the copy of the page that was read. "
        "Here, each time that staff started an emergency, whatever its type and wherever in or at "
        "the door of the building."
    ),
    published_at=GLASGOW,
    numerator=(
        "Emergencies that were started and not retracted, in the month in which they started, "
        "outside booths too. Two at once are two; one entered twice under one id is one."
    ),
    denominator=None,
    groups="All emergencies.",
    unit="emergencies",
    why=(
        "These are the moments for which the room exists: each was seen at once by people who "
        "could help."
    ),
    cannot_show=(
        "How many deaths were prevented: not every emergency would have been fatal elsewhere, and "
        "somebody elsewhere might have helped. More emergencies may mean more use, stronger drugs "
        "or readier staff. Until the definitions are known to agree, it must not be compared with "
        "Glasgow's figure as like with like."
    ),
    example=Example(
        says="Two emergencies in one hour, one of them in the waiting room.",
        ledger="""
happened         | kind             | visit | person | data
2025-02-03 10:00 | EmergencyStarted | v-1   | p-ann  | emergency=e-1 place=booth-1
2025-02-03 10:20 | EmergencyStarted |       |        | emergency=e-2 area=waiting_room
""",
        gives=(("2025-02", {}, 2, None),),
    ),
    counts=counts,
)
