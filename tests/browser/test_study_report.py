"""The report of a study in a real browser: for everybody, by day and night, magnified, on paper."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from opendcr.evaluate.report.content import ABOUT
from opendcr.evaluate.report.page import page_of
from tests.support.studied import figure, report

if TYPE_CHECKING:
    from tests.support.browser import NewPage

OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report with everything that one can hold."""
    path: Path = tmp_path_factory.mktemp("study") / "report.html"
    whole = report(effects=figure(), about=dict.fromkeys(ABOUT, "In the authors' words."))
    path.write_text(page_of(whole), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize(
    ("scheme", "width", "height"), [("light", 1280, 800), ("dark", 1024, 768), ("light", 320, 256)]
)
def test_it_is_accessible_and_asks_for_nothing(
    url: str, new_page: "NewPage", scheme: str, width: int, height: int
) -> None:
    page = new_page(scheme=scheme, width=width, height=height)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.evaluate(OPEN)
    found = Axe().run(page)

    assert found.violations_count == 0, found.generate_report()
    assert asked == [url]


def test_magnified_four_times_tables_scroll_and_the_page_does_not(
    url: str, new_page: "NewPage"
) -> None:
    page = new_page(width=320, height=256)  # 1280 by 1024 at 400 %
    page.goto(url)
    page.evaluate(OPEN)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate("document.querySelector('.wide').scrollWidth") > 320


def test_the_answer_its_numbers_and_its_status_are_read_without_scrolling(
    url: str, new_page: "NewPage"
) -> None:
    page = new_page(width=1024, height=768)
    page.goto(url)
    for part in (".answer", ".badge >> nth=2", "text=interval: >> nth=0"):
        box = page.locator(part).bounding_box()
        assert box is not None and box["y"] + box["height"] < 768


def test_names_on_figures_cover_neither_each_other_nor_the_edge(
    url: str, new_page: "NewPage"
) -> None:
    page = new_page()
    page.goto(url)
    wrong = page.evaluate("""() => [...document.querySelectorAll(".picture")].flatMap((picture) => {
      const edge = picture.getBoundingClientRect();
      const texts = [...picture.querySelectorAll("text")].map((one) => [one.textContent, one.getBoundingClientRect()]);
      return texts.flatMap(([name, box], at) => [
        ...(box.left < edge.left - 1 || box.right > edge.right + 1 ? [name] : []),
        ...texts.slice(at + 1).filter(([, other]) => box.left < other.right && other.left < box.right
          && box.top + 3 < other.bottom && other.top + 3 < box.bottom).map(([other]) => name + " on " + other),
      ]);
    })""")
    assert wrong == []


def test_paper_shows_what_is_folded_on_the_screen(url: str, new_page: "NewPage") -> None:
    page = new_page()
    page.goto(url)
    folded = page.get_by_text("nobody could be blinded")
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()
