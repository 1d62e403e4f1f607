"""Whatever is said, in whatever order: what is done in an emergency is one visit's, and a dose counts
for whoever had it."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from opendcr.ledger.codec import instant
from opendcr.ledger.effective import amend, amendments, effective
from opendcr.room.rules import earliest_leave
from opendcr.room.visit import surely
from opendcr.room.whose import emergency_named, person_on
from tests.histories import histories, lived
from tests.world import World, person
from tests.world import person as named

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


BEGUN = ("e-1", "e-2", "e-3")
begun = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ("EmergencyStarted", "InterventionGiven", "EmergencyEnded", "Corrected", "Corrected",
             "Retracted")
        ),
        "name": st.sampled_from((*NAMES, None)),
        "emergency": st.sampled_from(BEGUN),
        "into": st.sampled_from((*BEGUN, "one of its own")),
        "which": st.integers(0, 3),
        "minutes": st.sampled_from((0, 3)),
    }
)  # fmt: skip


@given(st.lists(begun, min_size=4, max_size=14))
def test_what_is_done_in_an_emergency_stands_where_its_starts_do(acts):
    world = World()
    for name in NAMES:
        world.arrive(name)
    for act in acts:
        _begin(world, **act)
        struck, corrected = amendments(world.facts)
        for id in BEGUN:
            own = [one for one in world.facts if one.data.get("emergency") == id]
            stand = {
                amend(one, corrected.get(one.id, ())).data["emergency"]
                for one in own
                if one.kind == "EmergencyStarted"
                or (one.kind == "InterventionGiven" and one.id not in struck)
            }
            assert len(stand) <= 1 or not any(one.kind == "EmergencyStarted" for one in own)
        for id in {one.data["emergency"] for one in effective(world.facts)
                   if "emergency" in one.data}:  # fmt: skip
            emergency = emergency_named(world.room, id, world.archive)
            assert {one.visit for one in emergency.standing} == {emergency.visit}
    assert world.folded() == world.room


def _begin(world: World, kind, name, emergency, into, which, minutes) -> None:
    own = [one for one in world.facts if one.data.get("emergency") == emergency]
    if kind == "Corrected":
        # Found to be one that was begun too, or found to be none of those.
        starts = [one for one in own if one.kind == "EmergencyStarted"]
        known = {one.data.get("emergency") for one in world.facts} | {"one of its own"}
        if starts and into in known:
            fresh = f"e-{len(world.facts)}" if into == "one of its own" else into
            world.correct(starts[which % len(starts)], emergency=fresh)
        return
    if kind == "Retracted":
        targets = [*own, *(one for one in world.facts if one.kind == "Retracted")]
        if targets:
            world.retract(targets[which % len(targets)])
        return
    world.wait(minutes)
    data = {"intervention": "naloxone"} if kind == "InterventionGiven" else {}
    body = world.body(kind, None, {"emergency": emergency, **data}, mode="report")
    world.send({**body, "visit": world.seen(name).id if name else None})


TARGETS = ("Arrived", "EmergencyStarted", "InterventionGiven", "Departed", "Corrected", "Retracted")
told = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("Arrived", "InterventionGiven", "EmergencyStarted", "Departed",
                                 "Linked", "Corrected", "Corrected", "Retracted")),
        "person": st.sampled_from((*NAMES, None)),
        "visit": st.sampled_from(("v-1", "v-2", "v-3", None)),
        "emergency": st.sampled_from(("e-1", "e-2", None)),
        "changed": st.sampled_from(("person", "visit", "emergency")),
        "which": st.integers(0, 5),
        "minutes": st.sampled_from((0, 1, 30)),
    }
)  # fmt: skip


@given(st.lists(told, min_size=4, max_size=14))
def test_no_dose_is_missing_from_the_stay_of_who_had_it(acts):
    world = World()
    for act in acts:
        world.wait(act["minutes"])
        _tell(world, **act)
        _no_dose_is_missing(world)
    assert world.folded() == world.room


@given(histories())
def test_no_history_loses_a_dose(acts):
    _no_dose_is_missing(lived(acts))


def _no_dose_is_missing(world: World) -> None:
    stay = timedelta(minutes=world.room.policy.stay_after_naloxone)
    given = [one for one in effective(world.facts) if one.kind == "InterventionGiven"]
    left = {one.visit for one in effective(world.facts) if one.kind == "Departed"}
    for dose in (one for one in given if one.data["intervention"] == "naloxone"):
        whose = {dose.person, person_on(world.room, dose.visit, world.archive)}
        if dose.visit in left:  # somebody else may have come under it since
            whose = {dose.person or person_on(world.room, dose.visit, world.archive)}
        for visit in world.room.visits.values():
            if visit.person and world.room.standing.same_person(visit.person) & whose:
                until = surely(dose) + stay
                over = visit.arrived is not None and until <= visit.arrived
                assert over or (earliest_leave(world.room, visit) or until - stay) >= until


def _tell(world: World, kind, person, visit, emergency, changed, which, **_) -> None:
    whose = named(person) if person else None
    data = {"emergency": emergency} if emergency else {}
    if kind in ("Corrected", "Retracted"):
        targets = [one for one in world.facts if one.kind in TARGETS]
        if not targets:
            return
        changes = {"person": {"person": whose}, "visit": {"visit": visit}}
        change = changes.get(changed, {"data": data})
        target = targets[which % len(targets)].id
        world.ask(
            kind,
            target=target,
            reason="mistake",
            **({"changes": change} if kind == "Corrected" else {}),
        )
        return
    if kind == "Linked":
        data = {"other": named(NAMES[which % 2])}
    if kind == "InterventionGiven":
        data["intervention"] = "naloxone"
    world.send({**world.body(kind, None, data, mode="report"), "visit": visit, "person": whose})


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
