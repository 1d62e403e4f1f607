"""Power: against theory where there is one, and what is made of many answers."""

from dataclasses import replace
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from opendcr.errors import InputError
from opendcr.evaluate.designs.difference_in_differences import DifferenceInDifferences
from opendcr.evaluate.designs.triple_difference import TripleDifference
from opendcr.evaluate.findings import sources_of
from opendcr.evaluate.panel import Panel
from opendcr.evaluate.periods import Period
from opendcr.evaluate.plan import PRIMARY, read_plan
from opendcr.evaluate.power import (
    Asked,
    Case,
    Drift,
    Power,
    Reading,
    asked_of,
    cases_of,
    fewer_later,
    periods_of,
    power,
    summed,
    until_shown,
    wilson,
)
from opendcr.evaluate.powered import exaggerated, foretold, lines, words_of
from opendcr.evaluate.reading import study_before
from opendcr.evaluate.reviews import Review
from opendcr.evaluate.study import Study
from opendcr.evaluate.wandering import wandering_of
from opendcr.keyed import Table
from opendcr.streams import stream
from tests.conftest import SOAK
from tests.support.planned import PLAN, rows, written

AREAS, BEFORE = 40, 10
PANELS = 2000 if SOAK else 250


def before() -> Study:
    """Forty areas of 100 events a year; the treated one as large as the others."""
    counts = stream(1, "power").poisson(100.0, (AREAS, BEFORE)).astype(float)
    people = np.full((AREAS, BEFORE), 1e6)
    periods = tuple(Period("number", 2010 + at) for at in range(BEFORE))
    names = tuple(f"area {at}" for at in range(AREAS))
    return Study(Panel(names, periods, counts, people), (0,), BEFORE - 1)


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked(DifferenceInDifferences(), before(), scatter=0.0)


def whole(periods: int, effect: float) -> list[Case]:
    return cases_of([("whole", 1.0)], [periods], [effect], ["none"])


def test_power_is_about_what_theory_says(asked: Asked) -> None:
    """Two Poisson rates in a double difference: the log ratio's variance is the sum of 1 / count,
    and the rank test among 39 placebos has about the power of a normal one."""
    (found,) = power(asked, whole(5, -0.15), PANELS)
    se = sqrt(1 / (100 * BEFORE) + 1 / (500 * 0.85))
    normal = norm.cdf(-np.log(0.85) / se - norm.isf(0.025))
    assert found.power == pytest.approx(normal, abs=0.10)
    assert found.mean == pytest.approx(-0.15, abs=0.02)


def test_the_size_is_at_most_the_level_without_drift(asked: Asked) -> None:
    (found,) = power(asked, whole(5, 0.0), PANELS)
    assert (
        wilson(found.power, PANELS)[0] <= 0.05 / 2 + 0.01 and wilson(found.seen, PANELS)[0] <= 0.05
    )


def test_the_threshold_is_what_has_to_be_shown(asked: Asked) -> None:
    """A fall as large as the threshold is shown in one of forty panels, however well it is seen."""
    (found,) = power(replace(asked, threshold=-0.3), whole(5, -0.3), 200)
    assert found.seen > 0.95 and found.power < 0.1


def test_a_review_reads_at_its_own_level(asked: Asked) -> None:
    """At a level that no rank among 40 areas reaches nothing is shown."""
    strict = replace(asked, reviews={5: Review(0.01)})
    (found,) = power(strict, whole(5, -0.3), 20)
    assert found.level == 0.01 and found.power == found.seen == 0.0


def test_the_same_figures_again(asked: Asked) -> None:
    cases = cases_of([("whole", 1.0)], [2], [-0.1, -0.2])
    first = power(asked, cases, 20)
    assert first == power(asked, cases, 20)
    assert [one.case.drift for one in first] == ["estimated", "none", "upper"] * 2
    assert first[0].drift <= first[2].drift == asked.drift_interval[1]


REVIEWS = "\n[success]\nrelative_effect_at_most = -0.1\n[reviews]\nafter = [2021, 2023]\n"


def planned(folder: Path, more: str):
    plan = read_plan(written(folder, [row for row in rows() if row["year"] < 2020], PLAN + more))
    return plan, study_before(sources_of(plan)[PRIMARY], plan.designs[plan.primary])


def test_a_plan_is_asked_at_its_reviews(tmp_path: Path) -> None:
    plan, study = planned(tmp_path, REVIEWS + "[power]\nperiods = [1, 9]\n")
    made = asked_of(plan, study)
    assert periods_of(plan, study) == (2, 4) and made.threshold == -0.1
    assert made.review(2).level == pytest.approx(0.00305, abs=1e-4)  # O'Brien and Fleming, half way
    assert made.review(4).level == pytest.approx(0.049, abs=1e-3)


