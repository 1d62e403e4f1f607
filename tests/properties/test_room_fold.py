"""The room of a running server is the fold of its ledger, however the facts came."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from opendcr.ledger.effective import ABOUT_FACTS
from opendcr.ledger.facts import Fact
from opendcr.room.room import MemoryArchive, Room, advance, fold
from tests.histories import VERBS, Act, histories, lived
from tests.strategies import ledgers
from tests.world import World

THREADED = ("Arrived", "Departed", "Seated", "Observed", "EmergencyStarted", "EmergencyEnded",
            "InterventionGiven", "Corrected", "Retracted", "ExclusionImposed", "Acknowledged")  # fmt: skip


@given(histories(size=50))
def test_the_room_that_moved_fact_by_fact_is_the_fold(acts):
    world = lived(acts)
    assert world.room == world.folded()


@given(histories(), st.lists(st.integers(1, 7)))
def test_chunks_and_an_archive_that_knows_what_comes_make_no_difference(acts, sizes):
    facts = lived(acts).facts
    assert _advanced(facts, sizes, MemoryArchive(facts)) == fold(facts, "calton", "Europe/London")


@given(histories(size=20))
def test_after_each_fact_the_room_is_the_fold_so_far(acts):
    facts = lived(acts).facts
    archive, room = MemoryArchive(), Room("calton", "Europe/London")
    for at, fact in enumerate(facts, 1):
        archive.add([fact])
        room = advance(room, [fact], archive)
        assert room == fold(facts[:at], "calton", "Europe/London")


@given(ledgers(max_size=20) | ledgers(max_size=14, kinds=THREADED), st.lists(st.integers(1, 4)))
def test_any_ledger_that_can_be_read_folds_either_way(ledger, sizes):
    header, facts = ledger
    whole = fold(facts, header.room, header.timezone)
    moved = _advanced(facts, sizes, MemoryArchive(facts), header.room)
    assert moved == whole


def test_the_histories_reach_what_is_hard():
    """Each case that the properties are about comes up; a plain count over fixed histories."""
    reached: Counter[str] = Counter()
    for seed in range(150):
        random = Random(seed)
        draw = [random.choice(tuple(VERBS)) for _ in range(50)]
        modes = [random.choice(("ask", "report")) for _ in draw]
        acts = [Act(verb, mode, random.randrange(2**20))
                for verb, mode in zip(draw, modes, strict=True)]  # fmt: skip
        reached.update(_cases(lived(acts)))
    assert {case: reached[case] for case in CASES if reached[case] < 5} == {}


CASES = ("late", "moved to another visit", "moved to another emergency", "person corrected",
         "arrival retracted", "departure retracted", "standing fact retracted", "put back",
         "two emergencies", "two in a place", "emergency of one who left", "consuming")  # fmt: skip


def _cases(world: World) -> set[str]:
    facts = {fact.id: fact for fact in world.facts}
    found = {case for fact in world.facts for case in _amending(fact, facts)}
    before: dict[str | None, Fact] = {}
    for fact in world.facts:
        if fact.visit in before and fact.happened < before[fact.visit].happened:
            found.add("late")
        before[fact.visit] = fact
    room = world.room
    left = {one.visit for one in room.emergencies.values() if one.visit not in room.visits}
    found |= {"two emergencies"} if len(room.emergencies) > 1 else set()
    found |= {"emergency of one who left"} if left - {None} else set()
    found |= {"two in a place"} if world.notices("over_capacity") else set()
    return found | {visit.stage for visit in room.visits.values()}


def _amending(fact: Fact, facts: dict[str, Fact]) -> set[str]:
    target = facts.get(fact.data.get("target", ""))
    if fact.kind not in ABOUT_FACTS or target is None:
        return set()
    if fact.kind == "Retracted":
        names = {"Arrived": "arrival retracted", "Departed": "departure retracted",
                 "TermsAccepted": "standing fact retracted", "Retracted": "put back"}  # fmt: skip
        return {names[target.kind]} if target.kind in names else set()
    changes = fact.data["changes"]
    named = {"visit": "moved to another visit", "person": "person corrected"}
    found = {words for key, words in named.items() if changes.get(key)}
    moved = "emergency" in changes.get("data", {}) and "emergency" in target.data
    return found | ({"moved to another emergency"} if moved else set())


def _advanced(
    facts: list[Fact] | tuple[Fact, ...], sizes: list[int], archive: MemoryArchive,
    name: str = "calton",
) -> Room:  # fmt: skip
    room, start = Room(name, "Europe/London"), 0
    for size in [*sizes, len(facts)]:
        room = advance(room, facts[start : start + size], archive)
        start += size
    return room
