"""Who is looked at when, after a move."""

from datetime import timedelta

from opendcr.room.attention import next_check
from tests.world import World


def minutes(world: World) -> float:
    due = next_check(world.room, world.seen("Robin"))
    return (due - world.now) / timedelta(minutes=1)


def test_a_move_is_no_look_for_who_had_naloxone():
    world = World()
    world.use("Robin", "booth-1")
    world.report("InterventionGiven", "Robin", intervention="naloxone")
    world.wait(3)
    world.report("MovedToRecovery", "Robin")
    assert minutes(world) == world.room.policy.recovery_look_every - 3


def test_who_had_none_is_looked_at_from_the_move_on():
    world = World()
    world.use("Robin", "booth-1")
    world.wait(3)
    world.report("MovedToRecovery", "Robin")
    assert minutes(world) == world.room.policy.recovery_look_every
