"""The page: whatever the names, it loads nothing, claims nothing that it does not hold."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from opendcr.evaluate.report.blocks import Grid
from opendcr.evaluate.report.content import Origin, Provenance, Report, Status
from opendcr.evaluate.report.document import document
from opendcr.evaluate.report.page import page_of, shown
from tests.conftest import SOAK
from tests.support.studied import figure, report


class Parts(HTMLParser):
    """The tags of a page in their order, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag + "".join(sorted(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


WHOLE = report()


def named(title: str, area: str) -> Report:
    made, first = WHOLE, WHOLE.leading
    weights = {area: 0.6, **dict.fromkeys(first.estimate.weights or {}, 0.1)}
    placebos = (replace(first.estimate.placebos[0], unit=area), *first.estimate.placebos[1:])
    found = replace(first.estimate, weights=weights, placebos=placebos)
    question = replace(made.question, title=title or "-")
    return replace(made, question=question, designs=(replace(first, estimate=found),))


TEXTS = some.text(max_size=30) | some.sampled_from(
    ["<script>alert(1)</script>", "</style>", "a\"'b", "&amp;", "--><b>", "#import \"x\"", "$x$ *a* _b_ @c <d>"]
)  # fmt: skip
PLAIN = Parts(page_of(named("plain", "plain")))


@settings(max_examples=300 if SOAK else 20)
@given(TEXTS.filter(lambda text: text.strip()), TEXTS.filter(lambda text: text.strip()))
def test_no_name_becomes_markup_and_every_name_appears(title: str, area: str) -> None:
    found = Parts(page_of(named(title, area)))
    assert len(found.tags) == len(PLAIN.tags) and set(found.tags) == set(PLAIN.tags)
    assert shown(title) in found.words and shown(area) in found.words


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = page_of(report(effects=figure()))
    assert not re.search(r"\bsrc=|\bhref=|url\(|@import|<script|<link|\son\w+=", page)


def test_every_caption_of_a_simulation_says_that_it_is_one() -> None:
    page = page_of(report())
    captions = re.findall(r"<(?:fig)?caption[^>]*>(.*?)</(?:fig)?caption>", page)
    own = [one for one in captions if "items are answered" not in one]
    assert len(own) >= 9 and all("Simulated data" in one for one in own)
    published = page_of(report(origin=Origin(False, "National Records, 2024.")))
    assert "Simulated" not in published and "National Records, 2024." in published


BARE: dict[str, Any] = {
    "lock": None, "status": Status(False), "declared": (), "further": (), "limits": (), "power": (),
    "provenance": Provenance("9c" * 32, "0.1.0", {}),
}  # fmt: skip


def test_a_report_of_little_claims_little() -> None:
    words = Parts(page_of(report(**BARE))).words
    assert "Exploratory study" in words and "Confirmatory" not in words
    assert "was not locked" in words and "Locked" not in words
    assert "No harm was looked for" in words and "Displacement was not looked for" in words
    assert "No limit is stated" in words and "Power was not computed" in words
    assert "Effects published elsewhere" not in words.split("Reporting checklists")[0]


def test_a_harm_that_was_looked_for_is_not_said_to_be_missing() -> None:
    words = Parts(page_of(report())).words
    assert "No harm was looked for" not in words and "Discarded needles" in words


def test_failed_checks_stand_beside_the_answer() -> None:
    head = page_of(report()).split("<h2")[0]
    assert "1 of 3 checks failed: leave one out" in head


def test_intervals_and_floors_stand_beside_every_estimate() -> None:
    grids = [one for one in document(report()) if isinstance(one, Grid)]
    cells = [cell for one in grids for row in one.rows[1:] for name, cell in zip(one.rows[0], row, strict=True)
             if "interval)" in name or name == "p (floor)"]  # fmt: skip
    assert len(cells) == 2 * 4 + 2
    assert all(re.search(r"\(.*\sto\s.*\)|\(no\sinterval\)|floor|not given", one) for one in cells)
    head = page_of(report()).split("<h2")[0]
    assert head.count("interval:") == 2 and "(floor\N{NO-BREAK SPACE}0.083)" in head


def test_a_floor_above_the_level_is_said() -> None:
    said = "No effect, however large, could have a p-value of 0.05 or less"
    assert said in page_of(report()) and said not in page_of(report(level=0.1))


def test_the_same_report_is_the_same_page() -> None:
    assert page_of(report()) == page_of(report())


def test_an_estimate_without_an_interval_says_so_where_it_is_read() -> None:
    made = report()
    bare = replace(made.leading.estimate, relative_interval=None, cumulative_interval=None)
    head = page_of(replace(made, designs=(replace(made.leading, estimate=bare),))).split("<h2")[0]
    assert head.count("(no\N{NO-BREAK SPACE}interval)") == 2 and "interval:" not in head
