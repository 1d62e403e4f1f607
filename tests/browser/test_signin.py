"""A session that ends is said at once; what was tapped is neither lost nor entered in another's name."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.acting import PASSWORD

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn
    from tests.support.browser import NewPage

FULL = {"where": "the database", "found": "the disk is full", "expected": "try again, or use paper"}


def ends(page: Page) -> None:
    """The session is gone from this browser, as after a server that forgot it."""
    page.context.clear_cookies(name="opendcr_session")
    page.context.clear_cookies(name="opendcr_device")


def enters(page: Page, role: str) -> None:
    """Signs in by the banner's own link."""
    page.locator("#nobody-link").click()
    page.fill("#username", role)
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#age")).to_contain_text("live")


def soon(true: Callable[[], bool]) -> None:
    """What the ledger has within seconds of a tap that is being sent."""
    until = time.monotonic() + 5
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)


def story(room: "Room", id: str) -> list[str]:
    """The lines of an emergency, in words."""
    begun = [one for one in room.board()["emergencies"] if one["id"] == id]
    return [line["words"] for one in begun for line in one["timeline"]]


def authors(room: "Room", visit: str) -> list[str]:
    """Who recorded that somebody left."""
    return [fact["author"] for fact in room.facts("Departed") if fact["visit"] == visit]


def leaves(page: Page, visit: str) -> None:
    """Somebody leaves, as the outbox is told when it is tapped."""
    page.evaluate(
        """async (visit) => {
          const { outbox } = await import(document.querySelector('link[href*="desk.js"]').href);
          outbox.submit("Depart", { visit, data: { how: "well" } });
        }""",
        visit,
    )


