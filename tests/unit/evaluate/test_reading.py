"""What a plan's data may be, and what is said of data that they may not be."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opendcr.errors import InputError
from opendcr.evaluate.designs.difference_in_differences import DifferenceInDifferences
from opendcr.evaluate.exposures import sizes_check
from opendcr.evaluate.findings import sources_of
from opendcr.evaluate.plan import read_plan
from opendcr.evaluate.reading import (
    data_checks,
    decimals_check,
    links_of,
    panel_from,
    study_before,
    study_from,
)
from opendcr.streams import stream
from tests.support.planned import PLAN, rows, written
from tests.unit.evaluate.panels import panel as panel_of_arrays


def study(folder: Path, data=None, plan: str = PLAN):
    read = read_plan(written(folder, data, plan))
    return study_from(sources_of(read)["primary"], read.designs[read.primary])


def refused(folder: Path, data=None, plan: str = PLAN) -> str:
    with pytest.raises(InputError) as caught:
        study(folder, data, plan)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def refused_fit(folder: Path, data) -> str:
    """The refusal of a design, of areas that it compares with."""
    read = study(folder, data)
    with pytest.raises(InputError) as caught:
        DifferenceInDifferences().fit(read)
    return str(caught.value)


def without(data, **named):
    return [row for row in data if any(row[key] != value for key, value in named.items())]


def changed(data, where, **values):
    return [
        row | values if all(row[key] == value for key, value in where.items()) else row
        for row in data
    ]


def test_a_panel_is_read_whatever_the_order_of_its_rows(tmp_path: Path) -> None:
    made = study(tmp_path)
    assert made.panel.units[made.treated[0]] == "area 1"
    assert str(made.panel.periods[made.start]) == "2020" and made.after == 4
    backwards = study(tmp_path, rows()[::-1])
    order = [backwards.panel.units.index(name) for name in made.panel.units]
    assert np.array_equal(backwards.panel.outcome[order], made.panel.outcome)


@pytest.mark.parametrize(
    "design",
    [
        "difference_in_differences",
        "event_study",
        "count_factors",
        "synthetic_control",
        "augmented_synthetic_control",
        "synthetic_difference_in_differences",
    ],
)
def test_no_answer_hangs_on_the_order_in_which_areas_are_named(tmp_path: Path, design: str) -> None:
    """Neither treated areas, which here are of different sizes, nor those compared with."""
    donors = [f"area {at}" for at in range(4, 13)]

    def answer(treated: list[str], donors: list[str]):
        plan = PLAN.replace('["area 1"]', str(treated)).replace(
            "difference_in_differences]", f"{design}]\ndonors = {donors}"
        )
        read = read_plan(written(tmp_path, plan=plan))
        asked = read.designs[read.primary]
        found = asked.fit(study(tmp_path, plan=plan))
        return found.relative_effect, found.relative_interval, found.interval, found.p_value

    one = answer(["area 1", "area 2", "area 3"], donors)
    assert answer(["area 3", "area 1", "area 2"], donors[::-1]) == one


def test_a_missing_period_is_named(tmp_path: Path) -> None:
    data = [row for row in rows() if row["year"] != 2015]
    assert "no row for 2015" in refused(tmp_path, data)


def test_one_area_without_a_period_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, without(rows(), area="area 1", year=2015))
    assert "found no events of 'area 1' in 2015, exposure of 'area 1' in 2015; expected" in said
    assert "exclude" not in said  # it is the treated one


def test_what_is_not_known_of_areas_compared_with_is_named_and_may_be_left_out(
    tmp_path: Path,
) -> None:
    data = changed(rows(), {"area": "area 3", "year": 2015}, people="")
    said = refused_fit(tmp_path, changed(data, {"area": "area 7", "year": 2016}, events=""))
    assert "found no exposure of 'area 3' in 2015, events of 'area 7' in 2016; expected" in said
    assert said.endswith('in every period, or exclude = ["area 3", "area 7"]')


def test_rows_of_cells_are_no_single_series(tmp_path: Path) -> None:
    """As of a plan with a triple difference and another design."""
    single = PLAN.replace('unit = "area"\n', "").replace('treated = ["area 1"]\n', "")
    said = refused(tmp_path, rows(2), single)
    assert (
        "found two rows for 2009; expected one row for each period; rows of several areas" in said
    )
    assert (
        "rows of rings and hours by triple_difference alone: other designs beside it answer" in said
    )


def test_areas_that_are_all_looked_at_by_other_outcomes(tmp_path: Path) -> None:
    near = '\n[outcomes.near]\noutcome = "events"\ntreated = ["area 2"]\n'
    said = refused(tmp_path, rows(2), PLAN + near)
    assert (
        "no area to compare with but 'area 2', at which another outcome of the plan looks" in said
    )


def test_a_row_twice_is_named(tmp_path: Path) -> None:
    assert "two rows for 'area 1' in 2009" in refused(tmp_path, [*rows(), rows()[0]])


def test_a_treated_area_that_is_not_there(tmp_path: Path) -> None:
    said = refused(tmp_path, plan=PLAN.replace('treated = ["area 1"]', 'treated = ["Atlantis"]'))
    assert "no area named 'Atlantis'" in said and "area 2" in said


def test_no_exposure_may_be_zero(tmp_path: Path) -> None:
    said = refused(tmp_path, changed(rows(), {"area": "area 3", "year": 2012}, people=0))
    assert "'area 3' in 2012" in said and "above zero" in said


@pytest.mark.parametrize("count", [-1, 2.5])
def test_a_count_is_whole_and_not_below_zero(tmp_path: Path, count: float) -> None:
    said = refused(tmp_path, changed(rows(), {"area": "area 2", "year": 2011}, events=count))
    assert "'area 2' in 2011" in said and f"{count:g}" in said


def test_a_cell_that_is_no_number(tmp_path: Path) -> None:
    said = refused(tmp_path, changed(rows(), {"area": "area 2", "year": 2011}, events="many"))
    assert "'many'" in said and "events" in said and "row " in said


def test_a_constant_outcome(tmp_path: Path) -> None:
    data = changed(rows(), {"area": "area 1"}, events=7)
    assert "the same outcome of 'area 1' in every period" in refused(tmp_path, data)


@pytest.mark.parametrize(
    ("start", "said"),
    [(2031, "before the start 2031"), (2001, "a start after"), (2010, "1 period before the start")],
)
def test_a_start_outside_the_data(tmp_path: Path, start: int, said: str) -> None:
    assert said in refused(tmp_path, plan=PLAN.replace("start = 2020", f"start = {start}"))


def test_a_start_of_another_kind_than_the_data(tmp_path: Path) -> None:
    said = refused(tmp_path, plan=PLAN.replace("start = 2020", 'start = "2020-Q1"'))
    assert "question.start" in said and "quarters" in said and "whole numbers" in said


def test_data_that_end_before_the_start(tmp_path: Path) -> None:
    said = refused(tmp_path, plan=PLAN.replace("to = 2023", "to = 2019"))
    assert "data.to" in said and "2019, before the start 2020" in said


def test_no_file_of_data(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / "panel.csv").unlink()
    with pytest.raises(InputError, match="a table in CSV"):
        sources_of(read_plan(path))


REBASED = [row | {"people": round(row["people"] * (0.97 if row["year"] >= 2016 else 1 + 0.001 * (row["year"] - 2009)))}
           for row in rows()]  # fmt: skip


def test_a_population_that_was_rebased_is_seen(tmp_path: Path) -> None:
    plan = PLAN.replace("breaks = []\n", "")
    said = refused(tmp_path, REBASED, plan)
    assert "a step of the exposure at 2016" in said and 'breaks = ["2016"]' in said


def test_a_break_that_the_plan_names_is_linked_over(tmp_path: Path) -> None:
    made = study(tmp_path, REBASED, PLAN.replace("breaks = []", "breaks = [2016]"))
    exposure = made.panel.exposure
    assert exposure is not None
    at = [str(one) for one in made.panel.periods].index("2016")
    assert np.allclose(exposure[:, at], exposure[:, at - 1])


def linked_by(folder: Path, plan: str) -> str:
    """How exposures are linked that rise in 2016, in area 2 by more, and fall in 2019; area 2 has
    more people in 2018."""

    def people(area: str, year: int) -> float:
        rise = (1.1 if area == "area 2" else 1.04) if year >= 2016 else 1.0
        return (
            rise
            / (1.02 if year >= 2019 else 1.0)
            * (1.1 if (area, year) == ("area 2", 2018) else 1.0)
        )

    data = [row | {"people": round(1000 * row["people"] * people(row["area"], row["year"]))} for row in rows(6)]  # fmt: skip
    return links_of(sources_of(read_plan(written(folder, data, plan)))["primary"])


def test_by_what_a_linked_exposure_is_multiplied_is_told_from_break_to_break(
    tmp_path: Path,
) -> None:
    plan = PLAN.replace("breaks = []", "breaks = [2019, 2016, 2030]")
    said = linked_by(tmp_path, plan)
    assert "at 2016, 2019: that of area 1 is multiplied here by 0.96154 from" in said
    assert " from 2016 to 2018 and by 0.98077 from" in said and " from 2019 on, so that" in said
    assert "shown here times the number of its period" in said
    said = linked_by(tmp_path, plan.replace("[2019, 2016,", "[2015, 2016,"))
    assert "by 1 in 2015 and by 0.96" in said
    both = linked_by(tmp_path, plan.replace('["area 1"]', '["area 1", "area 2"]'))
    low, high = both.split("multiplied here by ")[1].split(" from 2016 to 2018")[0].split(" to ")
    assert 1 / 1.1 < float(low) < float(high) < 1 / 1.04  # as either area has more of the people


def test_populations_that_grow_are_no_break(tmp_path: Path) -> None:
    data = [row | {"people": round(row["people"] * (1 + 0.004 * (row["year"] - 2009) + 0.001 * (row["year"] % 3)))}
            for row in rows()]  # fmt: skip
    study(tmp_path, data, PLAN.replace("breaks = []\n", ""))


def test_what_was_before_is_known_without_a_row_from_the_start_on(tmp_path: Path) -> None:
    read = read_plan(written(tmp_path, [row for row in rows() if row["year"] < 2020]))
    design = read.designs[read.primary]
    before = study_before(sources_of(read)["primary"], design)
    assert str(before.panel.periods[-1]) == "2019" and before.after == 1
    # With rows from the start on that nobody can read, the same: they are not read.
    later = changed(rows(), {"year": 2021}, events="not yet")
    read = read_plan(written(tmp_path, later))
    source = sources_of(read)["primary"]
    assert np.array_equal(study_before(source, design).panel.outcome, before.panel.outcome)
    assert source.before.digest == sources_of(read)["primary"].before.digest
    with pytest.raises(InputError, match="not yet"):
        panel_from(source, design)


CELLS = """
[question]
outcome = "calls"
time = "month"
start = "2025-02"
[data]
path = "panel.csv"
[designs.triple_difference]
near = "ring == '0-500m'"
inside_hours = "open"
"""


def cells(**left_out):
    return [
        {"ring": ring, "open": hours, "district": district, "month": f"{2023 + at // 12}-{at % 12 + 1:02}", "calls": 20 + at % 3}
        for ring in ("0-500m", "500-1000m", "1-2km")
        for hours in ("yes", "no")
        for district in ("east", "west")
        for at in range(30)
    ]  # fmt: skip


def test_cells_are_made_of_the_columns_that_the_design_names(tmp_path: Path) -> None:
    made = study(tmp_path, cells(), CELLS)
    assert len(made.panel.units) == 6 and made.panel.labels["ring"][0] == "0-500m"
    assert [made.panel.units[at] for at in made.treated] == ["0-500m, yes"]
    assert made.panel.outcome[0, 0] == 40  # both districts


def test_a_cell_without_a_row_is_named(tmp_path: Path) -> None:
    data = [
        row
        for row in cells()
        if (row["ring"], row["open"], row["month"]) != ("1-2km", "no", "2024-03")
    ]
    assert "no row for 1-2km, no in 2024-03" in refused(tmp_path, data, CELLS)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ring": "0-500M"}, "found '0-500M' and '0-500m'; expected one name for each ring"),
        ({"calls": 3.5}, "found 23.5; expected a whole number of events\n"),
    ],
)
def test_what_is_wrong_with_one_row_of_a_cell_is_told_by_its_cause(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    """Not by the row that is missing of the other spelling, nor by an exposure that there is not."""
    first, *others = cells()
    assert said in f"{refused(tmp_path, [first | change, *others], CELLS)}\n"


@pytest.mark.parametrize("calls", [20, 99])
def test_rows_of_a_cell_that_nothing_tells_apart_are_refused(tmp_path: Path, calls: int) -> None:
    """Those of two districts are added up; a row pasted twice, corrected or not, is none."""
    data = cells()
    said = refused(tmp_path, [*data, {**data[0], "calls": calls}], CELLS)
    assert "two rows for '0-500m, yes' in 2023-01 (rows 2 and 362), which no further" in said
    assert (
        study(tmp_path, [*data, {**data[0], "district": "north"}], CELLS).panel.outcome[0, 0] == 60
    )


RESTS = {"ring": "All", "open": "all day", "district": "Total"}


@pytest.mark.parametrize("column", RESTS)
@pytest.mark.parametrize("named", [True, False])
def test_a_total_among_cells_is_refused(tmp_path: Path, column: str, named: bool) -> None:
    """By its counts whatever its name, and by its name where it has a few events more."""
    data, sums = cells(), {}
    for row in data:
        total = sums.setdefault(tuple(row[one] for one in (*RESTS, "month") if one != column),
                                {**row, column: RESTS[column] if named else "x", "calls": 9 * named})  # fmt: skip
        total["calls"] += row["calls"]
    plan = CELLS.replace('"open"', "\"open == 'yes'\"")
    assert study(tmp_path, data, plan).panel.units
    name = RESTS[column] if named else "x"
    assert f"found {column} '{name}', which holds the others" in refused(
        tmp_path, [*data, *sums.values()], plan
    )


def test_a_total_of_all_cells_in_one_is_refused(tmp_path: Path) -> None:
    rows, months = cells(), {}
    for row in rows:
        total = months.setdefault(row["month"], {**row, "ring": "9km", "open": "x", "calls": 0})
        total["calls"] += row["calls"]
    plan = CELLS.replace('"open"', "\"open == 'yes'\"")
    assert "cell '9km, x', which holds" in refused(tmp_path, [*rows, *months.values()], plan)


@pytest.mark.parametrize("inside", ["open == 'yes'", "yes", "open == yes"])
def test_inside_hours_may_be_said_in_other_ways(tmp_path: Path, inside: str) -> None:
    made = study(tmp_path, cells(), CELLS.replace('"open"', f'"{inside}"'))
    assert [made.panel.units[at] for at in made.treated] == ["0-500m, yes"]


WIDE = """
[question]
outcome = "events"
time = "year"
treated = ["a"]
start = 2015
[data]
path = "panel.csv"
wide = true
[designs.difference_in_differences]
"""


def wide(**more):
    return [
        {"year": year, "a": year % 7 + 1.5, "b": year % 5 + 2.0, "c": year % 3 + 1.0} | more
        for year in range(2000, 2020)
    ]


def test_a_wide_table_has_an_area_in_each_column(tmp_path: Path) -> None:
    made = study(tmp_path, wide(), WIDE)
    assert made.panel.units == ("a", "b", "c") and made.treated == (0,) and made.start == 15
    assert made.panel.outcome[1, 3] == 2003 % 5 + 2.0


def test_a_wide_table_has_no_place_for_an_exposure(tmp_path: Path) -> None:
    said = refused(
        tmp_path, wide(), WIDE.replace("wide = true", 'wide = true\nexposure = "people"')
    )
    assert "a tidy table" in said


def test_a_period_twice_in_a_wide_table(tmp_path: Path) -> None:
    assert "two rows for 'the table' in 2003" in refused(tmp_path, [*wide(), wide()[3]], WIDE)


def test_a_treated_area_twice(tmp_path: Path) -> None:
    said = refused(tmp_path, plan=PLAN.replace('["area 1"]', '["area 1", "area 1"]'))
    assert "question.treated" in said and "each area once" in said


def test_a_break_may_be_named_before_it_comes_and_no_other_is_taken_for_it(tmp_path: Path) -> None:
    study(tmp_path, plan=PLAN.replace("breaks = []", "breaks = [2030]"))
    said = refused(tmp_path, REBASED, PLAN.replace("breaks = []", "breaks = [2030]"))
    assert "a step of the exposure at 2016" in said
    assert "a break at 2001" in refused(
        tmp_path, plan=PLAN.replace("breaks = []", "breaks = [2001]")
    )


def test_a_start_that_is_no_period_names_those_beside_it(tmp_path: Path) -> None:
    data = [row for row in rows() if row["year"] % 2 == 1]
    assert "such as 2019 or 2021" in refused(tmp_path, data)


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_columns_apart_by_something_else(tmp_path: Path, mark: str, name: str) -> None:
    path = written(tmp_path)
    text = (tmp_path / "panel.csv").read_text().replace(",", mark)
    (tmp_path / "panel.csv").write_text(text)
    with pytest.raises(InputError, match=f"columns apart by {name}"):
        sources_of(read_plan(path))


def test_spaces_in_headings_are_no_part_of_them(tmp_path: Path) -> None:
    path = written(tmp_path)
    head, _, rest = (tmp_path / "panel.csv").read_text().partition("\n")
    (tmp_path / "panel.csv").write_text(head.replace(",", ", ") + "\n" + rest)
    assert sources_of(read_plan(path))["primary"].periods


CELLS_THAT_ARE_NONE = [
    ("1,234", "with a separator of thousands; expected 1234 (1.234 if the comma is a decimal one)"),
    ("12 345,678", "'12 345,678'; expected a number"),
    ("1 234 567", "with a separator of thousands; expected 1234567"),
    ("12,5", "with a decimal comma; expected a decimal point: 12.5"),
    ("1.234,5", "a decimal point: 1234.5"),
    *((one, f"found '{one}', a count that is suppressed; expected a number: what is suppressed is not guessed")
      for one in ("*", "<5", "< 10", "[c]", "..", ":", "suppressed")),
    ("-", "which may mean none or suppressed; expected a number: 0 if it means none"),
    ("many", "'many'; expected a number"),
    ("1_000", "'1_000'; expected a number"),
    ("inf", "'inf'; expected a number"),
    ("1.234.567", "with a separator of thousands; expected 1234567"),
    ("1e20", "'1e20'; expected a number below 1e+15"),
    ("100000000000000000000", "expected a number below 1e+15"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "said"), CELLS_THAT_ARE_NONE, ids=[one for one, _ in CELLS_THAT_ARE_NONE]
)
def test_a_cell_that_is_no_number_is_said_to_be_what_it_is(
    tmp_path: Path, cell: str, said: str
) -> None:
    data = changed(rows(3), {"area": "area 2", "year": 2011}, events=cell)
    told = refused(tmp_path, data)
    assert "panel.csv, row 19, events: found" in told and said in told


@pytest.mark.parametrize(
    ("people", "found"),
    [
        (
            ["950", "1.050", "1.112"],
            "1.050, with a separator of thousands, as it stands beside whole",
        ),
        (["950", "1.052", "1.112"], ""),  # as 950, 1.052 and 1.112 thousand are written
        (["950.5", "1.050", "2"], ""),
        (["950", "1200", "1.050"], ""),
    ],
)
def test_a_dot_between_thousands_is_refused_where_nothing_else_is_meant(
    tmp_path: Path, people: list[str], found: str
) -> None:
    data = [row | {"people": people[at % 3]} for at, row in enumerate(rows(3))]
    if found:
        said = refused(tmp_path, data)
        assert f"panel.csv, row 3, people: found {found} numbers; expected 1050" in said
    else:
        study(tmp_path, data)


def test_exposures_that_may_be_in_thousands_with_a_dot_are_told(tmp_path: Path) -> None:
    """They may as well be thousands with three decimals: nothing is refused."""
    data = [row | {"people": f"{row['people'] / 1000:.3f}"} for row in rows(3)]
    first = data[0]["people"]
    sources = sources_of(read_plan(written(tmp_path, data)))
    (said,) = decimals_check(sources["primary"])
    assert f"such as {first}, which is read as" in said.detail and said.passed is None
    whole = first.replace(".", "")
    assert f"it should be {whole}" in said.detail
    assert not decimals_check(sources_of(read_plan(written(tmp_path, rows(3))))["primary"])


def test_rows_are_counted_in_the_file_also_where_some_are_left_out(tmp_path: Path) -> None:
    data = changed(rows(3), {"area": "area 2", "year": 2011}, events="*")
    said = refused(tmp_path, data, PLAN.replace("to = 2023", "to = 2023\nfrom = 2010"))
    assert "row 19, events" in said


DATES = ["13/02/2023", "13.02.23", "13-02-2023", "02/2023", "Feb 2023", "2023/02/13"]


@pytest.mark.parametrize("date", DATES)
def test_a_date_of_another_form_is_said_to_be_one(tmp_path: Path, date: str) -> None:
    said = refused(tmp_path, changed(rows(3), {"area": "area 1", "year": 2010}, year=date))
    assert f"row 3, year: found '{date}', a date of another form; expected YYYY-MM-DD" in said


def other_file(folder: Path, content: bytes | None) -> str:
    path = written(folder, rows(3))
    data = folder / "panel.csv"
    data.unlink()
    data.mkdir() if content is None else data.write_bytes(content)
    with pytest.raises(InputError) as caught:
        sources_of(read_plan(path))
    assert "\n" not in str(caught.value) and "found found" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "found a folder; expected a file"),
     ("area,year\na,1".encode("utf-16"), "text in UTF-16; expected a table in CSV: save it as CSV (UTF-8)"),
     (b"PK\x03\x04" + bytes(90), "a spreadsheet or an archive"),
     (b"", "an empty file"), (b"area,year\n", "no rows"),
     ("area,year\na,1\nAyr é,2".encode("latin-1"), "row 3: found a character that is not in UTF-8"),
     (b"area,year\na,1\n\nb,12,5\n", "row 4: found 3 cells under 2 headings"),
     (b"area;year\na;12,5\n", "columns apart by semicolons"),
     (b"area,year,area\na,1,b\n", "two columns of one name, 'area'"),
     (b"Deaths by area,,\narea,year,events\na,1,2\n", "'Deaths by area' alone in the first line, as a title is"),
     (b'area,year\n"a,1\n', "expected a table in CSV")],
    ids=range(11),
)  # fmt: skip
def test_a_file_that_is_no_table_is_said_to_be_what_it_is(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    assert said in other_file(tmp_path, content)


def test_what_a_spreadsheet_leaves_beside_and_below(tmp_path: Path) -> None:
    path = written(tmp_path)
    table = tmp_path / "panel.csv"
    table.write_text(
        "".join(f",{one},,\n" for one in table.read_text().splitlines()) + ",,,,,,\n" * 3
    )
    read = read_plan(path)
    made = study_from(sources_of(read)["primary"], read.designs[read.primary])
    assert np.array_equal(made.panel.outcome, study(tmp_path).panel.outcome)


def test_words_of_a_word_processor_are_told(tmp_path: Path) -> None:
    told = refused(tmp_path, plan=PLAN.replace('"Events in area 1"', "\u201cEvents\u201d"))
    assert "plan.toml, line 3: found \u201c, a quotation mark that a word processor wrote" in told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("treated =", "Treated =", "did you mean 'treated'?"),
     ('outcome = "events"', 'outcome = "Events "', "did you mean 'events'?"),
     ('outcome = "events"', 'outcome = "evnts"', "did you mean 'events'?"),
     ('["area 1"]', '["Area  1 "]', "did you mean 'area 1'?"),
     ('["area 1"]', '["area l"]', "did you mean 'area 1'?"),
     ('["area 1"]', '["Dundee"]', "found no area named 'Dundee'; expected one of area 1, area 2, area 3")],
    ids=range(6),
)  # fmt: skip
def test_a_name_that_is_almost_there_is_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    told = refused(tmp_path, rows(3), PLAN.replace(old, new))
    assert told.endswith(said)


def test_one_area_under_two_names(tmp_path: Path) -> None:
    data = changed(rows(3), {"area": "area 2", "year": 2011}, area="Area  2")
    assert "found 'area 2' and 'Area  2'; expected one name for each area" in refused(
        tmp_path, data
    )


COUNTED = [
    'interrupted_time_series]\nfamily = "poisson"',
    "ratio_of_ratios]",
    'bayesian_structural]\nfamily = "poisson"',
]


@pytest.mark.parametrize("design", COUNTED)
@pytest.mark.parametrize("count", [-3, 2.5])
def test_a_design_of_counts_has_counts_also_without_an_exposure(
    tmp_path: Path, design: str, count: float
) -> None:
    plan = PLAN.replace('exposure = "people"\nbreaks = []\n', "").replace(
        "difference_in_differences]", design
    )
    path = written(tmp_path, changed(rows(3), {"area": "area 1", "year": 2011}, events=count), plan)
    read = read_plan(path)
    made = read.designs[read.primary]
    with pytest.raises(InputError, match=f"found {count:g} of 'area 1' in 2011, which is no count"):
        made.fit(study_from(sources_of(read)["primary"], made))


def with_total(data, name="Scotland", without=()):
    """The rows and those of an area that is the sum of the others."""
    parts = [row for row in data if row["area"] not in without]
    sums = [{"area": name, "year": year} | {key: sum(row[key] for row in parts if row["year"] == year)
                                            for key in ("events", "people")}
            for year in range(2009, 2024)]  # fmt: skip
    return [*data, *sums]


@pytest.mark.parametrize("without", [(), ("area 1",)])
@pytest.mark.parametrize("exposure", [True, False])
def test_an_area_that_is_the_sum_of_others_is_no_donor(
    tmp_path: Path, without, exposure: bool
) -> None:
    plan = PLAN if exposure else PLAN.replace('exposure = "people"\nbreaks = []\n', "")
    made = study(tmp_path, with_total(rows(5), without=without), plan)
    with pytest.raises(InputError, match="'Scotland' among the areas compared with") as caught:
        made.donors()
    assert str(caught.value).endswith('exclude = ["Scotland"]')
    assert len(made.donors(exclude=["Scotland"])) == 4 and len(made.donors_possible()) == 5


def test_a_total_that_holds_areas_of_another_outcome(tmp_path: Path) -> None:
    near = '\n[outcomes.near]\noutcome = "events"\ntreated = ["area 2"]\n'
    for without in ((), ("area 2",)):
        made = study(tmp_path, with_total(rows(5), without=without), PLAN + near)
        assert made.totals == ("Scotland",) and "area 2" not in made.panel.units


def test_two_names_of_one_total_and_a_total_that_is_rounded(tmp_path: Path) -> None:
    data = with_total(with_total(rows(5)), "Total", without=("Scotland",))
    assert study(tmp_path, data).totals == ("Scotland", "Total")
    near = [row | {"events": round(row["events"], -1)} if row["events"] > 1000 else row
            for row in with_total(rows(40))]  # fmt: skip
    assert study(tmp_path, near).totals == ("Scotland",)


@pytest.mark.parametrize("seed", range(1, 6))
def test_areas_that_are_no_sum_are_none(tmp_path: Path, seed: int) -> None:
    assert study(tmp_path, rows(3, seed=seed)).totals == ()
    sparse = [row | {"events": row["events"] % 2} for row in rows(4, seed=seed)]
    assert study(tmp_path, sparse).totals == ()


def test_every_second_period_is_said_and_a_gap_in_it_too(tmp_path: Path) -> None:
    odd = [row for row in rows(3) if row["year"] % 2]
    plan = PLAN.replace("start = 2020", "start = 2021")
    panel, asked = study(tmp_path, odd, plan).panel, read_plan(tmp_path / "plan.toml")
    (said,) = data_checks(panel, asked.data, asked.designs)
    assert said.detail.startswith("the data have every second period from 2009 to 2023 (8)")
    gap = [row for row in rows(3) if row["year"] % 2 or row["year"] == 2020]
    assert "while most rows stand 2 periods apart" in refused(tmp_path, gap, plan)


OPEN = PLAN.replace("breaks = []\n", "")


def grown(steps: dict[int, float], areas: int = 12, of: int = 12, seed: int = 1):
    """Populations that grow by about 0.3 % a year, more and less; in some of them steps."""
    random = stream(seed, "grown")
    changes = 0.003 + random.normal(0, 0.0015, (areas, 15)) + random.normal(0, 0.004, (areas, 1))
    for year, step in steps.items():
        changes[:of, year - 2009] += step * random.uniform(0.8, 1.2, of)
    sizes = np.exp(np.cumsum(changes, axis=1))
    return [row | {"people": round(row["people"] * sizes[int(row["area"][5:]) - 1, row["year"] - 2009])}
            for row in rows(areas)]  # fmt: skip


def warned(folder: Path, data, plan: str = OPEN) -> list[str]:
    panel = study(folder, data, plan).panel
    asked = read_plan(folder / "plan.toml")
    return [one.detail for one in data_checks(panel, asked.data, asked.designs)]


@pytest.mark.parametrize("seed", range(1, 9))
def test_populations_that_grow_as_they_do_warn_of_nothing(tmp_path: Path, seed: int) -> None:
    assert warned(tmp_path, grown({}, seed=seed)) == []


def test_two_steps_of_most_areas_are_both_named(tmp_path: Path) -> None:
    said = refused(tmp_path, grown({2013: 0.04, 2018: -0.03}), OPEN)
    assert "at 2013 in 12, 2018 in 12 of 12 areas" in said and 'breaks = ["2013", "2018"]' in said
    said = refused(
        tmp_path, grown({2013: 0.04, 2018: -0.03}), PLAN.replace("breaks = []", "breaks = [2013]")
    )
    assert 'breaks = ["2013", "2018"]' in said


def test_a_step_of_a_few_areas_is_told(tmp_path: Path) -> None:
    (said,) = warned(tmp_path, grown({2014: 0.05}, of=3))
    assert said.startswith("at 2014 these step beside their usual changes: area 1 +")
    assert said.count("area ") == 3


def test_a_step_of_one_area_is_told_where_nothing_else_ever_changes(tmp_path: Path) -> None:
    """With counts that stay, it alone would make a rate that falls."""
    sizes = np.zeros((12, 14))
    sizes[0, list(YEARS).index(2020)] = 0.26
    (said,) = warned(tmp_path, with_changes(sizes), OPEN)
    assert said == "at 2020 these step where few changes are known: area 1 +29.7%"


def test_a_small_step_of_all_areas_is_told(tmp_path: Path) -> None:
    (said,) = warned(tmp_path, grown({2014: 0.015}))
    assert said.startswith("most areas step at 2014, half of them by over 1.")
    assert warned(tmp_path, grown({2014: 0.005})) == []  # by less than rates are known to


def with_changes(changes):
    """Populations that change so from one year to the next (areas × 14, or of all areas alike)."""
    every = np.broadcast_to(changes, (12, 14))
    sizes = np.exp(np.cumsum(np.hstack([np.zeros((12, 1)), every]), axis=1))
    return [row | {"people": round(100 * row["people"] * sizes[int(row["area"][5:]) - 1, row["year"] - 2009])}
            for row in rows(12)]  # fmt: skip


def naming(*breaks: int) -> str:
    return PLAN.replace("breaks = []", f"breaks = {list(breaks)}")


YEARS = np.arange(2010, 2024)
REPEATED = np.where(YEARS > 2014, 0.008, 0.0)  # the figure of one year until 2014


def test_growth_without_noise_hides_no_break_and_makes_none(tmp_path: Path) -> None:
    data = with_changes(np.where(YEARS == 2016, -0.03, 0.006))
    said = refused(tmp_path, data, OPEN)
    assert "at 2016 in 12 of 12 areas" in said and 'breaks = ["2016"]' in said
    assert warned(tmp_path, data, naming(2016)) == []
    assert warned(tmp_path, data, naming(2016, 2016)) == []


def test_what_a_break_moved_is_not_a_usual_change(tmp_path: Path) -> None:
    twice = with_changes(np.where((YEARS == 2016) | (YEARS == 2019), -0.03, 0.006))
    said = refused(tmp_path, twice, naming(2016))
    assert "at 2019 in 12 of 12" in said and 'breaks = ["2016", "2019"]' in said


@pytest.mark.parametrize("seed", range(3))
def test_growth_after_a_figure_that_was_repeated_is_no_step(tmp_path: Path, seed: int) -> None:
    random = stream(seed, "growth")
    apart = random.normal(0, 0.004, (12, 14)) * (REPEATED > 0)
    grows = with_changes(REPEATED + apart)
    for last in range(2020, 2024):
        until = OPEN.replace("to = 2023", f"to = {last}")
        assert warned(tmp_path, grows, until) == []
    rebased = with_changes(REPEATED + apart - 0.03 * (YEARS == 2021))
    assert 'breaks = ["2021"]' in refused(tmp_path, rebased, OPEN)


def test_a_step_is_found_where_few_changes_are_known(tmp_path: Path) -> None:
    first = np.where(YEARS == 2020, 1.0, 0.0)
    assert "at 2020 in 12 of 12" in refused(tmp_path, with_changes(-0.03 * first), OPEN)
    (said,) = warned(tmp_path, with_changes(0.015 * first), OPEN)
    assert (
        said.startswith("most areas change at 2020") and "+1.5%): too few changes are known" in said
    )
    assert warned(tmp_path, with_changes(0.008 * first), OPEN) == []
    fast = np.where(YEARS > 2021, 0.022, 0.0)
    assert all("too few" in one for one in warned(tmp_path, with_changes(fast), OPEN))


def test_a_rebasing_is_found_among_areas_that_vary_much_and_up_or_down(tmp_path: Path) -> None:
    random = stream(4, "vary")
    much = 0.004 + random.normal(0, 0.012, (12, 14))
    assert 'breaks = ["2016"]' in refused(
        tmp_path, with_changes(much - 0.03 * (YEARS == 2016)), OPEN
    )
    signs = np.resize([0.04, -0.04], (12, 1)) * (YEARS == 2016)
    little = 0.004 + random.normal(0, 0.002, (12, 14))
    assert 'breaks = ["2016"]' in refused(tmp_path, with_changes(little + signs), OPEN)


def monthly(data):
    """The same populations in each month of a year, with a start in 2020-01."""
    return [row | {"year": f"{row['year']}-{month:02}"} for row in data for month in range(1, 13)]


def test_a_year_s_population_in_each_month_is_seen_through(tmp_path: Path) -> None:
    plan = OPEN.replace("start = 2020", 'start = "2020-01"').replace("to = 2023", 'to = "2023-12"')
    (said,) = warned(tmp_path, monthly(grown({}, 5)), plan)
    assert said.startswith("it changes once a year (2010-01, 2011-01") and "step" not in said
    assert "a step of the exposure at 2014-01 in 5 of 5 areas" in refused(
        tmp_path, monthly(grown({2014: 0.04}, 5, 5)), plan
    )
    named = plan.replace('exposure = "people"', 'exposure = "people"\nbreaks = ["2014-01"]')
    (said,) = warned(tmp_path, monthly(grown({2014: 0.04}, 5, 5)), named)
    assert said.startswith("it changes once a year (2010-01, 2011-01") and "step" not in said
    assert "2014-01" not in said


def test_nothing_is_looked_for_where_the_plan_says_that_there_is_no_break(tmp_path: Path) -> None:
    assert warned(tmp_path, grown({2014: 0.05}), PLAN) == []


@pytest.mark.parametrize(
    ("sizes", "design", "told"),
    [
        ((10.0, 1.0, 2.0, 5.0), "synthetic_difference_in_differences", True),
        ((1.5, 1.0, 1.2, 0.8), "difference_in_differences", False),
        ((10.0, 1.0, 2.0, 5.0), "ratio_of_ratios", False),
    ],
)
def test_counts_of_unlike_areas_without_an_exposure_are_told(sizes, design, told) -> None:
    """Intervals from smaller areas' errors left out no effect in 19 to 32 of 100 panels."""
    counts = np.round(np.outer(sizes, 20 + np.arange(6.0)))
    found = sizes_check(panel_of_arrays(counts), [design])
    assert [one.passed for one in found] == [False] * told
    assert not told or ("data.exposure" in found[0].detail and "A1" in found[0].detail)
    assert not sizes_check(panel_of_arrays(counts + 0.5), [design])  # rates are of one size
    assert not sizes_check(panel_of_arrays(counts, np.ones(counts.shape)), [design])
