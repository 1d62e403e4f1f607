"""What a review may use of a level, and the interval of who looks whenever there are numbers."""

import pickle
from math import exp, log
from pathlib import Path

import pytest

from opendcr.evaluate.estimate import Estimate, Part
from opendcr.evaluate.periods import Period, rhythm_of
from opendcr.evaluate.plan import read_plan
from opendcr.evaluate.reviews import Review, looks_of, review_of
from opendcr.evaluate.sequential import levels
from tests.support.planned import PLAN, rows, written

REVIEWED = PLAN + '\n[reviews]\nspending = "pocock"\nafter = [2021, 2022, 2023]\n'


def year(number: int) -> Period:
    found = Period.of(number)
    assert found is not None
    return found


def test_each_outcome_has_its_own_level_spent_over_the_same_looks(tmp_path: Path) -> None:
    """The boundaries of a tenth of the level are no tenth of the boundaries."""
    plan = read_plan(written(tmp_path, rows(), REVIEWED))
    rhythm = rhythm_of([year(one) for one in range(2009, 2024)])
    shares = [look.fraction for look in looks_of(plan, rhythm)]
    for at, last in enumerate((2021, 2022, 2023)):
        review = review_of(plan, year(last), rhythm)
        assert review.level == review.level_of(0.05)
        own = levels(shares, "pocock", 0.005)[at].level
        assert review.level_of(0.005) == pytest.approx(own)
    assert own < 0.9 * 0.005 * review.level / 0.05


@pytest.mark.parametrize("spending", ["pocock", "anytime"])
def test_a_review_can_be_sent_to_another_process(tmp_path: Path, spending: str) -> None:
    plan = read_plan(written(tmp_path, rows(), REVIEWED.replace("pocock", spending)))
    review = review_of(plan, year(2022), rhythm_of([year(2021), year(2022)]))
    sent = pickle.loads(pickle.dumps(review))
    assert sent == review and sent.level_of(0.01) == review.level_of(0.01)


def test_a_study_without_reviews_has_the_whole_of_every_level(tmp_path: Path) -> None:
    plan = read_plan(written(tmp_path, rows(), PLAN))
    review = review_of(plan, year(2023), rhythm_of([year(2022), year(2023)]))
    assert (review.level, review.level_of(0.01)) == (0.05, 0.01)


def test_an_interval_for_every_look_by_hand() -> None:
    """Log ratios of 0.2 ± 1.959964 × 0.1 at half the information: ρ is 100 × 2 / 5.5656 …, by
    w − ln w = 1 − 2 ln 0.05 (Howard and others 2021, section 3.5), here solved by steps."""
    ends = tuple(exp(0.2 + sign * 1.959964 * 0.1) - 1 for sign in (-1, 1))
    parts = {"a ring": Part(0.5, *ends, level=0.05), "another": Part(0.5)}
    found = Estimate(
        (), 3.0, 0.5, 12.0, "normal", relative_interval=(ends[0], ends[1]), parts=parts
    )
    made = Review(0.05, fraction=0.5).of(found)
    low, high = made.relative_interval or (0, 0)
    assert made.parts == {"a ring": Part(0.5, low, high, level=0.05), "another": Part(0.5)}
    w = 2.0
    for _ in range(200):  # −W₋₁(−level²/e) = w solves w − ln w = 1 − ln level²
        w = 1 - log(0.05**2) + log(w)
    known, rho = 1 / 0.1**2, 1 / (0.1**2 * 0.5) / (w - 1)
    reach = ((known + rho) * log((known + rho) / (rho * 0.05**2))) ** 0.5 / known
    assert (log(1 + low), log(1 + high)) == pytest.approx((0.2 - reach, 0.2 + reach), rel=1e-5)
