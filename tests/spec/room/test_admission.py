"""Who comes in."""

from tests.world import World, code, person

UNTIL = "2025-02-10T10:00:00Z"


def test_an_exclusion_keeps_somebody_out_until_it_ends():
    world = World()
    world.ask("ExclusionImposed", "Robin", scope="building", until=UNTIL)
    assert code(world.arrive("Robin")) == "excluded"
    world.wait(7 * 24 * 60)
    assert code(world.arrive("Robin")) is None


def test_an_exclusion_can_be_lifted():
    world = World()
    (imposed,) = world.ask("ExclusionImposed", "Robin", scope="building", until=UNTIL)
    world.ask("ExclusionLifted", "Robin", exclusion=imposed.id)
    assert code(world.arrive("Robin")) is None


def test_an_exclusion_from_using_leaves_other_help_open():
    world = World()
    world.ask("ExclusionImposed", "Robin", scope="using", until=UNTIL)
    assert code(world.arrive("Robin", reasons=["consume"])) == "excluded"
    assert code(world.arrive("Robin", reasons=["shower"])) is None


def test_a_longer_exclusion_from_using_does_not_open_the_door():
    world = World()
    world.ask("ExclusionImposed", "Robin", scope="building", until="2025-02-05T10:00:00Z")
    world.ask("ExclusionImposed", "Robin", scope="using", until=UNTIL)
    assert code(world.arrive("Robin", reasons=["shower"])) == "excluded"


def test_another_pseudonym_is_no_way_in_while_it_is_linked():
    world = World()
    world.ask("ExclusionImposed", "Robin", scope="building", until=UNTIL)
    world.ask("Linked", "Sam", other=person("Robin"))
    assert code(world.arrive("Sam")) == "excluded"
    world.ask("Unlinked", "Robin", other=person("Sam"))
    assert code(world.arrive("Sam")) is None


def test_somebody_known_to_be_too_young_stays_so_when_more_is_said():
    world = World()
    world.ask("Registered", "Kit", tier="1", age_band="under_18")
    world.ask("Registered", "Kit", tier="2", gender="woman")
    assert code(world.arrive("Kit")) == "under_age"


def test_what_is_said_of_nobody_keeps_nobody_out():
    world = World()
    world.report("Registered", tier="1", age_band="under_18")
    world.report("ExclusionImposed", scope="building", until=UNTIL)
    assert isinstance(world.ask("Arrived"), tuple)


def test_a_late_report_is_judged_by_the_exclusion_of_its_time():
    world = World()
    world.wait(60)
    world.ask("ExclusionImposed", "Robin", scope="building", until=UNTIL)
    world.report("Arrived", "Robin", ago=30)
    assert "excluded" not in world.flags()


def test_a_visit_without_a_name_is_not_given_to_somebody_who_is_here():
    world = World()
    world.arrive("Robin")
    (arrived,) = world.ask("Arrived")
    body = world.body("Assessed", None, {"outcome": "proceed"}, mode="ask")
    named = {**body, "visit": arrived.visit, "person": person("Robin")}
    assert code(world.send(named)) == "already_here"


def nameless(world, kind, name, mode="ask", **data):
    """About the one visit in the building, which has no name yet; who it is, is said now."""
    (visit,) = world.room.visits
    return world.send({**world.body(kind, name, data, mode=mode), "visit": visit})


def test_somebody_excluded_is_not_let_in_by_naming_them_later():
    world = World()
    until = "2025-02-09T10:00:00Z"
    world.ask("ExclusionImposed", "Robin", scope="building", until=until)
    world.ask("Arrived")
    assert code(nameless(world, "Queued", "Robin")) == "excluded"
    assert code(nameless(world, "Assessed", "Robin", outcome="delay")) == "excluded"
    nameless(world, "Queued", "Robin", mode="report")
    assert "excluded" in world.flags()


def test_somebody_excluded_from_using_is_named_later_for_other_help():
    world = World()
    until = "2025-02-09T10:00:00Z"
    world.ask("ExclusionImposed", "Robin", scope="using", until=until)
    world.ask("Arrived", reasons=["shower"])
    assert code(nameless(world, "Queued", "Robin")) is None


def test_nobody_under_age_is_let_in_by_naming_them_later_or_told_to_go_ahead():
    world = World()
    world.ask("Registered", "Robin", tier="1", age_band="under_18")
    world.ask("Arrived")
    assert code(nameless(world, "Queued", "Robin")) == "under_age"
    world.arrive("Sam")
    world.ask("Registered", "Sam", tier="1", age_band="under_18")
    assert code(world.ask("Assessed", "Sam", outcome="proceed")) == "under_age"
    assert code(world.ask("Assessed", "Sam", outcome="declined")) is None


def test_the_youngest_age_known_of_somebody_under_two_pseudonyms_counts():
    world = World()
    world.ask("Registered", "Robin", tier="1", age_band="under_18")
    world.ask("Registered", "Sam", tier="1", age_band="25-34")
    world.ask("Linked", "Robin", other=person("Sam"))
    assert code(world.arrive("Robin")) == "under_age"
    assert code(world.arrive("Sam")) == "under_age"


def test_a_late_report_is_judged_by_the_lifting_of_its_time():
    world = World()
    until = "2025-02-09T10:00:00Z"
    world.ask("ExclusionImposed", "Robin", scope="building", until=until)
    world.wait(30)
    world.ask("ExclusionLifted", "Robin", exclusion=world.last("ExclusionImposed").id)
    world.wait(30)
    world.report("Arrived", "Robin", ago=45)
    assert "excluded" in world.flags()  # it was lifted a quarter of an hour later
    world.retract(world.last("Arrived"))
    before = world.flags().count("excluded")
    world.report("Arrived", "Robin", ago=15)
    assert world.flags().count("excluded") == before


def test_nothing_happens_in_the_future_however_far_the_clock_runs_ahead():
    world = World()
    for minutes in (-1, -60, -60 * 24 * 900):
        world.report("Arrived", ago=minutes)
        assert world.last("Arrived").happened == world.now


def test_somebody_under_age_or_excluded_does_not_use_by_being_named_at_the_last_moment():
    world = World()
    world.ask("Registered", "Robin", tier="1", age_band="under_18")
    world.ask("ExclusionImposed", "Sam", scope="using", until=UNTIL)
    world.ask("Arrived")
    nameless(world, "TermsAccepted", None, terms="terms-1")
    nameless(world, "Assessed", None, outcome="proceed")
    nameless(world, "Seated", None, place="booth-1")
    use = {"place": "booth-1", "substances": ["heroin"], "route": "intravenous"}
    for name, refusal in (("Robin", "under_age"), ("Sam", "excluded")):
        assert code(nameless(world, "ConsumptionStarted", name, **use)) == refusal
        assert code(nameless(world, "TermsAccepted", name, terms="terms-1")) == refusal
    nameless(world, "ConsumptionStarted", "Robin", mode="report", **use)
    assert "under_age" in world.flags()


def test_an_exclusion_is_lifted_in_the_name_of_whom_it_is_about():
    world = World()
    (imposed,) = world.ask("ExclusionImposed", "Robin", scope="building", until=UNTIL)
    assert code(world.ask("ExclusionLifted", "Sam", exclusion=imposed.id)) == "exclusion_unknown"
    assert code(world.arrive("Robin")) == "excluded"
