"""Plans in a real browser: sliders moved by keyboard, without a script, by day and night."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.support.browser import NewPage
from tests.support.served import Served, launch, stop, wait

PASSWORD = "training-room-2025"
OURS = {"exclude": [[".ribbon"]]}  # the ribbon of training stands outside every landmark
COMPILED = 90_000  # ms within which a fresh machine has compiled the simulation


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One room with six simulated weeks for this file."""
    folder = tmp_path_factory.mktemp("planning")
    environment = {**os.environ, "OPENDCR_HOME": str(folder / "home")}
    for chosen in ("OPENDCR_DATABASE", "OPENDCR_KEYS", "OPENDCR_MASTER_KEY"):
        environment.pop(chosen, None)
    prepare = [sys.executable, "-m", "tests.browser.planned_room"]
    subprocess.run(prepare, env=environment, check=True)
    database = f"sqlite:///{folder / 'home' / 'room.sqlite3'}"
    server = launch(("--demo", "--database", database), environment, folder / "served.log")
    wait(server)
    yield server
    stop(server)


def open_planning(page: Page, served: Served, asked: str = "", role: str = "manager") -> None:
    """Signs in on the way to the page of plans, and waits for its result."""
    page.goto(served.url + "/planning" + asked)
    page.check(f"input[value={role}]")
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(served.url + "/planning" + asked)
    expect(page.locator(".verdict")).to_be_visible(timeout=COMPILED)


def without(page: Page, column: int) -> str:
    """The share who go without: as it is now (1), or in this plan (2)."""
    return (
        page.locator(".figures--plan tbody tr").first.locator(".mean").nth(column - 1).inner_text()
    )


def test_sliders_moved_by_keyboard_change_the_result(served: Served, page: Page) -> None:
    open_planning(page, served)
    before = without(page, 1)
    assert without(page, 2) == before

    page.get_by_role("slider", name="Staff on", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".moved")).to_have_text("Staff on: 2 → 4")
    page.get_by_role("slider", name="Places to use in").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-value-of=places]")).to_have_text("5")
    expect(page.locator(".moved li")).to_have_count(2)

    expect(page.get_by_role("slider", name="Places to use in")).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("go without")
    assert (without(page, 1), float(without(page, 2)) < float(before)) == (before, True)
    assert re.search(r"\?places=5&opens=600&closes=1200&staff=4&", page.url)
    told = without(page, 2)
    page.reload()
    assert without(page, 2) == told, "the address carries the sliders"


def test_a_clock_is_told_as_a_time(served: Served, page: Page) -> None:
    open_planning(page, served)
    closes = page.get_by_role("slider", name="Closes")
    closes.focus()
    page.keyboard.press("End")

    expect(page.locator("[data-value-of=closes]")).to_have_text("24:00")
    expect(closes).to_have_attribute("aria-valuetext", "24:00")
    expect(page.get_by_text("4 hours more a day are taken to bring")).to_be_visible()


def test_what_was_folded_open_stays_open(served: Served, page: Page) -> None:
    open_planning(page, served)
    page.get_by_text("The numbers of “Mean wait").click()
    page.get_by_role("slider", name="Places to use in").press("ArrowRight")
    expect(page.locator(".moved")).to_be_visible()

    expect(page.get_by_role("columnheader", name="Wait of all who come to use")).to_be_visible()


def test_what_does_not_fit_is_said_and_can_be_put_right(served: Served, page: Page) -> None:
    open_planning(page, served)
    closes = page.get_by_role("slider", name="Closes")
    closes.press("Home")
    expect(page.get_by_text("Expected: a time after 10:00")).to_be_visible()
    expect(closes).to_have_attribute("aria-invalid", "true")

    closes.press("End")
    expect(page.locator(".verdict")).to_be_visible()
    expect(closes).not_to_have_attribute("aria-invalid", "true")


