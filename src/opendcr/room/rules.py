"""The rules of the room: for each kind, what must hold.

A rule answers with a Refusal or nothing. The same rule stops an ask and flags a report: a report is
never stopped, since what it tells has happened.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from opendcr.catalogue.places import ROUTES, permits
from opendcr.errors import InputError
from opendcr.ledger.effective import ABOUT_FACTS, CHANGEABLE, readable_changes
from opendcr.ledger.facts import UNATTRIBUTED, Command, Refusal
from opendcr.ledger.shapes import parse_instant
from opendcr.room.policy import Place, Policy
from opendcr.room.room import Room
from opendcr.room.stages import IN_BOOTH, STAGES, STEPS
from opendcr.room.visit import Visit

Rule = Callable[[Room, Command, datetime], Refusal | None]

# Before this no such room kept an electronic record: a device that says so never had its clock set.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)

_LEAD = "The shift lead may decide."
_ALREADY_HERE = Refusal("already_here", "This person is in the building already.")


def visit_is_open(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The visit is one of those in the building."""
    if command.visit is not None and command.visit in room.visits:
        return None
    return Refusal(
        "visit_not_open", "This visit is not open: the person has left, or it has not begun."
    )


def visit_open_if_named(room: Room, command: Command, now: datetime) -> Refusal | None:
    """A visit, where one is named, is open."""
    return None if command.visit is None else visit_is_open(room, command, now)


