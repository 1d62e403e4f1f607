"""Injecting episodes: how often the booths were used."""

from collections.abc import Iterator

from opendcr.measures.measure import GLASGOW, Count, Example, Measure
from opendcr.measures.months import by_month
from opendcr.tables import Tables


def counts(tables: Tables) -> Iterator[Count]:
    for month, episodes in by_month(tables.episodes, tables.months).items():
        yield Count(month, {}, episodes)


MEASURE = Measure(
    name="injecting_episodes",
    title="Injecting episodes",
    definition=(
        "The distinct occasions on which somebody came to an injecting booth to prepare and inject."
    ),
    published_at=GLASGOW,
    numerator=(
        "Seatings in a place for injecting, in the month of the seating. Moving to another booth "
        "before using is no new occasion; being seated again after using, resting or waiting is. "
        "Where no seating was recorded, the start of use in a booth shows the occasion. A place "
        "that the policy in force does not know counts as a booth; before the first policy that one is "
        "taken, since it was the plan. Episodes of people who gave no "
        "name count, and so do those of a visit whose arrival was retracted: they happened."
    ),
    denominator=None,
    groups="All episodes.",
    unit="episodes",
    why="Each is an injection that was watched by staff, and not made alone or in public.",
    cannot_show=(
        "How many injections there were: somebody may inject more than once in a seating, or sit "
        "down and not inject. Nor where the injection would have been made without the room."
    ),
    example=Example(
        says=(
            "One visit holds two episodes: seated, moved before using, used; then seated again. "
            "A second visit holds none."
        ),
        ledger="""
happened         | kind               | visit | person | data
2025-02-03 10:00 | Arrived            | v-1   | p-ann  |
2025-02-03 10:05 | Seated             | v-1   | p-ann  | place=booth-1
2025-02-03 10:06 | Seated             | v-1   | p-ann  | place=booth-2
2025-02-03 10:10 | ConsumptionStarted | v-1   | p-ann  | place=booth-2 substances=cocaine
2025-02-03 10:40 | ConsumptionEnded   | v-1   | p-ann  |
2025-02-03 12:00 | Seated             | v-1   | p-ann  | place=booth-1
2025-02-04 10:00 | Arrived            | v-2   | p-bo   | reasons=shower
""",
        gives=(("2025-02", {}, 2, None),),
    ),
    counts=counts,
    version="2",
)
