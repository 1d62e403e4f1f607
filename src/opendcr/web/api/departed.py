"""Who has been and gone today, and how many: screens show it, and no rule of the room asks for it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from django.db import connection

from opendcr.ledger.effective import ABOUT_FACTS, effective
from opendcr.ledger.facts import Fact
from opendcr.room.hours import at_local, zone
from opendcr.room.room import Room
from opendcr.web.store.archive import StoredArchive
from opendcr.web.store.models import Entry


def gone_today(room: Room, now: datetime) -> list[Fact]:
    """The departures that were recorded since local midnight and stand, one a visit, the last first."""
    stated = StoredArchive(room.name).recorded_since("Departed", last_before_today(room, now))
    gone = {fact.visit: fact for fact in _departures(stated) if _is_over(room, fact.visit)}
    return sorted(gone.values(), key=lambda fact: (fact.happened, fact.seq), reverse=True)


def left_today(room: Room, now: datetime) -> int:
    """How many they are, for each board: what nobody amended is counted without being read."""
    last = last_before_today(room, now)
    today = Entry.objects.filter(room=room.name, seq__gt=last, seq__lte=room.seq)
    ended = dict(today.filter(kind="Departed").values_list("fact", "visit"))
    targets = today.filter(kind__in=ABOUT_FACTS).values_list("target", flat=True)
    amended = ended.keys() & set(targets)
    visits = {visit for fact, visit in ended.items() if fact not in amended}
    visits |= {fact.visit for fact in _departures(StoredArchive(room.name).among("fact", amended))}
    return sum(_is_over(room, visit) for visit in visits)


def _departures(stated: Iterable[Fact]) -> list[Fact]:
    return [fact for fact in effective(stated) if fact.kind == "Departed"]


def _is_over(room: Room, visit: str | None) -> bool:
    return visit is not None and visit not in room.visits


def last_before_today(room: Room, now: datetime) -> int:
    """The `seq` of the last fact recorded before local midnight; 0 where there is none."""
    midnight = at_local(now.astimezone(zone(room.timezone)), "00:00", room.timezone)
    if midnight > now:
        return room.seq
    database = str(connection.settings_dict["NAME"])
    last = _last_before(database, room.name, midnight)
    if not _is_last_before(room.name, last, midnight):
        _last_before.cache_clear()  # a backup was restored under this process
        last = _last_before(database, room.name, midnight)
    return last


def _is_last_before(room: str, seq: int, moment: datetime) -> bool:
    around = Entry.objects.filter(room=room, seq__in=(seq, seq + 1))
    found = dict(around.values_list("seq", "recorded"))
    before = seq == 0 or (seq in found and found[seq].astimezone(UTC) < moment)
    return before and (seq + 1 not in found or found[seq + 1].astimezone(UTC) >= moment)


@lru_cache(maxsize=64)
def _last_before(database: str, room: str, moment: datetime) -> int:
    """The `seq` of the last fact recorded before a moment that has passed; 0 where there is none.

    `recorded` never falls with `seq`: halving finds it, without an index over time.
    """
    entries = Entry.objects.filter(room=room)
    low, high = 0, entries.order_by("-seq").values_list("seq", flat=True).first() or 0
    while low < high:
        middle = (low + high + 1) // 2
        recorded = entries.values_list("recorded", flat=True).get(seq=middle)
        low, high = (middle, high) if recorded.astimezone(UTC) < moment else (low, middle - 1)
    return low
