"""A room's policy: what its clinical lead and manager decide, written in a file and adopted by a fact.

Thresholds are the service's own. The defaults stand only where a room has adopted nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opendcr.catalogue.care import CONCERNS, PUPILS, RESPONSES, SIGNS, SKINS
from opendcr.catalogue.places import HANDS, PLACE_KINDS, ROUTES
from opendcr.errors import InputError
from opendcr.keyed import Table, read_toml, shown
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Json, Number, is_ident


@dataclass(frozen=True)
class Place:
    """A place in the room; `words` is what people call it (a booth's number)."""

    id: str
    kind: str
    words: str
    hand: str = "either"
    capacity: int = 1

    @property
    def consumption(self) -> bool:
        """Whether people use here."""
        return PLACE_KINDS[self.kind].consumption

    @property
    def spoken(self) -> str:
        """What people say: `booth 3`, where the place's words are only its number."""
        return f"booth {self.words}" if self.consumption and self.words.isdigit() else self.words


@dataclass(frozen=True)
class Turn:
    """What turns on a level of concern: a sign, a code, or a number at or below a bound."""

    level: str
    key: str  # a key of Observed
    value: str | None = None
    at_most: int | None = None

    def met_by(self, data: Mapping[str, Json]) -> bool:
        """Whether an observation meets it; a key that was not observed meets nothing."""
        found = data.get(self.key)
        if found is None:
            return False
        if self.at_most is not None:
            return isinstance(found, int) and found <= self.at_most
        return self.value in found if isinstance(found, list) else found == self.value


@dataclass(frozen=True)
class Policy:
    """A whole policy. Times are minutes, the clock times local, `HH:MM`."""

    title: str = "Room"
    minimum_age: int = 18
    opens: str = "09:00"
    closes: str = "21:00"
    routes: tuple[str, ...] = ("intravenous", "intramuscular", "subcutaneous")
    places: tuple[Place, ...] = ()
    # minutes between looks, by level of concern
    look_every: Mapping[str, int] = field(
        default_factory=lambda: {"none": 5, "watch": 3, "rouse": 1, "intervene": 1}
    )
    breathing_every: int = 1
    recovery_look_every: int = 10
    seat_limit: int = 30
    stay_after_naloxone: int = 120
    stay_after_use: int = 0
    staff_minimum: int = 0
    nurses_minimum: int = 0
    booths_per_staff: int = 0  # 0: no such rule
    block_after_use: bool = False  # a place is blocked for cleaning when somebody leaves it
    late_entry: int = 10  # by hand further back than this asks for a reason
    clock_offset: int = 10  # a device's clock further off than this is flagged
    turns: tuple[Turn, ...] = ()

    def place(self, id: str | None) -> Place | None:
        """The place with this id, or None."""
        return next((place for place in self.places if place.id == id), None)

    def needed_staff(self, open_booths: int) -> int:
        """The staff that so many open booths need."""
        by_booths = -(-open_booths // self.booths_per_staff) if self.booths_per_staff else 0
        return max(self.staff_minimum, by_booths)

    def concern_of(self, data: Mapping[str, Json]) -> str:
        """The highest level of concern that an observation turns on."""
        levels = [turn.level for turn in self.turns if turn.met_by(data)]
        return max(levels, key=lambda level: CONCERNS[level].rank, default="none")

    def to_data(self) -> dict[str, Json]:
        """The policy as a file and a `PolicyAdopted` hold it."""
        return {
            "room": {
                "title": self.title, "minimum_age": self.minimum_age, "opens": self.opens,
                "closes": self.closes, "routes": list(self.routes),
            },
            "places": [
                {"id": p.id, "kind": p.kind, "words": p.words, "hand": p.hand, "capacity": p.capacity}
                for p in self.places
            ],
            "observation": {
                **self.look_every, "breathing": self.breathing_every,
                "recovery": self.recovery_look_every,
            },
            "stay": {
                "seat_limit": self.seat_limit, "after_naloxone": self.stay_after_naloxone,
                "after_use": self.stay_after_use,
            },
            "staff": {
                "minimum": self.staff_minimum, "nurses": self.nurses_minimum,
                "booths_per_staff": self.booths_per_staff,
            },
            "turnover": {"block": self.block_after_use},
            "entry": {"late": self.late_entry, "clock_offset": self.clock_offset},
            "concern": [_turn_data(turn) for turn in self.turns],
        }  # fmt: skip

    @classmethod
    def from_data(cls, data: Json, where: str) -> "Policy":
        """The policy of a file's content; raises InputError naming `where` and the key."""
        return _policy(Table.of(where, "", data, (*_SECTIONS, "places", "concern")))


DEFAULT = Policy()


def read_policy(path: Path) -> Policy:
    """The policy in a TOML file; raises InputError for what cannot be one."""
    return Policy.from_data(read_toml(path, "a policy"), str(path))


def _turn_data(turn: Turn) -> dict[str, Json]:
    data: dict[str, Json] = {"level": turn.level, "key": turn.key}
    if turn.value is not None:
        data["value"] = turn.value
    if turn.at_most is not None:
        data["at_most"] = turn.at_most
    return data


_SECTIONS = {
    "room": {"title", "minimum_age", "opens", "closes", "routes"},
    "observation": {"none", "watch", "rouse", "intervene", "breathing", "recovery"},
    "stay": {"seat_limit", "after_naloxone", "after_use"},
    "staff": {"minimum", "nurses", "booths_per_staff"},
    "turnover": {"block"},
    "entry": {"late", "clock_offset"},
}
# What can turn on a level of concern: all that is observed but concern itself.
_CODES = {"response": RESPONSES.codes, "skin": SKINS.codes, "pupils": PUPILS.codes,
          "signs": SIGNS.codes}  # fmt: skip
_NUMBERS = {
    key: shape for key, shape in KINDS["Observed"].fields.items() if isinstance(shape, Number)
}


def _policy(whole: Table) -> Policy:
    room, looks, stay, staff, turnover, entry = (
        whole.table(name, keys) for name, keys in _SECTIONS.items()
    )
    return Policy(
        title=room.text("title", DEFAULT.title, 60),
        minimum_age=room.whole("minimum_age", 0, 120, DEFAULT.minimum_age),
        opens=room.clock("opens", DEFAULT.opens),
        closes=room.clock("closes", DEFAULT.closes),
        routes=room.codes("routes", ROUTES.codes, DEFAULT.routes),
        places=_places(whole),
        look_every={
            level: looks.whole(level, 1, 240, minutes)
            for level, minutes in DEFAULT.look_every.items()
        },
        breathing_every=looks.whole("breathing", 1, 60, DEFAULT.breathing_every),
        recovery_look_every=looks.whole("recovery", 1, 240, DEFAULT.recovery_look_every),
        seat_limit=stay.whole("seat_limit", 1, 1440, DEFAULT.seat_limit),
        stay_after_naloxone=stay.whole("after_naloxone", 0, 1440, DEFAULT.stay_after_naloxone),
        stay_after_use=stay.whole("after_use", 0, 1440, DEFAULT.stay_after_use),
        staff_minimum=staff.whole("minimum", 0, 100, 0),
        nurses_minimum=staff.whole("nurses", 0, 100, 0),
        booths_per_staff=staff.whole("booths_per_staff", 0, 100, 0),
        block_after_use=turnover.flag("block", False),
        late_entry=entry.whole("late", 1, 1440, DEFAULT.late_entry),
        clock_offset=entry.whole("clock_offset", 1, 1440, DEFAULT.clock_offset),
        turns=tuple(map(_turn, whole.tables("concern", ("level", "key", "value", "at_most")))),
    )


def _places(whole: Table) -> tuple[Place, ...]:
    rows = whole.tables("places", ("id", "kind", "words", "hand", "capacity"))
    places = tuple(map(_place, rows))
    seen: set[str] = set()
    for place in places:
        if place.id in seen:
            raise InputError(f"{whole.where}, places", shown(place.id), "each id once")
        seen.add(place.id)
    return places


def _place(row: Table) -> Place:
    id = row.data.get("id")
    if not isinstance(id, str) or not is_ident(id):
        raise row.fail("id", "an id such as booth-1")
    return Place(
        id=id,
        kind=row.one_of("kind", PLACE_KINDS.codes),
        words=row.text("words", id, 60),
        hand=row.one_of("hand", HANDS.codes, "either"),
        capacity=row.whole("capacity", 1, 50, 1),
    )


def _turn(row: Table) -> Turn:
    level = row.one_of("level", [code for code in CONCERNS.codes if code != "none"])
    key = row.one_of("key", (*_CODES, *_NUMBERS))
    wanted, other = ("value", "at_most") if key in _CODES else ("at_most", "value")
    if other in row or wanted not in row:
        found = other if other in row else "nothing"
        raise InputError(f"{row.where}, {row.name}", found, f"{wanted} for {key}")
    if key in _CODES:
        return Turn(level, key, value=row.one_of("value", _CODES[key]))
    bounds = _NUMBERS[key]
    return Turn(level, key, at_most=row.whole("at_most", bounds.low, bounds.high))
