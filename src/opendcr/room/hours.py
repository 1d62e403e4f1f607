"""The room's day by the clock on its wall: local times, which the change to summer time moves."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from opendcr.room.room import Room


@lru_cache(maxsize=16)
def zone(name: str) -> ZoneInfo:
    """The time zone of this name."""
    return ZoneInfo(name)


def at_local(day: datetime, clock: str, timezone: str) -> datetime:
    """The moment, in UTC, of a local clock time (`00:00` to `24:00`) on a local day."""
    hours, minutes = int(clock[:2]), int(clock[3:])
    midnight = datetime.combine(day.date(), time(0), zone(timezone))
    days, hours = divmod(hours, 24)
    # Added to the wall clock, not to the moment: 21:00 stays 21:00 on a day of 23 hours.
    local = midnight + timedelta(days=days, hours=hours, minutes=minutes)
    return local.astimezone(UTC)


def closing_after(moment: datetime, room: Room) -> datetime | None:
    """The closing time that follows a moment; None for a room that never closes."""
    policy = room.policy
    if policy.opens == "00:00" and policy.closes == "24:00":
        return None
    local = moment.astimezone(zone(room.timezone))
    closing = at_local(local, policy.closes, room.timezone)
    return (
        closing
        if closing > moment
        else at_local(local + timedelta(days=1), policy.closes, room.timezone)
    )
