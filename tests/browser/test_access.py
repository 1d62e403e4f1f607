"""The screens for everybody: axe's rules, sizes that a glove can hit, no scrolling, large text."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Request, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn

Look = Callable[[Page], Any]

SCREENS: dict[str, Look] = {
    "board": lambda page: page.wait_for_selector(".tile"),
    "arrival": lambda page: page.keyboard.press("a"),
    "first visit": lambda page: [page.keyboard.press("a"), page.get_by_text("First visit").click()],
    "seat next": lambda page: page.keyboard.press("n"),
    "panel": lambda page: page.locator(".tile", has_text="Seen").click(),
    "look": lambda page: [
        page.locator(".tile", has_text="Seen").click(),
        page.get_by_text("Look:").click(),
    ],
    "talk": lambda page: [
        page.locator(".row", has_text="Comer").click(),
        page.get_by_text("Talk:").click(),
    ],
    "free place": lambda page: page.keyboard.press("8"),
    "alert": lambda page: page.keyboard.press("d"),
    "room": lambda page: page.locator("[data-key=room]").click(),
    "keys": lambda page: page.keyboard.press("?"),
    "emergency": lambda page: page.locator(".tab--emergency").first.click(),
}


@pytest.fixture(scope="module")
def peopled(room: "Room") -> "Room":
    """Somebody in each part of the room, at several levels."""
    seen = room.seat("Seen", "booth-1")
    room.seat("Watched", "booth-2")
    room.send("Observe", {"response": "voice", "concern": "rouse"}, visit=seen)
    room.wait("Waiter")
    room.arrive("Comer")
    rest = room.seat("Rester", "booth-3")
    room.send("EndConsumption", visit=rest)
    room.send("MoveToRecovery", visit=rest)
    room.send("RaiseDrugAlert", {"alert": "a-1", "substances": ["heroin"], "note": "green tinge"})
    room.send("StartEmergency", {"emergency": "e-1", "area": "lounge"})
    return room


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing(screen: str, scheme: str, peopled: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead", scheme=scheme)
    expect(page.locator(".tab--emergency")).to_be_visible()
    SCREENS[screen](page)
    page.evaluate("document.fonts.ready")
    found = Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]
    assert told == []


SMALL = """() => [...document.querySelectorAll('button, a[href], input, textarea, select')]
  .filter((one) => one.checkVisibility() && !one.matches('.skip'))
  .map((one) => [one.textContent.trim().slice(0, 30) || one.id, one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 48 || box.height < 48)
  .map(([words, box]) => `${words}: ${Math.round(box.width)} by ${Math.round(box.height)}`)"""


@pytest.mark.parametrize("screen", SCREENS)
def test_every_target_is_at_least_48_pixels(
    screen: str, peopled: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("lead", width=1024, height=768)
    SCREENS[screen](page)
    assert page.evaluate(SMALL) == []


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768), (1920, 1080)])
def test_the_board_fits_without_scrolling(
    width: int, height: int, peopled: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("lead", width=width, height=height)
    size = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    )
    assert size == [width, height]
    cut = page.evaluate(
        "[...document.querySelectorAll('.tile')].filter((it) => it.scrollWidth > it.clientWidth + 1"
        " || it.scrollHeight > it.clientHeight + 1).map((it) => it.textContent)"
    )
    assert cut == []


# What screens of 1280 by 800 and 1024 by 768 have at 200 %, and two telephones.
NARROW = [(640, 400), (512, 384), (390, 844), (320, 568)]

# Whether a finger would meet an element, or what lies over it.
MET = """it => {
  const box = it.getBoundingClientRect();
  return [[box.left + 4, box.top + 4], [box.right - 4, box.bottom - 4]]
    .every(([x, y]) => it.contains(document.elementFromPoint(x, y)));
}"""


def whole(page: Page, place: Locator) -> None:
    """An element is in view, nothing lies over it, and its words do not run out of it."""
    expect(place).to_be_in_viewport(ratio=1)
    assert place.evaluate(MET)
    assert place.evaluate("it => it.scrollWidth <= it.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(("width", "height"), NARROW)
def test_on_a_narrow_board_everything_is_reached_and_emergency_stays(
    width: int, height: int, peopled: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("lead", width=width, height=height)
    for place in ("#arrived", ".tile >> nth=0", ".tile >> nth=-1", "#right .row >> nth=0"):
        page.locator(place).evaluate("(one) => one.scrollIntoView({block: 'center'})")
        assert page.locator(place).evaluate(MET)
        whole(page, page.locator(".bar__emergency"))


@pytest.mark.parametrize(("width", "height"), NARROW)
def test_a_narrow_emergency_begins_with_its_clocks_and_first_keys(
    width: int, height: int, peopled: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("lead", width=width, height=height)
    page.locator(".tab--emergency").first.click()
    another = page.get_by_role("button", name="Another EMERGENCY")
    for first in ("#emergency-title", ".watch >> nth=0", ".key >> nth=0", ".key >> nth=1"):
        whole(page, page.locator(first))
    whole(page, another)
    page.get_by_role("button", name="Ended…").evaluate("(one) => one.scrollIntoView()")
    assert page.get_by_role("button", name="Ended…").evaluate(MET)
    whole(page, another)
    whole(page, page.locator("#emergency-title"))


@pytest.mark.parametrize(("width", "height"), [(1280, 800), *NARROW])
@pytest.mark.parametrize("path", ["/sign-in", "/evidence"])
def test_emergency_stays_in_view_however_far_a_page_is_scrolled(
    path: str, width: int, height: int, peopled: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("lead", width=width, height=height)
    page.goto(peopled.url + path)
    whole(page, page.get_by_role("link", name="EMERGENCY"))
    page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
    whole(page, page.get_by_role("link", name="EMERGENCY"))


def test_names_are_the_largest_thing_on_a_tile(peopled: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead")
    tile = page.locator(".tile", has_text="Seen")
    sizes = tile.evaluate(
        "it => ['.name', '.tile__min b', '.tile__due', '.tile__place', '.tile__what']"
        ".map((part) => parseFloat(getComputedStyle(it.querySelector(part)).fontSize))"
    )
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] >= 28


def test_nothing_is_fetched_from_elsewhere_and_nothing_breaks_the_policy(
    peopled: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("lead")
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "console", lambda message: said.append(message.text) if message.type == "error" else None
    )
    page.reload()
    page.wait_for_selector(".tile")
    assert [url for url in asked if not url.startswith((peopled.url, "data:"))] == []
    assert said == []


def test_the_board_weighs_less_than_200_kilobytes(peopled: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead")
    weights: dict[str, int] = {}

    def weigh(request: Request) -> None:
        if "/api/stream" not in request.url:
            weights[request.url] = request.sizes()["responseBodySize"]

    page.on("requestfinished", weigh)
    page.reload()
    page.wait_for_selector(".tile")
    page.wait_for_load_state("load")
    assert len(weights) > 20
    assert sum(weights.values()) < 200_000