def test_what_was_typed_into_an_address_can_be_put_right(served: Served, page: Page) -> None:
    open_planning(page, served)
    page.goto(served.url + "/planning?places=lots")
    field = page.get_by_role("textbox", name="Places to use in")
    expect(field).to_have_value("lots")
    field.fill("6")
    field.press("Enter")

    expect(page.locator(".moved")).to_have_text("Places to use in: 4 → 6")


def test_a_server_that_does_not_answer_is_said_and_nothing_is_lost(
    served: Served, page: Page
) -> None:
    open_planning(page, served)
    before = without(page, 2)
    down = True

    def answer(route: Route) -> None:
        if down:
            route.abort()
        else:
            route.continue_()

    page.route("**/planning/result*", answer)
    places = page.get_by_role("slider", name="Places to use in")
    places.press("ArrowRight")
    expect(page.get_by_role("status")).to_contain_text("The server does not answer")
    expect(places).to_have_value("5")
    assert without(page, 2) == before
    assert "places=5" in page.url

    down = False
    page.get_by_role("button", name="Show what it does").click()
    expect(page.locator(".moved")).to_have_text("Places to use in: 4 → 5")


def test_an_older_answer_does_not_replace_a_newer_one(served: Served, page: Page) -> None:
    open_planning(page, served)
    held: list[Route] = []

    def answer(route: Route) -> None:
        if "places=5" in route.request.url:
            held.append(route)
        else:
            route.continue_()

    page.route("**/planning/result*", answer)
    places = page.get_by_role("slider", name="Places to use in")
    with page.expect_request("**/planning/result?places=5*"):
        places.press("ArrowRight")
    expect(page.get_by_role("status")).to_have_text("Working…")
    with page.expect_event("requestfailed"):
        places.press("ArrowRight")

    expect(page.locator(".moved")).to_have_text("Places to use in: 4 → 6")
    assert len(held) == 1


def test_all_of_it_works_without_a_script(served: Served, scriptless: Page) -> None:
    page = scriptless
    open_planning(page, served)
    page.get_by_role("slider", name="Places to use in").press("ArrowRight")
    page.get_by_role("button", name="Show what it does").click()

    expect(page.locator(".moved")).to_have_text("Places to use in: 4 → 5", timeout=COMPILED)
    expect(page.get_by_role("img", name="Mean wait, by the hour of arrival")).to_be_visible()
    page.get_by_text("The numbers of “Places in use").click()
    expect(page.get_by_role("columnheader", name="Not ready")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(served: Served, new_page: NewPage, scheme: str) -> None:
    page = new_page(scheme=scheme, width=1024, height=768)
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type == "error" else None
    )
    open_planning(page, served, "?closes=1440&sunday=1&places=6", role="analyst")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    whole = Axe().run(page, context=OURS)
    answers = list(said)
    page.goto(served.url + "/planning?places=lots&opens=1200&closes=600")
    wrong = Axe().run(page, context=OURS)

    assert whole.violations_count == 0, whole.generate_report()
    assert wrong.violations_count == 0, wrong.generate_report()
    assert answers == []


def test_sliders_and_result_are_in_sight_together(served: Served, new_page: NewPage) -> None:
    page = new_page(width=1024, height=768)
    open_planning(page, served)
    page.get_by_role("slider", name="Minutes of care").press("ArrowRight")

    expect(page.get_by_role("slider", name="Minutes of care")).to_be_in_viewport()
    expect(page.locator(".verdict")).to_be_in_viewport()


def test_a_narrow_screen_scrolls_tables_and_not_the_page(served: Served, new_page: NewPage) -> None:
    page = new_page(width=400, height=800)
    open_planning(page, served)

    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_evidence_leads_to_planning(served: Served, page: Page) -> None:
    page.goto(served.url + "/evidence")
    page.check("input[value=analyst]")
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.get_by_role("link", name="Planning").click()

    expect(page.get_by_role("heading", name="Planning")).to_be_visible()
