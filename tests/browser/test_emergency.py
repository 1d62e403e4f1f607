"""Emergencies: one tap from anywhere, a stopwatch at once, two at a time, nothing mixed."""

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SOON
from tests.support.acting import PASSWORD

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn
    from tests.support.browser import NewPage


def running(room: "Room") -> list[str]:
    return [emergency["id"] for emergency in room.board()["emergencies"]]


def shown(page: Page) -> str:
    """The emergency on the screen: its stopwatch runs."""
    expect(page.locator("#watches")).to_contain_text("since it began")
    expect(page.locator("#keys .key")).to_have_count(11)
    return str(page.evaluate("location.hash.slice(1)"))


@pytest.fixture(autouse=True)
def calm(room: "Room") -> None:
    """Each test begins without an emergency."""
    for id in running(room):
        room.send("EndEmergency", {"emergency": id, "outcome": "recovered"})


OPEN = {
    "the board": lambda page: None,
    "somebody's panel": lambda page: page.locator(".tile", has_text="Near").click(),
    "the arrival panel": lambda page: page.keyboard.press("a"),
    "the list of keys": lambda page: page.keyboard.press("?"),
    "another emergency": lambda page: page.locator("[data-start-emergency]:visible").click(),
}


@pytest.mark.parametrize("screen", OPEN)
def test_one_tap_starts_it(screen: str, room: "Room", sign_in: "SignIn") -> None:
    if not [visit for visit in room.board()["visits"] if visit["place"] == "booth-1"]:
        room.seat("Near", "booth-1")
    page = sign_in("nurse")
    OPEN[screen](page)
    if screen == "another emergency":
        expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    before = len(running(room))
    panel = page.locator("#panel").is_visible()
    page.locator(".panel__alarm" if panel else "[data-start-emergency]:visible").click()
    id = shown(page)
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    assert id in running(room) and len(running(room)) == before + 1


