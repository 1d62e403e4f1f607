"""Kinds of place in a room, what may be done in each, and the routes by which people use."""

from dataclasses import dataclass

from opendcr.catalogue.entry import Catalogue, Entry


@dataclass(frozen=True)
class Route(Entry):
    """A way of taking a substance; `injecting` decides in which booths it may happen."""

    injecting: bool = False


ROUTES: Catalogue[Route] = Catalogue(
    "routes",
    [
        Route("intravenous", "into a vein", True, maps={"euda": "1"}),
        Route("intramuscular", "into a muscle", True, maps={"euda": "1"}),
        Route("subcutaneous", "under the skin", True, maps={"euda": "1"}),
        Route("inhaled", "smoked or inhaled", maps={"euda": "2"}),
        Route("swallowed", "swallowed", maps={"euda": "3"}),
        Route("snorted", "snorted", maps={"euda": "4"}),
        Route("rectal", "rectal", maps={"euda": "5"}),
        Route("unknown", "not known", maps={"euda": "99"}),
    ],
)


@dataclass(frozen=True)
class PlaceKind(Entry):
    """`consumption`: people use here. `injecting`, `inhaling`: by which routes."""

    consumption: bool = False
    injecting: bool = False
    inhaling: bool = False


PLACE_KINDS: Catalogue[PlaceKind] = Catalogue(
    "kinds of place",
    [
        PlaceKind("injecting", "injecting booth", True, True),
        PlaceKind("accessible", "wheelchair booth", True, True),
        PlaceKind("inhalation", "inhalation booth", True, False, True),
        PlaceKind("waiting_seat", "waiting seat"),
        PlaceKind("recovery_chair", "recovery chair"),
        PlaceKind("health_room", "health room"),
        PlaceKind("elsewhere", "elsewhere in the building"),
    ],
)

HANDS: Catalogue[Entry] = Catalogue(
    "hands",
    [Entry("either", "either hand"), Entry("left", "left-handed"), Entry("right", "right-handed")],
)

# Where an emergency can begin that is not a place of the policy.
AREAS: Catalogue[Entry] = Catalogue(
    "areas",
    [
        Entry("reception", "reception"),
        Entry("waiting_room", "waiting room"),
        Entry("using_space", "using space"),
        Entry("recovery", "recovery"),
        Entry("lounge", "lounge"),
        Entry("toilet", "toilet"),
        Entry("health_room", "health room"),
        Entry("outside", "outside the door"),
        Entry("unknown", "place not said"),
    ],
)

_PERHAPS_A_BOOTH = ("using_space", "unknown")


def elsewhere(area: str | None) -> bool:
    """Whether an area is one where no booth is."""
    return area is not None and area not in _PERHAPS_A_BOOTH


def permits(kind: str, route: str) -> bool:
    """Whether a route belongs in a kind of place; an unknown kind or route permits nothing.

    Swallowing or snorting makes no smoke and needs no injecting table: any place of consumption does.
    """
    if kind not in PLACE_KINDS or route not in ROUTES:
        return False
    place = PLACE_KINDS[kind]
    if ROUTES[route].injecting:
        return place.injecting
    return place.inhaling if route == "inhaled" else place.consumption
