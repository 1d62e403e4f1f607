"""The training room: simulated people who come and go on the running clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from opendcr.simulate.comers import milliseconds
from opendcr.simulate.live import LiveRoom, training_scenario
from opendcr.simulate.room import header
from opendcr.streams import stream
from opendcr.web.config.serving import make_ready
from opendcr.web.store.accounts import (
    COLLEAGUES,
    DEMONSTRATION,
    DEMONSTRATION_PASSWORD,
    create,
)
from opendcr.web.store.held import rooms
from opendcr.web.store.world import StoreWorld

SEED = 1
BEFORE = timedelta(hours=1)  # what has happened when the room is first looked at
EVERY = 1.0  # seconds between two looks at what falls due

_NAMES = (
    "Sparrow", "Tam", "Jo", "Big Mac", "Shona", "Wee Davie", "Ash", "Rab", "Mags", "Kit", "Senga",
    "Jules", "Fin", "Bear", "Nan", "Ziggy", "Isla", "Craig", "Moira", "Spud", "Lex", "Bonnie",
    "Gus", "Pat", "Ruby", "Logan", "Effie", "Blue", "Callum", "Dot", "Rosie", "Mack", "Skye", "Ali",
)  # fmt: skip


def begin() -> Callable[[], None]:
    """Prepares the training room; what it returns plays the room on, up to the clock."""
    scenario = training_scenario()
    make_ready(header(scenario, SEED), training=True)
    for account in DEMONSTRATION:
        create(account, DEMONSTRATION_PASSWORD, demonstration=True)
    for account in COLLEAGUES:
        create(account, None)
    if scenario.name not in rooms():
        return lambda: None  # another simulated room, to be looked at: nobody comes any more
    now = datetime.now(UTC)
    world = StoreWorld(scenario.name, name_for)
    # Another seed at each start: a database that is served again holds the last one's commands.
    room = LiveRoom(scenario, world, milliseconds(now), now - BEFORE)
    room.play(now)
    return lambda: room.play(datetime.now(UTC))


def name_for(person: str) -> str:
    """The name that a simulated person chose."""
    return str(stream(SEED, person, "name").choice(_NAMES))
