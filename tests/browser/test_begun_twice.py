"""One emergency that two people began, on their screens; and what each is told of the other's."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SOON
from tests.browser.hand import ago, leave_empty, panel, tap

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn


@pytest.fixture(autouse=True)
def empty(room: "Room") -> None:
    leave_empty(room)


def where_and_who(page: Page, id: str) -> None:
    page.locator(f"[data-key='tab-{id}']").click()
    page.get_by_role("button", name="Where and who").click()


def begun_on(page: Page) -> str:
    """An emergency that is begun on the screen; its id, once it is saved."""
    page.keyboard.press("Shift+E")
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    return str(page.evaluate("location.hash.slice(1)"))


def join(room: "Room", id: str, into: str) -> None:
    start = next(fact for fact in room.facts("EmergencyStarted") if fact["data"]["emergency"] == id)
    changes = {"data": {"emergency": into}}
    room.send("Correct", {"target": start["id"], "changes": changes, "reason": "duplicate"})


def test_what_is_not_saved_yet_goes_on_in_the_one_that_it_was_found_to_be(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.send("StartEmergency", {"emergency": "e-71", "area": "lounge"})
    page = sign_in("nurse")
    second = begun_on(page)
    page.route("**/api/commands", lambda route: route.abort())
    page.locator("[data-key=key-naloxone]").click()
    join(room, second, "e-71")
    expect(page.locator("#emergency-title")).to_contain_text("Lounge", timeout=SOON)
    expect(page.locator("#watches")).to_contain_text("since naloxone")
    expect(page.locator("#story")).to_contain_text("not saved yet", timeout=SOON)
    page.unroute("**/api/commands")
    expect(page.locator("#story")).not_to_contain_text("not saved yet", timeout=20_000)
    (emergency,) = room.board()["emergencies"]
    assert len(emergency["naloxone"]) == 1


def test_one_that_runs_is_not_made_one_with_what_is_over_by_now(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.send("StartEmergency", {"emergency": "e-72", "area": "lounge"}, **ago(1))
    room.send("StartEmergency", {"emergency": "e-73", "area": "toilet"})
    page = sign_in("nurse")
    where_and_who(page, "e-73")

    panel(page).locator(".group", has_text="Begun twice").get_by_role("button").first.click()
    expect(panel(page)).to_contain_text("One emergency, begun twice?")
    room.send("EndEmergency", {"emergency": "e-72", "outcome": "recovered"})
    expect(page.locator("[data-key='tab-e-72']")).to_have_count(0, timeout=SOON)
    expect(panel(page)).to_contain_text("Nothing was changed", timeout=SOON)
    assert [one["id"] for one in room.board()["emergencies"]] == ["e-73"]


def test_where_and_who_follows_the_room(room: "Room", sign_in: "SignIn") -> None:
    room.send("StartEmergency", {"emergency": "e-74", "area": "lounge"})
    page = sign_in("nurse")
    where_and_who(page, "e-74")
    expect(panel(page)).not_to_contain_text("Begun twice")
    room.send("StartEmergency", {"emergency": "e-75", "area": "toilet"})
    expect(panel(page)).to_contain_text("Begun twice? It is the same as", timeout=SOON)


def test_who_says_where_it_is_twice_is_not_offered_to_part_it(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.send("StartEmergency", {"emergency": "e-76", "area": "lounge"})
    room.send("StartEmergency", {"emergency": "e-76", "area": "toilet"})
    page = sign_in("nurse")
    where_and_who(page, "e-76")
    expect(panel(page)).to_contain_text("Where and who")
    expect(panel(page)).not_to_contain_text("Two after all")
    expect(panel(page).locator(".choice", has_text="as it is now")).to_have_text(
        "Toiletas it is now"
    )


def test_parted_each_is_its_own_again_and_a_line_is_moved_by_touching_it(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.arrive("Whose Own")
    room.send("StartEmergency", {"emergency": "e-77", "area": "lounge"}, visit=visit)
    room.send("StartEmergency", {"emergency": "e-78", "area": "toilet"})
    join(room, "e-78", "e-77")
    room.send("GiveIntervention", {"emergency": "e-77", "intervention": "naloxone"})
    page = sign_in("nurse")
    where_and_who(page, "e-77")
    tap(page, "Part them")
    expect(panel(page)).to_contain_text("stays here: touch a line to move it")
    tap(page, "Two emergencies: part them")
    expect(panel(page)).to_contain_text("Where and who: the one begun", timeout=SOON)
    tap(page, "Close")
    expect(page.locator(".tab--emergency")).to_have_count(2, timeout=SOON)
    expect(page.locator("#emergency-title")).to_contain_text("Lounge · Whose Own")
    page.locator("#story .story__line", has_text="Naloxone").click()
    tap(page, "Toilet · person not said yet")
    expect(page.locator("#watches")).to_contain_text("no naloxone given", timeout=SOON)
    first, second = sorted(room.board()["emergencies"], key=lambda one: one["area"])
    assert (first["visit"], len(first["naloxone"])) == (visit, 0)
    assert (second["visit"], len(second["naloxone"])) == (None, 1)


def test_two_who_tap_one_dose_are_told_of_each_other(room: "Room", sign_in: "SignIn") -> None:
    room.send("StartEmergency", {"emergency": "e-79"})
    room.send("GiveIntervention", {"emergency": "e-79", "intervention": "naloxone"})
    page = sign_in("nurse")
    page.locator("[data-key='tab-e-79']").click()
    expect(page.locator("#watches")).not_to_contain_text("one dose?")
    page.locator("[data-key=key-naloxone]").click()
    expect(page.locator("#watches")).to_contain_text("each tapped: one dose?")
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    expect(page.locator("#watches")).to_contain_text("each tapped: one dose?")


def test_who_did_not_end_it_is_told_that_it_is_over(room: "Room", sign_in: "SignIn") -> None:
    room.send("StartEmergency", {"emergency": "e-80", "area": "lounge"})
    page = sign_in("nurse")
    page.locator("[data-key='tab-e-80']").click()
    expect(page.locator("#emergency-title")).to_contain_text("Lounge")
    room.send("EndEmergency", {"emergency": "e-80", "outcome": "recovered"})
    expect(panel(page)).to_contain_text("Lounge · person not said yet: ended", timeout=SOON)
    tap(page, "Close")
    expect(page.locator(".tile").first).to_be_visible()


def test_a_booth_is_not_run_to_when_its_persons_emergency_is_elsewhere(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("Not Here", "booth-5")
    room.send("StartEmergency", {"emergency": "e-81"}, visit=visit)
    page = sign_in("nurse")
    tile = page.locator(".tile[data-key=booth-5]")
    expect(tile).to_have_attribute("data-level", "emergency")
    where_and_who(page, "e-81")
    tap(page, "Toilet")
    expect(page.locator("#emergency-title")).to_contain_text("Toilet · Not Here", timeout=SOON)
    page.locator("[data-key=tab-board]").click()
    expect(tile).to_contain_text("emergency: toilet")
    expect(tile).not_to_have_attribute("data-level", "emergency")


def test_an_alert_that_is_raised_takes_the_one_tap_talks_out_of_an_open_panel(
    room: "Room", sign_in: "SignIn"
) -> None:
    for name in ("Usual", "Talk To"):
        room.wait(name)
    room.arrive("Open Panel")
    page = sign_in("nurse")
    page.locator(".column .row", has_text="Open Panel").click()
    expect(panel(page)).to_contain_text("Talked: go ahead with")
    room.send("RaiseDrugAlert", {"alert": "a-9", "substances": ["heroin"]})
    expect(panel(page)).not_to_contain_text("Talked: go ahead with", timeout=SOON)


def test_two_of_one_person_are_told_apart_and_offered_to_be_made_one(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("Same Person", "booth-2")
    room.send("StartEmergency", {"emergency": "e-83"}, visit=visit, **ago(1))
    room.send("StartEmergency", {"emergency": "e-84"}, visit=visit)
    page = sign_in("nurse")
    page.locator("[data-key='tab-e-84']").click()
    expect(page.locator("#emergency-title")).to_contain_text("Booth 2 · Same Person, begun")
    page.get_by_role("button", name="Begun twice?").click()
    page.get_by_role("button", name="One emergency", exact=True).click()
    expect(page.locator(".tab--emergency")).to_have_count(1, timeout=SOON)
    expect(page.locator("#emergency-title")).to_have_text("Emergency: Booth 2 · Same Person")


def test_a_line_that_was_moved_leads_nobody_to_another_persons_emergency(
    room: "Room", sign_in: "SignIn"
) -> None:
    for id, area in (("e-85", "lounge"), ("e-86", "toilet")):
        room.send("StartEmergency", {"emergency": id, "area": area})
    dose = {"emergency": "e-85", "intervention": "naloxone"}
    (given,) = room.send("GiveIntervention", dose)
    moved = {"data": {"emergency": "e-86"}}
    room.send("Correct", {"target": given["id"], "changes": moved, "reason": "mistake"})
    page = sign_in("nurse")
    page.locator("[data-key='tab-e-85']").click()
    expect(page.locator("#emergency-title")).to_contain_text("Lounge")
    room.send("EndEmergency", {"emergency": "e-85", "outcome": "recovered"})
    expect(panel(page)).to_contain_text("The emergency is over", timeout=SOON)
    assert page.evaluate("location.hash") == ""


def test_an_end_that_ends_nothing_is_told(room: "Room", sign_in: "SignIn") -> None:
    room.send("StartEmergency", {"emergency": "e-87", "area": "lounge"})
    room.send("StartEmergency", {"emergency": "e-88", "area": "toilet"})
    page = sign_in("nurse")
    page.locator("[data-key='tab-e-88']").click()
    page.get_by_role("button", name="Ended…").click()
    page.route("**/api/commands", lambda route: route.abort())
    tap(page, "Recovered")
    expect(page.locator("#story")).to_contain_text("not saved yet", timeout=SOON)
    join(room, "e-88", "e-87")
    expect(panel(page)).to_contain_text("It goes on", timeout=SOON)
    page.unroute("**/api/commands")
    tap(page, "Close")
    expect(page.locator("#story")).not_to_contain_text("Over:", timeout=20_000)
    assert [one["id"] for one in room.board()["emergencies"]] == ["e-87"]


def test_reception_too_goes_on_with_the_one_that_its_own_was_found_to_be(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.send("StartEmergency", {"emergency": "e-89", "area": "lounge"})
    page = sign_in("reception")
    second = begun_on(page)
    join(room, second, "e-89")
    expect(page.locator("#emergency-title")).to_contain_text("Lounge", timeout=SOON)
    expect(page.locator(".tab--emergency")).to_have_count(1)
    expect(panel(page)).to_be_hidden()
