"""Plans: what is refused names the file and the key."""

import re
from pathlib import Path

import pytest

from opendcr.errors import InputError
from opendcr.evaluate.plan import read_plan
from opendcr.published import effects_of_rooms
from tests.docs.texts import ROOT
from tests.support.planned import PLAN, rows, written


@pytest.mark.parametrize(
    ("reviews", "said"),
    [
        ("after = [2019, 2023]", r"plan\.toml, reviews\.after: .* from 2020 on"),
        ("after = [2023, 2021]", r"plan\.toml, reviews\.after: .* periods in order"),
        (
            'after = ["2021-01"]',
            r"plan\.toml, reviews\.after: .* kind, from 2020 on, or a start of theirs, such as 2020-01",
        ),
        ("after = []", r"plan\.toml, reviews\.after"),
        ('after = [2021]\nspending = "linear"', r"plan\.toml, reviews\.spending: found 'linear'"),
    ],
)
def test_reviews_that_cannot_be(tmp_path: Path, reviews: str, said: str) -> None:
    path = written(tmp_path, rows(areas=2), f"{PLAN}\n[reviews]\n{reviews}\n")
    with pytest.raises(InputError, match=said):
        read_plan(path)


def test_an_outcome_is_answered_by_the_design_on_which_the_verdict_rests(tmp_path: Path) -> None:
    """Whatever the order of the designs' tables, which then decides nothing."""
    more = """
[success]
design = "ratio_of_ratios"
[outcomes.harm]
outcome = "harms"
"""
    first, second = "[designs.difference_in_differences]\n", "[designs.ratio_of_ratios]\n"
    plans = [
        read_plan(written(tmp_path, rows(areas=2), PLAN.replace(first, designs) + more))
        for designs in (first + second, second + first)
    ]
    assert [one.outcomes[0].design for one in plans] == ["ratio_of_ratios"] * 2
    assert plans[0].hash == plans[1].hash


@pytest.mark.parametrize("caveat", ['""', '"two\\nlines"', f'"{"a" * 301}"', "3"])
def test_a_caveat_is_one_line(tmp_path: Path, caveat: str) -> None:
    path = written(tmp_path, rows(areas=2), f"{PLAN}\n[success]\ncaveat = {caveat}\n")
    with pytest.raises(InputError, match=r"plan\.toml, success\.caveat: .* 300 characters in one"):
        read_plan(path)


def test_a_plan_that_an_editor_began_with_a_mark_is_the_same(tmp_path: Path) -> None:
    path = written(tmp_path)
    plain = read_plan(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_plan(path).hash == plain.hash


def test_a_plan_that_is_not_in_utf_8_or_empty_says_so(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes() + b"\n# caf\xe9")
    with pytest.raises(InputError, match=r"line \d+: found a character that is not in UTF-8"):
        read_plan(path)
    path.write_bytes(b"\n")
    with pytest.raises(InputError, match="found an empty file; expected a study's plan in TOML"):
        read_plan(path)


def test_the_plan_of_the_docs_is_looked_at_where_its_data_end(tmp_path: Path) -> None:
    """Run with all of its data it would confirm nothing otherwise."""
    text = (ROOT / "docs/studies.md").read_text(encoding="utf-8")
    (tmp_path / "plan.toml").write_text(text.split("```toml\n")[1].split("```")[0])
    plan = read_plan(tmp_path / "plan.toml")
    assert plan.reviews and plan.reviews.periods[-1] == plan.data.last
    months = 12 * (2029 - 2025) + 12
    assert max(plan.power.periods) == months


@pytest.mark.parametrize("table", ['outcomes = ["order"]', 'own = "order"'])
def test_the_families_of_published_effects_are_told_each_in_quotes_and_documented(
    tmp_path: Path, table: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_plan(written(tmp_path, rows(areas=2), f"{PLAN}\n[published]\n{table}\n"))
    names = set(re.findall("'([^']+)'", caught.value.expected)) | {"treatment"}
    assert names == {one.family for one in effects_of_rooms()}
    text = (ROOT / "docs/studies.md").read_text(encoding="utf-8")
    assert all(f'"{one}"' in text.split("[published]")[1] for one in names)
