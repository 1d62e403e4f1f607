"""Permission: one table, role by kind. Governance people may read it as it stands.

It is read first in `decide`. It never stops a report about a body: what is seen of a person, or
done for one in an emergency, is taken from anybody at the door, signed in or not.
"""

from collections.abc import Mapping
from types import MappingProxyType

from opendcr.ledger.kinds import BODY_KINDS, KINDS

DOOR = frozenset({"Registered", "TermsAccepted", "Arrived", "TurnedAway", "Queued", "SteppedOut",
                  "CameBack", "Called", "Departed", "SuppliesIssued", "SuppliesReturned",
                  "IncidentReported", "NoteAdded", "Acknowledged", "StaffSignedOn", "StaffSignedOff",
                  "DrugAlertRaised", "Corrected", "Retracted", "ReviewFlagged"})  # fmt: skip
FLOOR = DOOR | {"Assessed", "Seated", "Allocated", "ConsumptionStarted", "ConsumptionEnded",
                "ServiceProvided", "Referred", "ReferralUpdated", "NaloxoneSupplied", "ConsentGiven",
                "ConsentWithdrawn", "PlaceBlocked", "PlaceReleased", "EquipmentChecked",
                "StockCounted", "DrugsFound", "Linked"}  # fmt: skip
LEAD = FLOOR | {"RoomOpened", "RoomPaused", "RoomResumed", "RoomClosed", "ExclusionImposed",
                "ExclusionLifted", "DrugAlertWithdrawn", "HandoverSigned", "Unlinked", "Attributed",
                "ReviewResolved", "AuthorityRequestRecorded"}  # fmt: skip
GOVERNANCE = frozenset({"PolicyAdopted", "TermsPublished", "Erased"})

PERMISSIONS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "reception": DOOR,
        "worker": FLOOR,
        "nurse": FLOOR,
        "lead": LEAD,
        "manager": LEAD | GOVERNANCE,
        # An analyst reads, and an administrator keeps accounts: neither writes about people.
        "analyst": frozenset({"ReviewFlagged"}),
        "administrator": frozenset({"PolicyAdopted", "ReviewFlagged"}),
        "device": frozenset({"ReviewFlagged"}),
    }
)

assert set().union(*PERMISSIONS.values()) | BODY_KINDS == set(KINDS), "every kind has its writer"


def may(role: str, kind: str) -> bool:
    """Whether a role may send a kind; of a role that the table does not hold, only body reports."""
    return kind in BODY_KINDS or kind in PERMISSIONS.get(role, frozenset())