@pytest.mark.parametrize(
    ("more", "periods"),
    [
        ("", (1, 2, 3, 4)),
        ("[power]\nperiods = [2, 9]\n", (2, 4)),
        ("[power]\nperiods = [4]\n", (4,)),
    ],
)
def test_a_plan_is_asked_to_its_end_and_not_beyond(
    tmp_path: Path, more: str, periods: tuple[int, ...]
) -> None:
    asked = asked_of(*planned(tmp_path, "\n" + more))
    assert tuple(asked.reviews) == periods
    found = [summed(one, np.zeros((5, 4)), READ) for one in whole(4, -0.1)]
    told = "Not asked after 9 periods, which [power] names" in "\n".join(lines(asked, found))
    assert told is ("9" in more)


def test_looks_at_any_time_are_read_with_their_wider_interval(tmp_path: Path) -> None:
    plan, study = planned(tmp_path, REVIEWS + 'spending = "anytime"\n')
    made = asked_of(plan, study)
    assert (made.review(2).fraction, made.review(4).fraction) == (0.5, 1.0)


def test_parts_of_an_area_need_counts(tmp_path: Path) -> None:
    data = [row | {"events": row["events"] + 0.5} for row in rows() if row["year"] < 2020]
    text = PLAN.replace('exposure = "people"\nbreaks = []\n', "") + "\n[power.shares]\npart = 0.3\n"
    plan = read_plan(written(tmp_path, data, text))
    study = study_before(sources_of(plan)[PRIMARY], plan.designs[plan.primary])
    with pytest.raises(
        InputError, match=r"plan\.toml, power\.shares: found shares of an area whose"
    ):
        asked_of(plan, study)


def test_what_is_told(asked: Asked) -> None:
    found = power(asked, cases_of([("city", 1.0)], [1, 5], [0.0, -0.2], ["none", "estimated"]), 40)
    told = "\n".join(lines(asked, found))
    assert "A fall of 20 % would be shown in 80 of 100 worlds: after 5 periods" in told
    assert told.count("95 % interval") == 1 and max(map(len, told.splitlines())) < 150
    assert "Where nothing happens" not in told and "least p-value" not in told
    assert "from 40 panels of each case: chance moves them by up to 15 either way" in told


def test_a_floor_that_forbids_everything_is_told(asked: Asked) -> None:
    """No rank among forty areas reaches a level of 1 %."""
    strict = replace(asked, reviews={5: Review(0.01)})
    told = "\n".join(lines(strict, power(strict, cases_of([("whole", 1.0)], [2, 5], [0.0]), 10)))
    assert told.count("least p-value") == 1
    assert "After 5 periods its least p-value is 0.025, above the level 0.01" in told


def test_whose_drift_it_is() -> None:
    every = before()
    alone = Study(every.panel.of([0]), (0,), BEFORE - 1)
    found = summed(CASE, np.array([[-0.1, -0.4, 0.2, 0.4]] * 5), READ)
    assert words_of(every).told_in(found).endswith("with the other areas' drift")
    cells = replace(every, panel=replace(every.panel, labels={"ring": every.panel.units}))
    assert words_of(cells).told_in(found).endswith("with the cells' own drift")
    assert words_of(alone).told_in(found).endswith("with the series' own drift")


def test_panels_of_nothing_are_refused_and_told() -> None:
    """With a hundredth of an event a year most panels have none before the start."""
    asked = Asked(DifferenceInDifferences(), before(), scatter=0.0)
    (found,) = power(asked, cases_of([("corner", 1e-4)], [2], [0.0], ["none"]), 20)
    assert 0 < found.refused <= 20
    said = f"In {found.refused} of 20 worlds the design gave no answer"
    assert said in "\n".join(lines(asked, [found]))


