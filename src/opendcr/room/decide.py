"""One pure function answers every command, of a nurse's tap and of a simulated person alike."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from opendcr.ledger.codec import instant, whole_milliseconds
from opendcr.ledger.facts import Command, Fact, Refusal
from opendcr.ledger.kinds import BODY_KINDS, KINDS
from opendcr.ledger.shapes import Json
from opendcr.room.permissions import may
from opendcr.room.room import Room
from opendcr.room.rules import RULES
from opendcr.room.stages import IN_BOOTH


def decide(room: Room, command: Command, now: datetime) -> tuple[Fact, ...] | Refusal:
    """What a command makes happen: facts not yet sealed, or a refusal.

    An ask is refused where permission or a rule of its kind says no. A report is never refused: it
    is recorded, followed by a `ReviewFlagged` for each thing that contradicts it. Where it lacks
    what its kind needs, or its sender may not send it, the flag alone is recorded and holds it.
    """
    command = _completed(room, command)
    if not may(command.role, command.kind):
        if command.mode == "ask":
            return Refusal("not_permitted", "This is for somebody in another role.")
        return (_held(command, now, "not_permitted"),)
    if command.missing:
        return (_held(command, now, "incomplete"),)
    room = room if command.mode == "ask" else _as_it_was(room, happened_at(command, now))
    contradictions = [
        refusal for rule in RULES.get(command.kind, ()) if (refusal := rule(room, command, now))
    ]
    if command.mode == "ask":
        if contradictions:
            return contradictions[0]
        if _needs_reason(room, command, now):
            return Refusal("reason_needed", "This was a while ago. Say why it is entered now.")
    fact = _fact(command, now, 0, command.kind, _data(command))
    reasons = [refusal.code for refusal in contradictions] + _doubts(room, command, now)
    drafts = [*_following(room, command), *(_flag(reason, fact, command) for reason in reasons)]
    return (
        fact,
        *(_fact(command, now, at, kind, data) for at, (kind, data) in enumerate(drafts, 1)),
    )


def happened_at(command: Command, now: datetime) -> datetime:
    """When it happened: the tap's time on the server's clock, and never after `now`."""
    if command.tapped is None:
        return whole_milliseconds(now)
    try:
        corrected = command.tapped + timedelta(milliseconds=command.offset_ms or 0)
        return whole_milliseconds(min(corrected, now))
    except OverflowError:  # an offset of centuries: the clock is flagged, the moment is now
        return whole_milliseconds(now)


def _completed(room: Room, command: Command) -> Command:
    """The command with the person, visit and place that the room knows and the sender left out."""
    running = room.emergencies.get(str(command.data.get("emergency")))
    if command.visit is None and running is not None and running.visit is not None:
        command = replace(command, visit=running.visit)
    if command.kind == "Arrived" and command.visit is None:
        command = replace(
            command, visit=f"v-{uuid.uuid5(_namespace(command.id), 'visit').hex[:16]}"
        )
    if command.target is not None and command.kind in ("Corrected", "Retracted"):
        command = replace(command, visit=command.target.visit, person=command.target.person)
    visit = room.visits.get(command.visit) if command.visit else None
    if visit is not None and command.person is None and command.kind != "Arrived":
        command = replace(command, person=visit.person)
    if visit is not None and visit.place and command.kind == "EmergencyStarted":
        command = replace(command, data={"place": visit.place, **command.data})
    return command


def _as_it_was(room: Room, moment: datetime) -> Room:
    """The room under the policy of that moment: a report is judged by what held when it happened."""
    policies = tuple(one for one in room.standing.policies if one[0][0] <= moment)
    first = room.standing.policies[:1]
    return replace(room, standing=replace(room.standing, policies=policies or first))


def _namespace(id: str) -> uuid.UUID:
    """The UUID that a command's id is, or one made of it where it is none."""
    try:
        return uuid.UUID(id)
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_OID, id)