def test_a_session_that_ends_is_said_and_names_leave_the_screen(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.seat("Vanishing", "booth-1")
    page = sign_in("nurse")
    expect(page.locator(".tile", has_text="Vanishing")).to_be_visible()
    page.locator(".tile", has_text="Vanishing").click()
    ends(page)
    other = page.context.new_page()
    other.goto(room.url + "/sign-in")  # where a sign-out leads: it tells the other tabs
    expect(page.locator("#nobody")).to_contain_text("Nobody is signed in here", timeout=2000)
    assert "Vanishing" not in page.content()
    expect(page.locator("#age")).to_have_text("nobody signed in")
    expect(page.locator("body")).to_have_attribute("data-data", "signed-out")
    expect(page.get_by_role("button", name="Someone has arrived")).to_be_hidden()
    expect(page.locator(".bar__emergency")).to_be_visible()


def test_whoever_leaves_signs_out_by_two_taps(
    room: "Room", sign_in: "SignIn", sessions: dict[str, Any]
) -> None:
    page = sign_in("nurse")
    sessions.pop("nurse")
    page.locator("#who").click()
    expect(page.get_by_text("is signed in here")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign out")).to_have_count(0)
    page.goto(room.url)
    expect(page.locator(".tile")).to_have_count(0)


def test_a_stream_that_fails_is_asked_after(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("worker")
    expect(page.locator("#age")).to_contain_text("live")
    page.evaluate("fetch('/sign-out', {method: 'POST', headers: {'X-CSRFToken': "
                  "document.cookie.match(/csrftoken=([^;]+)/)[1]}})")  # fmt: skip
    expect(page.locator("#nobody")).to_contain_text("Nobody is signed in here", timeout=15_000)


def test_a_tap_without_a_session_is_saved_once_its_author_signs_in(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.arrive("Long Wait")
    page = sign_in("reception")
    expect(page.locator("#age")).to_contain_text("live")
    ends(page)
    leaves(page, visit)
    expect(page.locator("#nobody")).to_contain_text("1 kept on this page")
    enters(page, "nurse")  # somebody else: it is shown, and not sent
    expect(page.locator("#kept")).to_contain_text("1 kept from RE: sent when they sign in here")
    assert authors(room, visit) == []
    page.goto(room.url + "/sign-in")
    page.fill("#username", "reception")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#age")).to_contain_text("live")
    expect(page.locator("#kept")).to_be_hidden()
    expect(page.locator("#unsaved")).to_be_hidden()
    soon(lambda: authors(room, visit) == ["s-reception"])


def test_no_words_are_kept_in_the_browser(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead")
    ends(page)
    page.keyboard.press("d")
    page.locator("#alert-text").fill("Secret Words")
    page.get_by_role("button", name="Raise the alert").click()
    expect(page.locator("#nobody")).to_contain_text("1 kept on this page")
    kept = page.evaluate("sessionStorage.getItem('opendcr-unsaved')")
    assert json.loads(kept)[0]["command"] is None
    assert "Secret" not in kept
    page.on("dialog", lambda dialog: dialog.accept())  # leaving loses words, and the browser asks
    enters(page, "lead")
    expect(page.locator("#kept")).to_contain_text("1 not kept, for the words in it")


def test_the_detail_of_a_dose_is_kept_over_a_sign_in(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    page.locator("[data-key=key-naloxone]").click()
    soon(lambda: len(room.facts("InterventionGiven")) > 0)
    expect(page.locator("#unsaved")).to_be_hidden()
    [dose] = [fact["id"] for fact in room.facts("InterventionGiven")][-1:]
    ends(page)
    page.locator(".detail [data-code='400']").click()
    page.get_by_role("button", name="Add to the record").click()
    expect(page.locator("#nobody")).to_contain_text("1 kept on this page")
    enters(page, "nurse")
    expect(page.locator("#unsaved")).to_be_hidden()
    soon(lambda: [fact["data"]["target"] for fact in room.facts("Corrected")][-1:] == [dose])
    assert room.facts("Corrected")[-1]["data"]["changes"]["data"] == {"micrograms": 400}


def begins_on_a_strange_device(page: Page, room: "Room") -> None:
    page.goto(room.url + "/sign-in")
    page.context.clear_cookies(name="opendcr_device")
    page.get_by_role("link", name="EMERGENCY").click()


def test_an_emergency_on_a_strange_device_is_loudly_not_recorded_and_can_be_entered(
    room: "Room", new_page: "NewPage"
) -> None:
    page = new_page()
    begins_on_a_strange_device(page, room)
    expect(page.locator("#nobody")).to_contain_text("NOT RECORDED · this device is not enrolled")
    expect(page.locator("#age")).not_to_contain_text("live")
    page.locator("[data-key=key-airway]").click()
    expect(page.locator("#story")).to_contain_text("Airway opened")
    expect(page.locator("#nobody")).to_contain_text("2 kept on this page")
    id = page.evaluate("location.hash.slice(1)")
    enters(page, "nurse")
    expect(page.locator("#kept")).to_contain_text("2 made here with nobody signed in")
    assert id not in [one["id"] for one in room.board()["emergencies"]]
    expect(page.locator("#panel-title")).to_have_text("Not saved from this page")
    page.get_by_role("button", name="Enter them as").click()
    expect(page.locator("#kept")).to_be_hidden()
    expect(page.locator("#unsaved")).to_be_hidden()
    soon(lambda: story(room, id) == ["Emergency", "Airway opened"])
    expect(page.locator("#story")).to_contain_text("Airway opened")
    assert page.evaluate("location.hash.slice(1)") == id


def test_what_was_done_with_nobody_signed_in_is_forgotten_only_when_asked_twice(
    room: "Room", new_page: "NewPage"
) -> None:
    page = new_page()
    begins_on_a_strange_device(page, room)
    expect(page.locator("#nobody")).to_contain_text("1 kept on this page")
    enters(page, "nurse")
    page.get_by_role("button", name="Not needed any more").click()
    expect(page.locator("#panel-title")).to_contain_text("Forget this? It is recorded nowhere else")
    page.get_by_role("button", name="No, back").click()
    expect(page.locator("#kept")).to_be_visible()
    page.get_by_role("button", name="Not needed any more").click()
    page.get_by_role("button", name="Yes, forget").click()
    expect(page.locator("#kept")).to_be_hidden()


def test_what_a_server_in_trouble_says_is_shown(room: "Room", sign_in: "SignIn") -> None:
    room.seat("Full", "booth-2")
    page = sign_in("nurse")

    def full(route: Route) -> None:
        route.fulfill(status=503, json={"problem": FULL})

    page.route("**/api/commands", full)
    page.locator(".tile", has_text="Full").click()
    page.get_by_role("button", name="Alert, no concern").click()
    expect(page.locator(".panel__status")).to_contain_text("the disk is full")
    expect(page.locator(".panel__status")).to_contain_text("use paper")
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#stale")).to_contain_text("use paper")
    page.unroute("**/api/commands")
    expect(page.locator("#unsaved")).to_be_hidden(timeout=15_000)
    expect(page.locator("#stale")).to_be_hidden()


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "content_type": "text/html", "body": "<p>Welcome to the guest network"},
        {"status": 200, "json": {}},
        {"status": 200, "json": {"facts": [{"command": "another"}]}},
        {"status": 403, "content_type": "text/html", "body": "<p>Accept the conditions"},
        {"status": 404, "content_type": "text/html", "body": "<p>Not found"},
        {"status": 413, "body": ""},
    ],
    ids=lambda answer: str(answer)[10:40],
)
def test_only_the_rooms_own_server_settles_a_tap(
    answer: dict[str, Any], room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.route("**/api/commands", lambda route: route.fulfill(**answer))
    page.locator(".bar__emergency").click()
    id = page.evaluate("location.hash.slice(1)")
    expect(page.locator("#stale")).to_contain_text("is not the room's server")
    expect(page.locator("#unsaved")).to_contain_text("1 not saved yet")
    assert id in page.evaluate("sessionStorage.getItem('opendcr-unsaved')")
    page.unroute("**/api/commands")
    expect(page.locator("#unsaved")).to_be_hidden(timeout=15_000)
    soon(lambda: story(room, id) == ["Emergency"])


def test_an_emergency_waits_for_nothing_that_is_in_trouble(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    first = page.evaluate("location.hash.slice(1)")
    soon(lambda: story(room, first) == ["Emergency"])

    def stuck(route: Route) -> None:
        if first in (route.request.post_data or ""):
            route.fulfill(status=503, json={"problem": FULL})
        else:
            route.continue_()

    page.route("**/api/commands", stuck)
    page.locator("[data-key=key-airway]").click()
    page.locator("[data-key=key-stimulation]").click()
    page.get_by_role("button", name="Another EMERGENCY").click()
    second = page.evaluate("location.hash.slice(1)")
    soon(lambda: story(room, second) == ["Emergency"])
    page.unroute("**/api/commands")
    expect(page.locator("#unsaved")).to_be_hidden(timeout=15_000)
    soon(lambda: story(room, first) == ["Emergency", "Airway opened", "Stimulated"])


def doses(room: "Room", id: str) -> list[dict[str, Any]]:
    """The doses of an emergency, as the board tells them."""
    begun = [one for one in room.board()["emergencies"] if one["id"] == id]
    return [dose for one in begun for dose in one["naloxone"]]


def gives(page: Page, *, add: bool = True) -> str:
    """An emergency begins and naloxone is given, with a dose that is said afterwards."""
    page.locator(".bar__emergency").click()
    page.locator("[data-key=key-naloxone]").click()
    page.locator(".detail .pick[data-code='400']").click()
    if add:
        page.get_by_role("button", name="Add to the record").click()
    return str(page.evaluate("location.hash.slice(1)"))


@pytest.mark.parametrize("add", [True, False], ids=["added", "chosen"])
def test_what_is_said_of_a_dose_is_saved_once_after_a_reload_that_came_before_the_dose_was(
    add: bool, room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/api/commands", lambda route: route.abort())
    id = gives(page, add=add)
    if add:
        expect(page.locator("#story")).to_contain_text("Naloxone: 400 micrograms")
        expect(page.locator("#unsaved")).to_contain_text("3 not saved yet", timeout=8000)
    page.reload()
    expect(page.locator("#unsaved")).to_contain_text("3 not saved yet", timeout=8000)
    page.unroute("**/api/commands")
    expect(page.locator("#unsaved")).to_be_hidden(timeout=15_000)
    soon(lambda: [dose["micrograms"] for dose in doses(room, id)] == [400])
    given = room.facts("InterventionGiven")[-1]["id"]
    said = [fact for fact in room.facts("Corrected") if fact["data"]["target"] == given]
    assert [fact["author"] for fact in said] == ["s-nurse"]


def test_what_is_said_of_a_dose_waits_for_its_author_with_the_dose(
    room: "Room", sign_in: "SignIn", sessions: dict[str, Any]
) -> None:
    page = sign_in("nurse")
    sessions.pop("nurse")
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/api/commands", lambda route: route.abort())
    id = gives(page, add=False)
    ends(page)
    page.unroute("**/api/commands")
    page.get_by_role("button", name="Add to the record").click()
    expect(page.locator("#nobody")).to_contain_text("3 kept on this page", timeout=8000)
    enters(page, "lead")
    expect(page.locator("#kept")).to_contain_text("3 kept from NU: sent when they sign in here")
    assert doses(room, id) == []
    page.goto(room.url + "/sign-in")
    page.fill("#username", "nurse")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#age")).to_contain_text("live")
    soon(lambda: [dose["micrograms"] for dose in doses(room, id)] == [400])
    assert room.facts("Corrected")[-1]["author"] == "s-nurse"


def test_what_a_page_records_for_nobody_is_not_put_down_to_who_signed_in_elsewhere(
    room: "Room", sign_in: "SignIn", sessions: dict[str, Any]
) -> None:
    page = sign_in("nurse")
    sessions.pop("nurse")  # it ends
    other = page.context.new_page()
    other.goto(room.url + "/sign-in")
    other.fill("#username", "lead")
    other.fill("#password", PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other.locator("#age")).to_contain_text("live")
    expect(page.locator("#nobody")).to_contain_text("Somebody else is signed in now")
    page.locator(".bar__emergency").click()
    id = page.evaluate("location.hash.slice(1)")
    soon(lambda: story(room, id) == ["Emergency"])
    fact = room.facts("EmergencyStarted")[-1]
    assert (fact["data"]["emergency"], fact["author"]) == (id, "unattributed")


def test_a_sign_in_page_left_open_records_for_nobody_too(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead")
    page.goto(room.url + "/sign-in")
    assert page.evaluate("JSON.parse(boot.textContent).staff.id") == "s-lead"
    kept = page.context.cookies()
    ends(page)
    page.reload()
    page.context.add_cookies(kept)  # the lead signs in again, in another tab
    page.get_by_role("link", name="EMERGENCY").click()
    expect(page.locator("#watches")).to_contain_text("since it began")
    id = page.evaluate("location.hash.slice(1)")
    soon(lambda: story(room, id) == ["Emergency"])
    assert room.facts("EmergencyStarted")[-1]["author"] == "unattributed"


def test_a_lost_token_of_the_page_is_asked_for_and_the_emergency_is_sent_again(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.context.clear_cookies(name="csrftoken")
    page.locator(".bar__emergency").click()
    id = page.evaluate("location.hash.slice(1)")
    soon(lambda: story(room, id) == ["Emergency"])
    assert room.facts("EmergencyStarted")[-1]["author"] == "s-nurse"
    expect(page.locator("#nobody")).to_be_hidden()


def test_a_page_that_hears_nothing_from_its_first_moment_says_so(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.context.route("**/api/stream*", lambda route: route.abort())
    page.context.route("**/api/board*", lambda route: route.abort())
    page.reload()
    expect(page.locator("#age")).to_have_text("connecting…")
    expect(page.locator("#stale")).to_contain_text("may be out of date", timeout=8000)
    expect(page.locator("#stale")).to_contain_text("has shown nothing", timeout=14_000)
    expect(page.locator("#age")).to_have_text("stopped")


def test_a_page_whose_scripts_never_came_says_so(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    page.context.route("**/floor/*.js*", lambda route: route.abort())
    page.reload()
    expect(page.locator(".unstarted")).to_be_visible(timeout=12_000)
    expect(page.locator(".unstarted")).to_contain_text("has not started")
