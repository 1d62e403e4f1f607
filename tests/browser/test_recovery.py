"""Recovery on the board: who is worst off is seen first, and nobody is sent away by one tap too early."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SOON
from tests.browser.hand import leave_empty, panel, rested, resting, row, saved, tap

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn


@pytest.fixture(autouse=True)
def empty(room: "Room") -> None:
    """Each test begins with an empty building."""
    leave_empty(room)


def watched(room: "Room", visit: str, concern: str) -> None:
    room.send("Observe", {"response": "voice", "concern": concern}, visit=visit)


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1280, 800)])
def test_who_is_worst_off_in_recovery_stands_first_however_many_rest(
    width: int, height: int, room: "Room", sign_in: "SignIn"
) -> None:
    visits = [resting(room, f"Rester {at}") for at in range(1, 12)]
    watched(room, visits[-1], "intervene")
    page = sign_in("nurse", width=width, height=height)
    rows = page.locator("#right ul[data-title=Recovery] > li:not(.more)")
    expect(rows.first).to_contain_text("Rester 11")
    expect(rows.first).to_contain_text("I intervene")
    assert rows.count() < 11
    watched(room, visits[4], "watch")
    expect(rows.nth(1)).to_contain_text("Rester 5", timeout=SOON)
    for side in ("#left", "#right"):
        assert page.eval_on_selector(side, "it => it.scrollHeight <= it.clientHeight + 1")


def test_a_fold_says_the_highest_level_inside_it_and_opens_with_its_clocks(
    room: "Room", sign_in: "SignIn"
) -> None:
    for at in range(1, 15):
        watched(room, resting(room, f"Worry {at}"), "rouse" if at > 1 else "watch")
    page = sign_in("nurse", width=1024, height=768)
    fold = page.locator("#right ul[data-title=Recovery] .more")
    expect(fold).to_contain_text("S rouse")
    expect(fold.locator(".row")).to_have_attribute("data-level", "rouse")
    fold.click()
    expect(panel(page).locator(".row")).to_have_count(14)
    clocks = panel(page).locator("[data-clock]")
    assert "" not in clocks.all_inner_texts()


def test_nobody_may_leave_with_a_concern_or_when_a_look_is_due(
    room: "Room", sign_in: "SignIn"
) -> None:
    worried = resting(room, "Worried Wyn")
    page = sign_in("nurse")
    expect(row(page, "Worried Wyn")).to_contain_text("may leave")
    watched(room, worried, "watch")
    expect(row(page, "Worried Wyn")).to_contain_text("look first", timeout=SOON)
    expect(row(page, "Worried Wyn")).not_to_contain_text("may leave")
    said = page.evaluate(
        """async () => {
          const own = [...document.querySelectorAll("script[type=module]")].find((one) => one.src.includes("floor"));
          const { writeClocks } = await import(own.src.replace(/[^/]*$/, "clock.js"));
          const told = (minutes) => {
            const root = document.createElement("div");
            const check = new Date(Date.now() + minutes * 60000).toISOString();
            root.innerHTML = `<span data-clock="leaving" data-at="2026-01-01T00:00:00Z" data-check="${check}"></span>`;
            writeClocks(root);
            return root.textContent;
          };
          return [told(-1), told(1)];
        }"""
    )
    assert said == ["look first", "may leave"]


def test_minutes_since_using_count_from_when_it_began(room: "Room", sign_in: "SignIn") -> None:
    rested(room, "Long Lou", 16)
    page = sign_in("nurse")
    expect(row(page, "Long Lou").locator(".row__min")).to_have_text("16 min")
    expect(row(page, "Long Lou")).to_contain_text("since using began")


def test_whoever_had_naloxone_is_told_wherever_they_are_and_led_to_recovery(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.arrive("Revived Rae")
    room.send("GiveIntervention", {"intervention": "naloxone"}, visit=visit)
    page = sign_in("nurse")
    expect(row(page, "Revived Rae")).to_contain_text("naloxone 0 min")
    row(page, "Revived Rae").click()
    focused = "document.activeElement.textContent"
    assert "To recovery or a chair" in str(page.evaluate(focused))


@pytest.mark.parametrize("way", ["Left without using", "Gave up waiting"])
def test_before_the_earliest_time_every_way_of_leaving_asks_once(
    way: str, room: "Room", sign_in: "SignIn"
) -> None:
    visit = resting(room, "Early Eve")
    room.send("GiveIntervention", {"intervention": "naloxone"}, visit=visit)
    page = sign_in("nurse")
    row(page, "Early Eve").click()
    tap(page, "Left in another way")
    tap(page, way)
    expect(panel(page)).to_contain_text("Not before")
    assert [one["id"] for one in room.board()["visits"]] == [visit]
    tap(page, way)
    saved(page)
    assert not room.board()["visits"]


def test_against_advice_is_offered_where_leaving_well_is_too_early(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = resting(room, "Early Ed")
    room.send("GiveIntervention", {"intervention": "naloxone"}, visit=visit)
    page = sign_in("nurse")
    row(page, "Early Ed").click()
    tap(page, "Leaves, well")
    expect(panel(page).get_by_role("button", name="well", exact=True)).to_have_count(0)
    tap(page, "Left against advice")
    saved(page)
    assert room.facts("Departed")[-1]["data"]["how"] == "against_advice"


def test_reception_asks_once_before_anybody_who_rests_leaves(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = resting(room, "Asked Ash")
    page = sign_in("reception")
    expect(row(page, "Asked Ash")).not_to_contain_text("may leave")
    row(page, "Asked Ash").click()
    tap(page, "Left against advice")
    expect(panel(page)).to_contain_text("Ask who watches over recovery")
    assert [one["id"] for one in room.board()["visits"]] == [visit]


def test_an_open_panel_follows_the_person_and_says_that_they_have_left(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.wait("Moving Mo")
    page = sign_in("nurse")
    row(page, "Moving Mo").click()
    expect(panel(page)).to_contain_text("Stepped out, place kept")
    room.send("Seat", {"place": "booth-1"}, visit=visit)
    expect(panel(page)).to_contain_text("booth 1", timeout=SOON)
    expect(panel(page)).to_contain_text("Started using")
    room.send("Depart", {"how": "without_using"}, visit=visit)
    expect(panel(page)).to_contain_text("This person has left", timeout=SOON)


def test_a_half_filled_talk_stays_and_says_that_the_person_has_left(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.arrive("Talker Tess")
    page = sign_in("nurse")
    row(page, "Talker Tess").click()
    tap(page, "Talk: what is planned")
    tap(page, "heroin")
    room.send("Queue", {}, visit=room.arrive("Somebody Else"))
    expect(row(page, "Somebody Else")).to_be_attached(timeout=SOON)
    expect(panel(page).locator("[data-code=heroin]")).to_have_attribute("aria-pressed", "true")
    room.send("Depart", {"how": "without_using"}, visit=visit)
    expect(panel(page)).to_contain_text("This person has left", timeout=SOON)


def test_an_emergency_in_a_booth_is_drawn_once_with_whom_it_is_about(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.arrive("Found Fin")
    page = sign_in("lead")
    room.send("StartEmergency", {"emergency": "e-told", "place": "booth-2"}, visit=visit)
    tile = page.locator("[data-key=booth-2]")
    expect(tile).to_contain_text("Found Fin", timeout=SOON)
    expect(row(page, "Found Fin")).to_have_count(0)


def test_an_emergency_in_somebody_elses_booth_shows_both_and_hides_neither(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.seat("Seated Sal", "booth-3")
    visit = resting(room, "Fallen Fay")
    page = sign_in("lead")
    room.send("StartEmergency", {"emergency": "e-both", "place": "booth-3"}, visit=visit)
    tile = page.locator("[data-key=booth-3]")
    expect(tile).to_have_attribute("data-level", "emergency", timeout=SOON)
    expect(tile).to_contain_text("Fallen Fay")
    expect(tile).to_contain_text("Seated Sal")


def test_a_tap_meant_for_what_stood_there_before_the_panel_moved_does_nothing(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.wait("Swift Sid")
    page = sign_in("nurse")
    row(page, "Swift Sid").click()
    room.send("Seat", {"place": "booth-1"}, visit=visit)
    page.wait_for_function(
        """() => {
          const panel = document.querySelector("#panel[data-moved]");
          panel?.querySelector(".choice--main").click();
          return panel;
        }"""
    )
    page.wait_for_timeout(1000)
    assert room.board()["visits"][0]["stage"] == "seated"
    tap(page, "Started using")
    saved(page)
