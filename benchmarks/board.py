"""The board in a browser: how heavy the page is, and when it can be used on a slow tablet.

    python benchmarks/board.py [--loads 5] [--slower 4]

Chromium opens the board of a busy room, with nothing in its cache and its processor slowed four
times. Weight is every byte that comes over the wire until the board is there, compressed as it
comes, with the first board of the stream. It is *drawn* when a tile stands for each place of the
data; *interactive* when, after that, the main thread has been free for half a second of any task
over 50 ms (the moment at which the last such task ended, or the drawing); a *tap* on a tile is
answered when its panel is open. The peer, in the same run, is a page with the design system's style
sheet and an empty table, from the same server software, without scripts.
"""

import argparse
import statistics
import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rig.busy import fill
from rig.open_room import PASSWORD
from rig.stores import opendcr, peer, store
from rig.times import machine

from tests.support.browser import chromium, flags

AIM = 200_000  # bytes
QUIET = 500  # ms

HEADINGS = f"{'':32}{'kB':>9}{'answers':>9}{'drawn ms':>9}{'max':>8}{'interactive':>13}{'max':>8}{'tap ms':>9}"

# Runs before anything of the page: notes long tasks, and when each place first has its tile.
WATCH = """
window.__tasks = []; window.__drawn = null;
new PerformanceObserver(list => {
  for (const task of list.getEntries()) window.__tasks.push(task.startTime + task.duration);
}).observe({type: "longtask", buffered: true});
const look = () => {
  if (window.__drawn === null && document.querySelectorAll("TILES").length >= COUNT)
    window.__drawn = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
SETTLED = f"""() => {{
  const last = Math.max(window.__drawn ?? Infinity, ...window.__tasks);
  return performance.now() - last >= {QUIET} ? last : null;
}}"""


@dataclass(frozen=True)
class Load:
    """One cold load: bytes over the wire and answers; ms until drawn, interactive, and a tap answered."""

    bytes: int
    answers: int
    drawn: float
    interactive: float
    tap: float | None


class Wire:
    """What comes over the wire of a page, in the browser's own counting."""

    def __init__(self, page: Page, slower: float) -> None:
        self._heads: dict[str, int] = {}
        self._bodies: dict[str, int] = {}
        self._whole: dict[str, int] = {}
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        session.on("Network.responseReceived", self._answered)
        session.on("Network.dataReceived", self._came)
        session.on("Network.loadingFinished", self._finished)

    @property
    def answers(self) -> int:
        return len(self._heads)

    @property
    def bytes(self) -> int:
        """Heads and bodies as they came; of the stream, which goes on, what came until now."""
        return sum(
            self._whole.get(one, head + self._bodies.get(one, 0))
            for one, head in self._heads.items()
        )

    def _answered(self, event: dict[str, Any]) -> None:
        self._heads[event["requestId"]] = int(event["response"]["encodedDataLength"])

    def _came(self, event: dict[str, Any]) -> None:
        one = event["requestId"]
        self._bodies[one] = self._bodies.get(one, 0) + int(event["encodedDataLength"])

    def _finished(self, event: dict[str, Any]) -> None:
        self._whole[event["requestId"]] = int(event["encodedDataLength"])


def load(context: BrowserContext, url: str, slower: float, tile: str, count: int) -> Load:
    """One cold load in a new profile's page."""
    page = context.new_page()
    wire = Wire(page, slower)
    page.add_init_script(WATCH.replace("TILES", tile).replace("COUNT", str(count)))
    page.goto(url)
    until = time.monotonic() + 60
    while (settled := page.evaluate(SETTLED)) is None:
        if time.monotonic() > until:
            raise SystemExit(f"{url} did not come to rest within a minute")
        time.sleep(0.1)
    weight, answers = wire.bytes, wire.answers
    drawn = page.evaluate("window.__drawn")
    return Load(weight, answers, drawn, settled, tapped(page) if count > 1 else None)


def tapped(page: Page) -> float:
    """Milliseconds from a tap on a tile, in the page itself, until its panel is open and painted."""
    return float(
        page.evaluate("""() => new Promise(done => {
          const start = performance.now();
          const look = () => document.querySelector("dialog[open]")
            ? requestAnimationFrame(() => done(performance.now() - start)) : requestAnimationFrame(look);
          document.querySelector(".tile").click();
          look();
        })""")
    )


def signed_in(browser: Browser, url: str) -> Any:
    """The cookies of somebody signed in, to begin each load with and nothing else."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{url}/sign-in")
    page.fill("#username", "lead")
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_selector(".tile")
    state = context.storage_state()
    context.close()
    return {"cookies": state["cookies"], "origins": []}


def loads(
    browser: Browser, url: str, chosen: argparse.Namespace, tile: str, count: int
) -> list[Load]:
    """Cold loads, each in a profile of its own."""
    state = signed_in(browser, url) if count > 1 else None
    found = []
    for _ in range(chosen.loads):
        context = browser.new_context(storage_state=state, viewport={"width": 1280, "height": 800})
        found.append(load(context, url, chosen.slower, tile, count))
        context.close()
    return found


def line(name: str, found: list[Load]) -> str:
    """Medians and the worst of the loads."""
    drawn, interactive = (
        [getattr(one, what) for one in found] for what in ("drawn", "interactive")
    )
    taps = [one.tap for one in found if one.tap is not None]
    return (
        f"{name:32}{statistics.median(one.bytes for one in found) / 1000:9.1f}{found[0].answers:9}"
        f"{statistics.median(drawn):9.0f}{max(drawn):8.0f}"
        f"{statistics.median(interactive):13.0f}{max(interactive):8.0f}"
        + (f"{statistics.median(taps):9.0f}" if taps else f"{'–':>9}")
    )


def compare(url: str, plain: str, chromium_path: str, chosen: argparse.Namespace) -> list[Load]:
    """Prints the board beside its peer; the loads of the board."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=flags())
        print(f"Chromium {browser.version}, slowed {chosen.slower:g} times, {chosen.loads} loads")
        print(HEADINGS)
        board = loads(browser, url, chosen, ".tile", 8)
        print(line("the board", board), flush=True)
        print(line("  peer: style sheet, empty table", loads(browser, plain, chosen, "table", 1)))
        browser.close()
    return board


def main() -> None:
    parser = argparse.ArgumentParser(description="The board in a browser.")
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--slower", type=float, default=4)
    chosen = parser.parse_args()
    path = chromium()
    if path is None:
        raise SystemExit(
            "Chromium is missing: install it (Debian: apt-get install chromium-headless-shell)"
        )
    print(machine())
    with store("sqlite") as of, opendcr(of) as url, peer(of, "plain_page") as plain:
        fill(url, of.token)
        board = compare(url, plain, path, chosen)
    heaviest = max(one.bytes for one in board)
    print(f"heaviest: {heaviest / 1000:.1f} kB (aim: under {AIM / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
