"""One pure function answers every command, of a nurse's tap and of a simulated person alike."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from opendcr.ledger.codec import instant, whole_milliseconds
from opendcr.ledger.effective import ABOUT_FACTS, changed_data
from opendcr.ledger.facts import Command, Fact, Refusal
from opendcr.ledger.ids import fact_id, visit_id
from opendcr.ledger.kinds import BODY_KINDS, KINDS
from opendcr.ledger.shapes import Json
from opendcr.room.impossible import impossible_in
from opendcr.room.joining import emergency_in, home
from opendcr.room.permissions import may
from opendcr.room.room import NOTHING, Archive, Room, advance, origin_of, thread_of
from opendcr.room.rules import EARLIEST, EVERY_KIND, RULES
from opendcr.room.stages import IN_BOOTH, STEPS
from opendcr.room.whose import Carried, carried, emergency_named, person_on


def decide(
    room: Room, command: Command, now: datetime, archive: Archive = NOTHING
) -> tuple[Fact, ...] | Refusal:
    """What a command makes happen: facts not yet sealed, or a refusal.

    An ask is refused where permission or a rule of its kind says no. A report is never refused: it
    is recorded, followed by a `ReviewFlagged` for each thing that contradicts it. Where it lacks
    what its kind needs, amends what it cannot, or its sender may not send it, the flag alone is
    recorded and holds it. What is seen of a body, or done for one, is a report in any mode.

    `archive` holds the room's ledger, for what the room has let go of: an emergency that is over,
    a visit that has ended. Rules judge by `now`; a record that is ahead of it, since the server's
    clock was, moves only the time of recording, which never falls.
    """
    answer = _answer(room, command, whole_milliseconds(now), archive)
    if isinstance(answer, Refusal) or room.recorded is None:
        return answer
    return tuple(replace(fact, recorded=max(fact.recorded, room.recorded)) for fact in answer)


def _answer(
    room: Room, command: Command, now: datetime, archive: Archive
) -> tuple[Fact, ...] | Refusal:
    command = _completed(room, command, now, archive)
    if command.mode == "ask":
        refusal = _refused(room, command, now, archive)
        return refusal or _recorded(room, command, now, [], archive)
    if not permitted(command, archive):
        return (_held(command, now, "not_permitted"),)
    if command.missing:
        return (_held(command, now, "incomplete"),)
    moment = happened_at(command, now)
    contradictions = _contradictions(_as_it_was(room, moment), command, moment)
    if contradictions and command.kind in ABOUT_FACTS:
        return (_held(command, now, contradictions[0].code),)
    codes = [refusal.code for refusal in contradictions]
    return _recorded(room, command, now, codes, archive)


def _refused(room: Room, command: Command, now: datetime, archive: Archive) -> Refusal | None:
    """What stands against an ask, or None."""
    if not permitted(command, archive):
        return Refusal("not_permitted", "This is for somebody in another role.")
    if command.missing:
        return Refusal("incomplete", f"Something is missing: {', '.join(command.missing)}.")
    contradictions = _contradictions(room, command, now)
    if contradictions:
        return contradictions[0]
    if command.impossible and command.target and command.target.kind not in BODY_KINDS:
        shape = KINDS[command.target.kind].fields[command.impossible[0]]
        return Refusal("impossible_value", f"This cannot be true: it takes {shape.expects()}.")
    if _needs_reason(room, command, now):
        return Refusal("reason_needed", "This was a while ago. Say why it is entered now.")
    return None


def permitted(command: Command, archive: Archive) -> bool:
    """Whether the sender's role may send this; to amend a fact, or to take back that somebody did,
    it must be allowed to send the fact."""
    target = command.target if command.kind in ABOUT_FACTS else None
    amends = target and (origin_of(target, archive) or target)
    return may(command.role, command.kind) and (amends is None or may(command.role, amends.kind))


def _contradictions(room: Room, command: Command, moment: datetime) -> list[Refusal]:
    rules = (*EVERY_KIND, *RULES.get(command.kind, ()))
    return [refusal for rule in rules if (refusal := rule(room, command, moment))]


def _recorded(
    room: Room, command: Command, now: datetime, contradictions: list[str], archive: Archive
) -> tuple[Fact, ...]:
    """The fact, what the policy makes follow from it, and a flag for each doubt about it."""
    fact = _fact(command, now, 0, command.kind, _data(command))
    if command.mode == "ask":
        fact = replace(fact, happened=max(fact.happened, _decided_on(room, fact)))
    follows = carried(room, fact, archive)
    doubts = [*_doubts(room, command, now), *_breaks(room, fact, archive), *_disputes(follows)]
    flags = [_flag(reason, fact, command) for reason in dict.fromkeys([*contradictions, *doubts])]
    drafts = [*_cleaning(room, command), *_corrections(follows, command), *flags]
    return (
        fact,
        *(
            replace(_fact(command, now, at, kind, data), happened=fact.happened)
            for at, (kind, data) in enumerate(drafts, 1)
        ),
    )


def _decided_on(room: Room, fact: Fact) -> datetime:
    """The latest moment that an ask was decided on: it cannot happen before what it follows.

    A tap with a clock that lags would otherwise let somebody leave before they arrived.
    """
    visit = room.visits.get(fact.visit) if fact.visit else None
    moments = (visit.last[0] if visit and visit.last else None, room.standing.set_until(fact))
    known = [moment for moment in moments if moment is not None]
    latest = max(fact.recorded, room.recorded or fact.recorded)
    return min(max(known, default=fact.happened), latest)


def happened_at(command: Command, now: datetime) -> datetime:
    """When it happened: the tap's time on the server's clock, and never after `now`.

    Where that is before any room like this, the clock is wrong, and the moment is `now`.
    """
    corrected = _corrected(command)
    return whole_milliseconds(min(corrected, now) if corrected else now)


def _corrected(command: Command) -> datetime | None:
    """The tap's time on the server's clock; None where there is none, or none that can be."""
    if command.tapped is None:
        return None
    try:
        corrected = command.tapped + timedelta(milliseconds=command.offset_ms or 0)
    except OverflowError:
        return None
    return corrected if corrected >= EARLIEST else None


def _completed(room: Room, command: Command, now: datetime, archive: Archive) -> Command:
    """The command with the person, visit and place that are known and the sender left out."""
    if command.kind in BODY_KINDS:
        command = replace(command, mode="report", visit=_visit_of_body(room, command, archive))
    if command.kind == "Arrived":
        command = _numbered(room, command, archive)
    target = command.target if command.kind in ABOUT_FACTS else None
    if target is not None:
        impossible = (*command.impossible, *_impossible_changes(command, target))
        command = replace(command, visit=target.visit, person=target.person, impossible=impossible)
        command = _with_person(room, command, target, archive)
    visit = room.visits.get(command.visit) if command.visit else None
    if visit is not None and command.person is None and command.kind != "Arrived":
        command = replace(command, person=visit.person)
    if visit is not None and visit.place and command.kind == "EmergencyStarted":
        command = replace(command, data={"place": visit.place, **command.data})
    if command.kind in BODY_KINDS:
        return replace(command, runs=_runs(room, command, now, archive))
    return replace(command, hides=_hides(room, command, now, archive))


def _runs(room: Room, command: Command, now: datetime, archive: Archive) -> bool:
    """Whether the emergency that it names was running then, or the one that it was found to be.

    An end is only of its own.
    """
    named = command.data.get("emergency")
    if named is None or named in room.emergencies:
        return named is not None
    if command.kind == "EmergencyEnded":
        return False
    found = emergency_named(room, home(room, named, archive), archive)
    return found is not None and (found.ended is None or happened_at(command, now) < found.ended)


def _hides(room: Room, command: Command, now: datetime, archive: Archive) -> bool:
    """Whether a correction would put what runs into an emergency that is over."""
    put, target = emergency_in(command.data.get("changes")), command.target
    if put is None or target is None or target.kind in ABOUT_FACTS or command.missing:
        return False
    if put == target.data.get("emergency"):
        return False  # it was a mistake to have put it elsewhere
    over = emergency_named(room, home(room, put, archive), archive)
    if over is None or over.ended is None:
        return False
    fact = _fact(command, now, 0, command.kind, _data(command))
    follows = carried(room, fact, archive).changes
    going = {target.id, *(id for id, changes in follows.items() if "data" in changes)}
    return any(
        all(one.id in going for one in running.standing)
        and not any(
            one.kind == "EmergencyStarted" and one.happened > over.ended for one in running.standing
        )
        for running in room.emergencies.values()
    )


def _visit_of_body(room: Room, command: Command, archive: Archive) -> str | None:
    """The visit of a body: as said; else of its emergency; else the open one of its person."""
    if command.visit is not None:
        return command.visit
    emergency = emergency_named(room, command.data.get("emergency"), archive)
    if emergency is not None and emergency.visit is not None:
        return emergency.visit
    visit = room.visit_of(command.person) if command.person else None
    return visit.id if visit else None


def _with_person(room: Room, command: Command, target: Fact, archive: Archive) -> Command:
    """A correction of the visit is one of the person too: whoever the other visit is."""
    changes = command.data.get("changes")
    if not isinstance(changes, Mapping) or "visit" not in changes or "person" in changes:
        return command
    if target.kind == "Arrived":
        return command  # it says who the visit is
    person = person_on(room, changes["visit"], archive)
    return replace(command, data={**command.data, "changes": {**changes, "person": person}})


def _impossible_changes(command: Command, target: Fact) -> list[str]:
    """The keys of a correction's values that cannot be true of what it corrects."""
    shapes = KINDS[target.kind].fields
    return [
        key
        for key, value in changed_data(command.data.get("changes")).items()
        if key in shapes and shapes[key].readable(value) and not shapes[key].plausible(value)
    ]


