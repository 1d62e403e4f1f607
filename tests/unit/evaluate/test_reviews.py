"""What a review may use of a level, and the interval of who looks whenever there are numbers."""

import pickle
from math import exp, log
from pathlib import Path

import pytest

from opendcr.evaluate.estimate import Coefficient, Estimate, Part
from opendcr.evaluate.findings import run_study
from opendcr.evaluate.periods import Period, rhythm_of
from opendcr.evaluate.plan import read_plan
from opendcr.evaluate.reporting import report_of
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


@pytest.mark.parametrize(("level", "z"), [(0.05, 1.959964), (0.01, 2.575829)])
def test_an_interval_for_every_look_by_hand(level: float, z: float) -> None:
    """Log ratios of 0.2 ± z × 0.1 at half the information: ρ is 100 × 2 / (w − 1), by
    w − ln w = 1 − 2 ln level (Howard and others 2021, section 3.5), here solved by steps. The level
    is the outcome's own, and that of what the review itself is of is another."""
    logs = (0.2 - z * 0.1, 0.2 + z * 0.1)
    ends = tuple(exp(one) - 1 for one in logs)
    parts = {"a ring": Part(0.5, *ends, level=level), "another": Part(0.5)}
    terms = {"level": Coefficient(0.2, 0.1, *logs, 0.2, *(2 * one for one in logs)),
             "dose": Coefficient(0.2, None, None, None)}  # fmt: skip
    found = Estimate((), 3.0, 0.5, 12.0, "normal", relative_interval=(ends[0], ends[1]), parts=parts,
                     coefficients=terms)  # fmt: skip
    made = Review(0.1, fraction=0.5).of(found, level)
    low, high = made.relative_interval or (0, 0)
    assert made.parts == {"a ring": Part(0.5, low, high, level=level), "another": Part(0.5)}
    w = 2.0
    for _ in range(200):  # −W₋₁(−level²/e) = w solves w − ln w = 1 − ln level²
        w = 1 - log(level**2) + log(w)
    known, rho = 1 / 0.1**2, 1 / (0.1**2 * 0.5) / (w - 1)
    reach = ((known + rho) * log((known + rho) / (rho * level**2))) ** 0.5 / known
    wide = (0.2 - reach, 0.2 + reach)
    assert (log(1 + low), log(1 + high)) == pytest.approx(wide, rel=1e-5)
    step, dose = (made.coefficients or {})["level"], (made.coefficients or {})["dose"]
    assert (step.low, step.high) == pytest.approx(wide, rel=1e-5)
    assert (step.robust_low, step.robust_high) == pytest.approx([2 * one for one in wide], rel=1e-5)
    assert dose == terms["dose"]


def test_terms_say_no_more_than_the_answer_does_where_looks_are_at_any_time(tmp_path: Path) -> None:
    """The step of a regression on a logarithm is the relative effect: so is its interval."""
    own = PLAN.replace("difference_in_differences", "interrupted_time_series")
    looked = f'{own}family = "poisson"\nterms = ["level"]\n[reviews]\nspending = "anytime"\nafter = [2023]\n'
    made = run_study(read_plan(written(tmp_path, rows(areas=1, effect=-0.2), looked)))
    (term,) = report_of(made).leading.terms
    assert term.relative and term.relative.interval == pytest.approx(
        made.leading.estimate.relative_interval, abs=1e-3
    )
