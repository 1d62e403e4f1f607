"""What waits to be looked at again: each open flag with its reason in words.

A flag is raised by `decide` for whatever contradicts a report, and by people. It closes nothing: it
stands until somebody in the lead has looked.
"""

from collections.abc import Mapping
from types import MappingProxyType

from opendcr.ledger.codec import instant
from opendcr.ledger.facts import UNATTRIBUTED, Fact
from opendcr.ledger.kinds import KINDS
from opendcr.ledger.shapes import Json
from opendcr.room.board import code_of
from opendcr.room.room import Room

Row = dict[str, Json]

# What a flag says to people, by its reason: the codes of the rules, of doubts, and of what is held.
REASONS: Mapping[str, str] = MappingProxyType(
    {
        # The rules' codes
        "alert_says_nothing": "The alert names no substance and has no words.",
        "already_here": "The person was recorded as in the building already.",
        "already_used": "The visit was over: it may have been another person's.",
        "breaks_room": "It leaves too many in a place, one person here twice, or an emergency of "
        "somebody who has left.",
        "changes_unusable": "A correction could not be made as it was asked for.",
        "emergency_not_open": "It happened when the emergency that it names was not running, as far as is recorded.",
        "emergency_over": "It puts an emergency that runs into one that had ended.",
        "excluded": "An exclusion was in force.",
        "exclusion_unknown": "The exclusion that it lifts is not known.",
        "has_author": "The entry had its author already.",
        "not_assessed": "The talk before using was not recorded.",
        "not_correctable": "What it corrects is itself a correction.",
        "not_in_this_place": "The person was recorded as sitting somewhere else.",
        "not_on_shift": "The member of staff was not recorded as on shift.",
        "open_emergency": "An emergency of this person was still running.",
        "other_person": "The visit is recorded as another person's.",
        "people_inside": "People were recorded as still in the building.",
        "person_missing": "It does not say whom it is about.",
        "place_blocked": "The place was blocked.",
        "place_has_emergency": "An emergency was running in the place.",
        "place_taken": "The place was recorded as taken.",
        "place_unknown": "The policy has no such place.",
        "policy_invalid": "The policy could not be read.",
        "room_not_open": "The room was not open.",
        "route_not_allowed": "The policy does not allow this route.",
        "target_unknown": "What it corrects is not in the ledger.",
        "terms_not_accepted": "The terms in force were not recorded as accepted.",
        "terms_not_current": "Other terms were in force.",
        "too_few_staff": "Fewer staff were on shift than the policy asks for.",
        "too_soon": "It was before the earliest time to leave.",
        "under_age": "The person is recorded as under the minimum age.",
        "until_past": "The end of the exclusion lay in the past.",
        "visit_not_open": "The visit was recorded as over, or as not begun.",
        "wrong_kind_of_place": "The place is not meant for this.",
        "wrong_stage": "It does not follow from where the person was recorded to be.",
        # Doubts about a report, and what cannot stand as it came
        "clock_off": "The tablet's clock was wrong by more than the policy allows.",
        "clock_unknown": "The tablet did not know how its clock stood.",
        "impossible_value": "A value cannot be true.",
        "incomplete": "Something that it needs is missing.",
        "late_without_reason": "It was entered late, and nobody said why.",
        "other_visit": "It named another visit than the emergency's; it went to the emergency's.",
        "long_ago": "It happened more than a day before it was entered.",
        "not_permitted": "The sender's role may not record this.",
        "server_clock": "The server's clock had run ahead, so that the times may be too late.",
        "unknown_kind": "Nobody here knows this kind of entry.",
        "unreadable": "A part of it could not be read.",
    }
)


def open_reviews(room: Room) -> list[Row]:
    """The flags that nobody has resolved, oldest first. No name and no text is here: `note` is the
    id of the text that the flag holds in the register, or None."""
    return [
        _row(flag) | {"attributed": _author_named(room, flag)}
        for flag in room.standing.open_reviews()
    ]


def _author_named(room: Room, flag: Fact) -> str | None:
    """Who was named since as the author of what was flagged, or of the flag that holds it."""
    if flag.author != UNATTRIBUTED:
        return None
    named: str | None = room.standing.value("attributed", flag.data.get("about") or flag.id)
    return named


def _row(flag: Fact) -> Row:
    data = flag.data
    kind, report, about = data.get("kind"), data.get("report") or {}, flag.person or flag.visit
    fields = [*data.get("fields", ()), *report.get("missing", ()), *report.get("impossible", ())]
    return {
        "flag": flag.id,
        "reason": data["reason"],
        "words": reason_words(data["reason"]),
        "kind": kind,
        "kind_words": KINDS[kind].words if kind and kind in KINDS else None,
        "fields": list(dict.fromkeys(fields)),
        "about": data.get("about"),
        "visit": flag.visit,
        "person": flag.person,
        "code": code_of(about) if about else None,
        "at": instant(flag.happened),
        "author": flag.author,
        "note": (data.get("note") or {}).get("text"),
    }


def reason_words(reason: str) -> str:
    """The words for a flag's reason; a reason that a person gave by hand stands for itself."""
    return REASONS.get(reason) or f"Flagged by hand: {reason.replace('_', ' ')}."
