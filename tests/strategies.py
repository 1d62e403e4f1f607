"""Invented values: facts of every kind, with every shape of data, and whole ledgers of them.

    values(shape)       a plausible value of a shape
    data_of(kind)       the data of a kind: what is required, and some of what is optional
    odd_data_of(kind)   the same with keys that other kinds have or none has, and misshapen values
    facts(kind=…)       one fact, unsealed; any kind unless one is named
    ledgers()           a header and its sealed facts; corrections and retractions name earlier facts
    json_values()       JSON with Unicode keys, floats and large integers

Whether a history makes sense (nobody is seated before arriving) is not their concern.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import singledispatch
from typing import Any

from hypothesis import strategies as st

from opendcr.ledger import shapes
from opendcr.ledger.chain import first_link, seal
from opendcr.ledger.codec import SOURCES, instant
from opendcr.ledger.effective import ABOUT_FACTS
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.ledger.kinds import BESIDE, KINDS, Kind

ROOM = "glasgow"
START = datetime(2025, 1, 13, 9, tzinfo=UTC)

moments = st.integers(0, 400 * 24 * 3600 * 1000).map(lambda ms: START + timedelta(milliseconds=ms))
idents = st.text("abcdefgh0123456789-_.:", min_size=1, max_size=12)
visits = st.sampled_from([f"v-{number}" for number in range(6)])
persons = st.sampled_from([f"p-{number}" for number in range(4)])
staff = st.sampled_from([f"s-{number}" for number in range(3)])
roles = st.sampled_from(["reception", "worker", "nurse"])
uuids = st.uuids().map(str)
_characters = st.characters(exclude_categories=["Cs"])


def json_values() -> st.SearchStrategy[Any]:
    """JSON values that RFC 8785 has a form for."""
    whole = st.integers(-(2**53) + 1, 2**53 - 1)
    fractions = st.floats(-(2**53), 2**53, exclude_min=True, exclude_max=True) | st.floats(
        1e21, 1e300
    )
    scalars = st.none() | st.booleans() | whole | fractions | st.text(_characters, max_size=8)
    return st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(_characters, max_size=5), inner, max_size=4)
        ),
        max_leaves=12,
    )


def json_objects() -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects: a policy, the changes of a correction, the data of a newer kind."""
    return st.dictionaries(st.text(_characters, max_size=5), json_values(), max_size=4)


@singledispatch
def values(shape: shapes.Shape) -> st.SearchStrategy[Any]:
    """Plausible values of a shape."""
    raise NotImplementedError(f"invent values for {shape}")


@values.register
def _(shape: shapes.Code) -> st.SearchStrategy[Any]:
    return st.sampled_from(shape.catalogue.codes)


@values.register
def _(shape: shapes.Number) -> st.SearchStrategy[Any]:
    return st.integers(shape.low, shape.high)


@values.register
def _(shape: shapes.Flag) -> st.SearchStrategy[Any]:
    return st.booleans()


@values.register
def _(shape: shapes.Ident) -> st.SearchStrategy[Any]:
    if shape.form is not None:
        return st.from_regex(shape.form, fullmatch=True).filter(lambda id: len(id) <= 64)
    number = st.text("0123456789abcdef-", min_size=1, max_size=12)
    return number.map(f"{shape.letter}-{{}}".format) if shape.letter else idents


@values.register
def _(shape: shapes.Instant) -> st.SearchStrategy[Any]:
    return moments.map(instant)


@values.register
def _(shape: shapes.Text) -> st.SearchStrategy[Any]:
    hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
    return st.fixed_dictionaries({"text": uuids, "sha256": hashes})


@values.register
def _(shape: shapes.Many) -> st.SearchStrategy[Any]:
    return st.lists(values(shape.each), max_size=3)


@values.register
def _(shape: shapes.Counts) -> st.SearchStrategy[Any]:
    codes = st.sampled_from(shape.catalogue.codes)
    return st.dictionaries(codes, st.integers(0, shape.high), max_size=3)


@values.register
def _(shape: shapes.Document) -> st.SearchStrategy[Any]:
    return json_objects()


@values.register
def _(shape: shapes.Clock) -> st.SearchStrategy[Any]:
    measured = st.none() | st.integers(-(10**9), 10**9)
    tapped = moments.map(instant)
    return st.fixed_dictionaries({"tapped": tapped, "offset_ms": measured, "age_ms": measured})


def data_of(kind: Kind) -> st.SearchStrategy[dict[str, Any]]:
    """Data of a kind."""
    return st.fixed_dictionaries(
        {key: values(shape) for key, shape in kind.required.items()},
        optional={key: values(shape) for key, shape in kind.optional.items()},
    )


