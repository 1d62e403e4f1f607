"""The way through the room, tap by tap, in a real browser against a served room."""

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import SOON

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn


def row(page: Page, name: str) -> Any:
    return page.locator(".row", has_text=name)


def tile(page: Page, name: str) -> Any:
    return page.locator(".tile", has_text=name)


def tap(page: Page, words: str) -> None:
    """One choice in a panel; a saved one closes the panel by itself."""
    page.locator("#panel").get_by_role("button", name=words).first.click()


def saved(page: Page) -> None:
    expect(page.locator("#panel")).to_be_hidden()


def test_from_first_visit_to_leaving_in_one_or_two_taps_each(sign_in: "SignIn") -> None:
    page, other = sign_in("lead"), sign_in("nurse", scheme="dark")

    page.get_by_role("button", name="Someone has arrived").click()
    tap(page, "First visit")
    page.fill("#chosen-name", "Heather")
    tap(page, "25 to 34")
    tap(page, "Terms accepted: admit")
    saved(page)
    expect(row(other, "Heather")).to_be_visible(timeout=SOON)

    row(page, "Heather").click()
    tap(page, "heroin, into a vein")
    saved(page)
    expect(row(other, "Heather")).to_contain_text("first", timeout=SOON)

    page.get_by_role("button", name="Seat next").click()
    tap(page, "Heather in booth 1")
    saved(page)
    expect(tile(other, "Heather")).to_contain_text("not started", timeout=SOON)

    for tapped in ("Started using", "Alert, no concern", "Finished", "To recovery"):
        tile(page, "Heather").click()
        tap(page, tapped)
        saved(page)
    expect(row(other, "Heather")).to_contain_text("since using", timeout=SOON)

    row(page, "Heather").click()
    tap(page, "Leaves, well")
    saved(page)
    expect(row(other, "Heather")).to_have_count(0, timeout=SOON)


def test_a_returner_is_admitted_by_two_taps_and_some_letters(
    room: "Room", sign_in: "SignIn"
) -> None:
    before = room.arrive("Returning Ruby")
    room.send("Depart", {"how": "without_using"}, visit=before)
    page = sign_in("reception")
    page.get_by_role("button", name="Someone has arrived").click()
    page.keyboard.type("ruby")  # the field has the focus already
    page.locator(".choice--person", has_text="Returning Ruby").click()
    saved(page)
    expect(row(page, "Returning Ruby")).to_be_visible(timeout=SOON)


