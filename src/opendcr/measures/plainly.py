"""The measures said a second time, as a plain loop over facts: slow, short and obvious.

Nothing uses it but tests, which invent histories and compare it with the tables, and the benchmark,
as the peer. Where the two disagree, one of them misreads the measure's page.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from opendcr.catalogue.places import PLACE_KINDS
from opendcr.catalogue.substances import published_class
from opendcr.ledger.effective import effective
from opendcr.ledger.facts import Fact


class Plainly:
    """What each measure counts in each month (`2025-02`), months with nothing left out."""

    def __init__(self, facts: Iterable[Fact], timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self.facts = sorted(effective(facts), key=lambda fact: (fact.happened, fact.seq))
        self.people = self._people()
        self.visits: Counter[str] = Counter()
        self.users: defaultdict[str, set[str]] = defaultdict(set)
        self.emergencies: Counter[str] = Counter()
        self.episodes: Counter[str] = Counter()
        self.substances: Counter[tuple[str, str]] = Counter()
        self.named = self._named()
        self._count_arrivals()
        self._count_emergencies()
        for facts_of_visit in self._by_visit().values():
            self._count_episodes(facts_of_visit)

    def _month(self, fact: Fact) -> str:
        return fact.happened.astimezone(self.zone).isoformat()[:7]

    def _people(self) -> Mapping[str, frozenset[str]]:
        """For every linked pseudonym, all that are the same person."""
        joined: dict[frozenset[str], bool] = {}
        for fact in self.facts:
            if fact.kind in ("Linked", "Unlinked") and fact.person:
                joined[frozenset((fact.person, fact.data["other"]))] = fact.kind == "Linked"
        same: dict[str, frozenset[str]] = {}
        for pair in (pair for pair, stands in joined.items() if stands):
            together = pair.union(*(same.get(one, pair) for one in pair))
            same.update(dict.fromkeys(together, together))
        return same

    def _one(self, person: str) -> str:
        return min(self.people.get(person, {person}))

    def genders(self) -> Mapping[str, str]:
        """What each person, under any of their pseudonyms, last said at registration."""
        return {
            self._one(fact.person): fact.data["gender"]
            for fact in self.facts
            if fact.kind == "Registered" and fact.person and "gender" in fact.data
        }

    def _named(self) -> Mapping[str | None, str]:
        """The first person whom a fact of each visit names."""
        named = [(fact.visit, fact.person) for fact in self.facts if fact.visit and fact.person]
        return dict(reversed(named))

    def _count_arrivals(self) -> None:
        seen = set()
        for fact in self.facts:
            if fact.kind == "Arrived" and (stay := fact.visit or fact.id) not in seen:
                seen.add(stay)
                if person := fact.person or self.named.get(fact.visit):
                    self.visits[self._month(fact)] += 1
                    self.users[self._month(fact)].add(self._one(person))

    def _count_emergencies(self) -> None:
        seen = set()
        for fact in self.facts:
            if fact.kind == "EmergencyStarted" and fact.data["emergency"] not in seen:
                seen.add(fact.data["emergency"])
                self.emergencies[self._month(fact)] += 1

    def _by_visit(self) -> Mapping[str, list[tuple[Fact, bool]]]:
        """Each visit's facts, with whether each was in a place that counts as a booth."""
        visits: defaultdict[str, list[tuple[Fact, bool]]] = defaultdict(list)
        adopted = [fact for fact in self.facts if fact.kind == "PolicyAdopted"]
        booths = _injecting(adopted[0]) if adopted else {}  # before it was adopted, it was the plan
        for fact in self.facts:
            # A policy adopted in the same moment is in force already.
            while adopted and adopted[0].happened <= fact.happened:
                booths = _injecting(adopted.pop(0))
            visits[fact.visit or fact.id].append(
                (fact, booths.get(fact.data.get("place", ""), True))
            )
        return visits

    def _count_episodes(self, facts: list[tuple[Fact, bool]]) -> None:
        begun: list[tuple[Fact, set[str]]] = []  # each episode's first fact, and what was used
        booth: str | None = None  # the last booth of the visit
        unused = used = False  # since the last seating there; used at all in that booth
        for fact, in_booth in facts:
            if fact.kind == "Seated" and in_booth:
                if not unused:
                    begun.append((fact, set()))
                booth, unused, used = fact.data["place"], True, False
            elif fact.kind == "ConsumptionStarted" and in_booth:
                if booth is None or (used and fact.data["place"] != booth):
                    begun.append((fact, set()))
                booth, unused, used = fact.data["place"], False, True
                begun[-1][1].update(fact.data["substances"])
            elif fact.kind in _STEPS:
                unused = False
        for fact, substances in begun:
            self.episodes[self._month(fact)] += 1
            if substances - {"declined"}:
                self.substances[self._month(fact), published_class(substances)] += 1


_STEPS = (
    "Seated",
    "ConsumptionStarted",
    "ConsumptionEnded",
    "MovedToRecovery",
    "Queued",
    "SteppedOut",
)


def _injecting(policy: Fact) -> dict[str, bool]:
    return {
        place["id"]: PLACE_KINDS[place["kind"]].injecting
        for place in policy.data["policy"].get("places", [])
    }
