"""What the floor's screens must not let pass: a place, a person or a word that would mislead."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SOON

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn


def row(page: Page, name: str) -> Any:
    return page.locator(".row", has_text=name)


def panel(page: Page) -> Any:
    return page.locator("#panel")


def tap(page: Page, words: str) -> None:
    panel(page).get_by_role("button", name=words).first.click()


def saved(page: Page) -> None:
    expect(panel(page)).to_be_hidden()


@pytest.fixture(autouse=True)
def empty(room: "Room") -> None:
    """Each test begins with an empty building and no emergency."""
    board = room.board()
    for emergency in board["emergencies"]:
        room.send("EndEmergency", {"emergency": emergency["id"], "outcome": "recovered"})
    for visit in board["visits"]:
        room.send("Depart", {"how": "against_advice"}, visit=visit["id"])


def test_a_booth_with_an_emergency_of_nobody_named_is_red_and_offered_to_nobody(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.wait("Next Nan")
    page = sign_in("lead")
    page.locator(".bar__emergency").click()
    page.get_by_role("button", name="Where and who").click()
    tap(page, "Booth 1")
    page.locator("[data-key=tab-board]").click()
    tile = page.locator("[data-key=booth-1]")
    expect(tile).to_have_attribute("data-level", "emergency", timeout=SOON)
    expect(tile.locator("[data-clock=stopwatch]")).to_be_visible()
    expect(tile).to_contain_text("999 not called")
    expect(page.locator("[data-key=booth-2]")).to_contain_text("Next Nan")
    page.get_by_role("button", name="Seat next").click()
    expect(panel(page)).to_contain_text("Next Nan in booth 2")
    expect(panel(page).get_by_role("button", name="Booth 1")).to_have_count(0)
    page.keyboard.press("Escape")
    tile.click()
    expect(page.locator("#watches")).to_contain_text("since it began")


def test_a_look_that_sees_an_emergency_begins_it(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Seen Sinking", "booth-3")
    page, other = sign_in("nurse"), sign_in("worker")
    page.locator(".tile", has_text="Seen Sinking").click()
    tap(page, "Look: response")
    panel(page).locator(".pick[data-code=unresponsive]").click()
    tap(page, "E emergency")
    expect(page.locator("#watches")).to_contain_text("since it began")
    expect(other.locator(".tab--emergency")).to_contain_text("Seen Sinking", timeout=SOON)
    expect(other.locator("#heard")).to_be_visible(timeout=SOON)  # it sounds
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    (emergency,) = room.board()["emergencies"]
    assert (emergency["visit"], emergency["place"]) == (visit, "booth-3")
    assert emergency["response"] == "unresponsive"

    page.locator("[data-key=tab-board]").click()
    page.keyboard.press("3")
    expect(page.locator("#watches")).to_contain_text("since it began")
    assert len(room.board()["emergencies"]) == 1


def test_whoever_was_last_seen_with_a_concern_is_looked_at_before_leaving_well(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("Drowsy Dee", "booth-2")
    room.send("EndConsumption", {}, visit=visit)
    room.send("MoveToRecovery", {}, visit=visit)
    room.send("Observe", {"response": "voice", "breaths": 10, "concern": "rouse"}, visit=visit)
    page = sign_in("nurse")
    row(page, "Drowsy Dee").click()
    expect(panel(page)).to_contain_text("S rouse · responds to voice · 10 breaths a minute")
    assert "Look" in str(page.evaluate("document.activeElement.textContent"))
    tap(page, "Leaves, well")
    expect(panel(page)).to_contain_text("The concern stands at S rouse")
    assert "Look" in str(page.evaluate("document.activeElement.textContent"))
    assert [one["id"] for one in room.board()["visits"]] == [visit]
    tap(page, "Look: response")
    tap(page, "Alert, no concern")
    saved(page)
    expect(row(page, "Drowsy Dee")).not_to_contain_text("S rouse", timeout=SOON)
    row(page, "Drowsy Dee").click()
    tap(page, "Leaves, well")
    saved(page)
    expect(row(page, "Drowsy Dee")).to_have_count(0, timeout=SOON)


def first_visit(page: Page, name: str = "") -> None:
    page.get_by_role("button", name="Someone has arrived").click()
    tap(page, "First visit")
    panel(page).locator("#chosen-name").press_sequentially(name)


def test_of_somebody_too_young_nothing_is_recorded_but_that_they_were_turned_away(
    room: "Room", sign_in: "SignIn"
) -> None:
    before = len(room.facts("Registered"))
    page = sign_in("reception")
    first_visit(page, "Young Yan")
    tap(page, "under 18")
    tap(page, "Terms accepted: admit")
    expect(panel(page)).to_contain_text("The room is for people of 18 or over")
    tap(page, "Turned away: under the minimum age")
    saved(page)
    turned = room.facts("TurnedAway")[-1]
    assert (turned["data"]["reason"], turned["person"], turned["visit"]) == (
        "under_age",
        None,
        None,
    )
    assert len(room.facts("Registered")) == before


def test_a_refused_first_visit_is_tried_again_as_the_same_person(
    room: "Room", sign_in: "SignIn"
) -> None:
    before = len(room.facts("Registered"))
    page = sign_in("reception")
    first_visit(page, "Patient Paws")
    room.send("PauseRoom", {"reason": "emergency"})
    tap(page, "Terms accepted: admit")
    expect(panel(page)).to_contain_text("The room is paused")
    room.send("ResumeRoom")
    tap(page, "Terms accepted: admit")
    saved(page)
    expect(row(page, "Patient Paws")).to_be_visible(timeout=SOON)
    assert len(room.facts("Registered")) == before + 1


def test_namesakes_are_told_apart_and_enter_takes_neither(room: "Room", sign_in: "SignIn") -> None:
    for number in (1, 2):
        room.send("Register", {"tier": "1", "name": "Twin Tam"}, person=f"p-tam-{number}")
    page = sign_in("reception")
    page.get_by_role("button", name="Someone has arrived").click()
    page.keyboard.type("twin tam")
    found = panel(page).locator(".choice--person")
    expect(found).to_have_count(2)
    first, second = (found.nth(at).locator("span").inner_text() for at in (0, 1))
    assert first != second and first.startswith("Twin Tam ")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Several people can be meant")
    assert not room.board()["visits"]
    found.nth(1).click()
    saved(page)
    assert [visit["person"] for visit in room.board()["visits"]] == ["p-tam-2"]


def test_a_first_visit_warns_of_a_known_namesake_and_can_take_them(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.send("Register", {"tier": "1", "name": "Known Kit"}, person="p-kit")
    page = sign_in("reception")
    first_visit(page, "known kit")
    expect(panel(page)).to_contain_text("Somebody of that name is known")
    panel(page).locator(".choice--person").click()
    saved(page)
    assert [visit["person"] for visit in room.board()["visits"]] == ["p-kit"]
