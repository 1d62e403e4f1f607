"""What staff see and do: signs, concern, interventions, services, destinations, supplies."""

from dataclasses import dataclass

from opendcr.catalogue.entry import Catalogue, Entry


@dataclass(frozen=True)
class Concern(Entry):
    """A level of concern: told by letter and word as well as colour, never by colour alone."""

    letter: str = ""
    rank: int = 0


CONCERNS: Catalogue[Concern] = Catalogue(
    "levels of concern",
    [
        Concern("none", "no concern", "", 0),
        Concern("watch", "watch", "W", 1),
        Concern("rouse", "rouse", "S", 2),
        Concern("intervene", "intervene", "I", 3),
        Concern("emergency", "emergency", "E", 4),
    ],
)

# ACVPU, the consciousness scale of NEWS2 (Royal College of Physicians, 2017).
RESPONSES: Catalogue[Entry] = Catalogue(
    "responses",
    [
        Entry("alert", "alert", maps={"snomed": "248234008"}),
        Entry("confused", "newly confused"),
        Entry("voice", "responds to voice", maps={"snomed": "450847001"}),
        Entry("pain", "responds to pain"),
        Entry("unresponsive", "unresponsive"),
    ],
)

SKINS: Catalogue[Entry] = Catalogue(
    "skin colours",
    [
        Entry("normal", "normal"),
        Entry("pale", "pale"),
        Entry("grey", "grey"),
        Entry("blue", "blue"),
        Entry("clammy", "clammy"),
        Entry("flushed", "flushed"),
    ],
)

PUPILS: Catalogue[Entry] = Catalogue(
    "pupils",
    [Entry("pinpoint", "pinpoint"), Entry("normal", "normal"), Entry("dilated", "dilated")],
)

SIGNS: Catalogue[Entry] = Catalogue(
    "signs",
    [
        Entry("drowsy", "drowsy"),
        Entry("chest_pain", "chest pain"),
        Entry("agitated", "agitated"),
        Entry("paranoid", "paranoid"),
        Entry("overheated", "overheated"),
        Entry("seizure", "seizure"),
        Entry("palpitations", "palpitations"),
        Entry("vomiting", "vomiting"),
    ],
)


@dataclass(frozen=True)
class Intervention(Entry):
    """`step` orders interventions on the ladder that rooms report by the highest step reached.

    1 stimulation, 2 airway or oxygen, 3 ventilation, 4 naloxone, 5 CPR or AED; 0 is beside it.
    """

    step: int = 0


INTERVENTIONS: Catalogue[Intervention] = Catalogue(
    "interventions",
    [
        Intervention("stimulation", "Stimulated", 1),
        Intervention("airway", "Airway opened", 2),
        Intervention("oxygen", "Oxygen", 2),
        Intervention("ventilation", "Ventilation", 3),
        Intervention("naloxone", "Naloxone", 4, maps={"snomed": "372890007"}),
        Intervention("cpr", "CPR", 5),
        Intervention("aed", "AED", 5),
        Intervention("glucose", "Glucose"),
        Intervention("seizure_care", "Seizure care"),
        Intervention("recovery_position", "Recovery position"),
    ],
)

NALOXONE_ROUTES: Catalogue[Entry] = Catalogue(
    "routes of naloxone",
    [
        Entry("intramuscular", "into a muscle"),
        Entry("intranasal", "nasal"),
        Entry("intravenous", "into a vein"),
        Entry("subcutaneous", "under the skin"),
    ],
)

EMERGENCY_TYPES: Catalogue[Entry] = Catalogue(
    "types of emergency",
    [
        Entry("suspected_opioid", "suspected opioid", maps={"snomed": "242253008"}),
        Entry("stimulant", "stimulant"),
        Entry("mixed", "mixed"),
        Entry("sedative", "sedative or benzodiazepine"),
        Entry("seizure", "seizure"),
        Entry("cardiac", "cardiac"),
        Entry("anaphylaxis", "anaphylaxis"),
        Entry("low_glucose", "low blood glucose"),
        Entry("bleeding", "wound or bleeding"),
        Entry("mental_health", "mental health crisis"),
        Entry("injury", "fall or injury"),
        Entry("other", "other"),
        Entry("unknown", "not yet known"),
    ],
)

