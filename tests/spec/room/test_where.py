"""Where an emergency is: as was said last, or where its person has been recorded since."""

from tests.world import World


def begun() -> World:
    world = World()
    world.use("Robin", "booth-1")
    world.wait(2)
    world.report("EmergencyStarted", "Robin", emergency="e-1")
    world.wait(1)
    return world


def told(world: World):
    (emergency,) = world.board()["emergencies"]
    return emergency["place"], emergency["area"], emergency["resting"]


def say(world: World, **where):
    world.correct(next(one for one in world.facts if one.kind == "EmergencyStarted"), **where)
    world.wait(1)


def red(world: World):
    return [one["id"] for one in world.board()["places"] if one["emergency"]]


def test_it_is_in_the_booth_where_its_person_sits():
    world = begun()
    assert told(world) == ("booth-1", None, False)
    assert red(world) == ["booth-1"]


def test_an_area_without_booths_takes_its_place():
    world = begun()
    say(world, area="toilet")
    assert told(world) == (None, "toilet", False)
    assert red(world) == []
    story = world.board()["emergencies"][0]["timeline"]
    assert [line["words"] for line in story if not line["struck"]] == ["Emergency, toilet"]


def test_said_to_be_in_another_booth_it_is_in_that_one_alone():
    world = begun()
    say(world, place="booth-2", area="using_space")
    assert red(world) == ["booth-2"]


def test_it_goes_with_its_person_to_recovery():
    world = begun()
    world.ask("ConsumptionEnded", "Robin")
    world.report("MovedToRecovery", "Robin")
    assert told(world) == (None, None, True)


def test_what_is_said_after_the_move_counts():
    world = begun()
    world.report("MovedToRecovery", "Robin")
    world.wait(1)
    say(world, area="toilet")
    assert told(world) == (None, "toilet", False)


def test_of_two_starts_the_one_that_was_said_last_tells_where():
    world = begun()
    world.report("EmergencyStarted", emergency="e-1", area="lounge")
    world.wait(1)
    say(world, area="toilet")  # the first start is corrected, after the second was made
    assert told(world) == (None, "toilet", False)
    world.report("EmergencyStarted", emergency="e-1", place="booth-2")
    assert told(world) == ("booth-2", None, False)
