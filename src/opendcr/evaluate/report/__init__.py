"""The report of a study: a page, a paper, and the figures as files."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from opendcr.evaluate.estimate import PeriodEffect
from opendcr.evaluate.periods import Period
from opendcr.evaluate.report.content import Report
from opendcr.evaluate.report.page import page_of
from opendcr.evaluate.report.paper import paper_of
from opendcr.whole import write_whole

PAGE, PAPER, EFFECTS, RESULT = "report.html", "report.pdf", "effects.csv", "result.json"
_FIELDS = tuple(field.name for field in fields(PeriodEffect))


def write_report(folder: Path, report: Report, result: Mapping[str, Any]) -> list[Path]:
    """Writes the report into a folder, and the result as `study run --json` gives it; the files' paths,
    the page's first.

    Everything is made before anything is written, and each file is written whole or not at all. The
    same report gives the same bytes.
    """
    made: dict[str, str | bytes] = {
        PAGE: page_of(report),
        PAPER: paper_of(report),
        EFFECTS: effects_csv(report),
        RESULT: json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
    }
    for name, content in made.items():
        write_whole(folder / name, content)
    return [folder / name for name in made]


def effects_csv(report: Report) -> str:
    """A row for each design and period: rates for each unit of exposure and not on the scale on
    which the page writes them; empty where there is none."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("design", "phase", *_FIELDS, "origin"))
    origin = "simulated" if report.origin.simulated else "recorded"
    start = Period.of(report.question.start)
    for answer in report.designs:
        for one in answer.estimate.effect:
            phase = "before" if start and _before(one.time, start) else "after"
            rows.writerow((answer.name, phase, *_cells(one), origin))
    return text.getvalue()


def _cells(one: PeriodEffect) -> list[object]:
    """What a period has, in the order of the fields; a mark as a word or nothing."""
    values = [getattr(one, name) for name in _FIELDS]
    marks = {True: "yes", False: ""}
    return [marks[value] if isinstance(value, bool) else value for value in values]


def _before(time: str, start: Period) -> bool:
    period = Period.of(time)
    return period is not None and period < start
