"""Service users: how many different people the room reached."""

from collections.abc import Iterator

import polars as pl

from opendcr.measures.measure import GLASGOW, Count, Example, Group, Measure
from opendcr.measures.months import by_month, up_to_month
from opendcr.tables import Tables

SINCE_OPENING = {"span": "since_opening"}


def counts(tables: Tables) -> Iterator[Count]:
    came = tables.visits.drop_nulls("person").join(tables.people, on="person")
    yield from _of(came, tables, {})
    for gender in sorted(came["gender"].unique()):
        yield from _of(came.filter(pl.col("gender") == gender), tables, {"gender": gender})


def _of(came: pl.DataFrame, tables: Tables, group: Group) -> Iterator[Count]:
    """People in each month, and people since the opening up to its end."""
    in_month = came.unique(["month", "person"])
    for month, people in by_month(in_month, tables.months).items():
        yield Count(month, group, people)
    first_came = came.group_by("person").agg(pl.col("month").min())
    for month, people in up_to_month(first_came, tables.months).items():
        yield Count(month, SINCE_OPENING | dict(group), people)


MEASURE = Measure(
    name="service_users",
    title="Service users",
    definition=(
        "The number of different people who registered with the service and came to it at least "
        "once, for whatever reason: using, wound care, a shower, a talk."
    ),
    published_at=GLASGOW,
    numerator=(
        "People (linked records are one person) with at least one standing arrival in the month. "
        "A visit is the person's whom its arrival names, or whom it names later, such as at the "
        "talk. A person's id is only ever given at registration, so a visit that names a person "
        "is one of a registered person."
    ),
    denominator=None,
    groups=(
        "All people; by gender as they said it at registration; and each of the two since the "
        "opening, up to the end of the month (`span`: `since_opening`). A person who came in two "
        "months counts in each month, and once since the opening: months never add up to the latter."
    ),
    unit="people",
    why="A room can only help whom it reaches; many visits can be few people.",
    cannot_show=(
        "Who came without giving any name, who lives where, or whether those at greatest risk are "
        "the ones who come. Two records of one person count twice until staff link them."
    ),
    example=Example(
        says=(
            "Ann comes twice in February and once in March; Bo comes in March, and so does "
            "somebody who gives no name."
        ),
        ledger="""
happened         | kind       | visit | person | data
2025-02-03 09:55 | Registered |       | p-ann  | tier=1 gender=woman
2025-02-03 10:00 | Arrived    | v-1   | p-ann  |
2025-02-20 10:00 | Arrived    | v-2   | p-ann  |
2025-03-01 10:00 | Arrived    | v-3   | p-ann  |
2025-03-01 11:55 | Registered |       | p-bo   | tier=1 gender=man
2025-03-01 12:00 | Arrived    | v-4   | p-bo   |
2025-03-01 13:00 | Arrived    | v-5   |        |
""",
        gives=(
            ("2025-02", {}, 1, None),
            ("2025-03", {}, 2, None),
            ("2025-03", {"gender": "woman"}, 1, None),
            ("2025-03", {"span": "since_opening"}, 2, None),
        ),
    ),
    counts=counts,
    version="2",
)
