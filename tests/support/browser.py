"""The system's Chromium, driven by Playwright. Nothing is downloaded and nothing leaves the machine."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

import pytest

from tests.support.required import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

AMPLE = 20_000  # ms that a page may take where nothing is said: the machine may be busy
NewPage = Callable[..., "Page"]

# Without these Chromium calls its maker, and fails to, at every start.
_QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]


# The shell is the same browser without its own windows: a page of its own costs a sixth in it.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")


def chromium() -> str | None:
    """The browser's path: the environment's CHROMIUM, else the system's, if there is one."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


def flags() -> list[str]:
    # Chromium's sandbox refuses to run as root.
    return [*_QUIET, "--no-sandbox"] if os.geteuid() == 0 else _QUIET


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One browser for a file of tests; each page has a profile of its own.

    With it ends Playwright's event loop, beside which Django would refuse its database.
    """
    path = chromium()
    if path is None:
        missing("Chromium", "chromium-headless-shell")
    from playwright.sync_api import expect, sync_playwright  # not needed for tests of the domain

    expect.set_options(timeout=AMPLE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=flags())
        yield launched
        launched.close()


@pytest.fixture
def new_page(browser: "Browser") -> Iterator[NewPage]:
    """Makes pages, each as on a tablet of its own: `new_page(scheme="dark", width=1024, height=768)`."""
    contexts: list[BrowserContext] = []

    def make(
        scheme: Literal["light", "dark"] = "light", width: int = 1280, height: int = 800
    ) -> "Page":
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, locale="en-GB"
        )
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: NewPage) -> "Page":
    """One page of 1280 by 800, light."""
    return new_page()


@pytest.fixture
def scriptless(browser: "Browser") -> "Iterator[Page]":
    """A page of a browser that runs no script."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()
