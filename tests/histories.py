"""Invented histories of a room: what people might tap, in any order, late, wrong or about nobody.

A history is a list of acts, each a verb and a number; a `World` turns each into the body of a
command about what is in it then. So a history stays meaningful when Hypothesis takes acts away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import singledispatch
from random import Random
from typing import Any

from hypothesis import strategies as st

from opendcr.ledger import shapes
from opendcr.ledger.codec import instant
from opendcr.ledger.effective import ABOUT_FACTS
from opendcr.ledger.facts import Fact
from opendcr.ledger.kinds import BODY_KINDS, KINDS
from opendcr.room.permissions import PERMISSIONS
from opendcr.room.standing import STANDING_KINDS
from opendcr.room.visit import Visit
from tests.world import SMALL, World, person

NAMES = ("Robin", "Sam", "Kit", "Lee")
POOLS: Mapping[str, tuple[str, ...]] = {
    "a place": ("booth-1", "booth-2", "smoke-1", "recovery", "booth-9"),
    "an emergency": ("e-1", "e-2"),
    "a person": tuple(person(name) for name in NAMES),
    "a member of staff": ("s-1", "s-2"),
    "a version of the terms": ("terms-1", "terms-1", "terms-2"),
    "an alert": ("alert-1", "alert-2"),
    "a rule": ("check", "emergency", "staffing"),
}
Body = dict[str, Any]


@dataclass(frozen=True)
class Act:
    """Something that somebody does: `verb` says what, `number` all that is left open."""

    verb: str
    mode: str
    number: int


def histories(verbs: tuple[str, ...] = (), size: int = 30) -> st.SearchStrategy[list[Act]]:
    """Lists of acts: all asks of the verbs that are given; or asks and reports of every verb."""
    modes = st.sampled_from(("ask",) if verbs else ("ask", "report"))
    acts = st.builds(Act, st.sampled_from(verbs or tuple(VERBS)), modes, st.integers(0, 2**20))
    return st.lists(acts, min_size=size // 2, max_size=size + size // 2)


def lived(acts: list[Act]) -> World:
    """The world after a history."""
    world = World()
    for act in acts:
        do(world, act)
    return world


def do(world: World, act: Act) -> None:
    """One act; time goes on by up to a quarter of an hour."""
    random = Random(act.number)
    body = VERBS[act.verb](world, random)
    world.wait(random.choice((0, 0, 1, 5, 15)))
    if body is not None:
        roles = ("manager",) * 40 + tuple(PERMISSIONS)
        said = {**body, "mode": act.mode, **_clock(world, act.mode, random)}
        source = random.choice(("tap", "tap", "tap", "paper"))
        world.send(said, role=random.choice(roles), source=source)


# What an act can be


def _next(world: World, random: Random) -> Body | None:
    """What comes next for somebody who is here, or an arrival."""
    if not world.room.visits or random.random() < 0.25:
        return _arrival(world, random)
    visit = random.choice([visit for _, visit in sorted(world.room.visits.items())])
    return _about(world, visit, *_USUAL[visit.stage](visit, random))


def _arrival(world: World, random: Random) -> Body:
    name = random.choice((*NAMES, None))
    body = world.body("Arrived", None, {})
    return body | {"person": person(name) if name else None}


_RECOVERY = {"place": "recovery"}
_USE = {"substances": ["heroin"], "route": "intravenous"}
_Usual = Callable[[Visit, Random], tuple[str, Body]]


def _before_seat(visit: Visit, random: Random) -> tuple[str, Body]:
    if random.random() < 0.25:
        return _seat(visit, random)
    if visit.terms is None:
        return "TermsAccepted", {"terms": "terms-1"}
    if visit.assessed != "proceed":
        return "Assessed", {"outcome": "proceed", **_USE}
    return random.choice((("Queued", {}), _seat(visit, random), _seat(visit, random)))


def _seat(visit: Visit, random: Random) -> tuple[str, Body]:
    return "Seated", {
        "place": random.choice(("booth-1", "booth-1", "booth-2", "smoke-1", "recovery"))
    }


def _waiting(visit: Visit, random: Random) -> tuple[str, Body]:
    return random.choice((("Called", {}), ("SteppedOut", {}), _before_seat(visit, random)))


def _start(visit: Visit, random: Random) -> tuple[str, Body]:
    place = random.choice((visit.place, visit.place, "booth-1", "smoke-1", "recovery"))
    route = random.choice(("intravenous", "intravenous", "inhaled"))
    return "ConsumptionStarted", {"place": place, **_USE, "route": route}


def _going(visit: Visit, random: Random) -> tuple[str, Body]:
    left = ("Departed", {"how": random.choice(("well", "closing"))})
    return random.choice((("Queued", {}), left, left))


_USUAL: Mapping[str, _Usual] = {
    "arrived": _before_seat,
    "waiting": _waiting,
    "stepped_out": lambda visit, random: ("CameBack", {}),
    "called": _before_seat,
    "seated": _start,
    "consuming": lambda visit, random: ("ConsumptionEnded", {}),
    "finished": lambda visit, random: (
        _start(visit, random) if random.random() < 0.2 else ("MovedToRecovery", _RECOVERY)
    ),
    "recovery": _going,
}


def _any(world: World, random: Random) -> Body:
    """Any kind, about anybody or nobody, with data of the right shapes."""
    kind = random.choice([kind for kind in KINDS if kind not in ABOUT_FACTS])
    return _filled(world, kind, random)


# Opening and closing are rare beside what is said of people, terms and places.
_STANDING = STANDING_KINDS - {"PolicyAdopted", "RoomPaused", "RoomClosed"}


def _standing(world: World, random: Random) -> Body:
    return _filled(world, random.choice(sorted(_STANDING)), random)


def _bar(world: World, random: Random) -> Body:
    """What keeps somebody out: an exclusion, an age, or being one with somebody who is kept out."""
    until = f"2025-02-{random.randint(2, 9):02}T10:00:00Z"
    kind, data = random.choice((
        ("ExclusionImposed", {"scope": random.choice(("building", "using")), "until": until}),
        ("Registered", {"tier": "1", "age_band": random.choice(("under_18", "25-34"))}),
        ("Linked", {"other": random.choice(POOLS["a person"])}),
    ))  # fmt: skip
    return world.body(kind, random.choice(NAMES), data) | {"visit": None}


def _care(world: World, random: Random) -> Body:
    """What is seen of a body or done for it, mostly in an emergency."""
    return _filled(world, random.choice(sorted(BODY_KINDS)), random)


def _correct(world: World, random: Random) -> Body | None:
    target = _some_fact(world, random)
    if target is None:
        return None
    shape = KINDS[target.kind].fields
    options: list[Body] = [
        {"happened": instant(target.happened - timedelta(minutes=random.randrange(120)))},
        {"visit": random.choice(_visits(world))},
        {"person": random.choice((*POOLS["a person"], None))},
    ]
    plain = [key for key in shape if not isinstance(shape[key], shapes.Text | shapes.Document)]
    if plain:
        key = random.choice(plain)
        options += [{"data": {key: invented(shape[key], random)}}] * 3
    if "emergency" in target.data:
        options += [{"data": {"emergency": random.choice(POOLS["an emergency"])}}] * 6
    changes = random.choice(options) | random.choice(({}, random.choice(options)))
    said = {"target": target.id, "changes": changes, "reason": "mistake"}
    return world.body("Corrected", None, said)


def _retract(world: World, random: Random) -> Body | None:
    target = _some_fact(world, random, ("Retracted", "Retracted"))
    if target is None:
        return None
    return world.body("Retracted", None, {"target": target.id, "reason": "mistake"})


def _depart(world: World, random: Random) -> Body | None:
    """Somebody leaves, whatever is going on; rather one who has an emergency."""
    known = [one.visit for one in world.room.emergencies.values() if one.visit]
    visits = known or sorted(world.room.visits)
    body = world.body("Departed", None, {"how": "against_advice"})
    return body | {"visit": random.choice(visits)} if visits else None


def _named(world: World, random: Random) -> Body | None:
    """Somebody says whose visit it is."""
    here = sorted(world.room.visits)
    body = world.body("TermsAccepted", random.choice(NAMES), {"terms": "terms-1"})
    return body | {"visit": random.choice(here)} if here else None


def _stranger(world: World, random: Random) -> Body:
    """A report or ask about a visit that is over or that nobody has heard of."""
    kind = random.choice([kind for kind in KINDS if KINDS[kind].about in ("visit", "any")])
    kind = kind if kind not in ABOUT_FACTS else "Departed"
    return _filled(world, kind, random) | {"visit": random.choice(_visits(world))}


def _plan(world: World, random: Random) -> Body:
    """Anything that is no report of a body, about a visit that is open, over or unheard of."""
    kind = random.choice(sorted(set(KINDS) - BODY_KINDS - ABOUT_FACTS))
    return _filled(world, kind, random) | {"visit": random.choice(_visits(world))}


def _acknowledge(world: World, random: Random) -> Body | None:
    notices = world.notices()
    if not notices:
        return None
    notice = random.choice(notices)
    data = {"rule": notice.rule, "subject": notice.subject, "due": instant(notice.due)}
    visit = world.room.visits.get(notice.subject)
    body = world.body("Acknowledged", None, data)
    return body | {"visit": visit.id if visit and random.random() < 0.8 else None}


def _policy(world: World, random: Random) -> Body:
    places = SMALL["places"][: random.randrange(1, 6)]
    body = {**SMALL, "places": places, "turnover": {"block": random.random() < 0.5}}
    return world.body("PolicyAdopted", None, {"policy": body})


Verb = Callable[[World, Random], Body | None]
VERBS: Mapping[str, Verb] = {
    "next": _next, "go on": _next, "and on": _next, "further": _next, "once more": _next,
    "then": _next, "after that": _next, "arrive": _arrival,
    "any": _any, "stand": _standing, "bar": _bar, "care": _care, "correct": _correct, "correct again": _correct,
    "retract": _retract, "stranger": _stranger, "depart": _depart, "named": _named, "acknowledge": _acknowledge, "policy": _policy, "plan": _plan,
}  # fmt: skip


def _about(world: World, visit: Visit, kind: str, data: Body) -> Body:
    return world.body(kind, None, data) | {"visit": visit.id}


def _filled(world: World, name: str, random: Random) -> Body:
    kind = KINDS[name]
    optional = [key for key in kind.optional if random.random() < 0.4]
    keys = {**kind.required, **{key: kind.optional[key] for key in optional}}
    data = {key: invented(shape, random) for key, shape in keys.items()}
    if name == "PolicyAdopted":
        data["policy"] = SMALL
    elif name in ("ReviewResolved", "ExclusionLifted", "Attributed"):
        key = {"ReviewResolved": "flag", "ExclusionLifted": "exclusion"}.get(name, "target")
        kinds = {"ReviewResolved": "ReviewFlagged", "ExclusionLifted": "ExclusionImposed"}
        known = [fact.id for fact in world.facts if fact.kind == kinds.get(name, fact.kind)]
        data[key] = random.choice(known or ["f-unknown"])
    about = {"person": random.choice((*POOLS["a person"], None))}
    if kind.about in ("visit", "any") and random.random() < 0.8:
        here = sorted(world.room.visits)
        about = {"visit": random.choice(here) if here else None}
    return world.body(name, None, data) | about


def _visits(world: World) -> list[str]:
    """Visits that are open, over, or unheard of."""
    return [*sorted({fact.visit for fact in world.facts if fact.visit}), "v-unknown"]


def _some_fact(world: World, random: Random, kinds: tuple[str, ...] = ()) -> Fact | None:
    """An original fact, rather one of a visit or an emergency; also one of `kinds`."""
    known = [fact for fact in world.facts[3:] if fact.kind not in ABOUT_FACTS or fact.kind in kinds]
    threads = [fact for fact in known if fact.visit or "emergency" in fact.data]
    told = [fact for fact in known if fact.kind in ("Arrived", "Departed", "Retracted")]
    left = [fact for fact in known if fact.kind == "Departed"]
    some = [group[-12:] for group in (known, threads, told, left) if group]
    return random.choice(random.choice(some)) if some else None


def _clock(world: World, mode: str, random: Random) -> Body:
    """The tap's time: now for most, earlier or with a strange clock for some."""
    ago = random.choice((0, 0, 0, 1, 7, 40, 1500) if mode == "report" else (0, 0, 0, 0, 30))
    offset = random.choice((0,) * 20 + (None, 3_600_000, -90_000_000))
    tapped = world.now - timedelta(minutes=ago, milliseconds=offset or 0)
    because = random.choice((None, "busy"))
    return {"tapped": instant(tapped), "offset_ms": offset, "because": because}


