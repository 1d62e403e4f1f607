"""An answer and its placebos are on one scale: the rank on it is the p-value."""

from dataclasses import replace

import numpy as np
import pytest

from opendcr.evaluate.designs import design_of
from opendcr.keyed import Table

from .panels import study

COUNTED = ("difference_in_differences", "event_study", "count_factors",
           "synthetic_difference_in_differences", "synthetic_control")  # fmt: skip


def areas(counted: bool, change: float = 1.0):
    """Twelve areas of three sizes in twelve periods, the first of them changed from the ninth on."""
    draws = np.random.default_rng(8)
    people = np.repeat([2e4, 5e4, 2e5], 4)[:, None] * np.ones((1, 12))
    rates = 4e-4 * np.exp(draws.normal(0, 0.2, (12, 1)) + draws.normal(0, 0.1, (12, 12)))
    rates[0, 8:] *= change
    outcome = draws.poisson(people * rates).astype(float) if counted else 1e5 * rates
    return study(outcome, 8, people if counted else None)


def fitted(name: str, counted: bool, change: float = 1.0, **said: str):
    return design_of(name).read(Table("plan.toml", name, said)).fit(areas(counted, change))


@pytest.mark.parametrize("change", [1.0, 0.5])
@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        *((name, {}) for name in COUNTED),
        ("synthetic_control", {"placebos": "errors", "inference": "placebos"}),
        ("augmented_synthetic_control", {"placebos": "errors", "inference": "placebos"}),
        ("synthetic_control", {"placebos": "time"}),
    ],
)
def test_the_rank_of_the_answers_size_is_its_p_value(name, said, counted, change) -> None:
    found = fitted(name, counted, change, **said)
    sizes = np.array([one.ratio for one in found.placebos])
    rank = (1 + (sizes >= found.size.ratio * (1 - 1e-9)).sum()) / (1 + len(sizes))
    assert found.p_value == pytest.approx(rank)
    assert found.size.scale and found.to_data()["size"]["ratio"] == found.size.ratio


@pytest.mark.parametrize(
    ("name", "times"), [("synthetic_control", 20), ("difference_in_differences", 20), *((one, 8) for one in COUNTED[2:4])],
)  # fmt: skip
def test_counts_that_hardly_vary_are_not_taken_to_vary_less_than_poissons(name, times) -> None:
    """Placebos of any size that are all off by as little say nothing of an area a thousand times as
    small as the largest, but that counting makes its error some 30 times as large."""
    said = {"synthetic_control": {"placebos": "errors", "inference": "placebos"}}.get(name, {})
    design = design_of(name).read(Table("plan.toml", name, said))
    near = 1 + 1e-4 * np.random.default_rng(5).normal(size=(21, 12))
    strays = []
    for own in (1e2, 1e5):
        expected = np.outer(np.r_[own, np.geomspace(1e3, 1e5, 20)], np.ones(12))
        found = design.fit(study(expected * near, 8, 100 * expected))
        low, high = found.relative_interval
        brought = max(one.ratio for one in found.placebos)  # to the area's size, or deviations
        strays.append(high - low if times == 8 else brought)
    assert strays[0] > times * strays[1]


@pytest.mark.parametrize("name", COUNTED[:4])
def test_no_seed_is_better_than_another_where_several_areas_were_treated(name) -> None:
    draws = np.random.default_rng(3)
    people = np.geomspace(2e4, 2e5, 23)[:, None] * np.ones((1, 12))
    outcome = draws.poisson(people * 4e-4 * np.exp(draws.normal(0, 0.1, (23, 12)))).astype(float)
    said = {"rank": 0} if name == "count_factors" else {}  # what it chooses by folds
    design = design_of(name).read(Table("plan.toml", name, said))
    of = study(outcome, 8, people, treated=(0, 9, 22))
    found = design.fit(of)
    assert design.fit(replace(of, seed=7)) == found
    few = name in COUNTED[2:]  # groups, of 1,140
    assert ("200 of 1,140 groups of areas were drawn" in found.inference) == few