def test_no_name_is_ever_part_of_an_address(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Someone has arrived").click()
    page.keyboard.type("secretname")
    expect(page.locator("#panel")).to_contain_text("Nobody found")
    assert any(url.endswith("/people/search") for url in asked)
    assert not [url for url in asked if "secret" in url.lower()]


def test_the_whole_journey_by_keyboard_alone(room: "Room", sign_in: "SignIn") -> None:
    room.wait("Keys Kerr")
    page = sign_in("nurse")
    press = page.keyboard.press

    press("n")
    expect(page.locator("#panel")).to_be_visible()
    assert "Keys Kerr in booth" in str(page.evaluate("document.activeElement.textContent"))
    press("Enter")
    saved(page)
    expect(tile(page, "Keys Kerr")).to_be_visible()
    number = re.match(r"\d", tile(page, "Keys Kerr").inner_text())
    assert number

    for expected in ("Started using", "Finished", "To recovery"):
        press(number[0])
        expect(page.locator("#panel")).to_be_visible()
        assert expected in str(page.evaluate("document.activeElement.textContent"))
        press("Enter")
        saved(page)
    row(page, "Keys Kerr").focus()
    press("Enter")
    assert "Leaves, well" in str(page.evaluate("document.activeElement.textContent"))
    press("Enter")
    saved(page)
    expect(row(page, "Keys Kerr")).to_have_count(0, timeout=SOON)


def test_the_keys_are_listed_and_can_be_switched_off(sign_in: "SignIn") -> None:
    page = sign_in("lead")
    page.keyboard.press("?")
    for words in (
        "someone has arrived",
        "seat next",
        "EMERGENCY, at once",
        "names or booth numbers",
    ):
        expect(page.locator("#panel")).to_contain_text(words)
    tap(page, "Switch the keys off")
    page.keyboard.press("a")
    expect(page.locator("#panel")).to_be_hidden()


def test_a_look_with_four_controls_moves_the_level_everywhere(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.seat("Looked At", "booth-4")
    page, other = sign_in("nurse"), sign_in("worker")
    tile(page, "Looked At").click()
    tap(page, "Look: response")
    for control, code in (
        ("Response", "voice"),
        ("Breaths", "10"),
        ("SpO₂", "94"),
        ("Colour", "pale"),
    ):
        group = page.locator("#panel .group", has_text=control)
        group.locator(f".pick[data-code='{code}']").click()
    tap(page, "S rouse")
    saved(page)
    expect(tile(other, "Looked At")).to_have_attribute("data-level", "rouse", timeout=SOON)
    expect(tile(other, "Looked At")).to_contain_text("S rouse")
    seen = room.facts("Observed")[-1]["data"]
    wanted = {"response": "voice", "breaths": 10, "spo2": 94, "skin": "pale", "concern": "rouse"}
    assert {key: seen[key] for key in wanted} == wanted


def test_one_key_turns_names_into_booth_numbers(room: "Room", sign_in: "SignIn") -> None:
    room.seat("Private Pat", "booth-5")
    page = sign_in("lead")
    expect(page.locator("body")).to_contain_text("Private Pat")
    page.keyboard.press("p")
    expect(page.locator("body")).not_to_contain_text("Private Pat")
    page.keyboard.press("5")
    expect(page.locator("#panel-title")).to_contain_text("Booth 5")
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(page.locator("body")).to_contain_text("Private Pat")


def test_two_people_in_one_booth_are_shown_until_it_is_sorted_out(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.seat("First Fay", "booth-6")
    second = room.wait("Second Sid")
    room.send("Seated", {"place": "booth-6"}, visit=second)  # a report is never refused
    page = sign_in("lead")
    crowd = page.locator("[data-key=booth-6]")
    for words in ("First Fay", "Second Sid", "2 people in one place"):
        expect(crowd).to_contain_text(words)
    crowd.click()
    tap(page, "Second Sid")
    tap(page, "To recovery")
    saved(page)
    expect(crowd).not_to_contain_text("2 people", timeout=SOON)


def test_a_touch_during_which_the_board_moves_does_what_it_touches(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.seat("Held Hannah", "booth-3")
    page = sign_in("nurse")
    building = len(room.board()["visits"])
    page.locator("[data-key=booth-3]").hover()
    page.mouse.down()
    room.arrive("Meanwhile Max")
    expect(page.locator("#facts")).to_contain_text(f"{building + 1}in the building", timeout=SOON)
    page.mouse.up()
    expect(page.locator("#panel-title")).to_contain_text("Held Hannah")
    page.keyboard.press("Escape")
    expect(page.locator("[data-key=booth-3]")).to_contain_text("Held Hannah")


def test_a_key_of_an_emergency_is_not_lost_to_what_another_tablet_records(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.send("StartEmergency", {"emergency": "e-d0e5", "place": "booth-7"})
    page = sign_in("nurse")
    page.locator(".tab--emergency").first.click()
    page.locator("#keys").get_by_role("button", name="Naloxone").hover()
    page.mouse.down()
    room.send("Observe", {"emergency": "e-d0e5", "spo2": 84})
    expect(page.locator("#watches")).to_contain_text("84 %", timeout=SOON)
    page.mouse.up()
    expect(page.locator("#keys [data-id=naloxone]")).to_have_attribute("data-done", "yes")


def test_what_somebody_who_waits_is_going_to_use_is_read_in_the_list_except_with_names_hidden(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.wait("Wants Heroin")
    page = sign_in("nurse")
    expect(row(page, "Wants Heroin")).to_contain_text("heroin")
    page.keyboard.press("p")
    expect(page.locator(".column").first).not_to_contain_text("heroin")
    page.keyboard.press("p")
