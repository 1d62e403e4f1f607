"""A board that has stopped must not look alive, and what was tapped must not be lost or doubled."""

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
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
    page.get_by_role("button", name="Seat next").click()
    page.locator("#panel").get_by_role("button", name="Slow").click()
    with page.expect_request("**/api/commands"):
        room.send("Seat", {"place": "booth-3"}, visit=first)
        page.get_by_role("button", name="Booth 3").click()
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


FRESHNESS = """async () => {
  const part = (name) => import(document.querySelector(`link[href*="${name}.js"]`).href);
  const [{ Freshness }, clock] = [await part("freshness"), await part("clock")];
  const server = clock.now(1e6); // the server's time at the page's steady millisecond 1e6
  const iso = (seconds) => new Date(server + seconds * 1000).toISOString();
  const seen = new Freshness(1e6);
  const read = (seconds) => [seen.state(1e6 + seconds * 1000), Math.floor(seen.age(1e6 + seconds * 1000) / 1000), seen.words(1e6 + seconds * 1000)];
  const pulse = (made, seq, board, came) => { seen.pulse({ now: iso(made), seq }, board, 1e6 + came * 1000); return read(came); };
  const board = (made, seq, came) => { seen.board({ now: iso(made), seq }, 1e6 + came * 1000); return read(came); };
  %s
}"""


def test_a_board_behind_the_record_is_as_old_as_it_is_behind(
    room: "Room", sign_in: "SignIn"
) -> None:
    """The server is heard each second, but the board stays at 5 while the ledger is at 9."""
    page = sign_in("nurse")
    told = page.evaluate(
        FRESHNESS
        % "return [pulse(1, 9, 9, 1), ...[2, 4, 8, 20].map((at) => pulse(at, 9, 5, at)), pulse(21, 9, 9, 21)]"
    )
    assert [state for state, _, _ in told] == ["live", "live", "live", "stale", "dead", "live"]
    assert "behind the record" in told[3][2]
    assert "has stopped: the server answers, but the board has been behind" in told[4][2]


def test_a_late_pulse_is_as_old_as_it_is_late(room: "Room", sign_in: "SignIn") -> None:
    """Pulses come each second, steadily, on a network that holds them back."""
    page = sign_in("nurse")
    late = "return [pulse(1, 9, 9, 1), pulse(2, 9, 9, 8), pulse(3, 9, 9, 20), pulse(21, 9, 9, 21)]"
    told = page.evaluate(FRESHNESS % late)
    assert [(state, age) for state, age, _ in told] == [
        ("live", 0), ("stale", 6), ("dead", 17), ("live", 0),
    ]  # fmt: skip
    assert "What comes from the server is 6 s old" in told[1][2]


def test_a_board_is_as_old_as_the_moment_at_which_it_was_made(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    asked = "return [board(1, 9, 1), board(2, 9, 9), pulse(10, 9, 9, 10), board(11, 5, 20)]"
    told = page.evaluate(FRESHNESS % asked)
    assert [(state, age) for state, age, _ in told] == [
        ("live", 0), ("stale", 7), ("live", 0), ("stale", 10),
    ]  # fmt: skip


def test_a_board_of_more_facts_than_the_record_has_is_not_true(
    room: "Room", sign_in: "SignIn"
) -> None:
    """A backup was restored: pulses tell of fewer facts than the board shows, then of others."""
    page = sign_in("nurse")
    fewer = "return [pulse(1, 9, 9, 1), pulse(2, 5, 9, 2), pulse(8, 5, 9, 8), board(9, 5, 9), pulse(10, 5, 5, 10)]"
    told = page.evaluate(FRESHNESS % fewer)
    assert [(state, age) for state, age, _ in told] == [
        ("live", 0), ("live", 0), ("stale", 6), ("live", 0), ("live", 0),
    ]  # fmt: skip


def test_a_screen_shows_the_room_of_a_backup_that_was_restored(
    room: "Room", sign_in: "SignIn", tmp_path: Path
) -> None:
    room.arrive("Before The Backup")
    copy(room.database, tmp_path / "backup.sqlite3")
    room.arrive("After The Backup")
    page = sign_in("nurse")
    expect(page.locator(".row", has_text="After The Backup")).to_be_visible()
    copy(tmp_path / "backup.sqlite3", room.database)
    expect(page.locator(".row", has_text="After The Backup")).to_be_hidden(timeout=15_000)
    expect(page.locator("#age")).to_contain_text("live", timeout=5000)
    room.arrive("Long After")
    expect(page.locator(".row", has_text="Long After")).to_be_visible(timeout=SOON)
    expect(page.locator(".row", has_text="Before The Backup")).to_be_visible()


def copy(source: Path, target: Path) -> None:
    """Backs up a database that is in use, or restores one under the server that uses it."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def test_the_clock_follows_no_late_message_and_an_answer_sets_it_right(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    ahead = page.evaluate(
        """async () => {
          const clock = await import(document.querySelector('link[href*="clock.js"]').href);
          const server = clock.now(1e6);
          const iso = (ms) => new Date(server + ms).toISOString();
          const ahead = () => Math.round((clock.now(1e6) - server) / 100);
          const told = [];
          for (let at = 0; at < 60; at += 1) clock.measure(iso(at * 1000 - 30000), 1e6 + at * 1000);
          told.push(ahead());
          clock.measure(iso(5000), 1e6); // the browser's clock stood still for five seconds
          told.push(ahead());
          clock.measureAnswer(iso(0), 1e6 - 200, 1e6); // no: the server's clock was put back
          told.push(ahead());
          return told;
        }"""
    )
    assert ahead == [0, 50, 2]


def test_a_page_that_slept_is_as_old_as_its_sleep_until_it_hears_again(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    expect(page.locator("#age")).to_contain_text("live")
    page.context.route("**/api/board*", lambda route: route.abort())
    with silence(room):
        page.evaluate(
            """() => { // the device's clock goes on in a sleep, and the browser's steady one does not
              const real = Date.now;
              Date.now = () => real() + 60000;
              document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
        expect(page.locator("#age")).to_have_text("stopped", timeout=500)


def test_a_page_that_the_stream_does_not_reach_asks_for_the_board_and_says_so(
    room: "Room", sign_in: "SignIn"
) -> None:
    page = sign_in("nurse")
    page.context.route("**/api/stream*", lambda route: route.abort())
    page.reload()
    expect(page.locator("#stale")).to_contain_text("its stream does not reach", timeout=8000)
    states = set()
    for _ in range(24):
        states.add(page.locator("body").get_attribute("data-data"))
        page.wait_for_timeout(500)
    assert states == {"live"}
    room.arrive("Asked For")
    expect(page.locator(".row", has_text="Asked For")).to_be_visible(timeout=5000)
