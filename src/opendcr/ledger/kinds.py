"""The kinds of fact: what can happen, one entry each.

A kind has two names: the fact's, in the past tense (`Seated`), and its command's, in the imperative
(`Seat`). `about` says what a fact must name. `body` marks what is seen of, or done for, a body:
such a command is always a report and never refused, whoever sends it. Who else may send what is in
`opendcr.room.permissions`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from opendcr.catalogue import care, people, places, roles, substances
from opendcr.ledger.shapes import (
    Clock,
    Code,
    Counts,
    Document,
    Flag,
    Ident,
    Instant,
    Json,
    Many,
    Number,
    Shape,
    Text,
)

About = Literal["visit", "person", "room", "any"]
Upgrade = Callable[[Mapping[str, Json]], Mapping[str, Json]]


@dataclass(frozen=True)
class Kind:
    """One kind of fact.

    `required` and `optional` are the keys of its data with their shapes. `upgrades[n]` turns the
    data of version n into that of version n + 1: stored facts are never migrated.
    """

    fact: str
    command: str
    about: About
    words: str
    required: Mapping[str, Shape] = field(default_factory=dict)
    optional: Mapping[str, Shape] = field(default_factory=dict)
    body: bool = False
    version: int = 1
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)

    @cached_property
    def fields(self) -> Mapping[str, Shape]:
        """Every key of the data with its shape."""
        return {**self.required, **self.optional}


def _numbered(letters: str) -> str:
    """The form of a number that may hold letters, each run of them beside a digit."""
    return f"(?:(?:{letters}(?:[._:-]{letters})?)?[._:-]?[0-9])+[A-Za-z]{{0,3}}"


# Of what people choose, numbers alone: a bag or a version may hold letters, but no run of four.
_NUMBER = _numbered("[A-Za-z]{1,3}")
# The lot on a pack may: what it is or is called, or a run in which no vowel is but the last letter.
_PACK = ("batch", "lot", "naloxone", "narcan", "nyxoid", "prenoxad")
_PACK_WORDS = "|".join(word for name in _PACK for word in (name, name.title(), name.upper()))
_LOT = _numbered(
    f"(?:{_PACK_WORDS}|[A-Za-z]{{1,3}}|[B-DF-HJ-NP-TV-XZb-df-hj-np-tv-xz]{{3,6}}[AEIOUaeiou]?)"
)
_ROLE = "|".join(roles.ROLES.codes)
_fact = Ident(
    "a fact", form="(?:[a-z]-)?[0-9a-f-]{1,61}", like="5f0c17de-3d4b-5a43-9c10-6f3e2b7a9d55"
)
_staff = Ident(
    "a member of staff",
    form=f"s-(?:[0-9a-f-]{{1,61}}|(?:{_ROLE})(?:-[0-9]{{1,4}})?)",
    like="s-1f09c2d4ab",
)
_batch = Ident("a batch", form=_LOT, like="NX-2025-0117")
_bag = Ident("a bag", form=_NUMBER, like="B-0117")
_terms = Ident("a version of the terms", form=f"(?:terms-|version-)?{_NUMBER}", like="2026-11")

# What a notice is raised by, and a place blocked by.
NOTICED = (
    "emergency", "breathing_check", "check", "seat_limit", "assessment_review", "no_arrival",
    "wrong_place", "twice_here", "open_at_closing", "over_capacity", "equipment", "review",
    "staffing", "nurses", "turnover",
)  # fmt: skip
_rule = Ident("a rule", form="|".join(NOTICED), like="seat_limit")

_place = {"place": Ident("a place")}
_emergency = {"emergency": Ident("an emergency", "e")}
_note: dict[str, Shape] = {"note": Text()}
_use: dict[str, Shape] = {
    "substances": Many(Code(substances.SUBSTANCES)),
    "route": Code(places.ROUTES),
}

_keys = {"missing": Many(Ident("a key")), "impossible": Many(Ident("a key"))}

_KINDS = [
    # People
    Kind("Registered", "Register", "person", "registered", {"tier": Code(people.TIERS)},
         {"gender": Code(people.GENDERS), "age_band": Code(people.AGE_BANDS), "name": Text(), "code": Text()}),
    Kind("Linked", "Link", "person", "found to be one person with another record",
         {"other": Ident("a person", "p")}),
    Kind("Unlinked", "Unlink", "person", "found not to be one person", {"other": Ident("a person", "p")}),
    Kind("Erased", "Erase", "person", "name and texts erased"),
    Kind("TermsAccepted", "AcceptTerms", "any", "accepted the terms", {"terms": _terms}),
    Kind("ConsentGiven", "GiveConsent", "person", "consented", {"consent": Code(people.CONSENTS)}),
    Kind("ConsentWithdrawn", "WithdrawConsent", "person", "withdrew consent", {"consent": Code(people.CONSENTS)}),
    Kind("ExclusionImposed", "ImposeExclusion", "person", "excluded until a date",
         {"scope": Code(people.EXCLUSION_SCOPES), "until": Instant()}, {"reason": Code(people.INCIDENTS), **_note}),
    Kind("ExclusionLifted", "LiftExclusion", "person", "exclusion lifted", {"exclusion": _fact}, _note),
    # The way through the room
    Kind("Arrived", "Arrive", "visit", "arrived", {},
         {"reasons": Many(Code(care.REASONS)), "needs": Many(Code(people.NEEDS))}),
    Kind("TurnedAway", "TurnAway", "any", "turned away", {"reason": Code(people.TURNED_AWAY)}),
    Kind("Assessed", "Assess", "visit", "talked through what is planned", {"outcome": Code(people.ASSESSMENTS)},
         {**_use, "state": Code(people.ARRIVED_STATES), "review": Instant(), "naloxone_carried": Flag(), **_note}),
    Kind("Queued", "Queue", "visit", "waiting for a place", {}, {"needs": Many(Code(people.NEEDS))}),
    Kind("SteppedOut", "StepOut", "visit", "stepped out, place kept"),
    Kind("CameBack", "ComeBack", "visit", "came back"),
    Kind("Called", "Call", "visit", "called", {}, _place),
    Kind("Seated", "Seat", "visit", "seated", _place),
    Kind("Allocated", "Allocate", "visit", "given an observer", {"observer": _staff}),
    Kind("SuppliesIssued", "IssueSupplies", "any", "given supplies", {"items": Counts(care.SUPPLIES, 1000)},
         {"takeaway": Flag()}),
    Kind("SuppliesReturned", "ReturnSupplies", "any", "returned used equipment",
         {"items": Counts(care.SUPPLIES, 5000)}),
    Kind("ConsumptionStarted", "StartConsumption", "visit", "began to use", {**_place, **_use}),
    Kind("ConsumptionEnded", "EndConsumption", "visit", "finished using"),
    Kind("MovedToRecovery", "MoveToRecovery", "visit", "moved to recovery", {}, _place, body=True),
    Kind("Departed", "Depart", "visit", "left", {"how": Code(people.DEPARTURES)}),
    # Bodies and emergencies: reports, whoever sends them
    Kind("Observed", "Observe", "any", "observed", {},
         {"response": Code(care.RESPONSES), "breathing": Flag(), "breaths": Number(0, 60, "breaths a minute"),
          "spo2": Number(30, 100, "percent"), "pulse": Number(0, 250, "beats a minute"),
          "systolic": Number(30, 280, "mmHg"), "temperature": Number(250, 440, "tenths of a degree C"),
          "glucose": Number(3, 500, "tenths of a mmol/L"), "oxygen": Number(0, 25, "litres a minute"),
          "skin": Code(care.SKINS), "pupils": Code(care.PUPILS), "signs": Many(Code(care.SIGNS)),
          "concern": Code(care.CONCERNS), **_emergency, **_note}, body=True),
    Kind("ConcernRaised", "RaiseConcern", "visit", "concern", {"concern": Code(care.CONCERNS)}, body=True),
    Kind("EmergencyStarted", "StartEmergency", "any", "emergency", _emergency,
         {**_place, "area": Code(places.AREAS), "type": Code(care.EMERGENCY_TYPES)}, body=True),
    Kind("InterventionGiven", "GiveIntervention", "any", "intervention",
         {"intervention": Code(care.INTERVENTIONS)},
         {**_emergency, "micrograms": Number(1, 20000, "micrograms"), "route": Code(care.NALOXONE_ROUTES),
          "litres": Number(0, 25, "litres a minute"), "batch": _batch,
          "witness": _staff, "stopped": Flag(), **_note}, body=True),
    Kind("AmbulanceCalled", "CallAmbulance", "any", "ambulance called", {}, _emergency, body=True),
    Kind("AmbulanceArrived", "RecordAmbulanceArrival", "any", "ambulance arrived", {}, _emergency, body=True),
    Kind("AmbulanceLeft", "RecordAmbulanceDeparture", "any", "ambulance left", {},
         {**_emergency, "conveyed": Flag()}, body=True),
    Kind("EmergencyEnded", "EndEmergency", "any", "emergency over", _emergency,
         {"outcome": Code(care.EMERGENCY_OUTCOMES), "type": Code(care.EMERGENCY_TYPES), **_note}, body=True),
    # Care and referral
    Kind("ServiceProvided", "ProvideService", "any", "service", {"service": Code(care.SERVICES)}, _note),
    Kind("Referred", "Refer", "any", "referred",
         {"referral": Ident("a referral", "r"), "destination": Code(care.DESTINATIONS)}, _note),
    Kind("ReferralUpdated", "UpdateReferral", "any", "referral updated",
         {"referral": Ident("a referral", "r"), "status": Code(care.REFERRAL_STATUSES)}, _note),
    Kind("NaloxoneSupplied", "SupplyNaloxone", "any", "given naloxone to take home", {"kits": Number(1, 20, "kits")},
         {"first": Flag(), "batch": _batch}),
    Kind("IncidentReported", "ReportIncident", "any", "incident", {"incident": Code(people.INCIDENTS)}, _note),
    Kind("NoteAdded", "AddNote", "any", "note", {"note": Text()}),
    # The room
    Kind("PolicyAdopted", "AdoptPolicy", "room", "policy adopted", {"policy": Document("the whole policy")}),
    Kind("TermsPublished", "PublishTerms", "room", "terms published", {"terms": _terms}, _note),
    Kind("RoomOpened", "OpenRoom", "room", "room opened"),
    Kind("RoomPaused", "PauseRoom", "room", "room paused", {"reason": Code(people.PAUSES)}),
    Kind("RoomResumed", "ResumeRoom", "room", "room resumed"),
    Kind("RoomClosed", "CloseRoom", "room", "room closed"),
    Kind("PlaceBlocked", "BlockPlace", "room", "place blocked", {**_place, "reason": Code(people.PAUSES)},
         {"rule": _rule}),
    Kind("PlaceReleased", "ReleasePlace", "room", "place released", _place),
    Kind("StaffSignedOn", "SignOnStaff", "room", "came on shift",
         {"staff": _staff, "role": Code(roles.ROLES)}),
    Kind("StaffSignedOff", "SignOffStaff", "room", "went off shift", {"staff": _staff}),
    Kind("EquipmentChecked", "CheckEquipment", "room", "equipment checked",
         {"items": Many(Code(care.EQUIPMENT)), "ready": Flag()}, _note),
    Kind("StockCounted", "CountStock", "room", "stock counted", {"items": Counts(care.SUPPLIES, 1_000_000)}),
    Kind("HandoverSigned", "SignHandover", "room", "handover signed", {}, _note),
    Kind("DrugAlertRaised", "RaiseDrugAlert", "room", "drug alert", {"alert": Ident("an alert", "a")},
         {"substances": _use["substances"], **_note}),
    Kind("DrugAlertWithdrawn", "WithdrawDrugAlert", "room", "drug alert withdrawn", {"alert": Ident("an alert", "a")}),
    Kind("DrugsFound", "RecordDrugsFound", "room", "drugs found", {"bag": _bag, "witness": _staff},
         {**_place, "area": Code(places.AREAS), **_note}),
    Kind("AuthorityRequestRecorded", "RecordAuthorityRequest", "room", "request by an authority", {}, _note),
    # About facts
    Kind("Acknowledged", "Acknowledge", "any", "acknowledged", {"rule": _rule, "subject": Ident("its subject"), "due": Instant()}),
    Kind("Attributed", "Attribute", "any", "author named", {"target": _fact, "staff": _staff}),
    Kind("Corrected", "Correct", "any", "corrected",
         {"target": _fact, "changes": Document("happened, person, visit or data"), "reason": Code(people.WHY)}, _note),
    Kind("Retracted", "Retract", "any", "retracted", {"target": _fact, "reason": Code(people.WHY)}, _note),
    Kind("ReviewFlagged", "FlagForReview", "any", "to review",
         {"reason": Ident("a reason")}, {"about": _fact, "fields": Many(Ident("a key")), "kind": Ident("a kind"),
          "report": Document("what was reported and could not be taken as it stands", _keys), **_note}),
    Kind("ReviewResolved", "ResolveReview", "any", "reviewed", {"flag": _fact}, _note),
]  # fmt: skip

# What a fact of any kind may hold beside its own keys.
BESIDE: Mapping[str, Shape] = MappingProxyType({"clock": Clock(), "because": Code(people.WHY)})

KINDS: Mapping[str, Kind] = MappingProxyType({kind.fact: kind for kind in _KINDS})
COMMANDS: Mapping[str, Kind] = MappingProxyType({kind.command: kind for kind in _KINDS})
BODY_KINDS = frozenset(kind.fact for kind in _KINDS if kind.body)

_EVERYWHERE: dict[str, list[Shape]] = {key: [shape] for key, shape in BESIDE.items()}
for _kind in _KINDS:
    for _key, _shape in _kind.fields.items():
        if _shape not in _EVERYWHERE.setdefault(_key, []):
            _EVERYWHERE[_key].append(_shape)


def shapes_of(kind: Kind, key: str) -> Sequence[Shape]:
    """The shapes of which a key's value must have one, in a fact of this kind; none: it is unknown.

    A key that only other kinds have must look as it does there: a newer version's kind may have
    it, and what names a place or an emergency is read by its key, whatever the kind.
    """
    return [kind.fields[key]] if key in kind.fields else _EVERYWHERE.get(key, ())


def kind_named(name: str) -> Kind | None:
    """The kind with this name, the fact's or the command's."""
    return KINDS.get(name) or COMMANDS.get(name)
