"""Times accessed: how often registered people came."""

from collections.abc import Iterator

from opendcr.measures.measure import GLASGOW, Count, Example, Measure
from opendcr.measures.months import by_month
from opendcr.tables import Tables


def counts(tables: Tables) -> Iterator[Count]:
    by_registered_people = tables.visits.drop_nulls("person")
    for month, visits in by_month(by_registered_people, tables.months).items():
        yield Count(month, {}, visits)


MEASURE = Measure(
    name="times_accessed",
    title="Times the service was accessed",
    definition=(
        "The distinct occasions on which a registered person came to the service, for whatever "
        "reason; visits by unregistered people are left out."
    ),
    published_at=GLASGOW,
    numerator=(
        "Visits whose arrival stands and that name a person, at the arrival or later, in the month "
        "of the arrival. An arrival "
        "that was retracted does not count, whatever else was recorded in its visit."
    ),
    denominator=None,
    groups="All visits.",
    unit="visits",
    why="It shows how busy the room is, and is the figure by which other rooms are compared.",
    cannot_show=(
        "How many people came, or why: a visit for a shower counts like a visit to use. Visits by "
        "people who gave no name are not in it."
    ),
    example=Example(
        says="Two visits by Ann and one by somebody unnamed; one arrival was entered wrongly.",
        ledger="""
id | happened         | kind      | visit | person | data
a  | 2025-02-03 10:00 | Arrived   | v-1   | p-ann  |
b  | 2025-02-03 11:00 | Arrived   | v-2   |        |
c  | 2025-02-04 10:00 | Arrived   | v-3   | p-ann  |
d  | 2025-02-05 10:00 | Arrived   | v-4   | p-ann  |
e  | 2025-02-05 10:05 | Retracted | v-4   | p-ann  | target=d reason=mistake
""",
        gives=(("2025-02", {}, 2, None),),
    ),
    counts=counts,
    version="2",
)
