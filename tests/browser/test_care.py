"""What the floor's screens must not let pass: a place, a person or a word that would mislead."""

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SOON
from tests.browser.hand import leave_empty, panel, saved, tap

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn


def row(page: Page, name: str) -> Any:
    return page.locator(".row", has_text=name)


@pytest.fixture(autouse=True)
def empty(room: "Room") -> None:
    """Each test begins with an empty building and no emergency."""
    leave_empty(room)


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


def test_a_first_visit_that_was_closed_half_filled_in_is_there_again(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("reception")
    first_visit(page, "Half Hugh")
    tap(page, "under 18")
    tap(page, "Terms accepted: admit")
    tap(page, "Back: it was a wrong tap")
    expect(page.locator("#chosen-name")).to_have_value("Half Hugh")
    panel(page).locator(".pick", has_text="25").click()
    tap(page, "Close")
    first_visit(page)
    expect(page.locator("#chosen-name")).to_have_value("Half Hugh")
    expect(panel(page).locator(".pick[aria-pressed=true]")).to_have_count(1)
    tap(page, "Terms accepted: admit")
    saved(page)
    expect(row(page, "Half Hugh")).to_be_visible(timeout=SOON)
    first_visit(page)
    expect(page.locator("#chosen-name")).to_have_value("")
    page.locator("#chosen-name").press_sequentially("Another")
    tap(page, "Close")
    first_visit(page)
    tap(page, "Somebody else: begin anew")
    expect(page.locator("#chosen-name")).to_have_value("")


def test_a_reason_that_is_chosen_takes_the_place_of_the_usual_one(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("reception")
    page.get_by_role("button", name="Someone has arrived").click()
    panel(page).locator(".pick[data-code=wound_care]").click()
    tap(page, "Anonymous")
    saved(page)
    assert room.facts("Arrived")[-1]["data"]["reasons"] == ["wound_care"]
    here = page.locator("#left .row")
    expect(here).to_have_count(1, timeout=SOON)
    expect(here).not_to_contain_text("wound")  # nobody's health is on the board


def test_a_note_that_was_closed_unsaved_is_there_again(room: "Room", sign_in: "SignIn") -> None:
    room.seat("Noted Ned", "booth-4")
    page = sign_in("nurse")
    for typed in ("Slept badly. ", "Ate well."):
        page.locator(".tile", has_text="Noted Ned").click()
        tap(page, "Note")
        page.locator("#note").press("End")
        page.locator("#note").press_sequentially(typed)
        page.keyboard.press("Escape")
    page.locator(".tile", has_text="Noted Ned").click()
    tap(page, "Note")
    expect(page.locator("#note")).to_have_value("Slept badly. Ate well.")
    tap(page, "Save the note")
    saved(page)
    page.locator(".tile", has_text="Noted Ned").click()
    tap(page, "Note")
    expect(page.locator("#note")).to_have_value("")


def test_a_note_is_read_where_the_visit_is_told_and_hidden_with_the_names(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("Read Rhona", "booth-6")
    room.send("AddNote", {"note": "Sore arm, seen on Tuesday."}, visit=visit)
    page = sign_in("nurse")
    for hidden in (False, True):
        page.locator(".tile[data-key=booth-6]").click()
        tap(page, "What happened")
        told = panel(page).locator(".story")
        expect(told).to_contain_text("A note, hidden" if hidden else "Sore arm, seen on Tuesday.")
        if hidden:
            expect(told).not_to_contain_text("Sore arm")
            return
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Hide names").click()


def test_a_booth_that_nobody_watches_says_so(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Left Alone", "booth-4")
    page = sign_in("nurse")
    tile = page.locator(".tile", has_text="Left Alone")
    expect(tile).to_contain_text("unwatched · check")
    room.send("Allocate", {"observer": "s-nurse"}, visit=visit)
    expect(tile).to_contain_text("NU · check", timeout=SOON)


def test_a_number_that_no_chip_has_is_written(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Slow Sal", "booth-3")
    page = sign_in("nurse")
    page.locator(".tile", has_text="Slow Sal").click()
    tap(page, "Look: response")
    panel(page).get_by_label("Breaths a minute", exact=True).locator(".pick[data-code='8']").click()
    page.get_by_label("Breaths a minute, another number").fill("3")
    page.get_by_label("SpO₂, another number").fill("71")
    tap(page, "I intervene")
    saved(page)
    (seen,) = [fact["data"] for fact in room.facts("Observed") if fact["visit"] == visit]
    assert (seen["breaths"], seen["spo2"]) == (3, 71)


def test_a_number_that_cannot_be_is_kept_as_it_was_typed(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Typo Tam", "booth-3")
    page = sign_in("nurse")
    page.locator(".tile", has_text="Typo Tam").click()
    tap(page, "Look: response")
    page.get_by_label("SpO₂, another number").fill("971")
    tap(page, "Alert, no concern")
    saved(page)
    (seen,) = [fact["data"] for fact in room.facts("Observed") if fact["visit"] == visit]
    assert seen["spo2"] == 971
    assert room.facts("ReviewFlagged")[-1]["data"]["reason"] == "impossible_value"


def test_a_death_is_asked_about_before_it_is_recorded(room: "Room", sign_in: "SignIn") -> None:
    visit = room.arrive("Quiet Quin")
    page = sign_in("nurse")
    row(page, "Quiet Quin").click()
    tap(page, "Left in another way")
    tap(page, "Died")
    expect(panel(page)).to_contain_text("Has the person died? Quiet Quin")
    tap(page, "No, back")
    tap(page, "Left in another way")
    tap(page, "Died")
    assert [one["id"] for one in room.board()["visits"]] == [visit]
    tap(page, "Yes, the person has died")
    saved(page)
    assert room.facts("Departed")[-1]["data"]["how"] == "died"


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
        room.send("Register", {"tier": "1", "name": "Twin Tam"}, person=f"p-7a-{number}")
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
    assert [visit["person"] for visit in room.board()["visits"]] == ["p-7a-2"]


def test_a_first_visit_warns_of_a_known_namesake_and_can_take_them(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.send("Register", {"tier": "1", "name": "Known Kit"}, person="p-c1")
    page = sign_in("reception")
    first_visit(page, "known kit")
    expect(panel(page)).to_contain_text("Somebody of that name is known")
    panel(page).locator(".choice--person").click()
    saved(page)
    assert [visit["person"] for visit in room.board()["visits"]] == ["p-c1"]


def anonymous_after_the_talk(room: "Room") -> str:
    visit = str(room.send("Arrive", {"reasons": ["consume"]})[0]["visit"])
    use = {"outcome": "proceed", "substances": ["cocaine"], "route": "intravenous"}
    room.send("Assess", use, visit=visit)
    room.send("Queue", {}, visit=visit)
    return visit


def test_who_has_not_accepted_the_terms_can_do_so_where_they_are_seated(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = anonymous_after_the_talk(room)
    page = sign_in("worker")
    page.get_by_role("button", name="Seat next").click()
    expect(panel(page)).to_contain_text("the terms come first")
    tap(page, "in booth 1")
    expect(panel(page)).to_contain_text("read them together")
    assert not room.board()["visits"][0]["terms"]
    tap(page, "Terms accepted: seat in booth 1")
    saved(page)
    [seen] = room.board()["visits"]
    assert (seen["id"], seen["terms"], seen["place"]) == (visit, True, "booth-1")


def test_who_is_not_on_shift_comes_on_with_the_tap_that_says_they_watch(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.seat("Watched Wen", "booth-4")
    page = sign_in("worker")  # nobody has signed the worker on
    page.locator(".tile", has_text="Watched Wen").click()
    tap(page, "I am on shift, and watching")
    saved(page)
    board = room.board()
    assert board["visits"][0]["observer"] == "s-worker"
    assert "s-worker" in [one["id"] for one in board["staff"]["people"]]
    page.locator(".tile", has_text="Watched Wen").click()
    expect(panel(page)).not_to_contain_text("I am on shift")


def test_a_role_that_seats_nobody_is_not_offered_it(room: "Room", sign_in: "SignIn") -> None:
    room.wait("Waiting Wil")
    door, floor = sign_in("reception"), sign_in("nurse")
    expect(floor.get_by_role("button", name="Seat next")).to_be_visible()
    expect(door.get_by_role("button", name="Seat next")).to_have_count(0)
    door.locator("[data-key=booth-3]").click()
    expect(panel(door)).to_contain_text("Seating is for those who work on the floor")
    expect(panel(door).locator(".choice")).to_have_count(0)


def test_every_question_of_the_talk_comes_before_the_keys_that_end_it(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.arrive("Talking Toni")
    page = sign_in("nurse", width=1024, height=768)
    row(page, "Talking Toni").click()
    tap(page, "Talk: what is planned")
    tap(page, "Go ahead, into a vein")  # the substance is not said yet
    expect(panel(page)).to_contain_text("What is planned is not said yet")
    assert not room.facts("Assessed")[-1:] or not room.board()["visits"][0]["assessed"]
    page.wait_for_timeout(200)
    ends = page.locator(".ends").bounding_box()
    assert ends and ends["y"] + ends["height"] <= 768
    words = panel(page).inner_text()
    assert words.index("How are they?") < words.index("Go ahead, into a vein")
    assert words.index("Carries naloxone") < words.index("Go ahead, into a vein")
    panel(page).get_by_role("button", name="alert", exact=True).click()
    tap(page, "Would rather not say: go ahead")
    saved(page)
    told = room.facts("Assessed")[-1]["data"]
    assert (told["substances"], told["state"], told["outcome"]) == (
        ["declined"],
        "alert",
        "proceed",
    )


def test_recovery_tells_the_minutes_since_using_and_since_naloxone(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("Resting Ros", "booth-5")
    room.send("EndConsumption", {}, visit=visit)
    room.send("MoveToRecovery", {}, visit=visit)
    room.send("GiveIntervention", {"intervention": "naloxone"}, visit=visit)
    page = sign_in("nurse")
    expect(row(page, "Resting Ros").locator(".mark")).to_have_text("naloxone 0 min")
    expect(row(page, "Resting Ros").locator(".row__min")).to_have_text("0 min")
    expect(row(page, "Resting Ros")).to_contain_text("since using began")


def test_hidden_names_stay_hidden_and_leave_booth_numbers_alone(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.seat("Shy Shona", "booth-1")
    code = room.board()["visits"][0]["code"]
    page = sign_in("lead")
    expect(page.locator("body")).to_contain_text("Shy Shona")
    button = page.get_by_role("button", name="Hide names")
    box = button.bounding_box()
    assert box and box["width"] >= 48 and box["height"] >= 48
    button.click()
    page.reload()
    tile = page.locator("[data-key=booth-1]")
    expect(tile).to_contain_text("Booth 1")
    for words in ("Shy Shona", code, "heroin"):
        expect(page.locator("#board")).not_to_contain_text(words)
    tile.click()
    expect(page.locator("#panel-title")).to_have_text("Booth 1")
    expect(panel(page)).not_to_contain_text("heroin")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Show names").click()
    expect(tile).to_contain_text("Shy Shona")