def test_what_a_triple_difference_takes_out_is_no_drift_of_its_cells() -> None:
    """Rings and hours wander by 5 % a month, cells not: of four rings the cells that are not treated
    say so; of two rings all four cells."""
    random, labels = (
        stream(4, "rings"),
        {
            "ring": tuple(ring for ring in ("0-500m", "1km", "2km", "5km") for _ in "12"),
            "hours": ("open", "closed") * 4,
        },
    )
    rings, hours = (random.normal(0, 0.05, (many, 60)).cumsum(axis=1) for many in (4, 2))
    sizes = np.outer([40, 60, 120, 300], [1, 0.7]).reshape(8, 1)
    counts = random.poisson(sizes * np.exp(np.repeat(rings, 2, axis=0) + np.tile(hours, (4, 1))))
    periods = tuple(Period("month", 24_000 + at) for at in range(60))
    panel = Panel(tuple("abcdefgh"), periods, counts.astype(float), labels=labels)
    table = Table("plan.toml", "designs.it", {"near": "0-500m", "inside_hours": "open"})
    design = TripleDifference.read(table)
    asked = Asked(design, Study(panel, (0,), 59))
    assert asked.wandering.drift < 0.015 < wandering_of(panel, range(1, 8)).drift
    assert 0.02 < asked.wandering.together["ring"].drift < 0.08
    text = "\n".join(lines(asked, power(asked, cases_of([("whole", 1.0)], [12], [0.0]), 10)))
    assert "What cells drift together, which the design takes out, a period:" in text
    assert " by ring and " in text and "% by hours." in text
    two = Asked(design, Study(panel.of(range(4)), (0,), 59))
    assert two.wandering.drift < 0.02
    few = replace(panel, outcome=np.where(sizes < 100, panel.outcome, panel.outcome // 200))
    with pytest.raises(InputError, match="too few cells"):
        _ = Asked(design, Study(few.of([0, 1, 6, 7]), (0,), 59)).wandering


@pytest.mark.parametrize(
    ("effect", "threshold", "said"),
    [
        (-0.2, -0.1, "A fall of 20 % would be shown in 20 of 100 worlds (13 to 29), and"),
        (-0.1, -0.1, "A fall of 10 % cannot be shown at any length: it is the threshold itself; a"),
        (-0.05, -0.1, "A fall of 5 % cannot be shown at any length: it is less than the threshold"),
        (-0.05, 0.0, "A fall of 5 % would be shown in 20 of 100 worlds (13 to 29) after 4"),
        (0.1, -0.1, "A rise of 10 % would be seen in 30 of 100 worlds (22 to 40) after 4"),
    ],
)
def test_a_fall_no_larger_than_the_threshold_is_not_told_as_a_lack_of_power(
    effect: float, threshold: float, said: str
) -> None:
    rows = np.repeat(
        [[-0.5, -0.7, -0.4, 0.0], [-0.2, -0.3, -0.05, 0.0], [-0.1, -0.4, 0.2, 0.4]],
        [20, 10, 70],
        axis=0,
    )
    read = Reading(0.05, -0.3, 0.0)
    found = summed(Case("whole", 1.0, 4, effect, "estimated"), rows, read)
    words = words_of(before(), threshold)
    assert words.told_in(found).startswith(said)
    assert ("seen in 30" in words.told_in(found)) is (threshold < 0)
    until = words.until([found], "whole", effect)
    assert ("80 of 100" in until) is ("cannot be shown" not in said)


def test_false_claims_are_told() -> None:
    """With drift that a design knows nothing of, what is shown of nothing is told."""
    rows = np.repeat([[-0.3, -0.5, -0.1, 0.01], [-0.1, -0.4, 0.2, 0.4]], [30, 70], axis=0)
    found = [summed(Case("whole", 1.0, 4, 0.0, "upper"), rows, Reading(0.05, 0.0, 0.06))]
    (said,) = words_of(before()).false_claims(found)
    assert said.startswith(
        "Where nothing happens, success would be shown in 30 of 100 worlds after 4"
    )
    assert said.endswith("with a drift of 6 %, the most that its interval allows.")


CASE, READ = Case("whole", 1.0, 4, -0.2, "estimated"), Reading(0.05, 0.0, 0.03)


def test_how_answers_are_summed() -> None:
    rows = np.array([
        [-0.30, -0.5, -0.1, 0.01],   # seen, holds the truth
        [-0.50, -0.7, -0.3, 0.01],   # seen, does not
        [0.40, 0.1, 0.7, 0.01],      # seen with the wrong sign
        [-0.10, -0.4, 0.2, 0.40],    # not seen, holds the truth
    ])  # fmt: skip
    found = summed(CASE, rows, READ)
    assert (found.power, found.seen, found.coverage) == (0.5, 0.75, 0.5)
    assert found.type_s == pytest.approx(1 / 3)
    assert found.type_m == pytest.approx((0.3 + 0.5 + 0.4) / 3 / 0.2)
    assert found.mean == pytest.approx(-0.125)


def test_without_intervals_the_p_value_decides() -> None:
    rows = np.array([[-0.3, np.nan, np.nan, 0.05], [-0.3, np.nan, np.nan, 0.06]])
    found = summed(CASE, rows, READ)
    assert found.seen == 0.5 and found.power == 0.0 and found.coverage is None


def test_what_could_not_be_estimated_was_not_shown() -> None:
    found = summed(CASE, np.array([[np.nan] * 4, [-0.3, -0.4, -0.2, 0.01]]), READ)
    assert found.power == 0.5 and found.refused == 1 and found.mean == pytest.approx(-0.3)
    nothing = summed(CASE, np.full((3, 4), np.nan), READ)
    assert nothing.refused == 3 and nothing.mean is None


def told(periods: int, count: int, of: int = 100, drift: Drift = "estimated") -> Power:
    """A fall of 20 % that is shown in so many panels."""
    rows = np.repeat([[-0.3, -0.4, -0.2, 0.0], [-0.3, -0.4, 0.2, 0.5]], [count, of - count], axis=0)
    return summed(Case("whole", 1.0, periods, -0.2, drift), rows, READ)


def test_how_much_too_large_an_effect_looks_is_told_of_what_a_lock_keeps() -> None:
    rows = np.repeat([[-0.3, -0.5, -0.1, 0.0], [0.3, 0.1, 0.5, 0.0]], [9, 1], axis=0)
    found = summed(CASE, rows, READ)
    said = "where a true fall of 20 % is seen at all, it looks 1.5 times as large as it is"
    assert exaggerated(found).startswith(" Where it is seen then, it looks 1.5 times as large")
    assert said in foretold([found.to_data()]) and "10 % of them" in foretold([found.to_data()])
    right = summed(CASE, rows[:9] * [2 / 3, 1, 1, 1], READ)
    unseen = summed(CASE, np.array([[-0.1, -0.4, 0.2, 0.4]]), READ)
    assert foretold([right.to_data(), unseen.to_data()]) == foretold([]) == ""
    assert exaggerated(right) == exaggerated(unseen) == ""


def test_when_an_effect_would_be_seen() -> None:
    """80 of 100 panels may be fewer than 80 of 100 worlds; 830 of 1,000 are not."""
    rows = [told(4, 30), told(8, 80), told(12, 95)]
    assert until_shown(rows, "whole", -0.2, "estimated") == 12
    assert until_shown([told(8, 830, 1000)], "whole", -0.2, "estimated") == 8
    assert until_shown(rows[:1], "whole", -0.2, "estimated") is None
    assert until_shown(rows, "whole", -0.2, "none") is None


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ([(4, 70), (8, 85)], "worlds: perhaps after 8 periods (more panels would tell)."),
        ([(4, 85), (8, 95)], "worlds: after 8 periods, and perhaps after 4 periods already."),
        ([(4, 95), (8, 99)], "worlds: after 4 periods."),
        ([(4, 70), (8, 79)], "worlds: not within 8 periods."),
    ],
)
def test_what_the_sentence_says_is_what_the_table_shows(
    shown: list[tuple[int, int]], said: str
) -> None:
    """It had said "not within 9 months" under a table with 90 of 100 after 9 months."""
    assert words_of(before()).until([told(*one) for one in shown], "whole", -0.2).endswith(said)


