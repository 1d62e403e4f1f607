"""The page: whatever the names, it loads nothing, claims nothing that it does not hold."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as some

from opendcr.evaluate.estimate import Part, Untold
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
PAGE = page_of(WHOLE)


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


@settings(max_examples=300 if SOAK else 6)
@example("<script>alert(1)</script>", "a\"'b &amp; </style>")
@given(TEXTS.filter(lambda text: text.strip()), TEXTS.filter(lambda text: text.strip()))
def test_no_name_becomes_markup_and_every_name_appears(title: str, area: str) -> None:
    found = Parts(page_of(named(title, area)))
    assert len(found.tags) == len(PLAIN.tags) and set(found.tags) == set(PLAIN.tags)
    assert shown(title) in found.words and shown(area) in found.words


def test_areas_without_weight_are_counted_where_there_are_any() -> None:
    (some_left_out, none) = (
        replace(WHOLE.leading, estimate=replace(WHOLE.leading.estimate, weights=weights))
        for weights in ({"A": 1.0, "B": 0.0}, {"A": 1.0})
    )
    page, other = (page_of(replace(WHOLE, designs=(one,))) for one in (some_left_out, none))
    assert "; 1 more has no weight." in page
    assert "Areas compared with" in other and "no weight" not in other


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = page_of(report(effects=(figure(),)))
    assert not re.search(r"\bsrc=|\bhref=|url\(|@import|<script|<link|\son\w+=", page)


def test_each_further_outcome_has_its_figure_folded_with_the_origin_of_its_own_data() -> None:
    (harm,) = report().further
    page = page_of(report(further=(replace(harm, origin=Origin(False, "The city's own.")),)))
    title = "Observed and expected: Discarded needles per 100,000 people"
    (folded,) = re.findall(
        f"<details><summary>{title}</summary>\n(<figure>.*?</figure>)", page, re.S
    )
    assert "By synthetic control. The band is the 97.5" in folded
    assert folded.endswith("Recorded data.</figcaption></figure>")


def test_every_caption_of_a_simulation_says_that_it_is_one() -> None:
    page = PAGE
    captions = re.findall(r"<(?:fig)?caption[^>]*>(.*?)</(?:fig)?caption>", page)
    own = [one for one in captions if "items are answered" not in one]
    assert len(own) >= 9 and all("Simulated data" in one for one in own)
    published = page_of(report(origin=Origin(False, "National Records, 2024."), further=()))
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
    assert "No limit is stated" in words and "Power is not told here" in words
    assert "Effects published elsewhere" not in words.split("Reporting checklists")[0]


def test_a_harm_that_was_looked_for_is_not_said_to_be_missing() -> None:
    words = Parts(PAGE).words
    assert "No harm was looked for" not in words and "Discarded needles" in words


def test_the_answer_is_read_first_and_said_once() -> None:
    badge, answer, picture, table, caveats = (
        PAGE.index(one)
        for one in ('class="badge"', 'class="answer"', "<svg", "All outcomes", "<ul>")
    )
    assert badge < answer < picture < table < caveats < PAGE.index("<h2")
    page = PAGE.replace("\xa0", " ")
    assert page.count(WHOLE.sentence) == 1 == page.count(WHOLE.question.sentence)
    lock, plan = PAGE.index('id="the-lock"'), PAGE.index('id="the-plan-in-words"')
    assert PAGE.index('id="designs-side-by-side"') < PAGE.index('id="checks"') < lock < plan
    assert WHOLE.leading.sentence not in page  # that of the answer stands for it


def test_failed_checks_stand_beside_the_answer() -> None:
    head = PAGE.split("<h2")[0]
    assert "1 of 3 checks failed, 1 of them of the design on which the verdict rests" in head
    assert "rests: leave one out" in head


def test_intervals_and_floors_stand_beside_every_estimate() -> None:
    grids = [one for one in document(WHOLE) if isinstance(one, Grid)]
    cells = [cell for one in grids for row in one.rows[1:] for name, cell in zip(one.rows[0], row, strict=True)
             if "interval)" in name or name == "p (floor)"]  # fmt: skip
    assert len(cells) == 2 * 4 + 2 * 2  # of each design, and of each outcome
    assert all(re.search(r"\(.*\sto\s.*\)|\(no\sinterval\)|floor|not given", one) for one in cells)
    assert "(floor\N{NO-BREAK SPACE}0.083)" in PAGE.split("<h2")[0]


def test_all_outcomes_stand_under_the_answer_each_at_its_own_level() -> None:
    grid = next(one for one in document(WHOLE) if isinstance(one, Grid))
    cells = [dict(zip(grid.rows[0], row, strict=True)) for row in grid.rows[1:]]
    assert [(one["kind"], one["interval of"].replace("\xa0", " "), one["tested for"]) for one in cells] == [
        ("primary", "95 %", "a fall of 10 % or more"), ("harm", "97.5 %", "a rise of 10 % or more")]  # fmt: skip
    assert PAGE.index("All outcomes") < PAGE.index("<h2")


def test_further_outcomes_are_ordered_and_those_of_rings_stand_among_them() -> None:
    (harm,), leading = WHOLE.further, WHOLE.leading
    parts = {"next ring": Part(0.1, -0.1, None, displacement=True)}
    made = replace(
        WHOLE,
        designs=(replace(leading, estimate=replace(leading.estimate, parts=parts)),),
        further=(
            replace(harm, kind="negative_control", asked=""),
            harm,
            replace(harm, kind="benefit"),
        ),
    )
    grid = next(one for one in document(made) if isinstance(one, Grid))
    assert [row[4] for row in grid.rows[1:]] == [
        "primary", "benefit", "harm", "displacement", "negative control"]  # fmt: skip
    assert grid.rows[4][0] == "Drug deaths: next ring" and "no\xa0bound" in grid.rows[4][1]
    assert grid.rows[4][2] == "descriptive"
    assert "Displacement was not looked for" not in page_of(made)


def test_a_part_that_cannot_be_had_stands_in_its_table_with_the_reason() -> None:
    leading = WHOLE.leading
    parts = {"next ring": Part(0.1, -0.1, None, displacement=True)}
    untold = {"far ring": Untold("far ring has no cell outside hours", displacement=True)}
    estimate = replace(leading.estimate, parts=parts, untold=untold)
    made = replace(WHOLE, designs=(replace(leading, estimate=estimate),))
    rows = [row for one in document(made) if isinstance(one, Grid) for row in one.rows]
    assert ("far ring", "not told: far ring has no cell outside hours", "", "", "", "") in rows
    assert "not to be told in far ring: far ring has no cell outside hours" in page_of(made)


def test_what_was_locked_is_told() -> None:
    words = Parts(PAGE).words
    for told in ("2021-06-12T09:30:00Z", "7a" * 32, "3b" * 32, "a registry", "OpenDCR 0.1.0"):
        assert told in words


def test_what_came_after_the_lock_is_not_said_to_be_as_locked() -> None:
    whole = "The plan, the data and the code are as they were locked."
    assert whole in PAGE and ">Confirmatory study<" in PAGE
    assert WHOLE.lock is not None
    loose = {"drug deaths": ("2021-05", "2021-06")}
    page = page_of(replace(WHOLE, lock=replace(WHOLE.lock, not_held=loose)))
    assert whole not in page and "It does not hold drug deaths of 2021-05 to 2021-06" in page
    assert "Confirmatory study (2 of 30 periods before the start not locked)" in page


def test_a_floor_above_the_level_is_said() -> None:
    said = "No effect, however large, could have a p-value of 0.05 or less"
    assert said in PAGE and said not in page_of(report(level=0.1))


def test_an_estimate_without_an_interval_says_so_where_it_is_read() -> None:
    made = WHOLE
    bare = replace(made.leading.estimate, relative_interval=None, cumulative_interval=None)
    head = page_of(replace(made, designs=(replace(made.leading, estimate=bare),))).split("<h2")[0]
    assert "(no\N{NO-BREAK SPACE}interval)" in head
