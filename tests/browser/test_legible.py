"""The board read at three metres: what must be read is large, grows with the screen, and stays in its tile."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page

from tests.browser.hand import resting

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn

LONG = "Alexandria-Constantina of the Wide Green Meadow by the Clyde"
ALERT = "Green tinge, very strong, sold as heroin in the east end. " * 6


@pytest.fixture(scope="module")
def full(room: "Room") -> "Room":
    """Eight booths taken, at every level, with long names and several substances."""
    visits = [room.seat(name, f"booth-{at}") for at, name in enumerate(
        ("Blue", "Ally", "Sparrow", "Bear 9J7", "Nan", "Big Dee", "Constantina", "Jo"), 1)]  # fmt: skip
    for visit in visits:
        room.send("Allocate", {"observer": "s-nurse"}, visit=visit)
    for visit, concern in zip(visits[4:], ("watch", "rouse", "intervene"), strict=False):
        room.send("Observe", {"concern": concern}, visit=visit)
    for at in (1, 2):
        mixed = {"place": f"booth-{at}", "route": "intravenous",
                 "substances": ["heroin", "cocaine", "street_benzodiazepine"]}  # fmt: skip
        room.send("ConsumptionEnded", {}, visit=visits[at - 1])
        room.send("ConsumptionStarted", mixed, visit=visits[at - 1])
    room.send("StartEmergency", {"emergency": "e-1"}, visit=visits[3])
    room.send("GiveIntervention", {"emergency": "e-1", "intervention": "naloxone"}, visit=visits[3])
    room.send("GiveIntervention", {"intervention": "naloxone"}, visit=visits[5])
    for at in range(1, 6):
        resting(room, f"Rester {at}")
    room.wait("Connie")
    for name in ("Ally", "Connie"):
        long = {"tier": "1", "name": LONG if name == "Ally" else LONG[::-1]}
        room.send("Register", long, person=f"p-{name.encode().hex()}")
    for alert in ("a-1", "a-2"):
        room.send("RaiseDrugAlert", {"alert": alert, "substances": ["heroin"], "note": ALERT})
    return room


SIZE = """part => Math.min(...[...document.querySelectorAll(part)]
  .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""


def size(page: Page, part: str) -> float:
    return float(page.evaluate(SIZE, part))


def test_substance_observer_and_concern_are_large_and_grow_with_the_screen(
    full: "Room", sign_in: "SignIn"
) -> None:
    usual, wall = sign_in("lead"), sign_in("nurse", width=1920, height=1080)
    for part in (".tile__over", ".tile .chip", ".tile__what", ".tile__kind"):
        assert size(usual, part) >= 20
        assert size(wall, part) >= 1.4 * size(usual, part)
    for part in (".row__name", ".tile__place", ".tile__min b", ".fact b"):
        assert size(wall, part) >= 1.25 * size(usual, part)


SPILLED = """() => [...document.querySelectorAll(".tile")].flatMap((tile) => {
  const edge = tile.getBoundingClientRect(), border = parseFloat(getComputedStyle(tile).borderLeftWidth);
  return [...tile.querySelectorAll("*")].filter((one) => one.checkVisibility()).filter((one) => {
    const box = one.getBoundingClientRect();
    return box.right > edge.right - border - 4 || box.left < edge.left + border + 4
      || box.bottom > edge.bottom - border || box.top < edge.top + border;
  }).map((one) => [tile.dataset.key, one.className, one.textContent]);
}).concat([...document.querySelectorAll(".tile__middle")]
  .filter((one) => one.scrollHeight > one.clientHeight + 1).map((one) => ["middle", one.textContent]))"""


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1280, 800), (1920, 1080)])
def test_full_tiles_keep_what_they_say_inside_under_banners_too(
    width: int, height: int, full: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("lead", width=width, height=height)
    page.evaluate("document.fonts.ready")
    page.evaluate("""() => {
      document.getElementById("kept-words").textContent = "2 made here with nobody signed in, not recorded.";
      document.getElementById("unsaved").textContent = "2 not saved yet";
      for (const id of ["kept", "unsaved", "quiet"]) document.getElementById(id).hidden = false;
    }""")
    assert page.evaluate(SPILLED) == []


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1280, 800), (1920, 1080)])
def test_full_tiles_keep_what_they_say_inside_and_columns_cut_nothing(
    width: int, height: int, full: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("lead", width=width, height=height)
    page.evaluate("document.fonts.ready")
    assert page.evaluate(SPILLED) == []
    for side in ("#left", "#right"):
        assert page.eval_on_selector(side, "it => it.scrollHeight <= it.clientHeight + 1")
    shown = page.locator("#right ul[data-title=Recovery] > li:not(.more)").count()
    assert shown >= 3
