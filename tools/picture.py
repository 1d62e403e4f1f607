"""Takes the README's picture of the board: the training room, with something of everything.

python -m tools.picture    writes docs/pictures/board-dark.png and board-light.png
"""

import json
import os
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.support.browser import chromium, flags
from tests.support.served import launch, stop, wait

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "training-room-2025"
POST = """async ([kind, visit, data]) => {
  const token = document.querySelector('meta[name=csrf]')?.content
    ?? document.cookie.split('; ').find((one) => one.includes('csrf'))?.split('=')[1];
  const id = crypto.randomUUID();
  const body = JSON.stringify({ id, kind, visit, data });
  const headers = { 'Content-Type': 'application/json', 'X-CSRFToken': token };
  return (await fetch('/api/commands', { method: 'POST', headers, body })).status;
}"""


def main() -> None:
    """Starts a server, arranges the board, takes the pictures, stops the server."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "OPENDCR_HOME": folder}
        server = launch(("--demo",), environment, Path(folder) / "served.log")
        try:
            wait(server)
            pictures(server.url)
        finally:
            stop(server)


def pictures(url: str) -> None:
    """The board by night, arranged, and as it stands then by day."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=flags())
        for scheme in ("dark", "light"):
            context = browser.new_context(
                viewport={"width": 1280, "height": 800}, color_scheme=scheme
            )
            page = context.new_page()
            sign_in(page, url)
            if scheme == "dark":
                arrange(page)
            page.wait_for_timeout(2500)
            to = ROOT / f"docs/pictures/board-{scheme}.png"
            to.parent.mkdir(exist_ok=True)
            page.screenshot(path=to)
            sys.stdout.write(f"wrote {to.relative_to(ROOT)}\n")


def sign_in(page: Page, url: str) -> None:
    """As the shift lead of the training room."""
    page.goto(url)
    page.get_by_text("shift lead").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector(".tile")


def arrange(page: Page) -> None:
    """Somebody to watch, somebody to rouse, an emergency, and somebody who waits."""
    board = json.loads(page.request.get(f"{page.url}api/board").text())
    seated = [one for one in board["visits"] if one["stage"] == "consuming"]
    say = [
        ("Observe", {"response": "alert", "signs": ["drowsy"], "concern": "watch"}),
        ("Observe", {"response": "voice", "concern": "rouse"}),
        ("StartEmergency", {"type": "suspected_opioid"}),
    ]
    for visit, (kind, data) in zip(seated, say, strict=False):
        send(page, kind, visit["id"], data)
    for number in (1, 2):
        visit = f"v-{uuid.uuid4().hex[:16]}"
        send(page, "Arrive", visit, {"reasons": ["consume"]})
        if number == 1:
            send(page, "Queue", visit, {"needs": ["wheelchair"]})
    send(page, "Arrive", f"v-{uuid.uuid4().hex[:16]}", {"reasons": ["wound_care"]})


def send(page: Page, kind: str, visit: str, data: dict[str, Any]) -> None:
    """One command, as the page itself would send it."""
    status = page.evaluate(POST, [kind, visit, data])
    assert status == 200, f"{kind} was answered with {status}"


if __name__ == "__main__":
    main()
