"""A stored room with two months that Glasgow published too, for tests of evidence.

In February 2025 Ann comes twice and uses once, in March Ann and Bo come and Bo falls ill; a stranger
comes too. Everybody of the demonstration can sign in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from opendcr.ledger.chain import seal
from opendcr.ledger.codec import Record, encode, encode_header
from opendcr.ledger.facts import Fact, Header, Origin
from opendcr.web.store.accounts import DEMONSTRATION, DEMONSTRATION_PASSWORD, create
from opendcr.web.store.ledgers import import_from
from tests.spec.measures.drawn import drawn

INVENTED = Header("invented", "Europe/London", Origin("simulated", scenario="two-months", seed=7))
RECORDED = Header("invented", "Europe/London", Origin("recorded"))

TWO_MONTHS = """
id  | happened         | kind               | visit | person | data
f-1 | 2025-02-02 09:00 | Registered         |       | p-ann  | tier=1 gender=woman
f-2 | 2025-02-03 10:00 | Arrived            | v-1   | p-ann  | reasons=consume
f-3 | 2025-02-03 10:05 | Seated             | v-1   | p-ann  | place=booth-1
f-4 | 2025-02-03 10:10 | ConsumptionStarted | v-1   | p-ann  | place=booth-1 substances=heroin
f-5 | 2025-02-20 10:00 | Arrived            | v-2   | p-ann  | reasons=shower
f-6 | 2025-03-01 09:55 | Registered         |       | p-bo   | tier=1 gender=man
f-7 | 2025-03-01 10:00 | Arrived            | v-3   | p-bo   | reasons=consume
f-8 | 2025-03-01 10:05 | Seated             | v-3   | p-bo   | place=booth-1
f-9 | 2025-03-01 10:06 | ConsumptionStarted | v-3   | p-bo   | place=booth-1 substances=cocaine
f-10 | 2025-03-01 10:20 | EmergencyStarted  | v-3   | p-bo   | emergency=e-1 place=booth-1
f-11 | 2025-03-02 10:00 | Arrived           | v-4   | p-ann  | reasons=shower
f-12 | 2025-03-02 11:00 | Arrived           | v-5   |        | reasons=shower
"""


@dataclass(frozen=True)
class Drawing:
    """A drawn ledger as something to import."""

    header: Header
    facts: Iterable[Fact]

    @property
    def header_record(self) -> Record:
        return encode_header(self.header)

    def records(self) -> Iterable[Record]:
        return [encode(fact) for fact in self.facts]


def store_room(header: Header = INVENTED) -> None:
    """Puts the room into the store that Django is connected to, with people to sign in as."""
    import_from(Drawing(header, drawn(TWO_MONTHS, header)))
    staff_it()


def staff_it() -> None:
    """Somebody of each role can sign in."""
    for account in DEMONSTRATION:
        create(account, DEMONSTRATION_PASSWORD, demonstration=True)


def one_more_visit(after: int, head: str) -> Fact:
    """Ann comes once more in March: the fact that follows the room's head."""
    (fact,) = drawn(
        "id | happened | kind | visit | person | data\n"
        "g-1 | 2025-03-05 10:00 | Arrived | v-6 | p-ann | reasons=shower",
        INVENTED,
    )
    return seal([fact], after, head)[0]