@pytest.mark.parametrize("across", [0.2, 0.5, 0.9])
def test_the_second_tap_of_a_double_tap_does_nothing_in_it(
    across: float, room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse", width=1024, height=768)
    box = page.locator("[data-start-emergency]:visible").bounding_box()
    assert box
    spot = (box["x"] + across * box["width"], box["y"] + box["height"] / 2)
    page.mouse.click(*spot)
    page.wait_for_timeout(120)
    page.mouse.click(*spot)
    shown(page)
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    [emergency] = room.board()["emergencies"]
    assert [line["kind"] for line in emergency["timeline"]] == ["EmergencyStarted"]


def test_one_of_which_nothing_is_said_yet_is_read_from_afar(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("worker")
    room.send("StartEmergency")
    tab = page.locator(".tab--emergency")
    expect(tab).to_contain_text("EMERGENCY, place not said yet", timeout=SOON)
    # Asked in the page, since the tab is drawn anew when a board comes.
    page.wait_for_function(
        """() => {
          const tab = document.querySelector(".tab--emergency");
          return tab.getBoundingClientRect().width > 600 && parseFloat(getComputedStyle(tab).fontSize) >= 21;
        }""",
        timeout=SOON,
    )


def test_a_dose_that_is_struck_out_is_counted_by_no_clock_and_asked_for_no_detail(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.locator("[data-start-emergency]:visible").click()
    shown(page)
    key, story = page.locator("[data-key=key-naloxone]"), page.locator("#story")
    key.click()
    expect(story).not_to_contain_text("sending", timeout=SOON)
    first = room.facts("InterventionGiven")[-1]["happened"]
    page.wait_for_timeout(1500)
    key.click()
    expect(key).to_contain_text("given 2 times")
    expect(page.locator("#watches")).to_contain_text("dose 2")
    doses = story.locator("button", has_text="Naloxone")
    expect(doses).to_have_count(2, timeout=SOON)  # a line is a button once the board tells it
    doses.first.click()
    page.get_by_role("button", name="It did not happen").click()
    expect(page.locator("#panel")).to_be_hidden(timeout=SOON)
    expect(page.locator("#watches")).to_contain_text("dose 1")
    expect(page.locator("#detail .detail")).to_have_count(0)
    counted = page.locator("#watches .watch", has_text="naloxone").locator("[data-clock]")
    assert counted.get_attribute("data-at") == first


def test_what_goes_on_says_so_until_it_is_stopped(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    page.locator("[data-start-emergency]:visible").click()
    shown(page)
    key = page.locator("[data-key=key-cpr]")
    for _ in range(2):  # at once, and as the server tells it
        key.click() if _ == 0 else page.reload()
        expect(key).to_contain_text("CPR for 0:0")
        expect(key).to_contain_text("tap when it stops")
        expect(key).not_to_contain_text("stopped")
    key.click()
    expect(key).not_to_contain_text("CPR for")
    expect(page.locator("#story")).to_contain_text("stopped", timeout=SOON)


def test_who_sits_alone_where_it_is_said_to_be_is_whom_it_is_about(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("Alone Al", "booth-6")
    page = sign_in("nurse")
    page.locator("[data-start-emergency]:visible").first.click()
    shown(page)
    page.locator("[data-key=key-naloxone]").click()
    page.get_by_role("button", name="Ended…").click()
    page.get_by_role("button", name="Say who first").click()
    page.get_by_role("button", name="Booth 6 · Alone Al").click()
    expect(page.locator("#emergency-title")).to_contain_text("Booth 6 · Alone Al", timeout=SOON)
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    [told] = [one for one in room.board()["visits"] if one["id"] == visit]
    assert told["naloxone"] and told["not_before"]
    page.get_by_role("button", name="Ended…").click()
    expect(page.get_by_role("button", name="Say who first")).to_have_count(0)


def test_an_end_that_is_taken_back_brings_it_back_where_it_was_ended(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.locator("[data-start-emergency]:visible").first.click()
    id = shown(page)
    page.get_by_role("button", name="Ended…").click()
    page.get_by_role("button", name="Recovered on site").click()
    tab = page.locator(".tab--emergency")
    expect(tab).to_have_count(0, timeout=SOON)
    end = room.facts("EmergencyEnded")[-1]
    assert end["data"]["emergency"] == id
    room.send("Retract", {"target": end["id"], "reason": "mistake"})
    expect(tab).to_have_count(1, timeout=SOON)


def test_it_is_where_its_person_is_now(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Moved Mo", "booth-7")
    page = sign_in("worker")
    room.send("StartEmergency", {}, visit=visit)
    expect(page.locator(".tab--emergency")).to_contain_text("Booth 7 Moved Mo", timeout=SOON)
    room.send("MoveToRecovery", {}, visit=visit, mode="report")
    expect(page.locator(".tab--emergency")).to_contain_text("Recovery Moved Mo", timeout=SOON)
    resting = page.locator("#right .row", has_text="Moved Mo")
    expect(resting.locator(".mark", has_text="emergency 0:0")).to_be_visible()


def test_it_is_its_own_rooms_however_many_the_server_keeps(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    with page.expect_request("**/api/commands") as sent:
        page.locator("[data-start-emergency]:visible").click()
    assert sent.value.post_data_json["room"] == "glasgow"
    page.goto(f"{room.url}/device")
    with page.expect_request("**/api/commands") as sent:
        page.locator("[data-emergency]").click()
    assert sent.value.post_data_json["room"] == "glasgow"


def test_from_a_panel_it_carries_who_and_where(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Carried", "booth-2")
    page = sign_in("worker")
    page.locator(".tile", has_text="Carried").click()
    page.locator(".panel__alarm").click()
    shown(page)
    expect(page.locator(".tab--emergency")).to_contain_text("Booth 2 Carried")
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    begun = room.board()["emergencies"][-1]
    assert (begun["visit"], begun["place"]) == (visit, "booth-2")


def test_one_key_starts_it_over_a_panel_too_with_who_and_where(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("Keyed", "booth-4")
    page = sign_in("worker")
    page.locator(".tile", has_text="Keyed").click()
    page.keyboard.press("Shift+E")
    id = shown(page)
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    begun = room.board()["emergencies"][-1]
    assert (begun["id"], begun["visit"], begun["place"]) == (id, visit, "booth-4")


@pytest.mark.parametrize("path", ["/sign-in", "/evidence"])
def test_one_key_starts_it_from_every_page(path: str, room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead")
    page.goto(room.url + path)
    if path == "/sign-in":
        page.locator("input:visible").first.press("Shift+E")  # a letter of somebody's name
        page.locator("h1").first.click()
    page.keyboard.press("Shift+E")
    id = shown(page)
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    assert running(room) == [id]


def test_two_at_once_stay_apart_and_are_seen_everywhere(room: "Room", sign_in: "SignIn") -> None:
    page, other = sign_in("nurse"), sign_in("lead", scheme="dark")
    page.locator(".bar__emergency").click()
    first = shown(page)
    page.locator("[data-key=key-stimulation]").click()
    page.locator("[data-start-emergency]:visible").click()
    second = shown(page)
    assert first != second
    page.locator("[data-key=key-airway]").click()
    expect(page.locator("#story")).to_contain_text("Airway opened")
    expect(page.locator("#story")).not_to_contain_text("Stimulated")
    page.locator(f"[data-key='tab-{first}']").click()
    expect(page.locator("#story")).to_contain_text("Stimulated")
    expect(page.locator("#story")).not_to_contain_text("Airway opened")

    expect(other.locator(".tab--emergency")).to_have_count(2, timeout=SOON)
    expect(
        other.locator("#heard")
    ).to_be_visible()  # it sounds until somebody says that it was heard
    other.locator("#heard").click()
    expect(other.locator("#heard")).to_be_hidden()
    expect(other.locator("#announce")).to_contain_text("Emergency")


def test_one_that_two_began_is_made_one_and_both_screens_go_on_with_it(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.seat("Twice", "booth-3")
    one, another = sign_in("nurse"), sign_in("lead")
    one.locator(".tile[data-key=booth-3]").click()
    one.locator(".panel__alarm").click()
    first = shown(one)
    expect(one.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    another.keyboard.press("Shift+E")
    second = shown(another)
    another.locator("[data-key=key-oxygen]").click()
    expect(another.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    another.locator("#detail .pick", has_text="15").click()

    one.get_by_role("button", name="Where and who").click()
    one.locator("#panel").get_by_role("button", name="Place and person not said yet").click()
    expect(one.locator("#panel")).to_contain_text("One emergency, begun twice?")
    one.get_by_role("button", name="One emergency", exact=True).click()
    for page in (one, another):
        expect(page.locator(".tab--emergency")).to_have_count(1, timeout=SOON)
        expect(page.locator("#emergency-title")).to_contain_text("Twice")
        expect(page.locator("#story")).to_contain_text("Oxygen")
        assert shown(page) == first
    assert second not in running(room)

    # The form that was half filled in goes on, and so do the keys.
    another.get_by_role("button", name="Add to the record").click()
    another.locator("[data-key=key-airway]").click()
    expect(one.locator("#story")).to_contain_text("15 L", timeout=SOON)
    expect(one.locator("#story")).to_contain_text("Airway opened", timeout=SOON)

    # It was a mistake: what was done with the second start is an emergency of its own again.
    one.get_by_role("button", name="Where and who").click()
    one.locator("#panel").get_by_role("button", name="Part them").click()
    one.get_by_role("button", name="Two emergencies: part them").click()
    expect(one.locator("#panel")).to_contain_text("Where and who: the one begun", timeout=SOON)
    one.locator(".panel__close").click()
    expect(one.locator(".tab--emergency")).to_have_count(2, timeout=SOON)
    assert shown(one) == first
    expect(one.locator("#story .story__line:not(:has(s))", has_text="15 L")).to_have_count(0)
    one.locator(f".tab--emergency:not([data-key='tab-{first}'])").click()
    expect(one.locator("#story")).to_contain_text("15 L")


def test_naming_somebody_whose_emergency_runs_asks_whether_it_is_the_same(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.arrive("Named twice")
    room.send("StartEmergency", {"emergency": "e-61"}, visit=visit)
    page = sign_in("nurse")
    page.keyboard.press("Shift+E")
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    page.get_by_role("button", name="Where and who").click()
    # A panel whose buttons have just moved takes no tap for a moment.
    expect(page.locator("#panel")).to_contain_text("Begun twice?", timeout=SOON)
    expect(page.locator("#panel:not([data-moved])")).to_be_visible()
    page.locator("#panel .group", has_text="Who").get_by_role(
        "button", name="Named twice"
    ).last.click()
    expect(page.locator("#panel")).to_contain_text("One emergency, begun twice?")
    page.get_by_role("button", name="Two emergencies").click()
    expect(page.locator(".tab--emergency")).to_have_count(2)
    assert len(running(room)) == 2


def test_a_where_that_is_not_taken_is_seen_in_the_story_with_the_reason(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.send("StartEmergency", {"emergency": "e-62"})
    page = sign_in("nurse")
    page.locator("[data-key='tab-e-62']").click()
    no = {"refusal": {"code": "not_permitted", "words": "This is for somebody in another role."}}
    page.route("**/api/commands", lambda route: route.fulfill(status=409, json=no))
    page.get_by_role("button", name="Where and who").click()
    page.locator("#panel").get_by_role("button", name="Toilet").click()
    expect(page.locator("#story")).to_contain_text(
        "Where and who. This is for somebody", timeout=SOON
    )
    expect(page.locator("#story")).to_contain_text("not taken")


def test_the_place_that_was_said_last_is_where_it_is(room: "Room", sign_in: "SignIn") -> None:
    visit = room.seat("Wandering Wil", "booth-5")
    room.send("StartEmergency", {"emergency": "e-63"}, visit=visit)
    page = sign_in("nurse")
    page.locator("[data-key='tab-e-63']").click()
    for said, told in (
        ("Toilet", "Toilet · Wandering Wil"),
        ("Booth 4", "Booth 4 · Wandering Wil"),
    ):
        page.get_by_role("button", name="Where and who").click()
        page.locator("#panel").get_by_role("button", name=said).click()
        expect(page.locator("#emergency-title")).to_have_text(f"Emergency: {told}", timeout=SOON)


def test_a_booth_names_whom_its_emergency_is_about_though_nobody_is_seated_there(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.arrive("Elsewhere")
    [start] = room.send("StartEmergency", {"emergency": "e-8", "place": "booth-8"})
    page = sign_in("nurse")
    tile = page.locator(".tile[data-key=booth-8]")
    expect(tile).to_contain_text("who: not said yet")
    said = {"target": start["id"], "changes": {"visit": visit}, "reason": "learned_later"}
    room.send("Correct", said)
    expect(tile).to_contain_text("Elsewhere", timeout=SOON)
    expect(tile).not_to_contain_text("not said yet")


def test_the_key_of_emergency_held_or_pressed_twice_begins_one_and_another_is_one_tap_away(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    expect(page.locator("#age")).to_contain_text("live")
    page.keyboard.down("Shift")
    for _ in range(5):
        page.keyboard.down("E")  # without being let go it repeats
    page.keyboard.up("E")
    page.keyboard.press("E")
    page.keyboard.up("Shift")
    first = shown(page)
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    assert running(room) == [first]
    page.get_by_role("button", name="Another EMERGENCY").click()
    assert shown(page) != first
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    assert len(running(room)) == 2


def test_a_page_whose_tap_is_not_answered_says_so_at_once_and_further_taps_mean_the_same(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.goto(room.url + "/device")
    held: list[Route] = []
    answers = False
    for path in ("**/api/commands", "**/emergency/"):
        page.route(path, lambda route: route.continue_() if answers else held.append(route))
    said = page.evaluate(
        """() => [1, 2, 3].map(() => {
          document.querySelector("[data-emergency]").click();
          return document.querySelector("[role=alert]").textContent;
        })"""
    )
    assert {words.split(",")[0] for words in said} == {"EMERGENCY noted"}
    while len(held) < 4:
        page.wait_for_timeout(50)
    sent = [route.request.post_data_json for route in held if route.request.post_data]
    assert len(sent) == 3 and len({command["id"] for command in sent}) == 1
    answers = True
    for route in held:
        route.continue_()
    id = shown(page)
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    assert running(room) == [id]


def test_a_key_records_its_moment_and_asks_for_detail_afterwards(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    shown(page)
    page.locator("[data-key=key-naloxone]").click()
    expect(page.locator("#story")).to_contain_text("Naloxone")
    expect(page.locator(".detail .pick[aria-pressed=true]")).to_have_count(0)  # nothing is proposed
    page.locator(".detail .pick[data-code='400']").click()
    page.locator(".detail .pick", has_text="into a muscle").click()
    page.get_by_role("button", name="Add to the record").click()
    expect(page.locator("#story")).to_contain_text("400 micrograms", timeout=SOON)
    expect(page.locator("#watches")).to_contain_text("since naloxone 400 micrograms")
    expect(page.locator("#story s")).to_have_count(0)  # what was completed was never wrong


def dosed(page: Page, batch: str = "") -> None:
    """Naloxone is given, and said with its dose and its way."""
    page.locator(".bar__emergency").click()
    shown(page)
    page.locator("[data-key=key-naloxone]").click()
    page.locator(".detail .pick[data-code='400']").click()
    page.locator(".detail .pick", has_text="into a muscle").click()
    page.locator("#dose-batch").fill(batch)


def test_a_batch_that_the_record_cannot_hold_keeps_nothing_else_of_a_dose_out_and_is_seen(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    dosed(page, "Sandyford")
    page.get_by_role("button", name="Add to the record").click()
    said = page.locator(".detail").get_by_text("Not in the record: batch Sandyford")
    expect(said).to_be_in_viewport(ratio=1)
    expect(page.locator("#dose-batch")).to_have_value("Sandyford")
    told = page.locator("#story button", has_text="Naloxone, 400 micrograms, into a muscle")
    expect(told).to_be_visible(timeout=SOON)
    page.locator("#dose-batch").fill("LOT 8841/2")
    page.get_by_role("button", name="Add to the record").click()
    expect(page.locator(".detail")).to_have_count(0)
    expect(page.locator("#story")).to_contain_text("400 micrograms, batch LOT-8841-2", timeout=SOON)
    assert [fact["data"]["changes"]["data"] for fact in room.facts("Corrected")[-2:]] == [
        {"micrograms": 400, "route": "intramuscular"}, {"batch": "LOT-8841-2"}]  # fmt: skip


def test_what_was_typed_of_a_dose_and_left_is_kept_for_the_lead_and_for_nobody_else(
    room: "Room", sign_in: "SignIn"
) -> None:
    page, lead = sign_in("nurse"), sign_in("lead")
    dosed(page, "Sandyford")
    page.locator("[data-key=key-airway]").click()
    line = page.locator("#story li[data-state=flagged]")
    expect(line).to_contain_text("batch Sandyford, not in the record", timeout=SOON)
    expect(line).to_contain_text("to be looked at")
    assert "Sandyford" not in page.evaluate("sessionStorage.getItem('opendcr-unsaved') ?? ''")
    assert not [fact for fact in room.facts("Corrected") if "Sandyford" in str(fact)]
    lead.locator("[data-key=reviews]").click()
    expect(lead.locator("#panel .review", has_text="Sandyford")).to_be_visible(timeout=SOON)


def test_a_detail_that_is_not_taken_says_so_and_why_in_the_story(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    problem = {"where": "data", "found": "a riddle", "expected": "an answer"}

    def riddle(route: Route) -> None:
        if route.request.post_data_json["kind"] == "Correct":
            route.fulfill(status=422, json={"problem": problem})
        else:
            route.continue_()

    page.route("**/api/commands", riddle)
    dosed(page)
    page.get_by_role("button", name="Add to the record").click()
    line = page.locator("#story li[data-state=problem]")
    expect(line).to_contain_text("Naloxone: 400 micrograms, into a muscle", timeout=SOON)
    expect(line).to_contain_text("expected an answer")
    expect(line).to_contain_text("not taken")


def test_a_wrong_line_is_struck_out_and_stays_to_be_seen(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    shown(page)
    page.locator("[data-key=key-glucose]").click()
    page.locator("#story button", has_text="Glucose").click()
    page.locator("#panel").get_by_role("button", name="It did not happen").click()
    expect(page.locator("#story s", has_text="Glucose")).to_be_visible(timeout=SOON)


def test_it_ends_far_from_the_keys_with_what_came_of_it(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    id = shown(page)
    page.get_by_role("button", name="Ended…").click()
    page.get_by_role("button", name="Recovered on site").click()
    expect(page.locator(".tile").first).to_be_visible(timeout=SOON)
    expect(page.locator(f"[data-key='tab-{id}']")).to_have_count(0)
    assert running(room) == []


def test_a_slip_of_the_hand_is_struck_out_after_one_question(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    id = shown(page)
    expect(page.locator("#story button")).to_have_count(1, timeout=SOON)
    page.get_by_role("button", name="Ended…").click()
    page.get_by_role("button", name="It was no emergency").click()
    assert running(room) == [id]
    page.get_by_role("button", name="Yes, strike it out").click()
    expect(page.locator(f"[data-key='tab-{id}']")).to_have_count(0, timeout=SOON)
    expect(page.locator(".tile").first).to_be_visible()
    assert running(room) == []
    struck = room.facts("Retracted")[-1]["data"]
    start = room.facts("EmergencyStarted")[-1]
    assert (struck["target"], struck["reason"]) == (start["id"], "mistake")


def test_what_was_done_is_not_struck_out_with_the_start(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    id = shown(page)
    page.locator("[data-key=key-stimulation]").click()
    expect(page.locator("#story button")).to_have_count(2, timeout=SOON)
    page.get_by_role("button", name="Ended…").click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("More than its start is recorded")
    expect(panel.get_by_role("button", name="It was no emergency")).to_have_count(0)
    assert running(room) == [id]


def test_a_death_is_asked_a_second_time(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    id = shown(page)
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    page.get_by_role("button", name="Ended…").click()
    page.get_by_role("button", name="Died").click()
    assert running(room) == [id]
    page.get_by_role("button", name="No, back").click()
    page.get_by_role("button", name="Died").click()
    page.get_by_role("button", name="Yes, the person has died").click()
    expect(page.locator(f"[data-key='tab-{id}']")).to_have_count(0, timeout=SOON)
    assert room.facts("EmergencyEnded")[-1]["data"]["outcome"] == "died"


def test_it_starts_from_the_sign_in_page_of_a_tablet_that_nobody_is_signed_in_at(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("manager")
    page.locator("[data-key=room]").click()
    page.get_by_role("link", name="This tablet").click()
    page.get_by_label("What it is called").fill("Tablet 3")
    page.get_by_role("button", name="Enrol this tablet").click()
    expect(page.locator("main")).to_contain_text("enrolled as Tablet 3")
    page.context.clear_cookies(name="opendcr_session")
    page.goto(room.url + "/sign-in")
    page.get_by_role("link", name="EMERGENCY").click()
    id = shown(page)
    page.locator("[data-key=key-stimulation]").click()
    expect(page.locator("#story")).to_contain_text("saved", timeout=SOON)
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    begun = next(one for one in room.board()["emergencies"] if one["id"] == id)
    assert [line["words"] for line in begun["timeline"]] == ["Emergency", "Stimulated"]
    assert {line["author"] for line in begun["timeline"]} == {"unattributed"}
    expect(page.locator("body")).not_to_contain_text("Near")  # nothing of the room for a stranger
    page.get_by_role("button", name="Ended…").click()
    expect(page.locator("#panel")).to_contain_text("the shift lead strikes it out here")
    page.get_by_role("button", name="Recovered on site").click()
    expect(page.locator(f"[data-key='tab-{id}']")).to_have_count(0, timeout=SOON)
    assert id not in running(room)


def test_whoever_is_not_shown_the_board_is_told_that_and_not_that_nobody_is_signed_in(
    room: "Room", new_page: "NewPage"
) -> None:
    page = new_page()
    page.goto(room.url + "/sign-in")
    page.fill("#username", "analyst")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="EMERGENCY").click()
    id = shown(page)
    page.locator("[data-key=key-naloxone]").click()
    expect(page.locator("#story")).not_to_contain_text("sending", timeout=SOON)
    page.get_by_role("button", name="Where and who").click()
    page.locator("#panel").get_by_role("button", name="Reception").click()
    page.wait_for_timeout(4500)  # as long as it takes to ask for a board that does not come
    expect(page.locator("#nobody")).to_contain_text("Analyst, analyst: the board is not shown")
    expect(page.locator("#stale")).to_be_hidden()
    begun = next(one for one in room.board()["emergencies"] if one["id"] == id)
    assert begun["area"] == "reception"
    assert {line["author"] for line in begun["timeline"]} == {"s-analyst"}
    page.get_by_role("link", name="Your page").click()
    expect(page).to_have_url(room.url + "/evidence")


def test_a_strange_device_learns_that_nothing_was_saved(room: "Room", new_page: "NewPage") -> None:
    page = new_page()
    page.goto(room.url + "/sign-in")
    page.get_by_role("link", name="EMERGENCY").click()
    shown(page)
    expect(page.locator("#story")).to_contain_text("not recorded", timeout=SOON)
    assert running(room) == []


def test_a_corrected_dose_keeps_its_route_and_a_corrected_time_its_dose(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.locator(".bar__emergency").click()
    id = shown(page)
    page.locator("[data-key=key-naloxone]").click()
    page.locator(".detail .pick[data-code='800']").click()
    page.locator(".detail .pick", has_text="into a muscle").click()
    page.get_by_role("button", name="Add to the record").click()
    panel = page.locator("#panel")
    page.locator("#story button", has_text="800 micrograms").click()
    panel.locator(".pick[data-code='400']").click()
    panel.get_by_role("button", name="Save the correction").click()
    page.locator("#story button", has_text="400 micrograms").click()
    panel.get_by_role("button", name="30 s earlier").click()
    expect(panel).to_be_hidden()
    begun = next(one for one in room.board()["emergencies"] if one["id"] == id)
    [dose] = begun["naloxone"]
    assert (dose["micrograms"], dose["route"]) == (400, "intramuscular")
    assert dose["at"] < room.facts("InterventionGiven")[-1]["happened"]


def test_of_a_long_name_the_end_may_go_and_of_the_clock_nothing(
    room: "Room", sign_in: "SignIn"
) -> None:
    for booth in (1, 2, 3):
        visit = room.arrive(f"Bartholomew Featherstone {booth}")
        room.send("StartEmergency", {"place": f"booth-{booth}"}, visit=visit)
    page = sign_in("nurse", width=1024, height=768)
    page.locator(".tab--emergency").first.click()
    tabs = page.locator("#tabs").bounding_box()
    board = page.locator("[data-key=tab-board]").bounding_box()
    assert tabs and board
    for clock in page.locator(".tab--emergency [data-clock]").all():
        box = clock.bounding_box()
        assert box and tabs["x"] <= box["x"] and box["x"] + box["width"] <= board["x"]


def test_many_of_a_place_not_said_take_one_row_and_leave_the_way_back(
    room: "Room", sign_in: "SignIn"
) -> None:
    for number in range(9):
        room.send("StartEmergency", {"emergency": f"e-many{number}"})
    page = sign_in("nurse", width=1024, height=768)
    expect(page.locator(".tab--emergency")).to_have_count(9, timeout=SOON)
    height = "document.querySelector('.top').getBoundingClientRect().height"
    assert page.evaluate(height) < 125
    page.locator(".tab--emergency").first.click()
    assert page.evaluate(height) < 70
    page.locator("[data-key=tab-board]").click()
    expect(page.locator(".tile").first).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (640, 400)])
def test_whose_it_is_stands_large_however_many_run(
    width: int, height: int, room: "Room", sign_in: "SignIn"
) -> None:
    for booth in (3, 4, 5, 6, 7):
        visit = room.arrive(f"Alexandria of Tollcross {width}{booth}")
        room.send("StartEmergency", {"place": f"booth-{booth}"}, visit=visit)
    page = sign_in("nurse", width=width, height=height)
    expect(page.locator(".tab--emergency")).to_have_count(5, timeout=SOON)
    page.locator(".tab--emergency").last.click()
    title = page.locator("#emergency-title")
    expect(title).to_contain_text(f"Booth 7 · Alexandria of Tollcross {width}7")
    expect(title).to_be_in_viewport(ratio=1)
    assert title.evaluate("it => parseFloat(getComputedStyle(it).fontSize)") >= 20
    assert title.evaluate("it => it.scrollWidth <= it.clientWidth")
    expect(page.locator(".tab--emergency[aria-pressed=true]")).to_be_in_viewport()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768)])
def test_a_dose_its_way_and_its_witness_are_asked_without_scrolling(
    width: int, height: int, room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse", width=width, height=height)
    page.locator(".bar__emergency").click()
    shown(page)
    page.locator("[data-key=key-naloxone]").click()
    for asked in page.locator(".detail .pick, .detail .field, .detail .button").all():
        expect(asked).to_be_in_viewport(ratio=1)
    expect(page.locator(".more-below")).to_be_hidden()
    expect(page.locator("#story .story__line").first).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1024, 768)])
def test_what_a_watch_counts_is_told_in_one_line(
    width: int, height: int, room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse", width=width, height=height)
    page.locator(".bar__emergency").click()
    about = {"emergency": shown(page)}
    room.send("Observe", {**about, "breaths": 6, "spo2": 88})
    dose = {"intervention": "naloxone", "micrograms": 400, "route": "intramuscular"}
    room.send("GiveIntervention", {**about, **dose})
    room.send("GiveIntervention", {**about, "intervention": "oxygen", "litres": 15})
    watches = page.locator("#watches")
    for told in ("6 a minute", "since naloxone 400 micrograms", "into a muscle", "oxygen 15 L"):
        expect(watches).to_contain_text(told, timeout=SOON)
    lines = "it => it.getBoundingClientRect().height / parseFloat(getComputedStyle(it).lineHeight)"
    assert [round(line.evaluate(lines)) for line in page.locator(".watch > span").all()] == [1] * 4


def test_on_a_narrow_screen_a_key_says_that_its_detail_is_asked_below(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse", width=390, height=844)
    page.locator(".bar__emergency").click()
    shown(page)
    key = page.locator("[data-key=key-naloxone]")
    key.click()
    expect(key.get_by_text("say more below")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Add to the record").click()
    expect(key).not_to_contain_text("say more below")


@pytest.mark.parametrize("key", ["naloxone", "breathing"])
def test_a_form_that_does_not_fit_says_what_is_below(
    key: str, room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse", width=1024, height=600)
    page.locator(".bar__emergency").click()
    shown(page)
    page.locator(f"[data-key=key-{key}]").click()
    expect(page.locator(".detail")).to_be_visible()
    last = "Batch" if key == "naloxone" else "SpO₂"
    more = page.locator(".more-below")
    expect(more).to_contain_text(last)
    expect(page.locator("#story .story__line").first).to_be_in_viewport(ratio=1)
    for _ in range(4):
        if more.is_visible():
            more.click()
            page.wait_for_timeout(400)
    expect(more).to_be_hidden()
    expect(page.locator(".detail").get_by_text(last, exact=True)).to_be_in_viewport(ratio=1)
