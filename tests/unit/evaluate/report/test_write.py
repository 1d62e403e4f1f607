"""A report as files: all of them or none, and the figures as they were."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from opendcr.evaluate.report import EFFECTS, PAGE, PAPER, RESULT, effects_csv, write_report
from opendcr.evaluate.report.content import Origin
from opendcr.evaluate.report.page import page_of
from tests.support.studied import report

WHOLE = report()


def test_a_folder_holds_the_page_the_paper_and_the_figures(tmp_path: Path) -> None:
    made = tmp_path / "new" / "study"
    paths = write_report(made, WHOLE, {"verdict": "shown"})
    assert paths == [made / one for one in (PAGE, PAPER, EFFECTS, RESULT)]
    assert {*made.iterdir()} == {*paths}
    assert json.loads((made / RESULT).read_text()) == {"verdict": "shown"}


def test_a_folder_that_cannot_be_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "study").write_text("a file")
    with pytest.raises(OSError, match="study"):
        write_report(tmp_path / "study", WHOLE, {})
    assert [one.name for one in tmp_path.iterdir()] == ["study"]


def test_effects_are_tidy_and_in_full_precision() -> None:
    made = WHOLE
    rows = list(csv.DictReader(effects_csv(made).splitlines()))
    assert len(rows) == 2 * 48
    assert {one["origin"] for one in rows} == {"simulated"}
    assert next(one["time"] for one in rows if one["phase"] == "after") == made.question.start
    for row, one in zip(rows, made.leading.estimate.effect, strict=False):
        assert float(row["observed"]) == one.observed and float(row["effect"]) == one.effect
        assert row["low"] == ("" if one.low is None else repr(one.low))
    assert all(one["low"] == "" for one in rows if one["design"] == "interrupted_time_series")


def test_the_figures_say_which_periods_are_nowcast() -> None:
    made = WHOLE
    estimate = made.leading.estimate
    late = replace(
        estimate, effect=(*estimate.effect[:-1], replace(estimate.effect[-1], nowcast=True))
    )
    made = replace(made, designs=(replace(made.leading, estimate=late),))
    rows = list(csv.DictReader(effects_csv(made).splitlines()))
    assert [one["nowcast"] for one in rows] == [""] * 47 + ["yes"]


def test_data_are_recorded_or_simulated_and_nothing_more_is_claimed_of_them() -> None:
    recorded = replace(WHOLE, origin=Origin(False, "Our own, not published."))
    assert {one["origin"] for one in csv.DictReader(effects_csv(recorded).splitlines())} == {
        "recorded"
    }
    page = page_of(recorded)
    assert ">Recorded data<" in page and "Published data" not in page
