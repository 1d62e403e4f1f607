"""Who may do what, said a second time for what matters most; docs/room.md has the whole table."""

import pytest

from opendcr.room.permissions import PERMISSIONS, may
from tests.world import World, code

ROOM = {"reception", "worker", "nurse", "lead", "manager"}
FLOOR = ROOM - {"reception"}
LEADS = {"lead", "manager"}

MAY = {
    "Arrived": ROOM,
    "TurnedAway": ROOM,
    "Departed": ROOM,
    "Assessed": FLOOR,
    "Seated": FLOOR,
    "PlaceBlocked": FLOOR,
    "RoomOpened": LEADS,
    "RoomClosed": LEADS,
    "ExclusionImposed": LEADS,
    "ExclusionLifted": LEADS,
    "Unlinked": LEADS,
    "Attributed": LEADS,
    "ReviewResolved": LEADS,
    "PolicyAdopted": {"manager", "administrator"},
    "TermsPublished": {"manager"},
    "Erased": {"manager"},
    "ReviewFlagged": set(PERMISSIONS),
    "Observed": {*PERMISSIONS, "nobody"},
    "EmergencyStarted": {*PERMISSIONS, "nobody"},
}


@pytest.mark.parametrize("kind", MAY)
def test_a_kind_is_for_these_roles_and_no_others(kind):
    assert {role for role in (*PERMISSIONS, "nobody") if may(role, kind)} == MAY[kind]


def test_a_role_that_may_not_is_refused():
    world = World()
    excluded = {"scope": "building", "until": "2025-02-10T10:00:00Z"}
    body = world.body("ExclusionImposed", "Robin", excluded, mode="ask")
    assert code(world.send(body, role="worker")) == "not_permitted"
    assert code(world.send({**body, "id": "1"}, role="lead")) is None