def _numbered(room: Room, command: Command, archive: Archive) -> Command:
    """An arrival with its visit's id, and whether the ledger has that visit already."""
    if command.visit is None:
        return replace(command, visit=visit_id(command.id))
    return replace(command, known_visit=bool(thread_of(room, ("visit", command.visit), archive)))


def _as_it_was(room: Room, moment: datetime) -> Room:
    """The room under the policy of that moment: reports are judged by what held when they happened."""
    policies = tuple(one for one in room.standing.policies if one[0][0] <= moment)
    first = room.standing.policies[:1]
    return replace(room, standing=replace(room.standing, policies=policies or first))


def _fact(command: Command, now: datetime, at: int, kind: str, data: Mapping[str, Json]) -> Fact:
    room_kind = KINDS[kind].about == "room"
    return Fact(
        id=fact_id(command.id, at),
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


Draft = tuple[str, Mapping[str, Json]]


def _cleaning(room: Room, command: Command) -> list[Draft]:
    """Where the policy says so, a booth that somebody leaves is blocked for cleaning."""
    visit = room.visits.get(command.visit) if command.visit else None
    step = STEPS.get(command.kind)
    leaves = step is not None and step.after not in IN_BOOTH
    if not leaves or visit is None or visit.place is None or not room.policy.block_after_use:
        return []
    blocked = visit.stage in IN_BOOTH and room.standing.value("blocked", visit.place) is None
    data = {"place": visit.place, "reason": "cleaning", "rule": "turnover"}
    return [("PlaceBlocked", data)] if blocked else []


def _corrections(follows: Carried, command: Command) -> list[Draft]:
    """What is put under another visit with this."""
    reason = command.data["reason"] if command.kind in ABOUT_FACTS else "learned_later"
    return [
        ("Corrected", {"target": id, "changes": changes, "reason": reason})
        for id, changes in follows.changes.items()
    ]


def _held(command: Command, now: datetime, reason: str) -> Fact:
    """A report that cannot stand as it is: a flag that holds all of it."""
    report = {"data": _data(command), "missing": list(command.missing)}
    if command.impossible:
        report["impossible"] = list(command.impossible)
    data = {"reason": reason, "kind": command.kind, "report": report, **_note(command)}
    return _fact(command, now, 0, "ReviewFlagged", data)


def _note(command: Command) -> dict[str, Json]:
    return {"note": command.unreadable} if command.unreadable is not None else {}


def _flag(reason: str, fact: Fact, command: Command) -> Draft:
    data: dict[str, Json] = {"reason": reason, "about": fact.id, "kind": fact.kind}
    if reason == "impossible_value":
        data["fields"] = list(command.impossible)
    return "ReviewFlagged", data | (_note(command) if reason == "unreadable" else {})


def by_wrong_clock(facts: tuple[Fact, ...], command: Command) -> tuple[Fact, ...]:
    """The facts of a command, and a flag that the server's own clock was wrong for them."""
    about = facts[0]
    if about.kind != command.kind:
        return facts  # it is held already, and looked at anyway
    kind, data = _flag("server_clock", about, command)
    flag = _fact(command, about.recorded, len(facts), kind, data)
    return (*facts, replace(flag, happened=about.happened, visit=about.visit, person=about.person))


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


def _disputes(follows: Carried) -> list[str]:
    """Whether something had been said of another visit than its emergency's."""
    return ["other_visit"] if follows.disputed else []


def _breaks(room: Room, fact: Fact, archive: Archive) -> list[str]:
    """Whether a correction or retraction leaves the room as no room can be.

    It stands all the same, since it may be true; somebody has to look.
    """
    if fact.kind not in ABOUT_FACTS:
        return []
    after = advance(room, [replace(fact, seq=room.seq + 1)], archive)
    return ["breaks_room"] if impossible_in(after) - impossible_in(room) else []


def _clock_doubts(room: Room, command: Command, now: datetime) -> list[str]:
    """Doubts about the device's clock; of a time written by hand there is only one, a day's delay."""
    limit = timedelta(minutes=room.policy.clock_offset)
    if _corrected(command) is None:
        return ["clock_off"]
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
