"""A hand on a tablet: what tests of the floor's panels tap and read."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Room


def row(page: Page, name: str) -> Any:
    return page.locator(".column .row", has_text=name)


def panel(page: Page) -> Any:
    return page.locator("#panel")


def tap(page: Page, words: str) -> None:
    still = page.locator("#panel:not([data-moved])")  # what moves takes no tap, by intent
    still.get_by_role("button", name=words).first.click()


def saved(page: Page) -> None:
    expect(panel(page)).to_be_hidden()


def ago(minutes: float) -> Mapping[str, Any]:
    """The fields of a command that was tapped some minutes ago."""
    then = datetime.now(UTC) - timedelta(minutes=minutes)
    return {"tapped": then.isoformat(), "offset_ms": 0, "offset_age_ms": 0}


def leave_empty(room: "Room") -> None:
    """Ends every emergency and every visit, and withdraws the alerts."""
    board = room.board()
    for emergency in board["emergencies"]:
        room.send("EndEmergency", {"emergency": emergency["id"], "outcome": "recovered"})
    for visit in board["visits"]:
        room.send("Depart", {"how": "against_advice"}, visit=visit["id"])
    for alert in board["alerts"]:
        room.send("WithdrawDrugAlert", {"alert": alert["alert"]})


def resting(room: "Room", name: str) -> str:
    """Somebody who came to rest without using."""
    visit = room.arrive(name)
    room.send("MoveToRecovery", {}, visit=visit)
    return visit


def rested(room: "Room", name: str, minutes: float, place: str = "booth-1") -> str:
    """Somebody who rests, and began to use some minutes ago."""
    visit = str(room.send("Arrived", {"reasons": ["consume"]}, **ago(minutes + 2))[0]["visit"])
    person = f"p-{name.encode().hex()}"
    room.send("Register", {"tier": "1", "name": name}, person=person)
    room.send("Seated", {"place": place}, visit=visit, person=person, **ago(minutes + 1))
    use = {"place": place, "substances": ["heroin"], "route": "intravenous"}
    room.send("ConsumptionStarted", use, visit=visit, **ago(minutes))
    room.send("EndConsumption", {}, visit=visit)
    room.send("MoveToRecovery", {}, visit=visit)
    return visit
