"""The report of a study in a real browser: for everybody, by day and night, magnified, on paper."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from opendcr.evaluate.estimate import Part
from opendcr.evaluate.report.content import ABOUT, Answer
from opendcr.evaluate.report.page import page_of
from tests.support.studied import figure, report

if TYPE_CHECKING:
    from tests.support.browser import NewPage

OPEN = "document.querySelectorAll('details').forEach(one => { one.open = true })"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A report with everything that one can hold, of one year about the start."""
    path: Path = tmp_path_factory.mktemp("study") / "report.html"
    designs = tuple(map(short, report().designs))
    parts = {"next ring": Part(0.1, -0.1, None, displacement=True)}
    leading = replace(designs[0], estimate=replace(designs[0].estimate, parts=parts))
    whole = report(designs=(leading, *designs[1:]), effects=(figure(),),
                   about=dict.fromkeys(ABOUT, "In the authors' words."))  # fmt: skip
    path.write_text(page_of(whole), encoding="utf-8")
    return path.as_uri()


def short(one: Answer) -> Answer:
    """An answer of the year about its start: tables of all months say no more of access."""
    effect = one.estimate.effect[24:36]
    gaps = {name: values[24:36] for name, values in one.gaps.items()}
    return replace(one, estimate=replace(one.estimate, effect=effect), gaps=gaps)


CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
ALL_BUT_CONTRAST = {"rules": {"color-contrast": {"enabled": False}}}


@pytest.mark.parametrize(
    ("scheme", "width", "height", "rules"),
    [
        ("light", 1280, 800, {}),
        ("dark", 1024, 768, CONTRAST),
        ("light", 320, 256, ALL_BUT_CONTRAST),
    ],
)
def test_it_is_accessible_and_asks_for_nothing(
    url: str, new_page: "NewPage", scheme: str, width: int, height: int, rules: dict[str, Any]
) -> None:
    page = new_page(scheme=scheme, width=width, height=height)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.evaluate(OPEN)
    found = Axe().run(page, options={"resultTypes": ["violations"]} | rules)

    assert found.response["passes"]
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


def test_the_answer_its_status_and_its_figure_are_read_without_scrolling(
    url: str, new_page: "NewPage"
) -> None:
    page = new_page(width=1280, height=800)
    page.goto(url)
    for part in (".badge >> nth=2", ".answer", ".picture >> nth=0"):
        box = page.locator(part).bounding_box()
        assert box is not None and box["y"] + box["height"] < 800


def test_on_a_phone_the_effect_is_seen_beside_the_outcome(url: str, new_page: "NewPage") -> None:
    page = new_page(width=390, height=844)
    page.goto(url)
    table = page.locator("table", has_text="All outcomes")
    box = table.locator("tbody tr >> nth=0").locator("td >> nth=0").bounding_box()
    assert table.locator("thead th >> nth=1").inner_text().startswith("effect")
    assert box is not None and box["x"] + box["width"] <= 390


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