# Values of a shape, from small pools, so that histories meet themselves


@singledispatch
def invented(shape: shapes.Shape, random: Random) -> Any:
    """A value of a shape, now and then one that cannot be true."""
    raise NotImplementedError(f"invent values for {shape}")


@invented.register
def _(shape: shapes.Code, random: Random) -> Any:
    return random.choice(shape.catalogue.codes)


@invented.register
def _(shape: shapes.Number, random: Random) -> Any:
    return random.choice((shape.low, shape.high, random.randint(shape.low, shape.high), 9999))


@invented.register
def _(shape: shapes.Flag, random: Random) -> Any:
    return random.random() < 0.5


@invented.register
def _(shape: shapes.Ident, random: Random) -> Any:
    return random.choice(POOLS.get(shape.of, ("x-1", "x-2")))


@invented.register
def _(shape: shapes.Instant, random: Random) -> Any:
    return f"2025-02-{random.randint(1, 9):02}T10:00:00Z"


@invented.register
def _(shape: shapes.Text, random: Random) -> Any:
    return random.choice(SECRETS)


@invented.register
def _(shape: shapes.Many, random: Random) -> Any:
    return [invented(shape.each, random) for _ in range(random.randrange(3))]


@invented.register
def _(shape: shapes.Counts, random: Random) -> Any:
    return {random.choice(shape.catalogue.codes): random.randrange(3)}


@invented.register
def _(shape: shapes.Document, random: Random) -> Any:
    return {"said": random.choice(SECRETS)}


# Words that must never be in a fact or on a board.
SECRETS = ("Agnes Sorrel of Mill Lane", "seen with her brother", "ąęśćź ☂")
