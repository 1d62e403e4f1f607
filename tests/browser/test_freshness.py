"""A board that has stopped must not look alive, and what was tapped must not be lost or doubled."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import SOON

if TYPE_CHECKING:
    from tests.browser.conftest import Room, SignIn


@contextmanager
def silence(room: "Room") -> Iterator[None]:
    """The server stands still, as behind a broken network: connections stay open, nothing comes."""
    room.served.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        room.served.process.send_signal(signal.SIGCONT)


def test_it_says_that_it_is_stale_and_then_that_it_has_stopped(
    room: "Room", sign_in: "SignIn"
) -> None:
    room.seat("Frozen", "booth-1")
    page = sign_in("lead")
    expect(page.locator("#age")).to_contain_text("live")
    minutes = page.locator(".tile", has_text="Frozen").locator(".tile__min")
    expect(minutes).to_contain_text("0")
    with silence(room):
        expect(page.locator("#stale")).to_contain_text("may be out of date", timeout=8000)
        expect(page.locator("#age")).to_contain_text("not live")
        expect(page.locator("#stale")).to_contain_text("has stopped", timeout=12_000)
        expect(minutes).to_contain_text("–")
        expect(page.locator("#facts .fact b").nth(1)).to_have_text("–")  # the time of day
        tile = page.locator(".tile", has_text="Frozen")
        grey = tile.evaluate("tile => getComputedStyle(tile).backgroundColor")
        assert grey == "rgb(230, 230, 230)"
        assert (
            page.locator(".columns").evaluate("it => getComputedStyle(it).filter") == "grayscale(1)"
        )
    expect(page.locator("#age")).to_contain_text("live, 0 s old", timeout=15_000)
    expect(page.locator("#stale")).to_be_hidden()
    expect(minutes).not_to_contain_text("–")


def test_a_tap_that_is_not_answered_is_kept_and_saved_once(room: "Room", sign_in: "SignIn") -> None:
    room.seat("Kept", "booth-2")
    page = sign_in("nurse")
    page.locator(".tile", has_text="Kept").click()
    with silence(room):
        page.get_by_role("button", name="Alert, no concern").click()
        expect(page.locator(".panel__status")).to_contain_text("Saving")
        expect(page.locator(".panel__status")).to_contain_text("Not saved yet", timeout=10_000)
        page.get_by_role("button", name="Close").click()
        expect(page.locator("#unsaved")).to_contain_text("1 not saved yet")
    expect(page.locator("#unsaved")).to_be_hidden(timeout=20_000)
    seen = [fact for fact in room.facts("Observed") if fact["data"].get("response") == "alert"]
    assert len(seen) == 1


def test_a_refusal_is_said_in_the_rules_own_words(room: "Room", sign_in: "SignIn") -> None:
    first = room.wait("Quick")
    room.wait("Slow")
    page = sign_in("lead")
    page.locator(".row", has_text="Slow").click()
    with page.expect_request("**/api/commands"):
        room.send("Seat", {"place": "booth-3"}, visit=first)
        page.get_by_role("button", name="Seat in booth 3").click()
    expect(page.locator(".panel__status")).to_contain_text("3 is taken")
    expect(page.locator("#panel")).to_be_visible()


def test_a_double_click_sends_once(room: "Room", sign_in: "SignIn") -> None:
    room.seat("Twice", "booth-4")
    page = sign_in("lead")
    page.locator(".tile", has_text="Twice").click()
    before = len(room.facts("ConcernRaised") + room.facts("Observed"))
    page.get_by_role("button", name="Alert, no concern").dblclick()
    expect(page.locator("#panel")).to_be_hidden(timeout=SOON)
    assert len(room.facts("ConcernRaised") + room.facts("Observed")) == before + 1


def test_a_device_whose_clock_is_a_day_off_shows_the_right_minutes(
    room: "Room", sign_in: "SignIn"
) -> None:
    visit = room.seat("On Time", "booth-5")
    page = sign_in("lead")
    page.context.add_init_script(
        "const real = Date.now.bind(Date); Date.now = () => real() + 86400000;"
    )
    page.reload()
    expect(page.locator(".tile", has_text="On Time").locator(".tile__min")).to_contain_text("0")
    page.locator(".tile", has_text="On Time").click()
    page.get_by_role("button", name="Finished").click()
    expect(page.locator("#panel")).to_be_hidden()
    fact = next(fact for fact in room.facts("ConsumptionEnded") if fact["visit"] == visit)
    assert fact["happened"][:13] == fact["recorded"][:13]
    assert fact["data"]["clock"]["offset_ms"] < -80_000_000


def streams(context: BrowserContext, opened: list[str]) -> None:
    context.on(
        "request", lambda asked: opened.append(asked.url) if "/api/stream" in asked.url else None
    )


def test_a_device_has_one_stream_however_many_tabs(room: "Room", sign_in: "SignIn") -> None:
    page = sign_in("lead")
    opened: list[str] = []
    streams(page.context, opened)
    tabs = [page.context.new_page() for _ in range(3)]
    for tab in tabs:
        tab.goto(room.url + "/")
        expect(tab.locator("#age")).to_contain_text("live", timeout=SOON)
    assert opened == []  # the first tab's stream serves them all
    room.arrive("Seen By All")
    for tab in (page, *tabs):
        expect(tab.locator(".row", has_text="Seen By All")).to_be_visible(timeout=SOON)
    page.close()
    room.arrive("After The First")
    for tab in tabs:
        expect(tab.locator(".row", has_text="After The First")).to_be_visible(timeout=10_000)
    assert len(opened) == 1


def test_a_board_behind_the_record_is_as_old_as_it_is_behind(
    room: "Room", sign_in: "SignIn"
) -> None:
    """The server is heard each second, but the board stays at 5 while the ledger is at 9."""
    page = sign_in("nurse")
    told = page.evaluate(
        """async () => {
          const own = [...document.querySelectorAll("script[type=module]")].find((one) => one.src.includes("floor"));
          const { Freshness } = await import(own.src.replace(/[^/]*$/, "freshness.js"));
          const seen = new Freshness();
          const at = (seconds, board) => {
            seen.pulse({ now: Date.now(), seq: 9 }, board, seconds * 1000);
            return [seen.state(seconds * 1000), seen.words(seconds * 1000)];
          };
          return [at(1, 9), at(2, 5), at(4, 5), at(8, 5), at(20, 5), at(21, 9)];
        }"""
    )
    assert [state for state, _ in told] == ["live", "live", "live", "stale", "dead", "live"]
    assert "behind the record" in told[3][1]
    assert "has stopped: the server answers, but the board has been behind" in told[4][1]
