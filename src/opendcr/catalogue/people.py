"""Words about people and about the service's own events. Everything can be left unanswered.

`not_asked`, `declined` and `unknown` are three different answers, and all three are allowed.
"""

from opendcr.catalogue.entry import Catalogue, Entry

UNANSWERED = [
    Entry("declined", "would rather not say"),
    Entry("unknown", "not known"),
    Entry("not_asked", "not asked"),
]

GENDERS: Catalogue[Entry] = Catalogue(
    "genders",
    [Entry("woman", "woman"), Entry("man", "man"), Entry("non_binary", "non-binary"),
     Entry("other", "other"), *UNANSWERED],
)  # fmt: skip

AGE_BANDS: Catalogue[Entry] = Catalogue(
    "age bands",
    [Entry("under_18", "under 18"), Entry("18-24", "18 to 24"), Entry("25-34", "25 to 34"),
     Entry("35-44", "35 to 44"), Entry("45-54", "45 to 54"), Entry("55-64", "55 to 64"),
     Entry("65+", "65 or over"), *UNANSWERED],
)  # fmt: skip

# How much a person has told the service: nothing, a chosen name, more, legal identity for treatment.
TIERS: Catalogue[Entry] = Catalogue(
    "tiers of identity",
    [Entry("0", "anonymous"), Entry("1", "chosen name"), Entry("2", "code and year of birth"),
     Entry("3", "identity for treatment")],
)  # fmt: skip

NEEDS: Catalogue[Entry] = Catalogue(
    "access needs",
    [Entry("wheelchair", "wheelchair booth"), Entry("left_handed", "left-handed booth"),
     Entry("right_handed", "right-handed booth"), Entry("interpreter", "interpreter"),
     Entry("hearing", "hearing"), Entry("reading", "help with reading"),
     Entry("talk_first", "talk first")],
)  # fmt: skip

CONSENTS: Catalogue[Entry] = Catalogue(
    "consents",
    [Entry("record", "keep a record"), Entry("share_treatment", "share with treatment"),
     Entry("share_gp", "share with GP"), Entry("evaluation", "evaluation questions"),
     Entry("linkage", "data linkage"), Entry("contact", "contact by phone or text"),
     Entry("photo", "photo of a wound")],
)  # fmt: skip

TURNED_AWAY: Catalogue[Entry] = Catalogue(
    "reasons to turn away",
    [Entry("under_age", "under the minimum age"), Entry("age_not_shown", "age not satisfied"),
     Entry("excluded", "excluded for now"), Entry("no_drugs", "nothing brought to use"),
     Entry("intoxicated", "too intoxicated"), Entry("aggression", "aggression"),
     Entry("full", "room full"), Entry("closing", "closing"), Entry("terms", "terms not accepted"),
     Entry("route", "route not allowed here"), Entry("other", "other")],
)  # fmt: skip

ARRIVED_STATES: Catalogue[Entry] = Catalogue(
    "states on arrival",
    [Entry("alert", "alert"), Entry("mildly_intoxicated", "mildly intoxicated"),
     Entry("markedly_intoxicated", "markedly intoxicated"), Entry("agitated", "agitated"),
     Entry("withdrawal", "in withdrawal"), Entry("other", "other")],
)  # fmt: skip

ASSESSMENTS: Catalogue[Entry] = Catalogue(
    "outcomes of an assessment",
    [Entry("proceed", "go ahead"), Entry("delay", "wait and look again"),
     Entry("declined", "not today")],
)  # fmt: skip

DEPARTURES: Catalogue[Entry] = Catalogue(
    "ways of leaving",
    [Entry("well", "left well"), Entry("without_using", "left without using"),
     Entry("against_advice", "left against advice"), Entry("ambulance", "left by ambulance"),
     Entry("gave_up_waiting", "gave up waiting"), Entry("turned_away", "turned away"),
     Entry("asked_to_leave", "asked to leave"), Entry("closing", "room closed"),
     Entry("died", "died"), Entry("unknown", "not seen to leave")],
)  # fmt: skip

INCIDENTS: Catalogue[Entry] = Catalogue(
    "incidents",
    [Entry("violence", "violence or threat"), Entry("abuse", "verbal abuse"),
     Entry("sharing", "sharing or selling"), Entry("weapon", "weapon"),
     Entry("needlestick", "needlestick"), Entry("litter", "sharps outside"),
     Entry("medication", "medication error"), Entry("data", "data breach"),
     Entry("safeguarding", "safeguarding"), Entry("equipment", "equipment failure"),
     Entry("police", "police attendance"), Entry("complaint", "complaint"),
     Entry("near_miss", "near miss"), Entry("other", "other")],
)  # fmt: skip

EXCLUSION_SCOPES: Catalogue[Entry] = Catalogue(
    "scopes of an exclusion",
    [Entry("building", "the whole building"), Entry("using", "using here; other help goes on")],
)

# Why something was done late, corrected or retracted.
WHY: Catalogue[Entry] = Catalogue(
    "reasons to change a record",
    [Entry("mistake", "entered wrongly"), Entry("wrong_person", "wrong person"),
     Entry("wrong_time", "wrong time"), Entry("duplicate", "entered twice"),
     Entry("busy", "care came first"), Entry("paper", "written on paper first"),
     Entry("learned_later", "learned later"), Entry("other", "other")],
)  # fmt: skip

PAUSES: Catalogue[Entry] = Catalogue(
    "reasons to pause or block",
    [Entry("cleaning", "being cleaned"), Entry("staffing", "too few staff"),
     Entry("emergency", "emergency nearby"), Entry("equipment", "equipment"), Entry("repair", "repair"),
     Entry("other", "other")],
)  # fmt: skip
