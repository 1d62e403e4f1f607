"""Whatever is said of an emergency, in whatever order, all that is done in it is one visit's."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from opendcr.ledger.codec import instant
from opendcr.ledger.effective import effective
from opendcr.room.whose import emergency_named
from tests.world import World, person

NAMES = ("Robin", "Sam")
said = st.tuples(
    st.sampled_from(("EmergencyStarted", "InterventionGiven", "Observed", "EmergencyEnded")),
    st.sampled_from((*NAMES, None)),  # whose visit a report names
    st.sampled_from((0, 3)),  # minutes ago
)
corrected = st.tuples(st.just("Corrected"), st.sampled_from((*NAMES, None)), st.just(0))
retracted = st.tuples(st.just("Retracted"), st.none(), st.just(0))


@given(st.lists(said | corrected | retracted, min_size=3, max_size=12))
def test_every_dose_is_the_visits_that_the_emergency_is(acts):
    world = World()
    for name in NAMES:
        world.arrive(name)
    for kind, name, ago in acts:
        _do(world, kind, name, ago)
        emergency = emergency_named(world.room, "e-1", world.archive)
        assert not emergency or {one.visit for one in emergency.standing} == {emergency.visit}
        given = [one for one in effective(world.facts) if one.kind == "InterventionGiven"]
        for each in NAMES:
            theirs = [one for one in given if one.visit == world.seen(each).id]
            latest = max((one.happened for one in theirs), default=None)
            assert world.seen(each).naloxone == latest
            assert {one.person for one in theirs} <= {person(each)}
    assert world.folded() == world.room


def _do(world: World, kind: str, name: str | None, ago: int) -> None:
    visit = world.seen(name).id if name else None
    start = next((one for one in world.facts if one.kind == "EmergencyStarted"), None)
    if kind in ("Corrected", "Retracted"):
        if start is not None:
            changes = {"changes": {"visit": visit}} if kind == "Corrected" else {}
            world.ask(kind, target=start.id, reason="mistake", **changes)
        return
    data = {"intervention": "naloxone"} if kind == "InterventionGiven" else {}
    world.wait(1)
    body = world.body(kind, None, {"emergency": "e-1", **data}, mode="report", offset_ms=0)
    world.send({**body, "visit": visit, "tapped": instant(world.now - timedelta(minutes=ago))})
