"""Who comes in."""

import pytest

from tests.world import SMALL, World, code, person

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


def test_a_paused_room_takes_nobody_in_and_seats_nobody_until_it_goes_on():
    world = World()
    world.arrive("Robin")
    world.talk("Robin")
    world.ask("RoomPaused", reason="emergency")
    assert code(world.arrive("Sam")) == "room_not_open"
    assert code(world.ask("Seated", "Robin", place="booth-1")) == "room_not_open"
    world.ask("RoomResumed")
    assert code(world.arrive("Sam")) is None
    assert code(world.ask("Seated", "Robin", place="booth-1")) is None


def test_an_open_visit_does_not_begin_again_for_anybody():
    world = World()
    world.arrive("Robin")
    for name in ("Robin", "Sam"):
        body = {**world.body("Arrived", name, {}, mode="ask"), "visit": world.seen("Robin").id}
        assert code(world.send(body)) == "already_here"
    world.report("Arrived", "Robin")
    assert world.flags() == ["already_here"]


def test_who_does_not_say_why_they_come_may_come_to_use():
    world = World()
    world.ask("ExclusionImposed", "Robin", scope="using", until=UNTIL)
    assert code(world.arrive("Robin")) == "excluded"


def test_somebody_excluded_after_they_came_is_not_seated():
    world = World()
    world.arrive("Robin", reasons=["shower"])
    world.talk("Robin")
    world.ask("ExclusionImposed", "Robin", scope="using", until=UNTIL)
    assert code(world.ask("Seated", "Robin", place="booth-1")) == "excluded"


def test_somebody_found_too_young_after_the_talk_is_not_seated():
    world = World()
    world.arrive("Robin")
    world.talk("Robin")
    world.ask("Registered", "Robin", tier="1", age_band="under_18")
    assert code(world.ask("Seated", "Robin", place="booth-1")) == "under_age"


@pytest.mark.parametrize(
    ("minimum", "band", "refused"),
    [(24, "18-24", None), (25, "18-24", "under_age"), (17, "under_18", None),
     (18, "under_18", "under_age"), (65, "65+", None), (120, "unknown", None)],
)  # fmt: skip
def test_an_age_band_keeps_out_only_whom_it_shows_to_be_too_young(minimum, band, refused):
    world = World({**SMALL, "room": {"minimum_age": minimum}})
    world.ask("Registered", "Robin", tier="1", age_band=band)
    assert code(world.arrive("Robin")) == refused


def test_an_exclusion_ends_later_than_it_begins():
    world = World()
    for until in ("2025-02-03T09:59:00Z", "2025-02-03T10:00:00Z"):
        answer = world.ask("ExclusionImposed", "Robin", scope="building", until=until)
        assert code(answer) == "until_past"


def test_an_exclusion_that_nobody_knows_is_not_lifted():
    world = World()
    assert code(world.ask("ExclusionLifted", "Robin", exclusion="f-1")) == "exclusion_unknown"


def test_only_the_terms_that_stand_are_accepted_and_only_on_an_open_visit():
    world = World()
    world.arrive("Robin")
    world.ask("TermsPublished", terms="terms-2")
    assert code(world.ask("TermsAccepted", "Robin", terms="terms-1")) == "terms_not_current"
    gone = {**world.body("TermsAccepted", "Robin", {"terms": "terms-2"}), "visit": "v-0"}
    assert code(world.send({**gone, "mode": "ask"})) == "visit_not_open"


def test_of_several_exclusions_the_longest_is_told():
    world = World()
    for until in (UNTIL, "2025-02-05T10:00:00Z"):
        world.ask("ExclusionImposed", "Robin", scope="building", until=until)
    assert "10 February 2025" in world.arrive("Robin").words


def test_an_exclusion_holds_from_its_moment_and_not_at_its_end():
    world = World()
    world.ask("ExclusionImposed", "Robin", scope="building", until="2025-02-03T10:30:00Z")
    assert code(world.arrive("Robin")) == "excluded"
    world.wait(30)
    assert code(world.arrive("Robin")) is None


def test_a_room_takes_nobody_in_before_it_is_opened():
    world = World(policy=None)
    assert code(world.arrive("Robin")) == "room_not_open"


def test_who_is_linked_through_another_is_kept_out_too():
    world = World()
    world.ask("ExclusionImposed", "Robin", scope="building", until=UNTIL)
    world.ask("Linked", "Robin", other=person("Sam"))
    world.ask("Linked", "Sam", other=person("Kit"))
    assert code(world.arrive("Kit")) == "excluded"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("Registered", {"tier": "1"}),
        ("Linked", {"other": "p-1"}),
        ("Unlinked", {"other": "p-1"}),
        ("Erased", {}),
        ("ConsentGiven", {"consent": "record"}),
        ("ConsentWithdrawn", {"consent": "record"}),
        ("ExclusionImposed", {"scope": "building", "until": UNTIL}),
        ("ExclusionLifted", {"exclusion": "f-1"}),
    ],
)
def test_what_is_said_of_a_person_names_them(kind, data):
    assert code(World().ask(kind, **data)) == "person_missing"


def test_nobody_who_is_here_arrives_again_on_another_visit_or_under_another_pseudonym():
    world = World()
    world.arrive("Robin")
    world.ask("Linked", "Robin", other=person("Sam"))
    for name in ("Robin", "Sam"):
        body = {**world.body("Arrived", name, {}, mode="ask"), "visit": None}
        assert code(world.send(body)) == "already_here"
    assert world.board()["building"] == 1
