"""How many have been and gone today: the board shows it, and no rule of the room asks for it."""

from datetime import UTC, datetime
from functools import lru_cache

from django.db import connection

from opendcr.room.hours import at_local, zone
from opendcr.room.room import Room
from opendcr.web.store.models import Entry


def left_today(room: Room, now: datetime) -> int:
    """Visits whose end was recorded since local midnight and still stands."""
    last = last_before_today(room, now)
    ended = Entry.objects.filter(room=room.name, kind="Departed", seq__gt=last, seq__lte=room.seq)
    # Whose departure was taken back is in the room again.
    return len(set(ended.values_list("visit", flat=True)) - set(room.visits) - {None})


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
