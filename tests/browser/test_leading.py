"""What whoever leads decides is decided on the screen: exclusions, the shift, opening, and drug alerts."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SOON
from tests.browser.hand import leave_empty, panel, row, saved, tap

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn

FAR = "2999-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def empty(room: "Room") -> None:
    """Each test begins with an empty building."""
    leave_empty(room)


def test_the_lead_excludes_somebody_until_a_day_and_lifts_it(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.arrive("Excluded Em")
    page = sign_in("lead")
    row(page, "Excluded Em").click()
    tap(page, "Not until a date")
    tap(page, "Exclude until then")
    expect(panel(page)).to_contain_text("Say what they may not do, and until when")
    tap(page, "use here; other help goes on")
    tap(page, "tomorrow")
    tap(page, "Exclude until then")
    saved(page)
    imposed = room.facts("ExclusionImposed")[-1]["data"]
    assert imposed["scope"] == "using"
    row(page, "Excluded Em").click()
    expect(panel(page)).to_contain_text("for using; other help goes on. Whoever leads may lift it")
    tap(page, "Lift the exclusion")
    expect(panel(page)).not_to_contain_text("other help goes on", timeout=SOON)
    assert room.board()["visits"][0]["excluded"] is None


def test_an_exclusion_is_lifted_where_somebody_arrives_and_a_worker_only_reads_it(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.send("Register", {"tier": "1", "name": "Barred Bo"}, person="p-ba1")
    room.send("ImposeExclusion", {"scope": "building", "until": FAR}, person="p-ba1")
    worker, lead = sign_in("worker"), sign_in("lead")
    for page in (worker, lead):
        page.get_by_role("button", name="Someone has arrived").click()
        page.keyboard.type("barred bo")
        expect(panel(page)).to_contain_text("not until")
    expect(panel(worker)).not_to_contain_text("Lift the exclusion")
    tap(lead, "Barred Bo")
    expect(panel(lead)).to_contain_text("You may decide.")
    tap(lead, "Lift the exclusion")
    expect(panel(lead)).to_contain_text("The exclusion is lifted")
    tap(lead, "Barred Bo")
    saved(lead)
    assert [one["person"] for one in room.board()["visits"]] == ["p-ba1"]


def test_a_refusal_gives_the_lead_the_key_that_ends_it(room: "Room", sign_in: "SignIn") -> None:
    lead, worker = sign_in("lead"), sign_in("worker")
    room.send("PauseRoom", {"reason": "emergency"})
    for page in (worker, lead):
        page.get_by_role("button", name="Someone has arrived").click()
        tap(page, "Anonymous")
    expect(panel(worker)).to_contain_text("The shift lead may decide.")
    expect(panel(worker)).not_to_contain_text("end the pause")
    expect(panel(lead)).to_contain_text("You may decide.")
    tap(lead, "Go on: end the pause")
    expect(panel(lead)).to_contain_text("Tap again what was refused")
    tap(lead, "Anonymous")
    saved(lead)
    assert room.board()["state"] == "open"


def test_a_closed_room_says_its_hours_and_the_lead_opens_it_from_there(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("lead")
    room.send("CloseRoom")
    expect(page.locator("#closed")).to_contain_text("Its hours are 00:00 to 24:00", timeout=SOON)
    page.locator("#closed").get_by_role("button", name="Open the room").click()
    tap(page, "Open the room")
    saved(page)
    assert room.board()["state"] == "open"


def test_the_lead_takes_a_colleague_off_shift_and_on_again(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead")
    page.locator("[data-key=room]").click()
    tap(page, "Who is on shift")
    page.wait_for_timeout(500)  # no double tap
    panel(page).locator("[data-key=off-s-nurse]").click()
    back = panel(page).locator("[data-key=on-s-nurse]")
    expect(back).to_be_visible(timeout=SOON)
    assert "s-nurse" not in [one["id"] for one in room.board()["staff"]["people"]]
    back.click()
    expect(panel(page).locator("[data-key=off-s-nurse]")).to_be_visible(timeout=SOON)
    worker = sign_in("worker")
    worker.locator("[data-key=room]").click()
    expect(panel(worker)).not_to_contain_text("Who is on shift")


def test_too_few_staff_are_mended_where_it_is_said(room: "Room", sign_in: "SignIn") -> None:
    room.wait("Waiting Wyn")
    page = sign_in("lead")
    room.send("SignOffStaff", {"staff": "s-nurse"})
    page.get_by_role("button", name="Seat next").click()
    tap(page, "Waiting Wyn in booth 1")
    expect(panel(page)).to_contain_text("2 staff are needed for one more booth")
    panel(page).locator("[data-key=on-s-nurse]").click()
    expect(panel(page)).to_contain_text("Tap again what was refused")
    tap(page, "Waiting Wyn in booth 1")
    saved(page)


def test_a_drug_alert_is_in_the_talk_and_is_read_in_full_by_every_role(
    room: "Room", sign_in: "SignIn"
) -> None:
    words = "green tinge, very strong"
    room.send("RaiseDrugAlert", {"alert": "a-1", "substances": ["heroin"], "note": words})
    room.arrive("Talking Ty")
    page, desk = sign_in("nurse"), sign_in("reception")
    row(page, "Talking Ty").click()
    expect(panel(page)).not_to_contain_text("Talked: go ahead with")  # the alert is read out first
    tap(page, "Talk: what is planned")
    expect(panel(page)).to_contain_text(words)
    row(desk, "Drug alert").click()
    expect(panel(desk)).to_contain_text(words)
    expect(panel(desk)).not_to_contain_text("Withdraw")


def test_a_substance_touched_after_the_question_is_what_is_saved(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.arrive("Second Thought")
    page = sign_in("nurse", width=1024, height=768)
    row(page, "Second Thought").click()
    tap(page, "Talk: what is planned")
    tap(page, "Go ahead, into a vein")
    expect(panel(page)).to_contain_text("What is planned is not said yet")
    tap(page, "heroin")
    expect(panel(page)).not_to_contain_text("What is planned is not said yet")
    expect(panel(page)).not_to_contain_text("Would rather not say: go ahead")
    panel(page).locator(".ends").get_by_role("button", name="Go ahead, into a vein").click()
    saved(page)
    assert room.facts("Assessed")[-1]["data"]["substances"] == ["heroin"]


def test_hidden_names_are_not_told_by_the_search(room: "Room", sign_in: "SignIn") -> None:
    room.send("Register", {"tier": "1", "name": "Secret Sue"}, person="p-5ec")
    page = sign_in("reception")
    page.keyboard.press("p")
    page.get_by_role("button", name="Someone has arrived").click()
    page.keyboard.type("secret")
    expect(panel(page).locator(".choice--person")).to_be_visible()
    expect(panel(page)).not_to_contain_text("Secret Sue")
    page.keyboard.press("Escape")
    expect(panel(page)).to_be_hidden()


def test_a_booth_that_is_cleaned_says_so_to_reception(room: "Room", sign_in: "SignIn") -> None:
    room.send("BlockPlace", {"place": "booth-6", "reason": "cleaning"})
    page = sign_in("reception")
    page.locator("[data-key=booth-6]").click()
    expect(panel(page)).to_contain_text("Nobody is seated here")
    room.send("ReleasePlace", {"place": "booth-6"})
