"""A stored room with enough simulated days to plan from, for tests of planning.

Four places from 10:00 to 20:00, a member of staff to every two of them; most come in the afternoon.
"""

from datetime import date
from functools import cache

from opendcr.ledger.facts import Fact
from opendcr.room.policy import DEFAULT, Place
from opendcr.simulate.room import header, replicate
from opendcr.simulate.scenario import Arrivals, Duration, Emergencies, Scenario
from opendcr.web.store.ledgers import import_from
from tests.support.evidence import Drawing, staff_it

HOURS = tuple({14: 6.0, 15: 6.0}.get(hour, 2.0) for hour in range(24))

SCENARIO = Scenario(
    name="planned",
    start=date(2025, 1, 13),
    days=42,
    timezone="Europe/London",
    policy=DEFAULT.from_data(
        {
            **DEFAULT.to_data(),
            "room": {"title": "Planned room", "opens": "10:00", "closes": "20:00"},
            "places": [
                {"id": one.id, "kind": one.kind, "words": one.words}
                for one in (Place(f"booth-{n}", "injecting", str(n)) for n in range(1, 5))
            ],
            "staff": {"minimum": 2, "booths_per_staff": 2},
        },
        "the policy",
    ),
    arrivals=Arrivals(HOURS),
    episode=Duration("lognormal", 40.0, 10.0),
    patience=Duration("exponential", 20.0),
    turnover=Duration("deterministic", 3.0),
    staff=4,
    emergencies=Emergencies(20.0, minutes=Duration("deterministic", 20.0)),
)


def store_planned_room() -> str:
    """Puts the room into the store that Django is connected to, with people to sign in as."""
    import_from(Drawing(header(SCENARIO, 1), _facts()))
    staff_it()
    return SCENARIO.name


@cache
def _facts() -> tuple[Fact, ...]:
    facts: list[Fact] = []
    replicate(SCENARIO, 1, write=facts.extend)
    return tuple(facts)