SHAPES = [
    (key, shape)
    for kind in KINDS.values()
    for key, shape in [*kind.fields.items(), *BESIDE.items()]
    if not isinstance(shape, shapes.Document)
]
DOCUMENTS = ("report", "changes", "policy")
PARTS = ("missing", "impossible", "data", "happened", "visit", "person", "places", "room", "staff",
         "concern", "tapped", "offset_ms", "age_ms", "text", "emergency", "place")  # fmt: skip


def misshapen() -> st.SearchStrategy[Any]:
    """JSON that is near to what a key holds: its parts under their names, each of any type."""
    plain = st.sampled_from([None, True, 0, 1.5, "", "e-1", "booth-1", "two words", [], [1], ["x"]])
    odd = plain | json_values()
    return odd | st.dictionaries(st.sampled_from(PARTS), odd | st.lists(odd, max_size=2))


@st.composite
def odd_data_of(draw: st.DrawFn, kind: Kind) -> dict[str, Any]:
    """Data of a kind, and beside it or in its place what is of another kind, or of none."""
    data = draw(data_of(kind))
    for _ in range(draw(st.integers(0, 2))):
        key, shape = draw(st.sampled_from(SHAPES))
        data[key] = draw(values(shape))
    for key in draw(
        st.lists(st.sampled_from((*data, *DOCUMENTS, *PARTS, "clock", "because")), max_size=1)
    ):
        data[key] = draw(misshapen())
    return data


@st.composite
def facts(draw: st.DrawFn, kind: str | None = None, odd: bool = False) -> Fact:
    """An unsealed fact, of the kind named or of any; with odd data, perhaps one that none may be."""
    kind = kind or draw(st.sampled_from(list(KINDS)))
    recorded = draw(moments)
    return Fact(
        id=draw(uuids),
        command=draw(uuids),
        kind=kind,
        version=KINDS[kind].version,
        room=ROOM,
        visit=draw(st.none() | visits),
        person=draw(st.none() | persons),
        happened=recorded - timedelta(milliseconds=draw(st.integers(0, 86_400_000))),
        recorded=recorded,
        author=draw(staff),
        entered_by=draw(st.none() | staff),
        role=draw(roles),
        device=draw(st.sampled_from(["t-1", "t-2"])),
        source=draw(st.sampled_from(SOURCES)),
        data=draw((odd_data_of if odd else data_of)(KINDS[kind])),
    )


def headers() -> st.SearchStrategy[Header]:
    """Headers of every origin."""
    simulated = st.integers(0, 2**53 - 1).map(
        lambda seed: Origin("simulated", scenario="busy", seed=seed, version="0.1.0")
    )
    origins = st.just(Origin("recorded")) | st.just(Origin("imported", source="paper")) | simulated
    return origins.map(lambda origin: Header(ROOM, "Europe/London", origin))


@st.composite
def ledgers(
    draw: st.DrawFn,
    min_size: int = 0,
    max_size: int = 8,
    kinds: tuple[str, ...] = (),
    odd: bool = False,
) -> tuple[Header, tuple[Fact, ...]]:
    """A header and sealed facts. Of `kinds`, if any are named, else of all.

    `odd` ones hold what may be in no fact, and what a newer ledger may hold.
    """
    header = draw(headers())
    one = st.sampled_from(kinds or list(KINDS)).flatmap(lambda kind: facts(kind, odd))
    drawn = draw(st.lists(one, min_size=min_size, max_size=max_size, unique_by=lambda f: f.id))
    drawn.sort(key=lambda fact: fact.recorded)
    aimed = [_aimed(draw, fact, drawn[:place]) for place, fact in enumerate(drawn)]
    return header, seal(aimed, 0, first_link(header))


def _aimed(draw: st.DrawFn, fact: Fact, earlier: list[Fact]) -> Fact:
    """A correction or retraction aimed at an earlier fact, most of the time."""
    if fact.kind not in ABOUT_FACTS or not earlier or draw(st.integers(0, 9)) == 0:
        return fact
    target = draw(st.sampled_from(earlier))
    data = {**fact.data, "target": target.id}
    if fact.kind == "Corrected":
        data["changes"] = draw(changes(target.kind))
    return replace(fact, data=data)


def changes(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Changes that a correction of a fact of this kind may make."""
    return st.fixed_dictionaries(
        {},
        optional={
            "happened": moments.map(instant),
            "person": st.none() | persons,
            "visit": st.none() | visits,
            "data": data_of(KINDS[kind]),
        },
    )