def _fact(command: Command, now: datetime, at: int, kind: str, data: Mapping[str, Json]) -> Fact:
    room_kind = KINDS[kind].about == "room"
    return Fact(
        id=str(uuid.uuid5(_namespace(command.id), str(at))),
        command=command.id,
        kind=kind,
        version=KINDS[kind].version,
        room=command.room,
        visit=None if room_kind else command.visit,
        person=None if room_kind else command.person,
        happened=happened_at(command, now),
        recorded=whole_milliseconds(now),
        author=command.author,
        entered_by=command.entered_by,
        role=command.role,
        device=command.device,
        source=command.source,
        data=data,
    )


def _data(command: Command) -> dict[str, Json]:
    """The fact's data: what was said, the clock as it was measured, and why it is late."""
    data = dict(command.data)
    if command.kind == "ReviewFlagged":
        data |= _note(command)
    if command.tapped is not None:
        data["clock"] = {
            "tapped": instant(command.tapped),
            "offset_ms": command.offset_ms,
            "age_ms": command.offset_age_ms,
        }
    if command.because is not None:
        data["because"] = command.because
    return data


def _following(room: Room, command: Command) -> list[tuple[str, Mapping[str, Json]]]:
    """What the policy makes follow: a booth that somebody leaves is blocked for cleaning."""
    visit = room.visits.get(command.visit) if command.visit else None
    leaves = command.kind in ("MovedToRecovery", "Departed", "TurnedAway")
    if not leaves or visit is None or visit.place is None or not room.policy.block_after_use:
        return []
    blocked = visit.stage in IN_BOOTH and room.standing.value("blocked", visit.place) is None
    data = {"place": visit.place, "reason": "cleaning", "rule": "turnover"}
    return [("PlaceBlocked", data)] if blocked else []


def _held(command: Command, now: datetime, reason: str) -> Fact:
    """A report that cannot stand as it is: a flag that holds all of it."""
    report = {"data": dict(command.data), "missing": list(command.missing)}
    data = {"reason": reason, "kind": command.kind, "report": report, **_note(command)}
    return _fact(command, now, 0, "ReviewFlagged", data)


def _note(command: Command) -> dict[str, Json]:
    return {"note": command.unreadable} if command.unreadable is not None else {}


def _flag(reason: str, fact: Fact, command: Command) -> tuple[str, Mapping[str, Json]]:
    data: dict[str, Json] = {"reason": reason, "about": fact.id, "kind": fact.kind}
    if reason == "impossible_value":
        data["fields"] = list(command.impossible)
    return "ReviewFlagged", data | (_note(command) if reason == "unreadable" else {})


def _doubts(room: Room, command: Command, now: datetime) -> list[str]:
    """What makes a report doubtful beside the rules; an impossible value or clock also in an ask."""
    doubts = []
    if command.impossible:
        doubts.append("impossible_value")
    if command.unreadable is not None and command.kind != "ReviewFlagged":
        doubts.append("unreadable")
    if command.tapped is not None:
        doubts += _clock_doubts(room, command, now)
    if command.mode == "report" and _needs_reason(room, command, now):
        doubts.append("late_without_reason")
    return doubts


def _clock_doubts(room: Room, command: Command, now: datetime) -> list[str]:
    """Doubts about the device's clock; of a time written by hand there is only one, a day's delay."""
    limit = timedelta(minutes=room.policy.clock_offset)
    doubts = ["long_ago"] if now - happened_at(command, now) > timedelta(days=1) else []
    if command.source == "paper":
        return doubts
    if command.offset_ms is None:
        return [*doubts, "clock_unknown"]
    ahead = _seconds(command.tapped, now) + command.offset_ms / 1000
    off = max(abs(command.offset_ms) / 1000, ahead) > limit.total_seconds()
    return [*doubts, "clock_off"] if off else doubts


def _seconds(tapped: datetime | None, now: datetime) -> float:
    """How far a device's time is ahead of `now`."""
    return (tapped - now).total_seconds() if tapped else 0.0


def _needs_reason(room: Room, command: Command, now: datetime) -> bool:
    """Entered by hand longer after the event than the policy lets pass without a reason."""
    by_hand = command.source == "paper" and command.kind not in BODY_KINDS
    late = now - happened_at(command, now) > timedelta(minutes=room.policy.late_entry)
    return by_hand and late and command.because is None
