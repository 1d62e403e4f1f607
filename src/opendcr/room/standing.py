"""What stands in a room whoever is in it: policy, terms, people's standing, staff, places, alerts.

Every item remembers the fact that set it last, and only a later one (by when it happened, then by
`seq`) replaces it. So facts that come late find their place without reading the ledger again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from immutables import Map

from opendcr.errors import InputError
from opendcr.ledger.effective import effective
from opendcr.ledger.facts import UNATTRIBUTED, Fact
from opendcr.room.changed import changed
from opendcr.room.policy import DEFAULT, Policy
from opendcr.room.visit import Key, order

Item = tuple[Key, Any]
Items = Map[Any, Item]
NONE: Items = Map()


@dataclass(frozen=True)
class Exclusion:
    """A person may not come in, or not use here, until a moment. It always ends."""

    id: str
    person: str
    scope: str
    until: datetime


@dataclass(frozen=True)
class Standing:
    """What stands. Each map holds, by its key, when it was set and what it was set to."""

    policies: tuple[tuple[Key, Policy], ...] = ()
    terms: Items = NONE  # "current" → version
    accepted: Items = NONE  # person → version
    people: Items = NONE  # (person, key) → what Registered said of them last
    links: Items = NONE  # (person, person) → linked?
    exclusions: Items = NONE  # fact id → Exclusion
    lifted: Items = NONE  # exclusion's fact id → True
    state: Items = NONE  # "room" → open, paused or closed
    staff: Items = NONE  # staff → role, or None when off shift
    blocked: Items = NONE  # place → (reason, rule), or None
    equipment: Items = NONE  # item → ready?
    alerts: Items = NONE  # alert → the fact, or None when withdrawn
    reviews: Items = NONE  # flag's fact id → the fact
    resolved: Items = NONE  # flag's fact id → True
    acknowledged: Items = NONE  # (rule, subject) → due
    attributed: Items = NONE  # fact id → the staff who were first named as its author

    def policy_at(self, moment: datetime) -> Policy:
        """The policy in force at a moment; before the first, the first: it was the plan."""
        chosen = self.policies[0][1] if self.policies else DEFAULT
        for (since, _), policy in self.policies:
            if since <= moment:
                chosen = policy
        return chosen

    @property
    def policy(self) -> Policy:
        """The policy adopted last."""
        return self.policies[-1][1] if self.policies else DEFAULT

    @property
    def current_terms(self) -> str | None:
        """The version of the terms that stands, or None where none was published."""
        return self.value("terms", "current")  # type: ignore[no-any-return]

    def value(self, items: str, key: Any) -> Any:
        """What an item was last set to, or None."""
        found = getattr(self, items).get(key)
        return found[1] if found else None

    def on_shift(self) -> dict[str, str]:
        """The roles of the staff on shift, by staff."""
        return {staff: role for staff, (_, role) in sorted(self.staff.items()) if role is not None}

    def same_person(self, person: str) -> frozenset[str]:
        """All pseudonyms known to be this person."""
        known, edges = {person}, [pair for pair, (_, linked) in self.links.items() if linked]
        growing = True
        while growing:
            reached = {one for pair in edges if known & set(pair) for one in pair}
            growing = not reached <= known
            known |= reached
        return frozenset(known)

    def exclusion_of(
        self, person: str | None, now: datetime, to_use: bool = True
    ) -> Exclusion | None:
        """The exclusion that holds at `now` against coming in (and using), the longest of several.

        An exclusion from using alone does not hold against somebody who comes for other help.
        """
        if person is None:
            return None
        same = self.same_person(person)
        holding = [
            exclusion
            for id, ((since, _), exclusion) in self.exclusions.items()
            if exclusion.person in same
            and since <= now < exclusion.until
            and not self._lifted_at(id, now)
            and (to_use or exclusion.scope != "using")
        ]
        return max(holding, key=lambda exclusion: (exclusion.until, exclusion.id), default=None)

    def _lifted_at(self, exclusion: str, now: datetime) -> bool:
        found = self.lifted.get(exclusion)
        return found is not None and found[0][0] <= now

    def age_bands(self, person: str | None) -> list[str]:
        """The age bands that are known of a person, under whatever pseudonym."""
        same = self.same_person(person) if person else ()
        bands = [self.value("people", (one, "age_band")) for one in sorted(same)]
        return [band for band in bands if band is not None]

    def set_until(self, fact: Fact) -> datetime | None:
        """When what this fact would set was set last: an earlier moment would change nothing."""
        if fact.kind == "PolicyAdopted":
            return self.policies[-1][0][0] if self.policies else None
        settings = _SETTERS[fact.kind](fact) if fact.kind in _SETTERS else []
        found = [getattr(self, name).get(key) for name, key, _ in settings]
        return max((item[0][0] for item in found if item is not None), default=None)

    def attributed_to(self, fact: Fact) -> str | None:
        """Who was named since as the author of a fact that came without one."""
        return self.value("attributed", fact.id) if fact.author == UNATTRIBUTED else None

    def open_reviews(self) -> list[Fact]:
        """Flags that nobody has resolved, oldest first."""
        flags = [flag for id, (_, flag) in self.reviews.items() if id not in self.resolved]
        return sorted(flags, key=lambda flag: flag.seq)


def fold_standing(facts: Iterable[Fact]) -> Standing:
    """What stands after these facts."""
    standing = Standing()
    for fact in effective(facts):
        standing = step_standing(standing, fact)
    return standing


def step_standing(standing: Standing, fact: Fact) -> Standing:
    """What stands after one more effective fact."""
    if fact.kind == "PolicyAdopted":
        return _adopt(standing, fact)
    if fact.kind == "Attributed":
        return _attribute(standing, fact)
    setter = _SETTERS.get(fact.kind)
    if setter is None:
        return standing
    for name, key, value in setter(fact):
        standing = _set(standing, name, key, order(fact), value)
    return standing


def _set(standing: Standing, name: str, key: Any, at: Key, value: Any) -> Standing:
    items: Items = getattr(standing, name)
    found = items.get(key)
    if found is not None and found[0] > at:
        return standing
    changes: dict[str, Any] = {name: items.set(key, (at, value))}
    return changed(standing, **changes)


def _adopt(standing: Standing, fact: Fact) -> Standing:
    try:
        policy = Policy.from_data(fact.data["policy"], "the policy")
    except InputError:
        return standing  # from another version's ledger: the policy that we can read stays in force
    adopted = sorted([*standing.policies, (order(fact), policy)], key=lambda one: one[0])
    return changed(standing, policies=tuple(adopted))


def _attribute(standing: Standing, fact: Fact) -> Standing:
    """What was done was done by one: the first who was named, until that is taken back."""
    target, item = fact.data["target"], (order(fact), fact.data["staff"])
    if target in standing.attributed:
        return standing
    return changed(standing, attributed=standing.attributed.set(target, item))


Setting = tuple[str, Any, Any]


def _registered(fact: Fact) -> list[Setting]:
    if fact.person is None:
        return []
    return [("people", (fact.person, key), value) for key, value in fact.data.items()]


def _accepted(fact: Fact) -> list[Setting]:
    return [("accepted", fact.person, fact.data["terms"])] if fact.person else []


def _excluded(fact: Fact) -> list[Setting]:
    if fact.person is None:
        return []  # said of nobody: it is flagged, and keeps nobody out
    until = datetime.fromisoformat(fact.data["until"])
    return [("exclusions", fact.id, Exclusion(fact.id, fact.person, fact.data["scope"], until))]


def _linked(linked: bool) -> Callable[[Fact], list[Setting]]:
    def setting(fact: Fact) -> list[Setting]:
        if fact.person is None:
            return []
        return [("links", tuple(sorted((fact.person, fact.data["other"]))), linked)]

    return setting


def _state(state: str) -> Callable[[Fact], list[Setting]]:
    return lambda fact: [("state", "room", state)]


def _checked(fact: Fact) -> list[Setting]:
    return [("equipment", item, fact.data["ready"]) for item in fact.data["items"]]


def _acknowledged(fact: Fact) -> list[Setting]:
    if fact.visit is not None and fact.data["subject"] == fact.visit:
        return []  # the visit keeps its own, and takes them with it
    return [("acknowledged", (fact.data["rule"], fact.data["subject"]), fact.data["due"])]


_SETTERS: Mapping[str, Callable[[Fact], list[Setting]]] = {
    "Registered": _registered,
    "Linked": _linked(True),
    "Unlinked": _linked(False),
    "TermsPublished": lambda fact: [("terms", "current", fact.data["terms"])],
    "TermsAccepted": _accepted,
    "ExclusionImposed": _excluded,
    "ExclusionLifted": lambda fact: [("lifted", fact.data["exclusion"], True)],
    "RoomOpened": _state("open"),
    "RoomPaused": _state("paused"),
    "RoomResumed": _state("open"),
    "RoomClosed": _state("closed"),
    "StaffSignedOn": lambda fact: [("staff", fact.data["staff"], fact.data["role"])],
    "StaffSignedOff": lambda fact: [("staff", fact.data["staff"], None)],
    "PlaceBlocked": lambda fact: [
        ("blocked", fact.data["place"], (fact.data["reason"], fact.data.get("rule")))
    ],
    "PlaceReleased": lambda fact: [("blocked", fact.data["place"], None)],
    "EquipmentChecked": _checked,
    "DrugAlertRaised": lambda fact: [("alerts", fact.data["alert"], fact)],
    "DrugAlertWithdrawn": lambda fact: [("alerts", fact.data["alert"], None)],
    "ReviewFlagged": lambda fact: [("reviews", fact.id, fact)],
    "ReviewResolved": lambda fact: [("resolved", fact.data["flag"], True)],
    "Acknowledged": _acknowledged,
}
STANDING_KINDS = frozenset({*_SETTERS, "PolicyAdopted", "Attributed"})
