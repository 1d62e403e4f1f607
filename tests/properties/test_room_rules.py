"""Every invariant of the room binds asks, whatever reports came before.

The rules are judged here by the ledger's own effective facts, read the slow way.
"""

from collections.abc import Iterator

from hypothesis import given

from opendcr.catalogue.places import permits
from opendcr.ledger.effective import effective
from opendcr.ledger.facts import Fact
from opendcr.ledger.kinds import BODY_KINDS
from opendcr.room.room import Room
from opendcr.room.stages import STEPS
from tests.histories import Act, do, histories, lived
from tests.world import World

# Asks of the usual way through the room, with what can stand against them.
WAYS = histories(
    ("next",) * 16 + ("arrive", "bar", "care", "depart", "named", "policy", "correct"), 120
)
Answered = tuple[Room, Fact, World]  # the room before, the first fact of the answer, the world


@given(WAYS)
def test_a_place_holds_at_most_its_capacity(acts):
    for _, fact, world in _asked(acts, "Seated"):
        place = world.room.policy.place(fact.data["place"])
        assert place.consumption
        assert len(world.room.in_place(place.id)) <= place.capacity


@given(WAYS)
def test_a_person_is_in_one_place(acts):
    for _, fact, world in _asked(acts, "Seated"):
        visit = world.room.visits[fact.visit]
        same = _same_people(world, visit.person)
        placed = [one for one in world.room.visits.values() if one.person in same and one.place]
        assert visit.person is None or len(placed) == 1


@given(WAYS)
def test_nobody_is_seated_without_the_current_terms_and_the_talk_on_this_visit(acts):
    for _, fact, world in _asked(acts, "Seated"):
        told = list(_told(world))
        person = world.room.visits[fact.visit].person
        talks = [one for one in told if one.kind == "Assessed" and one.visit == fact.visit]
        assert max(talks, key=_when).data["outcome"] == "proceed"
        terms = max((one for one in told if one.kind == "TermsPublished"), key=_when).data["terms"]
        theirs = _same_people(world, person)
        assert any(
            one.kind == "TermsAccepted" and one.data["terms"] == terms
            for one in told
            if one.visit == fact.visit or (person and one.person in theirs)
        )


@given(WAYS)
def test_nobody_excluded_is_admitted(acts):
    for _, fact, world in _asked(acts, "Arrived", "Seated"):
        to_use = fact.kind == "Seated" or "consume" in (fact.data.get("reasons") or ["consume"])
        person = fact.person and world.room.visits[fact.visit].person
        for exclusion in _exclusions(world, person):
            assert not to_use and exclusion.data["scope"] == "using"


@given(WAYS)
def test_nobody_known_to_be_under_age_is_admitted(acts):
    for _, fact, world in _asked(acts, "Arrived", "Seated"):
        theirs = _same_people(world, world.room.visits[fact.visit].person)
        said = [one for one in _told(world) if one.kind == "Registered" and one.person in theirs]
        known = {
            person: one.data["age_band"]
            for person in theirs
            for one in sorted(said, key=_when)
            if one.person == person and "age_band" in one.data
        }
        assert "under_18" not in known.values()


@given(WAYS)
def test_no_visit_is_ended_with_an_open_emergency(acts):
    for before, fact, _ in _asked(acts, "Departed", "TurnedAway"):
        assert fact.visit not in {one.visit for one in before.emergencies.values()} - {None}


@given(WAYS)
def test_nobody_starts_to_use_outside_a_place_of_the_right_kind(acts):
    for before, fact, world in _asked(acts, "ConsumptionStarted"):
        place = world.room.policy.place(fact.data["place"])
        assert place.consumption and permits(place.kind, fact.data["route"])
        assert before.visits[fact.visit].place == place.id


@given(WAYS)
def test_what_was_asked_and_granted_is_so(acts):
    for _, fact, world in _asked(acts, *STEPS):
        if fact.visit is not None and fact.kind not in BODY_KINDS:
            visit = world.room.visits.get(fact.visit)
            assert (visit.stage if visit else "left") == STEPS[fact.kind].after


@given(histories(("next", "next", "arrive", "stand", "policy", "plan", "plan"), 40))
def test_the_building_count_is_arrivals_less_departures(acts):
    world = lived(acts)
    kinds = [fact.kind for fact in world.facts]
    left = [fact for fact in world.facts if fact.kind == "TurnedAway" and fact.visit]
    expected = kinds.count("Arrived") - kinds.count("Departed") - len(left)
    assert world.board()["building"] == expected


def _asked(acts: list[Act], *kinds: str) -> Iterator[Answered]:
    """Each ask of these kinds that was granted, as it was granted."""
    world = World()
    for act in acts:
        before, known = world.room, len(world.facts)
        do(world, act)
        if act.mode == "ask" and len(world.facts) > known and world.facts[known].kind in kinds:
            yield before, world.facts[known], world


def _told(world: World) -> list[Fact]:
    return effective(world.facts)


def _when(fact: Fact) -> tuple[object, int]:
    return fact.happened, fact.seq


def _same_people(world: World, person: str | None) -> set[str]:
    """All pseudonyms of a person, by the last word on each pair."""
    pairs = {
        frozenset((one.person, one.data["other"])): one.kind == "Linked"
        for one in sorted(_told(world), key=_when)
        if one.kind in ("Linked", "Unlinked") and one.person
    }
    known = {person} if person else set()
    for _ in pairs:
        known |= {one for pair, linked in pairs.items() if linked and pair & known for one in pair}
    return known


def _exclusions(world: World, person: str | None) -> list[Fact]:
    told, theirs = _told(world), _same_people(world, person)
    lifted = {one.data["exclusion"] for one in told if one.kind == "ExclusionLifted"}
    return [
        one
        for one in told
        if one.kind == "ExclusionImposed"
        and one.person in theirs
        and one.id not in lifted
        and one.happened <= world.now
        and one.data["until"] > world.now.isoformat()[:19] + "Z"
    ]
