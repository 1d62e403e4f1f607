"""The way through the room: what follows from where somebody is, and what does not."""

import pytest

from tests.world import World, code

USE = {"place": "booth-1", "substances": ["heroin"], "route": "intravenous"}

# To each stage from a fresh arrival who has talked, by asks.
WAYS = {
    "arrived": (),
    "waiting": (("Queued", {}),),
    "stepped_out": (("Queued", {}), ("SteppedOut", {})),
    "called": (("Queued", {}), ("Called", {})),
    "seated": (("Seated", {"place": "booth-1"}),),
    "consuming": (("Seated", {"place": "booth-1"}), ("ConsumptionStarted", USE)),
    "finished": (
        ("Seated", {"place": "booth-1"}), ("ConsumptionStarted", USE), ("ConsumptionEnded", {})),
    "recovery": (("MovedToRecovery", {}),),
}  # fmt: skip

# What may be asked for then, and where it leads; "recovery" is a report, which is never refused.
NEXT = {
    "arrived": {"Queued": "waiting", "Seated": "seated", "TurnedAway": "left"},
    "waiting": {
        "SteppedOut": "stepped_out", "Called": "called", "Seated": "seated", "TurnedAway": "left"},
    "stepped_out": {"CameBack": "waiting"},
    "called": {"SteppedOut": "stepped_out", "Seated": "seated"},
    "seated": {"ConsumptionStarted": "consuming"},
    "consuming": {"ConsumptionEnded": "finished"},
    "finished": {"ConsumptionStarted": "consuming"},
    "recovery": {"Queued": "waiting", "Seated": "seated"},
}  # fmt: skip

SAID = {
    "Queued": {}, "SteppedOut": {}, "CameBack": {}, "Called": {}, "Seated": {"place": "booth-1"},
    "ConsumptionStarted": USE, "ConsumptionEnded": {}, "TurnedAway": {"reason": "other"},
}  # fmt: skip


def at(stage):
    """Robin at a stage."""
    world = World()
    world.arrive("Robin")
    world.talk("Robin")
    for kind, data in WAYS[stage]:
        world.ask(kind, "Robin", **data)
    assert world.seen("Robin").stage == stage
    return world


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize("stage", WAYS)
def test_what_follows_is_granted_and_what_does_not_is_refused(stage, kind):
    world = at(stage)
    if stage == "recovery":
        world.ask("Assessed", "Robin", outcome="proceed")
    answer = code(world.ask(kind, "Robin", **SAID[kind]))
    if kind in NEXT[stage]:
        assert answer is None
        visit = world.visit("Robin")
        assert (visit.stage if visit else "left") == NEXT[stage][kind]
    else:
        assert answer == "wrong_stage"


@pytest.mark.parametrize("stage", WAYS)
def test_somebody_is_moved_to_recovery_and_leaves_from_anywhere(stage):
    world = at(stage)
    world.report("MovedToRecovery", "Robin", place="recovery")
    assert world.flags() == (["wrong_stage"] if stage == "recovery" else [])
    assert world.place("recovery")["visits"] == [world.seen("Robin").id]
    world = at(stage)
    assert code(world.depart("Robin")) is None
    assert world.board()["building"] == 0


def test_who_leaves_the_place_by_queueing_holds_none():
    world = at("recovery")
    world.report("MovedToRecovery", "Robin", place="recovery")
    world.ask("Queued", "Robin")
    assert world.place("recovery")["visits"] == []


def test_the_queue_is_by_when_somebody_queued_and_keeps_who_steps_out():
    world = World()
    for name in ("Robin", "Sam", "Kit"):
        world.arrive(name)
        world.wait(1)
    for name in ("Sam", "Robin", "Kit"):
        world.ask("Queued", name)
        world.wait(1)
    world.ask("SteppedOut", "Sam")
    world.wait(1)
    assert [world.on_board(name)["position"] for name in ("Sam", "Robin", "Kit")] == [1, 2, 3]
    world.ask("CameBack", "Sam")
    world.ask("Called", "Robin")
    world.report("Queued", "Sam")  # said twice: the first time counts
    assert [world.on_board(name)["position"] for name in ("Sam", "Robin", "Kit")] == [1, 2, 3]
    world.talk("Sam")
    world.ask("Seated", "Sam", place="booth-1")
    world.report("MovedToRecovery", "Sam")
    world.ask("Queued", "Sam")
    assert [world.on_board(name)["position"] for name in ("Sam", "Robin", "Kit")] == [3, 1, 2]


def test_a_second_use_in_one_seating_begins_anew_and_the_seating_does_not():
    world = at("finished")
    seated = world.on_board("Robin")["seated"]
    world.wait(5)
    world.ask("ConsumptionStarted", "Robin", **USE)
    seen = world.on_board("Robin")
    assert (seen["seated"], seen["started"], seen["ended"]) == (seated, world.board()["now"], None)


def test_somebody_who_came_for_other_help_wants_to_use_once_they_say_so():
    world = World()
    world.arrive("Robin", reasons=["shower"])
    assert not world.on_board("Robin")["wants_to_use"]
    world.ask("Assessed", "Robin", outcome="proceed", substances=["heroin"])
    assert world.on_board("Robin")["wants_to_use"]
    world.arrive("Sam")
    assert world.on_board("Sam")["wants_to_use"]
