"""Words of a plan for some cells of a panel."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.cells import Selection, outwards
from opendcr.keyed import Table

LABELS = {
    "ring": ("0-500m", "0-500m", "500-1000m", "500-1000m", "far away", "far away"),
    "hours": ("open", "closed") * 3,
    "staffed": ("yes", "no", "Yes", "no", "1", "False"),
}


def chosen(text: str) -> list[int]:
    found = Selection.read(Table("plan.toml", "designs.it", {"near": text}), "near").of(LABELS)
    return [at for at, one in enumerate(found.mask) if one]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("ring == '0-500m'", [0, 1]),
        ('ring=="far away"', [4, 5]),
        ("ring != '0-500m'", [2, 3, 4, 5]),
        ("ring == 0-500m", [0, 1]),
        ("ring in ['0-500m', \"far away\"]", [0, 1, 4, 5]),
        ("  ring  in ['500-1000m'] ", [2, 3]),
        ("open", [0, 2, 4]),
        ("far away", [4, 5]),
        ("staffed", [0, 2, 4]),
    ],
)
def test_cells_are_chosen(text: str, rows: list[int]) -> None:
    assert chosen(text) == rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ring = '0-500m'", "a comparison such as"),
        ("ring == far away", "a comparison such as"),
        ("ring == '0-500m' or ring == 'far away'", "a comparison such as"),
        ("ring in '0-500m'", "a comparison such as"),
        ("ring in []", "a comparison such as"),
        ("__import__('os')", "a comparison such as"),
        ("belt == '0-500m'", "no column 'belt'"),
        ("ring == '0-500'", "no cell with ring '0-500'"),
        ("shut", "a value in 0 columns"),
        ("hours", "'open' in column 'hours'"),
        ("ring in ['0-500m', '500-1000m', 'far away']", "all cells"),
    ],
)
def test_what_means_no_cells_is_an_error_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        chosen(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("plan.toml, designs.it.near: found ")
    assert "\n" not in str(caught.value)


def test_a_value_of_two_columns_is_an_error() -> None:
    table = Table("plan.toml", "designs.it", {"near": "open"})
    with pytest.raises(InputError, match="2 columns"):
        Selection.read(table, "near").of({"hours": ("open", "closed"), "road": ("open", "shut")})


@given(st.text("ring=! '0-5m[],open\"", max_size=30))
def test_any_text_is_read_or_is_an_error(text: str) -> None:
    with suppress(InputError):
        assert 0 < len(chosen(text)) < 6


def test_rings_stand_outwards() -> None:
    assert outwards(["2-5 km", "0-0.5 km", "0.5-1 km", "0-0.5 km"]) == (
        "0-0.5 km",
        "0.5-1 km",
        "2-5 km",
    )
    assert outwards(["near", "1 km", "far"]) == ("near", "1 km", "far")


def test_rings_in_metres_stand_before_those_in_kilometres() -> None:
    rings = ["1-2km", "2-5km", "0-500m", "500-1000m", "10 miles"]
    assert outwards(rings) == ("0-500m", "500-1000m", "1-2km", "2-5km", "10 miles")
