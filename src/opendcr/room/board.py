"""The board: the room as screens draw it, plain JSON, every time an absolute one.

Nothing here is a name: people are ids and short codes, and the web adds chosen names for the roles
that may see them. What nobody must read over a shoulder (history, health) is not here at all.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from opendcr.catalogue.care import EQUIPMENT
from opendcr.catalogue.people import NEEDS, PAUSES
from opendcr.catalogue.places import PLACE_KINDS
from opendcr.catalogue.substances import SUBSTANCES
from opendcr.ledger.codec import instant
from opendcr.ledger.shapes import Json
from opendcr.room.attention import Notice, attention, concern_of, next_check
from opendcr.room.emergency import Emergency
from opendcr.room.policy import Place
from opendcr.room.room import Room
from opendcr.room.rules import earliest_leave, has_terms
from opendcr.room.stages import IN_BOOTH
from opendcr.room.story import story
from opendcr.room.visit import Visit, order

Board = dict[str, Json]


def board(room: Room, now: datetime) -> Board:
    """The whole board at `now`."""
    policy, standing = room.policy, room.standing
    taken = {visit.place for visit in room.visits.values() if visit.stage in IN_BOOTH}
    on = standing.on_shift()
    reviews = standing.open_reviews()
    return {
        "room": room.name,
        "title": policy.title,
        "seq": room.seq,
        "now": instant(now),
        "timezone": room.timezone,
        "state": room.state,
        "opens": policy.opens,
        "closes": policy.closes,
        "building": len(room.visits),
        "terms": standing.current_terms,
        "staff": {
            "on": len(on),
            "needed": policy.needed_staff(len(taken)),
            "people": [{"id": staff, "role": role} for staff, role in on.items()],
        },
        "equipment": _equipment(room),
        "places": [_place(room, place) for place in policy.places],
        "visits": _visits(room, now, Counter(flag.visit for flag in reviews)),
        "emergencies": [
            _emergency(room, emergency)
            for emergency in sorted(
                room.emergencies.values(), key=lambda one: (one.started, one.id)
            )
        ],
        "attention": [_notice(notice) for notice in attention(room, now)],
        "alerts": _alerts(room),
        "reviews": len(reviews),
        "routes": list(policy.routes),
        "minimum_age": policy.minimum_age,
    }


def code_of(id: str) -> str:
    """A short code that can be said over a counter, of a person or an anonymous visit.

    Six characters of Crockford's base 32, without I, L, O and U; for the eye, not for identity.
    """
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = int.from_bytes(hashlib.sha256(id.encode()).digest()[:4], "big") >> 2
    said = "".join(letters[(number >> shift) & 31] for shift in range(25, -1, -5))
    return f"{said[:3]}-{said[3:]}"


def _equipment(room: Room) -> list[Board]:
    return [
        {"item": item, "words": EQUIPMENT.words(item), "ready": ready, "checked": instant(key[0])}
        for item, (key, ready) in sorted(room.standing.equipment.items())
    ]


def _place(room: Room, place: Place) -> Board:
    here = room.in_place(place.id)
    blocked = room.standing.blocked.get(place.id)
    reason = blocked[1][0] if blocked and blocked[1] else None
    emergency = room.emergency_in(place.id)
    return {
        "id": place.id,
        "words": place.words,
        "kind": place.kind,
        "kind_words": PLACE_KINDS.words(place.kind),
        "hand": place.hand,
        "consumption": place.consumption,
        "capacity": place.capacity,
        "state": _state(emergency is not None, len(here) >= place.capacity, reason is not None),
        "emergency": emergency.id if emergency else None,
        "blocked": {
            "reason": reason,
            "words": PAUSES.words(reason),
            "since": instant(blocked[0][0]),
        }
        if blocked and reason
        else None,
        "visits": [visit.id for visit in here],
    }


def _state(emergency: bool, taken: bool, blocked: bool) -> str:
    """What a place is, most pressing first. Only a free one is offered."""
    return "emergency" if emergency else "taken" if taken else "blocked" if blocked else "free"


def _visits(room: Room, now: datetime, reviews: Mapping[str | None, int]) -> list[Board]:
    queue = [
        visit
        for visit in room.visits.values()
        if visit.stage in ("waiting", "called", "stepped_out")
    ]
    queue.sort(key=lambda visit: (visit.queued or visit.since, visit.id))
    positions = {visit.id: at for at, visit in enumerate(queue, 1)}
    here = sorted(room.visits.values(), key=lambda visit: (visit.arrived or visit.since, visit.id))
    return [
        _visit(room, visit)
        | {"position": positions.get(visit.id), "to_review": reviews.get(visit.id, 0)}
        | {"excluded": _excluded(room, visit.person, now)}
        for visit in here
    ]


def _visit(room: Room, visit: Visit) -> Board:
    emergency = room.emergency_of(visit.id)
    return {
        "id": visit.id,
        "person": visit.person,
        "code": code_of(visit.person or visit.id),
        "stage": visit.stage,
        "since": _time(visit.since),
        "arrived": _time(visit.arrived),
        "reasons": list(visit.reasons),
        "needs": list(visit.needs),
        "needs_words": [NEEDS.words(need) for need in visit.needs],
        "place": visit.place,
        "substances": list(visit.substances),
        "glyphs": "".join(
            SUBSTANCES[code].glyph for code in visit.substances if code in SUBSTANCES
        ),
        "substance_words": " + ".join(SUBSTANCES.words(code) for code in visit.substances),
        "route": visit.route,
        "concern": concern_of(room, visit),
        "seated": _time(visit.seated),
        "started": _time(visit.started),
        "ended": _time(visit.ended),
        "checked": _time(visit.checked),
        "looked": _looked(visit),
        "next_check": _time(next_check(room, visit)),
        "observer": visit.observer,
        "naloxone": _time(visit.naloxone),
        "not_before": _time(earliest_leave(room, visit)),
        "assessed": visit.assessed == "proceed",
        "terms": has_terms(room, visit),
        "wants_to_use": visit.wants_to_use,
        "emergency": emergency.id if emergency else None,
    }


def _excluded(room: Room, person: str | None, now: datetime) -> Board | None:
    """The exclusion that holds against somebody who is here all the same, for other help."""
    held = room.standing.exclusion_of(person, now)
    return {"id": held.id, "until": instant(held.until), "scope": held.scope} if held else None


def _looked(visit: Visit) -> Board | None:
    """What the last look saw, as codes and numbers, and when; None before the first."""
    if not visit.observed:
        return None
    look = visit.observed[-1]
    seen = ("response", "breaths", "spo2", "skin", "concern")
    return {"at": instant(look.happened)} | {key: look.data.get(key) for key in seen}


def _emergency(room: Room, emergency: Emergency) -> Board:
    where, told = room.where(emergency), story(emergency, room.standing)
    begun = {line["own"] for line in told if line["kind"] == "EmergencyStarted"}
    latest: dict[str, Json] = {}
    for fact in emergency.standing:
        latest |= {
            key: (fact.data[key], instant(fact.happened)) for key in _LOOKED if key in fact.data
        }
    return {
        "id": emergency.id,
        "also": sorted(begun - {emergency.id}),  # those that were found to be this one
        "visit": emergency.visit,
        "place": where.place,
        "area": where.area,
        "resting": where.resting,
        "since": _time(emergency.started),
        "type": emergency.type,
        "ambulance": {
            name: _last(emergency, kind)
            for name, kind in (
                ("called", "AmbulanceCalled"),
                ("arrived", "AmbulanceArrived"),
                ("left", "AmbulanceLeft"),
            )
        },
        "breathing_checked": _time(emergency.breathing_checked),
        "breaths": latest.get("breaths", (None, None))[0],
        "response": latest.get("response", (None, None))[0],
        "spo2": latest.get("spo2", (None, None))[0],
        "spo2_at": latest.get("spo2", (None, None))[1],
        "oxygen": _oxygen(emergency),
        "naloxone": [
            {
                "at": instant(fact.happened),
                "micrograms": fact.data.get("micrograms"),
                "route": fact.data.get("route"),
            }
            for fact in emergency.naloxone
        ],
        "interventions": {
            fact.data["intervention"]: instant(fact.happened)
            for fact in emergency.standing
            if fact.kind == "InterventionGiven"
        },
        "timeline": told,
    }


_LOOKED = ("breaths", "response", "spo2")


def _oxygen(emergency: Emergency) -> int | None:
    """Litres of oxygen a minute, as last given, stopped or seen."""
    litres = None
    for fact in emergency.standing:
        if fact.data.get("intervention") == "oxygen":
            litres = None if fact.data.get("stopped") else fact.data.get("litres", litres)
        litres = fact.data.get("oxygen", litres)
    return litres


def _last(emergency: Emergency, kind: str) -> str | None:
    moments = [fact.happened for fact in emergency.standing if fact.kind == kind]
    return instant(moments[-1]) if moments else None


def _notice(notice: Notice) -> Board:
    return {
        "rule": notice.rule,
        "subject": notice.subject,
        "due": instant(notice.due),
        "level": notice.level,
        "words": notice.words,
        "acknowledged": notice.acknowledged,
    }


def _alerts(room: Room) -> list[Board]:
    raised = [
        (alert, fact) for alert, (_, fact) in room.standing.alerts.items() if fact is not None
    ]
    return [
        {
            "alert": alert,
            "text": fact.data.get("note", {}).get("text"),
            "substances": list(fact.data.get("substances", ())),
            "since": instant(fact.happened),
        }
        for alert, fact in sorted(raised, key=lambda one: order(one[1]))
    ]


def _time(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None