def test_figures_without_drift_stand_once_where_none_was_estimated(asked: Asked) -> None:
    still = Reading(0.05, 0.0, 0.0)
    cases = cases_of([("whole", 1.0)], [4], [-0.2])
    rows = np.array([[-0.3, -0.4, -0.2, 0.0]] * 20)
    read = [summed(one, rows, READ if one.drift == "upper" else still) for one in cases]
    said = "\n".join(lines(asked, read))
    assert "no drift" not in said and "drift 0 %" in said and "at most 3 %" in said
    assert "no drift" in "\n".join(lines(asked, [summed(one, rows, READ) for one in cases]))


def test_that_waiting_longer_can_show_less_is_told() -> None:
    """Only where the figures cannot be chance's."""
    many = [told(12, 680, 1000), told(24, 830, 1000), told(36, 750, 1000), told(60, 600, 1000)]
    assert fewer_later(many, "whole", -0.2, "estimated") == (24, 36)
    words = words_of(before())
    said = words.until([*many, told(12, 990, 1000, "none")], "whole", -0.2)
    assert "worlds: after 24 periods, and in fewer after 36 periods than after 24;" in said
    assert said.endswith("waiting longer shows less.")
    few = [told(12, 68), told(24, 83), told(36, 75)]
    assert fewer_later(few, "whole", -0.2, "estimated") is None
    assert "fewer" not in words.until(few, "whole", -0.2)
    falling = words.until([told(24, 83), told(60, 60)], "whole", -0.2)
    assert "perhaps after 24 periods (more panels would tell), and in fewer after 60" in falling


@pytest.mark.parametrize(
    ("share", "count", "low", "high"), [(0.0, 20, 0.0, 0.1611), (0.5, 10, 0.2366, 0.7634)]
)
def test_wilson(share: float, count: int, low: float, high: float) -> None:
    """Newcombe (1998), table I, method 3, and by hand."""
    assert wilson(share, count) == pytest.approx((low, high), abs=2e-4)