EMERGENCY_OUTCOMES: Catalogue[Entry] = Catalogue(
    "outcomes of an emergency",
    [
        Entry("recovered", "recovered on site"),
        Entry("attended", "ambulance attended, not taken to hospital"),
        Entry("conveyed", "taken to hospital"),
        Entry("left", "left before care was complete"),
        Entry("died", "died"),
        Entry("unknown", "not known"),
    ],
)

SERVICES: Catalogue[Entry] = Catalogue(
    "services",
    [
        Entry("wound_care", "wound care"),
        Entry("shower", "shower"),
        Entry("food", "food and a chat"),
        Entry("laundry", "laundry"),
        Entry("clothing", "clothing"),
        Entry("bbv_test", "blood-borne virus test"),
        Entry("treatment_advice", "treatment advice"),
        Entry("sexual_health", "sexual health"),
        Entry("vaccination", "vaccination"),
        Entry("mental_health", "mental health"),
        Entry("physical_check", "physical check"),
        Entry("benefits_legal", "benefits or legal advice"),
        Entry("peer_support", "peer support"),
        Entry("injecting_review", "injecting review"),
        Entry("naloxone_training", "naloxone training"),
        Entry("drug_check", "drug check"),
    ],
)

# Why somebody came; `consume` is one reason among many (a visit may hold no consumption at all).
REASONS: Catalogue[Entry] = Catalogue(
    "reasons for a visit",
    [Entry("consume", "to use"), Entry("supplies", "supplies"), *SERVICES, Entry("other", "other")],
)

DESTINATIONS: Catalogue[Entry] = Catalogue(
    "destinations of a referral",
    [
        Entry("housing", "housing"),
        Entry("treatment", "drug and alcohol treatment"),
        Entry("bbv", "blood-borne viruses"),
        Entry("sexual_health", "sexual and reproductive health"),
        Entry("wound_clinic", "wound clinic"),
        Entry("gp", "GP"),
        Entry("mental_health", "mental health"),
        Entry("residential", "residential rehabilitation"),
        Entry("advocacy", "advocacy"),
        Entry("other", "other"),
    ],
)

REFERRAL_STATUSES: Catalogue[Entry] = Catalogue(
    "statuses of a referral",
    [
        Entry("sent", "sent"),
        Entry("accepted", "accepted"),
        Entry("attended", "attended"),
        Entry("did_not_attend", "did not attend"),
        Entry("closed", "closed"),
        Entry("unknown", "unknown"),
    ],
)

# The items of injecting equipment provision that Public Health Scotland reports.
SUPPLIES: Catalogue[Entry] = Catalogue(
    "supplies",
    [
        Entry("needle_syringe", "needles and syringes"),
        Entry("wipe", "wipes"),
        Entry("acidifier", "citric acid or vitamin C"),
        Entry("spoon", "spoons"),
        Entry("filter", "filters"),
        Entry("water", "water"),
        Entry("foil", "foil"),
        Entry("sharps_bin", "sharps bin"),
        Entry("naloxone_kit", "naloxone kits"),
    ],
)

EQUIPMENT: Catalogue[Entry] = Catalogue(
    "equipment",
    [
        Entry("oxygen", "oxygen"),
        Entry("naloxone", "naloxone"),
        Entry("aed", "AED"),
        Entry("bag_valve_mask", "bag-valve-mask"),
        Entry("oximeter", "oximeters"),
        Entry("alarm", "panic alarms"),
        Entry("glucometer", "glucometer"),
    ],
)
