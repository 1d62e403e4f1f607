"""Counts that go on to change after a plan takes them for complete: told, and not locked."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from opendcr.cli.study import lock_command
from opendcr.evaluate.delays.later import Later, Sides
from opendcr.evaluate.delays.triangle import Triangle
from opendcr.evaluate.findings import run_study
from opendcr.evaluate.periods import Period
from opendcr.evaluate.plan import read_plan
from opendcr.streams import stream
from tests.support.planned import written

SHARES = [0.5, 0.25, 0.12, 0.08, 0.05]  # of a month's deaths, by delay
MONTHS = [f"{2022 + at // 12}-{at % 12 + 1:02}" for at in range(48)]
PLAN = """
[question]
outcome = "deaths"
time = "month"
start = "2025-10"
[data]
path = "panel.csv"
to = "2025-12"
[designs.interrupted_time_series]
terms = ["level"]
[nowcast]
path = "editions.csv"
"""


def taken(folder: Path, most: int, shares: Sequence[float] = SHARES) -> Path:
    """A plan that takes counts for complete after `most` months, of 400 deaths a month in which
    nothing happened; editions print the last five months alone."""
    random = stream(8, "late")
    reports = random.multinomial(random.poisson(400, len(MONTHS)), shares).cumsum(axis=1)
    ages = [len(MONTHS) - 1 - at for at in range(len(MONTHS))]
    rows = [
        {"month": month, "deaths": int(reports[at, min(4, ages[at])])}
        for at, month in enumerate(MONTHS)
    ]
    printed = [
        f"{month},{MONTHS[at + delay]},{reports[at, delay]}"
        for at, month in enumerate(MONTHS)
        for delay in range(min(4, ages[at]) + 1)
    ]
    (folder / "editions.csv").write_text("\n".join(["period,edition,count", *printed]))
    return written(folder, rows, f"{PLAN}most = {most}\n")


def locked(path: Path) -> str:
    """What the lock of a plan says, or why it is refused."""
    done = CliRunner().invoke(lock_command, [str(path), "--panels", "0"])
    return f"{done.output}{done.exception or ''}"


def test_a_fall_of_late_reports_alone_is_told_in_the_sentence(tmp_path: Path) -> None:
    """A third of what is taken for complete comes later."""
    leading = run_study(read_plan(taken(tmp_path, 1))).leading
    assert leading.estimate.relative_effect < -0.1
    said = r"Counts are taken for complete after 1 month, and grew by 3[23][\d.]* % after that \("
    assert re.search(said, leading.besides)
    assert re.search(r"late reports alone can look like a fall of up to 2[45]", leading.besides)
    (check,) = [one for one in leading.estimate.checks if one.name == "complete counts"]
    assert check.passed is False and "rather `most = 4`" in check.detail


def test_such_a_plan_is_not_locked(tmp_path: Path) -> None:
    said = locked(taken(tmp_path, 1))
    assert "plan.toml, nowcast.most: found counts that are taken for complete after 1 month" in said
    assert "expected `most = 4`, the longest delay that editions show" in said
    assert not (tmp_path / "plan.lock.json").exists()


def test_of_what_is_less_the_lock_warns(tmp_path: Path) -> None:
    said = locked(taken(tmp_path, 3, shares=(0.5, 0.25, 0.12, 0.115, 0.015)))
    assert re.search(
        r"Warning: deaths: counts are taken for complete after 3 months, and grew", said
    )
    assert "Rather `most = 4`" in said and (tmp_path / "plan.lock.json").exists()


def printed(*months: tuple[float, ...], most: int = 1) -> Triangle:
    """A triangle of what editions printed of some months, from their own edition on."""
    beyond = np.array([one[most:] for one in months], dtype=float)
    periods = tuple(Period("month", at) for at in range(len(months)))
    counts = np.array([one[: most + 1] for one in months], dtype=float)
    edition = Period("month", 100)
    return Triangle(periods, counts, beyond[:, -1], edition, 1, "the triangle", beyond)


STILL = printed((90, 100, 100), (95, 100, 100))
GREW = printed((90, 100, 103), (95, 100, 101))


def test_what_no_edition_prints_again_cannot_be_told() -> None:
    for one in (
        Sides({"a": printed((90, 100))}, {}, 1),
        Sides({"a": STILL}, {"b": printed((90, 100))}, 1),
    ):
        check = one.check()
        assert check.passed is None and check.detail.endswith(
            "they still change then cannot be told"
        )
        assert not one.sentence and not one.refused


def test_what_comes_later_on_either_side_is_told() -> None:
    assert Sides({"a": STILL}, {"b": STILL}, 1).small
    own, others = Sides({"a": GREW}, {"b": STILL}, 1), Sides({"a": STILL}, {"b": GREW}, 1)
    assert own.small is False and "like a fall of up to 1.96 %." in own.sentence
    assert others.small is False and "like a rise of up to 2 %." in others.sentence
    assert "did not change after that (200 became 200, in 2 counts printed again; those compared with grew by 2 %)" in others.sentence  # fmt: skip
    assert own.longer == "`most = 2`, the longest delay that editions show"


def test_areas_need_not_be_printed_for_as_long_as_each_other() -> None:
    long = printed((50, 80, 99, 100, 100), (50, 80, 99, 100, 100))
    assert (
        Sides({"a": GREW}, {"b": long}, 1).longer
        == "`most = 4`, the longest delay that editions show"
    )


def test_the_least_delay_after_which_little_comes_is_named() -> None:
    one = printed((50, 80, 99, 100, 100), (50, 80, 99, 100, 100))
    assert Sides({"a": one}, {}, 1).longer.startswith(
        "`most = 3`, after which editions show little"
    )


def test_one_report_is_no_proof_that_much_comes_later() -> None:
    """Of 1 of 17 deaths, and 40 of 1,700, a fiftieth is not surely less; of 100 it is."""
    assert Later(20, 17, 18).surely == pytest.approx(0.0253 / 17, rel=0.01)
    assert Later(20, 1000, 1060).surely == pytest.approx(0.0458, abs=1e-4)
    assert Sides({"a": printed((9, 17, 18))}, {}, 1).refused is False
    assert Sides({"a": printed((90, 1700, 1740))}, {}, 1).refused is False
    assert Sides({"a": printed((90, 1700, 1800))}, {}, 1).refused is True
