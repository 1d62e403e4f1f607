"""Plans: what is refused names the file and the key."""

from pathlib import Path

import pytest

from opendcr.errors import InputError
from opendcr.evaluate.plan import read_plan
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


@pytest.mark.parametrize("caveat", ['""', '"two\\nlines"', f'"{"a" * 301}"', "3"])
def test_a_caveat_is_one_line(tmp_path: Path, caveat: str) -> None:
    path = written(tmp_path, rows(areas=2), f"{PLAN}\n[success]\ncaveat = {caveat}\n")
    with pytest.raises(InputError, match=r"plan\.toml, success\.caveat: .* 300 characters in one"):
        read_plan(path)
