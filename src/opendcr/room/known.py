"""Ids that a room knows, told from words: what names nothing known could be anybody's name.

A form keeps words out of most ids (see `opendcr.ledger.kinds`). A place is called what a policy calls
it and a flag's reason is one of ours: these are looked up.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from opendcr.catalogue.care import EQUIPMENT
from opendcr.errors import InputError
from opendcr.ledger.effective import changed_data
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Ident, Json, Many, Shape
from opendcr.room.intake import Intake
from opendcr.room.reviews import REASONS
from opendcr.room.room import Room

Places = Collection[str]

_KEYS = frozenset(key for kind in KINDS.values() for key in kind.fields)
_NUMBERED = re.compile("([a-z]-)?[0-9a-f-]{1,61}")  # a visit, an emergency, a fact

# What an id may name, by what it is an id of.
_KNOWN: Mapping[str, Callable[[str, Places], object]] = {
    "a place": lambda id, places: id in places,
    "its subject": lambda id, places: (
        _NUMBERED.fullmatch(id) or id == "room" or id in EQUIPMENT or id in places
    ),
    "a reason": lambda id, places: id in REASONS,
    "a kind": lambda id, places: id in KINDS,
    "a key": lambda id, places: id in _KEYS,
}


def places_of(room: Room) -> frozenset[str]:
    """The places of every policy that the room has had."""
    return frozenset(one.id for _, policy in room.standing.policies for one in policy.places)


def known_only(taken: Intake, places: Places) -> Intake:
    """What came in, without ids that name nothing known: a report's are set aside with the rest
    that no fact can hold; for an ask, raises InputError. An unknown place the rules answer."""
    strange = _strange(taken, places)
    if taken.mode == "ask":
        strange.pop("place", None)
        for key in strange:
            raise InputError(f"data.{key}", "nothing that is known", "the id of something known")
    if not strange:
        return taken
    lacking = tuple(key for key in KINDS[taken.kind].required if key in strange)
    return replace(
        taken,
        data=_without(taken.data, strange),
        impossible=tuple(key for key in taken.impossible if key not in strange),
        missing=(*taken.missing, *lacking),
        unreadable={
            **taken.unreadable,
            **{f"data.{key}": value for key, value in strange.items()},
        },
    )


def _strange(taken: Intake, places: Places) -> dict[str, Json]:
    """The values that name nothing known, by their key; those inside of changes by a dotted one."""
    shapes = KINDS[taken.kind].fields
    found = {
        key: value
        for key, value in taken.data.items()
        if key in shapes and not _is_known(shapes[key], value, places)
    }
    inside = changed_data(taken.data.get("changes"))
    return found | {
        f"changes.data.{key}": value
        for key, value in inside.items()
        if not any(_is_known(shape, value, places) for shape in _shapes_of(key))
    }


def _is_known(shape: Shape, value: Json, places: Places) -> bool:
    if isinstance(shape, Many) and isinstance(shape.each, Ident):
        return all(_is_known(shape.each, one, places) for one in value)
    if not isinstance(shape, Ident) or shape.of not in _KNOWN:
        return True
    return isinstance(value, str) and bool(_KNOWN[shape.of](value, places))


def _shapes_of(key: str) -> list[Shape]:
    return [kind.fields[key] for kind in KINDS.values() if key in kind.fields]


def _without(data: Mapping[str, Json], strange: Collection[str]) -> dict[str, Json]:
    rest = {key: value for key, value in data.items() if key not in strange}
    inside = changed_data(data.get("changes"))
    kept = {key: value for key, value in inside.items() if f"changes.data.{key}" not in strange}
    if len(kept) < len(inside):
        rest["changes"] = {**data["changes"], "data": kept}
    return rest