def stage_fits(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The visit stands where this can follow (see `stages`)."""
    visit = _visit(room, command)
    if visit is None or visit.stage in STEPS[command.kind].before:
        return None
    stands = STAGES[visit.stage].words
    return Refusal("wrong_stage", f"This does not follow from where the person is: {stands}.")


def person_is_named(room: Room, command: Command, now: datetime) -> Refusal | None:
    """A person is named."""
    return None if command.person else Refusal("person_missing", "Say who this is about.")


def room_is_open(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The room takes people in."""
    if room.state == "open":
        return None
    return Refusal("room_not_open", f"The room is {room.state}. {_LEAD}")


def not_here_already(room: Room, command: Command, now: datetime) -> Refusal | None:
    """A new visit, of a person who is not in the building."""
    if command.visit is not None and command.visit in room.visits:
        return Refusal("already_here", "This visit has begun already.")
    if command.person is not None and room.visit_of(command.person) is not None:
        return _ALREADY_HERE
    return None


def visit_is_new(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The visit is not one that is over: it was perhaps another person's."""
    if not command.known_visit or command.visit in room.visits:
        return None
    return Refusal("already_used", "This visit is over. Begin a new one.")


def person_fits(room: Room, command: Command, now: datetime) -> Refusal | None:
    """A visit is one person's, and a person has one visit."""
    visit = _visit(room, command)
    if visit is None or command.person is None or command.kind in ("Arrived", *ABOUT_FACTS):
        return None
    if visit.person is None:
        elsewhere = room.visit_of(command.person)
        return _ALREADY_HERE if elsewhere is not None else None
    if command.person in room.standing.same_person(visit.person):
        return None
    return Refusal("other_person", "This visit is somebody else's. Correct its arrival first.")


def nowhere_else(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The person is not in another place, on another visit or under another pseudonym."""
    visit = _visit(room, command)
    if visit is None or visit.person is None:
        return None
    same = room.standing.same_person(visit.person)
    others = [one for one in room.visits.values() if one.person in same and one.id != visit.id]
    return _ALREADY_HERE if any(other.place for other in others) else None


def not_excluded(room: Room, command: Command, now: datetime) -> Refusal | None:
    """Nobody is admitted against an exclusion; one from using leaves other help open."""
    visit = _visit(room, command)
    person = command.person or (visit.person if visit else None)
    reasons = command.data.get("reasons") or ["consume"]
    to_use = command.kind != "Arrived" or "consume" in reasons
    if command.kind == "Queued" and visit is not None:
        to_use = visit.wants_to_use
    exclusion = room.standing.exclusion_of(person, now, to_use)
    if exclusion is None:
        return None
    until = exclusion.until.strftime("%-d %B %Y")
    helped = " Other help goes on." if exclusion.scope == "using" else ""
    return Refusal("excluded", f"Not until {until}.{helped} The service manager may decide.")


def of_age(room: Room, command: Command, now: datetime) -> Refusal | None:
    """Nobody known to be under the minimum age is admitted."""
    visit = _visit(room, command)
    person = command.person or (visit.person if visit else None)
    ages = [_oldest(band) for band in room.standing.age_bands(person)]
    if min(ages, default=999) < room.policy.minimum_age:
        return Refusal("under_age", f"The room is for people of {room.policy.minimum_age} or over.")
    return None


def named_may_come(room: Room, command: Command, now: datetime) -> Refusal | None:
    """Somebody who is named only now, on a visit without a name, may be here."""
    visit = _visit(room, command)
    if visit is None or visit.person is not None or command.person is None:
        return None
    return of_age(room, command, now) or not_excluded(room, command, now)


def old_enough_to_go_ahead(room: Room, command: Command, now: datetime) -> Refusal | None:
    """Nobody known to be under the minimum age is told to go ahead."""
    proceeds = command.data.get("outcome") == "proceed"
    return of_age(room, command, now) if proceeds else None


def _oldest(band: str) -> int:
    """The greatest age that a band allows; an unknown age is old enough."""
    if band == "under_18":
        return 17
    upper = band.rpartition("-")[2]
    return int(upper) if upper.isdigit() else 999


def terms_accepted(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The person has accepted the terms that stand now."""
    visit = _visit(room, command)
    if visit is None or has_terms(room, visit):
        return None
    return Refusal("terms_not_accepted", "The current terms come first: read them together.")


def has_terms(room: Room, visit: Visit) -> bool:
    """Whether the person of a visit has accepted the terms that stand now."""
    current = room.standing.current_terms
    people = room.standing.same_person(visit.person) if visit.person else frozenset[str]()
    accepted = {room.standing.value("accepted", person) for person in people} | {visit.terms}
    return current is None or current in accepted


def assessed(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The person has been talked with on this visit, and is to go ahead."""
    visit = _visit(room, command)
    if visit is None or visit.assessed == "proceed":
        return None
    return Refusal("not_assessed", "The talk before using comes first on every visit.")


def place_is_for_use(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The place exists and people use there."""
    place = room.policy.place(command.data.get("place"))
    if place is None:
        return Refusal("place_unknown", "The room's policy has no such place.")
    if not place.consumption:
        return Refusal("wrong_kind_of_place", f"{_said(place)} is not a place for using.")
    return None


def _said(place: Place) -> str:
    """A place at the head of a sentence."""
    return place.spoken[:1].upper() + place.spoken[1:]


def place_exists(room: Room, command: Command, now: datetime) -> Refusal | None:
    """A place, where one is named, is one of the room's."""
    named = command.data.get("place")
    if named is None or room.policy.place(named) is not None:
        return None
    return Refusal("place_unknown", "The room's policy has no such place.")


def place_has_room(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The place is neither taken to its capacity nor blocked."""
    place = room.policy.place(command.data.get("place"))
    if place is None:
        return None
    others = [visit for visit in room.in_place(place.id) if visit.id != command.visit]
    if len(others) >= place.capacity:
        return Refusal("place_taken", f"{_said(place)} is taken.")
    if room.standing.value("blocked", place.id) is not None:
        return Refusal("place_blocked", f"{_said(place)} is blocked. {_LEAD}")
    return None


def place_has_no_emergency(room: Room, command: Command, now: datetime) -> Refusal | None:
    """No emergency but this person's own runs in the place."""
    place = room.policy.place(command.data.get("place"))
    emergency = room.emergency_in(place.id) if place else None
    if place is None or emergency is None or emergency.visit == command.visit:
        return None
    return Refusal("place_has_emergency", f"An emergency runs in {place.spoken}.")


def enough_staff(room: Room, command: Command, now: datetime) -> Refusal | None:
    """One more open booth does not leave the room with fewer staff than its policy asks for."""
    taken = {visit.place for visit in room.visits.values() if visit.stage in IN_BOOTH}
    needed = room.policy.needed_staff(len(taken | {command.data.get("place")}))
    on = len(room.standing.on_shift())
    if on >= needed:
        return None
    return Refusal(
        "too_few_staff", f"{needed} staff are needed for one more booth; {on} are on. {_LEAD}"
    )


def in_this_place(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The person sits where they are said to use."""
    visit = _visit(room, command)
    if visit is None or visit.place == command.data.get("place"):
        return None
    return Refusal("not_in_this_place", "The person does not sit there. Seat them first.")


def route_fits(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The route is one that the policy allows, in a place of the right kind."""
    route = command.data.get("route", "unknown")
    if route not in room.policy.routes:
        return Refusal("route_not_allowed", f"Not {ROUTES.words(route)} in this room.")
    place = room.policy.place(command.data.get("place"))
    if place is not None and not permits(place.kind, route):
        return Refusal("wrong_kind_of_place", f"Not {ROUTES.words(route)} in {place.spoken}.")
    return None


def no_open_emergency(room: Room, command: Command, now: datetime) -> Refusal | None:
    """Nobody leaves, sits down or uses in their own emergency, or in one there that is nobody's yet."""
    visit = _visit(room, command)
    if visit is None:
        return None
    if room.emergency_of(visit.id) is not None:
        return Refusal("open_emergency", "The emergency is still running. End it first.")
    place = room.policy.place(visit.place)
    emergency = room.emergency_in(place.id) if place and place.consumption else None
    if place is None or emergency is None or emergency.visit is not None:
        return None
    return Refusal("open_emergency", f"An emergency runs in {place.spoken}. Say whose it is first.")


def stayed_long_enough(room: Room, command: Command, now: datetime) -> Refusal | None:
    """Nobody is said to have left well before the minimum stay; against advice they may."""
    visit = _visit(room, command)
    until = earliest_leave(room, visit) if visit else None
    if until is None or now >= until or command.data.get("how") != "well":
        return None
    return Refusal(
        "too_soon", "It is before the earliest time to leave. Record it as against advice."
    )


def earliest_leave(room: Room, visit: Visit) -> datetime | None:
    """When a person may leave: the minimum stays after naloxone and after use, where they apply.

    Whoever comes back soon after they had naloxone has the rest of that stay before them.
    """
    after_naloxone = timedelta(minutes=room.policy.stay_after_naloxone)
    after_use = timedelta(minutes=room.policy.stay_after_use)
    doses = room.doses_of(visit) if after_naloxone else []
    rest = [dose + after_naloxone for dose in doses]
    times = [until for until in rest if visit.arrived is None or until > visit.arrived]
    used = visit.ended or visit.started
    if visit.naloxone is not None and after_naloxone:
        times.append(visit.naloxone + after_naloxone)
    if used is not None and after_use:
        times.append(used + after_use)
    return max(times, default=None)


def nobody_inside(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The room closes when everybody has left."""
    inside = len(room.visits)
    if not inside:
        return None
    return Refusal("people_inside", f"{inside} still in the building. Record how each left.")


def terms_are_current(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The terms accepted are those that stand."""
    if command.data.get("terms") == room.standing.current_terms:
        return None
    return Refusal("terms_not_current", "Other terms stand now. Read those together.")


def ends_later(room: Room, command: Command, now: datetime) -> Refusal | None:
    """An exclusion ends, and not in the past."""
    until = parse_instant(command.data.get("until", ""))
    if until is None or until > now:
        return None
    return Refusal("until_past", "The end lies in the past.")


def observer_is_on(room: Room, command: Command, now: datetime) -> Refusal | None:
    """The member of staff is on shift."""
    staff = command.data.get("observer") or command.data.get("staff")
    if staff in room.standing.on_shift():
        return None
    return Refusal("not_on_shift", "This member of staff is not on shift. Sign them on first.")


def exclusion_is_known(room: Room, command: Command, now: datetime) -> Refusal | None:
    """What is lifted is an exclusion of this person."""
    item = room.standing.exclusions.get(command.data.get("exclusion"))
    if item and command.person and item[1].person in room.standing.same_person(command.person):
        return None
    return Refusal("exclusion_unknown", "This person has no such exclusion.")


def emergency_is_known(room: Room, command: Command, now: datetime) -> Refusal | None:
    """An emergency, where one is named, is running then, or was found to be one that is."""
    if command.data.get("emergency") is None or command.runs:
        return None
    return Refusal("emergency_not_open", "This emergency is not running.")


def running_stays_running(room: Room, command: Command, now: datetime) -> Refusal | None:
    """What still runs is not put into an emergency that is over: it would leave the board."""
    if not command.hides:
        return None
    return Refusal("emergency_over", "That emergency has ended. This one still runs: end it first.")


def target_is_known(room: Room, command: Command, now: datetime) -> Refusal | None:
    """What is corrected or retracted is a fact of this room; a correction is not corrected."""
    target = command.target
    if target is None or target.room != command.room:
        return Refusal("target_unknown", "The ledger has no such fact.")
    may_retract = command.kind == "Retracted" and target.kind == "Retracted"
    if target.kind in ABOUT_FACTS and not may_retract:
        return Refusal("not_correctable", "Correct the fact itself; the latest correction counts.")
    return None


def changes_can_be_made(room: Room, command: Command, now: datetime) -> Refusal | None:
    """A correction changes when, who, which visit, or data in the shape of its kind."""
    target, changes = command.target, command.data.get("changes", {})
    if target is None:
        return None
    made = readable_changes(target.kind, target.data, changes)
    data = changes.get("data", {})
    whole = set(changes) <= set(CHANGEABLE) and len(made) == len(changes)
    happened = made.get("happened", target.happened)
    past = min(EARLIEST, target.happened) <= happened <= max(now, target.recorded)
    if changes and whole and past and all(made["data"].get(key) == data[key] for key in data):
        return None
    return Refusal(
        "changes_unusable", "This cannot be changed so. When, who, which visit, or a value."
    )


def is_unattributed(room: Room, command: Command, now: datetime) -> Refusal | None:
    """Only a fact without an author can be given one, and one alone."""
    target = command.target
    if (
        target is not None
        and target.author == UNATTRIBUTED
        and not room.standing.attributed_to(target)
    ):
        return None
    return Refusal("has_author", "This fact has its author, or is not in the ledger.")


def alert_says_something(room: Room, command: Command, now: datetime) -> Refusal | None:
    """A drug alert says something: a substance, or words."""
    if command.data.get("substances") or command.data.get("note"):
        return None
    return Refusal("alert_says_nothing", "Say what it is: a substance, or words.")


def policy_is_valid(room: Room, command: Command, now: datetime) -> Refusal | None:
    """A policy that can be read."""
    try:
        Policy.from_data(command.data.get("policy"), "the policy")
    except InputError as error:
        return Refusal("policy_invalid", str(error))
    return None


def _visit(room: Room, command: Command) -> Visit | None:
    return room.visits.get(command.visit) if command.visit else None


ADMISSION: tuple[Rule, ...] = (room_is_open, not_here_already, visit_is_new, of_age, not_excluded)
SEATING: tuple[Rule, ...] = (room_is_open, of_age, not_excluded, terms_accepted, assessed,
                             nowhere_else, place_is_for_use, place_has_no_emergency,
                             place_has_room, enough_staff)  # fmt: skip
EVERY_KIND: tuple[Rule, ...] = (person_fits,)

RULES: Mapping[str, tuple[Rule, ...]] = {
    "Registered": (person_is_named,),
    "Linked": (person_is_named,),
    "Unlinked": (person_is_named,),
    "Erased": (person_is_named,),
    "ConsentGiven": (person_is_named,),
    "ConsentWithdrawn": (person_is_named,),
    "ExclusionImposed": (person_is_named, ends_later),
    "ExclusionLifted": (person_is_named, exclusion_is_known),
    "TermsAccepted": (terms_are_current, visit_open_if_named, named_may_come),
    "Arrived": ADMISSION,
    "TurnedAway": (visit_open_if_named, stage_fits, no_open_emergency),
    "Assessed": (visit_is_open, named_may_come, old_enough_to_go_ahead),
    "Queued": (visit_is_open, stage_fits, named_may_come),
    "SteppedOut": (visit_is_open, stage_fits),
    "CameBack": (visit_is_open, stage_fits),
    "Called": (visit_is_open, stage_fits, place_exists),
    "Seated": (visit_is_open, stage_fits, no_open_emergency, *SEATING),
    "Allocated": (visit_is_open, observer_is_on),
    "SuppliesIssued": (visit_open_if_named,),
    "SuppliesReturned": (visit_open_if_named,),
    "ConsumptionStarted": (
        visit_is_open,
        stage_fits,
        no_open_emergency,
        of_age,
        not_excluded,
        in_this_place,
        place_is_for_use,
        route_fits,
    ),
    "ConsumptionEnded": (visit_is_open, stage_fits),
    "MovedToRecovery": (visit_is_open, stage_fits, place_exists),
    "Departed": (visit_is_open, no_open_emergency, stayed_long_enough),
    "Observed": (visit_open_if_named, emergency_is_known),
    "ConcernRaised": (visit_is_open,),
    "EmergencyStarted": (visit_open_if_named, place_exists),
    "InterventionGiven": (visit_open_if_named, emergency_is_known),
    "AmbulanceCalled": (visit_open_if_named, emergency_is_known),
    "AmbulanceArrived": (visit_open_if_named, emergency_is_known),
    "AmbulanceLeft": (visit_open_if_named, emergency_is_known),
    "EmergencyEnded": (emergency_is_known,),
    "ServiceProvided": (visit_open_if_named,),
    "Referred": (visit_open_if_named,),
    "NaloxoneSupplied": (visit_open_if_named,),
    "DrugAlertRaised": (alert_says_something,),
    "DrugsFound": (place_exists,),
    "PolicyAdopted": (policy_is_valid,),
    "RoomClosed": (nobody_inside,),
    "PlaceBlocked": (place_exists,),
    "PlaceReleased": (place_exists,),
    "StaffSignedOff": (observer_is_on,),
    "Corrected": (target_is_known, changes_can_be_made, running_stays_running),
    "Retracted": (target_is_known,),
    "Attributed": (is_unattributed,),
}
