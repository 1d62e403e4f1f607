"""What the pages say of figures: words, differences, the chart."""

import pytest

from opendcr.ledger.facts import Origin
from opendcr.measures import Row
from opendcr.measures.measured import RoomMeasured
from opendcr.published import Figure, registered_deaths
from opendcr.published.series import change
from opendcr.web.insight import beside, chart, deaths, wording
from opendcr.web.insight.templatetags.written import coded
from tests.support.evidence import INVENTED


def figure(period: str, value: float) -> Figure:
    return Figure("nrs_drug_deaths_scotland", "deaths", period, value, "deaths", "", "")


def room(*rows: tuple[str, str, float]) -> RoomMeasured:
    made = [Row(name, "1", period, {}, int(value), None, value) for name, period, value in rows]
    return RoomMeasured(INVENTED, "0" * 64, tuple(made))


def table(name: str, of: RoomMeasured | None) -> beside.Table:
    return next(one for one in beside.tables(of) if one.name == name)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (wording.count(1339), "1,339"),
        (wording.count_more(-682), "\N{MINUS SIGN}682"),
        (wording.count_more(38), "+38"),
        (wording.count_more(0), "0"),
        (wording.points_more(-0.04), "0.0"),
        (wording.points_more(1.25), "+1.2"),
        (wording.month("2025-02"), "February 2025"),
        (wording.origin(Origin("recorded")), "recorded"),
        (wording.origin(Origin("imported", source="a paper")), "imported: from a paper"),
    ],
)
def test_words(written: str, expected: str) -> None:
    assert written == expected


def test_a_source_is_a_link_named_by_its_site_and_nothing_else_is_markup() -> None:
    assert wording.linked("<b> https://www.itv.com/news (20 Aug, reporting NRS)") == (
        '&lt;b&gt; <a href="https://www.itv.com/news" rel="noreferrer">itv.com</a>'
        " (20 Aug, reporting NRS)"
    )


def test_names_in_backticks_are_set_as_code_and_nothing_else_is_markup() -> None:
    assert coded("by `span` <b>") == "by <code>span</code> &lt;b&gt;"


def test_a_difference_needs_both_figures() -> None:
    here = table(
        "times_accessed", room(("times_accessed", "2025-02", 700), ("times_accessed", "2026-02", 5))
    )
    cells = dict(here.rows)

    assert cells["February 2025"] == ["700", "684", "+16"]
    assert cells["March 2025"] == [None, "864", None]
    assert cells["February 2026"] == ["5", None, None]
    assert next(words for words, _ in here.rows) == "January 2025"


def test_emergencies_are_not_subtracted_while_definitions_may_differ() -> None:
    shown = table("medical_emergencies", None)

    assert [group.heading for group in shown.groups] == ["This room", "Glasgow, published"]
    # 5 emergencies in 523 episodes of February.
    assert dict(shown.rows)["February 2025"][2:] == ["5", "9.6"]


def test_rates_of_nothing_are_left_out() -> None:
    assert beside.per_1000({"a": 1, "b": 1, "c": 1}, {"a": 500, "b": 0}) == {"a": 2}


def test_people_since_opening_stand_where_glasgows_total_ends() -> None:
    assert dict(table("service_users", None).rows) == {"August 2025": [None, None, "418"]}


def test_the_title_is_computed() -> None:
    series = [figure("2020", 5), figure("2021", 9), figure("2022", 6), figure("2023", 4)]

    assert deaths.title_of(series) == (
        "Drug misuse deaths registered in Scotland: 2022 (6) was the lowest since 2020; "
        "2023 (4) was the lowest on record here"
    )


def test_a_fall_is_said_as_a_fall() -> None:
    moved = change([figure("2022H1", 100), figure("2022H2", 90)], "2022H1", "2022H2")

    assert deaths.half_years(moved) == (
        "90 suspected deaths in July to December 2022: 10 fewer (10 percent) than the 100 in "
        "January to June 2022."
    )


def test_the_table_behind_the_chart_holds_every_year() -> None:
    shown = deaths.registered()

    assert [row.period for row in shown.rows] == [one.period for one in registered_deaths()]
    assert shown.rows[0].change is None
    assert shown.rows[-1].value == "1,017"
    assert shown.rows[-1].change == "\N{MINUS SIGN}155"
    assert all("<a " in row.source for row in shown.rows)


@pytest.mark.parametrize(
    ("least", "step"), [(268, 500), (1, 1), (0.3, 0.5), (21, 50), (0.011, 0.02)]
)
def test_ticks_are_round(least: float, step: float) -> None:
    assert chart.round_step(least) == pytest.approx(step)


def test_the_chart_keeps_proportion_from_nothing_up() -> None:
    drawn = chart.line_chart({2000: 100, 2001: 50, 2002: 200}, {2000, 2002})
    ys = [float(pair.split(",")[1]) for pair in drawn.line.split()]
    floor = drawn.ticks[0].y

    assert drawn.ticks[0].words == "0"
    assert (floor - ys[0]) / (floor - ys[2]) == pytest.approx(0.5, abs=0.01)
    assert (floor - ys[1]) / (floor - ys[2]) == pytest.approx(0.25, abs=0.01)
    assert [label.words for label in drawn.labels] == ["2000: 100", "2002: 200"]


def test_nothing_is_drawn_outside_the_chart() -> None:
    drawn = deaths.registered().chart

    for mark in (*drawn.points, *drawn.labels, *drawn.ticks, *drawn.years):
        assert 0 <= mark.x <= drawn.width and 0 <= mark.y <= drawn.height
