"""The record put right by taps: open reviews, what happened on a visit, who left too early, and the
ways to the figures."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SOON

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn

SENT = "came with a cousin"


def panel(page: Page, name: str) -> None:
    """One choice in the panel."""
    page.locator("#panel").get_by_role("button", name=name).first.click()


def visit_of(room: "Room", visit: str) -> dict[str, object]:
    found = [one for one in room.board()["visits"] if one["id"] == visit]
    return dict(found[0]) if found else {}


def opened(page: Page, name: str) -> None:
    """What happened on the visit of somebody who is in a booth."""
    page.locator(".tile", has_text=name).click()
    panel(page, "What happened")
    expect(page.locator("#panel .story__line").first).to_be_visible(timeout=SOON)


def line(page: Page, words: str) -> None:
    page.locator("#panel button.story__line", has_text=words).first.click()


def test_reviews_are_read_by_all_and_resolved_by_the_lead(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Morag", "booth-1")
    room.send("Observed", {"breaths": 14, "weather": SENT}, visit=visit)
    nurse, lead = sign_in("nurse"), sign_in("lead")

    nurse.locator("[data-key=reviews]").click()
    mine = nurse.locator("#panel .review", has_text="Morag")
    expect(mine).to_contain_text("A part of it could not be read.", timeout=SOON)
    expect(mine).to_contain_text("Entry: observed")
    expect(mine).not_to_contain_text(SENT)
    expect(mine.get_by_role("button", name="Looked at")).to_have_count(0)

    lead.locator(".tile", has_text="Morag").click()
    panel(lead, "To review: 1")
    expect(lead.locator("#panel .review")).to_contain_text(SENT, timeout=SOON)
    panel(lead, "Looked at")
    expect(lead.locator("#panel")).to_contain_text("Everything has been looked at", timeout=SOON)
    assert visit_of(room, visit)["to_review"] == 0
    expect(lead.locator(".tile", has_text="Morag")).not_to_contain_text("to review")
    assert SENT not in lead.evaluate("performance.getEntries().map((one) => one.name).join()")


def test_a_lead_names_who_did_what_nobody_signed_in_recorded_by_one_tap(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.arrive("Isla")
    seen = room.send("Observe", {"breaths": 900}, visit=visit, author=None)[0]
    nurse, lead = sign_in("nurse"), sign_in()
    for page in (nurse, lead):
        page.locator("[data-key=reviews]").click()
    mine = nurse.locator("#panel .review", has_text="Isla")
    expect(mine).to_contain_text("by nobody signed in", timeout=SOON)
    expect(mine.get_by_role("button", name="It was me")).to_have_count(0)
    mine = lead.locator("#panel .review", has_text="Isla")
    mine.get_by_role("button", name="It was me").click()
    expect(mine).to_contain_text("named since: LE", timeout=SOON)
    expect(mine.get_by_role("button", name="It was me")).to_have_count(0)
    named = room.facts("Attributed")[-1]
    assert (named["data"]["target"], named["data"]["staff"]) == (seen["id"], "s-lead")
    mine.get_by_role("button", name="Looked at").click()


def test_a_wrong_booth_is_put_right_for_the_seat_and_the_use(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("Ishbel", "booth-2")
    page = sign_in("worker")
    opened(page, "Ishbel")
    line(page, "Seated, booth 2")
    expect(page.locator("#panel .pick[data-code=booth-2]")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.locator("#panel .pick[data-code=booth-3]").click()
    panel(page, "Save the correction")
    expect(page.locator("#panel s", has_text="Seated, booth 2")).to_be_visible(timeout=SOON)
    expect(page.locator("#panel s", has_text="Began to use, booth 2")).to_be_visible()
    expect(page.locator("#panel")).to_contain_text("Began to use, booth 3")
    assert visit_of(room, visit)["place"] == "booth-3"


def test_a_premature_finish_is_struck_out(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Fergus", "booth-4")
    room.send("EndConsumption", {}, visit=visit)
    page = sign_in("worker")
    opened(page, "Fergus")
    line(page, "Finished using")
    panel(page, "It did not happen")
    expect(page.locator("#panel s", has_text="Finished using")).to_be_visible(timeout=SOON)
    assert visit_of(room, visit)["stage"] == "consuming"


def test_another_time_is_entered_by_the_clock(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Catriona", "booth-5")
    page = sign_in("nurse")
    opened(page, "Catriona")
    line(page, "Arrived")
    page.locator("#panel").get_by_role("button", name="5 min earlier").click()
    expect(page.locator("#panel s", has_text="Arrived")).to_be_visible(timeout=SOON)
    arrived = str(visit_of(room, visit)["arrived"])
    line(page, "Arrived")
    shown = page.locator("#panel #at").input_value()
    hours, minutes = (int(part) for part in shown.split(":"))
    earlier = (hours * 60 + minutes - 2) % (24 * 60)
    page.locator("#panel #at").fill(f"{earlier // 60:02}:{earlier % 60:02}")
    panel(page, "Save this time")
    expect(page.locator("#panel .story--visit")).to_be_visible(timeout=SOON)
    expect(page.locator("#panel .find--time")).to_have_count(0)
    assert str(visit_of(room, visit)["arrived"]) < arrived


def test_a_wrong_person_is_put_right_in_all_that_names_them(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("Wrong Alan", "booth-6")
    room.send("Register", {"tier": "1", "name": "Right Alan"}, person="p-a1a")
    page = sign_in("nurse")
    opened(page, "Wrong Alan")
    line(page, "Arrived")
    panel(page, "Say who arrived")
    page.fill("#find", "Right Al")
    page.locator("#panel .choice--person", has_text="Right Alan").click()
    expect(page.locator("#panel-title")).to_contain_text("Right Alan", timeout=SOON)
    assert visit_of(room, visit)["person"] == "p-a1a"
    assert visit_of(room, visit)["terms"]
    moved = [fact["data"]["changes"] for fact in room.facts("Corrected") if fact["visit"] == visit]
    assert len(moved) > 3 and all(one == {"person": "p-a1a"} for one in moved)


def test_who_was_said_to_have_left_is_brought_back(room: "Room", sign_in: "SignIn") -> None:
    visit = room.arrive("Una")
    room.send("Depart", {"how": "without_using"}, visit=visit)
    page = sign_in("reception")
    page.locator("[data-key=left]").click()
    page.locator("#panel .choice--person", has_text="Una").click()
    expect(page.locator("#panel-title")).to_contain_text("Una", timeout=SOON)
    line(page, "Left without using")
    panel(page, "It did not happen")
    expect(page.locator("#panel s", has_text="Left without using")).to_be_visible(timeout=SOON)
    assert visit_of(room, visit)["stage"] == "arrived"
    page.keyboard.press("Escape")
    expect(page.locator(".row", has_text="Una")).to_be_visible(timeout=SOON)


def test_a_number_that_was_chosen_is_seen_to_be(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    page.locator("[data-key=key-naloxone]").click()
    chosen = page.locator(".detail .pick[data-code='400']")
    chosen.click()
    expect(chosen).to_have_attribute("aria-pressed", "true")
    page.locator(".detail .pick[data-code='200']").click()
    expect(chosen).to_have_attribute("aria-pressed", "false")
    page.locator(".detail .pick", has_text="nasal").click()
    page.locator(".detail #dose-batch").fill("LOT7")
    page.locator(".detail .pick[data-code='s-lead']").click()
    page.get_by_role("button", name="Add to the record").click()
    expect(page.locator("#story")).to_contain_text(
        re.compile("200 micrograms, batch LOT7, nasal, seen by LE"), timeout=SOON
    )
    for one in room.board()["emergencies"]:
        room.send("EndEmergency", {"emergency": one["id"], "outcome": "recovered"})


def test_a_drug_alert_needs_a_substance_or_words(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead")
    page.locator("#alert").click()
    panel(page, "Raise the alert")
    expect(page.locator("#panel .panel__status")).to_contain_text("a substance, or words")
    assert room.board()["alerts"] == []
    page.fill("#alert-text", "yellow, slow to wear off")
    panel(page, "Raise the alert")
    expect(page.locator("#panel")).to_be_hidden(timeout=SOON)
    assert len(room.board()["alerts"]) == 1


def test_closing_the_room_is_asked_once_and_names_who_is_here(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.arrive("Last One")
    page = sign_in("lead")
    page.locator("[data-key=room]").click()
    panel(page, "Close the room…")
    here = page.locator("#panel section", has=page.get_by_role("heading", name="Still here"))
    expect(here).to_contain_text("Last One")
    expect(page.locator("#panel").get_by_role("button", name="Yes, close the room")).to_have_count(
        0
    )
    panel(page, "No, keep it open")
    assert room.board()["state"] == "open"


@pytest.mark.parametrize("role", ["lead", "manager", "worker"])
def test_figures_are_two_taps_away_for_who_reads_them(role: str, sign_in: "SignIn") -> None:
    page = sign_in(role)
    page.keyboard.press("?")
    expect(page.locator("#panel")).to_be_visible()
    links = page.locator("#panel").get_by_role("link")
    if role == "worker":
        expect(links).to_have_count(0)
        return
    page.locator("#panel").get_by_role("link", name="Measures").click()
    expect(page.locator("h1")).to_be_visible()
    page.go_back()
    page.locator("[data-key=room]").click()
    page.locator("#panel").get_by_role("link", name="Evidence").click()
    expect(page).to_have_url(re.compile("/evidence$"))
