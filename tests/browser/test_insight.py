"""Evidence in a real browser: readable by everybody, by day and night, without a script, on paper."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.support.browser import NewPage
from tests.support.served import Served, launch, stop, wait

PASSWORD = "training-room-2025"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One room with two recorded months for this file."""
    folder = tmp_path_factory.mktemp("evidence")
    environment = {**os.environ, "OPENDCR_HOME": str(folder / "home"), "OPENDCR_TRAINING": "0"}
    for chosen in ("OPENDCR_DATABASE", "OPENDCR_KEYS", "OPENDCR_MASTER_KEY"):
        environment.pop(chosen, None)
    prepare = [sys.executable, "-m", "tests.browser.evidence_room"]
    subprocess.run(prepare, env=environment, check=True)
    server = launch((), environment, folder / "served.log")
    wait(server)
    yield server
    stop(server)


def open_as(role: str, page: Page, url: str) -> None:
    """Signs in on the way to a page."""
    page.goto(url)
    page.check(f"input[value={role}]")
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(url)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_are_accessible(served: Served, new_page: NewPage, scheme: str) -> None:
    page = new_page(scheme=scheme)
    said: list[str] = []
    page.on(
        "console", lambda message: said.append(message.text) if message.type == "error" else None
    )

    open_as("analyst", page, served.url + "/evidence")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    evidence = Axe().run(page)
    page.goto(served.url + "/evidence/measures")
    measures = Axe().run(page)

    assert evidence.violations_count == 0, evidence.generate_report()
    assert measures.violations_count == 0, measures.generate_report()
    assert said == []


def test_a_narrow_screen_scrolls_tables_and_not_the_page(served: Served, new_page: NewPage) -> None:
    page = new_page(width=400, height=800)
    open_as("manager", page, served.url + "/evidence")

    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_all_of_it_works_without_a_script(served: Served, scriptless: Page) -> None:
    page = scriptless
    open_as("analyst", page, served.url + "/evidence")

    expect(page.get_by_role("img", name="2022 (1,051) was the lowest since 2017")).to_be_visible()
    page.get_by_text("The figures behind the chart").click()
    expect(page.get_by_role("cell", name="1,339")).to_be_visible()
    page.get_by_text("Service users: definition").click()
    expect(page.get_by_text("linked records are one person").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_text("Every measure of this room as CSV").click()
    assert "unreleased" in download.value.suggested_filename


def test_a_figure_leads_to_its_definition(served: Served, page: Page) -> None:
    open_as("lead", page, served.url + "/evidence")

    page.get_by_role("link", name="Every measure").click()
    page.get_by_role("link", name="Medical emergencies").click()

    expect(page.get_by_role("heading", name="Medical emergencies")).to_be_in_viewport()
    assert page.url.endswith("/evidence/measures#medical_emergencies")


def test_paper_carries_the_definitions_and_no_buttons(served: Served, page: Page) -> None:
    open_as("manager", page, served.url + "/evidence")
    page.emulate_media(media="print")

    expect(page.get_by_text("linked records are one person").first).to_be_visible()
    expect(page.get_by_role("link", name="EMERGENCY")).to_be_hidden()


def test_a_nurse_is_told_whose_page_it_is(served: Served, page: Page) -> None:
    page.goto(served.url + "/evidence")
    page.check("input[value=nurse]")
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")

    expect(page.get_by_role("heading", name="This is not for your role")).to_be_visible()
    expect(page.get_by_role("link", name="To the board")).to_be_visible()
