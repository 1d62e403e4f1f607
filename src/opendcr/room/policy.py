"""A room's policy: what its clinical lead and manager decide, written in a file and adopted by a fact.

Thresholds are the service's own. The defaults stand only where a room has adopted nothing.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opendcr.catalogue.care import CONCERNS, PUPILS, RESPONSES, SIGNS, SKINS
from opendcr.catalogue.places import HANDS, PLACE_KINDS, ROUTES
from opendcr.errors import InputError
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
        return _Reader(where).policy(data)


DEFAULT = Policy()


def read_policy(path: Path) -> Policy:
    """The policy in a TOML file; raises InputError for what cannot be one."""
    try:
        return Policy.from_data(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), "a file that cannot be read", "a policy in TOML") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), str(error), "a policy in TOML") from error


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


class _Reader:
    """Reads a policy key by key, so that an error can name the key."""

    def __init__(self, where: str) -> None:
        self.where = where

    def policy(self, data: Json) -> Policy:
        self._known("", data, {*_SECTIONS, "places", "concern"})
        sections = {name: self._section(data, name) for name in _SECTIONS}
        room, looks, stay = sections["room"], sections["observation"], sections["stay"]
        staff, entry = sections["staff"], sections["entry"]
        return Policy(
            title=self._text(room, "room.title", DEFAULT.title),
            minimum_age=self._number(room, "room.minimum_age", DEFAULT.minimum_age, 0, 120),
            opens=self._clock(room, "room.opens", DEFAULT.opens),
            closes=self._clock(room, "room.closes", DEFAULT.closes),
            routes=tuple(self._codes(room, "room.routes", DEFAULT.routes, ROUTES.codes)),
            places=self._places(data.get("places", [])),
            look_every={
                level: self._number(looks, f"observation.{level}", minutes, 1, 240)
                for level, minutes in DEFAULT.look_every.items()
            },
            breathing_every=self._number(
                looks, "observation.breathing", DEFAULT.breathing_every, 1, 60
            ),
            recovery_look_every=self._number(
                looks, "observation.recovery", DEFAULT.recovery_look_every, 1, 240
            ),
            seat_limit=self._number(stay, "stay.seat_limit", DEFAULT.seat_limit, 1, 1440),
            stay_after_naloxone=self._number(
                stay, "stay.after_naloxone", DEFAULT.stay_after_naloxone, 0, 1440
            ),
            stay_after_use=self._number(stay, "stay.after_use", DEFAULT.stay_after_use, 0, 1440),
            staff_minimum=self._number(staff, "staff.minimum", 0, 0, 100),
            nurses_minimum=self._number(staff, "staff.nurses", 0, 0, 100),
            booths_per_staff=self._number(staff, "staff.booths_per_staff", 0, 0, 100),
            block_after_use=self._flag(sections["turnover"], "turnover.block", False),
            late_entry=self._number(entry, "entry.late", DEFAULT.late_entry, 1, 1440),
            clock_offset=self._number(entry, "entry.clock_offset", DEFAULT.clock_offset, 1, 1440),
            turns=tuple(
                self._turn(turn, f"concern[{at}]")
                for at, turn in enumerate(self._list(data.get("concern", []), "concern"), 1)
            ),
        )

    def _fail(self, key: str, found: Any, expected: str) -> InputError:
        shown = (
            "nothing" if found is None else f"'{found}'" if isinstance(found, str) else str(found)
        )
        return InputError(f"{self.where}, {key}", " ".join(shown.split())[:80], expected)

    def _known(self, key: str, data: Json, known: set[str]) -> None:
        if not isinstance(data, Mapping):
            raise self._fail(key or "the whole", type(data).__name__, "a table")
        for name in data:
            if name not in known:
                at = f"{key}.{name}" if key else name
                raise InputError(
                    f"{self.where}, {' '.join(at.split())[:80]}",
                    "a key that no policy has",
                    f"one of {', '.join(sorted(known))}",
                )

    def _section(self, data: Mapping[str, Json], name: str) -> Mapping[str, Json]:
        section = data.get(name, {})
        self._known(name, section, _SECTIONS[name])
        return section  # type: ignore[no-any-return]

    def _list(self, value: Json, key: str) -> list[Json]:
        if not isinstance(value, list):
            raise self._fail(key, type(value).__name__, "a list")
        return value

    def _text(self, section: Mapping[str, Json], key: str, default: str) -> str:
        value = section.get(key.rpartition(".")[2], default)
        if not isinstance(value, str) or not 0 < len(value) <= 60 or not value.isprintable():
            raise self._fail(key, value, "up to 60 characters in one line")
        return value

    def _number(
        self, section: Mapping[str, Json], key: str, default: int, low: int, high: int
    ) -> int:
        value = section.get(key.rpartition(".")[2], default)
        if type(value) is not int or not low <= value <= high:
            raise self._fail(key, value, f"a whole number from {low} to {high}")
        return value

    def _flag(self, section: Mapping[str, Json], key: str, default: bool) -> bool:
        value = section.get(key.rpartition(".")[2], default)
        if not isinstance(value, bool):
            raise self._fail(key, value, "true or false")
        return value

    def _clock(self, section: Mapping[str, Json], key: str, default: str) -> str:
        value = section.get(key.rpartition(".")[2], default)
        parts = value.split(":") if isinstance(value, str) else []
        fits = len(parts) == 2 and all(len(part) == 2 and part.isdigit() for part in parts)
        if not fits or int(parts[0]) * 60 + int(parts[1]) > 1440 or int(parts[1]) > 59:
            raise self._fail(key, value, 'a local time from "00:00" to "24:00"')
        return str(value)

    def _code(self, value: Json, key: str, codes: tuple[str, ...]) -> str:
        if value not in codes:
            raise self._fail(key, value, f"one of {', '.join(codes)}")
        return str(value)

    def _codes(
        self,
        section: Mapping[str, Json],
        key: str,
        default: tuple[str, ...],
        codes: tuple[str, ...],
    ) -> list[str]:
        values = self._list(section.get(key.rpartition(".")[2], list(default)), key)
        return [self._code(value, key, codes) for value in values]

    def _places(self, values: Json) -> tuple[Place, ...]:
        places = tuple(
            self._place(value, f"places[{at}]")
            for at, value in enumerate(self._list(values, "places"), 1)
        )
        seen: set[str] = set()
        for place in places:
            if place.id in seen:
                raise self._fail("places", place.id, "each id once")
            seen.add(place.id)
        return places

    def _place(self, value: Json, key: str) -> Place:
        self._known(key, value, {"id", "kind", "words", "hand", "capacity"})
        id = value.get("id")
        if not isinstance(id, str) or not is_ident(id):
            raise self._fail(f"{key}.id", id, "an id such as booth-1")
        return Place(
            id=id,
            kind=self._code(value.get("kind"), f"{key}.kind", PLACE_KINDS.codes),
            words=self._text(value, f"{key}.words", id),
            hand=self._code(value.get("hand", "either"), f"{key}.hand", HANDS.codes),
            capacity=self._number(value, f"{key}.capacity", 1, 1, 50),
        )

    def _turn(self, value: Json, key: str) -> Turn:
        self._known(key, value, {"level", "key", "value", "at_most"})
        levels = tuple(code for code in CONCERNS.codes if code != "none")
        level = self._code(value.get("level"), f"{key}.level", levels)
        turned = self._code(value.get("key"), f"{key}.key", (*_CODES, *_NUMBERS))
        wanted, other = ("value", "at_most") if turned in _CODES else ("at_most", "value")
        if other in value or wanted not in value:
            found = other if other in value else "nothing"
            raise InputError(f"{self.where}, {key}", found, f"{wanted} for {turned}")
        if turned in _CODES:
            code = self._code(value["value"], f"{key}.value", _CODES[turned])
            return Turn(level, turned, value=code)
        bounds = _NUMBERS[turned]
        most = self._number(value, f"{key}.at_most", 0, bounds.low, bounds.high)
        return Turn(level, turned, at_most=most)
