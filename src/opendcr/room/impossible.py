"""What cannot be in a room, and is there once a correction says so."""

from collections.abc import Iterator

from opendcr.room.room import Room

Impossible = tuple[str, str, str]


def impossible_in(room: Room) -> frozenset[Impossible]:
    """Visits in a place beyond its capacity, visits of one person at the same time, and running
    emergencies of a visit that is not open: each with what it is about."""
    return frozenset((*_crowded(room), *_twice(room), *_nobodys(room)))


def _crowded(room: Room) -> Iterator[Impossible]:
    for place in room.policy.places:
        here = room.in_place(place.id)
        if len(here) > place.capacity:
            yield from (("crowded", place.id, visit.id) for visit in here)


def _twice(room: Room) -> Iterator[Impossible]:
    for visit in room.visits.values():
        if visit.person is not None:
            first = room.visit_of(visit.person)
            if first is not None and first.id != visit.id:
                yield ("twice", first.id, visit.id)


def _nobodys(room: Room) -> Iterator[Impossible]:
    for emergency in room.emergencies.values():
        if emergency.visit is not None and emergency.visit not in room.visits:
            yield ("nobody's", emergency.id, emergency.visit)
