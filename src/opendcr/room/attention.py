"""What staff must see now: computed from the facts and the clock, never written by a timer.

Every notice has a stable name (rule, subject, due), so that tablets compute the same one each
second and an `Acknowledged` fact can name it. Before `due` a notice is a countdown, after it a call.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from opendcr.catalogue.care import CONCERNS
from opendcr.ledger.codec import instant
from opendcr.ledger.shapes import parse_instant
from opendcr.room.hours import closing_after
from opendcr.room.room import Room
from opendcr.room.stages import IN_BOOTH, IN_PLACE
from opendcr.room.visit import Visit


@dataclass(frozen=True)
class Notice:
    """Something to see. `level` is a code of CONCERNS; `due` may lie ahead."""

    rule: str
    subject: str
    due: datetime
    level: str
    words: str
    acknowledged: bool = False


def attention(room: Room, now: datetime) -> tuple[Notice, ...]:
    """All notices, the most pressing first: by level, then by when they fall due."""
    found = [*_of_emergencies(room, now), *_of_visits(room, now), *_of_room(room, now)]
    seen = [_with_acknowledgement(room, notice) for notice in found]
    return tuple(
        sorted(seen, key=lambda one: (-CONCERNS[one.level].rank, one.due, one.subject, one.rule))
    )


def concern_of(room: Room, visit: Visit) -> str:
    """The level of concern that a visit stands at.

    An emergency that runs; otherwise the last level that somebody chose, raised by what the policy
    turns on. A look that chooses no level lowers nothing: it may have seen little.
    """
    if room.emergency_of(visit.id) is not None:
        return "emergency"
    level = "none"
    for look in visit.observed:
        chosen = look.data.get("concern")
        turned = room.standing.policy_at(look.happened).concern_of(look.data)
        level = max_level(str(chosen) if chosen in CONCERNS else level, turned)
    return level


def max_level(one: str, other: str) -> str:
    """The higher of two levels of concern."""
    return max(one, other, key=lambda level: CONCERNS[level].rank)


def next_check(room: Room, visit: Visit) -> datetime | None:
    """When somebody must look at a person next; None where nobody need.

    After use, after naloxone, and wherever else there is concern.
    """
    level, since = concern_of(room, visit), visit.checked or visit.since
    watched = visit.stage in IN_PLACE or visit.naloxone is not None
    if since is None or (level == "none" and not watched):
        return None
    minutes = room.policy.look_every.get(level, 1)
    if visit.stage not in IN_BOOTH and level == "none":
        minutes = room.policy.recovery_look_every
    return since + timedelta(minutes=minutes)


def _of_emergencies(room: Room, now: datetime) -> Iterator[Notice]:
    for id, emergency in room.emergencies.items():
        since = emergency.started or now
        yield Notice("emergency", id, since, "emergency", "Emergency")
        checked = emergency.breathing_checked or since
        due = checked + timedelta(minutes=room.policy.breathing_every)
        yield Notice("breathing_check", id, due, "emergency", "Check breathing")


def _of_visits(room: Room, now: datetime) -> Iterator[Notice]:
    for visit in room.visits.values():
        yield from _of_visit(room, visit)
        yield from _of_breaches(room, visit)
        closing = closing_after(visit.arrived, room) if visit.arrived else None
        if closing is not None and now >= closing:
            yield Notice("open_at_closing", visit.id, closing, "watch", "Still here after closing")


def _of_visit(room: Room, visit: Visit) -> Iterator[Notice]:
    due = next_check(room, visit)
    if due is not None:
        level = max_level(concern_of(room, visit), "watch")
        yield Notice("check", visit.id, due, level, "Check now")
    if visit.stage in IN_BOOTH and visit.seated is not None:
        limit = visit.seated + timedelta(minutes=room.policy.seat_limit)
        yield Notice("seat_limit", visit.id, limit, "watch", "Long in the booth")
    if visit.review is not None and visit.stage not in IN_PLACE:
        yield Notice(
            "assessment_review", visit.id, visit.review, "watch", "Look again before using"
        )


def _of_breaches(room: Room, visit: Visit) -> Iterator[Notice]:
    """What no rule would have let happen, and reports or later knowledge say is so."""
    since = visit.since or visit.arrived
    if since is None:
        return
    if visit.arrived is None:
        yield Notice("no_arrival", visit.id, since, "watch", "No arrival is recorded")
    placed = visit.seated if visit.stage in IN_BOOTH else None
    place = room.policy.place(visit.place)
    if visit.place is not None and (place is None or (placed and not place.consumption)):
        yield Notice("wrong_place", visit.id, placed or since, "watch", "Not a place for using")
    if visit.person is None:
        return
    first = room.visit_of(visit.person)
    if first is not None and first.id != visit.id:
        yield Notice("twice_here", visit.id, visit.arrived or since, "watch", "Here twice")


def _of_room(room: Room, now: datetime) -> Iterator[Notice]:
    yield from _staffing(room)
    for place in room.policy.places:
        here = room.in_place(place.id)
        if len(here) > place.capacity:
            came = sorted(_placed(visit) for visit in here)
            words = f"{len(here)} people in {place.spoken}"
            yield Notice("over_capacity", place.id, came[place.capacity], "rouse", words)
    for item, (key, ready) in room.standing.equipment.items():
        if not ready:
            yield Notice("equipment", item, key[0], "rouse", "Equipment not ready")
    for flag in room.standing.open_reviews():
        yield Notice("review", flag.id, flag.happened, "none", "To review")


def _placed(visit: Visit) -> datetime:
    """When a person came to the place where they are."""
    came = visit.seated if visit.stage in IN_BOOTH else visit.since
    return came or visit.since or datetime.max.replace(tzinfo=UTC)


def _staffing(room: Room) -> Iterator[Notice]:
    if room.state != "open":
        return
    changes = (*room.standing.staff.values(), *room.standing.state.values())
    since = max((key[0] for key, _ in changes), default=None)
    on = room.standing.on_shift()
    taken = {visit.place for visit in room.visits.values() if visit.stage in IN_BOOTH}
    needed = room.policy.needed_staff(len(taken))
    nurses = sum(role == "nurse" for role in on.values())
    if since is not None and len(on) < needed:
        yield Notice("staffing", "room", since, "rouse", f"{len(on)} staff on, {needed} needed")
    if since is not None and nurses < room.policy.nurses_minimum:
        words = f"{nurses} nurses on, {room.policy.nurses_minimum} needed"
        yield Notice("nurses", "room", since, "rouse", words)


def _with_acknowledgement(room: Room, notice: Notice) -> Notice:
    visit = room.visits.get(notice.subject)
    name = (notice.rule, notice.subject)
    named = (
        visit.acknowledged.get(name) if visit else None,
        room.standing.value("acknowledged", name),
    )
    due = parse_instant(instant(notice.due))
    seen = any(parse_instant(one) == due for one in named if one is not None)
    return replace(notice, acknowledged=True) if seen else notice
