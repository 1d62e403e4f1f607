"""Words of a plan for some cells of a panel."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opendcr.errors import InputError
from opendcr.evaluate.comparisons.cells import Outwards, Selection
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


RINGS = Outwards("plan.toml, designs.it.rings")


def outwards(rings: Sequence[str], near: str = "", named: Sequence[str] = ()) -> list[str]:
    far = [one for one in rings if one != near]
    return list(Outwards(RINGS.where, tuple(named)).of(rings, [near] if near else [], far))


@pytest.mark.parametrize(
    "rings",
    [
        ["0-0.5 km", "0.5-1 km", "2-5 km"],
        ["0-500m", "500-1000m", "1-2km", "2-5km", "10 miles"],
        ["0-500yd", "500yd-1mi", "1-2mi", "2-5mi"],
        ["under 500 ft", "500 ft to 0.5 mile", "0.5 to 1 miles", "over 1 mile"],
        ["< 1,000 yards", "1,000–2,000 yards", "2 kilometres or more"],
        ["0-500", "500-1000", "1000-2000"],
        ["Ring 1", "Ring 2", "Ring 10"],
    ],
)
def test_rings_stand_outwards_by_the_distances_in_their_names(rings: list[str]) -> None:
    for at in range(len(rings)):
        assert outwards([*rings[at:], *rings[:at], rings[0]]) == rings


SIZES = {"m": 1, "km": 1000, "yd": 0.9144, "mi": 1609.344, "ft": 0.3048}


@given(
    st.lists(st.tuples(st.integers(1, 400), st.sampled_from(list(SIZES))), min_size=2, max_size=6)
)
def test_distances_are_compared_with_their_units(ends: list[tuple[int, str]]) -> None:
    places = {number * SIZES[unit]: f"{number}{unit}" for number, unit in ends}
    far = [places[at] for at in sorted(places)]
    rings = [f"{one}-{other}" for one, other in pairwise(["0m", *far])] + [f"over {far[-1]}"]
    assert outwards(rings[::-1]) == rings


@pytest.mark.parametrize(
    ("rings", "said"),
    [
        (["far", "further", "middle", "near"], "do not say how far out they lie (far, further"),
        (["near", "1-2km", "2-5km"], "do not say how far out"),
        (["near", "0-500", "500-1000", "1-2km"], "do not say how far out"),  # of what unit?
        (["near", "10 min", "20 min"], "do not say how far out"),
        (["near", "G1", "G40"], "do not say how far out"),
        (["0-500m", "500-1km", "1-2km"], "do not say how far out"),
        (["near", "1/2 mile", "1 mile"], "do not say how far out"),
        (["0-500m", "0-1km", "1-2km"], "'0-500m' and '0-1km', which overlap"),
        (["0-500m", "500m-2km", "1-5km"], "'500m-2km' and '1-5km', which overlap"),
    ],
)
def test_an_order_that_names_do_not_say_is_asked_for(rings: list[str], said: str) -> None:
    with pytest.raises(InputError) as caught:
        outwards(rings, "near")
    assert str(caught.value).startswith(f"{RINGS.where}: found ") and said in str(caught.value)
    assert 'rings = ["nearest", "next", "farthest"]' in str(caught.value)
    assert outwards(rings, named=rings) == rings


def test_one_ring_beside_the_near_one_is_the_farthest() -> None:
    assert outwards(["elsewhere", "near"], "near") == ["near", "elsewhere"]


def test_an_order_in_the_plan_has_each_ring_that_is_compared_once() -> None:
    rings = ["far", "middle", "near", "unknown"]
    named = ["near", "middle", "far"]
    given_so = Outwards(RINGS.where, tuple(named))
    assert list(given_so.of(rings, ["near"], ["far", "middle"])) == named
    with pytest.raises(InputError, match="no place of 'unknown', which is near or compared"):
        outwards(rings, "near", named)
    with pytest.raises(InputError, match=r"rings: found no ring 'midle'; .*did you mean 'middle'"):
        outwards(rings, "near", ["near", "midle", "far"])
    table = Table("plan.toml", "designs.it", {"rings": ["near", "near"]})
    with pytest.raises(InputError, match="each ring once"):
        Outwards.read(table, "rings")
